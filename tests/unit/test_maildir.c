/* test_maildir - a Maildir read and written: nothing missed, nothing lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/maildir.h"

struct place {
	char path[64]; /* the Maildir */
	struct source *source;
	struct batch batch;
};

static int64_t
ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
set_up(void **state)
{
	struct config_mailbox conf = {
		.name = "test", .max_message_size = 300000, .poll_every = 60
	};
	struct place *place = calloc(1, sizeof(*place));
	struct err err = { "" };

	assert_non_null(place);
	snprintf(place->path, sizeof(place->path), "/tmp/uwaga-mail-XXXXXX");
	assert_non_null(mkdtemp(place->path));
	assert_int_equal(maildir_create(place->path, &err), ST_OK);
	assert_int_equal(
	    maildir_source_open(&place->source, place->path, &conf, &err),
	    ST_OK);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	batch_free(&place->batch);
	place->source->ops->close(place->source);
	nftw(place->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static const char *
at(struct place *place, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", place->path, name);
	return path;
}

static void
put(struct place *place, const char *name, const char *bytes, size_t n)
{
	int fd = open(at(place, name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void
put_text(struct place *place, const char *name, const char *text)
{
	put(place, name, text, strlen(text));
}

static bool
is_there(struct place *place, const char *name)
{
	struct stat sb;

	return lstat(at(place, name), &sb) == 0;
}

static int
count_files(struct place *place, const char *sub)
{
	DIR *dir = opendir(at(place, sub));
	struct dirent *d;
	int n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		n += d->d_name[0] != '.';
	closedir(dir);
	return n;
}

static int
fetch(struct place *place)
{
	struct err err = { "" };

	batch_free(&place->batch);
	assert_int_equal(
	    place->source->ops->fetch(place->source, &place->batch, &err),
	    ST_OK);
	return place->batch.n;
}

static void
done(struct place *place)
{
	struct err err = { "" };

	assert_int_equal(
	    place->source->ops->done(place->source, &place->batch, &err),
	    ST_OK);
	assert_string_equal(err.text, "");
}

static void
a_mail_stays_until_it_is_done(void **state)
{
	struct place *place = *state;
	struct raw *raw = &place->batch.messages[0];
	struct timespec times[2] = { { 1795345200, 0 },
		{ 1795345200, 250000000 } };

	put_text(place, "new/1795345200.M1P2.host", "Subject: a\n\nb");
	assert_int_equal(utimensat(AT_FDCWD,
			     at(place, "new/1795345200.M1P2.host"), times, 0),
	    0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fetch(place), 1);
		assert_string_equal(raw->key, "1795345200.M1P2.host");
		assert_string_equal(raw->source, "mailbox test");
		assert_true(raw->received_ms == 1795345200250);
		assert_string_equal(buf_cstr(&raw->bytes), "Subject: a\n\nb");
		assert_null(raw->problem);
		assert_true(place->batch.more);
	}
	done(place);
	assert_true(is_there(place, "cur/1795345200.M1P2.host:2,S"));
	assert_int_equal(count_files(place, "new"), 0);
	assert_int_equal(fetch(place), 0);
	assert_false(place->batch.more);
	/* A source that is told twice, as after a crash, does no harm. */
	done(place);
}

static void
the_oldest_comes_first_whatever_the_folder_says(void **state)
{
	static const char *const names[] = { "1795345201.M9.host",
		"1795345201.M10.host", "999999999.M5.host",
		"1795345200.R7.host:2,F" };
	static const char *const keys[] = { "999999999.M5.host",
		"1795345200.R7.host", "1795345201.M9.host",
		"1795345201.M10.host" };
	struct place *place = *state;
	char path[64];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "new/%s", names[i]);
		put_text(place, path, "x");
	}
	assert_int_equal(fetch(place), 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(place->batch.messages[i].key, keys[i]);
	done(place);
	assert_true(is_there(place, "cur/1795345200.R7.host:2,S"));
}

static void
mail_of_the_same_second_is_never_missed(void **state)
{
	struct place *place = *state;
	char path[64];

	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "new/%d.host", i);
		put_text(place, path, "x");
		assert_int_equal(fetch(place), 1);
		done(place);
		assert_int_equal(fetch(place), 0);
	}
	assert_int_equal(count_files(place, "cur"), 50);
}

static void
a_flood_comes_in_batches_of_bounded_size(void **state)
{
	struct place *place = *state;
	char path[64];
	int total = 0, n;

	for (int i = 0; i < BATCH_MAX * 2 + 7; i++) {
		snprintf(path, sizeof(path), "new/%d.host", 1000 + i);
		put_text(place, path, "x");
	}
	while ((n = fetch(place)) > 0) {
		assert_in_range(n, 1, BATCH_MAX);
		assert_true(place->batch.more);
		total += n;
		done(place);
	}
	assert_int_equal(total, BATCH_MAX * 2 + 7);
	assert_false(place->batch.more);
}

static void
large_mails_share_a_batch_only_while_they_fit(void **state)
{
	struct place *place = *state;
	char *bytes = calloc(1, 290000);
	char path[64];
	int total = 0, n;

	assert_non_null(bytes);
	memset(bytes, 'x', 290000);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "new/%d.host", 1000 + i);
		put(place, path, bytes, 290000);
	}
	free(bytes);
	while ((n = fetch(place)) > 0) {
		assert_in_range(n, 1, BATCH_BYTES / 290000);
		total += n;
		done(place);
	}
	assert_int_equal(total, 40);
}

