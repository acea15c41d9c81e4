// SPDX-License-Identifier: GPL-2.0
#include "top_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

const char *top_format_rate(char text[TOP_NUMBER_SIZE], double rate)
{
	static const char units[] = " kMGTPEZ";
	const char *unit = units;
	int decimals;

	if (rate < 0)
		return strcpy(text, "-");
	if (rate > 0 && rate < 0.05)
		return strcpy(text, "<0.1");
	if (rate > 999e21)
		rate = 999e21;
	/* What would be rounded up to four digits has the next unit. */
	for (; rate >= 999.5 && unit[1]; unit++)
		rate /= 1000;
	if (unit == units)
		decimals = rate > 0 && rate < 9.95;
	else
		decimals = rate < 9.995 ? 2 : rate < 99.95;
	snprintf(text, TOP_NUMBER_SIZE, "%.*f%.1s", decimals, rate,
		 unit == units ? "" : unit);
	return text;
}

void top_fit(char *text, int width)
{
	int length = (int)strlen(text), tail;
	char *c;

	for (c = text; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	if (length <= width)
		return;
	if (width < 3) {
		text[width] = '\0';
		return;
	}
	tail = (width - 1) / 2;
	text[width - 1 - tail] = '~';
	memmove(text + width - tail, text + length - tail, (size_t)tail + 1);
}

/* What cells show. */

static void format_name(char text[TOP_CELL_SIZE],
			const struct top_sample *sample,
			const struct top_row *row)
{
	snprintf(text, TOP_CELL_SIZE, "%s", top_sample_name(sample, row));
}

static void format_address(char text[TOP_CELL_SIZE],
			   const struct top_sample *sample,
			   const struct top_row *row)
{
	(void)sample;
	format_addr_port(text, &row->addr, row->port);
}

static void format_proto(char text[TOP_CELL_SIZE],
			 const struct top_sample *sample,
			 const struct top_row *row)
{
	(void)sample;
	strcpy(text, choice_word(choice_protocol, row->proto));
}

static void format_state(char text[TOP_CELL_SIZE],
			 const struct top_sample *sample,
			 const struct top_row *row)
{
	(void)sample;
	strcpy(text, choice_word(choice_state, row->state));
}

static void format_ready(char text[TOP_CELL_SIZE],
			 const struct top_sample *sample,
			 const struct top_row *row)
{
	(void)sample;
	snprintf(text, TOP_CELL_SIZE, "%u/%u", row->ready, row->endpoints);
}

static void format_weight(char text[TOP_CELL_SIZE],
			  const struct top_sample *sample,
			  const struct top_row *row)
{
	(void)sample;
	snprintf(text, TOP_CELL_SIZE, "%u", row->weight);
}

static void format_active(char text[TOP_CELL_SIZE],
			  const struct top_sample *sample,
			  const struct top_row *row)
{
	(void)sample;
	if (row->active < 1000000)
		snprintf(text, TOP_CELL_SIZE, "%" PRIu64, row->active);
	else
		top_format_rate(text, (double)row->active);
}

static void format_connections(char text[TOP_CELL_SIZE],
			       const struct top_sample *sample,
			       const struct top_row *row)
{
	(void)sample;
	top_format_rate(text, row->rate[TOP_CONNECTIONS]);
}

static void format_request(char text[TOP_CELL_SIZE],
			   const struct top_sample *sample,
			   const struct top_row *row)
{
	(void)sample;
	top_format_rate(text, row->rate[TOP_REQUEST]);
}

static void format_reply(char text[TOP_CELL_SIZE],
			 const struct top_sample *sample,
			 const struct top_row *row)
{
	(void)sample;
	top_format_rate(text, row->rate[TOP_REPLY]);
}

static void format_part(char text[TOP_CELL_SIZE], double part)
{
	if (part < 0)
		strcpy(text, "-");
	else
		snprintf(text, TOP_CELL_SIZE, "%.1f%%", part * 100);
}

static void format_share(char text[TOP_CELL_SIZE],
			 const struct top_sample *sample,
			 const struct top_row *row)
{
	(void)sample;
	format_part(text, row->share);
}

static void format_due(char text[TOP_CELL_SIZE],
		       const struct top_sample *sample,
		       const struct top_row *row)
{
	(void)sample;
	format_part(text, row->due);
}

/* What columns are sorted by. */

static double number_proto(const struct top_row *row)
{
	return row->proto;
}

static double number_state(const struct top_row *row)
{
	return row->state;
}

static double number_ready(const struct top_row *row)
{
	return row->ready;
}

static double number_weight(const struct top_row *row)
{
	return row->weight;
}

static double number_active(const struct top_row *row)
{
	return (double)row->active;
}

static double number_connections(const struct top_row *row)
{
	return row->rate[TOP_CONNECTIONS];
}

static double number_request(const struct top_row *row)
{
	return row->rate[TOP_REQUEST];
}

static double number_reply(const struct top_row *row)
{
	return row->rate[TOP_REPLY];
}

static double number_share(const struct top_row *row)
{
	return row->share;
}

static double number_due(const struct top_row *row)
{
	return row->due;
}

/* The columns. */

static enum colour service_colour(const struct top_row *row)
{
	return row->ready ? COLOUR_NONE : COLOUR_BAD;
}

static enum colour endpoint_colour(const struct top_row *row)
{
	switch (row->state) {
	case SVCNAT_STATE_READY:
		return COLOUR_NONE;
	case SVCNAT_STATE_TERMINATING:
		return COLOUR_FAIR;
	default:
		return COLOUR_BAD;
	}
}

#define LEFT(_head, _min, _want, _what) \
	{ .head = _head, .min = _min, .want = _want, \
	  .number = number_##_what, .format = format_##_what }
#define RIGHT(_head, _min, _want, _what) \
	{ .head = _head, .min = _min, .want = _want, .right = true, \
	  .number = number_##_what, .format = format_##_what }
#define COLUMNS(_columns) \
	.columns = (_columns), .nr = sizeof(_columns) / sizeof(*(_columns))

static const struct top_column service_columns[] = {
	{ .head = "NAME", .min = 16, .want = SVCNAT_NAME_MAX,
	  .format = format_name },
	LEFT("PROTO", 5, 5, proto),
	RIGHT("READY", 7, 7, ready),
	RIGHT("ACTIVE", 7, 7, active),
	RIGHT("CONN/S", 6, 6, connections),
	RIGHT("REQ-b/s", 7, 7, request),
	RIGHT("REP-b/s", 7, 7, reply),
};

static const struct top_column endpoint_columns[] = {
	{ .head = "ADDRESS", .min = 21, .want = 47,
	  .format = format_address },
	LEFT("STATE", 7, 11, state),
	RIGHT("WEIGHT", 6, 6, weight),
	RIGHT("ACTIVE", 6, 7, active),
	RIGHT("CONN/S", 6, 6, connections),
	RIGHT("REQ-b/s", 7, 7, request),
	RIGHT("REP-b/s", 7, 7, reply),
	RIGHT("SHARE", 6, 6, share),
	RIGHT("DUE", 6, 6, due),
};

const struct top_table top_services = {
	.what = "services",
	COLUMNS(service_columns),
	.sorted = 4,
	.colour = service_colour,
};

const struct top_table top_endpoints = {
	.what = "endpoints",
	COLUMNS(endpoint_columns),
	.sorted = 0,
	.colour = endpoint_colour,
};

/* What is left goes to the columns that want it, to the first one last. */
void top_table_layout(const struct top_table *table, int width,
		      struct top_layout *layout)
{
	const struct top_column *columns = table->columns;
	int gaps = (int)table->nr - 1, left = width, more;
	size_t i, at;

	for (i = 0; i < table->nr; i++) {
		layout->width[i] = columns[i].min;
		left -= columns[i].min;
	}
	layout->gap = left >= 2 * gaps ? 2 : 1;
	left -= layout->gap * gaps;
	for (i = 1; i <= table->nr; i++) {
		at = i % table->nr;
		more = columns[at].want - columns[at].min;
		if (more > left)
			more = left > 0 ? left : 0;
		layout->width[at] += more;
		left -= more;
	}
}

/* Writes @text into its column of @line, which is all blanks there. */
static void put_cell(char *line, const struct top_layout *layout,
		     const struct top_column *column, size_t i, char *text)
{
	int at = 0, length;
	size_t j;

	for (j = 0; j < i; j++)
		at += layout->width[j] + layout->gap;
	top_fit(text, layout->width[i]);
	length = (int)strlen(text);
	if (column->right)
		at += layout->width[i] - length;
	if (at + length <= TOP_WIDTH_MAX)
		memcpy(line + at, text, (size_t)length);
}

static void begin_line(char *line)
{
	memset(line, ' ', TOP_WIDTH_MAX);
}

static void end_line(char *line)
{
	int length = TOP_WIDTH_MAX;

	while (length && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
}

void top_table_head(const struct top_table *table,
		    const struct top_layout *layout,
		    char line[TOP_WIDTH_MAX + 1])
{
	char text[TOP_CELL_SIZE];
	size_t i;

	begin_line(line);
	for (i = 0; i < table->nr; i++) {
		strcpy(text, table->columns[i].head);
		put_cell(line, layout, &table->columns[i], i, text);
	}
	end_line(line);
}

void top_table_line(const struct top_table *table,
		    const struct top_layout *layout,
		    const struct top_sample *sample, const struct top_row *row,
		    char line[TOP_WIDTH_MAX + 1])
{
	char text[TOP_CELL_SIZE];
	size_t i;

	begin_line(line);
	for (i = 0; i < table->nr; i++) {
		table->columns[i].format(text, sample, row);
		put_cell(line, layout, &table->columns[i], i, text);
	}
	end_line(line);
}

void top_table_name(const struct top_table *table,
		    const struct top_sample *sample, const struct top_row *row,
		    char text[TOP_CELL_SIZE])
{
	table->columns[0].format(text, sample, row);
}
