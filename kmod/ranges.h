/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of addresses, as routes have them: an immutable list, replaced as a
 * whole.  No lock: a reader holds the RCU read side, a builder owns what it
 * builds.  NULL is the empty list.
 */
#ifndef _SVCNAT_RANGES_H
#define _SVCNAT_RANGES_H

#include <linux/rcupdate.h>

#include "tuple.h"

/**
 * struct svcnat_range - a range
 * @addr: its first address; bytes that @family does not use are zero
 * @family: AF_INET or AF_INET6
 * @prefix: length of the prefix in bits
 * @outer: index of the outermost range of the list that contains this one,
 *	which may be itself; the builder's
 */
struct svcnat_range {
	union nf_inet_addr	addr;
	u8			family;
	u8			prefix;
	u16			outer;
};

/**
 * struct svcnat_ranges - the list
 * @rcu: frees it
 * @num: how many
 * @num_ipv4: how many of them are of IPv4; these come first
 * @range: the ranges, ascending by family, address and prefix; none twice
 */
struct svcnat_ranges {
	struct rcu_head		rcu;
	u16			num;
	u16			num_ipv4;
	struct svcnat_range	range[];
};

extern struct svcnat_ranges svcnat_ranges_all;

bool svcnat_range_contains(const struct svcnat_range *range, u8 family,
			   const union nf_inet_addr *addr);
struct svcnat_ranges *svcnat_ranges_build(const struct svcnat_range *range,
					  u16 num);
void svcnat_ranges_free(struct svcnat_ranges *ranges);
bool svcnat_ranges_equal(const struct svcnat_ranges *a,
			 const struct svcnat_ranges *b);
bool svcnat_ranges_contain(const struct svcnat_ranges *ranges, u8 family,
			   const union nf_inet_addr *addr);

/**
 * svcnat_ranges_have() - is there any range of a family?
 * @ranges: the list
 * @family: AF_INET or AF_INET6
 *
 * Return: true if so.
 */
static inline bool svcnat_ranges_have(const struct svcnat_ranges *ranges,
				      u8 family)
{
	if (!ranges)
		return false;
	return family == AF_INET ? ranges->num_ipv4 :
				   ranges->num > ranges->num_ipv4;
}

#endif /* _SVCNAT_RANGES_H */
