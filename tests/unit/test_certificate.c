/* test_certificate - what is said about a certificate, and what a pin is */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/certificate.h"

#define DAY 86400
#define NOW ((int64_t)1800000000)

struct made {
	const char *cn;
	const char *const *names; /* closed by NULL */
	const char *raw_name; /* '~' stands for NUL, '^' for ESC */
	int64_t starts, expires;
};

static void
put_nul(gnutls_datum_t *der, const char *name)
{
	char *at = memmem(der->data, der->size, name, strlen(name));

	assert_non_null(at);
	for (size_t i = 0; name[i] != '\0'; i++)
		if (name[i] == '~' || name[i] == '^')
			at[i] = name[i] == '~' ? '\0' : '\x1b';
}

/* A certificate that signs itself; the DER is the caller's to free. */
static gnutls_datum_t
make_certificate(const struct made *m)
{
	gnutls_datum_t der = { NULL, 0 };
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_key(crt, key);
	if (m->cn != NULL)
		gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
		    0, m->cn, (unsigned)strlen(m->cn));
	for (int i = 0; m->names != NULL && m->names[i] != NULL; i++)
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		    m->names[i], (unsigned)strlen(m->names[i]),
		    GNUTLS_FSAN_APPEND);
	if (m->raw_name != NULL)
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
		    m->raw_name, (unsigned)strlen(m->raw_name),
		    GNUTLS_FSAN_APPEND);
	gnutls_x509_crt_set_activation_time(crt, (time_t)m->starts);
	gnutls_x509_crt_set_expiration_time(crt, (time_t)m->expires);
	assert_int_equal(
	    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(
	    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	if (m->raw_name !=
	    NULL) /* breaks the signature, which is not looked at */
		put_nul(&der, m->raw_name);
	return der;
}

static void
read_made(struct certificate *c, const struct made *m, const char *host)
{
	gnutls_datum_t der = make_certificate(m);
	char *exact = malloc(der.size);
	struct err err;

	assert_non_null(exact);
	memcpy(exact, der.data, der.size);
	if (certificate_read(c, (struct span){ exact, der.size }, host, &err) !=
	    ST_OK)
		fail_msg("%s", err.text);
	free(exact);
	gnutls_free(der.data);
}

static void
a_certificate_is_read(void **state)
{
	static const char *const names[] = { "imap.powiat.example",
		"*.poczta.example", NULL };
	const struct made m = { .cn = "Serwer",
		.names = names,
		.starts = NOW - DAY,
		.expires = NOW + DAY };
	struct certificate c;

	(void)state;
	read_made(&c, &m, "imap.powiat.example");
	assert_string_equal(c.names, "imap.powiat.example, *.poczta.example");
	assert_string_equal(c.subject, "CN=Serwer");
	assert_string_equal(c.issuer, "CN=Serwer");
	assert_true(c.is_self_signed);
	assert_true(c.fits_host);
	assert_true(c.expires_ms == (NOW + DAY) * 1000);
	assert_true(certificate_is_pin(span_of(c.pin)));
	read_made(&c, &m, "a.poczta.example");
	assert_true(c.fits_host);
	read_made(&c, &m, "poczta.example");
	assert_false(c.fits_host);
	read_made(&c, &m, "Serwer"); /* the common name counts no more */
	assert_false(c.fits_host);
}

static void
names_are_somebody_elses_words(void **state)
{
	struct made m = { .raw_name = "imap.powiat.example~.evil.example",
		.starts = NOW - DAY,
		.expires = NOW + DAY };
	const char *many[60];
	struct certificate c;

	(void)state;
	read_made(&c, &m, "imap.powiat.example");
	assert_false(c.fits_host);
	assert_string_equal(c.names, "imap.powiat.example?.evil.example");
	m.raw_name = "a^[2J~.example";
	read_made(&c, &m, "imap.powiat.example");
	assert_string_equal(c.names, "a?[2J?.example");
	m.raw_name = NULL;
	m.names = many;
	for (int i = 0; i < 59; i++)
		many[i] = "name.powiat.example";
	many[59] = NULL;
	read_made(&c, &m, "imap.powiat.example");
	assert_true(strlen(c.names) < sizeof(c.names));
	assert_string_equal(c.names + strlen(c.names) - 4, " ...");
}

static void
what_is_no_certificate_is_refused(void **state)
{
	const struct made m = {
		.cn = "x", .starts = NOW - DAY, .expires = NOW + DAY
	};
	gnutls_datum_t der = make_certificate(&m);
	struct certificate c;

	(void)state;
	for (unsigned n = 0; n < der.size; n++) {
		char *exact = malloc(n == 0 ? 1 : n);

		assert_non_null(exact);
		memcpy(exact, der.data, n);
		assert_int_equal(
		    certificate_read(&c, (struct span){ exact, n }, "x", NULL),
		    ST_REJECT);
		free(exact);
	}
	gnutls_free(der.data);
}

static void
the_sentence_names_what_is_wrong(void **state)
{
	static const struct {
		const char *row;
		struct certificate c;
		bool chain_failed;
		const char *want;
	} rows[] = {
		{ "another name",
		    { 0, 2000, "P", "s", "i", "a.x", false, false }, false,
		    "the certificate is for a.x, you asked for h; write a name "
		    "of the certificate into url" },
		{ "no name", { 0, 2000, "P", "s", "i", "", false, false },
		    false,
		    "the certificate is for no host, you asked for h; write a "
		    "name of the certificate into url" },
		{ "expired", { 0, 500, "P", "s", "i", "h", true, false }, true,
		    "the certificate expired on 1970-01-01; the server's "
		    "administrator has to renew it" },
		{ "too early", { 1500, 2000, "P", "s", "i", "h", true, false },
		    true,
		    "the certificate is valid only from 1970-01-01; is this "
		    "machine's clock right?" },
		{ "unknown", { 0, 2000, "P", "s", "i", "h", true, false }, true,
		    "the certificate was issued by \"i\", which is not trusted "
		    "here; set ca_file to the issuer's certificate or, once "
		    "the server's administrator has confirmed the key, set "
		    "pin = \"P\"" },
		{ "all at once", { 0, 500, "P", "s", "s", "a.x", false, true },
		    true,
		    "the certificate is for a.x, you asked for h, and expired "
		    "on 1970-01-01, and is signed by itself; set ca_file to "
		    "the issuer's certificate or, once the server's "
		    "administrator has confirmed the key, set pin = \"P\"" },
		{ "nothing that shows",
		    { 0, 2000, "P", "s", "i", "h", true, false }, false,
		    "the certificate is not trusted" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { .max = 500 };

		certificate_blame(
		    &rows[i].c, "h", rows[i].chain_failed, 1000, &text);
		if (strcmp(buf_cstr(&text), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].row, buf_cstr(&text));
		buf_free(&text);
	}
}

#define A43 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123+/9"

static void
a_pin_is_told_from_what_is_none(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ "sha256//" A43 "=", true },
		{ "sha256//" A43 "=;sha256//" A43 "=", true },
		{ "", false },
		{ ";", false },
		{ "sha256//" A43 "=;", false },
		{ ";sha256//" A43 "=", false },
		{ "sha256//" A43 "=; sha256//" A43 "=", false },
		{ "sha256//" A43, false },
		{ "sha256//" A43 "A", false },
		{ "sha256//" A43 "==", false },
		{ "sha1//" A43 "=", false },
		{ "/etc/ssl/key.pem", false },
		{ A43 "=", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (certificate_is_pin(span_of(rows[i].text)) != rows[i].is)
			fail_msg("%s", rows[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_read),
		cmocka_unit_test(names_are_somebody_elses_words),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(the_sentence_names_what_is_wrong),
		cmocka_unit_test(a_pin_is_told_from_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
