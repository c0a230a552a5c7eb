/* test_keys - the keys file and the tokens made with it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/keys.h"

#define SECRET_A \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SECRET_B \
	"f00102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"

/* A folder of its own for each test, with one file "keys" in it. */
struct place {
	char folder[64], path[80];
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	snprintf(
	    place->folder, sizeof(place->folder), "/tmp/uwaga-keys-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/keys", place->folder);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void
write_keys(struct place *place, const char *text, mode_t mode)
{
	int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t n = strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
bad_files_are_refused_with_the_line_that_is_wrong(void **state)
{
	static const struct {
		const char *name, *text, *said;
		mode_t mode;
		enum status want;
	} rows[] = {
		{ "one key", "k1 " SECRET_A "\n", "", 0600, ST_OK },
		{ "no last line end", "k1 " SECRET_A, "", 0600, ST_OK },
		{ "CRLF, TAB, comment, empty line",
		    "# old\r\n\r\nk1\t" SECRET_A "\r\n", "", 0400, ST_OK },
		{ "an empty file", "", "holds no key", 0600, ST_REJECT },
		{ "only a comment", "# k1 " SECRET_A "\n", "holds no key", 0600,
		    ST_REJECT },
		{ "a secret one digit short",
		    "k1 " SECRET_A "\nk2 0" SECRET_A "\n", ":2: expected", 0600,
		    ST_REJECT },
		{ "a secret that is no number",
		    "k1 zz0102030405060708090a0b0c0d0e0f1011121314151617"
		    "18191a1b1c1d1e1f\n",
		    ":1: expected", 0600, ST_REJECT },
		{ "an id with a dot", "k.1 " SECRET_A "\n", ":1: expected",
		    0600, ST_REJECT },
		{ "an id in capitals", "K1 " SECRET_A "\n", ":1: expected",
		    0600, ST_REJECT },
		{ "an id of 17 letters", "abcdefghijklmnopq " SECRET_A "\n",
		    ":1: expected", 0600, ST_REJECT },
		{ "an id alone", "k1\n", ":1: expected", 0600, ST_REJECT },
		{ "the same id twice", "k1 " SECRET_A "\nk1 " SECRET_B "\n",
		    ":2: this id", 0600, ST_REJECT },
		{ "the group may read it", "k1 " SECRET_A "\n", "chmod 600",
		    0640, ST_REJECT },
		{ "everybody may read it", "k1 " SECRET_A "\n", "chmod 600",
		    0604, ST_REJECT },
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct keys *keys = NULL;
		struct err err = { "" };

		print_message("  %s\n", rows[i].name);
		write_keys(place, rows[i].text, rows[i].mode);
		assert_int_equal(
		    keys_read(&keys, place->path, &err), rows[i].want);
		assert_true((keys != NULL) == (rows[i].want == ST_OK));
		assert_non_null(strstr(err.text, rows[i].said));
		assert_null(strstr(err.text, "0102030405"));
		keys_free(keys);
		unlink(place->path);
	}
}

static void
what_is_no_file_is_refused(void **state)
{
	struct place *place = *state;
	struct keys *keys = NULL;
	struct err err;

	assert_int_equal(keys_read(&keys, place->path, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "uwaga init"));
	assert_int_equal(keys_read(&keys, place->folder, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "no plain file"));
}

static void
init_makes_a_private_file_once(void **state)
{
	struct place *place = *state;
	struct keys *keys = NULL;
	struct stat sb;
	struct err err;
	char token[TOKEN_SIZE];

	umask(0);
	assert_int_equal(keys_create(place->path, &err), ST_OK);
	assert_int_equal(stat(place->path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(keys_read(&keys, place->path, &err), ST_OK);
	assert_int_equal(token_make(token, keys, &err), ST_OK);
	assert_int_equal(keys_create(place->path, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "is there already"));
	assert_true(token_is_ours(keys, span_of(token)));
	keys_free(keys);
}

static struct keys *
read_keys(struct place *place, const char *text)
{
	struct keys *keys = NULL;
	struct err err;

	write_keys(place, text, 0600);
	assert_int_equal(keys_read(&keys, place->path, &err), ST_OK);
	return keys;
}

/* Recognised from exact-size memory, so that an over-read shows. */
static bool
is_ours(const struct keys *keys, const char *token, size_t n)
{
	char *exact = malloc(n == 0 ? 1 : n);
	bool ours;

	assert_non_null(exact);
	memcpy(exact, token, n);
	ours = token_is_ours(keys, (struct span){ exact, n });
	free(exact);
	return ours;
}

static void
a_token_has_the_agreed_shape(void **state)
{
	struct keys *keys = read_keys(*state, "k1 " SECRET_A "\n");
	char one[TOKEN_SIZE], two[TOKEN_SIZE];
	struct err err;

	assert_int_equal(token_make(one, keys, &err), ST_OK);
	assert_int_equal(token_make(two, keys, &err), ST_OK);
	assert_string_not_equal(one, two);
	assert_int_equal(strlen(one), 16 + 1 + 2 + 1 + 10);
	assert_int_equal(
	    strspn(one, "abcdefghijklmnopqrstuvwxyz0123456789."), strlen(one));
	assert_memory_equal(one + 16, ".k1.", 4);
	keys_free(keys);
}

static void
rotation_keeps_the_old_tokens_good(void **state)
{
	struct keys *old = read_keys(*state, "k1 " SECRET_A "\n");
	struct keys *both =
	    read_keys(*state, "k1 " SECRET_A "\nk2 " SECRET_B "\n");
	struct keys *fresh = read_keys(*state, "k2 " SECRET_B "\n");
	struct keys *renamed = read_keys(*state, "k1 " SECRET_B "\n");
	char first[TOKEN_SIZE], second[TOKEN_SIZE];
	struct err err;

	assert_int_equal(token_make(first, old, &err), ST_OK);
	assert_int_equal(token_make(second, both, &err), ST_OK);
	assert_non_null(strstr(second, ".k2."));
	assert_true(is_ours(both, first, strlen(first)));
	assert_true(is_ours(both, second, strlen(second)));
	assert_false(is_ours(old, second, strlen(second)));
	assert_false(is_ours(fresh, first, strlen(first)));
	assert_false(is_ours(renamed, first, strlen(first)));
	keys_free(old);
	keys_free(both);
	keys_free(fresh);
	keys_free(renamed);
}

static void
a_mailer_may_fold_the_case_but_change_nothing(void **state)
{
	struct keys *keys = read_keys(*state, "abcdefghijklmnop " SECRET_A);
	char token[TOKEN_SIZE], other[TOKEN_SIZE];
	size_t n;
	struct err err;

	assert_int_equal(token_make(token, keys, &err), ST_OK);
	n = strlen(token);
	assert_true(is_ours(keys, token, n));
	for (size_t i = 0; i <= n; i++)
		other[i] = (char)toupper((unsigned char)token[i]);
	assert_true(is_ours(keys, other, n));
	for (size_t i = 0; i < n; i++) {
		memcpy(other, token, n);
		other[i] = other[i] == 'q' ? 'r' : 'q';
		assert_false(is_ours(keys, other, n));
		assert_false(is_ours(keys, token, i));
	}
	assert_false(is_ours(keys, "", 0));
	assert_false(is_ours(keys,
	    "aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaa",
	    60));
	keys_free(keys);
}

static void
a_pin_follows_from_token_and_key(void **state)
{
	struct keys *old = read_keys(*state, "k1 " SECRET_A "\n");
	struct keys *both =
	    read_keys(*state, "k1 " SECRET_A "\nk2 " SECRET_B "\n");
	struct keys *fresh = read_keys(*state, "k2 " SECRET_B "\n");
	struct keys *renamed = read_keys(*state, "k1 " SECRET_B "\n");
	char token[TOKEN_SIZE], other[TOKEN_SIZE];
	char pin[PIN_DIGITS + 1], again[PIN_DIGITS + 1];
	int same = 0;
	struct err err;

	assert_int_equal(token_make(token, old, &err), ST_OK);
	assert_int_equal(pin_make(pin, old, token, &err), ST_OK);
	assert_int_equal(strlen(pin), PIN_DIGITS);
	assert_int_equal(strspn(pin, "0123456789"), PIN_DIGITS);
	assert_int_equal(pin_make(again, both, token, &err), ST_OK);
	assert_string_equal(pin, again);
	assert_true(pin_is_of(both, token, span_of(pin)));
	assert_false(pin_is_of(both, token, span_sub(span_of(pin), 0, 5)));
	assert_false(pin_is_of(renamed, token, span_of(pin)));
	assert_int_equal(pin_make(pin, fresh, token, &err), ST_BROKEN);
	assert_false(pin_is_of(fresh, token, span_of(again)));
	for (int i = 0; i < 200; i++) {
		assert_int_equal(token_make(other, old, &err), ST_OK);
		same += pin_is_of(old, other, span_of(again));
	}
	assert_true(same <= 1);
	keys_free(old);
	keys_free(both);
	keys_free(fresh);
	keys_free(renamed);
}

static void
random_bytes_are_not_constant(void **state)
{
	unsigned char one[32] = { 0 }, two[32] = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(random_bytes(one, sizeof(one), &err), ST_OK);
	assert_int_equal(random_bytes(two, sizeof(two), &err), ST_OK);
	assert_memory_not_equal(one, two, sizeof(one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    bad_files_are_refused_with_the_line_that_is_wrong, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_no_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    init_makes_a_private_file_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_token_has_the_agreed_shape, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    rotation_keeps_the_old_tokens_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_mailer_may_fold_the_case_but_change_nothing, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_pin_follows_from_token_and_key, set_up, tear_down),
		cmocka_unit_test(random_bytes_are_not_constant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
