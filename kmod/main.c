// SPDX-License-Identifier: GPL-2.0-only
/* svcnat: Kubernetes Services in the kernel.  Life of the module and netns. */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

#include "conntrack.h"
#include "drain.h"
#include "edit.h"
#include "fastpath.h"
#include "hook.h"
#include "netlink.h"
#include "pernet.h"
#include "version.h"

#define UPKEEP_BUSY	(HZ / 4)	/* expiry: 16 slices make a turn */
#define UPKEEP_FILTER	(HZ / 20)	/* a grace period */
#define UPKEEP_IDLE	HZ

unsigned int svcnat_net_id;

static bool busy(struct svcnat_net *sn)
{
	return svcnat_flows_live(&sn->flows) || sn->services.num_draining ||
	       atomic_read(&sn->services.affinity.live);
}

/* One slice of everything that is done in time, not by a packet or a user. */
static void upkeep(struct work_struct *work)
{
	struct svcnat_net *sn;
	unsigned long delay = UPKEEP_BUSY;

	sn = container_of(to_delayed_work(work), struct svcnat_net, upkeep);
	svcnat_fastpath_follow(sn);
	mutex_lock(&sn->services.lock);
	if (sn->flows.table.stripes && !svcnat_flows_expire(&sn->flows))
		delay = 1;
	svcnat_affinity_expire(&sn->services.affinity, svcnat_service_timeout,
			       &sn->services);
	if (!svcnat_drain_reap(&sn->services))
		delay = 1;
	if (!svcnat_filter_grow(&sn->filter))
		delay = min(delay, UPKEEP_FILTER);
	svcnat_hooks_settle(sn);
	if (!sn->hooked)
		svcnat_fastpath_rest(sn);
	/* Who has called meanwhile is not to wait for the next turn. */
	if (READ_ONCE(sn->flows.ways.fresh))
		delay = 1;
	if (busy(sn))
		mod_delayed_work(system_power_efficient_wq, &sn->upkeep, delay);
	else if (sn->hooked || svcnat_flows_unfit(&sn->flows))
		mod_delayed_work(system_power_efficient_wq, &sn->upkeep,
				 UPKEEP_IDLE);
	mutex_unlock(&sn->services.lock);
}

static int __net_init svcnat_net_init(struct net *net)
{
	struct svcnat_net *sn = svcnat_pernet(net);
	int err;

	sn->net = net;
	sn->stats = __netdev_alloc_pcpu_stats(struct svcnat_stats,
					      GFP_KERNEL_ACCOUNT);
	if (!sn->stats)
		return -ENOMEM;
	INIT_DELAYED_WORK(&sn->upkeep, upkeep);
	svcnat_reject_init(&sn->reject);
	svcnat_hooks_init(sn);
	svcnat_fastpath_init(sn);
	svcnat_services_init(&sn->services, net, &sn->filter, sn->stats);
	err = svcnat_flows_init(&sn->flows, net, &sn->filter, sn->stats,
				&sn->upkeep);
	if (err)
		free_percpu(sn->stats);
	return err;
}

static void __net_exit svcnat_net_pre_exit(struct net *net)
{
	struct svcnat_net *sn = svcnat_pernet(net);

	mutex_lock(&sn->services.lock);
	svcnat_hooks_remove(sn);
	svcnat_fastpath_set(sn, false);
	mutex_unlock(&sn->services.lock);
}

/* A grace period after svcnat_net_pre_exit(): no packet is with us any more. */
static void __net_exit svcnat_net_exit(struct net *net)
{
	struct svcnat_net *sn = svcnat_pernet(net);

	cancel_delayed_work_sync(&sn->upkeep);
	svcnat_flows_exit(&sn->flows);
	mutex_lock(&sn->services.lock);
	svcnat_services_clear(&sn->services);
	mutex_unlock(&sn->services.lock);
	svcnat_services_exit(&sn->services);
	svcnat_filter_exit(&sn->filter);
	free_percpu(sn->stats);
}

static struct pernet_operations svcnat_net_ops = {
	.init		= svcnat_net_init,
	.pre_exit	= svcnat_net_pre_exit,
	.exit		= svcnat_net_exit,
	.id		= &svcnat_net_id,
	.size		= sizeof(struct svcnat_net),
};

static int __init svcnat_init(void)
{
	int err;

	err = svcnat_flows_module_init();
	if (err)
		return err;
	err = svcnat_conntrack_init();
	if (err)
		goto err_flows;
	err = register_pernet_subsys(&svcnat_net_ops);
	if (err)
		goto err_conntrack;
	err = svcnat_fastpath_module_init();
	if (err)
		goto err_pernet;
	err = svcnat_netlink_init();
	if (err)
		goto err_fastpath;
	return 0;

err_fastpath:
	svcnat_fastpath_module_exit();
err_pernet:
	unregister_pernet_subsys(&svcnat_net_ops);
	rcu_barrier();
err_conntrack:
	svcnat_conntrack_exit();
err_flows:
	svcnat_flows_module_exit();
	return err;
}

static void __exit svcnat_exit(void)
{
	svcnat_netlink_exit();
	svcnat_fastpath_module_exit();
	unregister_pernet_subsys(&svcnat_net_ops);
	/* What drain.c and way.c free then is freed by code of ours. */
	rcu_barrier();
	svcnat_conntrack_exit();
	svcnat_flows_module_exit();
}

module_init(svcnat_init);
module_exit(svcnat_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The svcnat authors");
MODULE_DESCRIPTION("NAT for Kubernetes Services");
MODULE_VERSION(SVCNAT_VERSION);
