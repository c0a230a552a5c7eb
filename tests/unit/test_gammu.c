/* test_gammu - a spool of gammu-smsd's: texts in, texts out, nothing twice */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/gammu.h"
#include "parsers/date.h"

/* A spool of its own for each test. */
struct spool {
	char dir[64];
	struct config_sms conf;
	char url[80];
	struct source *source;
	struct sink *sink;
	struct batch *batch;
};

static int
make_spool(void **state)
{
	static const char *const subs[] = { "inbox", "outbox", "sent",
		"error" };
	struct spool *s = calloc(1, sizeof(*s));
	char path[128];

	snprintf(s->dir, sizeof(s->dir), "/tmp/uwaga-gammu-XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, subs[i]);
		if (mkdir(path, 0700) != 0)
			return -1;
	}
	snprintf(s->url, sizeof(s->url), "spool:%s", s->dir);
	s->conf = (struct config_sms){ .name = "bramka",
		.provider = "gammu",
		.url = s->url,
		.number = "+48110010010",
		.textable_prefixes = "+4811",
		.timezone = "Europe/Warsaw",
		.poll_every = 15 };
	s->batch = calloc(1, sizeof(*s->batch));
	*state = s;
	return 0;
}

static void
remove_tree(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			remove_tree(fd, d->d_name);
	if (dir != NULL)
		closedir(dir);
	unlinkat(parent, name, dir != NULL ? AT_REMOVEDIR : 0);
}

static int
remove_spool(void **state)
{
	struct spool *s = *state;

	if (s->source != NULL)
		s->source->ops->close(s->source);
	if (s->sink != NULL)
		s->sink->ops->close(s->sink);
	batch_free(s->batch);
	free(s->batch);
	remove_tree(AT_FDCWD, s->dir);
	free(s);
	return 0;
}

static void
open_source(struct spool *s)
{
	struct err err = { "" };

	if (s->source != NULL)
		s->source->ops->close(s->source);
	if (source_open_sms(&s->source, &s->conf, &err) != ST_OK)
		fail_msg("%s", err.text);
}

static void
open_sink(struct spool *s)
{
	struct err err = { "" };

	if (sink_open_sms(&s->sink, &s->conf, &err) != ST_OK)
		fail_msg("%s", err.text);
}

/* Writes a file as old as said. */
static void
put(struct spool *s, const char *name, const char *bytes, int seconds_old)
{
	struct timespec now, times[2];
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, strlen(bytes), f), strlen(bytes));
	fclose(f);
	clock_gettime(CLOCK_REALTIME, &now);
	times[0] = times[1] = now;
	times[0].tv_sec = times[1].tv_sec = now.tv_sec - seconds_old;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A segment as gammu-smsd writes it; `udh` "" for a single one. */
static void
add_section(
    struct buf *out, const char *time, const char *udh, const char *text)
{
	buf_printf(out,
	    "[SMSBackup000]\nPDU = Deliver\nDateTime = %s\n"
	    "Number = \"+48110000301\"\nUDH = %s\nText00 = ",
	    time, udh);
	for (; *text != '\0'; text++)
		buf_printf(out, "%04X", (unsigned char)*text);
	buf_str(
	    out, "\nCoding = Default_No_Compression\nMessageReference = 0\n\n");
}

static void
put_text(struct spool *s, const char *name, const char *udh, const char *text,
    int seconds_old)
{
	struct buf file = { .max = 4096 };
	char path[300];

	snprintf(path, sizeof(path), "inbox/%s", name);
	add_section(&file, "20261122T215226Z", udh, text);
	put(s, path, buf_cstr(&file), seconds_old);
	buf_free(&file);
}

static void
fetch(struct spool *s)
{
	struct err err = { "" };

	batch_free(s->batch);
	if (s->source->ops->fetch(s->source, s->batch, &err) != ST_OK)
		fail_msg("%s", err.text);
}

static void
done(struct spool *s)
{
	struct err err = { "" };

	if (s->source->ops->done(s->source, s->batch, &err) != ST_OK)
		fail_msg("%s", err.text);
}

