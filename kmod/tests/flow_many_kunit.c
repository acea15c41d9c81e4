// SPDX-License-Identifier: GPL-2.0-only
/* Many flows: a table that grows, walks, races, and a model to compare with. */
#include <linux/prandom.h>

#include "flow_fixture.h"

#define MANY	2048
#define BUCKETS	65536
#define KNOWN	200	/* flows of the model */

static bool has(struct flow_fixture *fx, u32 n)
{
	struct svcnat_flow_spec spec;

	svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
	return svcnat_fixture_has(fx, &spec);
}

static int insert(struct flow_fixture *fx, u32 n)
{
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;

	svcnat_fixture_spec(fx, &spec, n, IPPROTO_TCP);
	return svcnat_fixture_insert(fx, &spec, &hit);
}

/* Which of @step in the first @n flows are missing? */
static u32 missing(struct flow_fixture *fx, u32 n, u32 step)
{
	u32 i, count = 0;

	for (i = step / 2; i < n; i += step)
		count += !has(fx, i);
	return count;
}

/* Move @n flows to so many buckets, and look for some at every step. */
static void resize(struct kunit *test, u32 buckets, u32 *n)
{
	struct flow_fixture *fx = test->priv;
	u32 lost = 0, late = 0, first = *n;

	KUNIT_ASSERT_EQ(test, 0,
			svcnat_table_resize(&fx->flows.table, buckets));
	do {
		lost += missing(fx, first, first / 32);
		/* Meanwhile others come. */
		late += insert(fx, (*n)++) != 0;
		cond_resched();
	} while (!svcnat_table_drain(&fx->flows.table, buckets / 32));
	KUNIT_ASSERT_EQ(test, lost, 0);
	KUNIT_ASSERT_EQ(test, late, 0);
	KUNIT_ASSERT_EQ(test, missing(fx, *n, 3), 0);
}

static void all_are_found_while_the_table_grows(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	u32 n, buckets, failed = 0;

	for (n = 0; n < MANY; n++)
		failed += insert(fx, n) != 0;
	KUNIT_ASSERT_EQ(test, failed, 0);
	for (buckets = 4096; buckets <= BUCKETS; buckets *= 4)
		resize(test, buckets, &n);
	resize(test, 1024, &n);
	KUNIT_EXPECT_EQ(test, missing(fx, n, 1), 0);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), n);
}

static u32 mask(struct flow_fixture *fx)
{
	return rcu_dereference_protected(fx->flows.table.cur, 1)->mask;
}

/* By itself, and without losing the flows that are to stay */
static void upkeep_grows_expires_and_shrinks(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	const u32 n = 2048;
	u32 i, wrong = 0;

	for (i = 0; i < n; i++)
		wrong += insert(fx, i) != 0;
	svcnat_fixture_upkeep(fx);
	KUNIT_EXPECT_EQ(test, mask(fx), 2 * n - 1);
	for (i = 0; i < n; i++) {
		svcnat_fixture_spec(fx, &spec, i, IPPROTO_TCP);
		svcnat_fixture_age(fx, &spec, i % 100 ? 0x70000000 : 0);
	}
	svcnat_fixture_upkeep(fx);
	for (i = 0; i < n; i++)
		wrong += has(fx, i) != !(i % 100);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), n / 100 + 1);
	for (i = 0; i < n; i += 100) {
		svcnat_fixture_spec(fx, &spec, i, IPPROTO_TCP);
		svcnat_fixture_age(fx, &spec, 0x70000000);
	}
	svcnat_fixture_upkeep(fx);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), 0);
	/* Not at once: it may be needed again. */
	fx->flows.fitted = jiffies - 4 * 60 * HZ;
	svcnat_fixture_upkeep(fx);
	KUNIT_EXPECT_EQ(test, mask(fx), 2 * n - 1);
	KUNIT_EXPECT_TRUE(test, svcnat_flows_unfit(&fx->flows));
	fx->flows.fitted = jiffies - 5 * 60 * HZ - 1;
	svcnat_fixture_upkeep(fx);
	KUNIT_EXPECT_EQ(test, mask(fx), 1023);
	KUNIT_EXPECT_FALSE(test, svcnat_flows_unfit(&fx->flows));
}

/**
 * struct tour - a walk over all flows
 * @left: stop when it is 0
 * @seen: how often each was visited
 */
struct tour {
	u32	left;
	u8	seen[1000];
};

