// SPDX-License-Identifier: GPL-2.0
/* The reflector lists: a page at a time. */
#include "reflector_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define PAGE_TIMEOUT	300	/* seconds */
#define PAGE_MAX	(64 << 20)

static bool list_data(const char *data, size_t size, void *arg)
{
	struct reflector *r = arg;

	return !stream_keep(&r->input, data, size);
}

static void end_list(struct reflector *r, const char *version)
{
	reflector_keep(&r->version, version);
	reflector_keep(&r->next, NULL);
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
		reflector_keep(&r->next, page->next);
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
		reflector_fail(r, FAILURE_MALFORMED, r->why, 200, 0);
		return;
	}
	good = !is_loop(r, &page);
	if (good)
		take_page(r, &page);
	json_decref(page.root);
	stream_reset(&r->input);
	if (good)
		reflector_go_in(r, 0);
	else
		reflector_fail(r, FAILURE_MALFORMED,
			       "a list that turns in circles", 200, 0);
}

static void list_done(const struct http_result *result, void *arg)
{
	struct reflector *r = arg;

	r->transfer = NULL;
	if (result->stopped)
		reflector_fail(r, FAILURE_TOO_LONG, "a page without end", 200, 0);
	else if (!reflector_is_good(result))
		reflector_fail_result(r, result);
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

void reflector_list(struct reflector *r)
{
	struct http_request req = {
		.path = list_path(r),
		.connect_timeout = REFLECTOR_CONNECT,
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
