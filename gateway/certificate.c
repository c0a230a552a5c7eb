/* certificate - what a server's certificate says, in words for people
 *
 * Place: GnuTLS parses what may be hostile (it did so already during the
 * handshake); nothing here decides whether to trust.
 */
#include "gateway/certificate.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "gateway/clock.h"

enum { NAMES_MAX = 50, BASE64_OF_SHA256 = 44 };

/* Copies what fits, printable: names come from whoever made the certificate. */
static void
copy_printable(char *out, size_t size, struct span in)
{
	size_t n = in.n < size - 1 ? in.n : size - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = in.p[i] > ' ' - 1 && in.p[i] < 0x7f ? in.p[i] : '?';
	out[n] = '\0';
}

static void
read_dn(gnutls_x509_crt_t crt, char *out, size_t size,
    int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
	gnutls_datum_t text = { NULL, 0 };

	out[0] = '\0';
	if (get(crt, &text, 0) != 0)
		return;
	copy_printable(
	    out, size, (struct span){ (char *)text.data, text.size });
	gnutls_free(text.data);
}

static void
add_name(char *names, size_t size, const char *name)
{
	size_t n = strlen(names);

	if (n + strlen(name) + 8 < size)
		snprintf(names + n, size - n, "%s%s", n == 0 ? "" : ", ", name);
	else if (n + 5 < size && (n < 3 || strcmp(names + n - 3, "...") != 0))
		snprintf(names + n, size - n, " ...");
}

/* The subject's alternative names; without any, the common name. */
static void
read_names(gnutls_x509_crt_t crt, char *names, size_t size)
{
	char raw[256], name[256], address[INET6_ADDRSTRLEN];
	size_t n;

	names[0] = '\0';
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		int type;

		n = sizeof(raw);
		type =
		    gnutls_x509_crt_get_subject_alt_name(crt, i, raw, &n, NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (type == GNUTLS_SAN_DNSNAME) {
			copy_printable(
			    name, sizeof(name), (struct span){ raw, n });
			add_name(names, size, name);
		} else if (type == GNUTLS_SAN_IPADDRESS && (n == 4 || n == 16))
			add_name(names, size,
			    inet_ntop(n == 4 ? AF_INET : AF_INET6, raw, address,
				sizeof(address)));
	}
	n = sizeof(raw);
	if (names[0] == '\0' &&
	    gnutls_x509_crt_get_dn_by_oid(
		crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, raw, &n) == 0)
		copy_printable(names, size, (struct span){ raw, n });
}

static bool
read_pin(gnutls_x509_crt_t crt, char *out, size_t size)
{
	gnutls_datum_t der = { NULL, 0 }, text = { NULL, 0 }, digest;
	unsigned char hash[32];
	gnutls_pubkey_t key = NULL;
	bool ok;

	out[0] = '\0';
	ok = gnutls_pubkey_init(&key) == 0 &&
	     gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
	     gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0 &&
	     gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, hash) == 0;
	if (ok) {
		digest = (gnutls_datum_t){ hash, sizeof(hash) };
		ok = gnutls_base64_encode2(&digest, &text) == 0;
	}
	if (ok)
		snprintf(out, size, "sha256//%.*s", (int)text.size, text.data);
	gnutls_free(text.data);
	gnutls_free(der.data);
	if (key != NULL)
		gnutls_pubkey_deinit(key);
	return ok;
}

enum status
certificate_read(
    struct certificate *out, struct span der, const char *host, struct err *err)
{
	gnutls_datum_t bytes = { (unsigned char *)der.p, (unsigned)der.n };
	gnutls_x509_crt_t crt = NULL;
	enum status rc = ST_REJECT;

