// SPDX-License-Identifier: GPL-2.0-only
/* Flows that come and go under those who look at them, in the same memory. */
#include <linux/prandom.h>

#include "flow_fixture.h"

#define RACERS	3
#define FLOWS	3	/* of each shape: so few that they take turns in memory */
#define ROUNDS	20000

struct racer {
	struct work_struct	work;
	struct flow_fixture	*fx;
	u32			seed;
	u32			made;
	u32			found;
	u32			wrong;
};

static void choose(struct flow_fixture *fx, struct rnd_state *rnd,
		   struct svcnat_flow_spec *spec)
{
	u32 n = prandom_u32_state(rnd) % (FIXTURE_SHAPES * FLOWS);

	/* Another client, another endpoint, for each */
	svcnat_fixture_spec(fx, spec, n * 50001, IPPROTO_TCP);
	svcnat_fixture_shape(spec, n % FIXTURE_SHAPES);
}

static bool is_right(const struct svcnat_hit *hit,
		     const struct svcnat_flow_spec *spec)
{
	return hit->rewrite.port == spec->port &&
	       hit->rewrite.side == SVCNAT_DESTINATION &&
	       svcnat_addr_equal(spec->tuple.family, &hit->rewrite.addr,
				 &spec->addr) &&
	       hit->endpoint == spec->endpoint &&
	       hit->frontend == spec->frontend;
}

/*
 * Find a flow, and do with it what packets do, long after others may have ended
 * it and made another one of its memory.  Softirqs are off.
 */
static void use(struct racer *r, const struct svcnat_flow_spec *spec,
		struct rnd_state *rnd)
{
	struct svcnat_flows *flows = &r->fx->flows;
	struct svcnat_packet packet = {
		.tuple = spec->tuple, .tcp = SVCNAT_TCP_ACK,
	};
	u32 what = prandom_u32_state(rnd);
	struct svcnat_hit hit, second;

	if (!svcnat_flow_find(flows, &spec->tuple, SVCNAT_PRE, &hit))
		return;
	r->found++;
	r->wrong += !is_right(&hit, spec);
	ndelay(what % 1000);
	switch (what >> 16 & 3) {
	case 0:
		svcnat_flow_lead(flows, &hit, what >> 20 & 1, 0);
		break;
	case 1:
		svcnat_flow_mark(&hit, &packet);
		break;
	case 2:
		if (spec->masquerade &&
		    svcnat_flow_second(flows, &hit, &second))
			r->wrong += second.endpoint != spec->endpoint;
		break;
	default:
		svcnat_flow_kill(flows, &hit, SVCNAT_STAT_FLOW_DELETED);
	}
}

static void race(struct work_struct *work)
{
	struct racer *r = container_of(work, struct racer, work);
	struct svcnat_flow_spec spec;
	struct rnd_state rnd;
	struct svcnat_hit hit;
	int i, err;

	prandom_seed_state(&rnd, r->seed);
	for (i = 0; i < ROUNDS; i++) {
		local_bh_disable();
		rcu_read_lock();
		choose(r->fx, &rnd, &spec);
		err = svcnat_flow_insert(&r->fx->flows, &spec, &hit);
		r->made += !err;
		r->wrong += err ? err != -EEXIST : !is_right(&hit, &spec);
		choose(r->fx, &rnd, &spec);
		use(r, &spec, &rnd);
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
	}
}

static void memory_changes_hands_under_readers(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct racer racer[RACERS] = {};
	int i;

	for (i = 0; i < RACERS; i++) {
		racer[i].fx = fx;
		racer[i].seed = i + 1;
		INIT_WORK_ONSTACK(&racer[i].work, race);
		queue_work(system_unbound_wq, &racer[i].work);
	}
	for (i = 0; i < RACERS; i++) {
		flush_work(&racer[i].work);
		destroy_work_on_stack(&racer[i].work);
		KUNIT_EXPECT_EQ(test, racer[i].wrong, 0);
		KUNIT_EXPECT_GT(test, racer[i].made, ROUNDS / 100);
		KUNIT_EXPECT_GT(test, racer[i].found, ROUNDS / 100);
	}
}

static struct kunit_case flow_race_cases[] = {
	KUNIT_CASE(memory_changes_hands_under_readers),
	{}
};

static struct kunit_suite flow_race_suite = {
	.name = "svcnat_flow_race",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_race_cases,
};

kunit_test_suite(flow_race_suite);
