// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/delay.h>
#include <net/net_namespace.h>

#include "../drain.c"
#include "../service.c"

/**
 * struct basin - services whose endpoints drain
 * @services: of a netns that has nothing else
 * @filter: of that netns
 * @owner: whose endpoints they are
 */
struct basin {
	struct svcnat_services	services;
	struct svcnat_filter	filter;
	struct svcnat_service	*owner;
};

static int basin_init(struct kunit *test)
{
	struct basin *basin = kunit_kzalloc(test, sizeof(*basin), GFP_KERNEL);
	struct svcnat_stats __percpu *stats;

	if (!basin)
		return -ENOMEM;
	test->priv = basin;
	basin->owner = kunit_kzalloc(test, sizeof(*basin->owner), GFP_KERNEL);
	stats = alloc_percpu(struct svcnat_stats);
	svcnat_services_init(&basin->services, &init_net, &basin->filter,
			     stats);
	if (!basin->owner || !stats)
		return -ENOMEM;
	basin->owner->refs = 1;
	return 0;
}

static void basin_exit(struct kunit *test)
{
	struct basin *basin = test->priv;

	if (!basin)
		return;
	svcnat_drain_end(&basin->services);
	if (basin->owner)
		KUNIT_EXPECT_EQ(test, basin->owner->refs, 1);
	svcnat_services_exit(&basin->services);
	free_percpu(basin->services.stats);
	/* free_endpoint() is in the module that will be removed. */
	rcu_barrier();
}

static void charge(struct svcnat_endpoint *e,
		   void (*how)(struct svcnat_account *account))
{
	local_bh_disable();
	how(&e->account);
	local_bh_enable();
}

/* An endpoint that somebody may know. */
static struct svcnat_endpoint *make_one(struct kunit *test)
{
	struct basin *basin = test->priv;
	struct svcnat_endpoint *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e || svcnat_account_init(&e->account, &init_net)) {
		kfree(e);
		KUNIT_FAIL(test, "no memory");
		return NULL;
	}
	INIT_LIST_HEAD(&e->drain);
	e->owner = basin->owner;
	basin->owner->refs++;
	basin->services.num_endpoints++;
	return e;
}

/* An endpoint that has a flow is removed. */
static void drain_one(struct kunit *test)
{
	struct basin *basin = test->priv;
	struct svcnat_endpoint *e = make_one(test);

	KUNIT_ASSERT_NOT_NULL(test, e);
	charge(e, svcnat_account_open);
	svcnat_drain_endpoint(&basin->services, e);
}

/* The last flows of the first endpoints of the list end. */
static void end_flows(struct basin *basin, unsigned int n)
{
	struct svcnat_endpoint *e;

	list_for_each_entry(e, &basin->services.draining, drain) {
		if (!n--)
			break;
		charge(e, svcnat_account_close);
	}
}

static bool reap(struct basin *basin)
{
	bool done;

	mutex_lock(&basin->services.lock);
	done = svcnat_drain_reap(&basin->services);
	mutex_unlock(&basin->services.lock);
	return done;
}

/* Those that cannot be freed yet are no reason to hurry, however many. */
static void who_is_busy_can_wait(struct kunit *test)
{
	const unsigned int num = REAP_BUDGET + 200;
	struct basin *basin = test->priv;
	struct svcnat_services *sv = &basin->services;
	unsigned int i;

	for (i = 0; i < num; i++)
		drain_one(test);
	synchronize_rcu();
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, reap(basin));
	KUNIT_EXPECT_EQ(test, sv->num_draining, num);
	/* Where some could be freed, there may be more of them. */
	end_flows(basin, 1);
	KUNIT_EXPECT_FALSE(test, reap(basin));
	KUNIT_EXPECT_EQ(test, sv->num_draining, num - 1);
	KUNIT_EXPECT_TRUE(test, reap(basin));
	/* In turns all are looked at. */
	end_flows(basin, num);
	KUNIT_EXPECT_FALSE(test, reap(basin));
	KUNIT_EXPECT_TRUE(test, reap(basin));
	KUNIT_EXPECT_EQ(test, sv->num_draining, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&sv->draining));
}

/* Nobody but us asks for a grace period. */
static void an_idle_system_frees_what_drained(struct kunit *test)
{
	struct basin *basin = test->priv;
	unsigned int i;

	drain_one(test);
	KUNIT_EXPECT_TRUE(test, reap(basin));
	KUNIT_EXPECT_EQ(test, basin->services.num_draining, 1);
	end_flows(basin, 1);
	for (i = 0; i < 500 && basin->services.num_draining; i++) {
		msleep(20);
		reap(basin);
	}
	KUNIT_EXPECT_EQ(test, basin->services.num_draining, 0);
}

/* Who has found an endpoint may be about to make a flow to it. */
static void a_reader_may_still_use_it(struct kunit *test)
{
	struct basin *basin = test->priv;
	struct svcnat_services *sv = &basin->services;
	struct svcnat_endpoint *e = make_one(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	mutex_lock(&sv->lock);
	rcu_read_lock();
	svcnat_drain_endpoint(sv, e);
	KUNIT_EXPECT_TRUE(test, svcnat_drain_reap(sv));
	KUNIT_EXPECT_EQ(test, sv->num_draining, 1);
	charge(e, svcnat_account_open);
	rcu_read_unlock();
	mutex_unlock(&sv->lock);
	synchronize_rcu();
	KUNIT_EXPECT_TRUE(test, reap(basin));
	KUNIT_EXPECT_EQ(test, sv->num_draining, 1);
	end_flows(basin, 1);
	for (i = 0; i < 500 && sv->num_draining; i++) {
		msleep(20);
		reap(basin);
	}
	KUNIT_EXPECT_EQ(test, sv->num_draining, 0);
}

static struct kunit_case drain_cases[] = {
	KUNIT_CASE(who_is_busy_can_wait),
	KUNIT_CASE(an_idle_system_frees_what_drained),
	KUNIT_CASE(a_reader_may_still_use_it),
	{}
};

static struct kunit_suite drain_suite = {
	.name = "svcnat_drain",
	.init = basin_init,
	.exit = basin_exit,
	.test_cases = drain_cases,
};

kunit_test_suite(drain_suite);
