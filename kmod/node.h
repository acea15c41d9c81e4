/* SPDX-License-Identifier: GPL-2.0-only */
/* The addresses of the node itself, as they come and go. */
#ifndef _SVCNAT_NODE_H
#define _SVCNAT_NODE_H

#include "ranges.h"

struct net;
struct net_device;

bool svcnat_node_owns(struct net *net, const struct net_device *dev, u8 family,
		      const union nf_inet_addr *addr);
bool svcnat_node_serves(struct net *net, const struct net_device *dev,
			u8 family, const union nf_inet_addr *addr);
bool svcnat_node_is_in(struct net *net, u8 family,
		       const struct svcnat_ranges *ranges);

#endif /* _SVCNAT_NODE_H */
