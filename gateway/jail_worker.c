/* jail_worker - the parser's worker: our own binary with its hands tied
 *
 * Place: the other end of jail.c's socket.  Everything that needs a file
 * (character tables, time zones) is loaded first; then the limits are set and
 * the filter is put on, and only then it reads a mail.
 */
#include "gateway/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "parsers/charset.h"
#include "parsers/wire.h"

enum {
	MEMORY = 512 << 20,
	KEPT = 1 << 20, /* a buffer larger than this is given back */
	TAIL = 64, /* zero bytes behind a mail, which libetpan reads */
	INLINE = 64 << 10, /* bodies that go along with the rest */
	PIECE = 1 << 20,
	PAGE_BYTES =
	    4096, /* of memory; where they are larger, less goes back */
};

/* Passed once through the parser before the filter is on, so that every
 * library has opened what it opens on first use. */
static const char warm_up[] =
    "From: =?iso-8859-2?Q?=A3ucja?= <a@b.example>\r\n"
    "To: c@b.example\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 +0100\r\n"
    "Subject: =?utf-8?B?xYI=?=\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n"
    "\r\n"
    "--x\r\nContent-Type: text/plain; charset=windows-1250\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Za=BF=F3=B3=E6\r\n"
    "--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<p>a &oacute;<br>b</p>\r\n"
    "--x\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
    "--x\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
    "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    "UID:1\r\nDTSTAMP:20261122T110000Z\r\n"
    "DTSTART;TZID=Europe/Warsaw:20261122T120000\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
    "--x--\r\n";

/* ---- frames ------------------------------------------------------------ */

static bool
read_exactly(void *to, size_t n, int spins)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = recv(JAIL_SOCKET, (char *)to + got, n - got,
		    spins-- > 0 ? MSG_DONTWAIT : 0);

		if (r == 0 || (r < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		if (r > 0)
			got += (size_t)r;
	}
	return true;
}

/* False when the gateway has gone. */
static bool
read_frame(struct buf *out, int spins)
{
	uint32_t size;
	char *room;

	buf_reset(out);
	if (!read_exactly(&size, sizeof(size), spins) || size > JAIL_MAIL_MAX)
		return false;
	room = buf_room(out, size + TAIL);
	if (room == NULL || !read_exactly(room, size, spins))
		return false;
	out->n = size;
	memset(room + size, 0, TAIL);
	return true;
}

