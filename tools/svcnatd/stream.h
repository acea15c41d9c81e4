/* SPDX-License-Identifier: GPL-2.0 */
/* A stream that comes in pieces, cut into lines. */
#ifndef _SVCNATD_LINES_H
#define _SVCNATD_LINES_H

#include <stddef.h>

/**
 * struct lines - what of a stream is no whole line yet
 * @text: the bytes
 * @length: how many
 * @room: how many there is room for
 * @max: how long a line may be
 */
struct lines {
	char *text;
	size_t length;
	size_t room;
	size_t max;
};

/* A line without its end; anything but 0 ends lines_feed() and is returned. */
typedef int (*lines_fn)(const char *line, size_t length, void *arg);

#define LINES_TOO_LONG	(-1)

void lines_init(struct lines *lines, size_t max);
void lines_free(struct lines *lines);

/* Forgets what is there, and gives the memory of a long line back. */
void lines_reset(struct lines *lines);

/*
 * Hands on what is a whole line now, and keeps the rest.  Returns 0, what @fn
 * returned, or LINES_TOO_LONG.
 */
int lines_feed(struct lines *lines, const char *data, size_t size,
	       lines_fn fn, void *arg);

/* The same without lines: all of it is kept.  Returns 0 or LINES_TOO_LONG. */
int lines_keep(struct lines *lines, const char *data, size_t size);

#endif /* _SVCNATD_LINES_H */