static void
what_is_no_mail_is_put_aside_with_its_reason(void **state)
{
	static const struct {
		const char *name, *why;
	} rows[] = {
		{ "1.folder", "it is a folder" },
		{ "2.link", "symbolic link" },
		{ "3.pipe", "pipe, socket or device" },
		{ "4.empty", "is empty" },
		{ "5.large", "300001 bytes, max_message_size allows 300000" },
		{ "6.mail", NULL },
	};
	struct place *place = *state;
	struct batch *b = &place->batch;
	char *bytes = calloc(1, 300001);

	assert_non_null(bytes);
	assert_int_equal(mkdir(at(place, "new/1.folder"), 0700), 0);
	put_text(place, "new/1.folder/inside", "x");
	assert_int_equal(symlink("/etc/passwd", at(place, "new/2.link")), 0);
	assert_int_equal(mkfifo(at(place, "new/3.pipe"), 0600), 0);
	put_text(place, "new/4.empty", "");
	put(place, "new/5.large", bytes, 300001);
	put_text(place, "new/6.mail", "x");
	put_text(place, "new/.hidden", "x");
	free(bytes);

	assert_int_equal(fetch(place), 6);
	for (int i = 0; i < 6; i++) {
		assert_string_equal(b->messages[i].key, rows[i].name);
		if (rows[i].why == NULL)
			assert_null(b->messages[i].problem);
		else
			assert_non_null(
			    strstr(b->messages[i].problem, rows[i].why));
	}
	assert_int_equal(b->messages[1].bytes.n, 0);
	assert_int_equal(b->messages[4].bytes.n, 256 << 10);
	done(place);
	assert_true(is_there(place, "aside/1.folder/inside"));
	assert_true(is_there(place, "aside/2.link"));
	assert_true(is_there(place, "aside/5.large"));
	assert_true(is_there(place, "cur/6.mail:2,S"));
	assert_int_equal(count_files(place, "aside"), 5);
	assert_int_equal(count_files(place, "new"), 0);
}

static void
a_file_that_cannot_be_read_is_put_aside(void **state)
{
	struct place *place = *state;

	if (geteuid() == 0) {
		/* Root reads everything: there is no such file for it. */
		put_text(place, "new/1.host", "x");
		assert_int_equal(chmod(at(place, "new/1.host"), 0), 0);
		assert_int_equal(fetch(place), 1);
		assert_null(place->batch.messages[0].problem);
		return;
	}
	put_text(place, "new/1.host", "x");
	assert_int_equal(chmod(at(place, "new/1.host"), 0), 0);
	assert_int_equal(fetch(place), 1);
	assert_non_null(strstr(
	    place->batch.messages[0].problem, "cannot be read (Permission"));
	done(place);
	assert_true(is_there(place, "aside/1.host"));
}

