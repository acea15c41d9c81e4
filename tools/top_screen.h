/* SPDX-License-Identifier: GPL-2.0 */
/* What "top" shows, line by line.  No terminal. */
#ifndef _SVCCTL_TOP_SCREEN_H
#define _SVCCTL_TOP_SCREEN_H

#include "top_panel.h"
#include "top_totals.h"

enum top_look {
	TOP_PLAIN,
	TOP_TITLE,
	TOP_HEAD,
	TOP_CHOSEN,
	TOP_FAIR,
	TOP_BAD,
};

/**
 * struct top_screen - all that is to be seen
 * @services: all of them
 * @endpoints: of one service
 * @inside: it is @endpoints that are shown
 * @name: of that service
 * @interval: between two looks, in seconds
 * @totals: of the netns
 * @clock: when all this was read
 * @problem: why it could not be read again, or empty
 * @help: the keys are shown instead
 * @typing: a filter is being typed
 * @before: the filter until then
 */
struct top_screen {
	struct top_panel services;
	struct top_panel endpoints;
	bool inside;
	char name[SVCNAT_NAME_MAX + 1];
	uint32_t interval;
	struct top_totals totals;
	char clock[16];
	char problem[256];
	bool help;
	bool typing;
	char before[TOP_FILTER_SIZE];
};

void top_screen_init(struct top_screen *screen, uint32_t interval);
void top_screen_free(struct top_screen *screen);

/* The panel that is shown. */
struct top_panel *top_screen_panel(struct top_screen *screen);

/* Calls @put for each line that has something. */
typedef void (*top_put_fn)(int line, enum top_look look, const char *text,
			   void *arg);
void top_screen_draw(struct top_screen *screen, int width, int height,
		     top_put_fn put, void *arg);

#endif /* _SVCCTL_TOP_SCREEN_H */
