/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a packet: parsed once, then handed on as offsets.  The only code
 * that reads headers.
 */
#ifndef _SVCNAT_PACKET_H
#define _SVCNAT_PACKET_H

#include "tuple.h"

struct sk_buff;

/* svcnat_packet.tcp: the bits of RFC 9293 3.1 that decide anything here */
#define SVCNAT_TCP_FIN		0x01
#define SVCNAT_TCP_SYN		0x02
#define SVCNAT_TCP_RST		0x04
#define SVCNAT_TCP_ACK		0x10

/**
 * struct svcnat_packet - the facts of one packet
 * @tuple: addresses and ports
 * @l3: offset of the network header from skb->data
 * @l4: offset of the transport header from skb->data
 * @l4_len: bytes of the transport header that a rewrite may touch
 * @len: bytes from the network header to the end of the packet
 * @tcp: SVCNAT_TCP_... bits, 0 if not TCP
 * @payload: there are bytes behind the transport header
 */
struct svcnat_packet {
	struct svcnat_tuple	tuple;
	u16			l3;
	u16			l4;
	u16			l4_len;
	u32			len;
	u8			tcp;
	bool			payload;
};

/**
 * enum svcnat_parsed - what svcnat_packet_parse() found
 * @SVCNAT_PARSED: all of struct svcnat_packet is valid
 * @SVCNAT_PARSED_FRAGMENT: a fragment: the tuple has addresses, no ports
 * @SVCNAT_PARSED_OTHER: not a protocol of ours
 * @SVCNAT_PARSED_BROKEN: headers cut off or contradicting; the tuple has
 *	addresses if its family is not 0
 */
enum svcnat_parsed {
	SVCNAT_PARSED,
	SVCNAT_PARSED_FRAGMENT,
	SVCNAT_PARSED_OTHER,
	SVCNAT_PARSED_BROKEN,
};

enum svcnat_parsed svcnat_packet_parse(const struct sk_buff *skb, u8 family,
				       struct svcnat_packet *packet);
bool svcnat_packet_writable(struct sk_buff *skb,
			    const struct svcnat_packet *packet);
bool svcnat_packet_opens(const struct svcnat_packet *packet);

#endif /* _SVCNAT_PACKET_H */
