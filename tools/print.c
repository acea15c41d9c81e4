// SPDX-License-Identifier: GPL-2.0
#include "print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_ROWS	256	/* of a table that streams */

/* A cell of a table that is not printed yet; its text is in table->text. */
struct cell {
	size_t text;
	enum colour colour;
};

static const char *const colour_codes[] = {
	[COLOUR_HEAD] = "\033[1m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_FAIR] = "\033[33m",
	[COLOUR_BAD] = "\033[31m",
};

static bool colours;

static struct place words_place;

/* The open arrays and objects, and whether the innermost is still empty. */
static struct {
	bool pretty;
	bool empty;
	unsigned int depth;
	char closing[16];
} json;

struct place complain_at(struct place place)
{
	struct place before = words_place;

	words_place = place;
	return before;
}

/* One line, and nothing for a terminal, whatever a word or the kernel has. */
static void make_plain(char *text)
{
	unsigned char *c;

	for (c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || (*c >= 0x7f && *c < 0xa0))
			*c = '?';
}

void complain(const char *format, ...)
{
	char text[2048], file[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_plain(text);
	if (!words_place.file) {
		fprintf(stderr, "svcctl: %s\n", text);
		return;
	}
	snprintf(file, sizeof(file), "%s", words_place.file);
	make_plain(file);
	fprintf(stderr, "%s:%lu: %s\n", file, words_place.line, text);
}

void print_colours(bool on)
{
	colours = on;
}

bool print_ended(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (poll(&out, 1, 0) <= 0 || !(out.revents & (POLLERR | POLLHUP)))
		return false;
	__fpurge(stdout);
	clearerr(stdout);
	return true;
}

bool print_has_colours(void)
{
	return colours;
}

int print_flush_or_end(bool *ended)
{
	static bool reported;
	int error;

	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	error = errno ? errno : EIO;
	if (ended && print_ended()) {
		*ended = true;
		return EXIT_WORDS;
	}
	if (!reported)
		complain("cannot write the output: %s", strerror(error));
	reported = true;
	return EXIT_WORDS;
}

int print_flush(void)
{
	return print_flush_or_end(NULL);
}

/* The last column is not padded: no line ends in blanks. */
static void print_cell(struct table *table, size_t column, int width,
		       enum colour colour, const char *text)
{
	bool last = column == table->nr_columns - 1;
	int pad = width - (int)strlen(text);
	bool right = table->columns[column].right;

	if (pad < 0)
		pad = 0;
	if (column)
		fputs("  ", stdout);
	if (right)
		printf("%*s", pad, "");
	if (colours && colour != COLOUR_NONE)
		printf("%s%s\033[0m", colour_codes[colour], text);
	else
		fputs(text, stdout);
	if (!right && !last)
		printf("%*s", pad, "");
	if (last)
		putchar('\n');
}

static void keep_cell(struct table *table, enum colour colour,
		      const char *text)
{
	struct cell *cell = list_add(&table->cells);
	size_t column = table->at;
	size_t length = strlen(text);

	cell->text = table->text.nr;
	cell->colour = colour;
	memcpy(list_grow(&table->text, length + 1), text, length + 1);
	if ((int)length > table->width[column])
		table->width[column] = (int)length;
}

static void print_kept(struct table *table)
{
	size_t i;

	for (i = 0; i < table->cells.nr; i++) {
		struct cell *cell = list_at(&table->cells, i);
		size_t column = i % table->nr_columns;

		print_cell(table, column, table->width[column], cell->colour,
			   list_at(&table->text, cell->text));
	}
	list_free(&table->cells);
	list_free(&table->text);
}

/* A table that streams knows its widths when it has seen its first rows. */
static void add_cell(struct table *table, enum colour colour,
		     const char *text)
{
	size_t column = table->at;

	if (table->flows)
		print_cell(table, column, table->width[column], colour, text);
	else
		keep_cell(table, colour, text);
	table->at = (column + 1) % table->nr_columns;
	if (table->streams && !table->flows &&
	    table->cells.nr == KEPT_ROWS * table->nr_columns) {
		print_kept(table);
		table->flows = true;
	}
}

void table_begin(struct table *table, const struct column *columns,
		 size_t nr_columns, bool streams)
{
	size_t i;

	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->nr_columns = nr_columns;
	table->streams = streams;
	table->cells.size = sizeof(struct cell);
	table->text.size = 1;
	table->width = calloc(nr_columns, sizeof(*table->width));
	if (!table->width) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	for (i = 0; i < nr_columns; i++)
		table->width[i] = columns[i].width;
	for (i = 0; i < nr_columns; i++)
		add_cell(table, COLOUR_HEAD, columns[i].head);
}

void table_cell(struct table *table, enum colour colour,
		const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	va_end(args);
	make_plain(text);
	add_cell(table, colour, text);
	free(text);
}

void table_end(struct table *table)
{
	print_kept(table);
	free(table->width);
}

static void json_newline(void)
{
	if (json.pretty)
		printf("\n%*s", (int)json.depth * 2, "");
}

/* ASCII only: a byte beyond it can never make the document malformed. */
static void json_quote(const char *text)
{
	const unsigned char *c;

	putchar('"');
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c < ' ' || *c >= 0x7f)
			printf("\\u%04x", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

static void json_key(const char *key)
{
	if (json.depth) {
		if (!json.empty)
			putchar(',');
		json_newline();
	}
	json.empty = false;
	if (key) {
		json_quote(key);
		fputs(json.pretty ? ": " : ":", stdout);
	}
}

static void json_begin(const char *key, char opening, char closing)
{
	json_key(key);
	putchar(opening);
	json.closing[json.depth++] = closing;
	json.empty = true;
}

void json_pretty(bool on)
{
	json.pretty = on;
}

void json_array(const char *key)
{
	json_begin(key, '[', ']');
}

void json_object(const char *key)
{
	json_begin(key, '{', '}');
}

void json_end(void)
{
	json.depth--;
	if (!json.empty)
		json_newline();
	json.empty = false;
	putchar(json.closing[json.depth]);
	if (!json.depth)
		putchar('\n');
}

void json_string(const char *key, const char *value)
{
	if (!value) {
		json_null(key);
		return;
	}
	json_key(key);
	json_quote(value);
}

void json_number(const char *key, uint64_t value)
{
	json_key(key);
	printf("%" PRIu64, value);
}

void json_bool(const char *key, bool value)
{
	json_key(key);
	fputs(value ? "true" : "false", stdout);
}

void json_null(const char *key)
{
	json_key(key);
	fputs("null", stdout);
}
