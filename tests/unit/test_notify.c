/* test_notify - what the service manager hears */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/notify.h"

/* A manager that listens at `name`; '@' in front stands for a NUL. */
static int
listen_at(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0 && n < sizeof(at.sun_path));
	memcpy(at.sun_path, name, n);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
	    0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void
hear(int fd, const char *want)
{
	char text[64] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_int_equal(n, (ssize_t)strlen(want));
	assert_string_equal(text, want);
}

static void
it_is_told_by_a_path_or_an_abstract_name(void **state)
{
	char folder[] = "/tmp/uwaga-notify-XXXXXX", path[64], name[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	fd = listen_at(path);
	notify_manager("READY=1");
	notify_manager("WATCHDOG=1");
	hear(fd, "READY=1");
	hear(fd, "WATCHDOG=1");
	close(fd);
	/* Nobody listens any more: that is no error. */
	notify_manager("STOPPING=1");
	unlink(path);
	rmdir(folder);

	snprintf(name, sizeof(name), "@uwaga-test-%d", (int)getpid());
	fd = listen_at(name);
	notify_manager("READY=1");
	hear(fd, "READY=1");
	close(fd);
}

static void
without_a_manager_nothing_is_sent(void **state)
{
	char name[200];
	int before = dup(0), after;

	(void)state;
	close(before);
	unsetenv("NOTIFY_SOCKET");
	notify_manager("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify_manager("READY=1");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	notify_manager("READY=1");
	/* No descriptor was left open. */
	after = dup(0);
	assert_int_equal(before, after);
	close(after);
}

static void
the_manager_says_how_long_it_waits(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = { { "600000000", 600000 }, { "2500000", 2500 }, { "0", 0 },
		{ "", 0 }, { "-1", 0 }, { "soon", 0 }, { "10s", 0 } };

	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("WATCHDOG_USEC", rows[i].text, 1);
		assert_int_equal(notify_watchdog_ms(), rows[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_by_a_path_or_an_abstract_name),
		cmocka_unit_test(without_a_manager_nothing_is_sent),
		cmocka_unit_test(the_manager_says_how_long_it_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
