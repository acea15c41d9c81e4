// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

#include "../affinity.c"

#define CLIENTS		300
#define SERVICES	3
#define TIMEOUT		100
#define SECOND		((unsigned long)HZ)

/**
 * struct pinned - a client in the model
 * @client: who
 * @endpoint: where, 0: not pinned
 * @idle: seconds since it was used
 */
struct pinned {
	struct svcnat_client	client;
	u32			endpoint;
	u32			idle;
};

/**
 * struct memory - a table, and what should be in it
 * @affinity: the table
 * @stats: counters of the netns
 * @rnd: fixed seed
 * @timeout: of the services, for upkeep; 0: the service is gone
 * @model: the clients
 */
struct memory {
	struct svcnat_affinity	affinity;
	struct svcnat_stats __percpu *stats;
	struct rnd_state	rnd;
	u32			timeout[SERVICES + 1];
	struct pinned		model[CLIENTS];
};

/* Clients of both families; some differ in the service alone. */
static struct svcnat_client client_of(u32 n)
{
	struct svcnat_client client = {
		.service = 1 + n % SERVICES,
		.family = n & 4 ? AF_INET : AF_INET6,
	};

	n /= SERVICES;
	if (client.family == AF_INET)
		client.addr.ip = htonl(0xc6120000 + n);
	else
		client.addr.all[n & 3] = (__force u32)htonl(0x20010000 + n);
	return client;
}

static int memory_init(struct kunit *test)
{
	struct memory *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	u32 i;

	if (!m)
		return -ENOMEM;
	test->priv = m;
	m->stats = alloc_percpu(struct svcnat_stats);
	if (!m->stats)
		return -ENOMEM;
	for (i = 1; i <= SERVICES; i++)
		m->timeout[i] = TIMEOUT;
	for (i = 0; i < CLIENTS; i++)
		m->model[i].client = client_of(i);
	prandom_seed_state(&m->rnd, 99);
	svcnat_affinity_init(&m->affinity, m->stats);
	m->affinity.seed = 12345;
	return svcnat_affinity_start(&m->affinity);
}

static u64 stat(struct memory *m, enum svcnat_stat id)
{
	return svcnat_stat_sum(m->stats, id);
}

static void memory_exit(struct kunit *test)
{
	struct memory *m = test->priv;

	if (!m || !m->stats)
		return;
	svcnat_affinity_exit(&m->affinity);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 0);
	KUNIT_EXPECT_EQ(test, stat(m, SVCNAT_STAT_AFFINITY_NEW),
			stat(m, SVCNAT_STAT_AFFINITY_EXPIRED) +
			stat(m, SVCNAT_STAT_AFFINITY_DELETED));
	free_percpu(m->stats);
}

static u32 find(struct memory *m, const struct svcnat_client *client)
{
	u32 id;

	rcu_read_lock();
	id = svcnat_affinity_find(&m->affinity, client, TIMEOUT);
	rcu_read_unlock();
	return id;
}

static u32 pin(struct memory *m, const struct svcnat_client *client,
	       u32 endpoint, u32 stale)
{
	u32 id;

	local_bh_disable();
	id = svcnat_affinity_pin(&m->affinity, client, endpoint, stale,
				 TIMEOUT);
	local_bh_enable();
	return id;
}

/* Pretend that the client was last seen @ago jiffies ago. */
static void age(struct memory *m, const struct svcnat_client *client,
		unsigned long ago)
{
	u32 hash = hash_client(&m->affinity, client);
	struct svcnat_locked locked;
	struct svcnat_pin *pin;
	unsigned int len = 0;

	local_bh_disable();
	svcnat_table_lock(&m->affinity.table, &hash, 1, &locked);
	pin = find_locked(&m->affinity, hash, client, &len);
	if (pin)
		pin->stamp = jiffies - ago;
	svcnat_table_unlock(&m->affinity.table, &locked);
	local_bh_enable();
}

static u32 timeout_of(u32 service, u32 stored, void *arg)
{
	struct memory *m = arg;

	return m->timeout[service];
}

