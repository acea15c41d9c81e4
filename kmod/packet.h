/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a packet: parsed once, then handed on as offsets.  The only code
 * that reads headers, and the only one that may move them.
 */
#ifndef _SVCNAT_PACKET_H
#define _SVCNAT_PACKET_H

#include "tuple.h"

struct sk_buff;

/*
 * svcnat_packet.tcp: the bits of RFC 9293 3.1 that decide anything here.  SCTP
 * is told in the same words:
 *
 *	SYN		INIT
 *	SYN, ACK	INIT ACK
 *	FIN, ACK	SHUTDOWN, SHUTDOWN ACK
 *	RST		ABORT, SHUTDOWN COMPLETE
 *	ACK		any other chunk
 */
#define SVCNAT_TCP_FIN		0x01
#define SVCNAT_TCP_SYN		0x02
#define SVCNAT_TCP_RST		0x04
#define SVCNAT_TCP_ACK		0x10

/**
 * struct svcnat_quote - the packet that an ICMP or ICMPv6 error is about
 * @tuple: its addresses and ports
 * @l3: offset of its network header from skb->data
 * @l4: offset of its transport header from skb->data
 * @l4_len: bytes of its transport header that are there and that a rewrite may
 *	touch: 8 of UDP, 8 to 20 of TCP, whose checksum needs 18, 8 to 12 of
 *	SCTP, whose checksum needs all
 * @len: bytes from its transport header to its end, there or not, as its
 *	network header tells; 0 if that tells nonsense
 */
struct svcnat_quote {
	struct svcnat_tuple	tuple;
	u16			l3;
	u16			l4;
	u16			l4_len;
	u16			len;
};

/**
 * struct svcnat_packet - the facts of one packet
 * @tuple: addresses and ports; of ICMP and ICMPv6 the ports are 0
 * @l3: offset of the network header from skb->data
 * @l4: offset of the transport header from skb->data
 * @l4_len: bytes of the transport header that a rewrite may touch
 * @len: bytes from the network header to the end of the packet
 * @tcp: SVCNAT_TCP_... bits, 0 if neither TCP nor SCTP
 * @payload: there are bytes behind the transport header; of SCTP, DATA
 * @proof: what its sender can only know from the other side: the acknowledgment
 *	number of TCP, host order, the verification tag of SCTP, as it is; of a
 *	SYN, ACK or INIT ACK that which its answer will bear
 * @icmp_type: type of an ICMP or ICMPv6 message, 0 of anything else
 * @tag: of SCTP, the verification tag of an ABORT in answer
 * @quote: only written for ICMP and ICMPv6, and only valid for an error; its
 *	@l4_len is 0 for other messages
 */
struct svcnat_packet {
	struct svcnat_tuple	tuple;
	u16			l3;
	u16			l4;
	u16			l4_len;
	u32			len;
	u8			tcp;
	bool			payload;
	u8			icmp_type;
	u32			proof;
	__be32			tag;
	struct svcnat_quote	quote;
};

/**
 * enum svcnat_parsed - what svcnat_packet_parse() found
 * @SVCNAT_PARSED: TCP, UDP or SCTP with ports
 * @SVCNAT_PARSED_ERROR: an ICMP or ICMPv6 error that quotes one of them with
 *	ports: the quote is valid
 * @SVCNAT_PARSED_ODD: an ICMP or ICMPv6 error that quotes too little, a later
 *	fragment, another error or another protocol: leave it alone
 * @SVCNAT_PARSED_ECHO: an ICMP or ICMPv6 echo request
 * @SVCNAT_PARSED_FRAGMENT: a fragment: the tuple has addresses, no ports
 * @SVCNAT_PARSED_OTHER: not a protocol of ours
 * @SVCNAT_PARSED_BROKEN: headers cut off or contradicting; the tuple has
 *	addresses if its family is not 0
 */
enum svcnat_parsed {
	SVCNAT_PARSED,
	SVCNAT_PARSED_ERROR,
	SVCNAT_PARSED_ODD,
	SVCNAT_PARSED_ECHO,
	SVCNAT_PARSED_FRAGMENT,
	SVCNAT_PARSED_OTHER,
	SVCNAT_PARSED_BROKEN,
};

enum svcnat_parsed svcnat_packet_parse(const struct sk_buff *skb, u8 family,
				       struct svcnat_packet *packet);
enum svcnat_parsed svcnat_packet_parse_sctp(const struct sk_buff *skb,
					    struct svcnat_packet *packet);
bool svcnat_packet_plain(struct sk_buff *skb, u8 family,
			 struct svcnat_packet *packet);
bool svcnat_packet_is(const struct sk_buff *skb, const struct svcnat_tuple *t,
		      u32 l3, u32 l4);
bool svcnat_packet_writable(struct sk_buff *skb,
			    const struct svcnat_packet *packet);
bool svcnat_packet_error_sound(const struct sk_buff *skb,
			       const struct svcnat_packet *packet);
bool svcnat_packet_opens(const struct svcnat_packet *packet);

#endif /* _SVCNAT_PACKET_H */
