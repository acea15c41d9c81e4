/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we ask of nf_conntrack where it is loaded, without needing it: its
 * functions are found by name, once.
 */
#ifndef _SVCNAT_CONNTRACK_H
#define _SVCNAT_CONNTRACK_H

#include <net/netfilter/nf_conntrack.h>

struct net;
struct sk_buff;
struct svcnat_tuple;

int svcnat_conntrack_init(void);
void svcnat_conntrack_exit(void);
bool svcnat_conntrack_taken(struct net *net, const struct svcnat_tuple *tuple);
bool svcnat_conntrack_live(struct net *net, const struct svcnat_tuple *tuple);
bool svcnat_conntrack_rewrites(struct net *net,
			       const struct svcnat_tuple *tuple);
bool svcnat_conntrack_first(const struct sk_buff *skb,
			    struct svcnat_tuple *seen);
void svcnat_conntrack_claim(struct sk_buff *skb);
bool svcnat_conntrack_spare(const struct sk_buff *skb);

/**
 * svcnat_conntrack_is_new() - is this the first packet of its connection?
 * @skb: behind conntrack
 *
 * Return: true if conntrack has an entry for it that it did not confirm yet.
 */
static inline bool svcnat_conntrack_is_new(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && !nf_ct_is_confirmed(ct);
}

#endif /* _SVCNAT_CONNTRACK_H */
