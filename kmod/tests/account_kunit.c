// SPDX-License-Identifier: GPL-2.0-only
/* The flows of an account, counted in one place or by every CPU for itself. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <net/net_namespace.h>

#include "../stats.h"

#define THREADS	4
#define ROUNDS	100

/**
 * struct book - an account, and who writes to it
 * @account: the account
 * @active: where its flows are counted
 */
struct book {
	struct svcnat_account	account;
	atomic_t		active;
};

/**
 * struct clerk - a thread that begins and ends flows
 * @account: that they are charged to
 * @task: the thread
 * @seed: of what it does
 * @flows: that it has begun and not ended
 */
struct clerk {
	struct svcnat_account	*account;
	struct task_struct	*task;
	u32			seed;
	int			flows;
};

static int book_init(struct kunit *test)
{
	struct book *book = kunit_kzalloc(test, sizeof(*book), GFP_KERNEL);

	if (!book)
		return -ENOMEM;
	test->priv = book;
	return svcnat_account_init(&book->account, &init_net);
}

static void book_exit(struct kunit *test)
{
	struct book *book = test->priv;

	if (book)
		svcnat_account_exit(&book->account);
}

static void charge(struct svcnat_account *account, int n)
{
	local_bh_disable();
	svcnat_account_active(account, n);
	local_bh_enable();
}

static int held(const struct svcnat_account *account)
{
	int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		sum += atomic_read(&per_cpu_ptr(account->counters, cpu)->held);
	return sum;
}

static void flows_made_before_are_known(struct kunit *test)
{
	struct book *book = test->priv;
	int i;

	for (i = 0; i < 5; i++)
		charge(&book->account, 1);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&book->active));
	svcnat_account_share(&book->account, &book->active);
	KUNIT_EXPECT_EQ(test, 5, atomic_read(&book->active));
	svcnat_account_share(&book->account, &book->active);
	KUNIT_EXPECT_EQ(test, 5, atomic_read(&book->active));
	charge(&book->account, 1);
	charge(&book->account, -1);
	charge(&book->account, -1);
	KUNIT_EXPECT_EQ(test, 4, atomic_read(&book->active));
	KUNIT_EXPECT_EQ(test, 0, held(&book->account));
}

/* What happens while nobody wants to know is made up for. */
static void it_can_be_switched_off_and_on(struct kunit *test)
{
	struct book *book = test->priv;
	int i, flows = 0;

	for (i = 1; i < 20; i++) {
		svcnat_account_share(&book->account, &book->active);
		KUNIT_EXPECT_EQ(test, flows, atomic_read(&book->active));
		charge(&book->account, 1);
		KUNIT_EXPECT_EQ(test, ++flows, atomic_read(&book->active));
		svcnat_account_unshare(&book->account);
		charge(&book->account, i % 3 - 1);
		KUNIT_EXPECT_EQ(test, flows, atomic_read(&book->active));
		flows += i % 3 - 1;
	}
}

static int work(void *arg)
{
	struct clerk *clerk = arg;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, clerk->seed);
	while (!kthread_should_stop()) {
		int i, n;

		for (i = 0; i < 100; i++) {
			n = prandom_u32_state(&rnd) & 1 ? 1 : -1;
			charge(clerk->account, n);
			clerk->flows += n;
		}
		cond_resched();
	}
	return 0;
}

static void nothing_is_lost_on_the_way(struct kunit *test)
{
	struct book *book = test->priv;
	struct clerk clerk[THREADS];
	int i, flows = 0;

	for (i = 0; i < THREADS; i++) {
		clerk[i] = (struct clerk) {
			.account = &book->account, .seed = i + 1,
		};
		clerk[i].task = kthread_run(work, &clerk[i], "svcnat-kunit/%d",
					    i);
	}
	for (i = 0; i < ROUNDS; i++) {
		svcnat_account_share(&book->account, &book->active);
		/* Those that took it for unshared are through. */
		synchronize_rcu();
		KUNIT_EXPECT_EQ(test, 0, held(&book->account));
		svcnat_account_unshare(&book->account);
		usleep_range(50, 100);
	}
	svcnat_account_share(&book->account, &book->active);
	for (i = 0; i < THREADS; i++) {
		if (IS_ERR(clerk[i].task)) {
			KUNIT_FAIL(test, "no thread");
			continue;
		}
		kthread_stop(clerk[i].task);
		flows += clerk[i].flows;
	}
	KUNIT_EXPECT_EQ(test, flows, atomic_read(&book->active));
	KUNIT_EXPECT_EQ(test, 0, held(&book->account));
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(flows_made_before_are_known),
	KUNIT_CASE(it_can_be_switched_off_and_on),
	KUNIT_CASE(nothing_is_lost_on_the_way),
	{}
};

static struct kunit_suite account_suite = {
	.name = "svcnat_account",
	.init = book_init,
	.exit = book_exit,
	.test_cases = account_cases,
};

kunit_test_suite(account_suite);
