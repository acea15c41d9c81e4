// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../filter.c"

/* More than fill it a first time, and a second */
#define MANY	10000

static u32 hash_of(u32 n)
{
	union nf_inet_addr addr = { .ip = htonl(0x0a600000 + n) };

	return svcnat_filter_address(AF_INET, addr.ip6);
}

static unsigned int get(const struct svcnat_filter *filter, u32 hash)
{
	unsigned int kinds;

	rcu_read_lock();
	kinds = svcnat_filter_get(filter, hash);
	rcu_read_unlock();
	return kinds;
}

static void add(struct svcnat_filter *filter, u32 hash,
		enum svcnat_filter_kind kind)
{
	rcu_read_lock();
	svcnat_filter_add(filter, hash, kind);
	rcu_read_unlock();
}

static unsigned int order(const struct svcnat_filter *filter)
{
	return order_of(rcu_dereference_protected(filter->cur, true));
}

static int filter_init(struct kunit *test)
{
	struct svcnat_filter *filter;

	filter = kunit_kzalloc(test, sizeof(*filter), GFP_KERNEL);
	if (!filter)
		return -ENOMEM;
	test->priv = filter;
	return svcnat_filter_start(filter);
}

static void filter_exit(struct kunit *test)
{
	if (test->priv)
		svcnat_filter_exit(test->priv);
	/* What was replaced is freed by the module that will be removed. */
	rcu_barrier();
}

static void what_was_added_is_there(struct kunit *test)
{
	struct svcnat_filter *filter = test->priv;

	KUNIT_EXPECT_EQ(test, get(filter, hash_of(1)), 0);
	add(filter, hash_of(1), SVCNAT_FILTER_FRONTEND);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(1)), SVCNAT_FILTER_FRONTEND);
	add(filter, hash_of(1), SVCNAT_FILTER_FLOW);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(1)), KINDS);
	add(filter, hash_of(2), SVCNAT_FILTER_FLOW);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(2)), SVCNAT_FILTER_FLOW);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(3)), 0);
	KUNIT_EXPECT_EQ(test, svcnat_filter_start(filter), 0);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(2)), SVCNAT_FILTER_FLOW);
}

/* Neighbours, as the addresses of services and pods are. */
static void few_others_are_there(struct kunit *test)
{
	struct svcnat_filter *filter = test->priv;
	unsigned int i, wrong = 0;

	for (i = 0; i < 1000; i++)
		add(filter, hash_of(i), SVCNAT_FILTER_FRONTEND);
	for (i = 0; i < MANY; i++)
		wrong += !!get(filter, hash_of(0x10000 + i));
	KUNIT_EXPECT_LT(test, wrong, MANY / 20);
}

static void all_words_of_an_address_count(struct kunit *test)
{
	union nf_inet_addr addr = { };
	u32 none = svcnat_filter_address(AF_INET6, addr.ip6);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		addr = (union nf_inet_addr) { };
		addr.ip6[i] = htonl(1);
		KUNIT_EXPECT_NE(test, none >> 17,
				svcnat_filter_address(AF_INET6, addr.ip6) >> 17);
	}
	KUNIT_EXPECT_NE(test, svcnat_filter_port(htons(30080)) >> 17,
			svcnat_filter_port(htons(30081)) >> 17);
}

/* Whenever something is added, it is there and stays. */
static void it_grows_and_forgets_nothing(struct kunit *test)
{
	struct svcnat_filter *filter = test->priv;
	unsigned int i, lost = 0, wrong = 0;

	for (i = 0; i < MANY; i++) {
		add(filter, hash_of(i), SVCNAT_FILTER_FLOW);
		lost += get(filter, hash_of(i)) != SVCNAT_FILTER_FLOW;
		if (i % 100)
			continue;
		svcnat_filter_grow(filter);
		/* A step begins when a grace period is over. */
		if (!(i % 1000))
			synchronize_rcu();
	}
	while (!svcnat_filter_grow(filter))
		synchronize_rcu();
	KUNIT_EXPECT_GT(test, order(filter), ORDER_MIN);
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(filter->next), NULL);
	for (i = 0; i < MANY; i++) {
		lost += get(filter, hash_of(i)) != SVCNAT_FILTER_FLOW;
		wrong += !!get(filter, hash_of(0x10000 + i));
	}
	KUNIT_EXPECT_EQ(test, lost, 0);
	KUNIT_EXPECT_LT(test, wrong, MANY / 3);
}

static void it_may_end_while_it_grows(struct kunit *test)
{
	struct svcnat_filter *filter = test->priv;
	unsigned int i;

	for (i = 0; i < MANY; i++)
		add(filter, hash_of(i), SVCNAT_FILTER_FLOW);
	KUNIT_EXPECT_FALSE(test, svcnat_filter_grow(filter));
	KUNIT_EXPECT_PTR_NE(test, rcu_access_pointer(filter->next), NULL);
	svcnat_filter_exit(filter);
	KUNIT_EXPECT_EQ(test, svcnat_filter_start(filter), 0);
	KUNIT_EXPECT_EQ(test, get(filter, hash_of(1)), 0);
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE(what_was_added_is_there),
	KUNIT_CASE(few_others_are_there),
	KUNIT_CASE(all_words_of_an_address_count),
	KUNIT_CASE(it_grows_and_forgets_nothing),
	KUNIT_CASE(it_may_end_while_it_grows),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "svcnat_filter",
	.init = filter_init,
	.exit = filter_exit,
	.test_cases = filter_cases,
};

kunit_test_suite(filter_suite);
