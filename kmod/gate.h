/* SPDX-License-Identifier: GPL-2.0-only */
/* Gates: the devices at whose ingress the fast path has a hook. */
#ifndef _SVCNAT_GATE_H
#define _SVCNAT_GATE_H

#include <linux/list.h>
#include <linux/netfilter.h>

struct net;
struct net_device;
struct svcnat_ways;

/**
 * struct svcnat_gates - the gates of a netns
 * @list: struct svcnat_gate; the writer lock
 * @hook: what is called there
 * @priv: with this
 */
struct svcnat_gates {
	struct list_head	list;
	nf_hookfn		*hook;
	void			*priv;
};

void svcnat_gates_init(struct svcnat_gates *gates, nf_hookfn *hook,
		       void *priv);
void svcnat_gates_follow(struct svcnat_gates *gates, struct net *net,
			 struct svcnat_ways *ways);
void svcnat_gates_close(struct svcnat_gates *gates,
			const struct net_device *dev);

#endif /* _SVCNAT_GATE_H */
