// SPDX-License-Identifier: GPL-2.0
#include "top_screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void top_screen_init(struct top_screen *screen, uint32_t interval)
{
	memset(screen, 0, sizeof(*screen));
	screen->interval = interval;
	top_panel_init(&screen->services, &top_services, false);
	top_panel_init(&screen->endpoints, &top_endpoints, true);
	top_totals_init(&screen->totals);
}

void top_screen_free(struct top_screen *screen)
{
	top_panel_free(&screen->services);
	top_panel_free(&screen->endpoints);
}

struct top_panel *top_screen_panel(struct top_screen *screen)
{
	return screen->inside ? &screen->endpoints : &screen->services;
}

/* A screen that is being drawn. */
struct drawing {
	int width;
	int height;
	top_put_fn put;
	void *arg;
};

__attribute__((format(printf, 4, 5)))
static void put(const struct drawing *drawing, int line, enum top_look look,
		const char *format, ...)
{
	int width = drawing->width < TOP_WIDTH_MAX ? drawing->width
						   : TOP_WIDTH_MAX;
	char text[TOP_WIDTH_MAX + 1], *c;
	va_list args;
	int length;

	if (line >= drawing->height)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	length = (int)strlen(text);
	/* A bar goes on to the right. */
	if ((look == TOP_HEAD || look == TOP_CHOSEN) && length < width) {
		memset(text + length, ' ', (size_t)(width - length));
		length = width;
	}
	text[length < width ? length : width] = '\0';
	for (c = text; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	drawing->put(line, look, text, drawing->arg);
}

static void draw_totals(const struct drawing *drawing,
			const struct top_screen *screen)
{
	const struct top_totals *totals = &screen->totals;
	char text[NR_TOP_TOTALS][TOP_NUMBER_SIZE];
	int i;

	for (i = 0; i < NR_TOP_TOTALS; i++)
		top_format_rate(text[i], totals->rate[i]);
	put(drawing, 0, totals->rate[TOP_REJECTS] > 0 ? TOP_FAIR : TOP_TITLE,
	    "%s  every %us  flows %llu  new/s %s  rejects/s %s  drops/s %s",
	    screen->clock, screen->interval, (unsigned long long)totals->live,
	    text[TOP_FLOWS], text[TOP_REJECTS], text[TOP_DROPS]);
}

static void draw_sums(const struct drawing *drawing,
		      const struct top_screen *screen,
		      const struct top_panel *panel)
{
	char text[NR_TOP_RATES][TOP_NUMBER_SIZE], name[TOP_CELL_SIZE] = "";
	struct top_row sum;
	int i;

	top_sample_sum(&panel->sample, &sum);
	for (i = 0; i < NR_TOP_RATES; i++)
		top_format_rate(text[i], sum.rate[i]);
	if (screen->inside) {
		strcpy(name, screen->name);
		top_fit(name, drawing->width / 3);
		strcat(name, ": ");
	}
	put(drawing, 1, TOP_PLAIN,
	    "%s%zu %s  active %llu  conn/s %s  req-b/s %s  rep-b/s %s", name,
	    panel->sample.rows.nr, panel->table->what,
	    (unsigned long long)sum.active, text[TOP_CONNECTIONS],
	    text[TOP_REQUEST], text[TOP_REPLY]);
}

static enum top_look look_of(const struct top_panel *panel,
			     const struct top_row *row)
{
	switch (panel->table->colour(row)) {
	case COLOUR_FAIR:
		return TOP_FAIR;
	case COLOUR_BAD:
		return TOP_BAD;
	default:
		return TOP_PLAIN;
	}
}

static void draw_rows(const struct drawing *drawing, int top,
		      const struct top_panel *panel)
{
	char line[TOP_WIDTH_MAX + 1];
	const struct top_row *row;
	struct top_layout layout;
	size_t i;

	top_table_layout(panel->table, drawing->width, &layout);
	top_table_head(panel->table, &layout, line);
	put(drawing, top - 1, TOP_HEAD, "%s", line);
	for (i = 0; i < panel->height; i++) {
		row = top_panel_row(panel, panel->first + i);
		if (!row)
			break;
		top_table_line(panel->table, &layout, &panel->sample, row,
			       line);
		put(drawing, top + (int)i,
		    panel->first + i == panel->cursor ? TOP_CHOSEN
						      : look_of(panel, row),
		    "%s", line);
	}
}

static void draw_status(const struct drawing *drawing, int line,
			const struct top_screen *screen,
			const struct top_panel *panel)
{
	size_t nr = panel->order.nr, last = panel->first + panel->height;
	char filter[TOP_FILTER_SIZE + 16] = "";

	if (*screen->problem) {
		put(drawing, line, TOP_BAD, "%s", screen->problem);
		return;
	}
	if (*panel->filter)
		snprintf(filter, sizeof(filter), " with \"%s\"",
			 panel->filter);
	if (!nr)
		put(drawing, line, TOP_PLAIN, "no %s%s", panel->table->what,
		    filter);
	else
		put(drawing, line, TOP_PLAIN,
		    "%zu to %zu of %zu %s%s, by %s%s", panel->first + 1,
		    last < nr ? last : nr, nr, panel->table->what, filter,
		    panel->table->columns[panel->column].head,
		    panel->reverse ? ", reversed" : "");
}

static void draw_hint(const struct drawing *drawing, int line,
		      const struct top_screen *screen,
		      const struct top_panel *panel)
{
	if (screen->typing)
		put(drawing, line, TOP_TITLE, "/%s_", panel->filter);
	else if (screen->inside)
		put(drawing, line, TOP_TITLE,
		    "q back  / filter  < > column  r reverse  ? help");
	else
		put(drawing, line, TOP_TITLE,
		    "q quit  Enter endpoints  / filter  < > column  r reverse  ? help");
}

static void draw_help(const struct drawing *drawing)
{
	static const char *const lines[] = {
		"Keys",
		"  Up, Down, k, j       to the row before, the next row",
		"  PgUp, PgDn, Space    by one screen",
		"  Home, End, g, G      to the first, the last row",
		"  Enter                show the endpoints of the service",
		"  q, Esc               back to the services; there q ends",
		"  /                    show rows whose name has a text; Esc: all again",
		"  <, >, Left, Right    sort by the column to the left, to the right",
		"  1 to 9               sort by that column",
		"  r                    the other way round",
		"",
		"Columns",
		"  READY      endpoints that are ready, of all",
		"  ACTIVE     flows now",
		"  CONN/S     new connections a second",
		"  REQ-b/s    bits a second from clients to endpoints",
		"  REP-b/s    bits a second from endpoints to clients",
		"  SHARE      of the new connections of about the last ten intervals",
		"  DUE        the share that its weight stands for",
		"",
		"rejects/s and drops/s are packets; \"svcctl stats show\" has the reasons.",
		"Any key goes back.",
	};
	int i;

	for (i = 0; i < (int)(sizeof(lines) / sizeof(*lines)); i++)
		put(drawing, i, TOP_PLAIN, "%s", lines[i]);
}

/* Two lines on top, the head, the rows, two lines below; but rows first. */
void top_screen_draw(struct top_screen *screen, int width, int height,
		     top_put_fn put_fn, void *arg)
{
	const struct drawing drawing = { width, height, put_fn, arg };
	struct top_panel *panel = top_screen_panel(screen);
	int top = height >= 6 ? 3 : 1, below = height >= 6 ? 2 : 1;

	if (height < 3)
		below = 0;
	top_panel_resize(panel, (size_t)(height > top + below
					 ? height - top - below : 1));
	if (screen->help) {
		draw_help(&drawing);
		return;
	}
	if (top > 1) {
		draw_totals(&drawing, screen);
		draw_sums(&drawing, screen, panel);
	}
	draw_rows(&drawing, top, panel);
	if (below)
		draw_status(&drawing, height - below, screen, panel);
	if (below > 1 || (below && screen->typing))
		draw_hint(&drawing, height - 1, screen, panel);
}
