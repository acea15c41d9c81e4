/* SPDX-License-Identifier: GPL-2.0 */
/* Keeps up with one resource of the API: lists it, then watches it, for ever. */
#ifndef _SVCNATD_REFLECTOR_H
#define _SVCNATD_REFLECTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "http.h"

/**
 * struct resource - what is listed and watched
 * @name: for the log and for metrics, such as "services"
 * @kind: of one object, such as "Service"
 * @path: of the collection
 * @query: selectors, escaped, each with a & before it; or empty
 */
struct resource {
	const char *name;
	const char *kind;
	const char *path;
	const char *query;
};

/**
 * struct reflector_handler - who wants to know
 * @replace_begin: a list begins; also in the middle of another, which is void
 * @object: one of the list
 * @replace_end: that were all; others are gone
 * @changed: one was added or modified
 * @deleted: one is gone
 * @bookmark: nothing happened, and the watch is alive
 * @arg: for all of them
 *
 * Objects are the reflector's, and JSON objects with "metadata" that is one,
 * too; nothing else about them is checked.
 */
struct reflector_handler {
	void (*replace_begin)(void *arg);
	void (*object)(json_t *object, void *arg);
	void (*replace_end)(void *arg);
	void (*changed)(json_t *object, void *arg);
	void (*deleted)(json_t *object, void *arg);
	void (*bookmark)(void *arg);
	void *arg;
};

/**
 * struct reflector_timing - how patient it is
 * @watch: seconds that a watch lasts, at least; at most twice that
 * @silence: seconds without a byte until a list is given up; a watch is after
 *	three times that, if there have been bookmarks
 * @grace: seconds that a watch may outlast its time
 * @backoff_min: the first wait after a failure, in microseconds
 * @backoff_max: the longest one
 */
struct reflector_timing {
	long watch;
	long silence;
	long grace;
	uint64_t backoff_min;
	uint64_t backoff_max;
};

/**
 * enum failure - why a list or a watch ended that should not have
 * @FAILURE_NETWORK: no connection, or it broke
 * @FAILURE_TLS: the server is not who it should be
 * @FAILURE_TIMEOUT: nothing came for too long
 * @FAILURE_TRUNCATED: the answer ended in its middle
 * @FAILURE_MALFORMED: it is not what the API server would say
 * @FAILURE_TOO_LONG: a line or a page without end
 * @FAILURE_EXPIRED: 410, the resource version is too old, or too new
 * @FAILURE_UNAUTHORIZED: 401 or 403
 * @FAILURE_THROTTLED: 429
 * @FAILURE_STATUS: another status
 * @FAILURE_SHORT: a watch that ended as soon as it had begun
 * @NR_FAILURES: how many there are
 */
enum failure {
	FAILURE_NETWORK,
	FAILURE_TLS,
	FAILURE_TIMEOUT,
	FAILURE_TRUNCATED,
	FAILURE_MALFORMED,
	FAILURE_TOO_LONG,
	FAILURE_EXPIRED,
	FAILURE_UNAUTHORIZED,
	FAILURE_THROTTLED,
	FAILURE_STATUS,
	FAILURE_SHORT,
	NR_FAILURES,
};

extern const char *const failure_words[NR_FAILURES];

/**
 * struct reflector_counts - what happened so far
 * @pages: pages of lists that came
 * @lists: lists that came whole
 * @watches: watches that began
 * @events: objects that watches brought
 * @bookmarks: bookmarks that they brought
 * @failures: by enum failure
 */
struct reflector_counts {
	uint64_t pages;
	uint64_t lists;
	uint64_t watches;
	uint64_t events;
	uint64_t bookmarks;
	uint64_t failures[NR_FAILURES];
};

struct reflector;

/* All of the arguments stay the caller's; NULL if there is no memory. */
struct reflector *reflector_start(sd_event *event, struct http *http,
				  const struct resource *resource,
				  const struct reflector_timing *timing,
				  const struct reflector_handler *handler);
void reflector_free(struct reflector *r);

const struct resource *reflector_resource(const struct reflector *r);
const struct reflector_counts *reflector_counts(const struct reflector *r);

/* A list came whole, and since then nothing failed that is not made good. */
bool reflector_is_current(const struct reflector *r);

#endif /* _SVCNATD_REFLECTOR_H */
