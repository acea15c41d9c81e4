/* SPDX-License-Identifier: GPL-2.0 */
/* What keys do to the screen of "top".  No terminal. */
#ifndef _SVCCTL_TOP_KEYS_H
#define _SVCCTL_TOP_KEYS_H

#include "top_screen.h"

/* Keys beside those that are characters. */
enum top_key {
	TOP_KEY_NONE = -1,
	TOP_KEY_ENTER = '\n',
	TOP_KEY_ESCAPE = 27,
	TOP_KEY_BACKSPACE = 127,
	TOP_KEY_UP = 256,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
};

enum top_action {
	TOP_GO_ON,
	TOP_TURN,	/* other rows are wanted, at once */
	TOP_QUIT,
};

enum top_action top_keys_press(struct top_screen *screen, int key);

#endif /* _SVCCTL_TOP_KEYS_H */
