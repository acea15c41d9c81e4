/* SPDX-License-Identifier: GPL-2.0 */
/* A stream that comes in pieces, cut into lines. */
#ifndef _SVCNATD_STREAM_H
#define _SVCNATD_STREAM_H

#include <stddef.h>

/**
 * struct stream - what of a stream is no whole line yet
 * @text: the bytes
 * @length: how many
 * @room: how many there is room for
 * @max: how long a line may be
 */
struct stream {
	char *text;
	size_t length;
	size_t room;
	size_t max;
};

/* A line without its end; anything but 0 ends stream_feed() and is returned. */
typedef int (*stream_fn)(const char *line, size_t length, void *arg);

#define STREAM_TOO_LONG	(-1)

void stream_init(struct stream *stream, size_t max);
void stream_free(struct stream *stream);

/* Forgets what is there, and gives the memory of a long line back. */
void stream_reset(struct stream *stream);

/*
 * Hands on what is a whole line now, and keeps the rest.  Returns 0, what @fn
 * returned, or STREAM_TOO_LONG.
 */
int stream_feed(struct stream *stream, const char *data, size_t size,
		stream_fn fn, void *arg);

/* The same without lines: all of it is kept.  Returns 0 or STREAM_TOO_LONG. */
int stream_keep(struct stream *stream, const char *data, size_t size);

#endif /* _SVCNATD_STREAM_H */
