// SPDX-License-Identifier: GPL-2.0-only
/* What is in an SCTP packet (RFC 9260). */
#include <linux/sctp.h>
#include <linux/skbuff.h>

#include "packet.h"

/*
 * Chunks of a packet that are looked at.  Control chunks come first (6.10), and
 * few of them go together; whoever sends more wants to keep us busy.
 */
#define CHUNKS	8

static u8 chunk_bits(u8 type)
{
	switch (type) {
	case SCTP_CID_INIT:
		return SVCNAT_TCP_SYN;
	case SCTP_CID_INIT_ACK:
		return SVCNAT_TCP_SYN | SVCNAT_TCP_ACK;
	case SCTP_CID_SHUTDOWN:
	case SCTP_CID_SHUTDOWN_ACK:
		return SVCNAT_TCP_FIN | SVCNAT_TCP_ACK;
	case SCTP_CID_ABORT:
	case SCTP_CID_SHUTDOWN_COMPLETE:
		return SVCNAT_TCP_RST;
	default:
		return SVCNAT_TCP_ACK;
	}
}

static bool is_data(u8 type)
{
	return type == SCTP_CID_DATA || type == SCTP_CID_I_DATA;
}

/*
 * Nobody answers an INIT that carries a verification tag, or that is not alone
 * (8.5.1, 6.10); no flow shall begin with one.
 */
static bool is_good_init(const struct sctphdr *sh, u32 len, u32 rest)
{
	return !sh->vtag && len >= sizeof(struct sctp_init_chunk) &&
	       len <= rest &&
	       rest < ALIGN(len, 4) + sizeof(struct sctp_chunkhdr);
}

/* An INIT and an INIT ACK tell it in their own headers (3.3.2, 8.4). */
static __be32 tag_of_init(const struct sk_buff *skb, u32 at)
{
	const struct sctp_init_chunk *init;
	struct sctp_init_chunk _init;

	init = skb_header_pointer(skb, at, sizeof(_init), &_init);
	return init ? init->init_hdr.init_tag : 0;
}

/**
 * svcnat_packet_parse_sctp() - parse an SCTP packet
 * @skb: the packet
 * @packet: its facts, of which those of the transport are written
 *
 * For svcnat_packet_parse() alone.
 *
 * Return: SVCNAT_PARSED or SVCNAT_PARSED_BROKEN.
 */
enum svcnat_parsed svcnat_packet_parse_sctp(const struct sk_buff *skb,
					    struct svcnat_packet *packet)
{
	u32 at = packet->l4 + sizeof(struct sctphdr);
	const struct sctp_chunkhdr *ch;
	struct sctp_chunkhdr _ch;
	const struct sctphdr *sh;
	struct sctphdr _sh;
	unsigned int n;
	u32 len;

	sh = skb_header_pointer(skb, packet->l4, sizeof(_sh), &_sh);
	if (!sh)
		return SVCNAT_PARSED_BROKEN;
	packet->tuple.sport = sh->source;
	packet->tuple.dport = sh->dest;
	packet->l4_len = sizeof(_sh);
	packet->tag = sh->vtag;
	packet->proof = (__force u32)sh->vtag;
	for (n = 0; n < CHUNKS && !packet->payload; n++) {
		ch = skb_header_pointer(skb, at, sizeof(_ch), &_ch);
		if (!ch)
			break;
		len = ntohs(ch->length);
		if (len < sizeof(*ch))
			break;
		if (ch->type == SCTP_CID_INIT &&
		    (n || !is_good_init(sh, len, skb->len - at)))
			return SVCNAT_PARSED_BROKEN;
		packet->tcp |= chunk_bits(ch->type);
		if (ch->type == SCTP_CID_INIT)
			packet->tag = tag_of_init(skb, at);
		if (ch->type == SCTP_CID_INIT_ACK)
			packet->proof = (__force u32)tag_of_init(skb, at);
		packet->payload = is_data(ch->type);
		at += ALIGN(len, 4);
	}
	/* Not one chunk: nobody would know what this is about. */
	return n ? SVCNAT_PARSED : SVCNAT_PARSED_BROKEN;
}
