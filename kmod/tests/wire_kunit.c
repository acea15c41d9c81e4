// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/string.h>
#include <asm/unaligned.h>

#include "wire.h"

#define TCP_HEADER	20
#define UDP_HEADER	8

static u16 add_up(const u8 *bytes, unsigned int len, u16 sum)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum = svcnat_wire_add(sum, i & 1 ? bytes[i] : bytes[i] << 8);
	return sum;
}

/**
 * svcnat_wire_sum_at() - where is the transport checksum?
 * @wire: of this packet
 *
 * Return: offset from the network header.
 */
unsigned int svcnat_wire_sum_at(const struct wire *wire)
{
	return wire->l4 + (wire->proto == IPPROTO_TCP ? 16 : 6);
}

/**
 * svcnat_wire_headers() - how long are the headers that a rewrite touches?
 * @wire: of this packet
 *
 * Return: number of bytes.
 */
unsigned int svcnat_wire_headers(const struct wire *wire)
{
	return wire->l4 +
	       (wire->proto == IPPROTO_TCP ? TCP_HEADER : UDP_HEADER);
}

/**
 * svcnat_wire_pseudo() - sum of the pseudo header
 * @wire: of this packet
 *
 * Return: the sum, not inverted.
 */
u16 svcnat_wire_pseudo(const struct wire *wire)
{
	u16 sum = svcnat_wire_add(wire->proto, wire->len - wire->l4);

	return add_up(wire->bytes + 12, 8, sum);
}

/**
 * svcnat_wire_sum() - compute both checksums afresh
 * @wire: of this packet
 */
void svcnat_wire_sum(struct wire *wire)
{
	u8 *at = wire->bytes + svcnat_wire_sum_at(wire);
	u16 sum;

	put_unaligned_be16(0, wire->bytes + 10);
	put_unaligned_be16(~add_up(wire->bytes, wire->l4, 0),
			   wire->bytes + 10);
	put_unaligned_be16(0, at);
	if (wire->no_sum)
		return;
	sum = ~add_up(wire->bytes + wire->l4, wire->len - wire->l4,
		      svcnat_wire_pseudo(wire));
	if (!sum && wire->proto == IPPROTO_UDP)
		sum = 0xffff;
	put_unaligned_be16(sum, at);
}

/**
 * svcnat_wire_make() - make a packet from 192.0.2.1:40000 to 10.96.0.10:80
 * @wire: written
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @ihl: length of the IPv4 header, in words: above 5 there are options
 * @payload: bytes behind the transport header
 */
void svcnat_wire_make(struct wire *wire, u8 proto, unsigned int ihl,
		      unsigned int payload)
{
	static const u8 addresses[] = { 192, 0, 2, 1, 10, 96, 0, 10 };
	u8 *b = wire->bytes, *t;
	unsigned int i;

	memset(wire, 0, sizeof(*wire));
	wire->proto = proto;
	wire->l4 = ihl * 4;
	wire->len = svcnat_wire_headers(wire) + payload;
	for (i = 20; i < wire->len; i++)
		b[i] = i * 37 + 11;
	b[0] = 0x40 | ihl;
	put_unaligned_be16(wire->len, b + 2);
	put_unaligned_be16(0x1234, b + 4);
	b[8] = 64;
	b[9] = proto;
	memcpy(b + 12, addresses, sizeof(addresses));
	t = b + wire->l4;
	put_unaligned_be16(40000, t);
	put_unaligned_be16(80, t + 2);
	if (proto == IPPROTO_TCP) {
		t[12] = TCP_HEADER / 4 << 4;
		t[13] = 0x18;	/* PSH, ACK */
	} else {
		put_unaligned_be16(wire->len - wire->l4, t + 4);
	}
	svcnat_wire_sum(wire);
}

static bool add_page(struct sk_buff *skb, const u8 *bytes, unsigned int len)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return false;
	/* Not at the beginning: what reads outside finds something else. */
	memset(page_address(page), 0x5a, 512);
	memcpy(page_address(page) + 100, bytes, len);
	skb_add_rx_frag(skb, 0, page, 100, len, PAGE_SIZE);
	return true;
}

static bool add_list(struct sk_buff *skb, const u8 *bytes, unsigned int len)
{
	struct sk_buff *rest = alloc_skb(len, GFP_KERNEL);

	if (!rest)
		return false;
	skb_put_data(rest, bytes, len);
	skb_shinfo(skb)->frag_list = rest;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += rest->truesize;
	return true;
}

/**
 * svcnat_wire_skb() - make a socket buffer as a hook gets it
 * @wire: what is in it
 * @shape: and where
 *
 * Context: process.
 * Return: the buffer, or NULL without memory.
 */
struct sk_buff *svcnat_wire_skb(const struct wire *wire,
				const struct wire_shape *shape)
{
	unsigned int head = wire->len;
	struct sk_buff *skb;
	bool done = true;

	if (shape->layout != WIRE_LINEAR)
		head = min(shape->split, wire->len);
	skb = alloc_skb(shape->headroom + head, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, shape->headroom);
	skb_put_data(skb, wire->bytes, head);
	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	if (head == wire->len)
		return skb;
	if (shape->layout == WIRE_FRAG)
		done = add_page(skb, wire->bytes + head, wire->len - head);
	else
		done = add_list(skb, wire->bytes + head, wire->len - head);
	if (done)
		return skb;
	kfree_skb(skb);
	return NULL;
}

/**
 * svcnat_wire_same() - compare
 * @wire: what should be in it
 * @skb: the buffer
 *
 * Return: whether it has these bytes and no others.
 */
bool svcnat_wire_same(const struct wire *wire, const struct sk_buff *skb)
{
	u8 bytes[WIRE_MAX];

	return skb->len == wire->len &&
	       !skb_copy_bits(skb, 0, bytes, wire->len) &&
	       !memcmp(bytes, wire->bytes, wire->len);
}
