/* keys - secrets that make our addresses and Message-IDs unguessable
 *
 * Place: reply and outbox make tokens, intake recognises them; init makes the
 * file.
 */
#include "gateway/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/file.h"
#include "parsers/digest.h"

enum {
	SECRET_SIZE = 32,
	ID_MAX = 16,
	RANDOM_CHARS = 16,
	MAC_CHARS = 10,
	KEYS_MAX = 64,
	FILE_MAX = 64 << 10,
};

struct key {
	char id[ID_MAX + 1];
	unsigned char secret[SECRET_SIZE];
};

struct keys {
	struct key list[KEYS_MAX]; /* the last one signs */
	int n;
};

/* Letters and digits that survive folding of case and look like nothing else
 * in an address. */
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

enum status
random_bytes(void *out, size_t n, struct err *err)
{
	int rc = gnutls_rnd(GNUTLS_RND_KEY, out, n);

	if (rc != 0)
		return err_set(err, ST_BROKEN,
		    "no random bytes from the system (%s)",
		    gnutls_strerror(rc));
	return ST_OK;
}

/* ---- the file ---------------------------------------------------------- */

static bool
read_secret(unsigned char out[SECRET_SIZE], struct span hex)
{
	if (hex.n != 2 * SECRET_SIZE)
		return false;
	for (size_t i = 0; i < SECRET_SIZE; i++) {
		int high = hex_value(hex.p[2 * i]);
		int low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Lower-case letters and digits, as ids stand inside addresses. */
static bool
read_id(char out[ID_MAX + 1], struct span id)
{
	if (id.n == 0 || id.n > ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!((id.p[i] >= 'a' && id.p[i] <= 'z') ||
			(id.p[i] >= '0' && id.p[i] <= '9')))
			return false;
	memcpy(out, id.p, id.n);
	out[id.n] = '\0';
	return true;
}

static const struct key *
find_key(const struct keys *keys, struct span id)
{
	for (int i = 0; i < keys->n; i++)
		if (span_is(id, keys->list[i].id))
			return &keys->list[i];
	return NULL;
}

static enum status
read_line(struct keys *keys, struct span line, const char *path, int number,
    struct err *err)
{
	struct key *key = &keys->list[keys->n];
	size_t cut = 0;

	line = span_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return ST_OK;
	while (cut < line.n && line.p[cut] != ' ' && line.p[cut] != '\t')
		cut++;
	if (find_key(keys, span_sub(line, 0, cut)) != NULL)
		return err_set(err, ST_REJECT,
		    "%s:%d: this id is there already; give each key its own",
		    path, number);
	if (keys->n == KEYS_MAX - 1)
		return err_set(err, ST_REJECT,
		    "%s:%d: more than %d keys; remove the oldest", path, number,
		    KEYS_MAX - 1);
	if (!read_id(key->id, span_sub(line, 0, cut)) ||
	    !read_secret(key->secret, span_trim(span_from(line, cut))))
		return err_set(err, ST_REJECT,
		    "%s:%d: expected \"ID SECRET\": an id of at most %d lower-"
		    "case letters and digits, a space and 64 hexadecimal "
		    "digits",
		    path, number, ID_MAX);
	keys->n++;
	return ST_OK;
}

/* Opens the file and looks at who may read it on the opened descriptor, so
 * that nobody can change it in between. */
static enum status
open_private(int *fd, const char *path, struct err *err)
{
	struct stat sb;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 && errno == ENOENT)
		return err_set(err, ST_REJECT,
		    "the keys file %s is missing; put your copy there, or let "
		    "`uwaga init` make a new one",
		    path);
	if (*fd < 0 || fstat(*fd, &sb) != 0)
		return err_set(err, ST_REJECT,
		    "the keys file %s cannot be read (%s)", path,
		    strerror(errno));
	if (!S_ISREG(sb.st_mode))
		return err_set(
		    err, ST_REJECT, "the keys file %s is no plain file", path);
	if ((sb.st_mode & 077) != 0)
		return err_set(err, ST_REJECT,
		    "others than its owner may use the keys file %s; "
		    "run `chmod 600 %s`",
		    path, path);
	return ST_OK;
}

static enum status
read_all(struct buf *out, int fd, const char *path, struct err *err)
{
	if (file_read(out, fd))
		return ST_OK;
	if (errno == EFBIG)
		return err_set(err, ST_REJECT,
		    "the keys file %s is larger than %d KiB", path,
		    FILE_MAX >> 10);
	return err_set(err, ST_REJECT, "the keys file %s cannot be read (%s)",
	    path, strerror(errno));
}

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		gnutls_memset(b->p, 0, b->cap);
	buf_free(b);
}

enum status
keys_read(struct keys **out, const char *path, struct err *err)
{
	struct keys *keys = NULL;
	struct buf file = { .max = FILE_MAX };
	struct span rest, line;
	enum status rc;
	int fd = -1, number = 0;

	*out = NULL;
	rc = open_private(&fd, path, err);
	if (rc == ST_OK)
		rc = read_all(&file, fd, path, err);
	if (rc != ST_OK)
		goto out;
	keys = calloc(1, sizeof(*keys));
	if (keys == NULL) {
		rc = err_set(err, ST_BROKEN, "out of memory");
		goto out;
	}
	rest = buf_span(&file);
	while (rc == ST_OK && span_line(&rest, &line))
		rc = read_line(keys, line, path, ++number, err);
	if (rc == ST_OK && keys->n == 0)
		rc = err_set(err, ST_REJECT,
		    "the keys file %s holds no key; move it away and run "
		    "`uwaga init`, which makes one",
		    path);
	if (rc != ST_OK)
		goto out;
	*out = keys;
	keys = NULL;
out:
	keys_free(keys);
	wipe(&file);
	if (fd >= 0)
		close(fd);
	return rc;
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	gnutls_memset(keys, 0, sizeof(*keys));
	free(keys);
}

