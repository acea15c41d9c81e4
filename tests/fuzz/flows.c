// SPDX-License-Identifier: GPL-2.0-only
/*
 * What state.h and flow_life.c say in words, asked of the whole history every
 * time anew: nothing is remembered but packets.
 */
#include "shim.h"

#include "flows.h"

static bool connects(const struct history *h)
{
	return h->proto == IPPROTO_TCP || h->proto == IPPROTO_SCTP;
}

/* A segment of a connection that goes on: neither RST nor SYN, nor a guess */
static bool talks(const struct event *e)
{
	return !(e->tcp & (SVCNAT_TCP_RST | SVCNAT_TCP_SYN)) && !e->unheard;
}

static bool offers(const struct event *e)
{
	return e->direction == SVCNAT_REPLY &&
	       (e->tcp & (SVCNAT_TCP_RST | SVCNAT_TCP_SYN |
			  SVCNAT_TCP_ACK)) == (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK);
}

/* SYN or INIT, and nothing else that matters */
bool history_begins(const struct event *e)
{
	return (e->tcp & (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK | SVCNAT_TCP_RST |
			  SVCNAT_TCP_FIN)) == SVCNAT_TCP_SYN;
}

static u32 count(const struct history *h, u8 direction)
{
	u32 i, n = 0;

	for (i = 0; i < h->num; i++)
		n += h->event[i].direction == direction;
	return n;
}

static bool has_talked(const struct history *h, u8 direction, u32 before)
{
	while (before--)
		if (h->event[before].direction == direction &&
		    talks(&h->event[before]))
			return true;
	return false;
}

/* Has the endpoint said that it is connected, in words or by what it sends? */
static bool vouches(const struct history *h)
{
	bool offered = false;
	u32 i;

	for (i = 0; i < h->num; i++) {
		const struct event *e = &h->event[i];

		if (e->direction != SVCNAT_REPLY)
			continue;
		offered |= offers(e);
		if (h->proto == IPPROTO_SCTP ? talks(e) :
		    offered && e->payload && !(e->tcp & SVCNAT_TCP_RST))
			return true;
	}
	return false;
}

/* Does the client repeat what the endpoint has offered last? */
static bool repeats(const struct history *h, const struct event *e)
{
	u32 i = h->num;

	while (i--)
		if (offers(&h->event[i]))
			return e->tcp & SVCNAT_TCP_ACK &&
			       e->proof == h->event[i].proof;
	return false;
}

/**
 * history_add() - another packet
 * @h: of the connection; there is room
 * @e: the packet; it is found out whether it counts
 */
void history_add(struct history *h, const struct event *e)
{
	struct event *to = &h->event[h->num];

	*to = *e;
	to->unheard = connects(h) && e->direction == SVCNAT_REQUEST &&
		      talks(e) && !has_talked(h, SVCNAT_REQUEST, h->num) &&
		      !vouches(h) && !repeats(h, e);
	h->num++;
	h->last = shim_jiffies;
}

/* Did it send FIN, and no data since? */
static bool has_finished(const struct history *h, u8 direction)
{
	u32 i = h->num;

	while (i--) {
		const struct event *e = &h->event[i];

		if (e->direction != direction || !talks(e))
			continue;
		if (e->tcp & SVCNAT_TCP_FIN)
			return true;
		if (e->payload)
			return false;
	}
	return false;
}

/* Was there a RST, of itself or of anybody, since when it does not talk? */
static bool is_reset(const struct history *h, u8 direction, bool own)
{
	u32 i = h->num;

	while (i--) {
		const struct event *e = &h->event[i];

		if (e->direction == direction && talks(e))
			return false;
		if (e->tcp & SVCNAT_TCP_RST &&
		    (!own || e->direction == direction))
			return true;
	}
	return false;
}

static bool both_reset(const struct history *h)
{
	return is_reset(h, SVCNAT_REQUEST, false) &&
	       is_reset(h, SVCNAT_REPLY, false);
}

bool history_answered(const struct history *h)
{
	return count(h, SVCNAT_REPLY);
}

/* A beginning after it has talked, and since then no more talk */
bool history_syn_again(const struct history *h, u8 direction)
{
	u32 i = h->num;

	while (i--) {
		const struct event *e = &h->event[i];

		if (e->direction != direction)
			continue;
		if (talks(e))
			return false;
		if (history_begins(e))
			return has_talked(h, direction, i);
	}
	return false;
}

enum svcnat_flow_state history_state(const struct history *h)
{
	if (!connects(h)) {
		if (!history_answered(h))
			return SVCNAT_FLOW_UNREPLIED;
		return count(h, SVCNAT_REQUEST) > 1 ? SVCNAT_FLOW_STREAM :
						      SVCNAT_FLOW_REPLIED;
	}
	if (both_reset(h))
		return SVCNAT_FLOW_CLOSED;
	if (has_finished(h, SVCNAT_REQUEST) || has_finished(h, SVCNAT_REPLY))
		return SVCNAT_FLOW_CLOSING;
	if (!history_answered(h))
		return SVCNAT_FLOW_SYN_SENT;
	if (!has_talked(h, SVCNAT_REQUEST, h->num))
		return SVCNAT_FLOW_SYN_RECV;
	return SVCNAT_FLOW_ESTABLISHED;
}

/* Seconds: see enum svcnat_timeout */
u32 history_timeout(const struct history *h, const u32 *timeout)
{
	switch (history_state(h)) {
	case SVCNAT_FLOW_UNREPLIED:
	case SVCNAT_FLOW_REPLIED:
		return timeout[SVCNAT_TIMEOUT_UDP];
	case SVCNAT_FLOW_STREAM:
		return timeout[SVCNAT_TIMEOUT_UDP_STREAM];
	case SVCNAT_FLOW_CLOSED:
		return timeout[SVCNAT_TIMEOUT_TCP_CLOSING];
	case SVCNAT_FLOW_ESTABLISHED:
		return h->proto == IPPROTO_TCP ?
		       timeout[SVCNAT_TIMEOUT_TCP_ESTABLISHED] :
		       timeout[SVCNAT_TIMEOUT_SCTP];
	default:
		return timeout[SVCNAT_TIMEOUT_TCP_TRANSITORY];
	}
}

bool history_half_open(const struct history *h)
{
	return !history_answered(h) ||
	       (connects(h) && !has_talked(h, SVCNAT_REQUEST, h->num));
}

/* Both have finished, or the endpoint has reset it and both are silent. */
bool history_over(const struct history *h)
{
	return (has_finished(h, SVCNAT_REQUEST) &&
		has_finished(h, SVCNAT_REPLY)) ||
	       (both_reset(h) && is_reset(h, SVCNAT_REPLY, true));
}

bool history_aborted(const struct history *h)
{
	return both_reset(h) && is_reset(h, SVCNAT_REQUEST, true);
}

/* Never early */
bool history_may_expire(const struct history *h, const u32 *timeout)
{
	return shim_jiffies - h->last >= (u64)history_timeout(h, timeout) * HZ;
}

/* A stamp is as coarse as 64 jiffies, and lags behind by a second, or two. */
bool history_must_expire(const struct history *h, const u32 *timeout)
{
	return shim_jiffies - h->last >=
	       ((u64)history_timeout(h, timeout) + 3) * HZ;
}
