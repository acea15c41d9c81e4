// SPDX-License-Identifier: GPL-2.0
#include "http_inside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "log.h"

/* How much of an answer that is an error is kept. */
#define ERROR_MAX	(64 << 10)

/* The end of a transfer. */

static void free_transfer(struct transfer *transfer)
{
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->connect_to);
	stream_free(&transfer->error);
	free(transfer);
}

static void unlink_transfer(struct transfer *transfer)
{
	struct transfer **at = &transfer->http->transfers;

	while (*at != transfer)
		at = &(*at)->next;
	*at = transfer->next;
	curl_multi_remove_handle(transfer->http->multi, transfer->easy);
}

void http_cancel(struct transfer *transfer)
{
	if (!transfer)
		return;
	unlink_transfer(transfer);
	free_transfer(transfer);
}

/* Errors of the API server are objects of kind Status. */
static const char *status_message(struct transfer *transfer, json_t **status)
{
	const char *message;

	*status = json_loadb(transfer->error.text, transfer->error.length, 0,
			     NULL);
	message = json_string_value(json_object_get(*status, "message"));
	return message ? message : "";
}

static void describe(struct transfer *transfer, CURLcode code, long status)
{
	json_t *body = NULL;

	if (code != CURLE_OK && !transfer->stopped)
		snprintf(transfer->sentence, sizeof(transfer->sentence), "%s",
			 *transfer->words ? transfer->words
					  : curl_easy_strerror(code));
	else if (status != 200)
		snprintf(transfer->sentence, sizeof(transfer->sentence),
			 "HTTP status %ld%s%.300s", status,
			 transfer->error.length ? ": " : "",
			 transfer->error.length
				? status_message(transfer, &body) : "");
	json_decref(body);
}

static enum http_failure failure_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return HTTP_TLS;
	default:
		return HTTP_OTHER;
	}
}

static void finish(struct transfer *transfer, CURLcode code)
{
	struct http_result result = { .stopped = transfer->stopped };
	curl_off_t retry_after = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
			  &result.status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
	result.complete = code == CURLE_OK;
	result.failure = failure_of(code);
	result.retry_after = retry_after > 0 ? (long)retry_after : 0;
	describe(transfer, code, result.status);
	if (result.status >= 0 && result.status < HTTP_STATUS_END)
		transfer->http->counts[result.status]++;
	result.sentence = transfer->sentence;
	unlink_transfer(transfer);
	transfer->req.done(&result, transfer->req.arg);
	free_transfer(transfer);
}

/* libcurl asks for events. */

static void reap(struct http *http)
{
	struct transfer *transfer;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
				  &transfer);
		finish(transfer, msg->data.result);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct http *http = arg;
	int what = 0, running;

	(void)source;
	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(http->multi, fd, what, &running);
	reap(http);
	return 0;
}

static uint32_t events_of(int what)
{
	return (what & CURL_POLL_IN ? EPOLLIN : 0) |
	       (what & CURL_POLL_OUT ? EPOLLOUT : 0);
}

/* @source: what we had attached to that socket, NULL at first. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		       void *source)
{
	struct http *http = arg;
	sd_event_source *io = source;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(io);
		return 0;
	}
	if (io)
		return sd_event_source_set_io_events(io, events_of(what)) < 0
			? -1 : 0;
	if (sd_event_add_io(http->event, &io, fd, events_of(what), on_io,
			    http) < 0)
		return -1;
	curl_multi_assign(http->multi, fd, io);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct http *http = arg;
	int running;

	(void)source;
	(void)usec;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0,
				 &running);
	reap(http);
	return 0;
}

static int want_timer(CURLM *multi, long milliseconds, void *arg)
{
	struct http *http = arg;

	(void)multi;
	if (milliseconds < 0)
		return sd_event_source_set_enabled(http->timer,
						   SD_EVENT_OFF);
	/*
	 * It cuts what is less than a millisecond, and would not ask again if
	 * we came too early by that.
	 */
	if (milliseconds)
		milliseconds++;
	sd_event_source_set_time_relative(http->timer,
					  (uint64_t)milliseconds * 1000);
	sd_event_source_set_enabled(http->timer, SD_EVENT_ONESHOT);
	return 0;
}

/* The transfer's own. */

static size_t on_data(char *data, size_t one, size_t size, void *arg)
{
	struct transfer *transfer = arg;
	long status = 0;

	(void)one;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		/* An error's text is not worth an error. */
		stream_keep(&transfer->error, data, size);
		return size;
	}
	if (transfer->req.data(data, size, transfer->req.arg))
		return size;
	transfer->stopped = true;
	return 0;
}

struct transfer *http_get(struct http *http, const struct http_request *req)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->http = http;
	transfer->req = *req;
	stream_init(&transfer->error, ERROR_MAX);
	transfer->easy = curl_easy_init();
	if (!transfer->easy || !http_set_up(transfer) ||
	    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_data) ||
	    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer) ||
	    curl_multi_add_handle(http->multi, transfer->easy)) {
		free_transfer(transfer);
		return NULL;
	}
	transfer->next = http->transfers;
	http->transfers = transfer;
	return transfer;
}

uint64_t http_count(const struct http *http, unsigned int status)
{
	return http->counts[status];
}

const char *http_server(const struct http *http)
{
	return http->access->server;
}

char *http_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0), *copy = NULL;

	if (escaped)
		copy = strdup(escaped);
	curl_free(escaped);
	return copy;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->transfers)
		/* The next time it is another one. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		http_cancel(http->transfers);
	if (http->multi)
		curl_multi_cleanup(http->multi);
	sd_event_source_disable_unref(http->timer);
	free(http);
	curl_global_cleanup();
}

struct http *http_alloc(sd_event *event, const struct access *access)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(http);
		return NULL;
	}
	http->event = event;
	http->access = access;
	http->multi = curl_multi_init();
	if (!http->multi ||
	    sd_event_add_time_relative(event, &http->timer, CLOCK_MONOTONIC, 0,
				       1, on_timer, http) < 0) {
		log_say(LOG_ERR, "out of memory");
		http_free(http);
		return NULL;
	}
	sd_event_source_set_enabled(http->timer, SD_EVENT_OFF);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return http;
}
