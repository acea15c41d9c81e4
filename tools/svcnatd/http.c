// SPDX-License-Identifier: GPL-2.0
#include "http.h"

#include <curl/curl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "stream.h"
#include "log.h"

/* How much of an answer that is an error is kept. */
#define ERROR_MAX	(64 << 10)
/* Seconds until a peer that acknowledges nothing is taken for dead. */
#define DEAD_AFTER	30

struct http {
	sd_event *event;
	const struct access *access;
	CURLM *multi;
	sd_event_source *timer;
	struct transfer *transfers;
	uint64_t counts[HTTP_STATUS_END];
};

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

/* A peer that vanished without a word is noticed by the kernel as well. */
static int set_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned int dead = DEAD_AFTER * 1000;

	(void)arg;
	if (purpose == CURLSOCKTYPE_IPCXN)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead,
			   sizeof(dead));
	return CURL_SOCKOPT_OK;
}

static void set_material(CURL *easy, const struct material *material,
			 CURLoption file, CURLoption blob)
{
	struct curl_blob data = {
		.data = material->data,
		.len = material->size,
		.flags = CURL_BLOB_COPY,
	};

	if (material->data)
		curl_easy_setopt(easy, blob, &data);
	else if (material->file)
		curl_easy_setopt(easy, file, material->file);
}

static void set_tls(CURL *easy, const struct access *access)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, !access->insecure);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
			 access->insecure ? 0L : 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_material(easy, &access->ca, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB);
	/* Whom the kubeconfig names is the only one to be trusted. */
	if (access->ca.data || access->ca.file)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	set_material(easy, &access->cert, CURLOPT_SSLCERT,
		     CURLOPT_SSLCERT_BLOB);
	set_material(easy, &access->key, CURLOPT_SSLKEY,
		     CURLOPT_SSLKEY_BLOB);
}

static void set_limits(CURL *easy, const struct http_request *req)
{
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, req->connect_timeout);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, req->timeout);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, req->silence);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)DEAD_AFTER);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket);
}

static bool set_url(struct transfer *transfer, const struct access *access)
{
	CURLU *url = curl_url();
	char *full = NULL, *host = NULL, *port = NULL, *route = NULL;
	bool good = false;

	if (asprintf(&full, "%s%s", access->server, transfer->req.path) < 0)
		full = NULL;
	if (!url || !full || curl_url_set(url, CURLUPART_URL, full, 0))
		goto out;
	if (access->server_name) {
		/* Another name in the certificate, the same way there. */
		if (curl_url_get(url, CURLUPART_HOST, &host, 0) ||
		    curl_url_get(url, CURLUPART_PORT, &port,
				 CURLU_DEFAULT_PORT) ||
		    asprintf(&route, "::%s:%s", host, port) < 0 ||
		    curl_url_set(url, CURLUPART_HOST, access->server_name, 0))
			goto out;
		transfer->connect_to = curl_slist_append(NULL, route);
		curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO,
				 transfer->connect_to);
	}
	free(full);
	full = NULL;
	curl_url_get(url, CURLUPART_URL, &full, 0);
	good = full && !curl_easy_setopt(transfer->easy, CURLOPT_URL, full);
out:
	free(full);
	free(host);
	free(port);
	free(route);
	curl_url_cleanup(url);
	return good;
}

static bool set_headers(struct transfer *transfer,
			const struct access *access)
{
	char *token = access_token(access), *header = NULL;

	transfer->headers = curl_slist_append(NULL,
					      "Accept: application/json");
	if (token && asprintf(&header, "Authorization: Bearer %s", token) > 0)
		curl_slist_append(transfer->headers, header);
	if (token)
		explicit_bzero(token, strlen(token));
	if (header)
		explicit_bzero(header, strlen(header));
	free(token);
	free(header);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
			 transfer->headers);
	return transfer->headers;
}

static bool set_up(struct transfer *transfer)
{
	const struct access *access = transfer->http->access;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->words);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* One watch, one connection: what is lost is lost for one alone. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	/* A certificate that was replaced counts from a new connection on. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
			 (long)transfer->req.fresh);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "svcnatd");
	if (access->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, access->proxy);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	set_limits(easy, &transfer->req);
	set_tls(easy, access);
	return set_url(transfer, access) && set_headers(transfer, access);
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
	if (!transfer->easy || !set_up(transfer) ||
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
