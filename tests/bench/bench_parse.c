/* bench_parse - how fast mails are read, beside GMime on the same mails
 *
 * usage: bench_parse FOLDER [SECONDS]
 * Prints mails/s and MB/s of: the whole parse in process, the whole parse
 * through the jail, reply extraction alone, and GMime's parse with the text
 * part decoded, each for SECONDS (default 2) over the mails of FOLDER, in turns
 * in one run, so that the ratios hold on a noisy machine.
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

static double
measure(const char *name, struct load *load, void (*run)(struct load *, int),
    double seconds, double peer)
{
	double start = now(), took, bytes = 0;
	long n = 0;

	do {
		for (int i = 0; i < load->n; i++) {
			run(load, i);
			bytes += (double)load->mails[i].n;
		}
		n += load->n;
		took = now() - start;
	} while (took < seconds);
	printf("%-32s %9.0f mails/s %8.1f MB/s", name, (double)n / took,
	    bytes / took / 1e6);
	if (peer > 0)
		printf("  %5.2f x GMime", (double)n / took / peer);
	printf("\n");
	return (double)n / took;
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct jail_settings jail = { "BL", "mx.powiat.example", "+48", "",
		embedded_find("templates/keywords.tsv") };
	struct keywords *words;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 2, peer;
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
		"", words };
	g_mime_init();
	printf("%d mails of %s\n", load.n, argv[1]);
	peer = measure("GMime, parse and decode", &load, run_gmime, seconds, 0);
	measure("parse, in process", &load, run_parse, seconds, peer);
	measure("parse, through the jail", &load, run_jail, seconds, peer);
	measure("reply extraction alone", &load, run_extract, seconds, peer);
	jail_close(load.jail);
	keywords_free(words);
	return 0;
}