static void
a_name_used_before_overwrites_nothing_and_is_another_message(void **state)
{
	struct place *place = *state;
	char first[256], name[300];

	put_text(place, "cur/a.eml:2,S", "first");
	put_text(place, "new/a.eml", "second");
	assert_int_equal(fetch(place), 1);
	snprintf(first, sizeof(first), "%s", place->batch.messages[0].key);
	assert_memory_equal(first, "a.eml~", 6);
	/* The same key when it is handed over again. */
	assert_int_equal(fetch(place), 1);
	assert_string_equal(place->batch.messages[0].key, first);
	done(place);
	assert_true(is_there(place, "cur/a.eml:2,S"));
	snprintf(name, sizeof(name), "cur/%s:2,S", first);
	assert_true(is_there(place, name));

	assert_int_equal(mkdir(at(place, "aside"), 0700), 0);
	put_text(place, "aside/b.eml", "first");
	put_text(place, "new/b.eml", "");
	assert_int_equal(fetch(place), 1);
	assert_memory_equal(place->batch.messages[0].key, "b.eml~", 6);
	snprintf(name, sizeof(name), "aside/%s", place->batch.messages[0].key);
	done(place);
	assert_true(is_there(place, name));
}

static void
reread(struct place *place, int64_t since_ms, int moved, int left)
{
	struct reread files = { 0 };
	struct err err = { "" };

	assert_int_equal(
	    place->source->ops->reread(place->source, since_ms, &files, &err),
	    ST_OK);
	assert_int_equal(files.moved, moved);
	assert_int_equal(files.left, left);
}

/* The key of the message whose bytes are `text`, among those handed over. */
static const char *
key_of(struct place *place, const char *text)
{
	for (int i = 0; i < place->batch.n; i++)
		if (span_eq(buf_span(&place->batch.messages[i].bytes),
			span_of(text)))
			return place->batch.messages[i].key;
	fail_msg("%s was not handed over", text);
	return "";
}

static void
what_was_acknowledged_is_handed_over_again_with_its_key(void **state)
{
	struct place *place = *state;
	char second[256], empty[256];

	put_text(place, "cur/before.eml:2,S", "not ours");
	put_text(place, "new/a.eml", "first");
	fetch(place);
	done(place);
	put_text(place, "new/a.eml", "second");
	put_text(place, "new/b.eml", "");
	assert_int_equal(fetch(place), 2);
	snprintf(second, sizeof(second), "%s", key_of(place, "second"));
	snprintf(empty, sizeof(empty), "%s", key_of(place, ""));
	done(place);
	put_text(place, "cur/no_flags", "never new, so never ours");
	put_text(place, "cur/.hidden:2,S", "nor this");

	reread(place, INT64_MAX, 0, 0);
	reread(place, 0, 3, 0);
	reread(place, 0, 0, 0);
	assert_int_equal(fetch(place), 3);
	assert_string_equal(key_of(place, "first"), "a.eml");
	assert_string_equal(key_of(place, "second"), second);
	assert_string_equal(key_of(place, ""), empty);
	assert_int_equal(count_files(place, "cur"), 2);
	assert_true(is_there(place, "cur/before.eml:2,S"));
	assert_true(is_there(place, "cur/no_flags"));
	done(place);
	assert_int_equal(count_files(place, "new"), 0);
	assert_int_equal(count_files(place, "cur"), 4);
	assert_int_equal(count_files(place, "aside"), 1);
}

static void
nothing_is_overwritten_when_mail_goes_back(void **state)
{
	struct place *place = *state;

	put_text(place, "new/a.eml", "first");
	fetch(place);
	done(place);
	put_text(place, "new/a.eml", "second");
	reread(place, 0, 0, 1);
	assert_true(is_there(place, "cur/a.eml:2,S"));
	assert_int_equal(fetch(place), 1);
	assert_memory_equal(key_of(place, "second"), "a.eml~", 6);
}

static void
a_maildir_that_nothing_was_acknowledged_in_is_left_alone(void **state)
{
	struct place *place = *state;

	put_text(place, "cur/before.eml:2,S", "not ours");
	put_text(place, "new/a.eml", "waits");
	reread(place, 0, 0, 0);
	assert_int_equal(fetch(place), 1);
	assert_true(is_there(place, "cur/before.eml:2,S"));
}

