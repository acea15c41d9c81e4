/* SPDX-License-Identifier: GPL-2.0 */
/* The columns of "top": their widths, cells and orders.  No terminal. */
#ifndef _SVCCTL_TOP_TABLE_H
#define _SVCCTL_TOP_TABLE_H

#include "print.h"
#include "top_sample.h"

#define TOP_CELL_SIZE	(SVCNAT_NAME_MAX + 1)
#define TOP_COLUMNS_MAX	9
#define TOP_WIDTH_MAX	500	/* a wider terminal stays empty on the right */

/**
 * struct top_column - a column
 * @head: its head
 * @min: its width in a narrow terminal
 * @want: its width if there is room
 * @right: it has numbers, and the highest one first
 * @number: what it is sorted by, or NULL: by name or address
 * @format: what it shows
 */
struct top_column {
	const char *head;
	int min;
	int want;
	bool right;
	double (*number)(const struct top_row *row);
	void (*format)(char text[TOP_CELL_SIZE],
		       const struct top_sample *sample,
		       const struct top_row *row);
};

/**
 * struct top_table - the columns of one kind of rows
 * @what: those rows, as people call them
 * @columns: of which the first names the row
 * @nr: how many
 * @sorted: the column that is sorted by in the beginning
 * @colour: of a row
 */
struct top_table {
	const char *what;
	const struct top_column *columns;
	size_t nr;
	size_t sorted;
	enum colour (*colour)(const struct top_row *row);
};

extern const struct top_table top_services;
extern const struct top_table top_endpoints;

/**
 * struct top_layout - where columns are
 * @width: of each
 * @gap: between two
 */
struct top_layout {
	int width[TOP_COLUMNS_MAX];
	int gap;
};

void top_table_layout(const struct top_table *table, int width,
		      struct top_layout *layout);

/* One line, without blanks at its end. */
void top_table_head(const struct top_table *table,
		    const struct top_layout *layout,
		    char line[TOP_WIDTH_MAX + 1]);
void top_table_line(const struct top_table *table,
		    const struct top_layout *layout,
		    const struct top_sample *sample, const struct top_row *row,
		    char line[TOP_WIDTH_MAX + 1]);

/* What names the row, and what a filter looks at. */
void top_table_name(const struct top_table *table,
		    const struct top_sample *sample, const struct top_row *row,
		    char text[TOP_CELL_SIZE]);

/* In at most five characters; "-" if it is TOP_UNKNOWN. */
#define TOP_NUMBER_SIZE	8
const char *top_format_rate(char text[TOP_NUMBER_SIZE], double rate);

/* Takes the middle out of what is longer, and all that is no ASCII. */
void top_fit(char *text, int width);

#endif /* _SVCCTL_TOP_TABLE_H */
