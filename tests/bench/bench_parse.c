/* bench_parse - how fast mails are read, beside GMime on the same mails
 *
 * usage: bench_parse FOLDER [SECONDS]
 * Prints mails/s and MB/s of: the whole parse in process, the whole parse
 * through the jail, reply extraction alone, and GMime's parse with the text
 * part decoded, each for SECONDS (default 2) over the mails of FOLDER, in turns
 * of a tenth, so that the ratios hold on a noisy machine.  The MB are those of the mails; for the extraction alone
 * those of the decoded bodies.
 */
#include <dirent.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/embedded.h"
#include "gateway/jail.h"
#include "parsers/new_text.h"
#include "parsers/parse.h"

enum { N_TASKS = 4, ROUNDS = 10 };

struct load {
	struct buf mails[256];
	struct buf texts[256]; /* decoded bodies, for the extraction alone */
	int n;
	struct parse_settings set;
	struct jail *jail;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
load_folder(struct load *load, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[1024], chunk[8192];
	size_t n;

	while (dir != NULL && load->n < 256 && (entry = readdir(dir)) != NULL) {
		struct buf *mail = &load->mails[load->n];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		f = strstr(entry->d_name, ".eml") ? fopen(path, "rb") : NULL;
		if (f == NULL)
			continue;
		*mail = (struct buf){ .max = 32 << 20 };
		while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
			buf_add(mail, (struct span){ chunk, n });
		fclose(f);
		load->n++;
	}
	if (dir != NULL)
		closedir(dir);
}

static void
run_parse(struct load *load, int i)
{
	struct parsed out = { 0 };

	parse_mail(&out, buf_span(&load->mails[i]), &load->set);
	if (load->texts[i].max == 0) {
		load->texts[i].max = 32 << 20;
		buf_add(&load->texts[i], out.text);
	}
	parsed_free(&out);
}

static void
run_jail(struct load *load, int i)
{
	struct parsed out = { 0 };
	struct err err;

	if (jail_parse(load->jail, &out, buf_span(&load->mails[i]), &err) !=
	    ST_OK) {
		fprintf(stderr, "bench_parse: %s\n", err.text);
		exit(1);
	}
	parsed_free(&out);
}

static void
run_extract(struct load *load, int i)
{
	struct parsed out = { 0 };

	new_text_extract(&out, buf_span(&load->texts[i]));
	parsed_free(&out);
}

static void
count_part(GMimeObject *parent, GMimeObject *part, gpointer sum)
{
	char *text;

	(void)parent;
	if (!GMIME_IS_TEXT_PART(part))
		return;
	text = g_mime_text_part_get_text((GMimeTextPart *)part);
	*(size_t *)sum += text == NULL ? 0 : strlen(text);
	g_free(text);
}

static void
run_gmime(struct load *load, int i)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(
	    load->mails[i].p, load->mails[i].n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	size_t sum = 0;

	if (message != NULL) {
		g_mime_message_foreach(message, count_part, &sum);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

struct task {
	const char *name;
	void (*run)(struct load *, int);
	const struct buf *read; /* whose bytes count */
	double mails, bytes, took;
};

/* Runs all mails through it for about `seconds`. */
static void
turn(struct task *task, struct load *load, double seconds)
{
	double start = now(), took;

	do {
		for (int i = 0; i < load->n; i++) {
			task->run(load, i);
			task->bytes += (double)task->read[i].n;
		}
		task->mails += load->n;
		took = now() - start;
	} while (took < seconds);
	task->took += took;
}

static void
show(const struct task *task, const struct task *peer)
{
	double rate = task->mails / task->took;

	printf("%-32s %9.0f mails/s %8.1f MB/s", task->name, rate,
	    task->bytes / task->took / 1e6);
	if (task != peer)
		printf("  %5.2f x GMime", rate * peer->took / peer->mails);
	printf("\n");
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct jail_settings jail = { "BL", "mx.powiat.example", "+48", "",
		embedded_find("templates/keywords.tsv") };
	struct keywords *words;
	struct task tasks[N_TASKS] = {
		{ .name = "GMime, parse and decode",
		    .run = run_gmime,
		    .read = load.mails },
		{ .name = "parse, in process",
		    .run = run_parse,
		    .read = load.mails },
		{ .name = "parse, through the jail",
		    .run = run_jail,
		    .read = load.mails },
		{ .name = "reply extraction alone",
		    .run = run_extract,
		    .read = load.texts },
	};
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
	struct err err;

	if (argc > 1 && strcmp(argv[1], "parse-worker") == 0)
		return jail_worker();
	if (argc > 1)
		load_folder(&load, argv[1]);
	if (load.n == 0) {
		fprintf(stderr, "usage: bench_parse FOLDER-OF-EML [SECONDS]\n");
		return 2;
	}
	if (keywords_read(&words, jail.keywords, &err) != ST_OK ||
	    jail_open(&load.jail, &jail, &err) != ST_OK) {
		fprintf(stderr, "bench_parse: %s\n", err.text);
		return 1;
	}
	load.set = (struct parse_settings){ "BL", "mx.powiat.example", "+48",
		"", words, false };
	g_mime_init();
	printf("%d mails of %s\n", load.n, argv[1]);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < N_TASKS; i++)
			turn(&tasks[i], &load, seconds / ROUNDS);
	for (int i = 0; i < N_TASKS; i++)
		show(&tasks[i], &tasks[0]);
	jail_close(load.jail);
	keywords_free(words);
	return 0;
}