static void
a_name_of_any_bytes_becomes_a_clean_key(void **state)
{
	struct place *place = *state;
	char path[300] = "new/";

	put_text(place, "new/1.a\xff\n%", "x");
	put_text(place, "new/2.\xc5\xbc", "x");
	put_text(place, "new/:2,S", "x");
	memset(path + 4, 'n', 255);
	put_text(place, path, "x");
	assert_int_equal(fetch(place), 4);
	for (int i = 0; i < 4; i++)
		assert_true(
		    strcmp(place->batch.messages[i].key, "1.a%FF%0A%25") == 0 ||
		    strcmp(place->batch.messages[i].key, "2.\xc5\xbc") == 0 ||
		    strcmp(place->batch.messages[i].key, ":2,S") == 0 ||
		    strcmp(place->batch.messages[i].key, path + 4) == 0);
	done(place);
	assert_int_equal(count_files(place, "new"), 0);
	assert_int_equal(count_files(place, "cur"), 4);
}

static void
one_file_that_cannot_be_moved_does_not_stop_the_others(void **state)
{
	struct place *place = *state;
	struct err err = { "" };

	put_text(place, "new/1.empty", "");
	put_text(place, "new/2.mail", "x");
	put_text(place, "aside", "a file where the folder should be");
	assert_int_equal(fetch(place), 2);
	assert_int_equal(
	    place->source->ops->done(place->source, &place->batch, &err),
	    ST_RETRY);
	assert_non_null(strstr(err.text, "cannot be moved"));
	assert_true(is_there(place, "cur/2.mail:2,S"));
	assert_true(is_there(place, "new/1.empty"));
	/* It does not come again in the same breath, but it does later. */
	assert_int_equal(fetch(place), 0);
	assert_false(place->batch.more);
	assert_int_equal(fetch(place), 1);
}

static void
a_delivery_ends_the_wait_and_time_does_too(void **state)
{
	struct place *place = *state;
	int64_t start;

	/* What came before the first wait began to watch must be looked for. */
	start = ticks();
	place->source->ops->wait(place->source, 20000);
	assert_in_range(ticks() - start, 0, 10000);
	assert_int_equal(fetch(place), 0);
	start = ticks();
	place->source->ops->wait(place->source, 30);
	assert_in_range(ticks() - start, 29, 5000);
	/* Delivered between the listing and the wait. */
	put_text(place, "new/1.host", "x");
	start = ticks();
	place->source->ops->wait(place->source, 20000);
	assert_in_range(ticks() - start, 0, 10000);
	assert_int_equal(fetch(place), 1);
	done(place);
}

static void
a_mail_is_taken_when_its_writer_has_finished(void **state)
{
	struct place *place = *state;
	int fd = open(at(place, "new/1.eml"), O_WRONLY | O_CREAT, 0600);
	int64_t start;

	assert_true(fd >= 0);
	put_text(place, "new/2.eml", "x");
	assert_int_equal(fetch(place), 1);
	assert_string_equal(place->batch.messages[0].key, "2.eml");
	done(place);
	assert_int_equal(write(fd, "Subject: a\n", 11), 11);
	assert_int_equal(fetch(place), 0);
	assert_false(place->batch.more);
	assert_int_equal(write(fd, "\nb\n", 3), 3);
	close(fd);
	/* Closing it wakes whoever waits. */
	start = ticks();
	place->source->ops->wait(place->source, 20000);
	assert_in_range(ticks() - start, 0, 10000);
	assert_int_equal(fetch(place), 1);
	assert_string_equal(
	    buf_cstr(&place->batch.messages[0].bytes), "Subject: a\n\nb\n");
}

static void
a_missing_folder_is_named_with_the_command_that_makes_it(void **state)
{
	struct place *place = *state;
	struct config_mailbox conf = { .name = "b", .max_message_size = 1 };
	struct source *source = NULL;
	struct sink *sink = NULL;
	struct err err = { "" };

	assert_int_equal(
	    place->source->ops->check(place->source, NULL, &err), ST_OK);
	assert_int_equal(rmdir(at(place, "tmp")), 0);
	assert_int_equal(
	    maildir_source_open(&source, place->path, &conf, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "mailbox b: "));
	assert_non_null(strstr(err.text, "mkdir -p"));
	assert_null(source);
	assert_int_equal(
	    maildir_sink_open(&sink, place->path, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "tmp"));
	assert_null(sink);
	/* In the middle of the work: later, perhaps. */
	assert_int_equal(rmdir(at(place, "new")), 0);
	assert_int_equal(
	    place->source->ops->fetch(place->source, &place->batch, &err),
	    ST_RETRY);
	assert_int_equal(maildir_create(place->path, &err), ST_OK);
	assert_int_equal(fetch(place), 0);
}

