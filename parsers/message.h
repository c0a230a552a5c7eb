/* message - the nouns that travel: what came in (raw) and what it says (parsed)
 *
 * Place: a source fills `struct raw`; the parsers turn its bytes into `struct
 * parsed` (a mail in the jailed worker, a text in process); intake reads both
 * and decides.  Every span of a parsed message is borrowed from its own arena.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parsers/buf.h"

enum channel { CHANNEL_MAIL, CHANNEL_SMS };

/* What a message is, decided from the message alone (facts of the store, such
 * as a closed consultation or a duplicate, are intake's). */
enum kind {
	KIND_REMARK,
	KIND_BOUNCE,
	KIND_DELAYED,
	KIND_COMPLAINT,
	KIND_RSVP,
	KIND_RECEIPT,
	KIND_AUTO_REPLY,
	KIND_LIST,
	KIND_COMMAND,
	KIND_EMPTY,
	KIND_UNREADABLE,
};

enum command {
	CMD_NONE,
	CMD_STOP,
	CMD_START,
	CMD_HELP,
	CMD_STATE,
	CMD_YES,
	CMD_NO,
	CMD_CORRECTION,
	CMD_WITHDRAW,
	CMD_SEND,
	CMD_CANCEL_JOB,
	CMD_ALL,
	CMD_ANNOUNCE,
	CMD_CHANGE,
	CMD_CANCEL,
	CMD_ASK, /* could mean stop or withdraw: is asked back; printed as null */
};

/* Where a code was written. */
enum code_where {
	CODE_IN_SUBJECT,
	CODE_IN_BODY,
	CODE_IN_ADDRESS,
};

/* What our own mail server said of the sender (RFC 8601). */
enum verdict {
	VERDICT_NONE, /* no field of ours, or none that speaks of the sender */
	VERDICT_PASS,
	VERDICT_FAIL,
};

struct address {
	struct span address; /* lower-case domain; "" when there is none */
	struct span name; /* display name, decoded; may be empty */
};

/* One thing that looks like a consultation code.  `valid`: its check character
 * is right and `code` is the canonical spelling ("BL-7M4H").  Otherwise `code`
 * is the reading we would correct ("BL-7N4H"). */
struct code {
	struct span code;
	struct span seen; /* as written: "bl 7m4h" */
	enum code_where where;
	bool valid;
	bool inherited; /* from a "Re:" subject, not typed by the author */
};

/* A message that speaks of several consultations, each under its code. */
struct piece {
	struct span code; /* canonical */
	struct span text; /* the words for that consultation */
};

struct attachment {
	struct span name; /* decoded, without folders; may be empty */
	struct span type; /* "application/pdf" */
	struct span body; /* decoded bytes */
	char sha256[65]; /* of `body`, lower-case hexadecimal */
	bool in_signature; /* an inline picture that belongs to a signature */
};

/* What became of one recipient. */
struct bounced {
	struct span recipient; /* address; may be empty */
	struct span status; /* "5.1.1"; may be empty */
	struct span reason; /* one line of what the server said */
	bool delayed; /* else it failed */
};

/* What a report of non-delivery says (RFC 3464 and its many relatives). */
struct bounce {
	bool delayed; /* action: delayed, not failed */
	struct span *recipients; /* addresses that were not reached */
	size_t n_recipients;
	struct span status; /* "5.1.1"; may be empty */
	struct span original_id; /* Message-ID of our mail, without < > */
	struct span reason; /* one line of what the server said */
	struct bounced *each; /* by recipient: one can fail, another wait */
	size_t n_each;
};

/* An iTIP answer (RFC 5546). */
struct calendar {
	struct span method, uid, attendee, partstat, comment;
	struct span delegate; /* whom the attendee sends instead; or "" */
	struct span starts; /* DTSTART as written, without a zone */
	int64_t sequence;
	int64_t stamp_ms; /* DTSTAMP: when the answer was given; 0: none */
};

struct parsed {
	struct arena arena; /* owned; holds everything below */

