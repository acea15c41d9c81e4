/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source addresses and ports of our own: for replies that would not come back
 * to us otherwise, and for two connections that would look the same behind the
 * rewrite.
 */
#ifndef _SVCNAT_SNAT_H
#define _SVCNAT_SNAT_H

#include "flow.h"

/**
 * struct svcnat_snat_ports - where ports are chosen from
 * @range: lowest << 16 | highest; 0: from 1024 up, outside the node's local port
 *	range
 */
struct svcnat_snat_ports {
	u32	range;
};

/**
 * struct svcnat_snat_path - how the packet reached us, which its route heeds
 * @net: the netns
 * @dev: by which it comes or goes, or NULL; tells what sockets of the node see
 * @reserved: is a port of the node's nobody's source, because it is served?
 * @mark: of the packet
 * @oif: index of the device that it is bound to (VRF, SO_BINDTODEVICE), or 0
 * @local: it comes from a socket of the node
 */
struct svcnat_snat_path {
	struct net		*net;
	const struct net_device	*dev;
	bool			(*reserved)(struct net *net, u8 proto,
					    __be16 port);
	u32			mark;
	int			oif;
	bool			local;
};

int svcnat_snat_plain(struct svcnat_flows *flows,
		      const struct svcnat_snat_path *path,
		      const struct svcnat_flow_spec *spec,
		      struct svcnat_hit *hit);
int svcnat_snat_shift(struct svcnat_flows *flows,
		      const struct svcnat_snat_path *path,
		      struct svcnat_flow_spec *spec, struct svcnat_hit *hit);
int svcnat_snat_masquerade(struct svcnat_flows *flows,
			   const struct svcnat_snat_path *path,
			   const struct svcnat_snat_ports *ports,
			   struct svcnat_flow_spec *spec,
			   struct svcnat_hit *hit);

#endif /* _SVCNAT_SNAT_H */
