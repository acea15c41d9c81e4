// SPDX-License-Identifier: GPL-2.0
/*
 * Does on purpose what tests/vm/gate must notice; tests/vm/selftest loads it.
 */
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what = "nothing";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "warn, leak, uaf, lock, race, oops, hang, slab or taint");

static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);

/* Both orders, but one after the other: only lockdep sees the danger. */
static void take_in_both_orders(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);

	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void lose_memory(void)
{
	void *lost = kmalloc(1234, GFP_KERNEL);

	/* Another one, so that no register keeps the first alive. */
	pr_info("lost %d bytes\n", lost ? 1234 : 0);
	lost = kmalloc(1234, GFP_KERNEL);
	kfree(lost);
}

static void use_after_free(void)
{
	char *object = kzalloc(64, GFP_KERNEL);

	if (!object)
		return;
	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	pr_info("read %d from freed memory\n", READ_ONCE(object[8]));
}

/* On all processors at once, so that each may lose what another has added. */
static void race(void *unused)
{
	static unsigned int sum;
	int i;

	for (i = 0; i < 100000; i++) {
		sum++;
		barrier();
	}
}

/* No processor answers any more, not even to a timer. */
static void hang(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static int __init faults_init(void)
{
	if (!strcmp(what, "warn"))
		WARN(1, "svcnat_faults was asked to warn");
	else if (!strcmp(what, "leak"))
		lose_memory();
	else if (!strcmp(what, "uaf"))
		use_after_free();
	else if (!strcmp(what, "lock"))
		take_in_both_orders();
	else if (!strcmp(what, "race"))
		on_each_cpu(race, NULL, true);
	else if (!strcmp(what, "oops"))
		WRITE_ONCE(*(int *)8, 0);
	else if (!strcmp(what, "slab"))
		return kmem_cache_create("svcnat_faults", 64, 0, 0, NULL) ?
		       0 : -ENOMEM;
	else if (!strcmp(what, "taint"))
		add_taint(TAINT_CRAP, LOCKDEP_STILL_OK);
	else if (!strcmp(what, "hang"))
		on_each_cpu(hang, NULL, false);
	return 0;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_DESCRIPTION("faults for the self-test of svcnat's test machine");
MODULE_LICENSE("GPL");
