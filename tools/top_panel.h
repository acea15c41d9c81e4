/* SPDX-License-Identifier: GPL-2.0 */
/* A list of rows to look at: which of them, in which order, from where on. */
#ifndef _SVCCTL_TOP_PANEL_H
#define _SVCCTL_TOP_PANEL_H

#include "top_sample.h"
#include "top_table.h"

#define TOP_FILTER_SIZE	64

/**
 * struct top_panel - rows of one kind on their way to the screen
 * @table: their columns
 * @sample: the last one
 * @order: size_t each: the rows of @sample that pass @filter, sorted
 * @filter: text that the name of a row must have; empty: any
 * @column: that is sorted by
 * @reverse: sort the other way round
 * @cursor: the chosen one in @order
 * @first: the one in @order that is on top of the screen
 * @height: how many fit on the screen
 */
struct top_panel {
	const struct top_table *table;
	struct top_sample sample;
	struct list order;
	char filter[TOP_FILTER_SIZE];
	size_t column;
	bool reverse;
	size_t cursor;
	size_t first;
	size_t height;
};

void top_panel_init(struct top_panel *panel, const struct top_table *table,
		    bool members);
void top_panel_free(struct top_panel *panel);

/* Forgets the rows, and where one was. */
void top_panel_empty(struct top_panel *panel);

/*
 * Takes the rows of @next, all of which have come, and gives it the old ones.
 * The cursor stays at the top if it is there, and else on its row.
 */
void top_panel_show(struct top_panel *panel, struct top_sample *next);

/* Each keeps the cursor on its row, or moves it. */
void top_panel_filter(struct top_panel *panel, const char *filter);
void top_panel_sort(struct top_panel *panel, size_t column);
void top_panel_reverse(struct top_panel *panel);
void top_panel_resize(struct top_panel *panel, size_t height);
void top_panel_move(struct top_panel *panel, ptrdiff_t rows);

/* Row @i of the order, or NULL. */
const struct top_row *top_panel_row(const struct top_panel *panel, size_t i);

#endif /* _SVCCTL_TOP_PANEL_H */
