/* SPDX-License-Identifier: GPL-2.0 */
/* What reflector.c, reflector_list.c and reflector_watch.c share. */
#ifndef _SVCNATD_REFLECTOR_INSIDE_H
#define _SVCNATD_REFLECTOR_INSIDE_H

#include "answer.h"
#include "backoff.h"
#include "reflector.h"
#include "stream.h"

#define REFLECTOR_PAGE		500	/* objects */
#define REFLECTOR_CONNECT	15	/* seconds until there is a connection */

/**
 * struct reflector - a resource that is kept up with
 * @event: the loop that it is in
 * @http: the way to the server
 * @resource: which
 * @timing: how patient it is
 * @handler: who wants to know
 * @counts: what happened so far
 * @backoff: after failures
 * @transfer: the request that goes on, or NULL
 * @timer: when the next one begins
 * @input: what came of it and is not whole
 * @version: of what the handler knows
 * @next: where the list goes on, or NULL
 * @limit: how many objects a page may have
 * @watching: the next request is a watch, not a list
 * @listed: a list came whole
 * @current: nothing failed since all was well
 * @again: the next request follows a failure
 * @stuck: how many watches failed at one place
 * @begin: when this one began, in microseconds
 * @alive: when its last bookmark came, or the same
 * @gap: the most that was between two bookmarks, in microseconds
 * @events: what it brought; or how many objects a list has
 * @ended: why one of its lines ended it
 * @why: the same in words
 */
struct reflector {
	sd_event *event;
	struct http *http;
	const struct resource *resource;
	const struct reflector_timing *timing;
	struct reflector_handler handler;
	struct reflector_counts counts;
	struct backoff backoff;
	struct transfer *transfer;
	sd_event_source *timer;
	struct stream input;
	char *version;
	char *next;
	int limit;
	bool watching;
	bool listed;
	bool current;
	bool again;
	unsigned int stuck;
	uint64_t begin;
	uint64_t alive;
	uint64_t gap;
	uint64_t events;
	enum failure ended;
	char why[ANSWER_WHY_SIZE];
};

/* Later: the next request, or after a failure again. */
void reflector_go_in(struct reflector *r, uint64_t usec);

/* @retry_after: seconds that the server wishes, or 0. */
void reflector_fail(struct reflector *r, enum failure failure,
		    const char *why, long status, long retry_after);
void reflector_fail_result(struct reflector *r,
			   const struct http_result *result);
bool reflector_is_good(const struct http_result *result);

/* Takes a copy of @text, which may be NULL. */
void reflector_keep(char **member, const char *text);

/* Microseconds of a clock that nobody sets. */
uint64_t reflector_now(void);

/* Begin. */
void reflector_list(struct reflector *r);
void reflector_watch(struct reflector *r);

#endif /* _SVCNATD_REFLECTOR_INSIDE_H */
