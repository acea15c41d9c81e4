// SPDX-License-Identifier: GPL-2.0-only
#include <linux/inetdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "netlink.h"

const struct nla_policy svcnat_policy_range[SVCNAT_RANGE_A_MAX + 1] = {
	[SVCNAT_RANGE_A_ADDR4]	= { .type = NLA_U32 },
	[SVCNAT_RANGE_A_ADDR6]	= NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_RANGE_A_PREFIX]	= NLA_POLICY_MAX(NLA_U8, 128),
};

static bool is_clean(const struct svcnat_range *r)
{
	struct in6_addr prefix;

	if (r->family == AF_INET)
		return !(r->addr.ip & ~inet_make_mask(r->prefix));
	ipv6_addr_prefix(&prefix, &r->addr.in6, r->prefix);
	return ipv6_addr_equal(&prefix, &r->addr.in6);
}

static int parse_range(struct svcnat_range *r, const struct nlattr *nest,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SVCNAT_RANGE_A_MAX + 1];
	int err;

	err = nla_parse_nested(tb, SVCNAT_RANGE_A_MAX, nest,
			       svcnat_policy_range, extack);
	if (err)
		return err;
	if (!tb[SVCNAT_RANGE_A_ADDR4] == !tb[SVCNAT_RANGE_A_ADDR6]) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a range has one address");
		return -EINVAL;
	}
	if (!tb[SVCNAT_RANGE_A_PREFIX])
		return svcnat_request_missing(extack, nest,
					      SVCNAT_RANGE_A_PREFIX,
					      "the length of the prefix is missing");
	r->prefix = nla_get_u8(tb[SVCNAT_RANGE_A_PREFIX]);
	if (tb[SVCNAT_RANGE_A_ADDR4]) {
		r->family = AF_INET;
		r->addr.ip = nla_get_be32(tb[SVCNAT_RANGE_A_ADDR4]);
	} else {
		r->family = AF_INET6;
		r->addr.in6 = nla_get_in6_addr(tb[SVCNAT_RANGE_A_ADDR6]);
	}
	if (r->family == AF_INET && r->prefix > 32) {
		NL_SET_ERR_MSG_ATTR(extack, tb[SVCNAT_RANGE_A_PREFIX],
				    "a prefix of IPv4 has at most 32 bits");
		return -ERANGE;
	}
	if (is_clean(r))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, nest,
			    "the address of a range has bits behind its prefix");
	return -EINVAL;
}

static int parse_list(struct svcnat_range *range, u16 num,
		      const struct nlattr *list, struct netlink_ext_ack *extack)
{
	const struct nlattr *nest;
	int rem, err;
	u16 i = 0;

	nla_for_each_nested(nest, list, rem) {
		if (i == num)
			break;
		err = parse_range(&range[i++], nest, extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * svcnat_request_ranges() - parse a list of ranges
 * @list: the attribute; its operation's policy was met
 * @ranges: written: to be freed, NULL if the list is empty
 * @extack: for the reason of a refusal
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int svcnat_request_ranges(const struct nlattr *list,
			  struct svcnat_ranges **ranges,
			  struct netlink_ext_ack *extack)
{
	const struct nlattr *nest;
	struct svcnat_range *range;
	int rem, err, num = 0;

	*ranges = NULL;
	nla_for_each_nested(nest, list, rem)
		num++;
	/* No policy refuses that: half a list might let everybody in. */
	if (rem > 0) {
		NL_SET_ERR_MSG_ATTR(extack, list,
				    "bytes are left behind the last range");
		return -EINVAL;
	}
	if (num > SVCNAT_RANGES_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, list,
				    "a list has at most 512 ranges");
		return -ENOSPC;
	}
	if (!num)
		return 0;
	range = kvcalloc(num, sizeof(*range), GFP_KERNEL_ACCOUNT);
	if (!range)
		return -ENOMEM;
	err = parse_list(range, num, list, extack);
	if (!err) {
		*ranges = svcnat_ranges_build(range, num);
		err = *ranges ? 0 : -ENOMEM;
	}
	kvfree(range);
	return err;
}

static int fill_range(struct sk_buff *skb, int type,
		      const struct svcnat_range *r)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest ||
	    svcnat_fill_addr(skb, SVCNAT_RANGE_A_ADDR4, SVCNAT_RANGE_A_ADDR6,
			     r->family, &r->addr) ||
	    nla_put_u8(skb, SVCNAT_RANGE_A_PREFIX, r->prefix))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * svcnat_fill_ranges_size() - how much room a list of ranges takes
 * @ranges: the list, or NULL
 *
 * Return: bytes of a message, at most.
 */
size_t svcnat_fill_ranges_size(const struct svcnat_ranges *ranges)
{
	return nla_total_size(0) + (ranges ? ranges->num : 0) *
	       nla_total_size(nla_total_size(sizeof(struct in6_addr)) +
			      nla_total_size(sizeof(u8)));
}

/**
 * svcnat_fill_ranges() - a list of ranges
 * @skb: message
 * @type: attribute
 * @ranges: the list, or NULL
 *
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_ranges(struct sk_buff *skb, int type,
		       const struct svcnat_ranges *ranges)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	u16 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; ranges && i < ranges->num; i++) {
		if (fill_range(skb, i + 1, &ranges->range[i])) {
			nla_nest_cancel(skb, nest);
			return -EMSGSIZE;
		}
	}
	nla_nest_end(skb, nest);
	return 0;
}
