/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers of our own: RST, ABORT, ICMP port unreachable, echo replies. */
#ifndef _SVCNAT_REJECT_H
#define _SVCNAT_REJECT_H

#include <linux/spinlock.h>

#include "packet.h"

struct nf_hook_state;

/**
 * struct svcnat_bucket - tokens for answers
 * @lock: protects the rest; softirqs disabled
 * @tokens: answers that may be sent now
 * @stamp: jiffies when they were last refilled
 */
struct svcnat_bucket {
	spinlock_t	lock;	/* see above */
	u32		tokens;
	unsigned long	stamp;
};

/**
 * struct svcnat_reject - the limits on answers of one netns
 * @opening: answers to packets that would begin a connection
 * @stray: answers to TCP and SCTP without a flow, which anybody can send any
 *	number of
 * @echo: echo replies
 */
struct svcnat_reject {
	struct svcnat_bucket	opening;
	struct svcnat_bucket	stray;
	struct svcnat_bucket	echo;
};

void svcnat_reject_init(struct svcnat_reject *reject);
bool svcnat_reject_send(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state);
bool svcnat_reject_echo(struct svcnat_reject *reject, struct sk_buff *skb,
			const struct svcnat_packet *packet,
			const struct nf_hook_state *state);

#endif /* _SVCNAT_REJECT_H */
