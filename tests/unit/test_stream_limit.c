/* A server that drips or floods ends as one that is silent does. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway/clock.h"
#include "gateway/curl.h"
#include "gateway/stream.h"

struct server {
	int fd;
	pthread_t thread;
	bool floods; /* else it sends a byte every 20 ms */
};

static bool
put(int fd, const char *text, size_t n)
{
	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Greets, answers libcurl's CAPABILITY, then drips or floods for ever. */
static void *
serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	char line[200] = "", block[4096];
	ssize_t n;

	memset(block, 'x', sizeof(block));
	put(fd, "* PREAUTH hello\r\n", 17);
	n = recv(fd, line, sizeof(line) - 1, 0);
	if (n > 4) {
		dprintf(fd, "* CAPABILITY IMAP4rev1\r\n%.4s OK done\r\n", line);
		while (put(fd, block, s->floods ? sizeof(block) : 1))
			if (!s->floods)
				usleep(20000);
	}
	close(fd);
	return NULL;
}

static struct stream *
open_to(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct stream_settings set = {
		.user = "", .secret = "", .ca_file = "", .pin = ""
	};
	socklen_t size = sizeof(at);
	struct stream *stream = NULL;
	char url[64];
	struct err err;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	getsockname(s->fd, (struct sockaddr *)&at, &size);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	snprintf(url, sizeof(url), "imap://127.0.0.1:%d", ntohs(at.sin_port));
	set.url = url;
	if (stream_open(&stream, &set, &err) != ST_OK)
		fail_msg("%s", err.text);
	return stream;
}

static enum status
read_on(struct stream *s, struct err *err)
{
	char bytes[1000];
	enum status rc;
	size_t n;

	do
		rc = stream_recv(s, bytes, sizeof(bytes), &n, -1, err);
	while (rc == ST_OK);
	return rc;
}

static void
a_drip_ends_at_the_limit(void **state)
{
	struct server server = { .floods = false };
	struct stream *s = open_to(&server);
	int64_t began = clock_ticks();
	struct err err;
	(void)state;

	assert_string_equal(stream_why(s), "");
	stream_limit(s, 300, 1 << 20);
	assert_int_equal(read_on(s, &err), ST_RETRY);
	assert_true(clock_ticks() - began >= 300);
	assert_true(clock_ticks() - began < 10000);
	assert_non_null(strstr(err.text, "far too slow"));
	assert_string_equal(stream_why(s), "the server is far too slow");
	stream_close(s);
	close(server.fd);
	pthread_join(server.thread, NULL);
}

static void
a_flood_ends_at_the_limit(void **state)
{
	struct server server = { .floods = true };
	struct stream *s = open_to(&server);
	struct err err;
	(void)state;

	stream_limit(s, 60000, 100000);
	assert_int_equal(read_on(s, &err), ST_RETRY);
	assert_non_null(strstr(err.text, "far more than was asked for"));
	stream_close(s);
	close(server.fd);
	pthread_join(server.thread, NULL);
}

static int
start(void **state)
{
	struct err err;
	(void)state;

	return curl_load(&err) == ST_OK ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drip_ends_at_the_limit),
		cmocka_unit_test(a_flood_ends_at_the_limit),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
