// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "../schedule.c"

#define SOME	40
#define MANY	500
#define THREADS	4
#define LIST	SVCNAT_LIST_CLUSTER

/**
 * struct shop - a service with endpoints
 * @rnd: fixed seed
 * @service: the service
 * @endpoint: what the entries are entries of
 * @entry: the entries
 * @num: how many
 * @eps: the array of them
 */
struct shop {
	struct rnd_state	rnd;
	struct svcnat_service	*service;
	struct svcnat_endpoint	*endpoint;
	struct svcnat_entry	*entry;
	u32			num;
	struct svcnat_endpoints	*eps;
};

static int shop_init(struct kunit *test)
{
	struct shop *shop = kunit_kzalloc(test, sizeof(*shop), GFP_KERNEL);

	if (!shop)
		return -ENOMEM;
	shop->service = kvzalloc(sizeof(*shop->service), GFP_KERNEL);
	shop->endpoint = kvcalloc(SVCNAT_ENDPOINTS_MAX,
				  sizeof(*shop->endpoint), GFP_KERNEL);
	shop->entry = kvcalloc(SVCNAT_ENDPOINTS_MAX, sizeof(*shop->entry),
			       GFP_KERNEL);
	prandom_seed_state(&shop->rnd, 4711);
	test->priv = shop;
	return shop->service && shop->endpoint && shop->entry ? 0 : -ENOMEM;
}

static void shop_exit(struct kunit *test)
{
	struct shop *shop = test->priv;

	if (!shop)
		return;
	svcnat_endpoints_free(shop->eps);
	kvfree(shop->entry);
	kvfree(shop->endpoint);
	kvfree(shop->service);
}

static void hire(struct shop *shop, u8 family, u16 weight)
{
	u32 i = shop->num++;

	shop->endpoint[i].id = i + 1;
	shop->entry[i] = (struct svcnat_entry) {
		.endpoint = &shop->endpoint[i], .family = family,
		.port = htons(80), .weight = weight,
		.state = SVCNAT_STATE_READY, .place = SVCNAT_PLACE_LOCAL,
	};
	shop->entry[i].addr.all[family == AF_INET ? 0 : 3] =
		(__force u32)htonl(0x0af40001 + i);
}

static void open_shop(struct kunit *test, u8 scheduler)
{
	struct shop *shop = test->priv;

	svcnat_endpoints_free(shop->eps);
	shop->eps = svcnat_endpoints_build(shop->entry, shop->num);
	KUNIT_ASSERT_NOT_NULL(test, shop->eps);
	KUNIT_ASSERT_EQ(test, 0, svcnat_schedule_prepare(shop->eps, scheduler));
}

/* Who serves the client; by its index in shop.entry */
static u32 at(const struct shop *shop, u8 family, u32 where)
{
	return svcnat_schedule_at(shop->eps, family, LIST, where)->endpoint->id
	       - 1;
}

static u32 ask(struct shop *shop, u8 family, u16 port, u32 random)
{
	const struct svcnat_tuple tuple = {
		.family = family, .proto = IPPROTO_TCP, .sport = htons(port),
	};

	return at(shop, family, svcnat_schedule(shop->service, shop->eps, LIST,
						&tuple, random));
}

static u32 take(struct shop *shop, u8 family)
{
	return at(shop, family, svcnat_schedule_take(shop->service, shop->eps,
						     family, LIST, U32_MAX));
}

/* Weights with a divisor in common, for @num endpoints of both families */
static void hire_some(struct shop *shop, u32 num)
{
	u32 common = 1 + prandom_u32_state(&shop->rnd) % 3;

	shop->num = 0;
	while (shop->num < num)
		hire(shop, shop->num % 3 ? AF_INET : AF_INET6,
		     prandom_u32_state(&shop->rnd) % 12 * common);
}

static void expect_cycle(struct kunit *test, u8 family)
{
	struct shop *shop = test->priv;
	const unsigned int f = svcnat_family_index(family);
	const struct svcnat_eligible *l = &shop->eps->list[f][LIST];
	u32 i, turn[SOME] = {};

	if (!l->num)
		return;
	for (i = 0; i < l->turns; i++)
		turn[take(shop, family)]++;
	for (i = 0; i < shop->num; i++) {
		const struct svcnat_entry *e = &shop->entry[i];

		if (e->family == family)
			KUNIT_ASSERT_EQ(test, turn[i] * l->unit,
					(u32)e->weight);
		else
			KUNIT_ASSERT_EQ(test, turn[i], 0);
	}
}