static enum svcnat_visit visit(const struct svcnat_flows *flows,
			       const struct svcnat_hit *hit, void *arg)
{
	struct svcnat_flow_view view;
	struct tour *tour = arg;

	if (!tour->left)
		return SVCNAT_VISIT_STOP;
	tour->left--;
	if (svcnat_flow_view(hit, &view))
		tour->seen[(ntohs(view.tuple.sport) - 1024) % 1000]++;
	return SVCNAT_VISIT_NEXT;
}

static void a_walk_sees_each_flow_once(struct kunit *test)
{
	static const u32 strides[] = { U32_MAX, 300, 7, 1 };
	struct flow_fixture *fx = test->priv;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	u32 i, s, bucket, skip, rounds, flaws = 0;
	struct tour *tour;

	tour = kunit_kzalloc(test, sizeof(*tour), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tour);
	for (i = 0; i < ARRAY_SIZE(tour->seen); i++) {
		svcnat_fixture_spec(fx, &spec, i, IPPROTO_TCP);
		svcnat_fixture_shape(&spec, i % FIXTURE_SHAPES);
		flaws += svcnat_fixture_insert(fx, &spec, &hit) != 0;
	}
	for (s = 0; s < ARRAY_SIZE(strides); s++) {
		bucket = 0;
		skip = 0;
		memset(tour, 0, sizeof(*tour));
		/* Also those that are about to move */
		if (s)
			svcnat_table_resize(&fx->flows.table, 2048 << s);
		rounds = 2 * ARRAY_SIZE(tour->seen);
		do
			tour->left = strides[s];
		while (!svcnat_flows_walk(&fx->flows, &bucket, &skip, visit,
					  tour) && rounds--);
		for (i = 0; i < ARRAY_SIZE(tour->seen); i++)
			flaws += tour->seen[i] != 1;
	}
	KUNIT_EXPECT_EQ(test, flaws, 0);
}

/* Every third by its port */
static enum svcnat_visit cull(const struct svcnat_flows *flows,
			      const struct svcnat_hit *hit, void *arg)
{
	return ntohs(hit->line->key.sport) % 3 ? SVCNAT_VISIT_NEXT :
					     SVCNAT_VISIT_DELETE;
}

static void a_walk_can_remove(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	u32 i, bucket = 0, skip = 0, flaws = 0;
	const u32 n = 900;

	for (i = 0; i < n; i++)
		flaws += insert(fx, i) != 0;
	KUNIT_EXPECT_TRUE(test, svcnat_flows_walk(&fx->flows, &bucket, &skip,
						  cull, NULL));
	for (i = 0; i < n; i++)
		flaws += has(fx, i) == !((1024 + i) % 3);
	KUNIT_EXPECT_EQ(test, flaws, 0);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), n / 3 * 2);
	KUNIT_EXPECT_EQ(test, n / 3,
			svcnat_fixture_stat(fx, SVCNAT_STAT_FLOW_DELETED));
}

/**
 * struct model - what should be in the table
 * @rnd: fixed seed
 * @there: the flow exists
 * @established: both sides have spoken
 */
struct model {
	struct rnd_state	rnd;
	bool			there[KNOWN];
	bool			established[KNOWN];
};

static u32 model_flaws(struct flow_fixture *fx, const struct model *m)
{
	u32 i, live = 0, flaws = 0;

	for (i = 0; i < KNOWN; i++) {
		live += m->there[i];
		flaws += has(fx, i) != m->there[i];
	}
	return flaws + (live != svcnat_flows_live(&fx->flows));
}

/* One random step on the table and on the model; gives whether they agreed. */
static bool step(struct flow_fixture *fx, struct model *m)
{
	u32 r = prandom_u32_state(&m->rnd), i = (r >> 8) % KNOWN;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit;
	bool agree = true;
	int want;

	svcnat_fixture_spec(fx, &spec, i, IPPROTO_TCP);
	switch (r % 8) {
	case 0 ... 3:
		want = m->there[i] ? -EEXIST : 0;
		agree = svcnat_fixture_insert(fx, &spec, &hit) == want;
		if (!want)
			m->established[i] = false;
		m->there[i] = true;
		break;
	case 4:
		if (svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE, &hit) !=
		    m->there[i])
			return false;
		agree = !m->there[i] || svcnat_fixture_kill(fx, &hit);
		m->there[i] = false;
		break;
	case 5:
		svcnat_fixture_packet(fx, &spec, SVCNAT_REPLY,
				      SVCNAT_TCP_SYN | SVCNAT_TCP_ACK, false);
		svcnat_fixture_packet(fx, &spec, SVCNAT_REQUEST, SVCNAT_TCP_ACK,
				      true);
		m->established[i] |= m->there[i];
		break;
	case 6:
		if (r >> 29)
			break;
		/* Ten minutes of silence: half-open ones end. */
		svcnat_fixture_age(fx, &spec,
				   (600 * HZ) >> SVCNAT_STAMP_SHIFT);
		svcnat_fixture_upkeep(fx);
		m->there[i] &= m->established[i];
		break;
	default:
		agree = has(fx, i) == m->there[i];
	}
	return agree;
}

