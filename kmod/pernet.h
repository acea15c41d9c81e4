/* SPDX-License-Identifier: GPL-2.0-only */
/* What svcnat keeps for a netns: one room after the other. */
#ifndef _SVCNAT_PERNET_H
#define _SVCNAT_PERNET_H

#include <linux/workqueue.h>
#include <net/netns/generic.h>

#include "flow.h"
#include "gate.h"
#include "reject.h"
#include "service.h"
#include "snat.h"

#define SVCNAT_HOOKS	6	/* of a family: see hook.c */

/**
 * struct svcnat_net - the netns
 * @net: which
 * @stats: its counters
 * @filter: addresses that packets are looked up for
 * @services: the decision wing, with the writer lock
 * @flows: the packet wing
 * @reject: limits on answers
 * @snat_ports: where source ports are chosen from; the writer lock
 * @hooks: what is registered for a family that is hooked
 * @hooked: families whose hooks are registered; the writer lock
 * @fastpath: packets of established flows may take it; written under the writer
 *	lock
 * @gates: where the fast path begins
 * @seen: where the tables of the netns' hooks were when it last began anew, by
 *	family and hook: to be compared, never followed
 * @looked: jiffies when that was
 * @upkeep: expiry, resizing, freeing of removed objects
 */
struct svcnat_net {
	struct net		*net;
	struct svcnat_stats __percpu *stats;
	struct svcnat_filter	filter;
	struct svcnat_services	services;
	struct svcnat_flows	flows;
	struct svcnat_reject	reject;
	struct svcnat_snat_ports snat_ports;
	struct nf_hook_ops	hooks[SVCNAT_FAMILIES][SVCNAT_HOOKS];
	unsigned long		hooked;
	bool			fastpath;
	struct svcnat_gates	gates;
	const void		*seen[SVCNAT_FAMILIES][NF_INET_NUMHOOKS];
	unsigned long		looked;
	struct delayed_work	upkeep;
};

extern unsigned int svcnat_net_id;

/**
 * svcnat_pernet() - what svcnat keeps for a netns
 * @net: the netns
 *
 * Return: it.
 */
static inline struct svcnat_net *svcnat_pernet(const struct net *net)
{
	return net_generic(net, svcnat_net_id);
}

#endif /* _SVCNAT_PERNET_H */
