// SPDX-License-Identifier: GPL-2.0
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE	2048

int log_level = LOG_INFO;

/* A line that grows up to its end and no further. */
struct line {
	char text[LINE_SIZE];
	size_t length;
};

static void put(struct line *line, char c)
{
	/* The newline has its place. */
	if (line->length < sizeof(line->text) - 1)
		line->text[line->length++] = c;
}

static void put_text(struct line *line, const char *text)
{
	while (*text)
		put(line, *text++);
}

/* What is no letter of ASCII may be the start of a lie: another line. */
static void put_quoted(struct line *line, const char *text)
{
	char escape[5];

	put(line, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			put(line, '\\');
			put(line, *text);
		} else if ((unsigned char)*text < ' ' || *text == 0x7f) {
			snprintf(escape, sizeof(escape), "\\x%02x",
				 (unsigned char)*text);
			put_text(line, escape);
		} else {
			put(line, *text);
		}
	}
	put(line, '"');
}

static bool is_plain(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_./:,@[]+") == strlen(text);
}

static void put_field(struct line *line, const struct log_field *field)
{
	char number[24];

	put(line, ' ');
	put_text(line, field->key);
	put(line, '=');
	if (!field->text) {
		snprintf(number, sizeof(number), "%lld", field->number);
		put_text(line, number);
	} else if (is_plain(field->text)) {
		put_text(line, field->text);
	} else {
		put_quoted(line, field->text);
	}
}

void log_write(int level, const char *sentence,
	       const struct log_field *fields)
{
	struct line line = { .length = 0 };

	if (level > log_level)
		return;
	if (!isatty(STDERR_FILENO)) {
		put(&line, '<');
		put(&line, (char)('0' + level));
		put(&line, '>');
	}
	put_text(&line, "msg=");
	put_quoted(&line, sentence);
	for (; fields && fields->key; fields++)
		put_field(&line, fields);
	line.text[line.length++] = '\n';
	/* One write, so that lines of others do not come in between. */
	if (write(STDERR_FILENO, line.text, line.length) < 0)
		return;
}

void log_say(int level, const char *format, ...)
{
	char sentence[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	log_write(level, sentence, NULL);
}
