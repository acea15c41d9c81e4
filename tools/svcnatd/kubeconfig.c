// SPDX-License-Identifier: GPL-2.0
/* A kubeconfig file into struct access. */
#include "access.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "log.h"
#include "document.h"

/* A file that is being understood. */
struct file {
	const char *path;
	json_t *root;
	const char *context;
};

__attribute__((format(printf, 2, 3)))
static bool refuse(const struct file *file, const char *format, ...)
{
	char why[512];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	log_say(LOG_ERR, "kubeconfig \"%.200s\": %s", file->path, why);
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : NULL;
}

/* The entry of list @list that is called @name: what is under @key there. */
static json_t *find(const struct file *file, const char *list,
		    const char *key, const char *name)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(file->root, list), i, entry) {
		const char *text = text_of(entry, "name");

		if (text && !strcmp(text, name))
			return json_object_get(entry, key);
	}
	return NULL;
}

/* A path in the file is relative to the file. */
static char *resolve(const struct file *file, const char *path)
{
	const char *slash = strrchr(file->path, '/');
	char *full;

	if (*path == '/' || !slash)
		return strdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - file->path), file->path,
		     path) < 0)
		return NULL;
	return full;
}

/* Data takes precedence over a file, as with kubectl. */
static bool take_material(const struct file *file, const json_t *object,
			  const char *key, struct material *material)
{
	const char *text;
	char data_key[64];

	snprintf(data_key, sizeof(data_key), "%s-data", key);
	text = text_of(object, data_key);
	if (text) {
		material->data = base64_decode(text, &material->size);
		return material->data ||
		       refuse(file, "%s is not base64", data_key);
	}
	text = text_of(object, key);
	if (!text)
		return true;
	material->file = resolve(file, text);
	return material->file;
}

static bool take_switch(const struct file *file, const json_t *object,
			const char *key, bool *on)
{
	const char *text = text_of(object, key);

	*on = text && !strcmp(text, "true");
	return !text || *on || !strcmp(text, "false") ||
	       refuse(file, "%s: expected true or false, not \"%.64s\"", key,
		      text);
}

static bool take_cluster(const struct file *file, const json_t *cluster,
			 const char *master, struct access *access)
{
	const char *server = master ? master : text_of(cluster, "server");
	size_t length;

	if (!server)
		return refuse(file, "the cluster of context \"%.64s\" has no server",
			      file->context);
	if (!access_set(&access->server, server) ||
	    !access_set(&access->server_name,
			text_of(cluster, "tls-server-name")) ||
	    !access_set(&access->proxy, text_of(cluster, "proxy-url")))
		return refuse(file, "out of memory");
	length = strlen(access->server);
	while (length && access->server[length - 1] == '/')
		access->server[--length] = '\0';
	return take_switch(file, cluster, "insecure-skip-tls-verify",
			   &access->insecure) &&
	       take_material(file, cluster, "certificate-authority",
			     &access->ca);
}

/* Ways to be known that we have not; silence would be an endless 401. */
static bool check_user(const struct file *file, const json_t *user)
{
	static const char *const unknown[] = {
		"auth-provider", "username", "password", "as", "as-uid",
		"as-groups", "as-user-extra",
	};
	size_t i;

	if (json_object_get(user, "exec"))
		return refuse(file, "the user of context \"%.64s\" wants a program run (exec): svcnatd runs none; give it a token, a token file or a client certificate",
			      file->context);
	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (json_object_get(user, unknown[i]))
			return refuse(file, "the user of context \"%.64s\" has \"%s\", which svcnatd does not know; give it a token, a token file or a client certificate",
				      file->context, unknown[i]);
	return true;
}

static bool take_user(const struct file *file, const json_t *user,
		      struct access *access)
{
	const char *token = text_of(user, "tokenFile");

	if (!check_user(file, user))
		return false;
	if (token) {
		access->token_file = resolve(file, token);
		if (!access->token_file)
			return false;
	}
	return access_set(&access->token, text_of(user, "token")) &&
	       take_material(file, user, "client-certificate",
			     &access->cert) &&
	       take_material(file, user, "client-key", &access->key);
}

static bool take_context(struct file *file, const char *master,
			 struct access *access)
{
	json_t *context, *cluster, *user;
	const char *name;

	if (!file->context)
		file->context = text_of(file->root, "current-context");
	if (!file->context)
		return refuse(file, "it names no current context");
	context = find(file, "contexts", "context", file->context);
	if (!context)
		return refuse(file, "there is no context \"%.64s\"",
			      file->context);
	name = text_of(context, "cluster");
	cluster = name ? find(file, "clusters", "cluster", name) : NULL;
	if (!json_is_object(cluster))
		return refuse(file, "there is no cluster \"%.64s\" as context \"%.64s\" wants",
			      name ? name : "", file->context);
	name = text_of(context, "user");
	user = name ? find(file, "users", "user", name) : NULL;
	if (name && !user)
		return refuse(file, "there is no user \"%.64s\" as context \"%.64s\" wants",
			      name, file->context);
	return take_cluster(file, cluster, master, access) &&
	       take_user(file, user, access) && access_check(access);
}

bool access_kubeconfig(struct access *access, const char *path,
		       const char *context, const char *master)
{
	struct file file = { .path = path, .context = context };
	char error[256];
	bool good;

	file.root = document_load(path, error, sizeof(error));
	if (!file.root)
		return refuse(&file, "%s", error);
	good = json_is_object(file.root)
		? take_context(&file, master, access)
		: refuse(&file, "it is no kubeconfig");
	json_decref(file.root);
	return good;
}
