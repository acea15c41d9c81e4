/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policies of IPsec say to a packet whose source we have changed. */
#ifndef _SVCNAT_IPSEC_H
#define _SVCNAT_IPSEC_H

struct nf_hook_state;
struct sk_buff;

int svcnat_ipsec_ask(struct sk_buff *skb, const struct nf_hook_state *state);

#endif /* _SVCNAT_IPSEC_H */
