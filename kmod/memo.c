// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/skbuff.h>

#include "memo.h"

DEFINE_PER_CPU(struct svcnat_memos, svcnat_memos);

/**
 * svcnat_memo_write() - remember what was found out about a packet
 * @skb: the packet
 * @net: where
 * @packet: its facts as it is now
 * @says: what was found out
 *
 * Context: softirqs disabled.
 */
void svcnat_memo_write(const struct sk_buff *skb, const struct net *net,
		       const struct svcnat_packet *packet,
		       enum svcnat_memo_says says)
{
	struct svcnat_memo *memo = svcnat_memo_slot(skb);

	memo->net = net;
	memo->when = jiffies;
	memo->l4 = packet->l4 - packet->l3;
	memo->says = says;
	memo->tuple = packet->tuple;
	WRITE_ONCE(memo->skb, skb);
}

/**
 * svcnat_memo_holds() - is the packet still what it was rewritten to?
 * @memo: of the packet
 * @skb: the packet
 *
 * Context: softirqs disabled.
 * Return: true if so.
 */
bool svcnat_memo_holds(const struct svcnat_memo *memo,
		       const struct sk_buff *skb)
{
	const u32 l3 = skb_network_offset(skb);

	return svcnat_packet_is(skb, &memo->tuple, l3, l3 + memo->l4);
}
