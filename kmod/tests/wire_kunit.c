// SPDX-License-Identifier: GPL-2.0-only
#include <linux/in.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "../compat.h"
#include "wire.h"

#define TCP_HEADER	20
#define UDP_HEADER	8
#define SCTP_HEADER	12
#define ICMP_HEADER	8
#define IPV6_HEADER	40

#define IPV4(words)	{ .family = AF_INET, .ihl = (words) }
#define IPV6(number)	{ .family = AF_INET6, .num = 1, .chain = { number } }

const struct wire_head svcnat_wire_heads[WIRE_HEADS] = {
	IPV4(5), IPV4(6), IPV4(7), IPV4(8), IPV4(9), IPV4(10), IPV4(11),
	IPV4(12), IPV4(13), IPV4(14), IPV4(15),
	[WIRE_IPV6] = { .family = AF_INET6 },
	IPV6(NEXTHDR_HOP), IPV6(NEXTHDR_DEST), IPV6(NEXTHDR_ROUTING),
	IPV6(NEXTHDR_AUTH),
	[WIRE_CHAIN] = {
		.family = AF_INET6,
		.num = 3,
		.chain = { NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING },
	},
	[WIRE_ATOMIC] = IPV6(NEXTHDR_FRAGMENT),
};

static u16 add_up(const u8 *bytes, unsigned int len, u16 sum)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum = svcnat_wire_add(sum, i & 1 ? bytes[i] : bytes[i] << 8);
	return sum;
}

/* Source and destination address lie one behind the other. */
static unsigned int addr_at(const struct wire *wire)
{
	return wire->family == AF_INET ? 12 : 8;
}

static unsigned int addr_len(const struct wire *wire)
{
	return wire->family == AF_INET ? 4 : 16;
}

/**
 * svcnat_wire_set_addr() - change an address, but no checksum
 * @wire: of this packet
 * @end: 0 for the source, 1 for the destination
 * @addr: the new one
 */
void svcnat_wire_set_addr(struct wire *wire, unsigned int end,
			  const union nf_inet_addr *addr)
{
	memcpy(wire->bytes + addr_at(wire) + end * addr_len(wire), addr,
	       addr_len(wire));
}

/**
 * svcnat_wire_get_addr() - read an address
 * @wire: of this packet
 * @end: 0 for the source, 1 for the destination
 * @addr: written
 */
void svcnat_wire_get_addr(const struct wire *wire, unsigned int end,
			  union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	memcpy(addr, wire->bytes + addr_at(wire) + end * addr_len(wire),
	       addr_len(wire));
}

/**
 * svcnat_wire_set_port() - change a port, but no checksum
 * @wire: of this packet
 * @end: 0 for the source, 1 for the destination
 * @port: the new one
 */
void svcnat_wire_set_port(struct wire *wire, unsigned int end, u16 port)
{
	put_unaligned_be16(port, wire->bytes + wire->l4 + 2 * end);
}

/**
 * svcnat_wire_get_port() - read a port
 * @wire: of this packet
 * @end: 0 for the source, 1 for the destination
 *
 * Return: the port.
 */
u16 svcnat_wire_get_port(const struct wire *wire, unsigned int end)
{
	return get_unaligned_be16(wire->bytes + wire->l4 + 2 * end);
}

/**
 * svcnat_wire_sum_at() - where is the transport checksum?
 * @wire: of this packet
 *
 * Return: offset from the network header.
 */
unsigned int svcnat_wire_sum_at(const struct wire *wire)
{
	switch (wire->proto) {
	case IPPROTO_TCP:
		return wire->l4 + 16;
	case IPPROTO_UDP:
		return wire->l4 + 6;
	case IPPROTO_SCTP:
		return wire->l4 + 8;
	default:
		return wire->l4 + 2;
	}
}

/**
 * svcnat_wire_sum_len() - how long is the transport checksum?
 * @wire: of this packet
 *
 * Return: number of bytes.
 */
unsigned int svcnat_wire_sum_len(const struct wire *wire)
{
	return wire->proto == IPPROTO_SCTP ? 4 : 2;
}

/**
 * svcnat_wire_get_sum() - read the transport checksum
 * @wire: of this packet
 *
 * Return: the checksum.
 */
u16 svcnat_wire_get_sum(const struct wire *wire)
{
	return get_unaligned_be16(wire->bytes + svcnat_wire_sum_at(wire));
}

/**
 * svcnat_wire_set_sum() - change the transport checksum
 * @wire: of this packet
 * @sum: the new one
 */