	memset(out, 0, sizeof(*out));
	if (gnutls_x509_crt_init(&crt) != 0)
		return err_set(err, ST_BROKEN, "out of memory");
	if (gnutls_x509_crt_import(crt, &bytes, GNUTLS_X509_FMT_DER) != 0) {
		err_set(err, rc, "the server's certificate cannot be read");
		goto out;
	}
	out->starts_ms =
	    (int64_t)gnutls_x509_crt_get_activation_time(crt) * 1000;
	out->expires_ms =
	    (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000;
	read_dn(
	    crt, out->subject, sizeof(out->subject), gnutls_x509_crt_get_dn3);
	read_dn(crt, out->issuer, sizeof(out->issuer),
	    gnutls_x509_crt_get_issuer_dn3);
	read_names(crt, out->names, sizeof(out->names));
	out->fits_host = gnutls_x509_crt_check_hostname(crt, host) != 0;
	out->is_self_signed = gnutls_x509_crt_check_issuer(crt, crt) != 0;
	if (!read_pin(crt, out->pin, sizeof(out->pin))) {
		err_set(err, rc, "the certificate's key cannot be read");
		goto out;
	}
	rc = ST_OK;
out:
	gnutls_x509_crt_deinit(crt);
	return rc;
}

void
certificate_blame(const struct certificate *c, const char *host,
    bool chain_failed, int64_t now, struct buf *out)
{
	bool old = c->expires_ms<now, early = c->starts_ms> now;
	const char *sep = "the certificate";
	char day[32];

	if (!c->fits_host) {
		buf_printf(out, "%s is for %.120s, you asked for %.80s", sep,
		    c->names[0] == '\0' ? "no host" : c->names, host);
		sep = ", and";
	}
	if (old || early) {
		clock_format(day, "UTC", old ? c->expires_ms : c->starts_ms);
		buf_printf(out, "%s %s %.10s", sep,
		    old ? "expired on" : "is valid only from", day);
		sep = ", and";
	}
	if (c->is_self_signed)
		buf_printf(out, "%s is signed by itself", sep);
	else if (chain_failed && !old && !early)
		buf_printf(out,
		    "%s was issued by \"%.80s\", which is not trusted here",
		    sep, c->issuer);
	if (c->is_self_signed || (chain_failed && !old && !early))
		buf_printf(out,
		    "; set ca_file to the issuer's certificate or, once the "
		    "server's administrator has confirmed the key, set "
		    "pin = \"%s\"",
		    c->pin);
	else if (!c->fits_host)
		buf_str(out, "; write a name of the certificate into url");
	else if (early)
		buf_str(out, "; is this machine's clock right?");
	else if (old)
		buf_str(out, "; the server's administrator has to renew it");
	else
		buf_printf(out, "%s is not trusted", sep);
}

enum status
certificate_check_file(const char *path, struct err *err)
{
	gnutls_x509_trust_list_t list = NULL;
	int n;

	if (access(path, R_OK) != 0)
		return err_set(err, ST_REJECT, "ca_file %.200s: %s", path,
		    strerror(errno));
	if (gnutls_x509_trust_list_init(&list, 0) != 0)
		return err_set(err, ST_BROKEN, "out of memory");
	n = gnutls_x509_trust_list_add_trust_file(
	    list, path, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	gnutls_x509_trust_list_deinit(list, 1);
	if (n > 0)
		return ST_OK;
	return err_set(err, ST_REJECT,
	    "ca_file %.200s holds no certificate in PEM form (-----BEGIN "
	    "CERTIFICATE-----)",
	    path);
}

bool
certificate_is_pin(struct span text)
{
	do {
		size_t n = span_find(text, ";");
		struct span one = span_sub(text, 0, n);
		size_t from = sizeof("sha256//") - 1;

		if (!span_starts(one, "sha256//") ||
		    one.n != from + BASE64_OF_SHA256 || one.p[one.n - 1] != '=')
			return false;
		for (size_t i = from; i < one.n - 1; i++)
			if (!isalnum((unsigned char)one.p[i]) &&
			    one.p[i] != '+' && one.p[i] != '/')
				return false;
		if (n + 1 == text.n)
			return false; /* ends with ";" */
		text = span_from(text, n + 1);
	} while (text.n > 0);
	return true;
}
