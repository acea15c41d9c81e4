/* SPDX-License-Identifier: GPL-2.0 */
/* Asks the kernel where packets go: devices, addresses, routes.  With libnl. */
#ifndef _SVCCTL_NL_ROUTE_H
#define _SVCCTL_NL_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "object.h"

#define DEVICE_NAME_SIZE	16	/* IFNAMSIZ */

/**
 * struct device - a network device
 * @index: its number
 * @name: its name
 * @master: number of the bridge or the like that it belongs to, or 0
 * @mtu: the longest packet
 * @up: it is to be used
 * @carrier: it can be
 * @loopback: it leads back to the node
 * @bridge: it is a bridge
 * @calls_ipv4: a bridge that shows netfilter what it forwards, for itself
 * @calls_ipv6: likewise
 */
struct device {
	uint32_t index;
	char name[DEVICE_NAME_SIZE];
	uint32_t master;
	uint32_t mtu;
	bool up;
	bool carrier;
	bool loopback;
	bool bridge;
	bool calls_ipv4;
	bool calls_ipv6;
};

/**
 * struct device_addr - an address of the node
 * @device: number of its device
 * @addr: the address
 * @global: others can talk to it
 */
struct device_addr {
	uint32_t device;
	struct addr addr;
	bool global;
};

/**
 * struct route - where packets to an address go
 * @error: why they go nowhere, or 0
 * @device: number of the device
 * @local: they stay on the node
 * @gateway: they go to somebody who passes them on
 * @mtu: of the route, or 0
 */
struct route {
	int error;
	uint32_t device;
	bool local;
	bool gateway;
	uint32_t mtu;
};

struct nl_route;

/* In the netns that we are in; NULL if that fails. */
struct nl_route *nl_route_alloc(void);
void nl_route_free(struct nl_route *nl);

/* Append struct device and struct device_addr; false if that failed. */
bool nl_route_devices(struct nl_route *nl, struct list *devices);
bool nl_route_addrs(struct nl_route *nl, struct list *addrs);

/* The route of the node's own packets; false if nobody answered. */
bool nl_route_get(struct nl_route *nl, const struct addr *to,
		  struct route *route);

#endif /* _SVCCTL_NL_ROUTE_H */
