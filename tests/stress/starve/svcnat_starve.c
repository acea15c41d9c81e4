// SPDX-License-Identifier: GPL-2.0
/*
 * Lets fail what fault injection knows nothing of, as it lets other memory
 * fail: each counts, for whom any counts, in /proc/PID/fail-nth.
 *
 * Memory that each CPU has its own of.  And slab caches, as a whole: some of the
 * kernel's own memory for them is lost when the rest fails (6.1:
 * sysfs_slab_add()), which is not what is looked for here.
 *
 * It also tells where in a process's allocations a function of the kernel is:
 * when the one that the parameter "at" names is called first, the parameter
 * "left" becomes what fail-nth says.
 */
#include <linux/fault-inject.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>

static char *at = "svcnat_net_init";
module_param(at, charp, 0444);
MODULE_PARM_DESC(at, "name of a function");

static unsigned int left;
module_param(left, uint, 0444);
MODULE_PARM_DESC(left, "allocations that were still to come when it was called");

static struct fault_attr attr = FAULT_ATTR_INITIALIZER;

static int allocated(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	void __percpu *memory = (void __percpu *)regs_return_value(regs);

	if (!memory || !should_fail(&attr, 1))
		return 0;
	free_percpu(memory);
	regs_set_return_value(regs, 0);
	return 0;
}

static struct kretprobe allocation = {
	.handler	= allocated,
	.kp.symbol_name	= "__alloc_percpu_gfp",
};

/* One process at a time; nothing counts while it makes a cache. */
static struct task_struct *maker;
static unsigned int suspended;

static int cache_begins(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned int nth = READ_ONCE(current->fail_nth);

	if (!nth)
		return 0;
	WRITE_ONCE(current->fail_nth, 0);
	maker = current;
	suspended = nth - 1;
	if (suspended)
		return 0;
	/* It returns at once, with NULL. */
	regs_set_return_value(regs, 0);
	regs->ip = *(unsigned long *)regs->sp;
	regs->sp += sizeof(regs->ip);
	return 1;
}

/* With this it stays a breakpoint: a jump would not heed what is returned. */
static void behind_it(struct kprobe *probe, struct pt_regs *regs,
		      unsigned long flags)
{
}

static struct kprobe cache = {
	.pre_handler	= cache_begins,
	.post_handler	= behind_it,
	.symbol_name	= "kmem_cache_create",
};

static int cache_made(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (current != maker)
		return 0;
	WRITE_ONCE(current->fail_nth, suspended);
	maker = NULL;
	return 0;
}

static struct kretprobe cache_end = {
	.handler	= cache_made,
	.kp.symbol_name	= "kmem_cache_create",
};

static int called(struct kprobe *probe, struct pt_regs *regs)
{
	if (!left)
		left = READ_ONCE(current->fail_nth);
	return 0;
}

static struct kprobe call = {
	.pre_handler	= called,
};

static int __init starve_init(void)
{
	int err;

	/* Nobody who looks for splats shall find one. */
	attr.verbose = 0;
	call.symbol_name = at;
	err = register_kretprobe(&allocation);
	if (err)
		return err;
	err = register_kretprobe(&cache_end);
	if (err)
		goto err_allocation;
	err = register_kprobe(&cache);
	if (err)
		goto err_cache_end;
	/* At the same place the last one is asked first. */
	err = register_kprobe(&call);
	if (err)
		goto err_cache;
	return 0;

err_cache:
	unregister_kprobe(&cache);
err_cache_end:
	unregister_kretprobe(&cache_end);
err_allocation:
	unregister_kretprobe(&allocation);
	return err;
}

static void __exit starve_exit(void)
{
	unregister_kprobe(&call);
	unregister_kprobe(&cache);
	unregister_kretprobe(&cache_end);
	unregister_kretprobe(&allocation);
}

module_init(starve_init);
module_exit(starve_exit);
MODULE_DESCRIPTION("allocations that fail for svcnat's tests");
MODULE_LICENSE("GPL");