static bool
write_all(struct span bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(JAIL_SOCKET, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

/* `frame` starts with room for the length; `more` bytes come after it. */
static bool
write_frame(struct buf *frame, size_t more)
{
	uint32_t size = (uint32_t)(frame->n - sizeof(size) + more);

	memcpy(frame->p, &size, sizeof(size));
	return write_all(buf_span(frame));
}

static void
start_frame(struct buf *frame)
{
	static const char length[sizeof(uint32_t)];

	buf_reset(frame);
	buf_add(frame, (struct span){ length, sizeof(length) });
}

/* ---- the ties ---------------------------------------------------------- */

static bool
limit(int what, rlim_t value)
{
	struct rlimit limits = { value, value };

	return setrlimit((__rlimit_resource_t)what, &limits) == 0;
}

static bool
set_limits(void)
{
	bool done = limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0);

#ifndef __SANITIZE_ADDRESS__
	/* The sanitizer maps terabytes, reads /proc for its reports and may
	 * write them into a file. */
	done = done && limit(RLIMIT_AS, MEMORY) && limit(RLIMIT_NOFILE, 0) &&
	       limit(RLIMIT_FSIZE, 0);
#endif
	return done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* All that parsing needs; everything else answers EPERM. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(write),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(setitimer),
	SCMP_SYS(getrandom),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(readlink),
	SCMP_SYS(prctl),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(sched_yield),
#endif
};

static bool
put_filter_on(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; rc == 0 && i < sizeof(allowed) / sizeof(*allowed);
	     i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
#ifndef __SANITIZE_ADDRESS__
	/* Memory, but none that could be run. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
			1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
#else
	/* Its reports read /proc/self; writing stays impossible. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat),
		    1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, 0));
#endif
	if (rc == 0)
		rc = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	return rc == 0;
}

/* ---- the work ---------------------------------------------------------- */

/* Default action of SIGPROF: the process ends, and the gateway sees why. */
static void
set_timer(int ms)
{
	struct itimerval timer = { .it_value = {
				       ms / 1000, (ms % 1000) * 1000 } };

	setitimer(ITIMER_PROF, &timer, NULL);
}

static size_t
body_bytes(const struct parsed *parsed)
{
	size_t sum = 0;

	for (size_t i = 0; i < parsed->n_attachments; i++)
		sum += parsed->attachments[i].body.n;
	return sum;
}

/* Writes a body from where it is, and gives its memory back as it goes: the
 * gateway's copy grows as ours shrinks.  It is not looked at again. */
static bool
write_body(struct span body)
{
	bool done = true;

	while (body.n > 0 && done) {
		struct span piece = span_sub(body, 0, PIECE);
		uintptr_t from = (uintptr_t)piece.p + PAGE_BYTES - 1;
		uintptr_t to = (uintptr_t)piece.p + piece.n;

		done = write_all(piece);
		from -= from % PAGE_BYTES;
		to -= to % PAGE_BYTES;
		if (done && from < to)
			madvise((void *)from, to - from, MADV_DONTNEED);
		body = span_from(body, piece.n);
	}
	return done;
}

/* Large bodies are written from where they are. */
static bool
write_parsed(struct buf *answer, struct parsed *parsed)
{
	size_t bodies = body_bytes(parsed);
	bool done;

	start_frame(answer);
	if (bodies <= INLINE) {
		wire_write(answer, parsed);
		return write_frame(answer, 0);
	}
	wire_write_head(answer, parsed);
	if (answer->failed || answer->n + bodies > JAIL_ANSWER_MAX) {
		buf_free(answer);
		start_frame(answer);
		parsed_free(parsed);
		parsed->kind = KIND_UNREADABLE;
		parsed_why(parsed, "what is in it is too large");
		wire_write(answer, parsed);
		return write_frame(answer, 0);
	}
	done = write_frame(answer, bodies);
	for (size_t i = 0; i < parsed->n_attachments && done; i++)
		done = write_body(parsed->attachments[i].body);
	return done;
}

static bool
answer_one(struct buf *answer, jail_parser *parser, struct span mail,
    const struct parse_settings *set)
{
	struct parsed parsed = { 0 };
	bool done;

	set_timer(JAIL_CPU_MS + (int)(mail.n >> 20) * JAIL_CPU_MS_MB);
	parser(&parsed, mail, set);
	set_timer(0);
	done = write_parsed(answer, &parsed);
	parsed_free(&parsed);
	return done;
}

/* The warm-up: nobody waits for its answer. */
static void
parse_nothing(jail_parser *parser, const struct parse_settings *set)
{
	struct buf answer = { .max = JAIL_ANSWER_MAX };
	struct buf mail = { .max = JAIL_MAIL_MAX };
	struct parsed parsed = { 0 };

	buf_add(&mail, (struct span){ warm_up, sizeof(warm_up) - 1 });
	memset(buf_room(&mail, TAIL), 0, TAIL);
	set_timer(JAIL_CPU_MS);
	parser(&parsed, buf_span(&mail), set);
	wire_write(&answer, &parsed);
	set_timer(0);
	parsed_free(&parsed);
	buf_free(&mail);
	buf_free(&answer);
}

/* The settings' four words, each ended by NUL; the keywords follow. */
static bool
read_settings(struct parse_settings *set, struct keywords **words,
    struct buf *frame, struct err *err)
{
	const char **to[] = { &set->code_prefix, &set->authserv_id,
		&set->phone_prefix, &set->textable_prefixes };
	struct span rest;

	if (!read_frame(frame, 0))
		return false;
	rest = buf_span(frame);
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		const char *end =
		    rest.n == 0 ? NULL : memchr(rest.p, '\0', rest.n);

		if (end == NULL) {
			err_set(err, ST_BROKEN, "settings are missing");
			return false;
		}
		*to[i] = rest.p;
		rest = span_from(rest, (size_t)(end - rest.p) + 1);
	}
	if (keywords_read(words, rest, err) != ST_OK)
		return false;
	set->keywords = *words;
	return true;
}

/* Ready to read mail?  Tells the gateway, with the reason if not. */
static bool
get_ready(struct parse_settings *set, struct keywords **words,
    struct buf *settings, jail_parser *parser)
{
	struct buf frame = { .max = JAIL_ANSWER_MAX };
	struct err err = { "" };
	bool done = read_settings(set, words, settings, &err);

	if (done) {
		tzset();
		charset_warm();
		parse_nothing(parser, set);
	}
	if (done && (!set_limits() || !put_filter_on())) {
		err_set(&err, ST_BROKEN, "limits or seccomp refused (%s)",
		    strerror(errno));
		done = false;
	}
	start_frame(&frame);
	if (!done)
		buf_str(&frame, err.text[0] != '\0' ? err.text : "no settings");
	done &= write_frame(&frame, 0);
	buf_free(&frame);
	return done;
}

int
jail_worker_with(jail_parser *parser)
{
	struct buf settings = { .max = (1 << 20) + TAIL };
	struct buf mail = { .max = JAIL_MAIL_MAX + TAIL };
	struct buf answer = { .max = JAIL_ANSWER_MAX };
	struct parse_settings set = { .owns_mail = true };
	struct keywords *words = NULL;
	int spins = jail_spins();
	bool going = get_ready(&set, &words, &settings, parser);

	while (going && read_frame(&mail, spins)) {
		going = answer_one(&answer, parser, buf_span(&mail), &set);
		if (mail.cap > KEPT)
			buf_free(&mail);
		if (answer.cap > KEPT)
			buf_free(&answer);
	}
	keywords_free(words);
	buf_free(&settings);
	buf_free(&mail);
	buf_free(&answer);
	return going ? 0 : 1;
}

int
jail_worker(void)
{
	return jail_worker_with(parse_mail);
}
