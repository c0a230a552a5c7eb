/* curl - libcurl, loaded when the first connection is to be opened
 *
 * Place: stream.c, stream_dial.c and http.c call libcurl through here, by its
 * own names.  Linked like the others, its eighteen libraries (Kerberos, LDAP,
 * SSH, OpenSSL) would be in every process of ours: the parser's workers, which
 * hostile mail may break into, and the commands of staff, which have nothing to
 * connect to; and loading them takes a third of the time that these need to
 * start.
 */
#ifndef GATEWAY_CURL_H
#define GATEWAY_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "parsers/status.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
struct curl_calls {
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_header) *easy_header;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_recv) *easy_recv;
	__typeof__(curl_easy_send) *easy_send;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_free) *free;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_url) *url;
	__typeof__(curl_url_cleanup) *url_cleanup;
	__typeof__(curl_url_get) *url_get;
	__typeof__(curl_url_set) *url_set;
};

/* Loads and starts libcurl, once, whoever comes first.  ST_BROKEN: it is not
 * installed, or too old. */
enum status curl_load(struct err *err);

/* What curl_load() found; before that, and after it failed, nothing that may be
 * called. */
const struct curl_calls *curl_calls(void);

/* So that the callers read like any others. */
#define curl_easy_cleanup curl_calls()->easy_cleanup
#define curl_easy_getinfo curl_calls()->easy_getinfo
#define curl_easy_header curl_calls()->easy_header
#define curl_easy_init curl_calls()->easy_init
#define curl_easy_recv curl_calls()->easy_recv
#define curl_easy_send curl_calls()->easy_send
#define curl_easy_setopt curl_calls()->easy_setopt
#define curl_easy_strerror curl_calls()->easy_strerror
#define curl_free curl_calls()->free
#define curl_global_init curl_calls()->global_init
#define curl_multi_add_handle curl_calls()->multi_add_handle
#define curl_multi_cleanup curl_calls()->multi_cleanup
#define curl_multi_info_read curl_calls()->multi_info_read
#define curl_multi_init curl_calls()->multi_init
#define curl_multi_perform curl_calls()->multi_perform
#define curl_multi_poll curl_calls()->multi_poll
#define curl_multi_remove_handle curl_calls()->multi_remove_handle
#define curl_multi_setopt curl_calls()->multi_setopt
#define curl_slist_append curl_calls()->slist_append
#define curl_slist_free_all curl_calls()->slist_free_all
#define curl_url curl_calls()->url
#define curl_url_cleanup curl_calls()->url_cleanup
#define curl_url_get curl_calls()->url_get
#define curl_url_set curl_calls()->url_set

#endif
