/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found out about a packet where it was first met, for the stages that
 * it meets next: that it was rewritten, and is nobody's as it is now.
 *
 * A memo is with the CPU, under the address of the packet, and not in the
 * packet: what is kept in skb->cb is anybody's who has it between our hooks.  It
 * says nothing of the packet but of its addresses and ports, with which it is
 * compared.  It is an accelerator: one that is lost, because another packet
 * took its place or this one went to another CPU, costs a lookup.
 */
#ifndef _SVCNAT_MEMO_H
#define _SVCNAT_MEMO_H

#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "packet.h"

/*
 * A list of packets passes one hook after the other, and the stack makes lists
 * of 8 (net.core.gro_normal_batch) or of the budget of a device (64).
 */
#define SVCNAT_MEMOS	32

/**
 * enum svcnat_memo_says - what a memo says
 * @SVCNAT_MEMO_REWRITTEN: the packet has got a new destination, and will get a
 *	new source
 * @SVCNAT_MEMO_DONE: the packet has got a new destination, and that is all
 */
enum svcnat_memo_says {
	SVCNAT_MEMO_REWRITTEN,
	SVCNAT_MEMO_DONE,
};

/**
 * struct svcnat_memo - one packet, in one cache line
 * @skb: which; only compared
 * @net: where; only compared
 * @when: jiffies: what was found out does not hold for long
 * @l4: bytes from the network header to the transport header
 * @says: enum svcnat_memo_says
 * @tuple: addresses and ports that it has since
 */
struct svcnat_memo {
	const struct sk_buff	*skb;
	const struct net	*net;
	u32			when;
	u16			l4;
	u8			says;
	struct svcnat_tuple	tuple;
} ____cacheline_aligned;

/**
 * struct svcnat_memos - those of one CPU
 * @memo: by the address of the packet
 */
struct svcnat_memos {
	struct svcnat_memo	memo[SVCNAT_MEMOS];
};

DECLARE_PER_CPU(struct svcnat_memos, svcnat_memos);

void svcnat_memo_write(const struct sk_buff *skb, const struct net *net,
		       const struct svcnat_packet *packet,
		       enum svcnat_memo_says says);
bool svcnat_memo_holds(const struct svcnat_memo *memo,
		       const struct sk_buff *skb);

/**
 * svcnat_memo_slot() - where the memo of a packet is
 * @skb: the packet
 *
 * Packets are in caches of 256 bytes or, with a second one beside, of 512.
 *
 * Return: the memo of this CPU; it may be that of another packet.
 */
static inline struct svcnat_memo *svcnat_memo_slot(const struct sk_buff *skb)
{
	const unsigned long at = (unsigned long)skb >> 8;

	return raw_cpu_ptr(&svcnat_memos.memo[(at ^ at >> 5) % SVCNAT_MEMOS]);
}

/**
 * svcnat_memo_forget() - a packet comes: nothing is known of it
 * @skb: the packet
 *
 * There may have been another one in its place.
 *
 * Context: any.
 */
static inline void svcnat_memo_forget(const struct sk_buff *skb)
{
	struct svcnat_memo *memo = svcnat_memo_slot(skb);

	if (READ_ONCE(memo->skb) == skb)
		WRITE_ONCE(memo->skb, NULL);
}

/**
 * svcnat_memo_find() - is there a memo of a packet?
 * @skb: the packet
 * @net: where
 *
 * Others who rewrite packets may have rewritten it since: svcnat_memo_holds().
 *
 * Context: any; where softirqs are not disabled there is none.
 * Return: the memo or NULL.
 */
static inline const struct svcnat_memo *
svcnat_memo_find(const struct sk_buff *skb, const struct net *net)
{
	const struct svcnat_memo *memo = svcnat_memo_slot(skb);

	return READ_ONCE(memo->skb) == skb && memo->net == net &&
	       memo->when == (u32)jiffies && in_softirq() ? memo : NULL;
}

#endif /* _SVCNAT_MEMO_H */
