// SPDX-License-Identifier: GPL-2.0
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_KEPT	(64 << 10)

void stream_init(struct stream *stream, size_t max)
{
	memset(stream, 0, sizeof(*stream));
	stream->max = max;
}

void stream_free(struct stream *stream)
{
	free(stream->text);
	stream_init(stream, stream->max);
}

void stream_reset(struct stream *stream)
{
	stream->length = 0;
	if (stream->room > ROOM_KEPT)
		stream_free(stream);
}

static int grow(struct stream *stream, size_t need)
{
	size_t room = stream->room ? stream->room : 4096;
	char *text;

	if (need <= stream->room)
		return 0;
	while (room < need)
		room *= 2;
	text = realloc(stream->text, room);
	if (!text)
		return STREAM_TOO_LONG;
	stream->text = text;
	stream->room = room;
	return 0;
}

int stream_keep(struct stream *stream, const char *data, size_t size)
{
	if (size > stream->max || stream->length > stream->max - size)
		return STREAM_TOO_LONG;
	if (grow(stream, stream->length + size))
		return STREAM_TOO_LONG;
	if (size)
		memcpy(stream->text + stream->length, data, size);
	stream->length += size;
	return 0;
}

/* The line that began before ends with @data. */
static int finish(struct stream *stream, const char *data, size_t size,
		  stream_fn fn, void *arg)
{
	int err = stream_keep(stream, data, size);

	if (!err)
		err = fn(stream->text, stream->length, arg);
	stream_reset(stream);
	return err;
}

int stream_feed(struct stream *stream, const char *data, size_t size,
		stream_fn fn, void *arg)
{
	const char *end;
	size_t length;
	int err;

	while ((end = memchr(data, '\n', size))) {
		length = (size_t)(end - data);
		if (stream->length)
			err = finish(stream, data, length, fn, arg);
		else if (length > stream->max)
			err = STREAM_TOO_LONG;
		else
			err = fn(data, length, arg);
		if (err)
			return err;
		data = end + 1;
		size -= length + 1;
	}
	return stream_keep(stream, data, size);
}
