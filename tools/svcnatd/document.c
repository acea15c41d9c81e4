// SPDX-License-Identifier: GPL-2.0
#include "document.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX	32
#define NODES_MAX	100000

/* A file that is being read. */
struct reading {
	yaml_parser_t parser;
	unsigned int depth;
	unsigned int nodes;
	char *error;
	size_t size;
};

static json_t *fail(struct reading *r, const char *why)
{
	/* The first reason is the cause of the others. */
	if (!*r->error)
		snprintf(r->error, r->size, "line %zu: %s",
			 r->parser.mark.line + 1, why);
	return NULL;
}

static bool next(struct reading *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return true;
	if (!*r->error)
		snprintf(r->error, r->size, "line %zu: %s",
			 r->parser.problem_mark.line + 1,
			 r->parser.problem ? r->parser.problem : "malformed");
	return false;
}

static json_t *read_scalar(struct reading *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	json_t *scalar;

	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (!length || !strcmp(text, "null") || !strcmp(text, "~")))
		return json_null();
	scalar = json_stringn(text, length);
	return scalar ? scalar : fail(r, "a value is not UTF-8");
}

static json_t *read_node(struct reading *r, const yaml_event_t *event);

static json_t *read_list(struct reading *r)
{
	json_t *list = json_array(), *item;
	yaml_event_t event;
	bool end;

	while (next(r, &event)) {
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_node(r, &event);
		yaml_event_delete(&event);
		if (end)
			return list;
		if (!item || json_array_append_new(list, item))
			break;
	}
	json_decref(list);
	return NULL;
}

static bool read_member(struct reading *r, json_t *map,
			const yaml_event_t *key)
{
	yaml_event_t event;
	json_t *value;
	bool done;

	if (key->type != YAML_SCALAR_EVENT) {
		fail(r, "a key is no scalar");
		return false;
	}
	if (!next(r, &event))
		return false;
	value = read_node(r, &event);
	yaml_event_delete(&event);
	done = value && !json_object_set_new(map,
			(const char *)key->data.scalar.value, value);
	if (value && !done)
		fail(r, "a key is not UTF-8");
	return done;
}

static json_t *read_map(struct reading *r)
{
	json_t *map = json_object();
	yaml_event_t event;
	bool end, good;

	while (next(r, &event)) {
		end = event.type == YAML_MAPPING_END_EVENT;
		good = end || read_member(r, map, &event);
		yaml_event_delete(&event);
		if (end)
			return map;
		if (!good)
			break;
	}
	json_decref(map);
	return NULL;
}

/* @event is where the node begins. */
static json_t *read_node(struct reading *r, const yaml_event_t *event)
{
	json_t *node = NULL;

	if (r->depth >= DEPTH_MAX || ++r->nodes > NODES_MAX)
		return fail(r, "too deep or too long");
	r->depth++;
	if (event->type == YAML_SCALAR_EVENT)
		node = read_scalar(r, event);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		node = read_list(r);
	else if (event->type == YAML_MAPPING_START_EVENT)
		node = read_map(r);
	else
		/* A small file could stand for a huge one. */
		fail(r, "aliases are not supported");
	r->depth--;
	return node;
}

static json_t *read_document(struct reading *r)
{
	json_t *document = NULL;
	yaml_event_t event;
	bool begins = false, end = false;

	while (!document && !end && !begins && next(r, &event)) {
		begins = event.type == YAML_DOCUMENT_START_EVENT;
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	if (end)
		return fail(r, "there is nothing in it");
	if (begins && next(r, &event)) {
		document = read_node(r, &event);
		yaml_event_delete(&event);
	}
	return document;
}

json_t *document_load(const char *path, char *error, size_t size)
{
	struct reading r = { .error = error, .size = size };
	FILE *file = fopen(path, "re");
	json_t *document = NULL;

	*error = '\0';
	if (!file) {
		snprintf(error, size, "%s", strerror(errno));
		return NULL;
	}
	if (yaml_parser_initialize(&r.parser)) {
		yaml_parser_set_input_file(&r.parser, file);
		document = read_document(&r);
		yaml_parser_delete(&r.parser);
	} else {
		snprintf(error, size, "out of memory");
	}
	fclose(file);
	return document;
}
