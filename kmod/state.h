/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the packets seen say about a connection.  Pure functions of a word:
 *
 *	bits 40-63 generation: odd while the line belongs to no flow
 *	bits 32-39 SVCNAT_SEEN_...: what this direction has sent
 *	bits  0-31 stamp of the last packet
 *
 * No sequence numbers are tracked, so a forged packet is as good as a real one
 * here.  Therefore nothing seen ever ends a flow: a RST and a FIN shorten its
 * timeout, and the next packet that a live connection would send restores it.
 * And what begins a connection does not make it last: a client must show that
 * it has heard the endpoint's answer, or else anybody could fill the table with
 * connections that stay for a day, from addresses that are not his.
 *
 * The price: data that was lost before a FIN and is sent again after it takes
 * the FIN back too.  If the FIN itself had arrived it is not repeated, and the
 * flow stays for as long as an established one may be silent.
 */
#ifndef _SVCNAT_STATE_H
#define _SVCNAT_STATE_H

#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/types.h>

#include "packet.h"
#include "uapi/svcnat.h"

/* What a direction has sent; TCP stands for SCTP, too: see packet.h */
#define SVCNAT_SEEN		0x01	/* anything */
#define SVCNAT_SEEN_MORE	0x02	/* UDP: a second packet; TCP: data, not
					 * before SVCNAT_SEEN_OFFER
					 */
#define SVCNAT_SEEN_ACK		0x04	/* TCP: a segment that is no SYN */
#define SVCNAT_SEEN_FIN		0x08	/* TCP: FIN, and no data since */
#define SVCNAT_SEEN_RST		0x10	/* TCP: either side's RST, since when
					 * this side has been silent
					 */
#define SVCNAT_SEEN_OWN_RST	0x20	/* TCP: that RST was this side's */
#define SVCNAT_SEEN_SYN		0x40	/* TCP: a SYN after SVCNAT_SEEN_ACK, and
					 * no other segment since but a RST
					 */
#define SVCNAT_SEEN_OFFER	0x80	/* TCP: a SYN, ACK: what proves that it
					 * was heard is known
					 */

/*
 * Stamps count 64 jiffies: 64 ms to 640 ms.  Half their range is over four
 * years even at 1000 HZ, so any timeout can be compared.
 */
#define SVCNAT_STAMP_SHIFT	6

/* A stamp is written again only when it is about a second old. */
#define SVCNAT_STAMP_STEP	max(1, HZ >> SVCNAT_STAMP_SHIFT)

#define SVCNAT_GENERATION_MASK	0xffffffU

/**
 * enum svcnat_timeout - the timeouts of a netns
 * @SVCNAT_TIMEOUT_TCP_ESTABLISHED: both ways seen
 * @SVCNAT_TIMEOUT_TCP_TRANSITORY: opening, or a FIN was seen
 * @SVCNAT_TIMEOUT_TCP_CLOSING: a RST was seen
 * @SVCNAT_TIMEOUT_UDP: unreplied and replied
 * @SVCNAT_TIMEOUT_UDP_STREAM: more than one question, and an answer
 * @SVCNAT_TIMEOUT_SCTP: as TCP_ESTABLISHED, for SCTP; what else it needs are
 *	those of TCP
 * @SVCNAT_TIMEOUTS: how many there are
 */
enum svcnat_timeout {
	SVCNAT_TIMEOUT_TCP_ESTABLISHED,
	SVCNAT_TIMEOUT_TCP_TRANSITORY,
	SVCNAT_TIMEOUT_TCP_CLOSING,
	SVCNAT_TIMEOUT_UDP,
	SVCNAT_TIMEOUT_UDP_STREAM,
	SVCNAT_TIMEOUT_SCTP,
	SVCNAT_TIMEOUTS
};

/**
 * svcnat_stamp_now() - the time
 *
 * Return: in units of a stamp.
 */
static inline u32 svcnat_stamp_now(void)
{
	u64 now = get_jiffies_64();

	return now >> SVCNAT_STAMP_SHIFT;
}

/**
 * svcnat_stamp_seconds() - length of a span
 * @stamps: difference of two stamps
 *
 * Return: whole seconds.
 */
static inline u32 svcnat_stamp_seconds(u32 stamps)
{
	return div_u64((u64)stamps << SVCNAT_STAMP_SHIFT, HZ);
}

/**
 * svcnat_word() - compose a word
 * @generation: 24 bits
 * @seen: SVCNAT_SEEN...
 * @stamp: time
 *
 * Return: the word.
 */
static inline u64 svcnat_word(u32 generation, u8 seen, u32 stamp)
{
	return (u64)(generation & SVCNAT_GENERATION_MASK) << 40 |
	       (u64)seen << 32 | stamp;
}

/**
 * svcnat_word_generation() - the generation of a word
 * @word: the word
 *
 * Return: 24 bits.
 */
static inline u32 svcnat_word_generation(u64 word)
{
	return word >> 40;
}

/**
 * svcnat_word_seen() - what a word says was sent
 * @word: the word
 *
 * Return: SVCNAT_SEEN... bits.
 */
static inline u8 svcnat_word_seen(u64 word)
{
	return word >> 32;
}

/**
 * svcnat_word_stamp() - the time of a word
 * @word: the word
 *
 * Return: the stamp.
 */
static inline u32 svcnat_word_stamp(u64 word)
{
	return word;
}

/**
 * svcnat_word_live() - does the line belong to a flow?
 * @word: the word of the line
 *
 * Return: true if so.
 */
static inline bool svcnat_word_live(u64 word)
{
	return !(svcnat_word_generation(word) & 1);
}

/**
 * svcnat_state_offers() - is the packet an answer whose receiver can prove that
 *	it has heard it?
 * @packet: its facts
 *
 * Return: true for a SYN, ACK and an INIT ACK.
 */
static inline bool svcnat_state_offers(const struct svcnat_packet *packet)
{
	return (packet->tcp & (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK |
			       SVCNAT_TCP_RST)) ==
	       (SVCNAT_TCP_SYN | SVCNAT_TCP_ACK);
}

/**
 * svcnat_state_stays() - does a packet say nothing new, at first sight?
 * @seen: what its direction has sent before
 * @packet: its facts
 *
 * Those of an established flow do, one after the other: a shortcut for them.
 *
 * Return: false if svcnat_state_after() may be another one than @seen, or the
 * packet an offer, or it does not count yet.
 */
static inline bool svcnat_state_stays(u8 seen,
				      const struct svcnat_packet *packet)
{
	const u8 more = seen & (SVCNAT_SEEN_MORE | SVCNAT_SEEN_OFFER);

	if (!svcnat_proto_connects(packet->tuple.proto))
		return !packet->tcp &&
		       seen == (SVCNAT_SEEN | SVCNAT_SEEN_MORE);
	return packet->tcp == SVCNAT_TCP_ACK && more != SVCNAT_SEEN_OFFER &&
	       (seen ^ more) == (SVCNAT_SEEN | SVCNAT_SEEN_ACK);
}

u8 svcnat_state_after(u8 seen, const struct svcnat_packet *packet);
bool svcnat_state_heard(u8 reply, u32 offer,
			const struct svcnat_packet *packet);
enum svcnat_flow_state svcnat_state_of(u8 proto, u8 request, u8 reply);
enum svcnat_timeout svcnat_state_timeout(u8 proto,
					 enum svcnat_flow_state state);
bool svcnat_state_half_open(u8 proto, u8 request, u8 reply);
bool svcnat_state_closing(u8 request, u8 reply);
bool svcnat_state_aborted(u8 request, u8 reply);

#endif /* _SVCNAT_STATE_H */
