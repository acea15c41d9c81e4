// SPDX-License-Identifier: GPL-2.0
#include "top_totals.h"

#include <string.h>

#include "top_sample.h"

/* Counters that are added up, from the first to the last. */
static const struct {
	int first;
	int last;
} parts[NR_TOP_TOTALS] = {
	[TOP_FLOWS] = { SVCNAT_STAT_FLOW_NEW, SVCNAT_STAT_FLOW_NEW },
	[TOP_REJECTS] = { SVCNAT_STAT_REJECT_NO_ENDPOINT,
			  SVCNAT_STAT_REJECT_LIMITED },
	[TOP_DROPS] = { SVCNAT_STAT_DROP_MALFORMED,
			SVCNAT_STAT_DROP_NO_SERVICE },
};

void top_totals_init(struct top_totals *totals)
{
	int i;

	memset(totals, 0, sizeof(*totals));
	for (i = 0; i < NR_TOP_TOTALS; i++)
		totals->rate[i] = TOP_UNKNOWN;
}

/* If one is below, the module was loaded again, and all of it is new. */
static void rate(struct top_totals *now, const struct top_totals *before)
{
	double seconds = (double)(now->when - before->when) / 1e9;
	bool anew = false;
	int i;

	if (!before->when || seconds <= 0)
		return;
	for (i = 0; i < NR_TOP_TOTALS; i++)
		anew |= now->counter[i] < before->counter[i];
	for (i = 0; i < NR_TOP_TOTALS; i++)
		now->rate[i] = (double)(now->counter[i] -
					(anew ? 0 : before->counter[i])) /
			       seconds;
}

void top_totals_take(struct top_totals *totals, const struct stats *stats,
		     int64_t now)
{
	struct top_totals before = *totals;
	int i, stat;

	top_totals_init(totals);
	totals->when = now;
	totals->live = stats->value[SVCNAT_STAT_FLOW_LIVE];
	for (i = 0; i < NR_TOP_TOTALS; i++)
		for (stat = parts[i].first; stat <= parts[i].last; stat++)
			totals->counter[i] += stats->value[stat];
	rate(totals, &before);
}
