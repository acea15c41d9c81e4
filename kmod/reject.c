// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/netfilter/ipv4/nf_reject.h>

#include "reject.h"

/*
 * Answers a second, and at once: enough for every client that waits for one,
 * too few to make the node a reflector worth using.  The kernel's own default
 * for ICMP is the same (icmp_msgs_per_sec, Documentation/networking/
 * ip-sysctl.rst).
 */
#define RATE	1000
#define BURST	100

static void init_bucket(struct svcnat_bucket *bucket)
{
	spin_lock_init(&bucket->lock);
	bucket->tokens = BURST;
	bucket->stamp = jiffies;
}

/**
 * svcnat_reject_init() - set the limits
 * @reject: the netns' limits
 */
void svcnat_reject_init(struct svcnat_reject *reject)
{
	init_bucket(&reject->opening);
	init_bucket(&reject->stray);
}

static bool take(struct svcnat_bucket *bucket)
{
	unsigned long age;
	bool taken;

	spin_lock(&bucket->lock);
	age = min_t(unsigned long, jiffies - bucket->stamp, HZ);
	if (age * RATE >= HZ) {
		bucket->tokens = min_t(u32, BURST,
				       bucket->tokens + age * RATE / HZ);
		bucket->stamp = jiffies;
	}
	taken = bucket->tokens;
	if (taken)
		bucket->tokens--;
	spin_unlock(&bucket->lock);
	return taken;
}

/**
 * svcnat_reject_send() - answer a packet
 * @reject: the netns' limits
 * @skb: the packet, which remains the caller's
 * @packet: its facts
 * @state: of the hook: PRE_ROUTING or LOCAL_OUT, behind conntrack
 *
 * The helpers answer no non-first fragment, no packet to a group and none with
 * a wrong checksum.  A RST gets no answer.
 *
 * Context: softirqs disabled.
 * Return: false if an answer is due, but too many were sent.
 */
bool svcnat_reject_send(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state)
{
	if (packet->tcp & SVCNAT_TCP_RST)
		return true;
	if (!take(svcnat_packet_opens(packet) ? &reject->opening :
						&reject->stray))
		return false;
	if (packet->tuple.proto == IPPROTO_TCP)
		nf_send_reset(state->net, state->sk, skb, state->hook);
	else
		nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
	return true;
}