static void upkeep(struct memory *m)
{
	m->affinity.cursor = 0;
	do {
		svcnat_affinity_expire(&m->affinity, timeout_of, m);
		cond_resched();
	} while (rcu_access_pointer(m->affinity.table.old) ||
		 m->affinity.cursor);
}

static void a_client_stays_where_it_is(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c = client_of(1), other = client_of(1);

	KUNIT_EXPECT_EQ(test, find(m, &c), 0);
	KUNIT_EXPECT_EQ(test, pin(m, &c, 7, 0), 7);
	KUNIT_EXPECT_EQ(test, find(m, &c), 7);
	KUNIT_EXPECT_EQ(test, pin(m, &c, 8, 0), 7);
	KUNIT_EXPECT_EQ(test, find(m, &c), 7);
	other.service++;
	KUNIT_EXPECT_EQ(test, find(m, &other), 0);
	KUNIT_EXPECT_EQ(test, pin(m, &other, 9, 0), 9);
	KUNIT_EXPECT_EQ(test, find(m, &c), 7);
	KUNIT_EXPECT_EQ(test, find(m, &other), 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 2);
}

static void every_byte_of_an_address_counts(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c = {
		.service = 1, .family = AF_INET6,
		.addr.in6 = { .s6_addr = { 0x20, 1 } },
	}, first = c;
	unsigned int i;

	/* Not by their hash alone are they different. */
	pin(m, &c, 7, 0);
	for (i = 0; i < 128; i++) {
		c.addr.in6.s6_addr[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_FALSE(test, same_client(&c, &first));
		KUNIT_EXPECT_EQ(test, find(m, &c), 0);
		c.addr.in6.s6_addr[i / 8] ^= 1 << i % 8;
	}
	c.family = AF_INET;
	KUNIT_EXPECT_FALSE(test, same_client(&c, &first));
	KUNIT_EXPECT_EQ(test, find(m, &c), 0);
	c = first;
	c.service++;
	KUNIT_EXPECT_FALSE(test, same_client(&c, &first));
	KUNIT_EXPECT_EQ(test, find(m, &first), 7);
}

static void only_the_stale_endpoint_is_replaced(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c = client_of(5);

	pin(m, &c, 7, 0);
	KUNIT_EXPECT_EQ(test, pin(m, &c, 8, 6), 7);
	KUNIT_EXPECT_EQ(test, pin(m, &c, 8, 7), 8);
	/* Another CPU that found 7 as well, but came later */
	KUNIT_EXPECT_EQ(test, pin(m, &c, 9, 7), 8);
	KUNIT_EXPECT_EQ(test, find(m, &c), 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 1);
}

static void pins_end_in_time(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c = client_of(2);

	pin(m, &c, 7, 0);
	age(m, &c, (TIMEOUT - 5) * SECOND);
	KUNIT_EXPECT_EQ(test, find(m, &c), 7);
	upkeep(m);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 1);
	/* A use is a new beginning. */
	KUNIT_EXPECT_EQ(test, pin(m, &c, 8, 0), 7);
	age(m, &c, TIMEOUT * SECOND);
	KUNIT_EXPECT_EQ(test, find(m, &c), 0);
	KUNIT_EXPECT_EQ(test, pin(m, &c, 8, 0), 8);
	KUNIT_EXPECT_EQ(test, find(m, &c), 8);
	age(m, &c, TIMEOUT * SECOND);
	upkeep(m);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 0);
	KUNIT_EXPECT_EQ(test, stat(m, SVCNAT_STAT_AFFINITY_EXPIRED), 1);
	pin(m, &c, 9, 0);
	m->timeout[c.service] = 0;
	upkeep(m);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 0);
	KUNIT_EXPECT_EQ(test, stat(m, SVCNAT_STAT_AFFINITY_DELETED), 1);
}

