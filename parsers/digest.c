/* digest - SHA-256 (GnuTLS) for attachments, keys and the chain; hexadecimal */
#include "parsers/digest.h"

#include <string.h>

#include <gnutls/crypto.h>

void
sha256(uint8_t out[SHA256_SIZE], struct span data)
{
	/* It can only fail where FIPS mode forbids the algorithm, and no mode
	 * forbids SHA-256; zeros would then show in every comparison. */
	if (gnutls_hash_fast(
		GNUTLS_DIG_SHA256, data.n == 0 ? "" : data.p, data.n, out) != 0)
		memset(out, 0, SHA256_SIZE);
}

void
sha256_hex(char out[SHA256_HEX], struct span data)
{
	uint8_t sum[SHA256_SIZE];

	sha256(sum, data);
	hex_encode(out, sum, sizeof(sum));
}

void
hex_encode(char *out, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}
