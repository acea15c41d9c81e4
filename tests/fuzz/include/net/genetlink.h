/* SPDX-License-Identifier: GPL-2.0-only */
/* What compat.h mentions and nothing here calls. */
#ifndef _FUZZ_NET_GENETLINK_H
#define _FUZZ_NET_GENETLINK_H

struct nlattr;
struct netlink_callback;

struct genl_dumpit_info {
	struct nlattr **attrs;
};

const struct genl_dumpit_info *genl_dumpit_info(struct netlink_callback *cb);

struct udp_table {
	int dummy;
};

extern struct udp_table udp_table;

#endif /* _FUZZ_NET_GENETLINK_H */
