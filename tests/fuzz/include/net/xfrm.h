/* SPDX-License-Identifier: GPL-2.0-only */
/* There is no IPsec. */
#ifndef _FUZZ_NET_XFRM_H
#define _FUZZ_NET_XFRM_H

struct flowi {
	int unused;
};

static inline int xfrm_decode_session(struct sk_buff *skb, struct flowi *fl,
				      unsigned int family)
{
	return -1;
}

#endif /* _FUZZ_NET_XFRM_H */