static struct delivery
send(struct sink *sink, const char *reference, const char *bytes)
{
	struct letter letter = { .id = 1,
		.to = "a@b.example",
		.from = "c@d.example",
		.reference = reference,
		.bytes = span_of(bytes) };
	struct delivery result;

	sink->ops->send(sink, &letter, &result);
	return result;
}

static void
read_back(struct place *place, const char *name, char *out, size_t size)
{
	int fd = open(at(place, name), O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, out, size - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
}

static void
a_letter_is_written_once_whatever_became_of_it(void **state)
{
	struct place *place = *state;
	struct sink *sink = NULL;
	struct delivery result;
	struct err err = { "" };
	char text[64], from[512];

	assert_int_equal(maildir_sink_open(&sink, place->path, &err), ST_OK);
	/* What a crash left behind is in nobody's way. */
	put_text(place, "tmp/ref1", "half a let");
	result = send(sink, "ref1", "A: b\r\n\r\nx\ry\n\r\nz\r");
	assert_int_equal(result.sent, SENT_ACCEPTED);
	assert_string_equal(result.external_id, "ref1");
	read_back(place, "new/ref1", text, sizeof(text));
	assert_string_equal(text, "A: b\n\nx\ry\n\nz\r");
	assert_int_equal(count_files(place, "tmp"), 0);

	result = send(sink, "ref1", "something else");
	assert_int_equal(result.sent, SENT_ACCEPTED);
	read_back(place, "new/ref1", text, sizeof(text));
	assert_memory_equal(text, "A: b", 4);
	/* Its reader has moved and flagged it. */
	snprintf(from, sizeof(from), "%s", at(place, "new/ref1"));
	assert_int_equal(rename(from, at(place, "cur/ref1:2,RS")), 0);
	result = send(sink, "ref1", "something else");
	assert_int_equal(result.sent, SENT_ACCEPTED);
	assert_int_equal(count_files(place, "new"), 0);
	assert_int_equal(send(sink, "ref", "x").sent, SENT_ACCEPTED);
	assert_int_equal(count_files(place, "new"), 1);
	sink->ops->close(sink);
}

static void
a_letter_that_cannot_be_written_is_tried_later(void **state)
{
	struct place *place = *state;
	struct sink *sink = NULL;
	struct delivery result;
	struct err err = { "" };

	assert_int_equal(maildir_sink_open(&sink, place->path, &err), ST_OK);
	assert_int_equal(rmdir(at(place, "tmp")), 0);
	result = send(sink, "ref1", "x");
	assert_int_equal(result.sent, SENT_RETRY);
	assert_non_null(strstr(result.reason, "No such file"));
	result = send(sink, "../ref1", "x");
	assert_int_equal(result.sent, SENT_REFUSED);
	result = send(sink, "", "x");
	assert_int_equal(result.sent, SENT_REFUSED);
	sink->ops->close(sink);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mail_stays_until_it_is_done),
		TEST(the_oldest_comes_first_whatever_the_folder_says),
		TEST(mail_of_the_same_second_is_never_missed),
		TEST(a_flood_comes_in_batches_of_bounded_size),
		TEST(large_mails_share_a_batch_only_while_they_fit),
		TEST(what_is_no_mail_is_put_aside_with_its_reason),
		TEST(a_file_that_cannot_be_read_is_put_aside),
		TEST(
		    a_name_used_before_overwrites_nothing_and_is_another_message),
		TEST(what_was_acknowledged_is_handed_over_again_with_its_key),
		TEST(nothing_is_overwritten_when_mail_goes_back),
		TEST(a_maildir_that_nothing_was_acknowledged_in_is_left_alone),
		TEST(a_name_of_any_bytes_becomes_a_clean_key),
		TEST(one_file_that_cannot_be_moved_does_not_stop_the_others),
		TEST(a_delivery_ends_the_wait_and_time_does_too),
		TEST(a_mail_is_taken_when_its_writer_has_finished),
		TEST(a_missing_folder_is_named_with_the_command_that_makes_it),
		TEST(a_letter_is_written_once_whatever_became_of_it),
		TEST(a_letter_that_cannot_be_written_is_tried_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