/* How many files (dotfiles too) that folder has; -1 when there is none. */
static int
count(struct spool *s, const char *sub)
{
	char path[128];
	struct dirent *d;
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", s->dir, sub);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while ((d = readdir(dir)) != NULL)
		n +=
		    strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static bool
exists(struct spool *s, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#define FILE0 "IN20261122_225226_00_+48110000301_00.txt"
#define FILE1 "IN20261122_225226_01_+48110000301_00.txt"
#define FILE2 "IN20261122_225226_02_+48110000301_00.txt"

static void
a_text_is_fetched_and_moved_when_done(void **state)
{
	struct spool *s = *state;
	const struct raw *raw = &s->batch->messages[0];

	put_text(s, FILE0, "", "BL-7M4H lawki", 0);
	put(s, "inbox/.hidden", "not ours", 0);
	open_source(s);
	assert_string_equal(s->source->name, "sms bramka");
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_true(s->batch->more);
	assert_null(raw->problem);
	assert_int_equal(raw->channel, CHANNEL_SMS);
	assert_string_equal(raw->source, "sms bramka");
	assert_string_equal(raw->from, "+48110000301");
	assert_string_equal(raw->to, "+48110010010");
	assert_string_equal(raw->text, "BL-7M4H lawki");
	assert_int_equal(raw->parts_missing, 0);
	assert_int_equal(
	    raw->received_ms, date_to_ms(2026, 11, 22, 21, 52, 26));
	assert_int_equal(strlen(raw->key), 64);
	assert_true(span_starts(buf_span(&raw->bytes), "[SMSBackup000]"));
	assert_true(exists(s, "inbox/" FILE0));
	done(s);
	assert_true(exists(s, "processed/" FILE0));
	assert_false(exists(s, "inbox/" FILE0));
	assert_true(exists(s, "inbox/.hidden"));
	fetch(s);
	assert_int_equal(s->batch->n, 0);
	assert_false(s->batch->more);
	assert_int_equal(count(s, "aside"), -1);
}

static void
a_file_being_written_is_waited_for(void **state)
{
	struct spool *s = *state;
	int64_t start;

	put(s, "inbox/" FILE0, "[SMSBackup000]\nNumber = \"1", 0);
	open_source(s);
	start = clock_ticks();
	fetch(s);
	assert_int_equal(s->batch->n, 0);
	assert_true(s->batch->more);
	/* No busy loop: a fetch that finds nothing ready takes its time. */
	assert_true(clock_ticks() - start >= 100);
	put_text(s, FILE0, "", "tak", 0);
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_string_equal(s->batch->messages[0].text, "tak");
}

static void
a_section_may_follow_while_parts_are_missing(void **state)
{
	struct spool *s = *state;
	struct buf file = { .max = 4096 };

	add_section(&file, "20261122T215226Z", "050003D30201", "dlugi ");
	put(s, "inbox/" FILE0, buf_cstr(&file), 0);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 0);
	assert_true(s->batch->more);
	add_section(&file, "20261122T215226Z", "050003D30202", "tekst");
	put(s, "inbox/" FILE0, buf_cstr(&file), 0);
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_string_equal(s->batch->messages[0].text, "dlugi tekst");
	buf_free(&file);
}

static void
what_is_no_text_goes_aside_with_its_reason(void **state)
{
	static const struct {
		const char *name, *bytes, *says;
	} rows[] = {
		{ "IN1_0_00_1_00.txt", "", "empty" },
		{ "IN1_0_01_1_00.txt",
		    "\x7f"
		    "ELF\x01",
		    "[SMSBackup000]" },
		{ "IN1_0_02_1_00.txt",
		    "[SMSBackup000]\nNumber = \"INFO\"\nText00 = 0041\n",
		    "ends in the middle" },
		{ "IN1_0_03_1_00.bin", "x", "does not end with .txt" },
		{ "IN1_0_04_1_00.txt",
		    "[SMSBackup000]\nNumber = \"1\"\nCoding = 8bit\n"
		    "MessageReference = 0\n",
		    "8-bit" },
	};
	struct spool *s = *state;
	char path[400];
	size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "inbox/%s", rows[i].name);
		put(s, path, rows[i].bytes, 5);
	}
	snprintf(path, sizeof(path), "%s/inbox/IN2", s->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/inbox/IN3.txt", s->dir);
	put(s, "elsewhere", "not ours", 5);
	assert_int_equal(symlink("../elsewhere", path), 0);
	snprintf(path, sizeof(path), "%s/inbox/IN4.txt", s->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	put_text(s, FILE0, "", "the good one", 5);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, n + 4);
	for (int i = 0; i < s->batch->n; i++) {
		const struct raw *raw = &s->batch->messages[i];
		bool good = strcmp(raw->text, "the good one") == 0;

		assert_int_equal(raw->problem == NULL, good);
		for (size_t k = 0; k < n && raw->problem != NULL; k++)
			if (span_eq(buf_span(&raw->bytes),
				span_of(rows[k].bytes)) &&
			    raw->bytes.n > 0 &&
			    strstr(raw->problem, rows[k].says) == NULL)
				fail_msg(
				    "%s: [%s]", rows[k].name, raw->problem);
	}
	done(s);
	assert_int_equal(count(s, "inbox"), 0);
	assert_int_equal(count(s, "aside"), n + 3);
	assert_int_equal(count(s, "processed"), 1);
	assert_true(exists(s, "elsewhere"));
	fetch(s);
	assert_int_equal(s->batch->n, 0);
}

