/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of the netns, and their rates. */
#ifndef _SVCCTL_TOP_TOTALS_H
#define _SVCCTL_TOP_TOTALS_H

#include "object.h"

enum top_total {
	TOP_FLOWS,	/* new ones */
	TOP_REJECTS,
	TOP_DROPS,
	NR_TOP_TOTALS
};

/**
 * struct top_totals - of the netns
 * @when: they were read, in nanoseconds; 0: never
 * @live: flows now
 * @counter: their sums
 * @rate: a second, or TOP_UNKNOWN
 */
struct top_totals {
	int64_t when;
	uint64_t live;
	uint64_t counter[NR_TOP_TOTALS];
	double rate[NR_TOP_TOTALS];
};

void top_totals_init(struct top_totals *totals);
void top_totals_take(struct top_totals *totals, const struct stats *stats,
		     int64_t now);

#endif /* _SVCCTL_TOP_TOTALS_H */