static void a_full_table_remembers_nobody_new(struct kunit *test)
{
	struct memory *m = test->priv;
	u32 i;

	m->affinity.max = 50;
	for (i = 0; i < 80; i++) {
		KUNIT_EXPECT_EQ(test, pin(m, &m->model[i].client, 1 + i, 0),
				1 + i);
		KUNIT_EXPECT_EQ(test, find(m, &m->model[i].client),
				i < 50 ? 1 + i : 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 50);
	KUNIT_EXPECT_EQ(test, stat(m, SVCNAT_STAT_AFFINITY_FULL), 30);
	/* Those it has may stay, and move. */
	KUNIT_EXPECT_EQ(test, pin(m, &m->model[3].client, 99, 4), 99);
	svcnat_affinity_flush(&m->affinity, 1);
	KUNIT_EXPECT_EQ(test, pin(m, &m->model[60].client, 5, 0), 5);
	KUNIT_EXPECT_EQ(test, find(m, &m->model[60].client), 5);
}

static void a_chain_has_an_end(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c = { .service = 1, .family = AF_INET };
	u32 n, chained = 0;

	for (n = 0; chained < CHAIN_MAX + 10; n++) {
		c.addr.ip = htonl(n);
		/* The last bucket, which must not be forgotten in the end */
		if (~hash_client(&m->affinity, &c) & 1023)
			continue;
		KUNIT_ASSERT_EQ(test, pin(m, &c, 7, 0), 7);
		KUNIT_ASSERT_EQ(test, find(m, &c), chained < CHAIN_MAX ? 7 : 0);
		chained++;
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), CHAIN_MAX);
	KUNIT_EXPECT_EQ(test, stat(m, SVCNAT_STAT_AFFINITY_FULL), 10);
}

static void a_table_not_started_is_empty(struct kunit *test)
{
	struct svcnat_affinity *a;
	struct svcnat_client c = client_of(0);
	u32 bucket = 0, skip = 0, found, pinned;

	a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	svcnat_affinity_init(a, NULL);
	rcu_read_lock();
	found = svcnat_affinity_find(a, &c, TIMEOUT);
	rcu_read_unlock();
	local_bh_disable();
	pinned = svcnat_affinity_pin(a, &c, 5, 0, TIMEOUT);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, found, 0);
	KUNIT_EXPECT_EQ(test, pinned, 5);
	svcnat_affinity_expire(a, timeout_of, NULL);
	KUNIT_EXPECT_TRUE(test, svcnat_affinity_walk(a, &bucket, &skip, NULL,
						     NULL));
	svcnat_affinity_exit(a);
}

static u32 mask(struct memory *m)
{
	return rcu_dereference_protected(m->affinity.table.cur, 1)->mask;
}

static void the_table_grows_and_shrinks(struct kunit *test)
{
	struct memory *m = test->priv;
	struct svcnat_client c;
	const u32 n = 2500;
	u32 i, wrong = 0;

	for (i = 0; i < n; i++) {
		c = client_of(i);
		wrong += pin(m, &c, 1 + i, 0) != 1 + i;
	}
	upkeep(m);
	KUNIT_EXPECT_EQ(test, mask(m), 4095);
	for (i = 0; i < n; i++) {
		c = client_of(i);
		wrong += find(m, &c) != 1 + i;
	}
	svcnat_affinity_flush(&m->affinity, 2);
	for (i = 0; i < n; i++) {
		c = client_of(i);
		wrong += find(m, &c) != (c.service == 2 ? 0 : 1 + i);
	}
	/* In the middle of a move */
	KUNIT_ASSERT_EQ(test, svcnat_table_resize(&m->affinity.table, 4 * n),
			0);
	c = client_of(0);
	KUNIT_EXPECT_EQ(test, pin(m, &c, n, 0), 1);
	svcnat_affinity_flush(&m->affinity, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->affinity.live), 0);
	upkeep(m);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, mask(m), 1023);
}

/**
 * struct tour - a walk over all pins
 * @left: stop when it is 0
 * @seen: how often each was visited
 */
struct tour {
	u32	left;
	u8	seen[CLIENTS + 1];
};

static bool visit(const struct svcnat_pin *pin, void *arg)
{
	struct tour *tour = arg;

	if (!tour->left)
		return false;
	tour->left--;
	tour->seen[pin->endpoint]++;
	return true;
}

