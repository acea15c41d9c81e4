/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fields of JSON, each checked when it is read: what has the wrong type or is out
 * of its range is logged with the name of its object and its own, and counts as
 * missing; so does null, which is not logged.
 */
#ifndef _SVCNATD_SPOT_H
#define _SVCNATD_SPOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "object.h"

/**
 * struct subject - what is being read
 * @kind: of object, for the log
 * @namespace: of the object, or NULL
 * @name: of the object, or NULL
 * @findings: how much was wrong with it
 */
struct subject {
	const char *kind;
	const char *namespace;
	const char *name;
	unsigned int findings;
};

/**
 * struct spot - a place in it
 * @subject: in what
 * @up: what it is part of, or NULL
 * @key: its name, or NULL in an array
 * @index: in an array
 * @value: what is there
 */
struct spot {
	struct subject *subject;
	const struct spot *up;
	const char *key;
	size_t index;
	const json_t *value;
};

/* One line, of which an object has but a few. */
void spot_complain(const struct spot *spot, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* False if it is not there or not of that type; @spot can be complained of. */
bool spot_member(struct spot *spot, const struct spot *up, const char *key,
		 json_type type);
bool spot_item(struct spot *spot, const struct spot *up, size_t index,
	       json_type type);

/* An array: how many of its items to read.  Complains if it has more. */
size_t spot_count(const struct spot *array, size_t max);

/* An array that may be missing, which is as if it were empty. */
size_t spot_array(struct spot *spot, const struct spot *up, const char *key,
		  size_t max);

/* A string, or NULL if it is missing, not one, or empty. */
const char *spot_text(const struct spot *up, const char *key);

bool spot_flag(const struct spot *up, const char *key, bool missing);

/* False and @value as it was, if there is none from @min to @max. */
bool spot_number(const struct spot *up, const char *key, uint32_t min,
		 uint32_t max, uint32_t *value);

/* Words of which the first one is meant if it is missing or another one. */
unsigned int spot_choice(const struct spot *up, const char *key,
			 const char *const *words);

/*
 * The string at @spot as an address or a range; bits behind its prefix are
 * cleared.  False, with a complaint, if it is malformed or an address that no
 * packet can have.
 */
bool spot_addr(const struct spot *spot, struct addr *addr);
bool spot_range(const struct spot *spot, struct range *range);

/* @text as a name of at most @max letters, digits, dashes and dots. */
bool spot_is_name(const char *text, size_t max);

#endif /* _SVCNATD_SPOT_H */