static void
a_file_too_large_keeps_how_it_starts(void **state)
{
	struct spool *s = *state;
	char *bytes = calloc(1, (1 << 20) + 2);

	memset(bytes, 'x', (1 << 20) + 1);
	put(s, "inbox/" FILE0, bytes, 5);
	free(bytes);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_non_null(strstr(s->batch->messages[0].problem, "1048577 bytes"));
	assert_int_equal(s->batch->messages[0].bytes.n, 256 << 10);
	done(s);
	assert_true(exists(s, "aside/" FILE0));
}

static void
nothing_is_overwritten(void **state)
{
	struct spool *s = *state;

	open_source(s);
	for (int i = 0; i < 3; i++) {
		put_text(s, FILE0, "", "tak", 0);
		fetch(s);
		assert_int_equal(s->batch->n, 1);
		done(s);
	}
	assert_int_equal(count(s, "processed"), 3);
	assert_true(exists(s, "processed/" FILE0));
	assert_true(exists(s, "processed/" FILE0 ".1"));
	assert_true(exists(s, "processed/" FILE0 ".2"));
}

static void
reread(struct spool *s, int64_t since_ms, int moved)
{
	struct reread files = { 0 };
	struct err err = { "" };

	assert_int_equal(
	    s->source->ops->reread(s->source, since_ms, &files, &err), ST_OK);
	assert_int_equal(files.moved, moved);
	assert_int_equal(files.left, 0);
}

static void
what_was_acknowledged_is_handed_over_again_with_its_key(void **state)
{
	static const char *const texts[] = { "jeden", "dwa", "trzy" };
	struct spool *s = *state;
	char keys[5][80];

	open_source(s);
	reread(s, 0, 0);
	for (int i = 0; i < 3; i++) {
		put_text(s, FILE0, "", texts[i], 0);
		fetch(s);
		assert_int_equal(s->batch->n, 1);
		snprintf(
		    keys[i], sizeof(keys[i]), "%s", s->batch->messages[0].key);
		done(s);
	}
	for (int i = 3; i < 5; i++) {
		put(s, "inbox/empty.txt", "", 60);
		fetch(s);
		assert_int_equal(s->batch->n, 1);
		snprintf(
		    keys[i], sizeof(keys[i]), "%s", s->batch->messages[0].key);
		done(s);
	}
	reread(s, INT64_MAX, 0);
	reread(s, 0, 5);
	reread(s, 0, 0);
	assert_int_equal(count(s, "processed"), 0);
	assert_int_equal(count(s, "aside"), 0);
	fetch(s);
	assert_int_equal(s->batch->n, 5);
	for (int i = 0; i < 5; i++) {
		int found = 0;

		for (int k = 0; k < 5; k++)
			found +=
			    strcmp(s->batch->messages[k].key, keys[i]) == 0;
		assert_int_equal(found, 1);
	}
	done(s);
	assert_int_equal(count(s, "processed"), 3);
	assert_int_equal(count(s, "aside"), 2);
	assert_int_equal(count(s, "inbox"), 0);
}

static void
the_key_stays_until_it_is_done(void **state)
{
	struct spool *s = *state;
	char first[65], second[65];

	put_text(s, FILE0, "", "tak", 0);
	put_text(s, FILE1, "", "tak", 0);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 2);
	snprintf(first, sizeof(first), "%s", s->batch->messages[0].key);
	snprintf(second, sizeof(second), "%s", s->batch->messages[1].key);
	/* The same words in the same second are two texts. */
	assert_string_not_equal(first, second);
	open_source(s);
	fetch(s);
	assert_string_equal(s->batch->messages[0].key, first);
	assert_string_equal(s->batch->messages[1].key, second);
	/* The same for what is no text. */
	put(s, "inbox/" FILE0, "", 5);
	fetch(s);
	snprintf(first, sizeof(first), "%s", s->batch->messages[0].key);
	fetch(s);
	assert_string_equal(s->batch->messages[0].key, first);
}

