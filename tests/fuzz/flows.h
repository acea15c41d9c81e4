/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection as its packets tell it: what the flow targets compare with. */
#ifndef _FUZZ_FLOWS_H
#define _FUZZ_FLOWS_H

#include "flow.h"

#define HISTORY	64

/**
 * struct event - a packet of a connection
 * @direction: who sent it
 * @tcp: SVCNAT_TCP_... bits
 * @payload: it has some
 * @proof: see svcnat_packet
 * @unheard: the client has not shown yet that it hears the endpoint
 */
struct event {
	u8	direction;
	u8	tcp;
	bool	payload;
	u32	proof;
	bool	unheard;
};

/**
 * struct history - all packets of a connection
 * @proto: its protocol
 * @num: how many packets
 * @event: the packets
 * @last: jiffies of the last one
 */
struct history {
	u8		proto;
	u32		num;
	struct event	event[HISTORY];
	u64		last;
};

void history_add(struct history *h, const struct event *e);
enum svcnat_flow_state history_state(const struct history *h);
u32 history_timeout(const struct history *h, const u32 *timeout);
bool history_half_open(const struct history *h);
bool history_over(const struct history *h);
bool history_aborted(const struct history *h);
bool history_begins(const struct event *e);
bool history_answered(const struct history *h);
bool history_syn_again(const struct history *h, u8 direction);
bool history_may_expire(const struct history *h, const u32 *timeout);
bool history_must_expire(const struct history *h, const u32 *timeout);

#endif /* _FUZZ_FLOWS_H */
