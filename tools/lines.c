// SPDX-License-Identifier: GPL-2.0
#include "lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "print.h"
#include "words.h"

static int read_line(char *line, size_t length, unsigned long number,
		     line_fn fn, void *arg)
{
	char **words;
	int nr, code;

	if (strlen(line) != length) {
		complain("there is a NUL in the line");
		return EXIT_WORDS;
	}
	words = calloc(length / 2 + 2, sizeof(*words));
	if (!words) {
		complain("out of memory");
		return EXIT_WORDS;
	}
	nr = words_split(line, words);
	if (nr < 0) {
		complain("a quote is not closed");
		code = EXIT_WORDS;
	} else {
		code = nr ? fn(words, number, arg) : 0;
	}
	free(words);
	return code;
}

static int read_file(FILE *file, const char *name, line_fn fn, void *arg)
{
	struct place before = complain_at((struct place){ .file = NULL });
	struct place place = { .file = name };
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int code = 0;

	while (!code && (length = getline(&line, &size, file)) >= 0) {
		place.line++;
		complain_at(place);
		code = read_line(line, (size_t)length, place.line, fn, arg);
	}
	complain_at(before);
	if (!code && ferror(file)) {
		complain("cannot read \"%.200s\": %s", name, strerror(errno));
		code = EXIT_WORDS;
	}
	free(line);
	return code;
}

int lines_read(const char *name, line_fn fn, void *arg)
{
	FILE *file;
	int code;

	if (!strcmp(name, "-"))
		return read_file(stdin, name, fn, arg);
	file = fopen(name, "re");
	if (!file) {
		complain("cannot open \"%.200s\": %s", name, strerror(errno));
		return EXIT_WORDS;
	}
	code = read_file(file, name, fn, arg);
	fclose(file);
	return code;
}