static void
parts_in_files_of_their_own_are_joined(void **state)
{
	struct spool *s = *state;

	put_text(s, FILE0, "050003D30302", "dwa ", 5);
	put_text(s, FILE1, "050003D30301", "raz ", 5);
	put_text(s, FILE2, "050003D30303", "trzy", 5);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_string_equal(s->batch->messages[0].text, "raz dwa trzy");
	assert_int_equal(s->batch->messages[0].parts_missing, 0);
	done(s);
	assert_int_equal(count(s, "inbox"), 0);
	/* Three files, and no note left behind. */
	assert_int_equal(count(s, "processed"), 3);
}

static void
a_lost_part_is_waited_for_and_then_said(void **state)
{
	struct spool *s = *state;

	put_text(s, FILE0, "050003D30301", "raz ", 60);
	put_text(s, FILE1, "050003D30303", "trzy", 5);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 0);
	assert_true(s->batch->more);
	put_text(s, FILE1, "050003D30303", "trzy", 11);
	fetch(s);
	assert_int_equal(s->batch->n, 1);
	assert_string_equal(s->batch->messages[0].text, "raz  [...] trzy");
	assert_int_equal(s->batch->messages[0].parts_missing, 1);
	done(s);
	assert_int_equal(count(s, "inbox"), 0);
}

static void
a_reference_used_again_makes_no_mixture(void **state)
{
	struct spool *s = *state;

	put_text(s, FILE0, "050003D30201", "pierwszy a", 60);
	put_text(s, FILE1, "050003D30201", "drugi a", 60);
	put_text(s, FILE2, "050003D30202", "czyj?", 60);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 2);
	assert_string_equal(s->batch->messages[0].text, "pierwszy aczyj?");
	assert_string_equal(s->batch->messages[1].text, "drugi a [...]");
	done(s);
	assert_int_equal(count(s, "inbox"), 0);
}

static void
a_crash_between_the_files_of_one_text_leaves_one_text(void **state)
{
	struct spool *s = *state;
	char note[600];
	struct stat sb;
	FILE *f;

	put_text(s, FILE1, "050003D30202", "dwa", 60);
	snprintf(note, sizeof(note), "%s/processed", s->dir);
	assert_int_equal(mkdir(note, 0700), 0);
	snprintf(note, sizeof(note), "%s/inbox/" FILE1, s->dir);
	assert_int_equal(stat(note, &sb), 0);
	/* The first had been moved when the machine stopped. */
	snprintf(note, sizeof(note), "%s/processed/.moving", s->dir);
	f = fopen(note, "w");
	assert_non_null(f);
	fprintf(f, "7 " FILE0 "%c%llu " FILE1 "%c5 ../../x%c", 0,
	    (unsigned long long)sb.st_ino, 0, 0);
	fclose(f);
	open_source(s);
	assert_true(exists(s, "inbox/" FILE1)); /* check changes nothing */
	fetch(s);
	assert_int_equal(s->batch->n, 0);
	assert_false(s->batch->more);
	assert_true(exists(s, "processed/" FILE1));
	assert_false(exists(s, "processed/.moving"));
}

static void
local_time_is_of_the_line(void **state)
{
	struct spool *s = *state;
	struct buf file = { .max = 4096 };

	add_section(&file, "20260701T120000", "", "lato");
	put(s, "inbox/" FILE0, buf_cstr(&file), 0);
	buf_reset(&file);
	add_section(&file, "20261025T023000", "", "dwa razy");
	put(s, "inbox/" FILE1, buf_cstr(&file), 0);
	buf_reset(&file);
	add_section(&file, "00000000T000000", "", "bez zegara");
	put(s, "inbox/" FILE2, buf_cstr(&file), 0);
	buf_free(&file);
	open_source(s);
	fetch(s);
	assert_int_equal(s->batch->n, 3);
	/* By time of receipt: the last has only its file's, which is now. */
	for (int i = 0; i < 3; i++) {
		const struct raw *raw = &s->batch->messages[i];

		if (strcmp(raw->text, "lato") == 0)
			assert_int_equal(
			    raw->received_ms, date_to_ms(2026, 7, 1, 10, 0, 0));
		else if (strcmp(raw->text, "dwa razy") == 0)
			assert_int_equal(raw->received_ms,
			    date_to_ms(2026, 10, 25, 0, 30, 0));
		else
			assert_true(
			    raw->received_ms > date_to_ms(2024, 1, 1, 0, 0, 0));
		if (i > 0)
			assert_true(raw->received_ms >=
				    s->batch->messages[i - 1].received_ms);
	}
}

