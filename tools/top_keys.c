// SPDX-License-Identifier: GPL-2.0
#include "top_keys.h"

#include <stdio.h>
#include <string.h>

static enum top_action enter(struct top_screen *screen)
{
	struct top_panel *panel = &screen->services;
	const struct top_row *row = top_panel_row(panel, panel->cursor);

	if (screen->inside || !row)
		return TOP_GO_ON;
	snprintf(screen->name, sizeof(screen->name), "%s",
		 top_sample_name(&panel->sample, row));
	top_panel_empty(&screen->endpoints);
	screen->problem[0] = '\0';
	screen->inside = true;
	return TOP_TURN;
}

static enum top_action leave(struct top_screen *screen)
{
	screen->problem[0] = '\0';
	screen->inside = false;
	return TOP_TURN;
}

static enum top_action escape(struct top_screen *screen)
{
	struct top_panel *panel = top_screen_panel(screen);

	if (!*panel->filter)
		return screen->inside ? leave(screen) : TOP_GO_ON;
	top_panel_filter(panel, "");
	return TOP_GO_ON;
}

static void begin_typing(struct top_screen *screen)
{
	strcpy(screen->before, top_screen_panel(screen)->filter);
	screen->typing = true;
}

static void type(struct top_screen *screen, int key)
{
	struct top_panel *panel = top_screen_panel(screen);
	char filter[TOP_FILTER_SIZE + 1];
	size_t length = strlen(panel->filter);

	strcpy(filter, panel->filter);
	if (key == TOP_KEY_BACKSPACE && !length) {
		screen->typing = false;
		return;
	}
	if (key == TOP_KEY_BACKSPACE) {
		filter[length - 1] = '\0';
	} else if (length < TOP_FILTER_SIZE - 1) {
		filter[length] = (char)key;
		filter[length + 1] = '\0';
	}
	top_panel_filter(panel, filter);
}

/* Returns false if the key is none for what is typed. */
static bool typed(struct top_screen *screen, int key)
{
	if (key == TOP_KEY_ENTER) {
		screen->typing = false;
	} else if (key == TOP_KEY_ESCAPE) {
		top_panel_filter(top_screen_panel(screen), screen->before);
		screen->typing = false;
	} else if (key == TOP_KEY_BACKSPACE || (key >= ' ' && key < 0x7f)) {
		type(screen, key);
	} else {
		return false;
	}
	return true;
}

static void sort_beside(struct top_panel *panel, int step)
{
	size_t nr = panel->table->nr;

	top_panel_sort(panel, (panel->column + nr + (size_t)step) % nr);
}

/* Returns false if the key does not move the cursor. */
static bool moved(struct top_panel *panel, int key)
{
	ptrdiff_t page = (ptrdiff_t)panel->height;
	ptrdiff_t all = (ptrdiff_t)panel->order.nr;

	switch (key) {
	case TOP_KEY_UP:
		top_panel_move(panel, -1);
		return true;
	case TOP_KEY_DOWN:
		top_panel_move(panel, 1);
		return true;
	case TOP_KEY_PAGE_UP:
		top_panel_move(panel, -page);
		return true;
	case TOP_KEY_PAGE_DOWN:
		top_panel_move(panel, page);
		return true;
	case TOP_KEY_HOME:
		top_panel_move(panel, -all);
		return true;
	case TOP_KEY_END:
		top_panel_move(panel, all);
		return true;
	default:
		return false;
	}
}

/* For those whose keyboard has no arrows. */
static int arrow(int key)
{
	switch (key) {
	case 'k':
		return TOP_KEY_UP;
	case 'j':
		return TOP_KEY_DOWN;
	case 'g':
		return TOP_KEY_HOME;
	case 'G':
		return TOP_KEY_END;
	case ' ':
		return TOP_KEY_PAGE_DOWN;
	case '<':
		return TOP_KEY_LEFT;
	case '>':
		return TOP_KEY_RIGHT;
	default:
		return key;
	}
}

static enum top_action command(struct top_screen *screen, int key)
{
	struct top_panel *panel = top_screen_panel(screen);

	switch (key) {
	case 'q':
		return screen->inside ? leave(screen) : TOP_QUIT;
	case TOP_KEY_ESCAPE:
		return escape(screen);
	case TOP_KEY_ENTER:
		return enter(screen);
	case '?':
	case 'h':
		screen->help = true;
		break;
	case '/':
		begin_typing(screen);
		break;
	case 'r':
		top_panel_reverse(panel);
		break;
	case TOP_KEY_LEFT:
		sort_beside(panel, -1);
		break;
	case TOP_KEY_RIGHT:
		sort_beside(panel, 1);
		break;
	default:
		if (key >= '1' && key <= '9')
			top_panel_sort(panel, (size_t)(key - '1'));
	}
	return TOP_GO_ON;
}

enum top_action top_keys_press(struct top_screen *screen, int key)
{
	if (screen->help) {
		screen->help = false;
		return TOP_GO_ON;
	}
	if (screen->typing && typed(screen, key))
		return TOP_GO_ON;
	if (!screen->typing)
		key = arrow(key);
	if (moved(top_screen_panel(screen), key) || screen->typing)
		return TOP_GO_ON;
	return command(screen, key);
}
