// SPDX-License-Identifier: GPL-2.0
#include "top_view.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#define ESCAPE_DELAY	50	/* ms, for what a key sends behind it */

enum { PAIR_FAIR = 1, PAIR_BAD };

static SCREEN *terminal;
static bool coloured;

static void close_at_exit(void)
{
	top_view_close();
}

static void set_up(bool colours)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY);
	curs_set(0);
	coloured = colours && has_colors() && start_color() == OK &&
		   use_default_colors() == OK;
	if (!coloured)
		return;
	init_pair(PAIR_FAIR, COLOR_YELLOW, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
}

/* Asked for by itself: newterm() leaks on what it does not know. */
static bool can_place_text(void)
{
	bool can;
	int err;

	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return false;
	can = cursor_address;
	del_curterm(cur_term);
	return can;
}

bool top_view_open(bool colours)
{
	static bool registered;

	if (!can_place_text())
		return false;
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return false;
	/* What ends the program elsewhere gives the terminal back, too. */
	if (!registered)
		atexit(close_at_exit);
	registered = true;
	set_up(colours);
	return true;
}

void top_view_close(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

int top_view_key(void)
{
	int key;

	do {
		key = getch();
	} while (key == KEY_RESIZE);
	switch (key) {
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return TOP_KEY_HOME;
	case KEY_END:
		return TOP_KEY_END;
	case KEY_LEFT:
		return TOP_KEY_LEFT;
	case KEY_RIGHT:
		return TOP_KEY_RIGHT;
	case KEY_ENTER:
	case '\r':
		return TOP_KEY_ENTER;
	case KEY_BACKSPACE:
	case '\b':
		return TOP_KEY_BACKSPACE;
	case 'L' & 0x1f:
		clearok(stdscr, TRUE);
		return 0;
	case ERR:
		return TOP_KEY_NONE;
	default:
		return key < 0x80 ? key : 0;
	}
}

static attr_t attributes(enum top_look look)
{
	switch (look) {
	case TOP_TITLE:
		return A_BOLD;
	case TOP_HEAD:
	case TOP_CHOSEN:
		return A_REVERSE;
	case TOP_FAIR:
		return coloured ? COLOR_PAIR(PAIR_FAIR) : A_BOLD;
	case TOP_BAD:
		return coloured ? COLOR_PAIR(PAIR_BAD) : A_BOLD;
	default:
		return A_NORMAL;
	}
}

static void put(int line, enum top_look look, const char *text, void *arg)
{
	(void)arg;
	attrset((int)attributes(look));
	mvaddstr(line, 0, text);
}

/* Signals or not, nobody need tell us. */
static void follow_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ||
	    !size.ws_col)
		return;
	if (is_term_resized(size.ws_row, size.ws_col))
		resizeterm(size.ws_row, size.ws_col);
}

void top_view_draw(struct top_screen *screen)
{
	follow_size();
	erase();
	top_screen_draw(screen, COLS, LINES, put, NULL);
	refresh();
}
