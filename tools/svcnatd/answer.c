// SPDX-License-Identifier: GPL-2.0
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define VERSION_MAX	256
#define CONTINUE_MAX	(16 << 10)

__attribute__((format(printf, 2, 3)))
static bool fail(char why[ANSWER_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, ANSWER_WHY_SIZE, format, args);
	va_end(args);
	return false;
}

static json_t *load(const char *text, size_t size, char why[ANSWER_WHY_SIZE])
{
	json_error_t error;
	/* Whoever may write an annotation must not blind us with a NUL. */
	json_t *root = json_loadb(text, size, JSON_ALLOW_NUL, &error);

	if (!root)
		fail(why, "no JSON: %.160s (byte %d)", error.text,
		     error.position);
	return root;
}

static const json_t *metadata_of(const json_t *object)
{
	return json_object_get(object, "metadata");
}

bool answer_is_object(const json_t *object)
{
	return json_is_object(metadata_of(object));
}

/* NULL if there is none that we could send back. */
static const char *version_of(const json_t *object)
{
	const json_t *text = json_object_get(metadata_of(object),
					     "resourceVersion");
	const char *version = json_string_value(text);

	return version && *version && strlen(version) <= VERSION_MAX ? version
								    : NULL;
}

static const char *kind_of(const json_t *object)
{
	const char *kind = json_string_value(json_object_get(object, "kind"));

	return kind ? kind : "";
}

static bool read_type(struct answer_event *event, char why[ANSWER_WHY_SIZE])
{
	static const struct {
		const char *word;
		enum answer_type type;
	} types[] = {
		{ "ADDED", ANSWER_CHANGED },
		{ "MODIFIED", ANSWER_CHANGED },
		{ "DELETED", ANSWER_DELETED },
		{ "BOOKMARK", ANSWER_BOOKMARK },
		{ "ERROR", ANSWER_ERROR },
	};
	const char *word = json_string_value(json_object_get(event->root,
							     "type"));
	size_t i;

	if (!word)
		return fail(why, "an event without a type");
	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		event->type = types[i].type;
		if (!strcmp(types[i].word, word))
			return true;
	}
	return fail(why, "an event of type \"%.64s\"", word);
}

static bool check_event(struct answer_event *event, const char *kind,
			char why[ANSWER_WHY_SIZE])
{
	if (!read_type(event, why))
		return false;
	event->object = json_object_get(event->root, "object");
	if (!json_is_object(event->object))
		return fail(why, "an event without an object");
	if (event->type == ANSWER_ERROR)
		return true;
	if (strcmp(kind_of(event->object), kind))
		return fail(why, "an event about a \"%.64s\", not a %s",
			    kind_of(event->object), kind);
	event->version = version_of(event->object);
	return event->version || fail(why, "an event without a resource version");
}

bool answer_read_event(struct answer_event *event, const char *text,
		       size_t size, const char *kind,
		       char why[ANSWER_WHY_SIZE])
{
	memset(event, 0, sizeof(*event));
	event->root = load(text, size, why);
	if (!event->root)
		return false;
	if (check_event(event, kind, why))
		return true;
	json_decref(event->root);
	return false;
}

static bool is_list_of(const json_t *root, const char *kind)
{
	const char *list = kind_of(root);
	size_t length = strlen(kind);

	return !strncmp(list, kind, length) && !strcmp(list + length, "List");
}

static bool check_items(const struct answer_page *page,
			char why[ANSWER_WHY_SIZE])
{
	const json_t *item;
	size_t i;

	/* An empty list may say null. */
	if (!page->items || json_is_null(page->items))
		return true;
	if (!json_is_array(page->items))
		return fail(why, "a list whose items are none");
	json_array_foreach(page->items, i, item)
		if (!answer_is_object(item))
			return fail(why, "a list with an item without metadata");
	return true;
}

static bool check_page(struct answer_page *page, const char *kind,
		       char why[ANSWER_WHY_SIZE])
{
	const json_t *next = json_object_get(metadata_of(page->root),
					     "continue");

	if (!is_list_of(page->root, kind))
		return fail(why, "a \"%.64s\", not a %sList",
			    kind_of(page->root), kind);
	page->items = json_object_get(page->root, "items");
	page->version = version_of(page->root);
	if (!page->version)
		return fail(why, "a list without a resource version");
	page->next = json_string_value(next);
	if (page->next && !*page->next)
		page->next = NULL;
	if (page->next && strlen(page->next) > CONTINUE_MAX)
		return fail(why, "a list with a token too long to go on with");
	return check_items(page, why);
}

bool answer_read_page(struct answer_page *page, const char *text, size_t size,
		      const char *kind, char why[ANSWER_WHY_SIZE])
{
	memset(page, 0, sizeof(*page));
	page->root = load(text, size, why);
	if (!page->root)
		return false;
	if (check_page(page, kind, why))
		return true;
	json_decref(page->root);
	return false;
}

int answer_status(const json_t *status, const char **message)
{
	*message = json_string_value(json_object_get(status, "message"));
	if (!*message)
		*message = "";
	return (int)json_integer_value(json_object_get(status, "code"));
}

bool answer_is_expired(long code, const char *message)
{
	/* After etcd was restored, ours may be one of the future. */
	return code == 410 ||
	       (message && strstr(message, "Too large resource version"));
}
