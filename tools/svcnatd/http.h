/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the API server.  The only files with libcurl. */
#ifndef _SVCNATD_HTTP_H
#define _SVCNATD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "access.h"

/**
 * enum http_failure - what kept an answer from coming whole
 * @HTTP_OTHER: the network, or the server
 * @HTTP_TLS: the server could not show that it is the one
 * @HTTP_TIMEOUT: time was up
 */
enum http_failure {
	HTTP_OTHER,
	HTTP_TLS,
	HTTP_TIMEOUT,
};

/**
 * struct http_result - how a request ended
 * @status: what the server answered; 0 if nothing
 * @complete: the answer came whole
 * @failure: why not
 * @stopped: the receiver wanted no more
 * @retry_after: seconds that the server asks us to wait; 0 if it does not
 * @sentence: what went wrong, if not all of it is well: the server's words, as
 *	far as it is known to have said any
 */
struct http_result {
	long status;
	bool complete;
	enum http_failure failure;
	bool stopped;
	long retry_after;
	const char *sentence;
};

/**
 * struct http_request - what is asked for, and who wants the answer
 * @path: behind the server's URL, with the query
 * @connect_timeout: seconds until there is a connection, TLS and all
 * @timeout: seconds until the end of the answer; 0 for no limit
 * @silence: seconds without a byte; 0 for no limit
 * @fresh: not over a connection that was used before
 * @data: a piece of the body of a good answer; false: enough
 * @done: the end of it; the request is gone then
 * @arg: for both
 */
struct http_request {
	const char *path;
	long connect_timeout;
	long timeout;
	long silence;
	bool fresh;
	bool (*data)(const char *data, size_t size, void *arg);
	void (*done)(const struct http_result *result, void *arg);
	void *arg;
};

struct http;
struct transfer;

/* NULL, and why is logged.  @access stays the caller's. */
struct http *http_alloc(sd_event *event, const struct access *access);
void http_free(struct http *http);

/* NULL if there is no memory.  Not from within @data. */
struct transfer *http_get(struct http *http, const struct http_request *req);

/* Neither @data nor @done is called any more.  Not from within @data. */
void http_cancel(struct transfer *transfer);

/* How many requests ended with @status, 0 for those without; below 600. */
uint64_t http_count(const struct http *http, unsigned int status);
#define HTTP_STATUS_END	600

/* Whom it talks to, for metrics. */
const char *http_server(const struct http *http);

/* @text as a value of a query; the caller frees it. */
char *http_escape(const char *text);

#endif /* _SVCNATD_HTTP_H */
