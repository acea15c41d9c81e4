/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges of addresses: words, text and JSON.  Lists are of struct range. */
#ifndef _SVCCTL_RANGE_H
#define _SVCCTL_RANGE_H

#include "print.h"
#include "words.h"

#define RANGE_TEXT_SIZE	52	/* IPv6/128 and the NUL */

/* A bare address stands for itself; false if it is malformed. */
bool parse_range(const char *word, struct range *range);

/* Clears the bits behind the prefix; false if there were none. */
bool range_trim(struct range *range);

bool range_holds(const struct range *range, const struct addr *addr);

/* Always with the length of the prefix.  Returns @text. */
const char *format_range(char text[RANGE_TEXT_SIZE],
			 const struct range *range);

/*
 * Append the next word: a range; ranges with commas between them, or "none" for
 * no range.  @key is for error sentences.
 */
int words_range(struct words *w, const char *key, struct list *ranges);
int words_ranges(struct words *w, const char *key, struct list *ranges);

void json_ranges(const char *key, const struct list *ranges);

/* All of them in one cell, or @none. */
void table_ranges(struct table *table, const struct list *ranges,
		  const char *none);

#endif /* _SVCCTL_RANGE_H */
