/* SPDX-License-Identifier: GPL-2.0 */
/* What http.c and http_options.c share. */
#ifndef _SVCNATD_HTTP_INSIDE_H
#define _SVCNATD_HTTP_INSIDE_H

#include <curl/curl.h>

#include "http.h"
#include "stream.h"

/**
 * struct http - requests, and whom they go to
 * @event: the loop that they are in
 * @access: to the server
 * @multi: libcurl's part of it
 * @timer: when libcurl wants to be called
 * @transfers: those that go on
 * @counts: of those that ended, by status
 */
struct http {
	sd_event *event;
	const struct access *access;
	CURLM *multi;
	sd_event_source *timer;
	struct transfer *transfers;
	uint64_t counts[HTTP_STATUS_END];
};

/**
 * struct transfer - a request that goes on
 * @http: where
 * @next: another one
 * @req: what it was asked for
 * @easy: libcurl's part of it
 * @headers: that are sent
 * @connect_to: where to, if not where the URL says
 * @error: an answer that is an error
 * @stopped: the receiver wants no more
 * @words: libcurl's about what went wrong
 * @sentence: ours
 */
struct transfer {
	struct http *http;
	struct transfer *next;
	struct http_request req;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct stream error;
	bool stopped;
	char words[CURL_ERROR_SIZE];
	char sentence[512];
};

/* Everything but who gets the data.  False if there is no memory. */
bool http_set_up(struct transfer *transfer);

#endif /* _SVCNATD_HTTP_INSIDE_H */
