// SPDX-License-Identifier: GPL-2.0
#include "top_panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void top_panel_init(struct top_panel *panel, const struct top_table *table,
		    bool members)
{
	memset(panel, 0, sizeof(*panel));
	panel->table = table;
	panel->column = table->sorted;
	panel->height = 1;
	panel->order.size = sizeof(size_t);
	top_sample_init(&panel->sample, members);
}

void top_panel_free(struct top_panel *panel)
{
	top_sample_free(&panel->sample);
	list_free(&panel->order);
}

void top_panel_empty(struct top_panel *panel)
{
	top_sample_empty(&panel->sample);
	panel->order.nr = 0;
	panel->filter[0] = '\0';
	panel->cursor = 0;
	panel->first = 0;
}

const struct top_row *top_panel_row(const struct top_panel *panel, size_t i)
{
	if (i >= panel->order.nr)
		return NULL;
	return list_at(&panel->sample.rows,
		       *(size_t *)list_at(&panel->order, i));
}

/* Rows that are alike have the order of their names, in both directions. */
static int in_order(const void *a, const void *b, void *arg)
{
	const struct top_panel *panel = arg;
	const struct top_column *column = &panel->table->columns[panel->column];
	const struct top_row *x, *y;
	int names, diff = 0;

	x = list_at(&panel->sample.rows, *(const size_t *)a);
	y = list_at(&panel->sample.rows, *(const size_t *)b);
	names = top_row_compare(&panel->sample, x, &panel->sample, y);
	if (!column->number)
		return panel->reverse ? -names : names;
	if (column->number(x) != column->number(y))
		diff = column->number(x) < column->number(y) ? -1 : 1;
	if (column->right != panel->reverse)
		diff = -diff;
	return diff ? diff : names;
}

static bool passes(const struct top_panel *panel, const struct top_row *row)
{
	char text[TOP_CELL_SIZE];

	if (!*panel->filter)
		return true;
	top_table_name(panel->table, &panel->sample, row, text);
	return strcasestr(text, panel->filter);
}

/* The cursor is on the screen, and the screen as full as can be. */
static void scroll(struct top_panel *panel)
{
	size_t nr = panel->order.nr, height = panel->height;

	if (panel->cursor >= nr)
		panel->cursor = nr ? nr - 1 : 0;
	if (panel->first > panel->cursor)
		panel->first = panel->cursor;
	if (panel->first + height <= panel->cursor)
		panel->first = panel->cursor - height + 1;
	if (panel->first + height > nr)
		panel->first = nr > height ? nr - height : 0;
}

static void arrange(struct top_panel *panel)
{
	size_t i;

	panel->order.nr = 0;
	for (i = 0; i < panel->sample.rows.nr; i++)
		if (passes(panel, list_at(&panel->sample.rows, i)))
			list_copy(&panel->order, &i);
	if (panel->order.nr)
		qsort_r(panel->order.item, panel->order.nr, panel->order.size,
			in_order, panel);
}

/* Puts the cursor on the row that is @row of @sample, if it is there. */
static void follow(struct top_panel *panel, const struct top_sample *sample,
		   const struct top_row *row)
{
	size_t i;

	for (i = 0; row && i < panel->order.nr; i++) {
		if (top_row_compare(&panel->sample, top_panel_row(panel, i),
				    sample, row))
			continue;
		panel->cursor = i;
		break;
	}
	scroll(panel);
}

static const struct top_row *chosen(const struct top_panel *panel)
{
	return panel->cursor ? top_panel_row(panel, panel->cursor) : NULL;
}

void top_panel_show(struct top_panel *panel, struct top_sample *next)
{
	const struct top_row *row = chosen(panel);
	struct top_sample old = panel->sample;

	panel->sample = *next;
	*next = old;
	arrange(panel);
	follow(panel, &old, row);
}

static void arrange_again(struct top_panel *panel)
{
	const struct top_row *row = chosen(panel);

	arrange(panel);
	follow(panel, &panel->sample, row);
}

void top_panel_filter(struct top_panel *panel, const char *filter)
{
	snprintf(panel->filter, sizeof(panel->filter), "%s", filter);
	arrange_again(panel);
}

void top_panel_sort(struct top_panel *panel, size_t column)
{
	if (column >= panel->table->nr)
		return;
	panel->column = column;
	panel->reverse = false;
	arrange_again(panel);
}

void top_panel_reverse(struct top_panel *panel)
{
	panel->reverse = !panel->reverse;
	arrange_again(panel);
}

void top_panel_resize(struct top_panel *panel, size_t height)
{
	panel->height = height ? height : 1;
	scroll(panel);
}

void top_panel_move(struct top_panel *panel, ptrdiff_t rows)
{
	ptrdiff_t to = (ptrdiff_t)panel->cursor + rows;

	if (rows > (ptrdiff_t)panel->order.nr)
		to = (ptrdiff_t)panel->order.nr;
	panel->cursor = to < 0 ? 0 : (size_t)to;
	scroll(panel);
}
