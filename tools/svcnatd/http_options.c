// SPDX-License-Identifier: GPL-2.0
/* What libcurl is told about one request: whom to trust, and for how long. */
#include "http_inside.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Seconds until a peer that acknowledges nothing is taken for dead. */
#define DEAD_AFTER	30

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
	/* A file that was replaced counts at once. */
	if (access->ca.file)
		curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
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

bool http_set_up(struct transfer *transfer)
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
	set_limits(easy, &transfer->req);
	set_tls(easy, access);
	return set_url(transfer, access) && set_headers(transfer, access);
}
