// SPDX-License-Identifier: GPL-2.0-only
/* The fast path, on or off, and the devices that come and go under it. */
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "fastpath.h"
#include "pernet.h"

/* Devices that go take their gates along; under rtnl. */
static bool watching;

/**
 * svcnat_fastpath_init() - off
 * @sn: of the netns
 */
void svcnat_fastpath_init(struct svcnat_net *sn)
{
	svcnat_gates_init(&sn->gates, svcnat_fastpath_hook, sn);
}

/**
 * svcnat_fastpath_rest() - forget what was learned
 * @sn: of the netns
 *
 * Context: process, the writer lock.
 */
void svcnat_fastpath_rest(struct svcnat_net *sn)
{
	svcnat_gates_close(&sn->gates, NULL);
	svcnat_ways_drop_dev(&sn->flows.ways, NULL);
}

/**
 * svcnat_fastpath_look() - which hooks has the normal path?
 * @sn: of the netns
 *
 * Called when they have changed: every flow takes that path once, and learns
 * anew.
 *
 * Context: process and the writer lock, or softirqs disabled.
 */
void svcnat_fastpath_look(struct svcnat_net *sn)
{
	const struct netns_nf *nf = &sn->net->nf;
	unsigned int i;

	WRITE_ONCE(sn->looked, jiffies);
	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		WRITE_ONCE(sn->seen[0][i],
			   rcu_access_pointer(nf->hooks_ipv4[i]));
		WRITE_ONCE(sn->seen[1][i],
			   rcu_access_pointer(nf->hooks_ipv6[i]));
	}
	svcnat_ways_drop_dev(&sn->flows.ways, NULL);
}

/**
 * svcnat_fastpath_follow() - be where packets come
 * @sn: of the netns
 *
 * Context: process, without locks.
 */
void svcnat_fastpath_follow(struct svcnat_net *sn)
{
	struct svcnat_ways *ways = &sn->flows.ways;

	if (!READ_ONCE(ways->fresh))
		return;
	rtnl_lock();
	mutex_lock(&sn->services.lock);
	WRITE_ONCE(ways->fresh, false);
	if (sn->fastpath && watching)
		svcnat_gates_follow(&sn->gates, sn->net, ways);
	mutex_unlock(&sn->services.lock);
	rtnl_unlock();
}

/**
 * svcnat_fastpath_set() - switch it on or off
 * @sn: of the netns
 * @on: whether it shall be on
 *
 * Context: process, the writer lock.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if the kernel has no ingress hooks.
 */
int svcnat_fastpath_set(struct svcnat_net *sn, bool on)
{
	int err;

	lockdep_assert_held(&sn->services.lock);
	if (!on) {
		WRITE_ONCE(sn->fastpath, false);
		svcnat_fastpath_rest(sn);
		return 0;
	}
	if (!IS_ENABLED(CONFIG_NETFILTER_INGRESS))
		return -EOPNOTSUPP;
	err = svcnat_ways_start(&sn->flows.ways);
	if (err || sn->fastpath)
		return err;
	svcnat_fastpath_look(sn);
	WRITE_ONCE(sn->fastpath, true);
	return 0;
}

static int device_event(struct notifier_block *nb, unsigned long event,
			void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct svcnat_net *sn = svcnat_pernet(dev_net(dev));

	switch (event) {
	case NETDEV_DOWN:
	case NETDEV_CHANGEUPPER:
	case NETDEV_UNREGISTER:
		/* Not there yet, if this netns is about to begin or to end. */
		if (!sn)
			break;
		mutex_lock(&sn->services.lock);
		svcnat_gates_close(&sn->gates, dev);
		svcnat_ways_drop_dev(&sn->flows.ways, dev);
		mutex_unlock(&sn->services.lock);
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = device_event,
};

/**
 * svcnat_fastpath_module_init() - watch devices
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int svcnat_fastpath_module_init(void)
{
	int err = register_netdevice_notifier(&notifier);

	rtnl_lock();
	watching = !err;
	rtnl_unlock();
	return err;
}

/**
 * svcnat_fastpath_module_exit() - watch them no more
 *
 * Context: process.
 */
void svcnat_fastpath_module_exit(void)
{
	/* Packets still come, and find ways: no gate may be opened for them. */
	rtnl_lock();
	watching = false;
	rtnl_unlock();
	unregister_netdevice_notifier(&notifier);
}
