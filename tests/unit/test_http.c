/* test_http - what a request says, and which answers are taken */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/http.h"

/* A server in a process of its own: answers each connection with `answer`, or
 * when that is NULL with what it was asked. */
struct server {
	int fd, port;
	pid_t pid;
};

static size_t
read_request(int fd, char *text, size_t size)
{
	size_t n = 0, want = size;
	const char *end, *length;

	while (n < want && n < size - 1) {
		ssize_t got = read(fd, text + n, size - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (end != NULL)
			want =
			    (size_t)(end + 4 - text) +
			    (length == NULL ? 0
					    : strtoul(length + 16, NULL, 10));
	}
	return n;
}

static void
serve(int fd, const char *answer)
{
	char text[16384], head[200];

	for (;;) {
		int c = accept(fd, NULL, NULL);
		size_t n = c < 0 ? 0 : read_request(c, text, sizeof(text));

		if (c < 0)
			_exit(0);
		snprintf(head, sizeof(head),
		    "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; "
		    "charset=utf-8\r\nContent-Length: %zu\r\n\r\n",
		    n);
		if (answer != NULL)
			dprintf(c, "%s", answer);
		else if (write(c, head, strlen(head)) < 0 ||
			 write(c, text, n) < 0)
			_exit(1);
		close(c);
	}
}

static struct server
start(const char *answer)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct server s = { socket(AF_INET, SOCK_STREAM, 0), 0, -1 };
	socklen_t size = sizeof(at);

	assert_int_equal(bind(s.fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(s.fd, 8), 0);
	assert_int_equal(getsockname(s.fd, (struct sockaddr *)&at, &size), 0);
	s.port = ntohs(at.sin_port);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* when an assertion fails */
		serve(s.fd, answer);
	}
	return s;
}

static void
end(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->fd);
}

static enum status
ask(const struct server *s, struct http_request *r, struct http_answer *answer,
    struct err *err)
{
	char url[64];

	err->text[0] = '\0';
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/a/b?c=d", s->port);
	r->url = url;
	if (r->ms == 0)
		r->ms = 5000;
	return http_ask(r, answer, err);
}

static void
has(const struct http_answer *answer, const char *line)
{
	if (strstr(buf_cstr(&answer->body), line) == NULL)
		fail_msg("no %s in:\n%s", line, buf_cstr(&answer->body));
}

static void
a_request_says_what_it_was_told(void **state)
{
	static const char *const headers[] = { "X-One: 1", "Accept: a/b",
		NULL };
	struct server s = start(NULL);
	struct http_request r = { .headers = headers, .bearer = "tok" };
	struct http_answer answer;
	struct err err;

	(void)state;
	assert_int_equal(ask(&s, &r, &answer, &err), ST_OK);
	assert_int_equal(answer.code, 200);
	assert_string_equal(answer.type, "text/plain");
	has(&answer, "GET /a/b?c=d HTTP/1.1\r\n");
	has(&answer, "\r\nX-One: 1\r\n");
	has(&answer, "\r\nAccept: a/b\r\n");
	has(&answer, "\r\nAuthorization: Bearer tok\r\n");
	http_answer_free(&answer);

	r = (struct http_request){ .user = "u",
		.password = "p:q",
		.type = http_json,
		.body = SPAN("{\"a\":\0 1}") };
	assert_int_equal(ask(&s, &r, &answer, &err), ST_OK);
	has(&answer, "POST /a/b?c=d HTTP/1.1\r\n");
	has(&answer, "\r\nAuthorization: Basic dTpwOnE=\r\n");
	has(&answer, "\r\nContent-Type: application/json\r\n");
	has(&answer, "\r\nContent-Length: 9\r\n");
	assert_memory_equal(
	    answer.body.p + answer.body.n - 9, "{\"a\":\0 1}", 9);
	http_answer_free(&answer);
	end(&s);
}

static void
no_header_is_made_of_somebody_elses_line(void **state)
{
	static const char *const headers[] = { "X-One: 1\r\nX-Two: 2", NULL };
	struct server s = start(NULL);
	struct http_request r = { .headers = headers };
	struct http_answer answer;
	struct err err;

	(void)state;
	assert_int_equal(ask(&s, &r, &answer, &err), ST_BROKEN);
	http_answer_free(&answer);
	r = (struct http_request){ .bearer = "tok\r\nX-Two: 2" };
	assert_int_equal(ask(&s, &r, &answer, &err), ST_BROKEN);
	http_answer_free(&answer);
	end(&s);
}

