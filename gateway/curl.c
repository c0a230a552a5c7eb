/* curl - libcurl, loaded when the first connection is to be opened
 *
 * Place: see curl.h.
 */
#include "gateway/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define CURL_LIBRARY "libcurl-gnutls.so.4"

#define CALL(name)                                               \
	{                                                        \
		"curl_" #name, offsetof(struct curl_calls, name) \
	}

static const struct {
	const char *name;
	size_t at; /* in struct curl_calls */
} calls[] = {
	CALL(easy_cleanup),
	CALL(easy_getinfo),
	CALL(easy_header),
	CALL(easy_init),
	CALL(easy_recv),
	CALL(easy_send),
	CALL(easy_setopt),
	CALL(easy_strerror),
	CALL(free),
	CALL(global_init),
	CALL(multi_add_handle),
	CALL(multi_cleanup),
	CALL(multi_info_read),
	CALL(multi_init),
	CALL(multi_perform),
	CALL(multi_poll),
	CALL(multi_remove_handle),
	CALL(multi_setopt),
	CALL(slist_append),
	CALL(slist_free_all),
	CALL(url),
	CALL(url_cleanup),
	CALL(url_get),
	CALL(url_set),
};

static struct {
	pthread_once_t once;
	struct curl_calls calls;
	const char *missing; /* NULL: all is there, and started */
} curl = { .once = PTHREAD_ONCE_INIT };

static void
load(void)
{
	void *library = dlopen(CURL_LIBRARY, RTLD_LAZY | RTLD_LOCAL);

	if (library == NULL) {
		curl.missing = "the library";
		return;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *found = dlsym(library, calls[i].name);

		/* Of a pointer to a function: POSIX allows it, C does not. */
		memcpy(
		    (char *)&curl.calls + calls[i].at, &found, sizeof(found));
		if (found == NULL)
			curl.missing = calls[i].name;
	}
	if (curl.missing == NULL &&
	    curl.calls.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		curl.missing = "what it needs to start";
}

enum status
curl_load(struct err *err)
{
	pthread_once(&curl.once, load);
	if (curl.missing == NULL)
		return ST_OK;
	return err_set(err, ST_BROKEN,
	    "%s cannot be used (%s is missing): install the package "
	    "libcurl3-gnutls",
	    CURL_LIBRARY, curl.missing);
}

const struct curl_calls *
curl_calls(void)
{
	return &curl.calls;
}
