/* SPDX-License-Identifier: GPL-2.0-only */
/* One packet at one hook, and what can be done with it. */
#ifndef _SVCNAT_PASSAGE_H
#define _SVCNAT_PASSAGE_H

#include <linux/netfilter.h>

#include "packet.h"
#include "pernet.h"

/**
 * struct svcnat_passage - the packet at the hook
 * @sn: of the netns
 * @skb: the packet
 * @state: of the hook
 * @packet: its facts, once it was parsed
 * @rewritten: was changed here, and needs svcnat_passage_settle()
 * @counted: its translation was counted where it began
 */
struct svcnat_passage {
	struct svcnat_net		*sn;
	struct sk_buff			*skb;
	const struct nf_hook_state	*state;
	struct svcnat_packet		packet;
	bool				rewritten;
	bool				counted;
};

/**
 * svcnat_passage_count() - count an event
 * @p: the packet
 * @what: the counter
 *
 * Context: softirqs disabled.
 */
static inline void svcnat_passage_count(struct svcnat_passage *p,
					enum svcnat_stat what)
{
	svcnat_stat_inc(p->sn->stats, what);
}

/**
 * svcnat_passage_dev() - the device by which it comes or goes
 * @p: the packet
 *
 * Return: the device; it tells of the packet's VRF.
 */
static inline const struct net_device *
svcnat_passage_dev(const struct svcnat_passage *p)
{
	return p->state->in ?: p->state->out;
}

unsigned int svcnat_passage_drop(struct svcnat_passage *p,
				 enum svcnat_stat why);
void svcnat_passage_charge(const struct svcnat_passage *p,
			   const struct svcnat_hit *hit);
unsigned int svcnat_passage_translate(struct svcnat_passage *p,
				      const struct svcnat_hit *hit);
bool svcnat_passage_admitted(struct svcnat_passage *p);
unsigned int svcnat_passage_settle(struct svcnat_passage *p);
bool svcnat_passage_is_answer(const struct svcnat_passage *p,
			      const struct svcnat_frontend *frontend);
bool svcnat_passage_was_rewritten(const struct svcnat_passage *p);

#endif /* _SVCNAT_PASSAGE_H */
