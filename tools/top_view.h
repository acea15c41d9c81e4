/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal.  top_view.c is the only file with ncurses. */
#ifndef _SVCCTL_TOP_VIEW_H
#define _SVCCTL_TOP_VIEW_H

#include <stdbool.h>

#include "top_keys.h"

/*
 * Takes the terminal, until top_view_close() or the end of the program; false
 * if it cannot do what is needed.
 */
bool top_view_open(bool colours);
void top_view_close(void);

/* What is typed already, of enum top_key; TOP_KEY_NONE if nothing is. */
int top_view_key(void);

/* As large as the terminal is now. */
void top_view_draw(struct top_screen *screen);

#endif /* _SVCCTL_TOP_VIEW_H */
