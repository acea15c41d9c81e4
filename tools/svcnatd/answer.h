/* SPDX-License-Identifier: GPL-2.0 */
/* What the API server answers: a page of a list, an event of a watch. */
#ifndef _SVCNATD_ANSWER_H
#define _SVCNATD_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * enum answer_type - what a line of a watch is
 * @ANSWER_CHANGED: an object was added or modified
 * @ANSWER_DELETED: an object is gone
 * @ANSWER_BOOKMARK: only a resource version
 * @ANSWER_ERROR: the watch failed: the object is a Status
 */
enum answer_type {
	ANSWER_CHANGED,
	ANSWER_DELETED,
	ANSWER_BOOKMARK,
	ANSWER_ERROR,
};

/**
 * struct answer_event - a line of a watch
 * @root: all of it
 * @type: enum answer_type
 * @object: what it is about
 * @version: the resource version after it; NULL for an error
 */
struct answer_event {
	json_t *root;
	enum answer_type type;
	json_t *object;
	const char *version;
};

/**
 * struct answer_page - a page of a list
 * @root: all of it
 * @items: an array
 * @version: the resource version of the list
 * @next: where to go on, or NULL
 */
struct answer_page {
	json_t *root;
	json_t *items;
	const char *version;
	const char *next;
};

#define ANSWER_WHY_SIZE	256

/*
 * Nothing to free if they fail, which says @why; json_decref() @root otherwise.
 */
bool answer_read_event(struct answer_event *event, const char *text,
		       size_t size, const char *kind,
		       char why[ANSWER_WHY_SIZE]);
bool answer_read_page(struct answer_page *page, const char *text, size_t size,
		      const char *kind, char why[ANSWER_WHY_SIZE]);

/* An object with metadata. */
bool answer_is_object(const json_t *object);

/* The code and message of a Status; 0 if it has none. */
int answer_status(const json_t *status, const char **message);

/* Nobody will ever answer for a resource version that the server says this of. */
bool answer_is_expired(long code, const char *message);

#endif /* _SVCNATD_ANSWER_H */