/* A cycle begins wherever one begins to count. */
static void rr_is_exact_over_every_cycle(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 num, i;

	for (num = 1; num < SOME; num++) {
		hire_some(shop, num);
		open_shop(test, SVCNAT_SCHEDULER_RR);
		for (i = 0; i < 5; i++) {
			expect_cycle(test, AF_INET);
			expect_cycle(test, AF_INET6);
			if (shop->eps->list[0][LIST].num)
				take(shop, AF_INET);
		}
	}
}

static void rr_goes_on_where_the_counter_wraps(struct kunit *test)
{
	struct shop *shop = test->priv;
	const struct svcnat_eligible *l;

	hire(shop, AF_INET, 2);
	hire(shop, AF_INET, 5);
	open_shop(test, SVCNAT_SCHEDULER_RR);
	l = &shop->eps->list[0][LIST];
	KUNIT_EXPECT_EQ(test, l->turns, 7);
	atomic64_set(&shop->service->turn[0][LIST], U32_MAX - 3);
	expect_cycle(test, AF_INET);
	expect_cycle(test, AF_INET);
}

static void rr_is_exact_with_large_weights(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i;

	/* More turns than the square of which 32 bits hold */
	for (i = 0; i < 20; i++)
		hire(shop, AF_INET, 5000 + 37 * i);
	open_shop(test, SVCNAT_SCHEDULER_RR);
	expect_cycle(test, AF_INET);
}

static void asking_takes_no_turn(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, first;

	for (i = 0; i < 5; i++)
		hire(shop, AF_INET, 1 + i);
	open_shop(test, SVCNAT_SCHEDULER_RR);
	for (i = 0; i < 40; i++) {
		first = ask(shop, AF_INET, 1, 0);
		KUNIT_EXPECT_EQ(test, first, ask(shop, AF_INET, 2, 0));
		KUNIT_EXPECT_EQ(test, first, take(shop, AF_INET));
	}
}

/* How many turns in a row are the same endpoint's, at most */
static u32 longest_run(struct shop *shop, u32 turns)
{
	u32 i, who, last = U32_MAX, run = 0, longest = 0;

	for (i = 0; i < turns; i++) {
		who = take(shop, AF_INET);
		run = who == last ? run + 1 : 1;
		last = who;
		longest = max(longest, run);
	}
	return longest;
}

static void rr_does_not_come_in_bursts(struct kunit *test)
{
	/* weights, and a run that is hardly longer than it has to be */
	static const struct {
		u16	weight[3];
		u32	most;
	} cases[] = {
		{ { 1, 1, 1 }, 1 }, { { 500, 500, 500 }, 1 },
		{ { 100, 100, 99 }, 2 }, { { 10, 10, 20 }, 2 },
		{ { 50, 1, 49 }, 3 }, { { 90, 5, 5 }, 18 },
		{ { 1000, 999, 998 }, 2 }, { { 65535, 65534, 65533 }, 2 },
	};
	struct shop *shop = test->priv;
	u32 i, j, run;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		shop->num = 0;
		for (j = 0; j < 3; j++)
			hire(shop, AF_INET, cases[i].weight[j]);
		open_shop(test, SVCNAT_SCHEDULER_RR);
		run = longest_run(shop, 5000);
		kunit_info(test, "case %u: %u\n", i, run);
		KUNIT_EXPECT_LE(test, run, cases[i].most);
	}
}

