// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/string.h>

#include "wire.h"

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
	skb->protocol = htons(wire->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
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
