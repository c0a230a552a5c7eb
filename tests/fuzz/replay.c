/* replay - a fuzzer without libFuzzer: its seeds, cut and changed, in a second
 *
 * Place: linked to each fuzz_*.c with the ordinary compiler, so that `make test`
 * runs every parser over damaged input too.  usage: replay NAME FOLDER...
 * Prints one line of TAP.  Each seed is fed as it is, then INPUTS changed
 * copies of them in turn; the changes follow from one printed seed, so that a failure
 * happens again.  REPLAY_SEED=N in the environment draws others.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 512, FILE_LIMIT = 64 << 10, STEP_SECONDS = 5 };
enum { INPUTS = 10000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	char path[600];
	uint8_t *data; /* owned */
	size_t n;
};

struct run {
	struct seed seeds[FILES_MAX];
	int n_seeds;
	uint64_t random;
	long fed;
};

/* What the handler of a crash prints; set before each input. */
static char failing[1024];

static void
crashed(int sig)
{
	ssize_t n = write(STDOUT_FILENO, failing, strlen(failing));

	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static uint64_t
xorshift(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

static size_t
below(struct run *run, size_t n)
{
	return n == 0 ? 0 : (size_t)(xorshift(run) % n);
}

static void
load_file(struct run *run, const char *folder, const char *name)
{
	struct seed *seed = &run->seeds[run->n_seeds];
	FILE *f;

	snprintf(seed->path, sizeof(seed->path), "%s/%s", folder, name);
	seed->data = malloc(FILE_LIMIT);
	f = fopen(seed->path, "rb");
	if (seed->data == NULL || f == NULL) {
		fprintf(stderr, "replay: cannot read %s\n", seed->path);
		exit(2);
	}
	seed->n = fread(seed->data, 1, FILE_LIMIT, f);
	fclose(f);
	run->n_seeds++;
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Sorted, so that every machine draws the same. */
static void
load_folder(struct run *run, const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, not_hidden, alphasort);

	for (int i = 0; i < n; i++) {
		if (run->n_seeds < FILES_MAX)
			load_file(run, folder, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* In memory of exactly its size: a sanitizer sees one byte too many. */
static void
feed(struct run *run, const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		exit(2);
	memcpy(copy, data, n);
	alarm(STEP_SECONDS);
	LLVMFuzzerTestOneInput(copy, n);
	alarm(0);
	free(copy);
	run->fed++;
}

/* One change of `data`, of `n` bytes with room for FILE_LIMIT; returns the new
 * size. */
static size_t
change(struct run *run, uint8_t *data, size_t n)
{
	static const char *const odd[] = { "\r\n", "\n", "\r", "--", "> ", "<",
		">", "&#", "=?utf-8?B?", "?=", "=", "\"", "(", "[", "BL-7M4H",
		"\xc4", "\xe2\x80\x8b", "\xff", "{{", "}}", ";", ":", "=\n" };
	const struct seed *other = &run->seeds[below(run, run->n_seeds)];
	size_t at = below(run, n + 1), len;
	const void *piece;

	switch (below(run, 6)) {
	case 0: /* cut */
		return at;
	case 1: /* another byte */
		if (at < n)
			data[at] = (uint8_t)xorshift(run);
		return n;
	case 2: /* a piece goes */
		len = below(run, n - at + 1);
		memmove(data + at, data + at + len, n - at - len);
		return n - len;
	case 3: /* a piece of another seed comes in */
		piece = other->data + below(run, other->n);
		len = (size_t)(other->data + other->n - (const uint8_t *)piece);
		len = below(run, len + 1);
		break;
	case 4: /* a piece twice */
		piece = data + at;
		len = below(run, n - at + 1);
		break;
	default: /* something that means something */
		piece = odd[below(run, sizeof(odd) / sizeof(odd[0]))];
		len = strlen(piece);
		break;
	}
	if (n + len > FILE_LIMIT)
		return n;
	memmove(data + at + len, data + at, n - at);
	memmove(data + at, piece, len); /* may be the same place */
	return n + len;
}

static void
feed_changed(struct run *run, const char *name, uint64_t start)
{
	uint8_t *data = malloc(FILE_LIMIT);

	for (int k = 0; data != NULL && k < INPUTS; k++) {
		const struct seed *seed = &run->seeds[k % run->n_seeds];
		size_t n = seed->n;

		snprintf(failing, sizeof(failing),
		    "not ok 1 - %s: input %d of seed %" PRIu64 ", from %s\n",
		    name, k, start, seed->path);
		memcpy(data, seed->data, n);
		for (size_t times = 1 + below(run, 4); times > 0; times--)
			n = change(run, data, n);
		feed(run, data, n);
	}
	free(data);
}

int
main(int argc, char **argv)
{
	static struct run run;
	const char *text = getenv("REPLAY_SEED");
	uint64_t start = text == NULL ? 20261116 : strtoull(text, NULL, 10);

	for (int i = 2; i < argc; i++)
		load_folder(&run, argv[i]);
	if (argc < 3 || run.n_seeds == 0) {
		fprintf(stderr, "usage: replay NAME FOLDER... (with files)\n");
		return 2;
	}
	signal(SIGABRT, crashed);
#ifndef __SANITIZE_ADDRESS__ /* whose report says more */
	signal(SIGSEGV, crashed);
#endif
	signal(SIGALRM, crashed);
	run.random = start == 0 ? 1 : start;
	feed(&run, (const uint8_t *)"", 0);
	for (int i = 0; i < run.n_seeds; i++) {
		snprintf(failing, sizeof(failing), "not ok 1 - %s: %s\n",
		    argv[1], run.seeds[i].path);
		feed(&run, run.seeds[i].data, run.seeds[i].n);
	}
	feed_changed(&run, argv[1], start);
	printf("1..1\nok 1 - %s: %d seeds and %ld inputs made from seed "
	       "%" PRIu64 "\n",
	    argv[1], run.n_seeds, run.fed - run.n_seeds - 1, start);
	for (int i = 0; i < run.n_seeds; i++)
		free(run.seeds[i].data);
	return 0;
}
