// SPDX-License-Identifier: GPL-2.0
#include "access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define ACCOUNT		"/var/run/secrets/kubernetes.io/serviceaccount"
#define TOKEN_MAX	(64 << 10)

bool access_set(char **member, const char *value)
{
	free(*member);
	*member = value ? strdup(value) : NULL;
	return !value || *member;
}

static void free_material(struct material *material)
{
	free(material->file);
	if (material->data)
		explicit_bzero(material->data, material->size);
	free(material->data);
}

void access_free(struct access *access)
{
	free(access->server);
	free(access->server_name);
	free(access->proxy);
	free_material(&access->ca);
	free_material(&access->cert);
	free_material(&access->key);
	if (access->token)
		explicit_bzero(access->token, strlen(access->token));
	free(access->token);
	free(access->token_file);
	memset(access, 0, sizeof(*access));
}

static bool is_there(const struct material *material)
{
	return material->file || material->data;
}

static bool has_secret(const struct access *access)
{
	return access->token || access->token_file ||
	       is_there(&access->key);
}

bool access_check(const struct access *access)
{
	const char *server = access->server;
	bool plain = !strncmp(server, "http://", 7);

	if (!plain && strncmp(server, "https://", 8))
		log_say(LOG_ERR, "server \"%.200s\": expected a URL that begins with https://",
			server);
	else if (plain && has_secret(access))
		log_say(LOG_ERR, "server \"%.200s\": a token or key is not sent without TLS",
			server);
	else if (is_there(&access->cert) != is_there(&access->key))
		log_say(LOG_ERR, "server \"%.200s\": a client certificate and its key belong together",
			server);
	else
		return true;
	return false;
}

/* IPv6 addresses need brackets in a URL. */
static char *server_url(const char *host, const char *port)
{
	bool bare = strchr(host, ':') && *host != '[';
	char *url;

	if (asprintf(&url, "https://%s%s%s:%s", bare ? "[" : "", host,
		     bare ? "]" : "", port) < 0)
		return NULL;
	return url;
}

static const char *account_directory(void)
{
	const char *path = getenv("SVCNATD_SERVICE_ACCOUNT");

	return path ? path : ACCOUNT;
}

static bool account_file(char **member, const char *name)
{
	free(*member);
	if (asprintf(member, "%s/%s", account_directory(), name) < 0)
		*member = NULL;
	return *member && !access(*member, R_OK);
}

bool access_in_cluster(struct access *access, const char *master)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");

	if (master)
		access_set(&access->server, master);
	else if (host && *host && port && *port)
		access->server = server_url(host, port);
	if (!access->server) {
		log_say(LOG_ERR, "no API server: give --kubeconfig, or run in a pod, where KUBERNETES_SERVICE_HOST and _PORT say it");
		return false;
	}
	if (!account_file(&access->token_file, "token") ||
	    !account_file(&access->ca.file, "ca.crt")) {
		log_say(LOG_ERR, "service account \"%.200s\": no token and ca.crt that can be read: %s",
			account_directory(), strerror(errno));
		return false;
	}
	return access_check(access);
}

/* Blanks around it, such as a newline, are no part of it. */
static void trim(char *token)
{
	size_t blanks = strspn(token, " \t\r\n");

	memmove(token, token + blanks, strlen(token + blanks) + 1);
	token[strcspn(token, " \t\r\n")] = '\0';
}

static char *read_token(const char *path)
{
	char *token = calloc(1, TOKEN_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = -1;

	if (fd >= 0 && token)
		size = read(fd, token, TOKEN_MAX);
	if (fd >= 0)
		close(fd);
	if (size < 0)
		log_say(LOG_ERR, "token \"%.200s\": %s", path,
			strerror(errno));
	if (size <= 0) {
		free(token);
		return NULL;
	}
	trim(token);
	return token;
}

char *access_token(const struct access *access)
{
	char *token = NULL;

	if (access->token_file)
		token = read_token(access->token_file);
	if (!token && access->token) {
		token = strdup(access->token);
		if (token)
			trim(token);
	}
	return token;
}
