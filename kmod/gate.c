// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "gate.h"
#include "way.h"

/* One that others have at the same place, as a flowtable, comes later. */
#define PRIORITY	(-1)

struct svcnat_gate {
	struct list_head	list;
	struct net_device	*dev;	/* valid until NETDEV_UNREGISTER */
	struct nf_hook_ops	ops;
	struct rcu_head		rcu;	/* nfnetlink_hook may look at @ops */
};

/**
 * svcnat_gates_init() - no gates yet
 * @gates: which
 * @hook: what shall be called at each
 * @priv: with this
 */
void svcnat_gates_init(struct svcnat_gates *gates, nf_hookfn *hook,
		       void *priv)
{
	INIT_LIST_HEAD(&gates->list);
	gates->hook = hook;
	gates->priv = priv;
}

/*
 * Where a packet that comes by the device is what it will be for the IP layer.
 * In a VRF its route depends on more than we know.
 */
static bool is_suitable(struct net_device *dev)
{
	return dev->reg_state == NETREG_REGISTERED &&
	       !(dev->flags & IFF_LOOPBACK) && !netif_is_l3_master(dev) &&
	       !netif_is_l3_slave(dev) && !netdev_is_rx_handler_busy(dev);
}

static bool is_open(const struct svcnat_gates *gates,
		    const struct net_device *dev)
{
	const struct svcnat_gate *gate;

	list_for_each_entry(gate, &gates->list, list)
		if (gate->dev == dev)
			return true;
	return false;
}

/* Without memory there will be another time. */
static void open(struct svcnat_gates *gates, struct net_device *dev)
{
	struct svcnat_gate *gate;

	gate = kzalloc(sizeof(*gate), GFP_KERNEL_ACCOUNT);
	if (!gate)
		return;
	gate->dev = dev;
	gate->ops = (struct nf_hook_ops) {
		.hook = gates->hook, .priv = gates->priv, .dev = dev,
		.pf = NFPROTO_NETDEV, .hooknum = NF_NETDEV_INGRESS,
		.priority = PRIORITY,
	};
	if (nf_register_net_hook(dev_net(dev), &gate->ops)) {
		kfree(gate);
		return;
	}
	list_add(&gate->list, &gates->list);
}

/**
 * svcnat_gates_follow() - have a gate where ways begin
 * @gates: which
 * @net: the netns
 * @ways: the ways
 *
 * Context: process, the writer lock and rtnl: devices stay what they are.
 */
void svcnat_gates_follow(struct svcnat_gates *gates, struct net *net,
			 struct svcnat_ways *ways)
{
	struct net_device *dev;
	unsigned int i;

	ASSERT_RTNL();
	for (i = 1; i <= SVCNAT_WAYS; i++) {
		dev = __dev_get_by_index(net, svcnat_ways_iif(ways, i));
		if (dev && is_suitable(dev) && !is_open(gates, dev))
			open(gates, dev);
	}
}

/**
 * svcnat_gates_close() - close the gate of a device
 * @gates: which
 * @dev: the device; NULL: of all of them
 *
 * Packets under way may still be there until a grace period is over.
 *
 * Context: process, the writer lock.
 */
void svcnat_gates_close(struct svcnat_gates *gates,
			const struct net_device *dev)
{
	struct svcnat_gate *gate, *next;

	list_for_each_entry_safe(gate, next, &gates->list, list) {
		if (dev && gate->dev != dev)
			continue;
		list_del(&gate->list);
		nf_unregister_net_hook(dev_net(gate->dev), &gate->ops);
		kfree_rcu(gate, rcu);
	}
}