void svcnat_wire_set_sum(struct wire *wire, u16 sum)
{
	put_unaligned_be16(sum, wire->bytes + svcnat_wire_sum_at(wire));
}

static unsigned int header_len(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return TCP_HEADER;
	case IPPROTO_SCTP:
		return SCTP_HEADER;
	default:
		return UDP_HEADER;
	}
}

/**
 * svcnat_wire_headers() - how long are the headers that a rewrite touches?
 * @wire: of this packet
 *
 * Return: number of bytes; those that an error quotes are not in it.
 */
unsigned int svcnat_wire_headers(const struct wire *wire)
{
	return wire->l4 + header_len(wire->proto);
}

/**
 * svcnat_wire_pseudo() - sum of the pseudo header
 * @wire: of this packet
 *
 * Return: the sum, not inverted; 0 for ICMP, which has none.
 */
u16 svcnat_wire_pseudo(const struct wire *wire)
{
	u16 sum = svcnat_wire_add(wire->proto, wire->len - wire->l4);

	if (wire->proto == IPPROTO_ICMP)
		return 0;
	return add_up(wire->bytes + addr_at(wire), 2 * addr_len(wire), sum);
}

/* CRC32c as RFC 9260 appendix A has it, bit by bit */
static u32 crc32c_of(const u8 *bytes, unsigned int len)
{
	u32 crc = ~0;
	unsigned int i;

	for (i = 0; i < len * 8; i++) {
		if (!(i & 7))
			crc ^= bytes[i / 8];
		crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static void sum_sctp(struct wire *wire)
{
	u8 *at = wire->bytes + wire->l4;

	put_unaligned_le32(0, at + 8);
	put_unaligned_le32(crc32c_of(at, wire->len - wire->l4), at + 8);
}

/**
 * svcnat_wire_sum() - compute the checksums afresh
 * @wire: of this packet; what it quotes stays as it is
 */
void svcnat_wire_sum(struct wire *wire)
{
	u16 sum;

	if (wire->family == AF_INET) {
		put_unaligned_be16(0, wire->bytes + 10);
		put_unaligned_be16(~add_up(wire->bytes, wire->l4, 0),
				   wire->bytes + 10);
	}
	if (wire->proto == IPPROTO_SCTP) {
		sum_sctp(wire);
		return;
	}
	svcnat_wire_set_sum(wire, 0);
	if (wire->no_sum)
		return;
	sum = ~add_up(wire->bytes + wire->l4, wire->len - wire->l4,
		      svcnat_wire_pseudo(wire));
	if (!sum && wire->proto == IPPROTO_UDP)
		sum = 0xffff;
	svcnat_wire_set_sum(wire, sum);
}

/**
 * svcnat_wire_pend() - leave the transport checksum to whoever is below
 * @wire: of this packet
 *
 * The field gets the sum of the pseudo header, or 0 where there is none.
 */
void svcnat_wire_pend(struct wire *wire)
{
	if (wire->proto == IPPROTO_SCTP)
		put_unaligned_le32(0, wire->bytes + svcnat_wire_sum_at(wire));
	else
		svcnat_wire_set_sum(wire, svcnat_wire_pseudo(wire));
}

static void make_ipv4(struct wire *wire, const struct wire_head *head)
{
	static const u8 addresses[] = { 192, 0, 2, 1, 10, 96, 0, 10 };
	u8 *b = wire->bytes;

	b[0] = 0x40 | head->ihl;
	b[1] = 0;
	put_unaligned_be16(wire->len, b + 2);
	put_unaligned_be16(0x1234, b + 4);
	put_unaligned_be16(0, b + 6);
	b[8] = 64;
	b[9] = wire->proto;
	memcpy(b + 12, addresses, sizeof(addresses));
}

static unsigned int extension_len(u8 number)
{
	switch (number) {
	case NEXTHDR_DEST:
		return 16;
	case NEXTHDR_ROUTING:
	case NEXTHDR_AUTH:
		return 24;
	default:
		return 8;
	}
}

/* One extension header; what is in it is of no interest but for this. */
static void make_extension(u8 *b, u8 number)
{
	const unsigned int len = extension_len(number);

	switch (number) {
	case NEXTHDR_AUTH:
		b[1] = len / 4 - 2;
		break;
	case NEXTHDR_FRAGMENT:
		/* neither offset nor more to come; reserved bits say nothing */
		put_unaligned_be16(0x0006, b + 2);
		break;
	case NEXTHDR_ROUTING:
		b[3] = 0;	/* no segments left */
		fallthrough;
	default:
		b[1] = len / 8 - 1;
	}
}

static void make_ipv6(struct wire *wire, const struct wire_head *head)
{
	static const u8 addresses[] = {
		0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6,
		0xfd, 0x10, 0x96, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0, 10
	};
	u8 *b = wire->bytes, *next = b + 6, *at = b + IPV6_HEADER;
	unsigned int i;

	b[0] = 0x60;
	put_unaligned_be16(wire->len - IPV6_HEADER, b + 4);
	b[7] = 64;
	memcpy(b + 8, addresses, sizeof(addresses));
	for (i = 0; i < head->num; i++) {
		make_extension(at, head->chain[i]);
		*next = head->chain[i];
		next = at;
		at += extension_len(head->chain[i]);
	}
	*next = wire->proto;
}

static unsigned int head_len(const struct wire_head *head)
{
	unsigned int i, len = IPV6_HEADER;

	if (head->family == AF_INET)
		return head->ihl * 4;
	for (i = 0; i < head->num; i++)
		len += extension_len(head->chain[i]);
	return len;
}

static void make_network(struct wire *wire, const struct wire_head *head,
			 u8 proto, unsigned int rest)
{
	unsigned int i;

	memset(wire, 0, sizeof(*wire));
	wire->family = head->family;
	wire->proto = proto;
	wire->l4 = head_len(head);
	wire->len = wire->l4 + rest;
	for (i = 0; i < wire->len; i++)
		wire->bytes[i] = i * 37 + 11;
	if (head->family == AF_INET)
		make_ipv4(wire, head);
	else
		make_ipv6(wire, head);
}

/**
 * svcnat_wire_make_as() - make a TCP, UDP or SCTP packet, port 40000 to 80
 * @wire: written
 * @head: what its network header is like
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @payload: bytes behind the transport header; of SCTP they are one DATA chunk
 *
 * It goes from 192.0.2.1 to 10.96.0.10, or 2001:db8:1:2:3:4:5:6 to
 * fd10:9607:809:a0b:c0d:e0f:1011:a.
 */
void svcnat_wire_make_as(struct wire *wire, const struct wire_head *head,
			 u8 proto, unsigned int payload)
{
	u8 *t;

	make_network(wire, head, proto, header_len(proto) + payload);
	t = wire->bytes + wire->l4;
	svcnat_wire_set_port(wire, 0, 40000);
	svcnat_wire_set_port(wire, 1, 80);
	if (proto == IPPROTO_TCP) {
		t[12] = TCP_HEADER / 4 << 4;
		t[13] = 0x18;	/* PSH, ACK */
	} else if (proto == IPPROTO_SCTP) {
		t[SCTP_HEADER] = 0;	/* DATA */
		put_unaligned_be16(payload, t + SCTP_HEADER + 2);
	} else {
		put_unaligned_be16(wire->len - wire->l4, t + 4);
	}
	svcnat_wire_sum(wire);
}

/**
 * svcnat_wire_make() - make an IPv4 packet
 * @wire: written
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @ihl: length of the IPv4 header, in words
 * @payload: bytes behind the transport header
 */
void svcnat_wire_make(struct wire *wire, u8 proto, unsigned int ihl,
		      unsigned int payload)
{
	const struct wire_head head = { .family = AF_INET, .ihl = ihl };

	svcnat_wire_make_as(wire, &head, proto, payload);
}

/**
 * svcnat_wire_make_error() - make an ICMP or ICMPv6 message about a packet
 * @wire: written; it goes from destination to source of the other
 * @head: what its network header is like
 * @type: of the message
 * @quoted: the packet
 * @kept: how much of it is quoted
 */
void svcnat_wire_make_error(struct wire *wire, const struct wire_head *head,
			    u8 type, const struct wire *quoted,
			    unsigned int kept)
{
	union nf_inet_addr addr;
	unsigned int end;

	make_network(wire, head, head->family == AF_INET ? IPPROTO_ICMP :
							   IPPROTO_ICMPV6,
		     ICMP_HEADER + kept);
	wire->bytes[wire->l4] = type;
	wire->bytes[wire->l4 + 1] = 1;
	memcpy(wire->bytes + wire->l4 + ICMP_HEADER, quoted->bytes, kept);
	for (end = 0; end < 2; end++) {
		svcnat_wire_get_addr(quoted, end, &addr);
		svcnat_wire_set_addr(wire, !end, &addr);
	}
	svcnat_wire_sum(wire);
}