static void
answers_are_taken_with_limits(void **state)
{
	static const struct {
		const char *row, *answer;
		size_t max;
		enum status want;
		int code, retry;
		const char *body;
	} rows[] = {
		{ "as it is", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
		    0, ST_OK, 200, 0, "ab" },
		{ "until the end", "HTTP/1.1 200 OK\r\n\r\nabc", 3, ST_OK, 200,
		    0, "abc" },
		{ "one byte too many", "HTTP/1.1 200 OK\r\n\r\nabcd", 3,
		    ST_LIMIT, 0, 0, "" },
		{ "announced larger than it may be",
		    "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\nabcd",
		    3, ST_LIMIT, 0, 0, "" },
		{ "half", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcd", 0,
		    ST_RETRY, 0, 0, "" },
		{ "nothing", "", 0, ST_RETRY, 0, 0, "" },
		{ "no HTTP", "220 smtp.powiat.example\r\n", 0, ST_RETRY, 0, 0,
		    "" },
		{ "a refusal is an answer",
		    "HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx", 0, ST_OK,
		    403, 0, "x" },
		{ "later", "HTTP/1.1 429 X\r\nRetry-After: 7\r\n\r\n", 0, ST_OK,
		    429, 7, "" },
		{ "much later",
		    "HTTP/1.1 503 X\r\nRetry-After: Fri, 31 Dec 2099 23:59:59 "
		    "GMT\r\n\r\n",
		    0, ST_OK, 503, 86400, "" },
		{ "in the past", "HTTP/1.1 503 X\r\nRetry-After: -5\r\n\r\n", 0,
		    ST_OK, 503, 0, "" },
		{ "elsewhere",
		    "HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\n\r\n", 0,
		    ST_OK, 302, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server s = start(rows[i].answer);
		struct http_request r = { .max = rows[i].max };
		struct http_answer answer;
		struct err err;
		enum status rc = ask(&s, &r, &answer, &err);

		if (rc != rows[i].want ||
		    (rc == ST_OK &&
			(answer.code != rows[i].code ||
			    answer.retry_after_s != rows[i].retry ||
			    strcmp(buf_cstr(&answer.body), rows[i].body) != 0)))
			fail_msg("%s: %d %d %d \"%s\" %s", rows[i].row, rc,
			    answer.code, answer.retry_after_s,
			    buf_cstr(&answer.body), err.text);
		http_answer_free(&answer);
		end(&s);
	}
}

static void
only_this_machine_without_tls(void **state)
{
	static const struct {
		const char *url, *says;
	} rows[] = {
		{ "http://powiat.example/", "this machine only" },
		{ "http://127.0.0.1.powiat.example/", "this machine only" },
		{ "http://128.0.0.1/", "this machine only" },
		{ "http://[::2]/", "this machine only" },
		{ "ftp://127.0.0.1/", "expected a URL" },
		{ "file:///etc/passwd", "expected a URL" },
		{ "http://user:hush@127.0.0.1/", "must not hold a user" },
		{ "", "expected a URL" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { .url = rows[i].url, .ms = 1000 };
		struct http_answer answer;
		struct err err;

		if (http_ask(&r, &answer, &err) != ST_REJECT ||
		    strstr(err.text, rows[i].says) == NULL ||
		    strstr(err.text, "hush") != NULL)
			fail_msg("%s: %s", rows[i].url, err.text);
		http_answer_free(&answer);
	}
}

static void
fields_are_encoded(void **state)
{
	struct buf form = { .max = 200 };

	(void)state;
	http_add_field(&form, "a", "x y&z=ż");
	http_add_field(&form, "none", "");
	http_add_field(&form, "b", "-._~0+/%\r\n");
	assert_string_equal(
	    buf_cstr(&form), "a=x%20y%26z%3D%C5%BC&b=-._~0%2B%2F%25%0D%0A");
	buf_free(&form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_what_it_was_told),
		cmocka_unit_test(no_header_is_made_of_somebody_elses_line),
		cmocka_unit_test(answers_are_taken_with_limits),
		cmocka_unit_test(only_this_machine_without_tls),
		cmocka_unit_test(fields_are_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
