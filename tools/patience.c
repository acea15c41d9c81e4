// SPDX-License-Identifier: GPL-2.0
#include "patience.h"

#include <time.h>

#define PATIENCE	5000	/* milliseconds */
#define LONGEST_PAUSE	128	/* milliseconds */

int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool patience_wait(struct patience *patience)
{
	int64_t now = milliseconds();
	struct timespec pause;

	if (!patience->end)
		patience->end = now + PATIENCE;
	if (now >= patience->end)
		return false;
	patience->pause = patience->pause ? 2 * patience->pause : 1;
	if (patience->pause > LONGEST_PAUSE)
		patience->pause = LONGEST_PAUSE;
	pause.tv_sec = 0;
	pause.tv_nsec = patience->pause * 1000000L;
	nanosleep(&pause, NULL);
	return true;
}
