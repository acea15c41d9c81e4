// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <net/net_namespace.h>

#include "../frontend.c"

#define FRONTENDS	2000

/**
 * struct front - a table of frontends
 * @frontends: the table
 * @filter: their addresses
 * @frontend: those in it
 * @num: how many
 */
struct front {
	struct svcnat_frontends	frontends;
	struct svcnat_filter	filter;
	struct svcnat_frontend	*frontend[FRONTENDS];
	unsigned int		num;
};

static struct svcnat_frontend_spec spec_of(unsigned int n)
{
	struct svcnat_frontend_spec spec = {
		.addr.ip = htonl(0x0a600000 + n / 4), .port = htons(80 + n % 4),
		.family = AF_INET,
	};

	return spec;
}

static bool is_there(struct front *front, unsigned int n)
{
	struct svcnat_frontend_spec spec = spec_of(n);
	struct svcnat_frontend *found;

	rcu_read_lock();
	found = svcnat_frontend_lookup(&front->frontends, AF_INET, &spec.addr,
				       IPPROTO_TCP, spec.port);
	rcu_read_unlock();
	return found && (n >= front->num || found == front->frontend[n]);
}

static bool has_vip(struct front *front, const union nf_inet_addr *addr)
{
	bool has;

	rcu_read_lock();
	has = svcnat_vip_lookup(&front->frontends, AF_INET, addr);
	rcu_read_unlock();
	return has;
}

/* How many frontends are not found, or are found and should not be? */
static unsigned int wrong(struct front *front)
{
	unsigned int n, sum = 0;

	for (n = 0; n < FRONTENDS; n++)
		sum += is_there(front, n) != (n < front->num);
	return sum;
}

static void unlink_last(struct front *front)
{
	struct svcnat_frontend *f = front->frontend[--front->num];

	svcnat_frontend_unlink(&front->frontends, f);
	svcnat_frontend_free(f);
}

static int front_init(struct kunit *test)
{
	struct front *front = kunit_kzalloc(test, sizeof(*front), GFP_KERNEL);

	if (!front)
		return -ENOMEM;
	test->priv = front;
	front->frontends.filter = &front->filter;
	return svcnat_frontends_start(&front->frontends);
}

static void front_exit(struct kunit *test)
{
	struct front *front = test->priv;

	if (!front)
		return;
	while (front->num)
		unlink_last(front);
	svcnat_frontends_exit(&front->frontends);
	svcnat_filter_exit(&front->filter);
}

static void fill(struct kunit *test, unsigned int n)
{
	struct front *front = test->priv;

	while (front->num < n) {
		struct svcnat_frontend_spec spec = spec_of(front->num);
		struct svcnat_frontend *f;

		f = svcnat_frontend_alloc(&spec, IPPROTO_TCP, NULL, &init_net);
		KUNIT_ASSERT_NOT_NULL(test, f);
		svcnat_frontend_link(&front->frontends, f);
		front->frontend[front->num++] = f;
	}
}

static void linked_frontends_are_found(struct kunit *test)
{
	struct svcnat_frontend_spec last = spec_of(FRONTENDS - 1);
	struct front *front = test->priv;

	KUNIT_EXPECT_EQ(test, wrong(front), 0);
	fill(test, FRONTENDS);
	KUNIT_EXPECT_EQ(test, wrong(front), 0);
	KUNIT_EXPECT_EQ(test, front->frontends.num_vips, FRONTENDS / 4);
	/* An address is a service's until its last frontend is gone. */
	while (front->num > FRONTENDS - 3)
		unlink_last(front);
	KUNIT_EXPECT_TRUE(test, has_vip(front, &last.addr));
	unlink_last(front);
	KUNIT_EXPECT_FALSE(test, has_vip(front, &last.addr));
	KUNIT_EXPECT_EQ(test, wrong(front), 0);
}

