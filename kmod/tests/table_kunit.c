// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/jhash.h>
#include <linux/workqueue.h>

#include "../table.c"

#define THINGS		2000
#define ORDER		4
#define STRIPES		3

/**
 * struct thing - an entry
 * @node: in the table
 * @key: looked for
 * @linked: it is in the table
 */
struct thing {
	struct svcnat_node	node;
	u32			key;
	bool			linked;
};

/**
 * struct zoo - a table of things
 * @table: the table
 * @work: a reader on another CPU
 * @stop: the reader shall end
 * @rounds: how often the reader has looked for all things
 * @missed: things that the reader did not find
 * @thing: the things
 */
struct zoo {
	struct svcnat_table	table;
	struct work_struct	work;
	bool			stop;
	unsigned int		rounds;
	unsigned int		missed;
	struct thing		thing[THINGS];
};

static u32 hash_key(u32 key)
{
	return jhash_1word(key, 42);
}

static u32 hash_thing(const struct svcnat_table *table,
		      const struct svcnat_node *node)
{
	return hash_key(container_of(node, struct thing, node)->key);
}

static struct thing *find_in(const struct svcnat_buckets *b, u32 key)
{
	const u32 slot = hash_key(key) & b->mask;
	struct svcnat_node *node;
	struct thing *thing;

again:
	svcnat_for_each_node_rcu(thing, node, &b->head[slot], node)
		if (thing->key == key)
			return thing;
	if (svcnat_node_mark(node) != svcnat_buckets_end(b, slot))
		goto again;
	return NULL;
}

static struct thing *find(struct zoo *zoo, u32 key)
{
	struct thing *thing;

	rcu_read_lock();
	thing = svcnat_table_search(&zoo->table, hash_key(key), b,
				    find_in(b, key));
	rcu_read_unlock();
	return thing;
}

static void set_linked(struct zoo *zoo, unsigned int i, bool linked)
{
	struct thing *thing = &zoo->thing[i];
	u32 hash = hash_key(thing->key);
	struct svcnat_locked locked;

	if (thing->linked == linked)
		return;
	local_bh_disable();
	svcnat_table_lock(&zoo->table, &hash, 1, &locked);
	if (linked)
		svcnat_table_link(&zoo->table, hash, &thing->node);
	else
		svcnat_table_unlink(&zoo->table, hash, &thing->node);
	svcnat_table_unlock(&zoo->table, &locked);
	local_bh_enable();
	thing->linked = linked;
}

/* How many things are where they should not be, or not where they should? */
static unsigned int lost(struct zoo *zoo)
{
	unsigned int i, n = 0;

	for (i = 0; i < THINGS; i++)
		n += find(zoo, zoo->thing[i].key) !=
		     (zoo->thing[i].linked ? &zoo->thing[i] : NULL);
	return n;
}

static int zoo_init(struct kunit *test)
{
	struct zoo *zoo = kunit_kzalloc(test, sizeof(*zoo), GFP_KERNEL);
	unsigned int i;

	if (!zoo)
		return -ENOMEM;
	test->priv = zoo;
	for (i = 0; i < THINGS; i++)
		zoo->thing[i].key = i * 7919;
	return svcnat_table_init(&zoo->table, ORDER, STRIPES, hash_thing);
}

static void zoo_exit(struct kunit *test)
{
	struct zoo *zoo = test->priv;

	if (zoo)
		svcnat_table_exit(&zoo->table);
}

static void fill(struct zoo *zoo, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < THINGS; i++)
		set_linked(zoo, i, i < n);
}

static u32 buckets(struct zoo *zoo)
{
	return rcu_dereference_protected(zoo->table.cur, 1)->mask + 1;
}

static void linked_things_are_found(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
	fill(zoo, THINGS);
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
	for (i = 0; i < THINGS; i += 3)
		set_linked(zoo, i, false);
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
	fill(zoo, 0);
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
}

