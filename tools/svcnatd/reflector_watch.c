// SPDX-License-Identifier: GPL-2.0
/* The reflector watches: a line at a time. */
#include "reflector_inside.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

#define LINE_MAX	(16 << 20)
/* A watch that lasts so long, in microseconds, did its work. */
#define WATCH_MIN	1000000
/* So many bookmarks may be missing before a watch is given up. */
#define BOOKMARKS	3

static int end_watch(struct reflector *r, enum failure failure)
{
	r->ended = failure;
	return 1;
}

static int take_error(struct reflector *r, const json_t *status)
{
	const char *message;
	int code = answer_status(status, &message);

	snprintf(r->why, sizeof(r->why), "an error in the stream, code %d: %.180s",
		 code, message);
	if (answer_is_expired(code, message))
		return end_watch(r, FAILURE_EXPIRED);
	return end_watch(r, code == 429 ? FAILURE_THROTTLED : FAILURE_STATUS);
}

/* How far apart they are is the server's choice. */
static void take_bookmark(struct reflector *r)
{
	uint64_t now = reflector_now();

	if (now - r->alive > r->gap)
		r->gap = now - r->alive;
	r->alive = now;
	r->counts.bookmarks++;
	r->handler.bookmark(r->handler.arg);
}

static void take_object(struct reflector *r, const struct answer_event *event)
{
	if (event->type == ANSWER_BOOKMARK) {
		take_bookmark(r);
	} else {
		r->counts.events++;
		if (event->type == ANSWER_DELETED)
			r->handler.deleted(event->object, r->handler.arg);
		else
			r->handler.changed(event->object, r->handler.arg);
	}
	reflector_keep(&r->version, event->version);
	r->events++;
	r->stuck = 0;
	r->current = true;
	backoff_reset(&r->backoff);
}

static int take_line(const char *line, size_t length, void *arg)
{
	struct reflector *r = arg;
	struct answer_event event;
	int err = 0;

	if (!length)
		return 0;
	if (!answer_read_event(&event, line, length, r->resource->kind,
			       r->why))
		return end_watch(r, FAILURE_MALFORMED);
	if (event.type == ANSWER_ERROR)
		err = take_error(r, event.object);
	else
		take_object(r, &event);
	json_decref(event.root);
	return err;
}

static bool watch_data(const char *data, size_t size, void *arg)
{
	struct reflector *r = arg;
	int err = stream_feed(&r->input, data, size, take_line, r);

	if (err == STREAM_TOO_LONG) {
		snprintf(r->why, sizeof(r->why), "a line of more than %d bytes",
			 LINE_MAX);
		r->ended = FAILURE_TOO_LONG;
	}
	return !err;
}

/* The server ended it, as it should. */
static void end_well(struct reflector *r)
{
	if (r->input.length) {
		reflector_fail(r, FAILURE_TRUNCATED,
			       "the stream ended within a line", 200, 0);
		return;
	}
	if (!r->events && reflector_now() - r->begin < WATCH_MIN) {
		reflector_fail(r, FAILURE_SHORT, "the watch ended at once", 200, 0);
		return;
	}
	r->current = true;
	r->again = false;
	r->stuck = 0;
	backoff_reset(&r->backoff);
	log_line(LOG_DEBUG, "watch ended",
		 LOG_TEXT("resource", r->resource->name),
		 LOG_NUMBER("events", (long long)r->events),
		 LOG_TEXT("version", r->version));
	reflector_go_in(r, 0);
}

static void watch_done(const struct http_result *result, void *arg)
{
	struct reflector *r = arg;

	r->transfer = NULL;
	if (result->stopped)
		reflector_fail(r, r->ended, r->why, 200, 0);
	else if (!reflector_is_good(result))
		reflector_fail_result(r, result);
	else
		end_well(r);
	stream_reset(&r->input);
}

static char *watch_path(const struct reflector *r, long seconds)
{
	char *version = http_escape(r->version), *path = NULL;

	if (!version ||
	    asprintf(&path, "%s?watch=true&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%ld%s",
		     r->resource->path, version, seconds,
		     r->resource->query) < 0)
		path = NULL;
	free(version);
	return path;
}

/* Where no bookmarks come a watch in which nothing happens is silent. */
static long silence_of(const struct reflector *r)
{
	long gap = (long)(r->gap / 1000000) + 1;

	if (!r->counts.bookmarks)
		return 0;
	if (gap < r->timing->silence)
		gap = r->timing->silence;
	return BOOKMARKS * gap;
}

void reflector_watch(struct reflector *r)
{
	/* Not all nodes at the same time. */
	long seconds = r->timing->watch +
		       (long)backoff_random((uint64_t)r->timing->watch + 1);
	struct http_request req = {
		.path = watch_path(r, seconds),
		.connect_timeout = REFLECTOR_CONNECT,
		.silence = silence_of(r),
		.timeout = seconds + r->timing->grace,
		.fresh = r->again,
		.data = watch_data,
		.done = watch_done,
		.arg = r,
	};

	r->input.max = LINE_MAX;
	r->begin = reflector_now();
	r->alive = r->begin;
	r->events = 0;
	r->ended = NR_FAILURES;
	r->counts.watches++;
	if (req.path)
		r->transfer = http_get(r->http, &req);
	free((char *)req.path);
}
