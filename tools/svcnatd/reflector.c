// SPDX-License-Identifier: GPL-2.0
/*
 * A list comes in pages, then a watch goes on from its resource version; when
 * that ends, the next one begins where it was.  Only when the server says that
 * it knows no longer, or when a watch gets stuck, there is a new list.
 */
#include "reflector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "backoff.h"
#include "stream.h"
#include "log.h"
#include "memory.h"

#define PAGE_OBJECTS	500
#define PAGE_TIMEOUT	300	/* seconds */
#define PAGE_MAX	(64 << 20)
#define LINE_MAX	(16 << 20)
#define CONNECT_TIMEOUT	15
#define RETRY_AFTER_MAX	300
/* How many watches may fail at one place before it is stepped over. */
#define STUCK_MAX	3
/* A watch that lasts so long, in microseconds, did its work. */
#define WATCH_MIN	1000000

const char *const failure_words[NR_FAILURES] = {
	[FAILURE_NETWORK] = "network",
	[FAILURE_TLS] = "tls",
	[FAILURE_TIMEOUT] = "timeout",
	[FAILURE_TRUNCATED] = "truncated",
	[FAILURE_MALFORMED] = "malformed",
	[FAILURE_TOO_LONG] = "too_long",
	[FAILURE_EXPIRED] = "expired",
	[FAILURE_UNAUTHORIZED] = "unauthorized",
	[FAILURE_THROTTLED] = "throttled",
	[FAILURE_STATUS] = "status",
	[FAILURE_SHORT] = "short",
};

/*
 * version: of what the handler knows.  next: where the list goes on.  limit: how
 * many objects a page may have.  again: the next request follows a failure.  stuck: how many watches failed at one place.
 * ended: why a watch's line ended it.
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
	uint64_t events;
	enum failure ended;
	char why[ANSWER_WHY_SIZE];
};

static void go(struct reflector *r);

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void keep_text(char **member, const char *text)
{
	char *copy = text ? memory_copy(text) : NULL;

	free(*member);
	*member = copy;
}

/* Later. */

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	go(arg);
	return 0;
}