/* The largest sum of weights there can be, without a divisor in common */
static void rr_of_the_biggest_array(struct kunit *test)
{
	struct shop *shop = test->priv;
	u8 *turn = kvzalloc(SVCNAT_ENDPOINTS_MAX, GFP_KERNEL);
	u32 i, most = 0;

	KUNIT_ASSERT_NOT_NULL(test, turn);
	for (i = 0; i < SVCNAT_ENDPOINTS_MAX; i++)
		hire(shop, AF_INET, SVCNAT_WEIGHT_MAX - !i);
	open_shop(test, SVCNAT_SCHEDULER_RR);
	atomic64_set(&shop->service->turn[0][LIST], U32_MAX - 1000);
	for (i = 0; i < SVCNAT_ENDPOINTS_MAX; i++) {
		u8 *t = &turn[take(shop, AF_INET)];

		*t += 1;
		most = max_t(u32, most, *t);
	}
	KUNIT_EXPECT_LE(test, most, 2);
	kvfree(turn);
}

/**
 * struct client - a thread that takes turns
 * @shop: where
 * @task: the thread
 * @done: it has taken all
 * @turn: how often it was whose
 */
struct client {
	struct shop		*shop;
	struct task_struct	*task;
	bool			done;
	u32			turn[3];
};

#define CYCLES	10000	/* of each client */

static int take_turns(void *arg)
{
	struct client *client = arg;
	u32 i;

	for (i = 0; i < 6 * CYCLES; i++) {
		client->turn[take(client->shop, AF_INET)]++;
		cond_resched();
	}
	WRITE_ONCE(client->done, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void rr_is_exact_for_all_cpus_at_once(struct kunit *test)
{
	struct shop *shop = test->priv;
	struct client client[THREADS] = {};
	u32 i, j, turn[3] = {};

	for (i = 0; i < 3; i++)
		hire(shop, AF_INET, i + 1);
	open_shop(test, SVCNAT_SCHEDULER_RR);
	for (i = 0; i < THREADS; i++) {
		client[i].shop = shop;
		client[i].task = kthread_create(take_turns, &client[i],
						"svcnat-kunit/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(client[i].task));
	}
	for (i = 0; i < THREADS; i++)
		wake_up_process(client[i].task);
	for (i = 0; i < THREADS; i++) {
		while (!READ_ONCE(client[i].done))
			schedule_timeout_uninterruptible(1);
		kthread_stop(client[i].task);
		for (j = 0; j < 3; j++)
			turn[j] += client[i].turn[j];
	}
	for (j = 0; j < 3; j++)
		KUNIT_EXPECT_EQ(test, turn[j], (j + 1) * CYCLES * THREADS);
}

static bool lighter(const struct shop *shop, u32 a, u32 b)
{
	int x = atomic_read(&shop->endpoint[a].active);
	int y = atomic_read(&shop->endpoint[b].active);

	return (u64)x * shop->entry[b].weight < (u64)y * shop->entry[a].weight;
}

static void hire_busy(struct shop *shop, u32 num, u32 flows, u32 weight)
{
	shop->num = 0;
	while (shop->num < num) {
		atomic_set(&shop->endpoint[shop->num].active,
			   prandom_u32_state(&shop->rnd) % flows);
		hire(shop, AF_INET, 1 + prandom_u32_state(&shop->rnd) % weight);
	}
}

/* Nobody in the window has less to do; all that are alike are drawn. */
static void expect_least(struct kunit *test, u32 draws)
{
	struct shop *shop = test->priv;
	u32 i, j, who, random, from, window = min(shop->num, LC_MOST);
	DECLARE_BITMAP(drawn, MANY) = {};

	for (i = 0; i < draws; i++) {
		random = prandom_u32_state(&shop->rnd) ?: 1;
		who = ask(shop, AF_INET, 1, random);
		__set_bit(who, drawn);
		from = window < shop->num ? reciprocal_scale(random, shop->num)
					  : 0;
		for (j = 0; j < window; j++)
			KUNIT_ASSERT_FALSE(test,
					   lighter(shop, (from + j) % shop->num,
						   who));
		KUNIT_ASSERT_LT(test, (who + shop->num - from) % shop->num,
				window);
	}
	if (window < shop->num)
		return;
	for (i = 0; i < shop->num; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, drawn),
				!lighter(shop, who, i));
}

static void lc_draws_who_has_least_to_do(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 num;

	for (num = 1; num < SOME; num++) {
		hire_busy(shop, num, 4, 3);
		open_shop(test, SVCNAT_SCHEDULER_LC);
		expect_least(test, 10 * num + 50);
		hire_busy(shop, num, INT_MAX, SVCNAT_WEIGHT_MAX);
		open_shop(test, SVCNAT_SCHEDULER_LC);
		expect_least(test, 20);
	}
	for (num = 0; num < 5; num++) {
		hire_busy(shop, MANY, 1000, 100);
		open_shop(test, SVCNAT_SCHEDULER_LC);
		expect_least(test, 200);
	}
}

static void lc_counts_no_less_than_none(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, drawn[2] = {};

	hire(shop, AF_INET, 1);
	hire(shop, AF_INET, 1);
	atomic_set(&shop->endpoint[0].active, -3);
	open_shop(test, SVCNAT_SCHEDULER_LC);
	for (i = 0; i < 100; i++)
		drawn[ask(shop, AF_INET, 1, 0)]++;
	KUNIT_EXPECT_GT(test, drawn[0], 0);
	KUNIT_EXPECT_GT(test, drawn[1], 0);
}

/* One connection after the other goes where the weights say. */
static void lc_fills_by_weight(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, sum = 0, rounds = 20;

	for (i = 0; i < 6; i++) {
		hire(shop, AF_INET, 1 + i);
		sum += 1 + i;
	}
	open_shop(test, SVCNAT_SCHEDULER_LC);
	for (i = 0; i < rounds * sum; i++)
		atomic_inc(&shop->endpoint[ask(shop, AF_INET, 1, 0)].active);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&shop->endpoint[i].active),
				rounds * (1 + i));
}

