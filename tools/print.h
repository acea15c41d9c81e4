/* SPDX-License-Identifier: GPL-2.0 */
/* What svcctl prints: tables, JSON, and complaints on stderr. */
#ifndef _SVCCTL_PRINT_H
#define _SVCCTL_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"

/* Exit codes of svcctl. */
enum {
	EXIT_WORDS = 1,		/* malformed words, unknown netns */
	EXIT_REFUSED = 2,	/* refused by the kernel */
	EXIT_KERNEL = 3,	/* module not loaded, or no permission */
};

enum colour {
	COLOUR_NONE,
	COLOUR_HEAD,
	COLOUR_GOOD,
	COLOUR_FAIR,
	COLOUR_BAD,
};

/* One line on stderr, behind "svcctl: " or the place in a batch file. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/**
 * struct place - where the words come from that complaints are about
 * @file: its name; NULL: from the command line
 * @line: in it
 */
struct place {
	const char *file;
	unsigned long line;
};

/* Returns where they came from before. */
struct place complain_at(struct place place);

void print_colours(bool on);
bool print_has_colours(void);

/* All that was printed is out; or complains, and returns EXIT_WORDS. */
int print_flush(void);

/* Whether whoever read it has had enough; there is nothing left to print then. */
bool print_ended(void);

/* As print_flush(), but that is no reason to complain: then *@ended is set. */
int print_flush_or_end(bool *ended);

/*
 * Tables: cells from left to right, row by row.  The columns are as wide as
 * they say or as their widest cell, which takes all rows in memory; of a table
 * that streams the first rows alone are kept, and count.
 */
struct column {
	const char *head;
	int width;
	bool right;
};

struct table {
	const struct column *columns;
	size_t nr_columns;
	bool streams;
	bool flows;	/* nothing is kept any more */
	size_t at;
	int *width;
	struct list cells;
	struct list text;
};

void table_begin(struct table *table, const struct column *columns,
		 size_t nr_columns, bool streams);
void table_cell(struct table *table, enum colour colour,
		const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void table_end(struct table *table);

/*
 * JSON: @key is NULL in an array.  One document at a time; json_end() of the
 * outermost array ends its line.
 */
void json_pretty(bool on);
void json_array(const char *key);
void json_object(const char *key);
void json_end(void);
void json_string(const char *key, const char *value);	/* NULL: null */
void json_number(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_null(const char *key);

#endif /* _SVCCTL_PRINT_H */
