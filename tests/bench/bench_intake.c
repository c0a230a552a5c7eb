/* bench_intake - how fast mails become remarks, from fetched bytes to disk
 *
 * usage: bench_intake SAMPLES/mail [MAILS [HUGE]]
 *
 * MAILS mails (default 10000; 18 KB on average, shaped as residents' mails
 * are) go through intake_batch() into a fresh sample county: prints mails/s,
 * where the time went, and the peak memory of the gateway and its parser's
 * workers.  Then HUGE mails (default 3) of 36 MB, and the memory again.
 *
 * The stages are timed by the linker's --wrap: the product knows nothing of it.
 */
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/intake.h"
#include "gateway/jail.h"
#include "gateway/journey.h"
#include "gateway/reply.h"
#include "tests/bench/mail_maker.h"

enum { MAILS = 10000, HUGE_MAILS = 3, HUGE_FILE = 26 << 20 };

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
give_up(const char *why)
{
	fprintf(stderr, "bench_intake: %s\n", why);
	exit(1);
}

/* ---- the stages -------------------------------------------------------- */

enum stage { PARSE, OPEN, DECIDE, STORE, REMARK, RENDER, OWE, COMMIT, STAGES };

static const char *const stage_names[STAGES] = {
	[PARSE] = "parse, in the jail",
	[OPEN] = "describe, contact",
	[DECIDE] = "decide",
	[STORE] = "message, raw, attachments",
	[REMARK] = "remark, chain, search words",
	[RENDER] = "render the reply",
	[OWE] = "outbox row",
	[COMMIT] = "begin and commit",
};

static double spent[STAGES];

/* A function whose time counts for a stage. */
#define STAGE(stage, name, params, args)       \
	enum status __real_##name params;      \
	enum status __wrap_##name params;      \
	enum status __wrap_##name params       \
	{                                      \
		double start = now();          \
		enum status rc;                \
                                               \
		rc = __real_##name args;       \
		spent[stage] += now() - start; \
		return rc;                     \
	}

STAGE(PARSE, journey_parse,
    (struct intake * in, struct parsed *out, const struct raw *raw, size_t n,
	struct err *err),
    (in, out, raw, n, err))
STAGE(OPEN, journey_open,
    (struct journey * j, const struct raw *raw, const struct parsed *m,
	struct err *err),
    (j, raw, m, err))
STAGE(DECIDE, journey_decide, (struct journey * j, struct err *err), (j, err))
STAGE(STORE, store_inbound_add,
    (struct store * st, struct inbound *in, struct span raw,
	const struct attachment *attachments, size_t n, struct err *err),
    (st, in, raw, attachments, n, err))
STAGE(REMARK, store_remark_add,
    (struct store * st, struct remark *remark, const char *event,
	char receipt[16], struct err *err),
    (st, remark, event, receipt, err))
STAGE(RENDER, reply_render,
    (struct outbox * row, struct arena *a, const struct config *config,
	const struct keys *keys, const struct reply *reply, struct err *err),
    (row, a, config, keys, reply, err))
STAGE(OWE, store_outbox_add,
    (struct store * st, struct outbox *row, struct err *err), (st, row, err))
STAGE(COMMIT, store_begin, (struct store * st, struct err *err), (st, err))
STAGE(COMMIT, store_commit, (struct store * st, struct err *err), (st, err))

/* ---- processes and memory ---------------------------------------------- */

