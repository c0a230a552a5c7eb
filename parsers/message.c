/* message - names, growth and release of the travelling nouns */
#include "parsers/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARNINGS_MAX 50

static const char *const kinds[] = {
	[KIND_REMARK] = "remark",
	[KIND_BOUNCE] = "bounce",
	[KIND_DELAYED] = "delayed",
	[KIND_COMPLAINT] = "complaint",
	[KIND_RSVP] = "rsvp",
	[KIND_RECEIPT] = "receipt",
	[KIND_AUTO_REPLY] = "auto_reply",
	[KIND_LIST] = "list",
	[KIND_COMMAND] = "command",
	[KIND_EMPTY] = "empty",
	[KIND_UNREADABLE] = "unreadable",
};

static const char *const commands[] = {
	[CMD_STOP] = "stop",
	[CMD_START] = "start",
	[CMD_HELP] = "help",
	[CMD_STATE] = "state",
	[CMD_YES] = "yes",
	[CMD_NO] = "no",
	[CMD_CORRECTION] = "correction",
	[CMD_WITHDRAW] = "withdraw",
	[CMD_SEND] = "send",
	[CMD_CANCEL_JOB] = "cancel_job",
	[CMD_ALL] = "all",
	[CMD_ANNOUNCE] = "announce",
	[CMD_CHANGE] = "change",
	[CMD_CANCEL] = "cancel",
	[CMD_ASK] = NULL,
};

static const char *const places[] = {
	[CODE_IN_SUBJECT] = "subject",
	[CODE_IN_BODY] = "body",
	[CODE_IN_ADDRESS] = "address",
};

const char *
kind_name(enum kind kind)
{
	return kinds[kind];
}

const char *
command_name(enum command command)
{
	return commands[command];
}

const char *
code_where_name(enum code_where where)
{
	return places[where];
}

const char *
channel_name(enum channel channel)
{
	return channel == CHANNEL_SMS ? "sms" : "mail";
}

void
raw_free(struct raw *raw)
{
	free(raw->source);
	free(raw->key);
	buf_free(&raw->bytes);
	free(raw->problem);
	free(raw->from);
	free(raw->to);
	free(raw->text);
	*raw = (struct raw){ 0 };
}

void
parsed_free(struct parsed *mail)
{
	arena_free(&mail->arena);
	*mail = (struct parsed){ 0 };
}

static struct span
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	return arena_copy(a, (struct span){ text, (size_t)n });
}

void
parsed_warn(struct parsed *mail, const char *fmt, ...)
{
	struct span *slot;
	va_list ap;

	if (mail->n_warnings >= WARNINGS_MAX)
		return;
	slot = arena_push(
	    &mail->arena, &mail->warnings, &mail->n_warnings, sizeof(*slot));
	if (slot == NULL)
		return;
	va_start(ap, fmt);
	*slot = arena_vprintf(&mail->arena, fmt, ap);
	va_end(ap);
}

void
parsed_why(struct parsed *mail, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mail->why = arena_vprintf(&mail->arena, fmt, ap);
	va_end(ap);
}
