/* test_log - one event, one line, one write */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "gateway/log.h"

/* Runs `say` with stderr in a pipe; `out` gets what one read() returns. */
static void
logged(void (*say)(void), char out[4096])
{
	int pipe_fd[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipe_fd), 0);
	dup2(pipe_fd[1], STDERR_FILENO);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fd[1]);
	n = read(pipe_fd[0], out, 4095);
	close(pipe_fd[0]);
	assert_true(n >= 0);
	out[n] = '\0';
}

static void
say_plain(void)
{
	log_line(LOG_INFO_, "intake stored msg=%d ms=%d", 41, 12);
}

static void
say_controls(void)
{
	log_line(LOG_WARN_, "imap said \"%s\"", "a\r\nb\x1b[2J\t");
}

static void
say_much(void)
{
	char words[3000];

	memset(words, 'x', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	log_line(LOG_ERROR_, "store %s", words);
}

static void
an_event_is_a_line(void **state)
{
	char out[4096];

	(void)state;
	logged(say_plain, out);
	assert_string_equal(
	    out, "2026-11-22T11:00:00Z info intake stored msg=41 ms=12\n");
	logged(say_controls, out);
	assert_string_equal(
	    out, "2026-11-22T11:00:00Z warn imap said \"a??b?[2J?\"\n");
	logged(say_much, out);
	assert_int_equal(strlen(out), 1023);
	assert_int_equal(out[1022], '\n');
	assert_ptr_equal(strchr(out, '\n'), out + 1022);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_a_line),
	};
	struct err err;

	if (clock_set("2026-11-22T12:00:00+01:00", &err) != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