enum status
keys_create(const char *path, struct err *err)
{
	unsigned char secret[SECRET_SIZE];
	struct buf file = { .max = 1024 };
	enum status rc;
	int fd = -1;

	rc = random_bytes(secret, sizeof(secret), err);
	if (rc != ST_OK)
		return rc;
	buf_str(&file,
	    "# The last key signs, all verify.  To rotate, add a line\n"
	    "# with a new id and 64 hexadecimal digits.\nk1 ");
	for (size_t i = 0; i < sizeof(secret); i++)
		buf_printf(&file, "%02x", secret[i]);
	buf_char(&file, '\n');

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) {
		rc = err_set(
		    err, ST_REJECT, "the keys file %s is there already", path);
		goto out;
	}
	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, file.p, file.n) != (ssize_t)file.n || fsync(fd) != 0) {
		rc = err_set(err, ST_BROKEN,
		    "the keys file %s cannot be written (%s)", path,
		    strerror(errno));
		if (fd >= 0)
			unlink(path);
		goto out;
	}
	rc = file_sync_folder(path, err);
out:
	gnutls_memset(secret, 0, sizeof(secret));
	wipe(&file);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* ---- tokens: "random.id.mac" ------------------------------------------- */

/* Five bits a character; `n` characters need n * 5 / 8 bytes. */
static void
write_base32(char *out, size_t n, const unsigned char *bytes)
{
	for (size_t i = 0; i < n; i++) {
		size_t bit = i * 5;
		unsigned two = (unsigned)bytes[bit / 8] << 8;

		if (bit % 8 > 3)
			two |= bytes[bit / 8 + 1];
		out[i] = alphabet[two >> (11 - bit % 8) & 31];
	}
}

/* The MAC of `signed_part`, in characters. */
static bool
make_mac(char out[MAC_CHARS], const struct key *key, struct span signed_part)
{
	unsigned char mac[32];

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->secret, SECRET_SIZE,
		signed_part.p, signed_part.n, mac) != 0)
		return false;
	write_base32(out, MAC_CHARS, mac);
	return true;
}

enum status
token_make(char out[TOKEN_SIZE], const struct keys *keys, struct err *err)
{
	const struct key *key = &keys->list[keys->n - 1];
	unsigned char bytes[RANDOM_CHARS * 5 / 8];
	char words[RANDOM_CHARS], mac[MAC_CHARS];
	enum status rc;
	int n;

	rc = random_bytes(bytes, sizeof(bytes), err);
	if (rc != ST_OK)
		return rc;
	write_base32(words, sizeof(words), bytes);
	n = snprintf(out, TOKEN_SIZE, "%.*s.%s.", RANDOM_CHARS, words, key->id);
	if (!make_mac(mac, key, (struct span){ out, (size_t)n - 1 }))
		return err_set(
		    err, ST_BROKEN, "GnuTLS cannot compute HMAC-SHA-256");
	memcpy(out + n, mac, MAC_CHARS);
	out[n + MAC_CHARS] = '\0';
	return ST_OK;
}

bool
token_is_ours(const struct keys *keys, struct span token)
{
	char low[TOKEN_SIZE], mac[MAC_CHARS];
	size_t id_at = RANDOM_CHARS + 1, id_n;
	const struct key *key;

	if (token.n < id_at + 2 + MAC_CHARS || token.n >= TOKEN_SIZE)
		return false;
	for (size_t i = 0; i < token.n; i++) {
		char c = token.p[i];

		low[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	id_n = token.n - id_at - 1 - MAC_CHARS;
	if (low[id_at - 1] != '.' || low[id_at + id_n] != '.')
		return false;
	key = find_key(keys, (struct span){ low + id_at, id_n });
	if (key == NULL ||
	    !make_mac(mac, key, (struct span){ low, id_at + id_n }))
		return false;
	return gnutls_memcmp(mac, low + id_at + id_n + 1, MAC_CHARS) == 0;
}

/* ---- PINs -------------------------------------------------------------- */

/* The key in the middle of a token; NULL: none of ours. */
static const struct key *
key_of(const struct keys *keys, struct span token)
{
	struct span id = span_from(token, RANDOM_CHARS + 1);

	return find_key(keys, span_sub(id, 0, span_find(id, ".")));
}

enum status
pin_make(char out[PIN_DIGITS + 1], const struct keys *keys, const char *token,
    struct err *err)
{
	const struct key *key = key_of(keys, span_of(token));
	unsigned char mac[32];
	char signed_part[TOKEN_SIZE + 8];
	uint64_t number = 0;
	int n = snprintf(signed_part, sizeof(signed_part), "pin %s", token);

	if (key == NULL)
		return err_set(err, ST_BROKEN,
		    "the key that signed a token is gone from the keys file; "
		    "put it back");
	if (n < 0 || (size_t)n >= sizeof(signed_part) ||
	    gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->secret, SECRET_SIZE,
		signed_part, (size_t)n, mac) != 0)
		return err_set(
		    err, ST_BROKEN, "GnuTLS cannot compute HMAC-SHA-256");
	for (int i = 0; i < 8; i++)
		number = number << 8 | mac[i];
	snprintf(out, PIN_DIGITS + 1, "%0*llu", PIN_DIGITS,
	    (unsigned long long)(number % 1000000));
	return ST_OK;
}

bool
pin_is_of(const struct keys *keys, const char *token, struct span pin)
{
	char right[PIN_DIGITS + 1];

	return pin.n == PIN_DIGITS &&
	       pin_make(right, keys, token, NULL) == ST_OK &&
	       gnutls_memcmp(right, pin.p, PIN_DIGITS) == 0;
}
