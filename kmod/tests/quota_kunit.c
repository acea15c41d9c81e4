// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "../quota.c"

/* What a CPU may keep back */
#define SPARE_MAX	(2 * BATCH)

/**
 * struct crowd - somebody who takes and gives
 * @work: where he does
 * @quota: of this
 * @n: how many to take (positive) or to give
 * @got: how many he took
 * @over: the limit was exceeded while he did
 */
struct crowd {
	struct work_struct	work;
	struct svcnat_quota	*quota;
	int			n;
	int			got;
	bool			over;
};

static int take_or_give(void *arg)
{
	struct crowd *c = arg;
	int i;

	local_bh_disable();
	c->got = 0;
	for (i = 0; i < c->n && svcnat_quota_take(c->quota); i++)
		c->got++;
	for (i = 0; i > c->n; i--)
		svcnat_quota_give(c->quota);
	local_bh_enable();
	return 0;
}

/* Take (or give) @n on one CPU; gives how many were granted. */
static int on(unsigned int cpu, struct svcnat_quota *quota, int n)
{
	struct crowd c = { .quota = quota, .n = n };

	smp_call_on_cpu(cpu, take_or_give, &c, false);
	return c.got;
}

static void the_limit_is_exact_on_one_cpu(struct kunit *test)
{
	static const u32 limits[] = { 0, 1, 2, 63, 64, 65, 500, 5000 };
	struct svcnat_quota quota;
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		int max = limits[i];

		KUNIT_ASSERT_EQ(test, svcnat_quota_init(&quota, max), 0);
		for (round = 0; round < 3; round++) {
			KUNIT_EXPECT_EQ(test, on(0, &quota, max + 1), max);
			KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), max);
			on(0, &quota, -max);
			KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), 0);
			KUNIT_EXPECT_GE(test, atomic_read(&quota.room),
					max - SPARE_MAX);
		}
		svcnat_quota_exit(&quota);
	}
}

static void used_is_exact(struct kunit *test)
{
	struct svcnat_quota quota;
	int i, used = 0;

	KUNIT_ASSERT_EQ(test, svcnat_quota_init(&quota, 100000), 0);
	for (i = 1; i < 200; i++) {
		used += on(0, &quota, i);
		KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), used);
		on(i % num_online_cpus(), &quota, -(i / 2));
		used -= i / 2;
		KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), used);
	}
	svcnat_quota_exit(&quota);
}

static void the_limit_can_change(struct kunit *test)
{
	struct svcnat_quota quota;

	KUNIT_ASSERT_EQ(test, svcnat_quota_init(&quota, 1000), 0);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 600), 600);
	svcnat_quota_set(&quota, 500);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 1), 0);
	KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), 600);
	on(0, &quota, -100);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 1), 0);
	on(0, &quota, -1);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 2), 1);
	svcnat_quota_set(&quota, 510);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 100), 10);
	svcnat_quota_set(&quota, 0);
	on(0, &quota, -510);
	KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), 0);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 1), 0);
	svcnat_quota_exit(&quota);
}

/* What one CPU keeps back may be missing to another, but no more than that. */
static void cpus_keep_little_back(struct kunit *test)
{
	const int max = 4000;
	struct svcnat_quota quota;
	int got;

	if (num_online_cpus() < 2) {
		kunit_skip(test, "needs two CPUs");
		return;
	}
	KUNIT_ASSERT_EQ(test, svcnat_quota_init(&quota, max), 0);
	KUNIT_EXPECT_EQ(test, on(1, &quota, 1), 1);
	got = on(0, &quota, max);
	KUNIT_EXPECT_LT(test, got, max);
	KUNIT_EXPECT_GE(test, got, max - 1 - SPARE_MAX);
	/* Given where it was not taken */
	on(1, &quota, -got);
	on(0, &quota, -1);
	KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), 0);
	got = on(0, &quota, max + 1);
	KUNIT_EXPECT_LE(test, got, max);
	KUNIT_EXPECT_GE(test, got, max - SPARE_MAX);
	/* Nor of a limit that is less than what they kept. */
	on(0, &quota, -got);
	on(1, &quota, 1);
	on(1, &quota, -1);
	svcnat_quota_set(&quota, 10);
	KUNIT_EXPECT_EQ(test, on(0, &quota, 11), 10);
	on(0, &quota, -10);
	KUNIT_EXPECT_EQ(test, on(1, &quota, 11), 10);
	on(1, &quota, -10);
	svcnat_quota_exit(&quota);
}

static void take_give_take(struct work_struct *work)
{
	struct crowd *c = container_of(work, struct crowd, work);
	int i, held = 0;

	for (i = 0; i < c->n; i++) {
		local_bh_disable();
		if (svcnat_quota_take(c->quota)) {
			held++;
			c->got++;
		}
		/* Two of three are kept, until there is no more. */
		if (held && !(i % 3)) {
			svcnat_quota_give(c->quota);
			held--;
			c->got--;
		}
		local_bh_enable();
		if (atomic_read(&c->quota->room) < 0)
			c->over = true;
	}
}

static void two_cpus_never_exceed_the_limit(struct kunit *test)
{
	struct crowd crowd[2] = {};
	struct svcnat_quota quota;
	const int max = 3000;
	int i, got;

	KUNIT_ASSERT_EQ(test, svcnat_quota_init(&quota, max), 0);
	for (i = 0; i < 2; i++) {
		crowd[i].quota = &quota;
		crowd[i].n = 3 * max;
		INIT_WORK_ONSTACK(&crowd[i].work, take_give_take);
		schedule_work_on(i % num_online_cpus(), &crowd[i].work);
	}
	for (i = 0; i < 2; i++) {
		flush_work(&crowd[i].work);
		destroy_work_on_stack(&crowd[i].work);
	}
	got = crowd[0].got + crowd[1].got;
	KUNIT_EXPECT_FALSE(test, crowd[0].over || crowd[1].over);
	KUNIT_EXPECT_LE(test, got, max);
	KUNIT_EXPECT_GE(test, got, max - 2 * SPARE_MAX);
	KUNIT_EXPECT_EQ(test, svcnat_quota_used(&quota), got);
	svcnat_quota_exit(&quota);
}

static struct kunit_case quota_cases[] = {
	KUNIT_CASE(the_limit_is_exact_on_one_cpu),
	KUNIT_CASE(used_is_exact),
	KUNIT_CASE(the_limit_can_change),
	KUNIT_CASE(cpus_keep_little_back),
	KUNIT_CASE(two_cpus_never_exceed_the_limit),
	{}
};

static struct kunit_suite quota_suite = {
	.name = "svcnat_quota",
	.test_cases = quota_cases,
};

kunit_test_suite(quota_suite);