/* Things whose keys have a slot in common, so many of them */
static void in_one_slot(struct zoo *zoo, unsigned int *i, unsigned int n)
{
	const u32 mask = buckets(zoo) - 1, slot = hash_key(zoo->thing[0].key);
	unsigned int j, found = 0;

	for (j = 0; j < THINGS && found < n; j++)
		if (!((hash_key(zoo->thing[j].key) ^ slot) & mask))
			i[found++] = j;
}

static void any_thing_of_a_chain_can_go(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	unsigned int i[5], gone, j;

	in_one_slot(zoo, i, ARRAY_SIZE(i));
	for (gone = 0; gone < 1 << ARRAY_SIZE(i); gone++) {
		for (j = 0; j < ARRAY_SIZE(i); j++)
			set_linked(zoo, i[j], true);
		for (j = 0; j < ARRAY_SIZE(i); j++)
			if (gone & BIT(j))
				set_linked(zoo, i[j], false);
		KUNIT_EXPECT_EQ(test, lost(zoo), 0);
		/* In this order next, too */
		swap(i[gone % 4], i[gone % 4 + 1]);
	}
	fill(zoo, 0);
}

/* A reader stands on a thing that goes, and comes back in another chain. */
static void a_reader_led_astray_can_tell(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	const struct svcnat_buckets *b = rcu_dereference_protected(zoo->table.cur, 1);
	struct svcnat_node *on, *next;
	unsigned int i[3], other = 0;
	u32 slot, astray;

	in_one_slot(zoo, i, 3);
	set_linked(zoo, i[0], true);
	set_linked(zoo, i[1], true);
	set_linked(zoo, i[2], true);
	slot = hash_key(zoo->thing[i[0]].key) & b->mask;
	on = &zoo->thing[i[1]].node;
	next = on->next;
	set_linked(zoo, i[1], false);
	/* As long as it is nowhere else, the way is what it was. */
	KUNIT_EXPECT_PTR_EQ(test, on->next, next);
	KUNIT_EXPECT_PTR_EQ(test, next, &zoo->thing[i[0]].node);
	KUNIT_EXPECT_EQ(test, svcnat_node_mark(next->next),
			svcnat_buckets_end(b, slot));
	while ((hash_key(zoo->thing[other].key) & b->mask) == slot)
		other++;
	swap(zoo->thing[i[1]].key, zoo->thing[other].key);
	astray = hash_key(zoo->thing[i[1]].key) & b->mask;
	set_linked(zoo, i[1], true);
	KUNIT_ASSERT_TRUE(test, svcnat_node_is_end(on->next));
	KUNIT_EXPECT_EQ(test, svcnat_node_mark(on->next),
			svcnat_buckets_end(b, astray));
	KUNIT_EXPECT_NE(test, svcnat_node_mark(on->next),
			svcnat_buckets_end(b, slot));
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
	fill(zoo, 0);
}

static void every_chain_has_its_own_end(struct kunit *test)
{
	struct svcnat_buckets *one = alloc_buckets(4), *two = alloc_buckets(5);
	u32 i, j;

	if (!one || !two)
		goto free;
	for (i = 0; i <= one->mask; i++) {
		for (j = 0; j <= one->mask; j++)
			KUNIT_EXPECT_EQ(test, i == j,
					svcnat_buckets_end(one, i) ==
					svcnat_buckets_end(one, j));
		for (j = 0; j <= two->mask; j++)
			KUNIT_EXPECT_NE(test, svcnat_buckets_end(one, i),
					svcnat_buckets_end(two, j));
		KUNIT_EXPECT_EQ(test, svcnat_buckets_end(one, i),
				svcnat_node_mark(one->head[i].next));
	}
free:
	KUNIT_EXPECT_NOT_NULL(test, one);
	KUNIT_EXPECT_NOT_NULL(test, two);
	kvfree(one);
	kvfree(two);
}