static void
more_texts_than_a_batch_come_in_order(void **state)
{
	struct spool *s = *state;
	int seen = 0;

	for (int i = 0; i < BATCH_MAX + 50; i++) {
		struct buf file = { .max = 4096 };
		char name[100], time[40], text[20];

		snprintf(
		    time, sizeof(time), "20261122T21%02d%02dZ", i / 60, i % 60);
		snprintf(text, sizeof(text), "%d", i);
		snprintf(name, sizeof(name),
		    "inbox/IN20261122_22%02d%02d_00_+48110000301_00.txt",
		    i / 60, i % 60);
		add_section(&file, time, "", text);
		put(s, name, buf_cstr(&file), 0);
		buf_free(&file);
	}
	open_source(s);
	do {
		fetch(s);
		for (int i = 0; i < s->batch->n; i++)
			assert_int_equal(
			    strtol(s->batch->messages[i].text, NULL, 10),
			    seen++);
		if (s->batch->n > 0)
			done(s);
	} while (s->batch->more);
	assert_int_equal(seen, BATCH_MAX + 50);
	assert_int_equal(count(s, "processed"), BATCH_MAX + 50);
}

static void
a_spool_that_is_missing_is_named_with_the_command(void **state)
{
	struct spool *s = *state;
	struct config_sms conf = s->conf;
	struct source *source = NULL;
	struct sink *sink = NULL;
	struct err err = { "" };

	conf.url = "spool:/nonexistent/uwaga";
	assert_int_equal(source_open_sms(&source, &conf, &err), ST_REJECT);
	assert_null(source);
	assert_non_null(strstr(err.text, "mkdir -p /nonexistent/uwaga/inbox"));
	assert_int_equal(sink_open_sms(&sink, &conf, &err), ST_REJECT);
	assert_null(sink);
	assert_non_null(strstr(err.text, "outbox"));
	conf.url = "https://sms.example";
	assert_int_equal(source_open_sms(&source, &conf, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "spool:DIR"));
	conf = s->conf;
	conf.provider = "pigeon";
	assert_int_equal(sink_open_sms(&sink, &conf, &err), ST_REJECT);
	assert_non_null(strstr(err.text, "pigeon"));
}

/* ---- texts out ---------------------------------------------------------- */

static struct delivery
send_text(
    struct spool *s, const char *to, const char *reference, const char *text)
{
	struct letter letter = { .id = 7,
		.to = to,
		.from = "+48110010010",
		.reference = reference,
		.bytes = span_of(text) };
	struct delivery d;

	s->sink->ops->send(s->sink, &letter, &d);
	return d;
}

static void
read_back(struct spool *s, const char *name, char *out, size_t size, size_t *n)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	*n = fread(out, 1, size, f);
	fclose(f);
}

#define OUT1 "OUTA20261122_120000_00_+48110000301_ref1.txt"
#define OUT2 "OUTA20261122_120000_00_+48110000301_ref2.txt"

static void
a_text_goes_out_once(void **state)
{
	struct spool *s = *state;
	char bytes[100], from[400], to[400];
	struct delivery d;
	size_t n;

	open_sink(s);
	d = send_text(s, "+48110000301", "ref1", "Dziekujemy!");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	assert_string_equal(d.external_id, "ref1");
	read_back(s, "outbox/" OUT1, bytes, sizeof(bytes), &n);
	assert_memory_equal(bytes, "Dziekujemy!", 11);
	assert_int_equal(n, 11);
	d = send_text(s, "+48110000301", "ref1", "Dziekujemy!");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	assert_int_equal(count(s, "outbox"), 1);
	/* gammu-smsd sent it meanwhile. */
	snprintf(from, sizeof(from), "%s/outbox/" OUT1, s->dir);
	snprintf(to, sizeof(to), "%s/sent/" OUT1, s->dir);
	assert_int_equal(rename(from, to), 0);
	d = send_text(s, "+48110000301", "ref1", "Dziekujemy!");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	assert_int_equal(count(s, "outbox"), 0);
	/* A longer reference that ends alike is another. */
	d = send_text(s, "+48110000301", "f1", "Inny");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	assert_int_equal(count(s, "outbox"), 1);
}

