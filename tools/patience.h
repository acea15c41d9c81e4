/* SPDX-License-Identifier: GPL-2.0 */
/* To wait, but not for ever. */
#ifndef _SVCCTL_PATIENCE_H
#define _SVCCTL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct patience - for how long to try again
 * @end: in milliseconds; 0 before the first wait
 * @pause: the last one, in milliseconds
 */
struct patience {
	int64_t end;
	unsigned int pause;
};

/* Waits a little, longer each time; false if it is enough. */
bool patience_wait(struct patience *patience);

/* Of a clock that is never set. */
int64_t milliseconds(void);

#endif /* _SVCCTL_PATIENCE_H */