static void a_walk_sees_each_pin_once(struct kunit *test)
{
	static const u32 strides[] = { U32_MAX, 100, 7, 1 };
	struct memory *m = test->priv;
	u32 i, s, bucket, skip, wrong = 0;
	struct tour *tour;

	tour = kunit_kzalloc(test, sizeof(*tour), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tour);
	for (i = 0; i < CLIENTS; i++)
		pin(m, &m->model[i].client, 1 + i, 0);
	for (s = 0; s < ARRAY_SIZE(strides); s++) {
		bucket = 0;
		skip = 0;
		memset(tour, 0, sizeof(*tour));
		do
			tour->left = strides[s];
		while (!svcnat_affinity_walk(&m->affinity, &bucket, &skip,
					     visit, tour));
		for (i = 1; i <= CLIENTS; i++)
			wrong += tour->seen[i] != 1;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static u32 model_find(const struct pinned *p)
{
	return p->idle < TIMEOUT ? p->endpoint : 0;
}

static u32 model_flaws(struct memory *m)
{
	u32 i, flaws = 0;

	for (i = 0; i < CLIENTS; i++)
		flaws += find(m, &m->model[i].client) !=
			 model_find(&m->model[i]);
	return flaws;
}

static void model_forget(struct memory *m, u32 service, u32 idle)
{
	u32 i;

	for (i = 0; i < CLIENTS; i++)
		if ((!service || m->model[i].client.service == service) &&
		    m->model[i].idle >= idle)
			m->model[i].endpoint = 0;
}

/* One random step on the table and on the model; gives whether they agreed. */
static bool step(struct memory *m)
{
	u32 r = prandom_u32_state(&m->rnd), what = r % 64;
	struct pinned *p = &m->model[(r >> 8) % CLIENTS];
	u32 endpoint = 1 + (r >> 24) % 5, stale = r & 128 ? 1 + r % 5 : 0;

	if (what < 40) {
		if (!model_find(p) || model_find(p) == stale)
			p->endpoint = endpoint;
		p->idle = 0;
		return pin(m, &p->client, endpoint, stale) == p->endpoint;
	}
	if (what < 60) {
		/* Far from the limit on either side: time goes on. */
		p->idle = r & 128 ? TIMEOUT + 20 : TIMEOUT - 20;
		age(m, &p->client, p->idle * SECOND);
		return find(m, &p->client) == model_find(p);
	}
	if (what < 62) {
		svcnat_affinity_flush(&m->affinity, 1 + what % SERVICES);
		model_forget(m, 1 + what % SERVICES, 0);
	} else {
		upkeep(m);
		model_forget(m, 0, TIMEOUT);
	}
	return true;
}

static void the_table_does_what_the_model_does(struct kunit *test)
{
	struct memory *m = test->priv;
	u32 i;

	for (i = 0; i < 3000; i++) {
		KUNIT_ASSERT_TRUE_MSG(test, step(m), "step %u", i);
		if (!(i % 100))
			KUNIT_ASSERT_EQ_MSG(test, model_flaws(m), 0, "step %u",
					    i);
	}
	KUNIT_EXPECT_EQ(test, model_flaws(m), 0);
}

static struct kunit_case affinity_cases[] = {
	KUNIT_CASE(a_client_stays_where_it_is),
	KUNIT_CASE(every_byte_of_an_address_counts),
	KUNIT_CASE(only_the_stale_endpoint_is_replaced),
	KUNIT_CASE(pins_end_in_time),
	KUNIT_CASE(a_full_table_remembers_nobody_new),
	KUNIT_CASE(a_chain_has_an_end),
	KUNIT_CASE(a_table_not_started_is_empty),
	KUNIT_CASE(the_table_grows_and_shrinks),
	KUNIT_CASE(a_walk_sees_each_pin_once),
	KUNIT_CASE(the_table_does_what_the_model_does),
	{}
};

static struct kunit_suite affinity_suite = {
	.name = "svcnat_affinity",
	.init = memory_init,
	.exit = memory_exit,
	.test_cases = affinity_cases,
};

kunit_test_suite(affinity_suite);