static void
polish_letters_go_out_in_utf_16(void **state)
{
	struct spool *s = *state;
	struct delivery d;
	char bytes[100];
	size_t n;

	open_sink(s);
	d = send_text(s, "+48110000301", "ref2", "ł😀");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	read_back(s, "outbox/" OUT2, bytes, sizeof(bytes), &n);
	assert_int_equal(n, 8);
	assert_memory_equal(bytes, "\xFE\xFF\x01\x42\xD8\x3D\xDE\x00", 8);
}

static void
what_must_not_go_out_is_refused(void **state)
{
	struct spool *s = *state;
	static const struct {
		const char *sentence, *to, *reference, *text;
	} rows[] = {
		{ "an empty text", "+48110000301", "r", "" },
		{ "a blank text", "+48110000301", "r", " \n " },
		{ "no UTF-8", "+48110000301", "r",
		    "Dzi\xea"
		    "kujemy" },
		{ "a name", "INFO", "r", "tak" },
		{ "a short number", "+7248", "r", "tak" },
		{ "no plus", "48110000301", "r", "tak" },
		{ "a path", "+4811/../../x", "r", "tak" },
		{ "a number with spaces", "+48 110000301", "r", "tak" },
		{ "nobody", "", "r", "tak" },
		{ "a reference with a path", "+48110000301", "../r", "tak" },
		{ "no reference", "+48110000301", "", "tak" },
	};
	char *endless = calloc(1, 9001);
	struct delivery d;

	open_sink(s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		d = send_text(s, rows[i].to, rows[i].reference, rows[i].text);
		if (d.sent != SENT_REFUSED || d.reason[0] == '\0')
			fail_msg("%s", rows[i].sentence);
	}
	memset(endless, 'x', 9000);
	d = send_text(s, "+48110000301", "r", endless);
	assert_int_equal(d.sent, SENT_REFUSED);
	free(endless);
	assert_int_equal(count(s, "outbox"), 0);
}

static void
a_missing_outbox_is_tried_again_later(void **state)
{
	struct spool *s = *state;
	char from[128], to[128];
	struct delivery d;
	struct err err = { "" };

	open_sink(s);
	snprintf(from, sizeof(from), "%s/outbox", s->dir);
	snprintf(to, sizeof(to), "%s/away", s->dir);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(s->sink->ops->check(s->sink, &err), ST_REJECT);
	d = send_text(s, "+48110000301", "ref1", "tak");
	assert_int_equal(d.sent, SENT_RETRY);
	assert_true(d.reason[0] != '\0');
	assert_int_equal(rename(to, from), 0);
	/* What a crash left half written is no text and no hindrance. */
	put(s, "outbox/.uwaga-ref1", "t", 0);
	d = send_text(s, "+48110000301", "ref1", "tak");
	assert_int_equal(d.sent, SENT_ACCEPTED);
	assert_int_equal(count(s, "outbox"), 1);
}

#define SPOOL_TEST(f) \
	cmocka_unit_test_setup_teardown(f, make_spool, remove_spool)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL_TEST(a_text_is_fetched_and_moved_when_done),
		SPOOL_TEST(a_file_being_written_is_waited_for),
		SPOOL_TEST(a_section_may_follow_while_parts_are_missing),
		SPOOL_TEST(what_is_no_text_goes_aside_with_its_reason),
		SPOOL_TEST(a_file_too_large_keeps_how_it_starts),
		SPOOL_TEST(nothing_is_overwritten),
		SPOOL_TEST(the_key_stays_until_it_is_done),
		SPOOL_TEST(
		    what_was_acknowledged_is_handed_over_again_with_its_key),
		SPOOL_TEST(parts_in_files_of_their_own_are_joined),
		SPOOL_TEST(a_lost_part_is_waited_for_and_then_said),
		SPOOL_TEST(a_reference_used_again_makes_no_mixture),
		SPOOL_TEST(
		    a_crash_between_the_files_of_one_text_leaves_one_text),
		SPOOL_TEST(local_time_is_of_the_line),
		SPOOL_TEST(more_texts_than_a_batch_come_in_order),
		SPOOL_TEST(a_spool_that_is_missing_is_named_with_the_command),
		SPOOL_TEST(a_text_goes_out_once),
		SPOOL_TEST(polish_letters_go_out_in_utf_16),
		SPOOL_TEST(what_must_not_go_out_is_refused),
		SPOOL_TEST(a_missing_outbox_is_tried_again_later),
	};
	struct err err;

	if (clock_set("2026-11-22T12:00:00+01:00", &err) != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
