/* SPDX-License-Identifier: GPL-2.0 */
/* Lines on stderr: a level for the journal, a sentence, fields. */
#ifndef _SVCNATD_LOG_H
#define _SVCNATD_LOG_H

#include <stddef.h>
#include <syslog.h>

/**
 * struct log_field - something that a line says besides its sentence
 * @key: its name; NULL ends an array
 * @text: its value, or NULL
 * @number: its value, if @text is NULL
 */
struct log_field {
	const char *key;
	const char *text;
	long long number;
};

#define LOG_TEXT(k, value)	{ .key = (k), .text = (value) ? (value) : "" }
#define LOG_NUMBER(k, value)	{ .key = (k), .number = (value) }

/* Lines of a higher level than this are not written; LOG_INFO at first. */
extern int log_level;

void log_write(int level, const char *sentence,
	       const struct log_field *fields);

/* A sentence and its fields, of which there is at least one. */
#define log_line(level, sentence, ...) \
	log_write(level, sentence, \
		  (const struct log_field[]){ __VA_ARGS__, { .key = NULL } })

/* A sentence alone. */
void log_say(int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* _SVCNATD_LOG_H */