	enum kind kind;
	enum command command;
	struct span why; /* rule or header that decided the kind, in words */
	struct span argument; /* what follows a command word; may be empty */

	struct address from, reply_to;
	struct span return_path; /* envelope sender; "" also for <> */
	bool null_return_path; /* Return-Path: <> */
	struct span subject, message_id; /* id without < > */
	struct span date; /* RFC 3339, from Date; "" when unreadable */
	int64_t received_ms; /* topmost Received as UTC ms; 0: none */
	enum verdict dmarc; /* of the author's domain */
	bool is_spam; /* our mail server marked it as spam */
	struct span language; /* "pl", "en" when clearly so, else "" */
	bool also_remark; /* kind rsvp, and its words hold a remark as well */
	bool wants_access; /* asks for an interpreter, a ramp or the like */

	struct span *in_reply_to, *references, *recipients;
	size_t n_in_reply_to, n_references, n_recipients;

	struct span text; /* the decoded body, whole */
	struct span new_text; /* the author's own new text */
	struct span remark; /* what would be filed */
	struct code *codes;
	struct span *provisions, *warnings;
	struct piece *pieces;
	struct attachment *attachments;
	size_t n_codes, n_provisions, n_warnings, n_pieces, n_attachments;

	struct bounce bounce; /* kind bounce or delayed; else zero */
	struct calendar calendar; /* method.n == 0 when there is none */
};

/* A text as its provider gave it, before anything is read into it. */
struct sms {
	struct span from; /* "+48110000301", or a name such as "INFO" */
	struct span to; /* our number */
	struct span text; /* UTF-8 */
	int parts_missing; /* segments that never came */
};

/* One received message as its source hands it over. */
struct raw {
	enum channel channel;
	char *source; /* owned: name of the mailbox or SMS line */
	char *key; /* owned: unique for ever within `source` */
	struct buf bytes; /* owned: the mail, or the provider's record */
	int64_t received_ms; /* UTC; used when the mail has no Received */
	bool is_server_time; /* received_ms is our own mail server's: it goes
				before any Received */
	char *problem; /* owned: why it cannot be read; NULL: it can */
	const char *held_why; /* static: it waits for staff whatever it says;
				 NULL: it need not */
	int64_t whole_size; /* of a mail that is too large: `bytes` is only its
			       beginning; 0: it is whole */
	bool is_key_only; /* without bytes: is that key stored already? */
	/* Its source lost its place and reads again: what is stored under a key
	 * that is not of this pass is the same message, and gets this key.
	 * Keys of this pass have the first `again_stem` bytes of this one, and
	 * then a number of at least `again_from`. */
	size_t again_stem; /* 0: it is not read again */
	int64_t again_from;
	char *from, *to; /* owned, SMS only */
	char *text; /* owned, SMS only: UTF-8 */
	int parts_missing; /* SMS only */
};

/* What a parser must know of the house it works in.  All borrowed. */
struct parse_settings {
	const char *code_prefix; /* "BL" */
	const char *authserv_id; /* "mx.powiat.example"; "" trusts nobody */
	const char *phone_prefix; /* "+48" */
	const char *textable_prefixes; /* "+4811,+48": besides mobile numbers */
	const struct keywords *keywords; /* of keyword.h */
	/* The mail's bytes may be written over, and 64 zero bytes stand behind
	 * them: parts are then decoded where they are, and attachments' bodies
	 * may be borrowed from there. */
	bool owns_mail;
};

/* Frees what it holds, then zeroes it. */
void raw_free(struct raw *raw);
/* See raw_free. */
void parsed_free(struct parsed *mail);

/* The words used in output, logs and the store: "remark", "auto_reply";
 * "stop", "cancel_job" (NULL for CMD_NONE and CMD_ASK); "subject"; "mail". */
const char *kind_name(enum kind kind);
const char *command_name(enum command command);
const char *code_where_name(enum code_where where);
const char *channel_name(enum channel channel);

/* Notes what a reader of the result should know; keeps at most 50. */
void parsed_warn(struct parsed *mail, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets `why`, as printf does. */
void parsed_why(struct parsed *mail, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
