/* gammu_file - one file of a spool's inbox: is it ready, is it a text
 *
 * Place: gammu_in.c reads each with gammu_file_read(); gammu_done.c moves those
 * away that were stored.
 */
#ifndef GAMMU_FILE_H
#define GAMMU_FILE_H

#include "gateway/source.h"
#include "parsers/sms_detail.h"

enum {
	GAMMU_NAME = 256, /* NAME_MAX and NUL */
	GAMMU_FILE_MAX = 1 << 20, /* larger is no text */
	GAMMU_EXCERPT = 256 << 10, /* kept of what is no text */
};

enum gammu_state {
	GAMMU_READY, /* a whole text, or surely none (`problem`) */
	GAMMU_YOUNG, /* may still be being written */
	GAMMU_PART, /* whole, but parts of the text are elsewhere */
	GAMMU_GONE, /* no longer there */
};

struct gammu_file {
	char name[GAMMU_NAME];
	unsigned long long inode;
	int64_t mtime_ns;
	enum gammu_state state;
	char *problem; /* owned: why it is no text; NULL: it is one */
	struct buf bytes; /* owned: the file, or how it starts */
	struct sms_detail detail; /* in the arena */
	struct arena arena; /* owned */
};

/* Reads DIR/inbox/`name`, never following a link.  ST_OK with the state in
 * `*out`, which the caller frees; ST_RETRY when our machine is short of
 * something, and `*out` is NULL. */
enum status gammu_file_read(
    struct gammu_file **out, int inbox, const char *name, struct err *err);
void gammu_file_free(struct gammu_file *file);

/* How old the file is by the real clock, whatever time tests set; large for
 * one from the future. */
int64_t gammu_file_age_ms(const struct gammu_file *file);

/* The serial in "IN20261122_214820_01_+48110000301_02.txt": "01"; "" when the
 * name is of another form. */
struct span gammu_file_serial(const struct gammu_file *file);

/* What done() needs of one message; one block, freed with free(). */
struct gammu_handle {
	bool aside; /* no text */
	size_t n;
	struct gammu_stored {
		char name[GAMMU_NAME];
		unsigned long long inode;
	} files[];
};

/* Moves the files of every handle from DIR/inbox to DIR/processed, or to
 * DIR/aside, and syncs the folders.  One that cannot be moved does not stop the
 * others: ST_RETRY then. */
enum status
gammu_done(const char *dir, void *const *handles, int n, struct err *err);

/* Ends what a crash in gammu_done() left half done, so that the files of one
 * stored message never come again one by one. */
enum status gammu_done_recover(const char *dir, struct err *err);

#endif
