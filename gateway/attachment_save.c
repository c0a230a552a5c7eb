/* attachment_save - the files of a message, for staff to read */
#include "gateway/attachment_save.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "gateway/embedded.h"
#include "gateway/file.h"
#include "gateway/jail.h"
#include "gateway/store_inbound.h"

enum { RAW_MAX = 65 << 20, NAME_BYTES = 150, ON_DISK_MAX = 200 };

/* "12-1-uwaga.pdf": what a file system or a terminal could take for more than a
 * name is an underscore; a long name loses its middle, not its ending. */
static void
name_on_disk(struct buf *out, int64_t id, size_t number, struct span name)
{
	size_t cut = name.n > NAME_BYTES ? name.n - NAME_BYTES / 2 : name.n;
	size_t kept = name.n > NAME_BYTES ? NAME_BYTES / 2 : name.n;

	while (cut < name.n && (name.p[cut] & 0xC0) == 0x80)
		cut++;
	while (kept > 0 && kept < name.n && (name.p[kept] & 0xC0) == 0x80)
		kept--;
	buf_printf(out, "%lld-%zu-", (long long)id, number);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (i >= kept && i < cut)
			continue;
		buf_char(out, c < 0x20 || c == 0x7F || strchr("/\\:", c) != NULL
				  ? '_'
				  : (char)c);
	}
	if (name.n == 0)
		buf_str(out, "unnamed");
}

static enum status
save_one(int folder, const char *name, struct span body, struct err *err)
{
	int fd = openat(folder, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done = fd >= 0 && file_write(fd, body);
	int why = errno;

	if (fd >= 0 && close(fd) != 0 && done) {
		done = false;
		why = errno;
	}
	if (done)
		return ST_OK;
	if (fd >= 0)
		unlinkat(folder, name, 0);
	return err_set(err, ST_REJECT, "%.200s cannot be written: %s", name,
	    why == EEXIST ? "it is there already" : strerror(why));
}

/* The message parsed again; what it says beside its files is not used. */
static enum status
parse_again(struct parsed *out, struct span raw, const struct config *config,
    struct err *err)
{
	struct jail_settings set = { .code_prefix = config->code_prefix,
		.authserv_id = "",
		.phone_prefix = config->phone_prefix,
		.textable_prefixes = "",
		.keywords = embedded_find("templates/keywords.tsv") };
	struct jail *jail = NULL;
	enum status rc = jail_open(&jail, &set, err);

	if (rc == ST_OK)
		rc = jail_parse(jail, out, raw, err);
	jail_close(jail);
	return rc;
}

enum status
attachment_save(struct store *st, const struct config *config, int64_t id,
    const char *folder, attachment_saved *told, void *arg, struct err *err)
{
	struct buf raw = { .max = RAW_MAX }, name = { .max = ON_DISK_MAX };
	struct parsed parsed = { 0 };
	const struct attachment *file;
	size_t saved = 0;
	int fd = -1;
	enum status rc = store_inbound_raw(st, id, &raw, err);

	if (rc == ST_OK)
		rc = parse_again(&parsed, buf_span(&raw), config, err);
	if (rc != ST_OK)
		goto out;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		rc = err_set(err, ST_REJECT,
		    "the folder %.200s cannot be opened: %s", folder,
		    strerror(errno));
		goto out;
	}
	for (size_t i = 0; i < parsed.n_attachments && rc == ST_OK; i++) {
		file = &parsed.attachments[i];
		if (file->in_signature)
			continue;
		buf_reset(&name);
		name_on_disk(&name, id, ++saved, file->name);
		rc = save_one(fd, buf_cstr(&name), file->body, err);
		if (rc == ST_OK)
			told(arg, buf_cstr(&name), file->body.n);
	}
	if (rc == ST_OK && saved == 0)
		rc = err_set(err, ST_REJECT, "message %lld has no attachment",
		    (long long)id);
out:
	if (fd >= 0)
		close(fd);
	parsed_free(&parsed);
	buf_free(&raw);
	buf_free(&name);
	return rc;
}
