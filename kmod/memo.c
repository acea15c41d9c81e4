// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/skbuff.h>

#include "memo.h"

DEFINE_PER_CPU(struct svcnat_memos, svcnat_memos);

static unsigned long key_of(const struct sk_buff *skb, bool done)
{
	return (unsigned long)skb | (done ? SVCNAT_MEMO_DONE : 0);
}

/**
 * svcnat_memo_write() - remember what was found out about a packet
 * @skb: the packet, which has got a new destination
 * @net: where
 * @packet: its facts as it is now
 * @done: no other stage has anything to do with it
 *
 * Context: softirqs disabled.
 */
void svcnat_memo_write(const struct sk_buff *skb, const struct net *net,
		       const struct svcnat_packet *packet, bool done)
{
	struct svcnat_memo *memo = svcnat_memo_slot(skb);

	WRITE_ONCE(memo->key, 0);
	barrier();
	memo->net = net;
	memo->when = jiffies;
	memo->l4 = packet->l4 - packet->l3;
	memo->tuple = packet->tuple;
	barrier();
	WRITE_ONCE(memo->key, key_of(skb, done));
}

/**
 * svcnat_memo_is_true() - does a memo of a packet say what it must?
 * @skb: the packet; use svcnat_memo_holds()
 * @net: where
 * @done: see there
 *
 * Context: any; where softirqs are not disabled there is none.
 * Return: true if so.
 */
bool svcnat_memo_is_true(const struct sk_buff *skb, const struct net *net,
			 bool done)
{
	const u32 l3 = skb_network_offset(skb);
	const struct svcnat_memo *memo;
	unsigned long key;

	if (!in_softirq())
		return false;
	memo = svcnat_memo_slot(skb);
	key = READ_ONCE(memo->key);
	if (key != key_of(skb, true) && (done || key != key_of(skb, false)))
		return false;
	barrier();
	if (memo->net != net || memo->when != (u32)jiffies ||
	    !svcnat_packet_is(skb, &memo->tuple, l3, l3 + memo->l4))
		return false;
	barrier();
	return READ_ONCE(memo->key) == key;
}
