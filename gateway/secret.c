/* secret - a password from its file, or from the environment
 *
 * Place: read each time a connection is opened, so that a password that was
 * changed is found without a restart, and forgotten right after.
 */
#include "gateway/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/file.h"

static enum status
read_file(struct buf *out, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum status rc = ST_OK;
	struct stat st;

	if (fd < 0)
		return err_set(
		    err, ST_REJECT, "%.200s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = err_set(err, ST_REJECT, "%.200s is no file", path);
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		rc = err_set(err, ST_REJECT,
		    "others can read %.200s; run chmod 600 on it", path);
	else if (!file_read(out, fd))
		rc = err_set(err, ST_REJECT, "%.200s: %s", path,
		    errno == EFBIG ? "too large for a secret"
				   : strerror(errno));
	close(fd);
	return rc;
}

enum status
secret_read(struct buf *out, const char *where, struct err *err)
{
	const char *from_env = NULL;
	enum status rc;

	if (strncmp(where, "env:", 4) == 0) {
		from_env = getenv(where + 4);
		if (from_env == NULL)
			return err_set(err, ST_REJECT,
			    "the environment has no variable %.100s",
			    where + 4);
		buf_str(out, from_env);
		rc = buf_status(out, where, err);
	} else
		rc = read_file(out, where, err);
	if (rc != ST_OK)
		return rc;
	while (out->n > 0 && strchr("\r\n", out->p[out->n - 1]) != NULL)
		out->p[--out->n] = '\0';
	if (out->n == 0)
		return err_set(err, ST_REJECT, "%.200s is empty", where);
	for (size_t i = 0; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ' || out->p[i] == 0x7f)
			return err_set(err, ST_REJECT,
			    "%.200s holds more than one line or control "
			    "characters; it must hold the secret alone",
			    where);
	return ST_OK;
}

void
secret_free(struct buf *secret)
{
	if (secret->p != NULL)
		explicit_bzero(secret->p, secret->cap);
	buf_free(secret);
}
