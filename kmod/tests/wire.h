/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets for the suites: as bytes on the wire, made and summed without the
 * code under test, and as socket buffers of any shape.
 */
#ifndef _SVCNAT_TESTS_WIRE_H
#define _SVCNAT_TESTS_WIRE_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

#define WIRE_MAX	320

/* Between the first and the last, those of IPv4 come first. */
#define WIRE_HEADS	18
#define WIRE_IPV6	11	/* the first of IPv6: no extension header */
#define WIRE_CHAIN	16	/* three of them */
#define WIRE_ATOMIC	17	/* a fragment header, but no fragment */

/**
 * struct wire_head - what is in front of the transport header
 * @family: AF_INET or AF_INET6
 * @ihl: length of the IPv4 header, in words: above 5 there are options
 * @num: how many IPv6 extension headers
 * @chain: their numbers
 */
struct wire_head {
	u8	family;
	u8	ihl;
	u8	num;
	u8	chain[10];
};

extern const struct wire_head svcnat_wire_heads[WIRE_HEADS];

/**
 * struct wire - a packet
 * @bytes: the packet
 * @len: its length
 * @l4: where its transport header begins
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP or
 *	IPPROTO_ICMPV6
 * @no_sum: UDP without checksum
 */
struct wire {
	u8		bytes[WIRE_MAX];
	unsigned int	len;
	unsigned int	l4;
	u8		family;
	u8		proto;
	bool		no_sum;
};

/**
 * enum wire_layout - where the bytes of a socket buffer are
 * @WIRE_LINEAR: all in the head
 * @WIRE_FRAG: the first in the head, the rest in a page
 * @WIRE_LIST: the first in the head, the rest in a second buffer
 */
enum wire_layout {
	WIRE_LINEAR,
	WIRE_FRAG,
	WIRE_LIST,
};

/**
 * struct wire_shape - a socket buffer to be made
 * @layout: where the bytes are
 * @split: how many are in the head, unless it is linear
 * @headroom: bytes in front of them
 */
struct wire_shape {
	enum wire_layout	layout;
	unsigned int		split;
	unsigned int		headroom;
};

void svcnat_wire_make(struct wire *wire, u8 proto, unsigned int ihl,
		      unsigned int payload);
void svcnat_wire_make_as(struct wire *wire, const struct wire_head *head,
			 u8 proto, unsigned int payload);
void svcnat_wire_make_error(struct wire *wire, const struct wire_head *head,
			    u8 type, const struct wire *quoted,
			    unsigned int kept);
void svcnat_wire_set_addr(struct wire *wire, unsigned int end,
			  const union nf_inet_addr *addr);
void svcnat_wire_set_port(struct wire *wire, unsigned int end, u16 port);
void svcnat_wire_get_addr(const struct wire *wire, unsigned int end,
			  union nf_inet_addr *addr);
u16 svcnat_wire_get_port(const struct wire *wire, unsigned int end);
void svcnat_wire_sum(struct wire *wire);
u16 svcnat_wire_pseudo(const struct wire *wire);
unsigned int svcnat_wire_sum_at(const struct wire *wire);
u16 svcnat_wire_get_sum(const struct wire *wire);
void svcnat_wire_set_sum(struct wire *wire, u16 sum);
void svcnat_wire_pend(struct wire *wire);
unsigned int svcnat_wire_sum_len(const struct wire *wire);
unsigned int svcnat_wire_headers(const struct wire *wire);
struct sk_buff *svcnat_wire_skb(const struct wire *wire,
				const struct wire_shape *shape);
bool svcnat_wire_same(const struct wire *wire, const struct sk_buff *skb);

/**
 * svcnat_wire_page() - what the sender of a packet may still write to
 * @skb: made with WIRE_FRAG and nothing in its head
 *
 * Return: the packet in its page; pulled from there, it has a copy.
 */
static inline u8 *svcnat_wire_page(const struct sk_buff *skb)
{
	return skb_frag_address(&skb_shinfo(skb)->frags[0]);
}

/**
 * svcnat_wire_new_addr() - an address that no packet has
 * @family: AF_INET or AF_INET6
 *
 * Return: the address.
 */
static inline union nf_inet_addr svcnat_wire_new_addr(u8 family)
{
	union nf_inet_addr addr = { .ip = htonl(0xac1f07fe) };
	unsigned int i;

	for (i = 1; i < 4 && family == AF_INET6; i++)
		addr.ip6[i] = htonl(0xfe010000 * i + 0x8001);
	return addr;
}

/**
 * svcnat_wire_add() - add in one's complement
 * @a: one
 * @b: the other
 *
 * Return: the sum; 0xffff and 0 are the same number.
 */
static inline u16 svcnat_wire_add(u16 a, u16 b)
{
	u32 sum = (u32)a + b;

	return sum + (sum >> 16);
}

/**
 * svcnat_wire_one_zero() - make numbers of one's complement comparable
 * @sum: the number
 *
 * Return: it, by its shorter name.
 */
static inline u16 svcnat_wire_one_zero(u16 sum)
{
	return sum == 0xffff ? 0 : sum;
}

#endif /* _SVCNAT_TESTS_WIRE_H */