/* A number of /proc/PID/status, in kB. */
static long
status_kb(const char *pid, const char *field)
{
	char path[300], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			kb = strtol(line + strlen(field) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

struct workers {
	int n;
	long pss_kb; /* summed */
	double cpu; /* seconds */
};

/* What a process uses, its share of what it shares with others. */
static long
pss_kb(const char *pid)
{
	char path[300], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Pss:", 4) == 0)
			kb = strtol(line + 4, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

static double
cpu_of(const char *pid)
{
	char path[300], text[1024], *p;
	unsigned long user = 0, system = 0;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	p = strrchr(text, ')');
	for (int i = 0; p != NULL && i < 12; i++)
		p = strchr(p + 1, ' ');
	if (p != NULL) {
		user = strtoul(p, &p, 10);
		system = strtoul(p, &p, 10);
	}
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Our children: the parser's workers. */
static struct workers
look_at_workers(void)
{
	struct workers w = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
		    status_kb(entry->d_name, "PPid:") != getpid())
			continue;
		w.n++;
		w.pss_kb += pss_kb(entry->d_name);
		w.cpu += cpu_of(entry->d_name);
	}
	if (proc != NULL)
		closedir(proc);
	return w;
}

static double
own_cpu(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* ---- the county -------------------------------------------------------- */

struct county {
	char folder[PATH_MAX];
	struct config *config;
	struct keys *keys;
	struct store *st;
	struct intake *intake;
	struct arena arena;
	const char *codes[64];
	struct mail_maker maker;
	int made; /* mails so far */
	double bytes, took, cpu;
};

static void
run_init(const char *uwaga, const char *conf, const char *context)
{
	char *argv[] = { (char *)(uintptr_t)uwaga, "-c",
		(char *)(uintptr_t)conf, "init", "--sample", "--context",
		(char *)(uintptr_t)context, NULL };
	posix_spawn_file_actions_t files;
	int how = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, uwaga, &files, NULL, argv, environ) != 0 ||
	    waitpid(pid, &how, 0) != pid || how != 0)
		give_up("uwaga init failed");
	posix_spawn_file_actions_destroy(&files);
}

static void
copy_config(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char line[1024];

	if (in == NULL || out == NULL)
		give_up("the samples' uwaga.conf is not there");
	while (fgets(line, sizeof(line), in) != NULL)
		fputs(line, out);
	fclose(in);
	if (fclose(out) != 0)
		give_up("the configuration cannot be written");
}

/* The codes that mails may name: of what is open. */
static void
find_codes(struct county *c, struct err *err)
{
	struct consultation *all;
	size_t n = 0;

	if (store_consultation_all(c->st, &c->arena, &all, &n, err) != ST_OK)
		give_up(err->text);
	for (size_t i = 0; i < n && c->maker.n_codes < 64; i++)
		if (consultation_state(&all[i], clock_now()) ==
		    CONSULTATION_OPEN)
			c->codes[c->maker.n_codes++] = all[i].code;
	c->maker.codes = c->codes;
	if (c->maker.n_codes == 0)
		give_up("no consultation of the samples is open");
}

/* Beside the program, so that it stands on a real disk. */
static void
open_county(struct county *c, const char *uwaga, const char *samples)
{
	char conf[PATH_MAX + 16], from[PATH_MAX], context[PATH_MAX];
	struct err err = { "" };

	snprintf(c->folder, sizeof(c->folder), "%s-bench-XXXXXX", uwaga);
	if (mkdtemp(c->folder) == NULL)
		give_up("no folder for the bench can be made");
	snprintf(conf, sizeof(conf), "%s/uwaga.conf", c->folder);
	snprintf(from, sizeof(from), "%s/../uwaga.conf", samples);
	snprintf(context, sizeof(context), "%s/../context", samples);
	copy_config(from, conf);
	setenv("UWAGA_NOW", "2026-11-22T13:00:00+01:00", 1);
	run_init(uwaga, conf, context);
	if (clock_set(getenv("UWAGA_NOW"), &err) != ST_OK ||
	    config_read(&c->config, conf, &err) != ST_OK ||
	    keys_read(&c->keys, c->config->keys_file, &err) != ST_OK ||
	    store_open(&c->st, c->config->database, &err) != ST_OK ||
	    intake_open(&c->intake, c->st, c->config, c->keys, &err) != ST_OK)
		give_up(err.text);
	find_codes(c, &err);
}

static void
remove_folder(const char *folder)
{
	char path[PATH_MAX + 300];
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (unlink(path) != 0)
			remove_folder(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(folder);
}

static void
close_county(struct county *c)
{
	intake_close(c->intake);
	store_close(c->st);
	keys_free(c->keys);
	config_free(c->config);
	arena_free(&c->arena);
	remove_folder(c->folder);
}

/* ---- batches ----------------------------------------------------------- */

static void
add_message(struct county *c, struct batch *batch)
{
	struct raw *raw = &batch->messages[batch->n++];
	char key[32];

	snprintf(key, sizeof(key), "1795345200.M%dP1", c->made++);
	raw->channel = CHANNEL_MAIL;
	raw->source = strdup("mailbox konsultacje");
	raw->key = strdup(key);
	raw->received_ms = clock_now();
	raw->bytes.max = 64 << 20;
}

static void
take_batch(struct county *c, struct batch *batch)
{
	struct err err = { "" };
	double start, cpu;

	for (int i = 0; i < batch->n; i++)
		c->bytes += (double)batch->messages[i].bytes.n;
	cpu = own_cpu();
	start = now();
	if (intake_batch(c->intake, batch, &err) != ST_OK)
		give_up(err.text);
	c->took += now() - start;
	c->cpu += own_cpu() - cpu;
	batch_free(batch);
}

static void
run_mails(struct county *c, struct batch *batch, int mails)
{
	size_t bytes = 0;

	while (c->made < mails) {
		struct raw *raw = &batch->messages[batch->n];

		add_message(c, batch);
		maker_mail(&raw->bytes, &c->maker, c->made);
		bytes += raw->bytes.n;
		if (batch->n == BATCH_MAX || bytes >= BATCH_BYTES ||
		    c->made == mails) {
			take_batch(c, batch);
			bytes = 0;
		}
	}
}

/* Each a batch of its own, as every source makes of them. */
static void
run_huge(struct county *c, struct batch *batch, int mails)
{
	for (int i = 0; i < mails; i++) {
		struct raw *raw = &batch->messages[0];

		add_message(c, batch);
		maker_header(&raw->bytes, c->codes[0], c->made);
		maker_mixed(&raw->bytes, &c->maker,
		    span_of("Proszę o most przy szkole.\n"), HUGE_FILE);
		take_batch(c, batch);
	}
}

/* The highest sum of what we and the workers use, looked at all the time. */
struct watch {
	pthread_t thread;
	atomic_bool stop;
	long gateway_kb, workers_kb; /* at that moment */
};

static void *
watch_memory(void *arg)
{
	struct watch *w = arg;
	struct timespec pause = { 0, 5000000 };

	while (!atomic_load(&w->stop)) {
		long ours = pss_kb("self"), theirs = look_at_workers().pss_kb;

		if (ours + theirs > w->gateway_kb + w->workers_kb) {
			w->gateway_kb = ours;
			w->workers_kb = theirs;
		}
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void
show_memory(const char *what, struct watch *w)
{
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
	printf("%-32s %6.1f MB (%.1f gateway, %.1f workers)\n", what,
	    (double)(w->gateway_kb + w->workers_kb) / 1e3,
	    (double)w->gateway_kb / 1e3, (double)w->workers_kb / 1e3);
}

static void
show_mails(const struct county *c)
{
	double us = 1e6 / c->made, sum = 0;

	printf("%d mails, %.1f KB on average: %.0f mails/s (%.1f MB/s)\n",
	    c->made, c->bytes / c->made / 1e3, c->made / c->took,
	    c->bytes / c->took / 1e6);
	for (int i = 0; i < STAGES; i++) {
		printf(
		    "  %-30s %8.1f us a mail\n", stage_names[i], spent[i] * us);
		sum += spent[i];
	}
	printf("  %-30s %8.1f us a mail\n", "the rest", (c->took - sum) * us);
	printf("  %-30s %8.1f us gateway + %.1f us workers\n",
	    "processor time a mail", c->cpu * us, look_at_workers().cpu * us);
}

int
main(int argc, char **argv)
{
	static struct county c;
	struct watch watch = { 0 };
	const char *uwaga = getenv("UWAGA");
	struct batch *batch = calloc(1, sizeof(*batch));
	int mails = argc > 2 ? (int)strtol(argv[2], NULL, 10) : MAILS;
	int huge = argc > 3 ? (int)strtol(argv[3], NULL, 10) : HUGE_MAILS;

	mallopt(M_MMAP_THRESHOLD, 1 << 20); /* as main() of the program */
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	if (argc > 1 && strcmp(argv[1], "parse-worker") == 0)
		return jail_worker();
	if (argc < 2 || uwaga == NULL || batch == NULL || mails <= 0) {
		fprintf(stderr, "usage: UWAGA=build/uwaga bench_intake "
				"SAMPLES/mail [MAILS [HUGE]]\n");
		return 2;
	}
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	open_county(&c, uwaga, argv[1]);
	run_mails(&c, batch, mails);
	show_mails(&c);
	if (huge > 0 &&
	    pthread_create(&watch.thread, NULL, watch_memory, &watch) == 0) {
		run_huge(&c, batch, huge);
		show_memory("peak memory, mails of 36 MB", &watch);
	}
	close_county(&c);
	free(batch);
	return 0;
}
