// SPDX-License-Identifier: GPL-2.0
#include "backoff.h"

#include <stdlib.h>
#include <sys/random.h>

void backoff_init(struct backoff *backoff, uint64_t min, uint64_t max)
{
	backoff->min = min ? min : 1;
	backoff->max = max > backoff->min ? max : backoff->min;
	backoff->next = backoff->min;
}

uint64_t backoff_random(uint64_t range)
{
	uint64_t value;

	if (!range)
		return 0;
	/* Only to spread the nodes, so the worse source will do as well. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		value = (uint64_t)random();
	return value % range;
}

uint64_t backoff_take(struct backoff *backoff)
{
	uint64_t wait = backoff->next;

	backoff->next = wait > backoff->max / 2 ? backoff->max : wait * 2;
	return wait - backoff_random(wait / 2 + 1);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->next = backoff->min;
}
