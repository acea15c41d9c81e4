// SPDX-License-Identifier: GPL-2.0
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "setting.h"

/* A file that is being read. */
struct reading {
	struct kube_store *store;
	const char *path;
	FILE *file;
};

static bool is_list(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));
	size_t length = kind ? strlen(kind) : 0;

	return length >= 4 && !strcmp(kind + length - 4, "List");
}

/* Of other kinds somebody may have asked for as well: they are no mistake. */
static void put(struct reading *r, const json_t *object)
{
	enum kube_kind kind;

	if (kube_kind(object, &kind))
		kube_store_put(r->store, kind, object);
}

static bool take(struct reading *r, const json_t *root)
{
	const json_t *items = json_object_get(root, "items");
	size_t i;

	if (!is_list(root)) {
		put(r, root);
		return json_object_get(root, "kind") ||
		       setting_refuse("%.200s: expected a List of objects",
				      r->path);
	}
	if (!json_is_array(items))
		return setting_refuse("%.200s: expected an array of items in the List",
				      r->path);
	for (i = 0; i < json_array_size(items); i++)
		put(r, json_array_get(items, i));
	return true;
}

/* Whether something follows that is no blank. */
static bool more(FILE *file)
{
	int c;

	do {
		c = getc(file);
	} while (c != EOF && isspace(c));
	if (c != EOF)
		ungetc(c, file);
	return c != EOF;
}

static bool read_all(struct reading *r)
{
	json_error_t error;
	json_t *root;
	bool good, any = false;

	while (more(r->file)) {
		any = true;
		root = json_loadf(r->file, JSON_DISABLE_EOF_CHECK, &error);
		if (!root)
			return setting_refuse("%.200s:%d: %s", r->path,
					      error.line, error.text);
		good = take(r, root);
		json_decref(root);
		if (!good)
			return false;
	}
	if (ferror(r->file))
		return setting_refuse("%.200s: %s", r->path, strerror(errno));
	return any || setting_refuse("%.200s: there is nothing in it", r->path);
}

bool file_read(struct kube_store *store, const char *path)
{
	struct reading r = { .store = store, .path = path, .file = stdin };
	bool good;

	if (strcmp(path, "-"))
		r.file = fopen(path, "re");
	if (!r.file)
		return setting_refuse("%.200s: %s", path, strerror(errno));
	good = read_all(&r);
	if (r.file != stdin)
		fclose(r.file);
	return good;
}