/* Is it found in the chain of @as, whatever its own hash is? */
static bool in_chain_of(struct front *front,
			const struct svcnat_frontend *as, u8 family,
			const union nf_inet_addr *addr, u8 proto, __be16 port)
{
	u32 hash = hash_frontend(&front->frontends, as->family, &as->addr,
				 as->proto, as->port);
	bool found;

	rcu_read_lock();
	found = frontend_in(rcu_dereference(front->frontends.table.cur), hash,
			    family, addr, proto, port);
	rcu_read_unlock();
	return found;
}

static bool vip_in_chain_of(struct front *front,
			    const struct svcnat_frontend *as, u8 family,
			    const union nf_inet_addr *addr)
{
	u32 hash = hash_vip(&front->frontends, as->family, &as->addr);
	bool found;

	rcu_read_lock();
	found = vip_in(rcu_dereference(front->frontends.vips.cur), hash, family,
		       addr);
	rcu_read_unlock();
	return found;
}

/* What differs in anything is another one, though its hash were the same. */
static void every_part_counts(struct kunit *test)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct front *front = test->priv;
	struct svcnat_frontend_spec spec;
	union nf_inet_addr addr;
	struct svcnat_frontend *f;
	unsigned int i, bit;
	__be16 port;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const u8 family = families[i];

		spec = (struct svcnat_frontend_spec) {
			.addr.ip = htonl(0x0a600001), .port = htons(80),
			.family = family,
		};
		f = svcnat_frontend_alloc(&spec, IPPROTO_TCP, NULL, &init_net);
		KUNIT_ASSERT_NOT_NULL(test, f);
		svcnat_frontend_link(&front->frontends, f);
		addr = spec.addr;
		port = spec.port;
		KUNIT_EXPECT_TRUE(test, in_chain_of(front, f, family, &addr,
						    IPPROTO_TCP, port));
		KUNIT_EXPECT_FALSE(test, in_chain_of(front, f, family, &addr,
						     IPPROTO_UDP, port));
		KUNIT_EXPECT_FALSE(test, in_chain_of(front, f, families[!i],
						     &addr, IPPROTO_TCP, port));
		KUNIT_EXPECT_TRUE(test, vip_in_chain_of(front, f, family,
							&addr));
		KUNIT_EXPECT_FALSE(test, vip_in_chain_of(front, f, families[!i],
							 &addr));
		for (bit = 0; bit < 16; bit++) {
			port = spec.port ^ htons(BIT(bit));
			KUNIT_EXPECT_FALSE(test, in_chain_of(front, f, family,
							     &addr, IPPROTO_TCP,
							     port));
		}
		for (bit = 0; bit < (i ? 128 : 32); bit++) {
			addr.ip6[bit / 32] ^= htonl(BIT(bit % 32));
			KUNIT_EXPECT_FALSE(test, in_chain_of(front, f, family,
							     &addr, IPPROTO_TCP,
							     spec.port));
			KUNIT_EXPECT_FALSE(test, vip_in_chain_of(front, f,
								 family,
								 &addr));
			addr = spec.addr;
		}
		svcnat_frontend_unlink(&front->frontends, f);
		svcnat_frontend_free(f);
	}
}

/* Whoever chooses addresses cannot choose the chain. */
static void every_part_goes_into_the_hash(struct kunit *test)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct svcnat_frontends *fr = &((struct front *)test->priv)->frontends;
	union nf_inet_addr addr = { .ip = htonl(0x0a600001) };
	const __be16 port = htons(80);
	unsigned int i, bit;
	u32 hash, vip;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const u8 family = families[i];

		hash = hash_frontend(fr, family, &addr, IPPROTO_TCP, port);
		vip = hash_vip(fr, family, &addr);
		for (bit = 0; bit < (i ? 128 : 32); bit++) {
			addr.ip6[bit / 32] ^= htonl(BIT(bit % 32));
			KUNIT_EXPECT_NE(test, hash_vip(fr, family, &addr), vip);
			KUNIT_EXPECT_NE(test, hash,
					hash_frontend(fr, family, &addr,
						      IPPROTO_TCP, port));
			addr.ip6[bit / 32] ^= htonl(BIT(bit % 32));
		}
		for (bit = 0; bit < 16; bit++)
			KUNIT_EXPECT_NE(test, hash,
					hash_frontend(fr, family, &addr,
						      IPPROTO_TCP,
						      port ^ htons(BIT(bit))));
		KUNIT_EXPECT_NE(test, hash,
				hash_frontend(fr, family, &addr, IPPROTO_UDP,
					      port));
	}
}

