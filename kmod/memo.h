/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found out about a packet where it was first met, for the stages that
 * it meets next: that it was rewritten, and perhaps that this is all.
 *
 * A memo is with the CPU, under the address of the packet, and not in the
 * packet: skb->cb is anybody's who has it between our hooks.  It says nothing
 * of the packet but of its addresses and ports, with which it is compared.  It
 * is an accelerator: one that is lost, because another packet took its place or
 * this one went to another CPU, costs a lookup.
 */
#ifndef _SVCNAT_MEMO_H
#define _SVCNAT_MEMO_H

#include <linux/percpu.h>

#include "packet.h"

/* A list of packets passes hook after hook: net.core.gro_normal_batch. */
#define SVCNAT_MEMOS	16

/* In svcnat_memo.key: no other stage has anything to do with the packet. */
#define SVCNAT_MEMO_DONE	1UL

/**
 * struct svcnat_memo - one packet that has got a new destination
 * @key: address of the packet, and SVCNAT_MEMO_DONE or not; written last: who
 *	writes may be preempted by who reads or writes (PREEMPT_RT)
 * @net: where; only compared
 * @when: jiffies: what was found out does not hold for long
 * @l4: bytes from the network header to the transport header
 * @tuple: addresses and ports that it has since
 */
struct svcnat_memo {
	unsigned long		key;
	const struct net	*net;
	u32			when;
	u16			l4;
	struct svcnat_tuple	tuple;
} __aligned(64);

/**
 * struct svcnat_memos - those of one CPU
 * @memo: by the address of the packet
 */
struct svcnat_memos {
	struct svcnat_memo	memo[SVCNAT_MEMOS];
};

DECLARE_PER_CPU(struct svcnat_memos, svcnat_memos);

void svcnat_memo_write(const struct sk_buff *skb, const struct net *net,
		       const struct svcnat_packet *packet, bool done);
bool svcnat_memo_is_true(const struct sk_buff *skb, const struct net *net,
			 bool done);

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

	return raw_cpu_ptr(&svcnat_memos.memo[(at ^ at >> 4) % SVCNAT_MEMOS]);
}

/**
 * svcnat_memo_is_of() - does a memo bear the address of a packet?
 * @memo: the memo
 * @skb: the packet
 *
 * Context: any.
 * Return: true if so; it may have been another packet, which had that address.
 */
static inline bool svcnat_memo_is_of(const struct svcnat_memo *memo,
				     const struct sk_buff *skb)
{
	return (READ_ONCE(memo->key) & ~SVCNAT_MEMO_DONE) == (unsigned long)skb;
}

/**
 * svcnat_memo_holds() - is there a memo of a packet, and is it still true?
 * @skb: the packet; others may have rewritten it since
 * @net: where
 * @done: is it one that says that nothing is left to do?  Else any will do.
 *
 * In line, because of most packets there is none.
 *
 * Context: any; where softirqs are not disabled there is none.
 * Return: true if so.
 */
static inline bool svcnat_memo_holds(const struct sk_buff *skb,
				     const struct net *net, bool done)
{
	return svcnat_memo_is_of(svcnat_memo_slot(skb), skb) &&
	       svcnat_memo_is_true(skb, net, done);
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

	if (svcnat_memo_is_of(memo, skb))
		WRITE_ONCE(memo->key, 0);
}

#endif /* _SVCNAT_MEMO_H */