/* Those that are idle alike are told apart by their weights alone. */
static void lc_draws_the_idle_by_weight(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, drawn[2] = {};

	hire(shop, AF_INET, 1);
	hire(shop, AF_INET, 9);
	open_shop(test, SVCNAT_SCHEDULER_LC);
	for (i = 0; i < 4000; i++)
		drawn[ask(shop, AF_INET, 1,
			  prandom_u32_state(&shop->rnd) ?: 1)]++;
	KUNIT_EXPECT_LE(test, abs((int)drawn[0] - 400), 100);
}

/* Two nodes were told of the same endpoints in another order. */
static void maglev_is_the_same_everywhere(struct kunit *test)
{
	struct shop *shop = test->priv;
	u8 family, before[400];
	u32 i;

	for (i = 0; i < SOME; i++)
		hire(shop, i % 3 ? AF_INET : AF_INET6, 1 + i % 4);
	open_shop(test, SVCNAT_SCHEDULER_MAGLEV);
	for (i = 0; i < ARRAY_SIZE(before); i++)
		before[i] = ask(shop, i & 1 ? AF_INET : AF_INET6, i, 0);
	for (i = 0; i < SOME / 2; i++)
		swap(shop->entry[i], shop->entry[SOME - 1 - i]);
	open_shop(test, SVCNAT_SCHEDULER_MAGLEV);
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		family = i & 1 ? AF_INET : AF_INET6;
		KUNIT_EXPECT_EQ(test, (u32)before[i],
				ask(shop, family, i, 0));
		KUNIT_EXPECT_EQ(test, before[i] % 3 ? AF_INET : AF_INET6,
				(int)family);
	}
}

static void maglev_honours_weights(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, drawn[2] = {};

	hire(shop, AF_INET, 1);
	hire(shop, AF_INET, 9);
	open_shop(test, SVCNAT_SCHEDULER_MAGLEV);
	for (i = 0; i < 4000; i++)
		drawn[ask(shop, AF_INET, i, 0)]++;
	KUNIT_EXPECT_LE(test, abs((int)drawn[0] - 400), 100);
}

static void maglev_with_affinity_keeps_a_client(struct kunit *test)
{
	struct shop *shop = test->priv;
	u32 i, first;

	for (i = 0; i < 10; i++)
		hire(shop, AF_INET, 1);
	open_shop(test, SVCNAT_SCHEDULER_MAGLEV);
	shop->service->options.affinity = 1;
	first = ask(shop, AF_INET, 0, 0);
	for (i = 1; i < 50; i++)
		KUNIT_EXPECT_EQ(test, first, ask(shop, AF_INET, i, 0));
}

