/* test_jail - what a worker may do, and what becomes of a mail that kills it
 *
 * This program is its own worker: started as `parse-worker` it puts the parser
 * below into the jail, which does what a hostile mail would like to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/jail.h"
#include "parsers/wire.h"

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

/* ---- inside ------------------------------------------------------------ */

/* Tries everything that must fail; `why` names what did not. */
static void
try_to_break_out(struct parsed *out)
{
	char *argv[] = { "true", NULL };
	char text[256] = "";
	pid_t pid;

	if (open("/tmp/uwaga-jail-test", O_WRONLY | O_CREAT, 0600) >= 0)
		strncat(text, " write-file", 20);
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
		strncat(text, " socket", 20);
	if (kill(getppid(), 0) == 0 || kill(1, 0) == 0)
		strncat(text, " kill", 20);
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		strncat(text, " fork", 20);
	execv("/bin/true", argv);
	if (unlink("/tmp/uwaga-jail-test") == 0 || errno != EPERM)
		strncat(text, " unlink", 20);
	for (int fd = JAIL_SOCKET + 1; fd < 100; fd++)
		if (write(fd, "", 0) == 0)
			strncat(text, " descriptor", 20);
	if (environ != NULL && environ[0] != NULL)
		strncat(text, " environment", 20);
	if (!SANITIZED) {
		if (open("/etc/passwd", O_RDONLY) >= 0)
			strncat(text, " read-file", 20);
		if (mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			strncat(text, " run-memory", 20);
		if (mmap(NULL, 600 << 20, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			strncat(text, " memory", 20);
	}
	parsed_why(out, "broke out:%s", text);
}

static void
say(const void *bytes, size_t n)
{
	if (write(JAIL_SOCKET, bytes, n) != (ssize_t)n)
		_exit(1);
}

static void
hostile_parser(
    struct parsed *out, struct span mail, const struct parse_settings *set)
{
	static int served; /* the warm-up is the first */
	static const uint32_t five = 5, huge = UINT32_MAX;
	volatile int *nowhere = NULL;
	volatile bool forever = true;
	char c;

	served++;
	out->kind = KIND_REMARK;
	if (span_is(mail, "crash"))
		*nowhere = 1;
	else if (span_is(mail, "crash an old worker") && served > 2)
		*nowhere = 1;
	else if (span_is(mail, "loop"))
		while (forever)
			continue;
	else if (span_is(mail, "stall an old worker") && served > 2)
		while (read(JAIL_SOCKET, &c, 1) >= 0)
			continue;
	else if (span_is(mail, "exit"))
		_exit(7);
	else if (span_is(mail, "garbage")) {
		say(&five, sizeof(five));
		say("hello", 5);
	} else if (span_is(mail, "huge"))
		say(&huge, sizeof(huge));
	else if (span_is(mail, "half a frame")) {
		say(&five, sizeof(five));
		_exit(0);
	} else if (span_is(mail, "break out"))
		try_to_break_out(out);
	else if (span_is(mail, "settings"))
		parsed_why(out, "%s|%s|%s|%s|%d", set->code_prefix,
		    set->authserv_id, set->phone_prefix, set->textable_prefixes,
		    set->keywords != NULL);
	else if (span_starts(mail, "echo")) {
		out->text = arena_copy(&out->arena, mail);
		parsed_why(out, "echo %d", served);
	}
}

/* ---- outside ----------------------------------------------------------- */

static struct jail *
open_jail(void)
{
	struct jail_settings set = { "BL", "mx.powiat.example", "+48", "+4811",
		SPAN("stop\tpl\tSTOP\n") };
	struct jail *jail = NULL;
	struct err err = { "" };
	enum status rc = jail_open(&jail, &set, &err);

	if (rc != ST_OK)
		print_error("%s\n", err.text);
	assert_int_equal(rc, ST_OK);
	return jail;
}

static int
set_up(void **state)
{
	*state = open_jail();
	return 0;
}

static int
tear_down(void **state)
{
	jail_close(*state);
	return 0;
}

/* Parses `mail`, checks its kind and that the words are in `why`. */
static void
expect(struct jail *jail, const char *mail, enum kind kind, const char *why)
{
	struct parsed out = { 0 };
	struct err err = { "" };
	char text[200] = "";
	enum kind got;

	assert_int_equal(jail_parse(jail, &out, span_of(mail), &err), ST_OK);
	snprintf(text, sizeof(text), "%.*s", (int)out.why.n,
	    out.why.n > 0 ? out.why.p : "");
	got = out.kind;
	parsed_free(&out);
	if (got != kind || strstr(text, why) == NULL)
		print_error("%s: %s\n", mail, text);
	assert_int_equal(got, kind);
	assert_non_null(strstr(text, why));
}

static void
one_worker_serves_many_mails(void **state)
{
	expect(*state, "echo", KIND_REMARK, "echo 2");
	expect(*state, "echo", KIND_REMARK, "echo 3");
	expect(*state, "echo", KIND_REMARK, "echo 4");
}

static void
the_worker_knows_the_house_it_works_in(void **state)
{
	expect(*state, "settings", KIND_REMARK,
	    "BL|mx.powiat.example|+48|+4811|1");
}

static void
nothing_but_parsing_can_be_done_inside(void **state)
{
	struct parsed out = { 0 };
	struct err err = { "" };

	assert_int_equal(
	    jail_parse(*state, &out, SPAN("break out"), &err), ST_OK);
	print_message("  %.*s\n", (int)out.why.n, out.why.p);
	assert_true(span_is(out.why, "broke out:"));
	parsed_free(&out);
}

static void
a_mail_that_kills_the_worker_is_put_aside_with_the_reason(void **state)
{
	static const struct {
		const char *mail, *why;
	} rows[] = {
		{ "crash", SANITIZED ? "(exit 1)" : "signal 11, Segm" },
		{ "exit", "(exit 7)" },
		/* Its own time, or on a busy machine the clock's. */
		{ "loop", "the parser needed more than" },
		{ "garbage", "makes no sense" },
		{ "huge", "too large (4294967295 bytes)" },
		{ "half a frame", "(exit 0)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %s\n", rows[i].mail);
		expect(*state, rows[i].mail, KIND_UNREADABLE, rows[i].why);
		/* The mail behind it has a fresh worker. */
		expect(*state, "echo", KIND_REMARK, "echo 2");
	}
}

static void
a_mail_is_not_blamed_for_what_an_earlier_one_did(void **state)
{
	expect(*state, "echo", KIND_REMARK, "echo 2");
	expect(*state, "crash an old worker", KIND_REMARK, "");
	expect(*state, "echo", KIND_REMARK, "echo 3");
	expect(*state, "stall an old worker", KIND_REMARK, "");
	expect(*state, "echo", KIND_REMARK, "echo 3");
}

static void
large_mails_go_there_and_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 3000000,
		JAIL_MAIL_MAX - 1, JAIL_MAIL_MAX, JAIL_MAIL_MAX + 1000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = sizes[i] + 4, kept = n;
		char *mail = malloc(n);
		struct parsed out = { 0 };
		struct err err = { "" };

		assert_non_null(mail);
		memset(mail, 'x', n);
		memcpy(mail, "echo", 4);
		assert_int_equal(
		    jail_parse(*state, &out, (struct span){ mail, n }, &err),
		    ST_OK);
		if (kept > JAIL_MAIL_MAX)
			kept = JAIL_MAIL_MAX;
		assert_int_equal(out.kind, KIND_REMARK);
		assert_true(span_eq(out.text, (struct span){ mail, kept }));
		parsed_free(&out);
		free(mail);
	}
}

/* Bad mails and a large one among many good ones; one in eleven is bad. */
static void
many_mails_are_parsed_as_if_each_were_alone(void **state)
{
	static const char *const bad[] = { "crash", "exit", "garbage", "huge",
		"half a frame" };
	enum { N = 120, BIG = 3 << 20 };
	static char texts[N][32];
	struct parsed out[N] = { 0 };
	struct span mails[N];
	char *big = malloc(BIG);
	struct err err = { "" };

	assert_non_null(big);
	memset(big, 'x', BIG);
	memcpy(big, "echo", 4);
	for (int i = 0; i < N; i++) {
		snprintf(texts[i], sizeof(texts[i]), "echo %d", i);
		if (i % 11 == 5)
			snprintf(
			    texts[i], sizeof(texts[i]), "%s", bad[i / 11 % 5]);
		mails[i] = span_of(texts[i]);
	}
	mails[40] = (struct span){ big, BIG };
	assert_int_equal(jail_parse_all(*state, out, mails, N, &err), ST_OK);
	for (int i = 0; i < N; i++) {
		if (i % 11 == 5)
			assert_int_equal(out[i].kind, KIND_UNREADABLE);
		else
			assert_true(span_eq(out[i].text, mails[i]));
		parsed_free(&out[i]);
	}
	free(big);
}

static void
no_worker_outlives_its_jail(void **state)
{
	struct jail *jail = open_jail();

	(void)state;
	expect(jail, "crash", KIND_UNREADABLE, "stopped on it");
	jail_close(jail);
	/* Every child has been waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
bad_keywords_are_refused_with_the_first_mail(void **state)
{
	struct jail_settings set = { "BL", "", "+48", "",
		SPAN("a line without its columns\n") };
	struct jail *jail = NULL;
	struct err err = { "" };

	(void)state;
	assert_int_equal(jail_open(&jail, &set, &err), ST_OK);
	for (int i = 0; i < 2; i++) {
		struct parsed out = { 0 };

		assert_int_equal(
		    jail_parse(jail, &out, SPAN("Subject: x\n\ny\n"), &err),
		    ST_BROKEN);
		assert_non_null(strstr(err.text, "cannot work"));
		parsed_free(&out);
	}
	jail_close(jail);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(one_worker_serves_many_mails),
		TEST(the_worker_knows_the_house_it_works_in),
		TEST(nothing_but_parsing_can_be_done_inside),
		TEST(a_mail_that_kills_the_worker_is_put_aside_with_the_reason),
		TEST(a_mail_is_not_blamed_for_what_an_earlier_one_did),
		TEST(large_mails_go_there_and_back),
		TEST(many_mails_are_parsed_as_if_each_were_alone),
		cmocka_unit_test(no_worker_outlives_its_jail),
		cmocka_unit_test(bad_keywords_are_refused_with_the_first_mail),
	};

	if (argc > 1 && strcmp(argv[1], "parse-worker") == 0)
		return jail_worker_with(hostile_parser);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
