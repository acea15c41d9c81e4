// SPDX-License-Identifier: GPL-2.0-only
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>

#include "node.h"

/**
 * svcnat_node_owns() - is it an address of the node?
 * @net: the netns
 * @dev: by which a packet comes or goes, or NULL
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * IPv4: whatever device has it, one in any VRF too.  IPv6: those in the VRF of
 * @dev; none: those in no VRF.
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_node_owns(struct net *net, const struct net_device *dev, u8 family,
		      const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		return __ip_dev_find(net, addr->ip, false);
	return ipv6_chk_addr_and_flags(net, &addr->in6, dev, true, 0,
				       IFA_F_TENTATIVE);
}

/**
 * svcnat_node_serves() - may nodeports be reached at an address?
 * @net: the netns
 * @dev: by which a packet comes or goes, or NULL
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * Not at loopback addresses, which nobody else can reach and whose packets may
 * not leave, nor at those that mean nothing without a device.
 *
 * Context: RCU read side.
 * Return: true if it is an address of the node, and none of these.
 */
bool svcnat_node_serves(struct net *net, const struct net_device *dev,
			u8 family, const union nf_inet_addr *addr)
{
	if (family == AF_INET ? ipv4_is_loopback(addr->ip) :
	    ipv6_addr_type(&addr->in6) &
	    (IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL))
		return false;
	return svcnat_node_owns(net, dev, family, addr);
}

static bool has_ipv4_in(const struct net_device *dev,
			const struct svcnat_ranges *ranges)
{
	const struct in_device *in = __in_dev_get_rcu(dev);
	union nf_inet_addr addr = {};
	const struct in_ifaddr *ifa;

	if (!in)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in) {
		addr.ip = ifa->ifa_local;
		if (svcnat_ranges_contain(ranges, AF_INET, &addr))
			return true;
	}
	return false;
}

static bool has_ipv6_in(const struct net_device *dev,
			const struct svcnat_ranges *ranges)
{
	const struct inet6_dev *in = __in6_dev_get(dev);
	const struct inet6_ifaddr *ifa;
	union nf_inet_addr addr;

	if (!in)
		return false;
	list_for_each_entry_rcu(ifa, &in->addr_list, if_list) {
		addr.in6 = ifa->addr;
		if (svcnat_ranges_contain(ranges, AF_INET6, &addr))
			return true;
	}
	return false;
}

/**
 * svcnat_node_is_in() - is any address of the node in a list of ranges?
 * @net: the netns
 * @family: AF_INET or AF_INET6
 * @ranges: the list
 *
 * Looks at every device.
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_node_is_in(struct net *net, u8 family,
		       const struct svcnat_ranges *ranges)
{
	const struct net_device *dev;

	for_each_netdev_rcu(net, dev)
		if (family == AF_INET ? has_ipv4_in(dev, ranges) :
					has_ipv6_in(dev, ranges))
			return true;
	return false;
}
