/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets for the suites: as bytes on the wire, made and summed without the
 * code under test, and as socket buffers of any shape.
 */
#ifndef _SVCNAT_TESTS_WIRE_H
#define _SVCNAT_TESTS_WIRE_H

#include <linux/skbuff.h>

#define WIRE_MAX	256

/**
 * struct wire - an IPv4 packet
 * @bytes: the packet
 * @len: its length
 * @l4: where its transport header begins
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @no_sum: UDP without checksum
 */
struct wire {
	u8		bytes[WIRE_MAX];
	unsigned int	len;
	unsigned int	l4;
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
void svcnat_wire_sum(struct wire *wire);
u16 svcnat_wire_pseudo(const struct wire *wire);
unsigned int svcnat_wire_sum_at(const struct wire *wire);
unsigned int svcnat_wire_headers(const struct wire *wire);
struct sk_buff *svcnat_wire_skb(const struct wire *wire,
				const struct wire_shape *shape);
bool svcnat_wire_same(const struct wire *wire, const struct sk_buff *skb);

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

#endif /* _SVCNAT_TESTS_WIRE_H */
