// SPDX-License-Identifier: GPL-2.0-only
#include <linux/in.h>

#include "state.h"

/* Of SCTP as well */
static u8 tcp_after(u8 seen, const struct svcnat_packet *packet)
{
	seen |= SVCNAT_SEEN;
	if (packet->tcp & SVCNAT_TCP_RST)
		return seen | SVCNAT_SEEN_RST | SVCNAT_SEEN_OWN_RST;
	if (svcnat_state_offers(packet))
		seen |= SVCNAT_SEEN_OFFER;
	if (packet->payload && seen & SVCNAT_SEEN_OFFER)
		seen |= SVCNAT_SEEN_MORE;
	if (packet->tcp & SVCNAT_TCP_SYN)
		return seen & SVCNAT_SEEN_ACK && svcnat_packet_opens(packet) ?
		       seen | SVCNAT_SEEN_SYN : seen;
	/* Whoever still talks was not reset, and has no new connection. */
	seen |= SVCNAT_SEEN_ACK;
	seen &= ~(SVCNAT_SEEN_RST | SVCNAT_SEEN_OWN_RST | SVCNAT_SEEN_SYN);
	if (packet->tcp & SVCNAT_TCP_FIN)
		return seen | SVCNAT_SEEN_FIN;
	/* Nobody sends new data after a FIN of his own. */
	return packet->payload ? seen & ~SVCNAT_SEEN_FIN : seen;
}

/**
 * svcnat_state_after() - what a direction has sent, after one more packet
 * @seen: before
 * @packet: of this direction
 *
 * Return: SVCNAT_SEEN... bits.
 */
u8 svcnat_state_after(u8 seen, const struct svcnat_packet *packet)
{
	if (svcnat_proto_connects(packet->tuple.proto))
		return tcp_after(seen, packet);
	return seen & SVCNAT_SEEN ? seen | SVCNAT_SEEN_MORE : SVCNAT_SEEN;
}

/**
 * svcnat_state_heard() - has the client heard what the endpoint answered?
 * @reply: what the endpoint has sent
 * @offer: svcnat_packet.proof of its last SYN, ACK or INIT ACK, if
 *	SVCNAT_SEEN_OFFER is there
 * @packet: of the client: of TCP or SCTP, no SYN or INIT
 *
 * Whoever forges a client's address sees no answers.  Two answers may differ,
 * and the client have heard the first: so the endpoint's word counts as well.
 * One that is not convinced itself has no data to send yet, and one of SCTP
 * nothing but an ABORT or another INIT ACK.
 *
 * Return: true if so.
 */
bool svcnat_state_heard(u8 reply, u32 offer, const struct svcnat_packet *packet)
{
	if (reply & (packet->tuple.proto == IPPROTO_SCTP ? SVCNAT_SEEN_ACK :
							   SVCNAT_SEEN_MORE))
		return true;
	return reply & SVCNAT_SEEN_OFFER && packet->tcp & SVCNAT_TCP_ACK &&
	       packet->proof == offer;
}

/* Of SCTP as well */
static enum svcnat_flow_state tcp_state(u8 request, u8 reply)
{
	if (request & reply & SVCNAT_SEEN_RST)
		return SVCNAT_FLOW_CLOSED;
	if ((request | reply) & SVCNAT_SEEN_FIN)
		return SVCNAT_FLOW_CLOSING;
	if (!(reply & SVCNAT_SEEN))
		return SVCNAT_FLOW_SYN_SENT;
	if (!(request & SVCNAT_SEEN_ACK))
		return SVCNAT_FLOW_SYN_RECV;
	return SVCNAT_FLOW_ESTABLISHED;
}

/**
 * svcnat_state_of() - the state of a connection
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @request: what the client has sent
 * @reply: what the endpoint has sent
 *
 * Return: the state.
 */
enum svcnat_flow_state svcnat_state_of(u8 proto, u8 request, u8 reply)
{
	if (svcnat_proto_connects(proto))
		return tcp_state(request, reply);
	if (!(reply & SVCNAT_SEEN))
		return SVCNAT_FLOW_UNREPLIED;
	return request & SVCNAT_SEEN_MORE ? SVCNAT_FLOW_STREAM :
					    SVCNAT_FLOW_REPLIED;
}

/**
 * svcnat_state_timeout() - which timeout a state has
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @state: the state
 *
 * Return: the timeout.
 */
enum svcnat_timeout svcnat_state_timeout(u8 proto,
					 enum svcnat_flow_state state)
{
	switch (state) {
	case SVCNAT_FLOW_ESTABLISHED:
		return proto == IPPROTO_SCTP ? SVCNAT_TIMEOUT_SCTP :
					       SVCNAT_TIMEOUT_TCP_ESTABLISHED;
	case SVCNAT_FLOW_SYN_SENT:
	case SVCNAT_FLOW_SYN_RECV:
	case SVCNAT_FLOW_CLOSING:
		return SVCNAT_TIMEOUT_TCP_TRANSITORY;
	case SVCNAT_FLOW_CLOSED:
		return SVCNAT_TIMEOUT_TCP_CLOSING;
	case SVCNAT_FLOW_STREAM:
		return SVCNAT_TIMEOUT_UDP_STREAM;
	default:
		return SVCNAT_TIMEOUT_UDP;
	}
}

/**
 * svcnat_state_half_open() - may the flow make room for others?
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @request: what the client has sent
 * @reply: what the endpoint has sent
 *
 * Return: true if the endpoint, or the client after it, never answered.
 */
bool svcnat_state_half_open(u8 proto, u8 request, u8 reply)
{
	return !(reply & SVCNAT_SEEN) ||
	       (svcnat_proto_connects(proto) && !(request & SVCNAT_SEEN_ACK));
}

/**
 * svcnat_state_closing() - does a SYN or INIT on this flow begin a new
 *	connection?
 * @request: what the client has sent
 * @reply: what the endpoint has sent
 *
 * What a client sends can be forged by whoever knows the tuple, and a forged
 * RST or FIN with a forged SYN behind it must not move a live connection to
 * another endpoint.  So the endpoint has to agree: with a RST of its own that
 * nothing has followed, or with a FIN to the client's.  If it has not, the SYN
 * goes to it, and its answer decides.
 *
 * Return: true if so.
 */
bool svcnat_state_closing(u8 request, u8 reply)
{
	u8 both = request & reply;

	return both & SVCNAT_SEEN_FIN ||
	       (both & SVCNAT_SEEN_RST && reply & SVCNAT_SEEN_OWN_RST);
}

/**
 * svcnat_state_aborted() - may a SYN or INIT on this flow begin a new
 *	connection?
 * @request: what the client has sent
 * @reply: what the endpoint has sent
 *
 * The client's RST was the last that was heard of the connection.  It is over
 * if that was the client's indeed, and nothing has happened if it was forged:
 * the endpoint is silent either way.
 *
 * Return: true if so.
 */
bool svcnat_state_aborted(u8 request, u8 reply)
{
	return request & reply & SVCNAT_SEEN_RST &&
	       request & SVCNAT_SEEN_OWN_RST;
}
