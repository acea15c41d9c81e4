/* SPDX-License-Identifier: GPL-2.0-only */
/* Internet headers, beyond what the C library's copies of them have. */
#ifndef _FUZZ_NET_IPV6_H
#define _FUZZ_NET_IPV6_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#define IP_MF		0x2000
#define IP_OFFSET	0x1fff
#define IP6_MF		0x0001
#define IP6_OFFSET	0xfff8

#define NEXTHDR_HOP		0
#define NEXTHDR_ROUTING		43
#define NEXTHDR_FRAGMENT	44
#define NEXTHDR_AUTH		51
#define NEXTHDR_DEST		60

struct frag_hdr {
	__u8 nexthdr;
	__u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

#define ipv6_optlen(p)		(((p)->hdrlen + 1) << 3)
#define ipv6_authlen(p)		(((p)->hdrlen + 2) << 2)

static inline bool ipv6_addr_equal(const struct in6_addr *a,
				   const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool ipv6_prefix_equal(const struct in6_addr *a, const struct in6_addr *b,
		       unsigned int bits);
__be32 inet_make_mask(int bits);

#endif /* _FUZZ_NET_IPV6_H */