/* Nobody else is there: whoever holds it is us. */
static bool is_locked(struct zoo *zoo, unsigned int stripe)
{
	return raw_spin_is_locked(&zoo->table.stripes[stripe].lock.rlock);
}

static void locks_each_stripe_once_in_order(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	struct svcnat_locked locked;
	unsigned int bits, i, flaws = 0;

	for (bits = 0; bits < 1 << (3 * SVCNAT_TABLE_KEYS); bits += 5) {
		u32 hash[SVCNAT_TABLE_KEYS], wanted = 0, held = 0;

		for (i = 0; i < SVCNAT_TABLE_KEYS; i++) {
			hash[i] = 0x100 * i + ((bits >> (3 * i)) & 7);
			wanted |= 1 << (hash[i] & 7);
		}
		local_bh_disable();
		svcnat_table_lock(&zoo->table, hash, SVCNAT_TABLE_KEYS,
				  &locked);
		for (i = 0; i < 1 << STRIPES; i++)
			held |= is_locked(zoo, i) << i;
		svcnat_table_unlock(&zoo->table, &locked);
		for (i = 1; i < locked.n; i++)
			flaws += locked.stripe[i] <= locked.stripe[i - 1];
		for (i = 0; i < 1 << STRIPES; i++)
			flaws += is_locked(zoo, i);
		local_bh_enable();
		flaws += held != wanted || locked.n != hweight32(wanted);
	}
	KUNIT_EXPECT_EQ(test, flaws, 0);
}

static void knows_when_to_resize(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	struct svcnat_table *table = &zoo->table;

	KUNIT_EXPECT_FALSE(test, svcnat_table_wants_resize(table, 0));
	KUNIT_EXPECT_FALSE(test, svcnat_table_wants_resize(table, 16));
	KUNIT_EXPECT_TRUE(test, svcnat_table_wants_resize(table, 17));
	svcnat_table_grow(table, 1024);
	KUNIT_EXPECT_EQ(test, buckets(zoo), 1024);
	KUNIT_EXPECT_FALSE(test, svcnat_table_wants_resize(table, 1024));
	KUNIT_EXPECT_TRUE(test, svcnat_table_wants_resize(table, 1025));
	/* Not with every wave */
	KUNIT_EXPECT_FALSE(test, svcnat_table_wants_resize(table, 128));
	KUNIT_EXPECT_TRUE(test, svcnat_table_wants_resize(table, 32));
	KUNIT_EXPECT_TRUE(test, svcnat_table_wants_resize(table, 0));
	KUNIT_ASSERT_EQ(test, svcnat_table_resize(table, 2000), 0);
	KUNIT_EXPECT_FALSE(test, svcnat_table_wants_resize(table, 100000));
	while (!svcnat_table_drain(table, 16))
		;
	KUNIT_EXPECT_EQ(test, buckets(zoo), 2048);
	svcnat_table_grow(table, 0);
	KUNIT_EXPECT_EQ(test, buckets(zoo), 1 << ORDER);
}

/* Things come, go and are found while others move. */
static void drain_by_steps(struct kunit *test, u32 entries)
{
	struct zoo *zoo = test->priv;
	unsigned int steps = 0, i = 0;
	bool done;

	KUNIT_ASSERT_EQ(test, svcnat_table_resize(&zoo->table, entries), 0);
	KUNIT_ASSERT_EQ(test, lost(zoo), 0);
	do {
		done = svcnat_table_drain(&zoo->table, 200);
		KUNIT_ASSERT_EQ(test, lost(zoo), 0);
		set_linked(zoo, i, !zoo->thing[i].linked);
		i = (i + 997) % THINGS;
		steps++;
	} while (!done);
	KUNIT_EXPECT_GT(test, steps, 1);
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
	KUNIT_EXPECT_NULL(test, rcu_dereference_protected(zoo->table.old, 1));
}

