// SPDX-License-Identifier: GPL-2.0
/*
 * A connection goes to an endpoint of its own family that is in the list of its
 * frontend's policy: shares are of a family.  The list has the endpoints that
 * are ready, or, if there are none, those that terminate.
 */
#include "top_share.h"

#include <sys/socket.h>

#define FAMILIES	2
#define LISTS		2	/* enum svcnat_policy */
#define STATES		2	/* that are drawn: ready, terminating */

struct sums {
	double recent[FAMILIES];
	uint64_t weight[FAMILIES][LISTS][STATES];
};

static int family_of(const struct top_row *row)
{
	return row->addr.family == AF_INET6;
}

static bool is_in(const struct top_row *row, int list)
{
	return list == SVCNAT_POLICY_CLUSTER
		       ? row->place != SVCNAT_PLACE_LOCAL_ONLY
		       : row->place != SVCNAT_PLACE_REMOTE;
}

static void add(struct sums *sums, const struct top_row *row)
{
	int family = family_of(row), list;

	sums->recent[family] += row->recent;
	if (row->state >= STATES)
		return;
	for (list = 0; list < LISTS; list++)
		if (is_in(row, list))
			sums->weight[family][list][row->state] += row->weight;
}

static double due_of(const struct sums *sums, const struct top_row *row,
		     int list)
{
	const uint64_t *weight = sums->weight[family_of(row)][list];
	int state = weight[SVCNAT_STATE_READY] ? SVCNAT_STATE_READY
					       : SVCNAT_STATE_TERMINATING;

	if (row->state != state || !row->weight || !is_in(row, list))
		return 0;
	return (double)row->weight / (double)weight[state];
}

/* With two lists in use nobody knows how much is drawn from which. */
static double due(const struct top_sample *sample, const struct sums *sums,
		  const struct top_row *row)
{
	double one = due_of(sums, row, SVCNAT_POLICY_CLUSTER);
	double other = due_of(sums, row, SVCNAT_POLICY_LOCAL);

	if (!(sample->lists & 1U << SVCNAT_POLICY_LOCAL))
		return one;
	if (!(sample->lists & 1U << SVCNAT_POLICY_CLUSTER))
		return other;
	return one == other ? one : TOP_UNKNOWN;
}

void top_share_all(struct top_sample *sample)
{
	struct sums sums = { .recent = { 0 } };
	struct top_row *row;
	double all;
	size_t i;

	for (i = 0; i < sample->rows.nr; i++)
		add(&sums, list_at(&sample->rows, i));
	for (i = 0; i < sample->rows.nr; i++) {
		row = list_at(&sample->rows, i);
		all = sums.recent[family_of(row)];
		/* Less than half a connection is a memory of some. */
		if (all >= 0.5)
			row->share = row->recent / all;
		row->due = due(sample, &sums, row);
	}
}
