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

/* A new connection of another port; gives the endpoint's index. */
static int connect(struct desk *desk, const struct svcnat_endpoint *prefer)
{
	struct svcnat_query query = {
		.tuple = &desk->tuple, .opens = true, .prefer = prefer,
	};
	struct svcnat_decision d;
	int i;

	desk->tuple.sport = htons(ntohs(desk->tuple.sport) + 1);
	local_bh_disable();
	rcu_read_lock();
	svcnat_lookup(&desk->services, &query, &d);
	svcnat_lookup_remember(&desk->services, &query, &d);
	i = d.entry->endpoint - desk->endpoint;
	rcu_read_unlock();
	local_bh_enable();
	return i;
}

/* Who only asks, or has an endpoint already, takes nobody's turn. */
static void a_draw_takes_a_turn_and_nothing_else(struct kunit *test)
{
	struct desk *desk = test->priv;
	int i, got, count[ENDPOINTS] = {};
	bool stands;

	desk->scheduler = SVCNAT_SCHEDULER_RR;
	desk_publish(test, ENDPOINTS);
	for (i = 0; i < 10 * ENDPOINTS; i++) {
		got = ask(desk, NULL, &stands);
		KUNIT_EXPECT_EQ(test, got, ask(desk, NULL, &stands));
		KUNIT_EXPECT_EQ(test, 1, connect(desk, &desk->endpoint[1]));
		KUNIT_EXPECT_EQ(test, got, connect(desk, NULL));
		count[got]++;
	}
	for (i = 0; i < ENDPOINTS; i++)
		KUNIT_EXPECT_EQ(test, count[i], 10);
	pin(desk, &desk->endpoint[2]);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, 2, connect(desk, NULL));
	desk->service.options.affinity = 0;
	KUNIT_EXPECT_EQ(test, 30,
			atomic64_read(&desk->service.turn[0][SVCNAT_LIST_CLUSTER]));
}

/* The endpoint is another one, as long as there is one. */
static void a_clash_finds_another_endpoint(struct kunit *test)
{
	struct desk *desk = test->priv;
	struct svcnat_query query = { .tuple = &desk->tuple, .opens = true };
	struct svcnat_decision d;
	u8 scheduler;
	int num, i;

	for (scheduler = 0; scheduler <= SVCNAT_SCHEDULER_MAGLEV; scheduler++) {
		desk->scheduler = scheduler;
		for (num = 1; num <= ENDPOINTS; num++) {
			desk_publish(test, num);
			rcu_read_lock();
			svcnat_lookup(&desk->services, &query, &d);
			for (i = 0; i < 20; i++) {
				const struct svcnat_entry *was = d.entry;

				KUNIT_EXPECT_EQ(test, num > 1,
						svcnat_lookup_next(&desk->services,
								   &query, &d));
				KUNIT_EXPECT_EQ(test, num > 1, d.entry != was);
			}
			rcu_read_unlock();
		}
	}
}

static struct kunit_case lookup_cases[] = {
	KUNIT_CASE(a_preferred_endpoint_stands_if_drawable),
	KUNIT_CASE(affinity_wins_over_a_preferred_endpoint),
	KUNIT_CASE(a_draw_takes_a_turn_and_nothing_else),
	KUNIT_CASE(a_clash_finds_another_endpoint),
	{}
};

static struct kunit_suite lookup_suite = {
	.name = "svcnat_lookup",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = lookup_cases,
};

kunit_test_suite(lookup_suite);