static void nothing_is_lost_while_it_moves(struct kunit *test)
{
	struct zoo *zoo = test->priv;

	fill(zoo, THINGS - 100);
	drain_by_steps(test, THINGS);
	KUNIT_EXPECT_EQ(test, buckets(zoo), 2048);
	drain_by_steps(test, 10);
	KUNIT_EXPECT_EQ(test, buckets(zoo), 1 << ORDER);
	fill(zoo, 0);
	KUNIT_EXPECT_EQ(test, lost(zoo), 0);
}

static void drain_heeds_its_budget(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	struct svcnat_table *table = &zoo->table;
	u32 most = 0, before;
	unsigned int i;

	svcnat_table_grow(table, 2048);
	KUNIT_ASSERT_EQ(test, buckets(zoo), 2048);
	KUNIT_ASSERT_EQ(test, svcnat_table_resize(table, 0), 0);
	for (i = 0; i < 1000; i++) {
		before = table->drained;
		if (svcnat_table_drain(table, 16))
			break;
		most = max(most, table->drained - before);
	}
	KUNIT_EXPECT_EQ(test, i, 2048 / 16 - 1);
	KUNIT_EXPECT_EQ(test, most, 16);
	KUNIT_EXPECT_TRUE(test, svcnat_table_drain(table, 16));
}

static void look_for_all(struct work_struct *work)
{
	struct zoo *zoo = container_of(work, struct zoo, work);
	unsigned int i;

	do {
		for (i = 0; i < THINGS; i++)
			zoo->missed += find(zoo, zoo->thing[i].key) !=
				       &zoo->thing[i];
		WRITE_ONCE(zoo->rounds, zoo->rounds + 1);
		cond_resched();
	} while (!READ_ONCE(zoo->stop));
}

static void a_reader_finds_all_while_they_move(struct kunit *test)
{
	struct zoo *zoo = test->priv;
	unsigned long end = jiffies + HZ;
	unsigned int resizes = 0;

	fill(zoo, THINGS);
	INIT_WORK(&zoo->work, look_for_all);
	schedule_work_on(num_online_cpus() - 1, &zoo->work);
	/* As long as it takes to be looked at, but not for ever. */
	while (time_before(jiffies, end) ||
	       (READ_ONCE(zoo->rounds) < 4 && time_before(jiffies, end + 4 * HZ))) {
		svcnat_table_grow(&zoo->table, resizes & 1 ? 0 : THINGS);
		resizes++;
		cond_resched();
	}
	WRITE_ONCE(zoo->stop, true);
	flush_work(&zoo->work);
	KUNIT_EXPECT_EQ(test, zoo->missed, 0);
	KUNIT_EXPECT_GE(test, zoo->rounds, 4);
	KUNIT_EXPECT_GE(test, resizes, 4);
	fill(zoo, 0);
}

static void a_table_never_made_can_go(struct kunit *test)
{
	struct svcnat_table table = {};

	svcnat_table_exit(&table);
	KUNIT_EXPECT_NULL(test, table.stripes);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(linked_things_are_found),
	KUNIT_CASE(any_thing_of_a_chain_can_go),
	KUNIT_CASE(a_reader_led_astray_can_tell),
	KUNIT_CASE(every_chain_has_its_own_end),
	KUNIT_CASE(locks_each_stripe_once_in_order),
	KUNIT_CASE(knows_when_to_resize),
	KUNIT_CASE(nothing_is_lost_while_it_moves),
	KUNIT_CASE(drain_heeds_its_budget),
	KUNIT_CASE(a_reader_finds_all_while_they_move),
	KUNIT_CASE(a_table_never_made_can_go),
	{}
};

static struct kunit_suite table_suite = {
	.name = "svcnat_table",
	.init = zoo_init,
	.exit = zoo_exit,
	.test_cases = table_cases,
};

kunit_test_suite(table_suite);
