// SPDX-License-Identifier: GPL-2.0-only
/* Ways and their numbers. */
#include <kunit/test.h>
#include <linux/netdevice.h>
#include <net/dst.h>

#include "../compat.h"
#include "../way.c"

#define ROUTES	4

struct desk {
	struct svcnat_ways	ways;
	struct dst_entry	route[ROUTES];
	struct net_device	dev[ROUTES];
};

/* A route that answers as its test says. */
static bool is_valid = true;

static struct dst_entry *check(struct dst_entry *dst, u32 cookie)
{
	return is_valid && cookie == 7 ? dst : NULL;
}

static struct dst_ops ops = { .check = check };

static int desk_init(struct kunit *test)
{
	struct desk *desk = kunit_kzalloc(test, sizeof(*desk), GFP_KERNEL);
	unsigned int i;

	if (!desk)
		return -ENOMEM;
	test->priv = desk;
	is_valid = true;
	for (i = 0; i < ROUTES; i++) {
		desk->dev[i].ifindex = 100 + i;
		desk->route[i].dev = &desk->dev[i];
		desk->route[i].ops = &ops;
		desk->route[i].obsolete = DST_OBSOLETE_FORCE_CHK;
		svcnat_dst_first(&desk->route[i]);
	}
	svcnat_ways_init(&desk->ways);
	return svcnat_ways_start(&desk->ways);
}

static void desk_exit(struct kunit *test)
{
	struct desk *desk = test->priv;
	unsigned int i;

	if (!desk)
		return;
	svcnat_ways_exit(&desk->ways);
	rcu_barrier();
	for (i = 0; i < ROUTES; i++)
		KUNIT_EXPECT_EQ(test, svcnat_dst_count(&desk->route[i]), 1);
}

static u16 number(struct desk *desk, unsigned int route, int iif)
{
	u16 n;

	local_bh_disable();
	rcu_read_lock();
	n = svcnat_ways_number(&desk->ways, &desk->route[route], 7, iif);
	rcu_read_unlock();
	local_bh_enable();
	return n;
}

static bool is_there(struct desk *desk, u16 n)
{
	return n && svcnat_ways_iif(&desk->ways, n);
}

static void drop(struct desk *desk, u16 n)
{
	local_bh_disable();
	svcnat_ways_drop(&desk->ways, n);
	local_bh_enable();
}

static void turn(struct desk *desk)
{
	synchronize_rcu();
	svcnat_ways_turned(&desk->ways);
}

static void each_pair_has_a_number(struct kunit *test)
{
	struct desk *desk = test->priv;
	u16 n[ROUTES][2];
	unsigned int i, j;

	for (i = 0; i < ROUTES; i++)
		for (j = 0; j < 2; j++)
			n[i][j] = number(desk, i, 1 + j);
	KUNIT_EXPECT_TRUE(test, desk->ways.fresh);
	desk->ways.fresh = false;
	for (i = 0; i < ROUTES * 2; i++) {
		u16 this = n[i / 2][i % 2];

		KUNIT_ASSERT_NE(test, this, 0);
		KUNIT_EXPECT_EQ(test, svcnat_ways_iif(&desk->ways, this),
				1 + i % 2);
		KUNIT_EXPECT_EQ(test, number(desk, i / 2, 1 + i % 2), this);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, this, n[j / 2][j % 2]);
	}
	KUNIT_EXPECT_FALSE(test, desk->ways.fresh);
	KUNIT_EXPECT_EQ(test, svcnat_dst_count(&desk->route[0]), 3);
}

/* A line may have the number still. */
static void a_number_rests_before_it_is_used_again(struct kunit *test)
{
	struct desk *desk = test->priv;
	u16 first = number(desk, 0, 1);
	unsigned int i, turns = 0;
	u16 n = first;

	for (i = 0; i < WAY_TRIES; i++) {
		drop(desk, n);
		KUNIT_EXPECT_FALSE(test, is_there(desk, n));
		n = number(desk, 0, 1);
		KUNIT_EXPECT_NE(test, n, first);
	}
	/* All its places are resting. */
	KUNIT_EXPECT_EQ(test, n, 0);
	while (!n && turns < 10) {
		turn(desk);
		turns++;
		n = number(desk, 0, 1);
	}
	KUNIT_EXPECT_EQ(test, n, first);
	KUNIT_EXPECT_EQ(test, turns, WAY_TURNS + 1);
	/* Who has begun before is waited for. */
	desk->ways.grace = start_poll_synchronize_rcu();
	rcu_read_lock();
	svcnat_ways_turned(&desk->ways);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, desk->ways.turn, turns);
}

static void there_is_an_end(struct kunit *test)
{
	struct desk *desk = test->priv;
	unsigned int iif, given = 0;

	for (iif = 1; iif <= 3 * SVCNAT_WAYS; iif++)
		given += number(desk, 0, iif) != 0;
	KUNIT_EXPECT_GT(test, given, SVCNAT_WAYS / 2);
	KUNIT_EXPECT_LE(test, given, SVCNAT_WAYS);
	KUNIT_EXPECT_EQ(test, svcnat_dst_count(&desk->route[0]), given + 1);
}

static void what_is_no_more_leaves(struct kunit *test)
{
	struct desk *desk = test->priv;
	u16 n = number(desk, 0, 1), by_out = number(desk, 1, 2),
	    by_in = number(desk, 2, 101), stays = number(desk, 2, 3);
	unsigned int i;

	svcnat_ways_drop_dev(&desk->ways, &desk->dev[1]);
	KUNIT_EXPECT_FALSE(test, is_there(desk, by_out));
	KUNIT_EXPECT_FALSE(test, is_there(desk, by_in));
	KUNIT_EXPECT_TRUE(test, is_there(desk, n));
	KUNIT_EXPECT_TRUE(test, is_there(desk, stays));
	turn(desk);
	KUNIT_EXPECT_TRUE(test, is_there(desk, stays));
	for (i = 0; i < 2 * WAY_TURNS; i++) {
		turn(desk);
		rcu_read_lock();
		KUNIT_EXPECT_TRUE(test, svcnat_ways_keep(&desk->ways, stays));
		KUNIT_EXPECT_FALSE(test, svcnat_ways_keep(&desk->ways, by_in));
		rcu_read_unlock();
	}
	/* Nobody has this one. */
	KUNIT_EXPECT_FALSE(test, is_there(desk, n));
	KUNIT_EXPECT_TRUE(test, is_there(desk, stays));
	is_valid = false;
	turn(desk);
	KUNIT_EXPECT_FALSE(test, is_there(desk, stays));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, svcnat_dst_count(&desk->route[2]), 1);
}

/* The same route may be another one by now. */
static void a_cookie_says_which(struct kunit *test)
{
	struct desk *desk = test->priv;
	u16 n = number(desk, 0, 1);

	local_bh_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, svcnat_ways_number(&desk->ways, &desk->route[0],
						 8, 1), 0);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_EXPECT_FALSE(test, is_there(desk, n));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(each_pair_has_a_number),
	KUNIT_CASE(a_number_rests_before_it_is_used_again),
	KUNIT_CASE(there_is_an_end),
	KUNIT_CASE(what_is_no_more_leaves),
	KUNIT_CASE(a_cookie_says_which),
	{}
};

static struct kunit_suite suite = {
	.name = "svcnat_way",
	.init = desk_init,
	.exit = desk_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
