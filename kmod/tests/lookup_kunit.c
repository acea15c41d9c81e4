// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../lookup.c"
#include "lookup_desk.h"

#define ENDPOINTS	DESK_ENDPOINTS
#define TIMEOUT		60

/* Ask for the client, whose flow has @prefer; gives the endpoint's index. */
static int ask(struct desk *desk, const struct svcnat_endpoint *prefer,
	       bool *stands)
{
	struct svcnat_decision d;

	desk_ask(desk, prefer, &d);
	*stands = d.prefer_stands;
	return d.verdict == SVCNAT_TRANSLATE ?
	       d.entry->endpoint - desk->endpoint : -1;
}

/* The client belongs to an endpoint. */
static void pin(struct desk *desk, const struct svcnat_endpoint *endpoint)
{
	const struct svcnat_client client = {
		.service = desk->service.id, .family = AF_INET,
		.addr = desk->tuple.src,
	};

	desk->service.options.affinity = TIMEOUT;
	local_bh_disable();
	rcu_read_lock();
	svcnat_affinity_pin(&desk->services.affinity, &client, endpoint->id, 0,
			    TIMEOUT);
	rcu_read_unlock();
	local_bh_enable();
}

/* What becomes of the last endpoint, and whether it can then be drawn */
static const struct {
	u16	weight;
	u8	state;
	bool	gone;
	bool	stands;
} fates[] = {
	{ 1, SVCNAT_STATE_READY, false, true },
	{ 0, SVCNAT_STATE_READY, false, false },
	{ 1, SVCNAT_STATE_TERMINATING, false, false },
	{ 1, SVCNAT_STATE_UNREADY, false, false },
	{ 1, SVCNAT_STATE_READY, true, false },
};

static void suffer(struct kunit *test, unsigned int fate)
{
	struct desk *desk = test->priv;
	struct svcnat_entry *last = &desk->entry[ENDPOINTS - 1];

	last->weight = fates[fate].weight;
	last->state = fates[fate].state;
	desk_publish(test, ENDPOINTS - fates[fate].gone);
}

static void a_preferred_endpoint_stands_if_drawable(struct kunit *test)
{
	struct desk *desk = test->priv;
	const struct svcnat_endpoint *last = &desk->endpoint[ENDPOINTS - 1];
	unsigned int i, turn;
	bool stands;
	int got;

	for (i = 0; i < ARRAY_SIZE(fates); i++) {
		suffer(test, i);
		for (turn = 0; turn < 20; turn++) {
			got = ask(desk, last, &stands);
			KUNIT_EXPECT_EQ(test, stands, fates[i].stands);
			KUNIT_EXPECT_EQ(test, got == ENDPOINTS - 1,
					fates[i].stands);
			KUNIT_EXPECT_GE(test, got, 0);
			KUNIT_EXPECT_GE(test, ask(desk, NULL, &stands), 0);
			KUNIT_EXPECT_FALSE(test, stands);
		}
	}
}

/* Whether it stands does not depend on where the client belongs now. */
static void affinity_wins_over_a_preferred_endpoint(struct kunit *test)
{
	struct desk *desk = test->priv;
	const struct svcnat_endpoint *last = &desk->endpoint[ENDPOINTS - 1];
	unsigned int i;
	bool stands;

	pin(desk, &desk->endpoint[0]);
	for (i = 0; i < ARRAY_SIZE(fates); i++) {
		suffer(test, i);
		KUNIT_EXPECT_EQ(test, ask(desk, last, &stands), 0);
		KUNIT_EXPECT_EQ(test, stands, fates[i].stands);
	}
}

static struct kunit_case lookup_cases[] = {
	KUNIT_CASE(a_preferred_endpoint_stands_if_drawable),
	KUNIT_CASE(affinity_wins_over_a_preferred_endpoint),
	{}
};

static struct kunit_suite lookup_suite = {
	.name = "svcnat_lookup",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = lookup_cases,
};

kunit_test_suite(lookup_suite);
