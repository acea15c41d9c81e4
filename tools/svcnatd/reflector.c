// SPDX-License-Identifier: GPL-2.0
/*
 * A list comes in pages, then a watch goes on from its resource version; when
 * that ends, the next one begins where it was.  Only when the server says that
 * it knows no longer, or when a watch gets stuck, there is a new list.
 */
#include "reflector_inside.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "memory.h"

#define RETRY_AFTER_MAX	300
/* How many watches may fail at one place before it is stepped over. */
#define STUCK_MAX	3

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

static void go(struct reflector *r);

uint64_t reflector_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void reflector_keep(char **member, const char *text)
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

void reflector_go_in(struct reflector *r, uint64_t usec)
{
	sd_event_source_set_time_relative(r->timer, usec);
	sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

/* What of the past is of use still. */
static void step_back(struct reflector *r, enum failure failure)
{
	if (!r->watching) {
		/* Pages of two lists make none. */
		reflector_keep(&r->next, NULL);
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

void reflector_fail(struct reflector *r, enum failure failure,
		    const char *why, long status, long retry_after)
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
	reflector_go_in(r, wait);
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

bool reflector_is_good(const struct http_result *result)
{
	return result->status == 200 && result->complete;
}

void reflector_fail_result(struct reflector *r,
			   const struct http_result *result)
{
	reflector_fail(r, classify(result), result->sentence, result->status,
		       result->retry_after);
}

static void go(struct reflector *r)
{
	stream_reset(&r->input);
	if (r->watching)
		reflector_watch(r);
	else
		reflector_list(r);
	if (!r->transfer)
		reflector_fail(r, FAILURE_NETWORK, "out of memory", 0, 0);
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
	r->limit = REFLECTOR_PAGE;
	stream_init(&r->input, 0);
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
