/* SPDX-License-Identifier: GPL-2.0 */
/* How long to wait before the next try. */
#ifndef _SVCNATD_BACKOFF_H
#define _SVCNATD_BACKOFF_H

#include <stdint.h>

/**
 * struct backoff - waits that grow, up to a bound
 * @min: the first one, in microseconds
 * @max: the longest one
 * @next: what the next wait is drawn from
 *
 * Each is drawn between half of it and all of it, lest a thousand nodes that
 * lost the API server together come back together.
 */
struct backoff {
	uint64_t min;
	uint64_t max;
	uint64_t next;
};

void backoff_init(struct backoff *backoff, uint64_t min, uint64_t max);

/* The next wait; the one after it is twice as long. */
uint64_t backoff_take(struct backoff *backoff);

/* It worked. */
void backoff_reset(struct backoff *backoff);

/* A number from 0 to @range - 1; 0 if @range is 0. */
uint64_t backoff_random(uint64_t range);

#endif /* _SVCNATD_BACKOFF_H */