static void go_in(struct reflector *r, uint64_t usec)
{
	sd_event_source_set_time_relative(r->timer, usec);
	sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

/* What of the past is of use still. */
static void step_back(struct reflector *r, enum failure failure)
{
	if (!r->watching) {
		/* Pages of two lists make none. */
		keep_text(&r->next, NULL);
		if (failure == FAILURE_TOO_LONG && r->limit > 1)
			r->limit /= 4;
		return;
	}
	if (failure == FAILURE_EXPIRED)
		r->watching = false;
	else if (failure != FAILURE_NETWORK && failure != FAILURE_TIMEOUT &&
		 failure != FAILURE_UNAUTHORIZED &&
		 failure != FAILURE_THROTTLED && ++r->stuck >= STUCK_MAX)
		r->watching = false;
}

/* @retry_after: seconds that the server wishes, or 0. */
static void fail(struct reflector *r, enum failure failure, const char *why,
		 long status, long retry_after)
{
	uint64_t wait = backoff_take(&r->backoff), wish;
	const char *doing = r->watching ? "watch" : "list";

	if (retry_after > RETRY_AFTER_MAX)
		retry_after = RETRY_AFTER_MAX;
	wish = (uint64_t)retry_after * 1000000;
	if (wait < wish)
		wait = wish + backoff_random(wait);
	r->counts.failures[failure]++;
	r->current = false;
	r->again = true;
	step_back(r, failure);
	log_line(LOG_WARNING, "the API failed, what is programmed stays",
		 LOG_TEXT("resource", r->resource->name),
		 LOG_TEXT("doing", doing),
		 LOG_TEXT("reason", failure_words[failure]),
		 LOG_NUMBER("status", status), LOG_TEXT("error", why),
		 LOG_TEXT("version", r->version),
		 LOG_TEXT("next", r->watching ? "watch" : "list"),
		 LOG_NUMBER("retry_ms", (long long)(wait / 1000)));
	go_in(r, wait);
}

static enum failure classify(const struct http_result *result)
{
	if (!result->status && !result->complete)
		return result->failure == HTTP_TLS ? FAILURE_TLS :
		       result->failure == HTTP_TIMEOUT ? FAILURE_TIMEOUT :
							 FAILURE_NETWORK;
	if (result->status == 200)
		return result->failure == HTTP_TIMEOUT ? FAILURE_TIMEOUT :
							 FAILURE_TRUNCATED;
	if (answer_is_expired(result->status, result->sentence))
		return FAILURE_EXPIRED;
	if (result->status == 401 || result->status == 403)
		return FAILURE_UNAUTHORIZED;
	return result->status == 429 ? FAILURE_THROTTLED : FAILURE_STATUS;
}

static bool is_good(const struct http_result *result)
{
	return result->status == 200 && result->complete;
}

static void fail_result(struct reflector *r, const struct http_result *result)
{
	fail(r, classify(result), result->sentence, result->status,
	     result->retry_after);
}

/* A list, a page at a time. */

static bool list_data(const char *data, size_t size, void *arg)
{
	struct reflector *r = arg;

	return !stream_keep(&r->input, data, size);
}

static void end_list(struct reflector *r, const char *version)
{
	keep_text(&r->version, version);
	keep_text(&r->next, NULL);
	r->counts.lists++;
	r->listed = true;
	r->current = true;
	r->again = false;
	r->stuck = 0;
	r->watching = true;
	backoff_reset(&r->backoff);
	r->handler.replace_end(r->handler.arg);
	log_line(LOG_INFO, "listed", LOG_TEXT("resource", r->resource->name),
		 LOG_NUMBER("objects", (long long)r->events),
		 LOG_TEXT("version", version));
}

static void take_page(struct reflector *r, const struct answer_page *page)
{
	json_t *item;
	size_t i;

	if (!r->next) {
		r->events = 0;
		r->handler.replace_begin(r->handler.arg);
	}
	r->counts.pages++;
	json_array_foreach(page->items, i, item)
		r->handler.object(item, r->handler.arg);
	r->events += i;
	if (!page->next)
		end_list(r, page->version);
	else
		keep_text(&r->next, page->next);
}

static bool is_loop(const struct reflector *r, const struct answer_page *page)
{
	return page->next && r->next && !strcmp(page->next, r->next);
}

static void read_page(struct reflector *r)
{
	struct answer_page page;
	bool good;

	if (!answer_read_page(&page, r->input.text, r->input.length,
			      r->resource->kind, r->why)) {
		fail(r, FAILURE_MALFORMED, r->why, 200, 0);
		return;
	}
	good = !is_loop(r, &page);
	if (good)
		take_page(r, &page);
	json_decref(page.root);
	stream_reset(&r->input);
	if (good)
		go_in(r, 0);
	else
		fail(r, FAILURE_MALFORMED, "a list that turns in circles", 200,
		     0);
}

static void list_done(const struct http_result *result, void *arg)
{
	struct reflector *r = arg;

	r->transfer = NULL;
	if (result->stopped)
		fail(r, FAILURE_TOO_LONG, "a page without end", 200, 0);
	else if (!is_good(result))
		fail_result(r, result);
	else
		read_page(r);
	stream_reset(&r->input);
}

/*
 * Without a resource version the answer is what is there now, never an older
 * state than we know; and it comes in pages, which an answer from the server's
 * cache would not everywhere.
 */
static char *list_path(const struct reflector *r)
{
	char *next = r->next ? http_escape(r->next) : NULL;
	char *path = NULL;

	if (asprintf(&path, "%s?limit=%d%s%s%s", r->resource->path,
		     r->limit, next ? "&continue=" : "", next ? next : "",
		     r->resource->query) < 0)
		path = NULL;
	free(next);
	return path;
}

/* A watch, a line at a time. */

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

static void take_object(struct reflector *r, const struct answer_event *event)
{
	if (event->type == ANSWER_BOOKMARK) {
		r->counts.bookmarks++;
		r->handler.bookmark(r->handler.arg);
	} else {
		r->counts.events++;
		if (event->type == ANSWER_DELETED)
			r->handler.deleted(event->object, r->handler.arg);
		else
			r->handler.changed(event->object, r->handler.arg);
	}
	keep_text(&r->version, event->version);
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
		fail(r, FAILURE_TRUNCATED, "the stream ended within a line",
		     200, 0);
		return;
	}
	if (!r->events && now() - r->begin < WATCH_MIN) {
		fail(r, FAILURE_SHORT, "the watch ended at once", 200, 0);
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
	go_in(r, 0);
}

static void watch_done(const struct http_result *result, void *arg)
{
	struct reflector *r = arg;

	r->transfer = NULL;
	if (result->stopped)
		fail(r, r->ended, r->why, 200, 0);
	else if (!is_good(result))
		fail_result(r, result);
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

/* The next request. */

static void start_list(struct reflector *r)
{
	struct http_request req = {
		.path = list_path(r),
		.connect_timeout = CONNECT_TIMEOUT,
		.timeout = PAGE_TIMEOUT,
		.silence = r->timing->silence,
		.fresh = r->again,
		.data = list_data,
		.done = list_done,
		.arg = r,
	};

	r->input.max = PAGE_MAX;
	if (req.path)
		r->transfer = http_get(r->http, &req);
	free((char *)req.path);
}

static void start_watch(struct reflector *r)
{
	/* Not all nodes at the same time. */
	long seconds = r->timing->watch +
		       (long)backoff_random((uint64_t)r->timing->watch + 1);
	struct http_request req = {
		.path = watch_path(r, seconds),
		.connect_timeout = CONNECT_TIMEOUT,
		.timeout = seconds + r->timing->grace,
		.silence = seconds + r->timing->grace,
		.fresh = r->again,
		.data = watch_data,
		.done = watch_done,
		.arg = r,
	};

	r->input.max = LINE_MAX;
	r->begin = now();
	r->events = 0;
	r->ended = NR_FAILURES;
	r->counts.watches++;
	if (req.path)
		r->transfer = http_get(r->http, &req);
	free((char *)req.path);
}

static void go(struct reflector *r)
{
	stream_reset(&r->input);
	if (r->watching)
		start_watch(r);
	else
		start_list(r);
	if (!r->transfer)
		fail(r, FAILURE_NETWORK, "out of memory", 0, 0);
}

struct reflector *reflector_start(sd_event *event, struct http *http,
				  const struct resource *resource,
				  const struct reflector_timing *timing,
				  const struct reflector_handler *handler)
{
	struct reflector *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->event = event;
	r->http = http;
	r->resource = resource;
	r->timing = timing;
	r->handler = *handler;
	r->limit = PAGE_OBJECTS;
	stream_init(&r->input, PAGE_MAX);
	backoff_init(&r->backoff, timing->backoff_min, timing->backoff_max);
	if (sd_event_add_time_relative(event, &r->timer, CLOCK_MONOTONIC, 0, 1,
				       on_timer, r) < 0) {
		free(r);
		return NULL;
	}
	return r;
}

void reflector_free(struct reflector *r)
{
	if (!r)
		return;
	http_cancel(r->transfer);
	sd_event_source_disable_unref(r->timer);
	stream_free(&r->input);
	free(r->version);
	free(r->next);
	free(r);
}

const struct resource *reflector_resource(const struct reflector *r)
{
	return r->resource;
}

const struct reflector_counts *reflector_counts(const struct reflector *r)
{
	return &r->counts;
}

bool reflector_is_current(const struct reflector *r)
{
	return r->listed && r->current;
}
