/* phone - telephone numbers, normalised (declared in address.h)
 *
 * Place: beside address.c.  Only Poland's plan of numbers is known by its
 * ranges; elsewhere a number with the country's prefix counts as textable.
 */
#include "parsers/address.h"

#include <string.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Copies the digits (and a leading plus) of what may be written as
 * "(+48) 601-234-567"; false when something else stands there. */
static bool
read_digits(char out[32], struct span number)
{
	size_t n = 0;

	for (size_t i = 0; i < number.n; i++) {
		char c = number.p[i];

		if (strchr(" \t-().", c) != NULL && c != '\0')
			continue;
		if (c == '\xc2' && i + 1 < number.n &&
		    number.p[i + 1] == '\xa0') {
			i++;
			continue;
		}
		if (n == 31 ||
		    !((c >= '0' && c <= '9') || (c == '+' && n == 0)))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

static bool
has_letter(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((lower(s.p[i]) >= 'a' && lower(s.p[i]) <= 'z') ||
		    ((unsigned char)s.p[i] >= 0x80 && s.p[i] != '\xc2' &&
			s.p[i] != '\xa0'))
			return true;
	return false;
}

static bool
is_listed(const char *e164, const char *list)
{
	size_t n;

	for (const char *p = list; p != NULL && *p != '\0';
	     p += n + (p[n] != 0)) {
		n = strcspn(p, ", ");
		if (n > 0 && strncmp(e164, p, n) == 0)
			return true;
	}
	return false;
}

/* A national number behind the country's prefix: nine digits in Poland (UKE's
 * plan of numbers; the ranges below are the mobile ones), elsewhere anything
 * that can be a number. */
static enum phone_kind
national_kind(const char *national, const char *prefix)
{
	static const char *const mobile[] = { "45", "50", "51", "53", "57",
		"60", "66", "69", "72", "73", "78", "79", "88" };
	size_t n = strlen(national);

	if (strcmp(prefix, "+48") != 0)
		return n >= 6 && n <= 13 ? PHONE_MOBILE : PHONE_INVALID;
	if (n != 9 || national[0] == '0')
		return PHONE_INVALID;
	for (size_t i = 0; i < sizeof(mobile) / sizeof(mobile[0]); i++)
		if (strncmp(national, mobile[i], 2) == 0)
			return PHONE_MOBILE;
	return PHONE_LANDLINE;
}

/* "601234567", "48601234567", "0048601234567" to "+48601234567".  Nine digits
 * come first, because a national number may itself start with 48. */
static void
add_prefix(char out[64], const char *digits, const char *prefix)
{
	struct buf e164 = { .max = 63 };
	size_t n = strlen(digits), code = strlen(prefix) - 1;
	bool poland = strcmp(prefix, "+48") == 0;

	if (digits[0] == '+')
		buf_str(&e164, digits);
	else if (strncmp(digits, "00", 2) == 0) {
		buf_char(&e164, '+');
		buf_str(&e164, digits + 2);
	} else if (poland ? n == 9 : digits[0] == '0') {
		buf_str(&e164, prefix);
		buf_str(&e164, digits + (poland ? 0 : 1));
	} else if (strncmp(digits, prefix + 1, code) == 0 && n > code + 5) {
		buf_char(&e164, '+');
		buf_str(&e164, digits);
	}
	memcpy(out, buf_cstr(&e164), e164.n + 1);
	buf_free(&e164);
}

static void
keep_as_written(char out[32], struct span number)
{
	size_t n = number.n < 31 ? number.n : 31;

	/* Never half a character. */
	while (n < number.n && n > 0 &&
	       ((unsigned char)number.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(out, number.p, n);
	out[n] = '\0';
}

enum phone_kind
phone_normalise(
    char out[32], struct span number, const char *prefix, const char *textable)
{
	struct span s = span_trim(number);
	char digits[32], e164[64];
	enum phone_kind kind = PHONE_INVALID;
	size_t n;

	keep_as_written(out, s);
	if (prefix == NULL || prefix[0] != '+')
		prefix = "+48";
	if (!read_digits(digits, s))
		return has_letter(s) ? PHONE_NAME : PHONE_INVALID;
	n = strlen(digits);
	if (n >= 3 && n <= 6 && digits[0] != '+')
		return PHONE_SHORT;
	add_prefix(e164, digits, prefix);
	n = strlen(e164);
	if (n < 8 || n > 16 || e164[1] == '0')
		return PHONE_INVALID;
	if (strncmp(e164, prefix, strlen(prefix)) == 0)
		kind = national_kind(e164 + strlen(prefix), prefix);
	else
		kind = PHONE_FOREIGN;
	if (kind == PHONE_INVALID)
		return kind;
	memcpy(out, e164, n + 1);
	return kind == PHONE_LANDLINE && is_listed(e164, textable)
		   ? PHONE_MOBILE
		   : kind;
}