/* Hooks of a family are there as long as it has frontends. */
static void families_are_counted_apart(struct kunit *test)
{
	struct front *front = test->priv;
	u32 *num = front->frontends.num;
	struct svcnat_frontend *f[20];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f); i++) {
		struct svcnat_frontend_spec spec = {
			.addr.ip6 = { htonl(0xfd000096), 0, 0, htonl(i / 2) },
			.port = htons(80 + i % 2), .family = AF_INET6,
		};

		f[i] = svcnat_frontend_alloc(&spec, IPPROTO_TCP, NULL,
					     &init_net);
		KUNIT_ASSERT_NOT_NULL(test, f[i]);
		svcnat_frontend_link(&front->frontends, f[i]);
		KUNIT_EXPECT_EQ(test, num[0], 0);
		KUNIT_EXPECT_EQ(test, num[1], i + 1);
		KUNIT_EXPECT_FALSE(test, f[i]->account.flags);
	}
	fill(test, 1);
	KUNIT_EXPECT_EQ(test, num[0], 1);
	/* Both count for the size of the table. */
	KUNIT_EXPECT_EQ(test, 31,
			rcu_dereference_protected(front->frontends.table.cur,
						  1)->mask);
	while (i--) {
		svcnat_frontend_unlink(&front->frontends, f[i]);
		svcnat_frontend_free(f[i]);
		KUNIT_EXPECT_EQ(test, num[0], 1);
		KUNIT_EXPECT_EQ(test, num[1], i);
		KUNIT_EXPECT_EQ(test, front->frontends.num_vips,
				DIV_ROUND_UP(i, 2) + 1);
	}
	KUNIT_EXPECT_TRUE(test, is_there(front, 0));
}

/* Stripes whose lookups have to begin again, since the last call */
static unsigned int disturbed(const struct svcnat_table *table, u32 *seen)
{
	unsigned int i, sum = 0;

	for (i = 0; i <= table->stripes_mask; i++) {
		u32 now = raw_read_seqcount(&table->stripes[i].seq);

		sum += seen[i] != now;
		seen[i] = now;
	}
	return sum;
}

/* While a large table moves, most lookups go undisturbed. */
static void a_move_disturbs_few_lookups(struct kunit *test)
{
	u32 seen[1 << STRIPES_ORDER] = {}, most = 0, all = 0, now;
	struct front *front = test->priv;
	struct svcnat_table *table = &front->frontends.table;
	bool done;

	fill(test, FRONTENDS);
	disturbed(table, seen);
	KUNIT_ASSERT_EQ(test, svcnat_table_resize(table, 4 * FRONTENDS), 0);
	do {
		/* One bucket */
		done = svcnat_table_drain(table, 1);
		now = disturbed(table, seen);
		most = max(most, now);
		all += now;
	} while (!done);
	KUNIT_EXPECT_EQ(test, most, 1);
	KUNIT_EXPECT_GT(test, all, FRONTENDS / 4);
	KUNIT_EXPECT_GE(test, table->stripes_mask, 7);
	KUNIT_EXPECT_EQ(test, wrong(front), 0);
}

static struct kunit_case frontend_cases[] = {
	KUNIT_CASE(linked_frontends_are_found),
	KUNIT_CASE(every_part_counts),
	KUNIT_CASE(every_part_goes_into_the_hash),
	KUNIT_CASE(families_are_counted_apart),
	KUNIT_CASE(a_move_disturbs_few_lookups),
	{}
};

static struct kunit_suite frontend_suite = {
	.name = "svcnat_frontend",
	.init = front_init,
	.exit = front_exit,
	.test_cases = frontend_cases,
};

kunit_test_suite(frontend_suite);
