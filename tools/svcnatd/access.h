/* SPDX-License-Identifier: GPL-2.0 */
/* Where the API server is, how it is known, and how it knows us. */
#ifndef _SVCNATD_ACCESS_H
#define _SVCNATD_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct material - a certificate or a key, in one of two forms
 * @file: its path, read anew with every connection; or NULL
 * @data: the PEM itself, or NULL
 * @size: of @data
 */
struct material {
	char *file;
	void *data;
	size_t size;
};

/**
 * struct access - what a kubeconfig's context says, or a pod's environment
 * @server: https://HOST:PORT, maybe with a path; no slash at its end
 * @server_name: the name its certificate must have, or NULL for that of @server
 * @proxy: the URL of a proxy, or NULL
 * @ca: who signs its certificate; neither form: whom the host trusts
 * @cert: ours
 * @key: ours
 * @token: or NULL
 * @token_file: or NULL; takes precedence over @token
 * @insecure: do not verify its certificate
 */
struct access {
	char *server;
	char *server_name;
	char *proxy;
	struct material ca;
	struct material cert;
	struct material key;
	char *token;
	char *token_file;
	bool insecure;
};

/*
 * Both log why they fail.  @context NULL: the current one.  @master: another
 * server than it says, or NULL.
 */
bool access_kubeconfig(struct access *access, const char *path,
		       const char *context, const char *master);
bool access_in_cluster(struct access *access, const char *master);

void access_free(struct access *access);

/*
 * The token as it is now, for the file is replaced while we run; the caller
 * frees it.  NULL if there is none; logs if it cannot be read.
 */
char *access_token(const struct access *access);

/* Parts of access.c: what both begin and end with. */
bool access_check(const struct access *access);
bool access_set(char **member, const char *value);

#endif /* _SVCNATD_ACCESS_H */