static void every_scheduler_knows_another(struct kunit *test)
{
	struct shop *shop = test->priv;
	const struct svcnat_tuple tuple = { .family = AF_INET };
	u32 scheduler, where, num, i;
	DECLARE_BITMAP(seen, 4);

	for (num = 1; num < 4; num++) {
		hire(shop, AF_INET, num);
		for (scheduler = SVCNAT_SCHEDULER_RANDOM;
		     scheduler <= SVCNAT_SCHEDULER_MAGLEV; scheduler++) {
			open_shop(test, scheduler);
			bitmap_zero(seen, 4);
			where = svcnat_schedule(shop->service, shop->eps, LIST,
						&tuple, 0);
			for (i = 0; i < 60; i++) {
				u32 who = at(shop, AF_INET, where);

				__set_bit(who, seen);
				where = svcnat_schedule_next(shop->eps, AF_INET,
							     LIST, where);
				KUNIT_EXPECT_EQ(test, num == 1, who ==
						at(shop, AF_INET, where));
			}
			KUNIT_EXPECT_EQ(test, num, bitmap_weight(seen, 4));
		}
	}
}

static bool draws_of(struct shop *shop, enum svcnat_list list, u32 where)
{
	return svcnat_entry_in(svcnat_schedule_at(shop->eps, AF_INET, list,
						  where), list);
}

/* Some serve what comes from here alone, some the others alone, some both. */
static void every_scheduler_keeps_to_its_list(struct kunit *test)
{
	static const u8 places[] = {
		SVCNAT_PLACE_REMOTE, SVCNAT_PLACE_LOCAL,
		SVCNAT_PLACE_LOCAL_ONLY,
	};
	struct shop *shop = test->priv;
	u32 scheduler, list, where, i;

	for (i = 0; i < 9; i++) {
		hire(shop, AF_INET, 1 + i % 2);
		shop->entry[i].place = places[i / 3];
	}
	for (scheduler = SVCNAT_SCHEDULER_RANDOM;
	     scheduler <= SVCNAT_SCHEDULER_MAGLEV; scheduler++) {
		open_shop(test, scheduler);
		for (i = 0; i < 100 * SVCNAT_LISTS; i++) {
			struct svcnat_tuple tuple = {
				.family = AF_INET, .sport = htons(i),
			};

			list = i % SVCNAT_LISTS;
			where = svcnat_schedule(shop->service, shop->eps, list,
						&tuple, 0);
			KUNIT_EXPECT_TRUE(test, draws_of(shop, list, where));
			where = svcnat_schedule_take(shop->service, shop->eps,
						     AF_INET, list, where);
			KUNIT_EXPECT_TRUE(test, draws_of(shop, list, where));
			where = svcnat_schedule_next(shop->eps, AF_INET, list,
						     where);
			KUNIT_EXPECT_TRUE(test, draws_of(shop, list, where));
		}
	}
}

static struct kunit_case schedule_cases[] = {
	KUNIT_CASE(rr_is_exact_over_every_cycle),
	KUNIT_CASE(rr_goes_on_where_the_counter_wraps),
	KUNIT_CASE(rr_is_exact_with_large_weights),
	KUNIT_CASE(asking_takes_no_turn),
	KUNIT_CASE(rr_does_not_come_in_bursts),
	KUNIT_CASE(rr_of_the_biggest_array),
	KUNIT_CASE(rr_is_exact_for_all_cpus_at_once),
	KUNIT_CASE(lc_draws_who_has_least_to_do),
	KUNIT_CASE(lc_counts_no_less_than_none),
	KUNIT_CASE(lc_fills_by_weight),
	KUNIT_CASE(lc_draws_the_idle_by_weight),
	KUNIT_CASE(maglev_is_the_same_everywhere),
	KUNIT_CASE(maglev_honours_weights),
	KUNIT_CASE(maglev_with_affinity_keeps_a_client),
	KUNIT_CASE(every_scheduler_knows_another),
	KUNIT_CASE(every_scheduler_keeps_to_its_list),
	{}
};

static struct kunit_suite schedule_suite = {
	.name = "svcnat_schedule",
	.init = shop_init,
	.exit = shop_exit,
	.test_cases = schedule_cases,
};

kunit_test_suite(schedule_suite);
