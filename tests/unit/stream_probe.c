/* stream_probe - opens one stream and prints what came of it, as JSON
 *
 * Place: flow/stream.test.mjs runs it against servers that behave well and badly.
 * usage: stream_probe KEY=VALUE ...; keys as below.  With config=FILE and
 * login=NAME it opens what is configured under that name ("smtp": the way out).
 */
#include <jansson.h>
#include <libetpan/libetpan.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gateway/clock.h"
#include "gateway/login.h"

static atomic_bool stop;

static void
on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

static const char *
value(int argc, char **argv, const char *key)
{
	size_t n = strlen(key);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return "";
}

/* libetpan's client over the stream: what SELECT and NOOP answer. */
static void
speak_imap(struct stream *s, json_t *out)
{
	mailimap *imap = mailimap_new(0, NULL);
	int rc = mailimap_connect(imap, stream_mail(s));

	json_object_set_new(out, "imap_connect", json_integer(rc));
	rc = mailimap_select(imap, "INBOX");
	json_object_set_new(out, "imap_select", json_integer(rc));
	rc = mailimap_noop(imap);
	json_object_set_new(out, "imap_noop", json_integer(rc));
	mailimap_free(imap);
}

/* Sends a line and prints the answer, or waits `wait` ms for anything. */
static enum status
speak(
    struct stream *s, const char *line, int wait, json_t *out, struct err *err)
{
	char text[4096];
	size_t n = 0;
	enum status rc = ST_OK;

	if (line[0] != '\0') {
		rc = stream_send(s, span_of(line), err);
		if (rc == ST_OK)
			rc = stream_send(s, SPAN("\r\n"), err);
	}
	if (rc == ST_OK && wait > 0)
		json_object_set_new(
		    out, "waited", json_boolean(stream_wait(s, wait)));
	if (rc == ST_OK)
		rc = stream_recv(s, text, sizeof(text), &n, -1, err);
	json_object_set_new(out, "answer", json_stringn_nocheck(text, n));
	return rc;
}

/* Reads `want` bytes in small pieces, waiting before each: TLS holds most of
 * them long before we ask, so a wait that only polls would miss them. */
static enum status
read_pieces(struct stream *s, long want, json_t *out, struct err *err)
{
	enum status rc = ST_OK;
	long got = 0, missed = 0;
	char piece[777];
	size_t n;

	while (got < want && missed < 3 && rc == ST_OK) {
		if (!stream_wait(s, 2000))
			missed++;
		rc = stream_recv(s, piece, sizeof(piece), &n, 0, err);
		got += (long)n;
	}
	json_object_set_new(out, "read", json_integer(got));
	json_object_set_new(out, "missed", json_integer(missed));
	return rc;
}

static enum status
open_configured(struct stream **out, const char *file, const char *name,
    struct config **config, struct err *err)
{
	enum status rc = config_read(config, file, err);

	if (rc != ST_OK)
		return rc;
	if (strcmp(name, "smtp") == 0)
		return login_smtp(out, &(*config)->smtp, "", &stop, err);
	for (int i = 0; i < (*config)->n_mailboxes; i++)
		if (strcmp((*config)->mailboxes[i].name, name) == 0)
			return login_mailbox(
			    out, &(*config)->mailboxes[i], &stop, err);
	return err_set(err, ST_BROKEN, "no such name");
}

int
main(int argc, char **argv)
{
	struct stream_settings set = {
		.url = value(argc, argv, "url"),
		.user = value(argc, argv, "user"),
		.secret = value(argc, argv, "secret"),
		.is_token = value(argc, argv, "token")[0] != '\0',
		.ca_file = value(argc, argv, "ca_file"),
		.pin = value(argc, argv, "pin"),
		.hello = value(argc, argv, "hello"),
		.open_ms = (int)strtol(value(argc, argv, "open_ms"), NULL, 10),
		.wait_ms = (int)strtol(value(argc, argv, "wait_ms"), NULL, 10),
		.stop = &stop,
	};
	const char *line = value(argc, argv, "send");
	int wait = (int)strtol(value(argc, argv, "wait"), NULL, 10);
	long pieces = strtol(value(argc, argv, "read"), NULL, 10);
	struct sigaction wake = { .sa_handler = on_signal };
	struct stream_certificate certificate = { 0 };
	int64_t began = clock_ticks();
	struct stream *s = NULL;
	struct err err = { "" };
	json_t *out = json_object();
	struct config *config = NULL;
	struct rusage usage;
	bool refused = false;
	enum status rc;

	sigaction(SIGUSR1, &wake, NULL);
	set.refused = &refused;
	if (value(argc, argv, "config")[0] != '\0')
		rc = open_configured(&s, value(argc, argv, "config"),
		    value(argc, argv, "login"), &config, &err);
	else
		rc = stream_open(&s, &set, &err);
	json_object_set_new(out, "opened", json_integer(rc));
	if (rc == ST_OK) {
		json_object_set_new(out, "said",
		    json_stringn_nocheck(stream_said(s).p, stream_said(s).n));
		stream_certificate(s, &certificate);
		json_object_set_new(out, "certificate",
		    json_pack("{sI ss ss}", "expires_ms",
			(json_int_t)certificate.expires_ms, "pin",
			certificate.pin, "subject", certificate.subject));
		if (value(argc, argv, "imap")[0] != '\0')
			speak_imap(s, out);
		else if (pieces > 0)
			rc = read_pieces(s, pieces, out, &err);
		else if (line[0] != '\0' || wait > 0)
			rc = speak(s, line, wait, out, &err);
	}
	stream_close(s);
	config_free(config);
	getrusage(RUSAGE_SELF, &usage);
	json_object_set_new(out, "rss_kb", json_integer(usage.ru_maxrss));
	json_object_set_new(out, "refused", json_boolean(refused));
	json_object_set_new(out, "status", json_integer(rc));
	json_object_set_new(out, "text", json_string_nocheck(err.text));
	json_object_set_new(out, "ms", json_integer(clock_ticks() - began));
	json_dumpf(out, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	printf("\n");
	json_decref(out);
	return 0;
}
