// SPDX-License-Identifier: GPL-2.0
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_KEPT	(64 << 10)

void lines_init(struct lines *lines, size_t max)
{
	memset(lines, 0, sizeof(*lines));
	lines->max = max;
}

void lines_free(struct lines *lines)
{
	free(lines->text);
	lines_init(lines, lines->max);
}

void lines_reset(struct lines *lines)
{
	lines->length = 0;
	if (lines->room > ROOM_KEPT)
		lines_free(lines);
}

static int grow(struct lines *lines, size_t need)
{
	size_t room = lines->room ? lines->room : 4096;
	char *text;

	if (need <= lines->room)
		return 0;
	while (room < need)
		room *= 2;
	text = realloc(lines->text, room);
	if (!text)
		return LINES_TOO_LONG;
	lines->text = text;
	lines->room = room;
	return 0;
}

int lines_keep(struct lines *lines, const char *data, size_t size)
{
	if (size > lines->max || lines->length > lines->max - size)
		return LINES_TOO_LONG;
	if (grow(lines, lines->length + size))
		return LINES_TOO_LONG;
	if (size)
		memcpy(lines->text + lines->length, data, size);
	lines->length += size;
	return 0;
}

/* The line that began before ends with @data. */
static int finish(struct lines *lines, const char *data, size_t size,
		  lines_fn fn, void *arg)
{
	int err = lines_keep(lines, data, size);

	if (!err)
		err = fn(lines->text, lines->length, arg);
	lines_reset(lines);
	return err;
}

int lines_feed(struct lines *lines, const char *data, size_t size,
	       lines_fn fn, void *arg)
{
	const char *end;
	size_t length;
	int err;

	while ((end = memchr(data, '\n', size))) {
		length = (size_t)(end - data);
		if (lines->length)
			err = finish(lines, data, length, fn, arg);
		else if (length > lines->max)
			err = LINES_TOO_LONG;
		else
			err = fn(data, length, arg);
		if (err)
			return err;
		data = end + 1;
		size -= length + 1;
	}
	return lines_keep(lines, data, size);
}
