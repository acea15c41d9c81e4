// SPDX-License-Identifier: GPL-2.0-only
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/ipv6.h>

#include "ranges.h"

/* All addresses there are, for whoever does not want to allocate that. */
struct svcnat_ranges svcnat_ranges_all = {
	.num = 2,
	.num_ipv4 = 1,
	.range = {
		{ .family = AF_INET, .outer = 0 },
		{ .family = AF_INET6, .outer = 1 },
	},
};

static int compare_addr(u8 family, const union nf_inet_addr *a,
			const union nf_inet_addr *b)
{
	return memcmp(a, b, svcnat_addr_words(family) * sizeof(u32));
}

static int compare(const void *a, const void *b)
{
	const struct svcnat_range *x = a, *y = b;
	int diff;

	if (x->family != y->family)
		return x->family == AF_INET ? -1 : 1;
	diff = compare_addr(x->family, &x->addr, &y->addr);
	return diff ?: (int)x->prefix - (int)y->prefix;
}

/**
 * svcnat_range_contains() - is an address in a range?
 * @range: the range
 * @family: of the address
 * @addr: the address
 *
 * Return: true if so.
 */
bool svcnat_range_contains(const struct svcnat_range *range, u8 family,
			   const union nf_inet_addr *addr)
{
	if (range->family != family)
		return false;
	if (family == AF_INET)
		return !((range->addr.ip ^ addr->ip) &
			 inet_make_mask(range->prefix));
	return ipv6_prefix_equal(&range->addr.in6, &addr->in6, range->prefix);
}

/*
 * Two ranges are apart, or one is inside the other and behind it in the list.
 */
static void nest(struct svcnat_ranges *ranges)
{
	u16 i, outer = 0;

	for (i = 0; i < ranges->num; i++) {
		struct svcnat_range *r = &ranges->range[i];

		if (!svcnat_range_contains(&ranges->range[outer], r->family,
					   &r->addr))
			outer = i;
		r->outer = outer;
		ranges->num_ipv4 += r->family == AF_INET;
	}
}

/**
 * svcnat_ranges_build() - make a list
 * @range: the ranges, in any order, perhaps more than once, without bits behind
 *	their prefixes
 * @num: how many, not 0
 *
 * Context: process.
 * Return: the list, or NULL without memory.
 */
struct svcnat_ranges *svcnat_ranges_build(const struct svcnat_range *range,
					  u16 num)
{
	struct svcnat_ranges *ranges;
	u16 i;

	ranges = kvzalloc(struct_size(ranges, range, num), GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return NULL;
	memcpy(ranges->range, range, num * sizeof(*range));
	sort(ranges->range, num, sizeof(*range), compare, NULL);
	for (i = 0; i < num; i++) {
		struct svcnat_range *last = &ranges->range[ranges->num];

		if (ranges->num && !compare(last - 1, &ranges->range[i]))
			continue;
		*last = ranges->range[i];
		ranges->num++;
	}
	nest(ranges);
	return ranges;
}

/**
 * svcnat_ranges_free() - free a list after a grace period
 * @ranges: the list, or NULL
 */
void svcnat_ranges_free(struct svcnat_ranges *ranges)
{
	if (ranges && ranges != &svcnat_ranges_all)
		kvfree_rcu(ranges, rcu);
}

/**
 * svcnat_ranges_equal() - do two lists say the same?
 * @a: one, or NULL
 * @b: the other, or NULL
 *
 * Return: true if so.
 */
bool svcnat_ranges_equal(const struct svcnat_ranges *a,
			 const struct svcnat_ranges *b)
{
	u16 i;

	if (!a || !b)
		return a == b;
	if (a->num != b->num)
		return false;
	for (i = 0; i < a->num; i++)
		if (compare(&a->range[i], &b->range[i]))
			return false;
	return true;
}

/**
 * svcnat_ranges_contain() - is an address in any range of a list?
 * @ranges: the list, or NULL
 * @family: of the address
 * @addr: the address
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_ranges_contain(const struct svcnat_ranges *ranges, u8 family,
			   const union nf_inet_addr *addr)
{
	const struct svcnat_range *r;
	u16 low, high;

	if (!svcnat_ranges_have(ranges, family))
		return false;
	r = ranges->range;
	low = family == AF_INET ? 0 : ranges->num_ipv4;
	high = family == AF_INET ? ranges->num_ipv4 : ranges->num;
	/*
	 * The last range that does not begin behind the address: if the address
	 * is in any, then in the outermost one around that.
	 */
	while (high - low > 1) {
		u16 mid = low + (high - low) / 2;

		if (compare_addr(family, &r[mid].addr, addr) <= 0)
			low = mid;
		else
			high = mid;
	}
	return svcnat_range_contains(&r[r[low].outer], family, addr);
}