static void the_table_does_what_the_model_does(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct model *m;
	u32 i;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->rnd, 2024);
	for (i = 0; i < 3000; i++) {
		KUNIT_ASSERT_TRUE_MSG(test, step(fx, m), "step %u", i);
		if (!(i % 250))
			KUNIT_ASSERT_EQ_MSG(test, model_flaws(fx, m), 0,
					    "step %u", i);
	}
	KUNIT_EXPECT_EQ(test, model_flaws(fx, m), 0);
}

/**
 * struct racer - a CPU that makes the same flows as another
 * @work: where it does
 * @fx: the fixture
 * @n: how many
 * @endpoint: the one that it draws
 * @made: flows that it made
 * @wrong: outcomes that cannot be
 */
struct racer {
	struct work_struct	work;
	struct flow_fixture	*fx;
	u32			n;
	u32			endpoint;
	u32			made;
	u32			wrong;
};

static void make_flows(struct work_struct *work)
{
	struct racer *racer = container_of(work, struct racer, work);
	struct flow_fixture *fx = racer->fx;
	struct svcnat_flow_spec spec;
	struct svcnat_hit hit, again;
	u32 i;
	int err;

	for (i = 0; i < racer->n; i++) {
		svcnat_fixture_spec(fx, &spec, i, IPPROTO_UDP);
		spec.addr.ip = htonl(0x0af40001 + racer->endpoint);
		spec.endpoint = &fx->endpoint[racer->endpoint];
		err = svcnat_fixture_insert(fx, &spec, &hit);
		racer->made += !err;
		racer->wrong += err && err != -EEXIST;
		/* Whoever was first: from now on it is that one's. */
		if (!svcnat_fixture_find(fx, &spec.tuple, SVCNAT_PRE, &again) ||
		    hit.endpoint != again.endpoint ||
		    (!err && hit.endpoint != spec.endpoint))
			racer->wrong++;
		if (!(i & 63))
			cond_resched();
	}
}

static void one_of_two_cpus_makes_a_flow(struct kunit *test)
{
	struct flow_fixture *fx = test->priv;
	struct racer racer[2] = {};
	const u32 n = 1000;
	int i;

	for (i = 0; i < 2; i++) {
		racer[i].fx = fx;
		racer[i].n = n;
		racer[i].endpoint = i;
		INIT_WORK_ONSTACK(&racer[i].work, make_flows);
		schedule_work_on(i % num_online_cpus(), &racer[i].work);
	}
	/* The table may grow under them. */
	while (work_busy(&racer[0].work) || work_busy(&racer[1].work)) {
		svcnat_flows_expire(&fx->flows);
		cond_resched();
	}
	for (i = 0; i < 2; i++) {
		flush_work(&racer[i].work);
		destroy_work_on_stack(&racer[i].work);
		KUNIT_EXPECT_EQ(test, racer[i].wrong, 0);
	}
	KUNIT_EXPECT_EQ(test, racer[0].made + racer[1].made, n);
	KUNIT_EXPECT_EQ(test, svcnat_flows_live(&fx->flows), n);
}

static struct kunit_case flow_many_cases[] = {
	KUNIT_CASE(all_are_found_while_the_table_grows),
	KUNIT_CASE(upkeep_grows_expires_and_shrinks),
	KUNIT_CASE(a_walk_sees_each_flow_once),
	KUNIT_CASE(a_walk_can_remove),
	KUNIT_CASE(the_table_does_what_the_model_does),
	KUNIT_CASE(one_of_two_cpus_makes_a_flow),
	{}
};

static struct kunit_suite flow_many_suite = {
	.name = "svcnat_flow_many",
	.suite_init = svcnat_fixture_suite_init,
	.suite_exit = svcnat_fixture_suite_exit,
	.init = svcnat_fixture_init,
	.exit = svcnat_fixture_exit,
	.test_cases = flow_many_cases,
};

kunit_test_suite(flow_many_suite);
