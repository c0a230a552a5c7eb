/* gammu_file - one file of a spool's inbox: is it ready, is it a text */
#include "gateway/gammu_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/file.h"

enum { YOUNG_MS = 2000 }; /* gammu-smsd writes a file within that */

void
gammu_file_free(struct gammu_file *file)
{
	if (file == NULL)
		return;
	free(file->problem);
	buf_free(&file->bytes);
	arena_free(&file->arena);
	free(file);
}

int64_t
gammu_file_age_ms(const struct gammu_file *file)
{
	struct timespec now = { 0 };
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 -
	      file->mtime_ns / 1000000;
	/* From the future: somebody set it, or the clock. */
	return age < -YOUNG_MS ? INT64_MAX : age;
}

struct span
gammu_file_serial(const struct gammu_file *file)
{
	struct span rest = span_of(file->name);

	if (!span_starts(rest, "IN"))
		return SPAN("");
	for (int i = 0; i < 2; i++)
		rest = span_from(rest, span_find(rest, "_") + 1);
	return span_sub(rest, 0, span_find(rest, "_"));
}

static const char *
what_it_is(mode_t mode)
{
	if (S_ISDIR(mode))
		return "it is a folder, not a text";
	if (S_ISLNK(mode))
		return "it is a symbolic link, not a text";
	return "it is a pipe, socket or device, not a text";
}

static enum status
no_text(struct gammu_file *file, const char *why, struct err *err)
{
	file->state = GAMMU_READY;
	file->problem = strdup(why);
	return file->problem == NULL ? err_set(err, ST_BROKEN, "out of memory")
				     : ST_OK;
}

/* Opens and reads the plain file; `file->state` says GONE when it is. */
static enum status
load(struct gammu_file *file, int inbox, size_t size, struct err *err)
{
	int fd = openat(inbox, file->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool done = fd >= 0 && file_read_up_to(&file->bytes, fd, size);
	int error = errno;
	char why[200];

	if (fd >= 0)
		close(fd);
	if (done)
		return ST_OK;
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return err_set(err, ST_RETRY, "a text cannot be read now (%s)",
		    strerror(error));
	if (error == ENOENT) {
		file->state = GAMMU_GONE;
		return ST_OK;
	}
	buf_reset(&file->bytes);
	snprintf(
	    why, sizeof(why), "the file cannot be read (%s)", strerror(error));
	return no_text(file, why, err);
}

static bool
has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

/* The seqs of the parts cover the announced total? */
static bool
is_whole(const struct sms_detail *detail)
{
	bool there[SMS_PARTS_MAX + 1] = { false };
	int total = detail->parts[0].total, n = 0;

	for (size_t i = 0; i < detail->n_parts; i++) {
		int seq = detail->parts[i].seq;

		n += !there[seq];
		there[seq] = true;
	}
	return n >= total;
}

/* What the bytes are. */
static enum status
judge(struct gammu_file *file, struct err *err)
{
	struct span bytes = buf_span(&file->bytes);
	bool young = gammu_file_age_ms(file) < YOUNG_MS;
	struct err why = { "" };
	enum status rc;

	file->state = GAMMU_YOUNG;
	if (young && !sms_detail_is_complete(bytes))
		return ST_OK;
	if (bytes.n == 0)
		return no_text(file, "the file is empty", err);
	rc = sms_detail_parse(&file->detail, &file->arena, bytes, &why);
	if (rc == ST_BROKEN)
		return err_set(err, ST_RETRY, "%s", why.text);
	if (rc != ST_OK)
		return no_text(file, why.text, err);
	if (!sms_detail_is_complete(bytes))
		return no_text(file,
		    "it ends in the middle: expected a last line "
		    "MessageReference",
		    err);
	if (is_whole(&file->detail))
		file->state = GAMMU_READY;
	else if (!young) /* else the next section may be being written */
		file->state = GAMMU_PART;
	return ST_OK;
}

static enum status
read_regular(struct gammu_file *file, int inbox, size_t size, struct err *err)
{
	bool too_large = size > GAMMU_FILE_MAX;
	bool is_txt = has_suffix(file->name, ".txt");
	enum status rc;
	char why[200];

	if ((too_large || !is_txt) && gammu_file_age_ms(file) < YOUNG_MS) {
		file->state = GAMMU_YOUNG;
		return ST_OK;
	}
	rc = size == 0 ? ST_OK
		       : load(file, inbox,
			     too_large || !is_txt
				 ? (size < GAMMU_EXCERPT ? size : GAMMU_EXCERPT)
				 : size,
			     err);
	if (rc != ST_OK || file->state == GAMMU_GONE || file->problem != NULL)
		return rc;
	if (too_large) {
		snprintf(why, sizeof(why),
		    "the file has %zu bytes, a text has %d at most", size,
		    GAMMU_FILE_MAX);
		return no_text(file, why, err);
	}
	if (!is_txt)
		return no_text(file,
		    "its name does not end with .txt: no text in gammu-smsd's "
		    "detail format",
		    err);
	rc = judge(file, err);
	/* What was read to be judged is kept in part only. */
	if (rc == ST_OK && file->problem != NULL &&
	    file->bytes.n > GAMMU_EXCERPT) {
		file->bytes.n = GAMMU_EXCERPT;
		file->bytes.p[GAMMU_EXCERPT] = '\0';
	}
	return rc;
}

enum status
gammu_file_read(
    struct gammu_file **out, int inbox, const char *name, struct err *err)
{
	struct gammu_file *file = calloc(1, sizeof(*file));
	enum status rc = ST_OK;
	struct stat sb;

	*out = NULL;
	if (file == NULL)
		return err_set(err, ST_RETRY, "out of memory");
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (fstatat(inbox, name, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
		file->state = GAMMU_GONE;
	} else {
		file->inode = (unsigned long long)sb.st_ino;
		file->mtime_ns = (int64_t)sb.st_mtim.tv_sec * 1000000000 +
				 sb.st_mtim.tv_nsec;
		rc = S_ISREG(sb.st_mode)
			 ? read_regular(file, inbox, (size_t)sb.st_size, err)
			 : no_text(file, what_it_is(sb.st_mode), err);
	}
	if (rc != ST_OK) {
		gammu_file_free(file);
		return rc;
	}
	*out = file;
	return ST_OK;
}
