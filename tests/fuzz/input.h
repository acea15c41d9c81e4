/* SPDX-License-Identifier: GPL-2.0-only */
/* What the packet targets make of their input. */
#ifndef _FUZZ_INPUT_H
#define _FUZZ_INPUT_H

#include <linux/skbuff.h>

#define INPUT_IPV6		0x01	/* at a hook of that family */
#define INPUT_CLONED		0x02	/* somebody else has the head as well */
#define INPUT_GSO		0x04
#define INPUT_ENCAPSULATION	0x08
#define INPUT_RESTLESS		0x10	/* fragments change under us */
#define INPUT_COPIES		0x20	/* headers are never in the head */
#define INPUT_SUMMED_SHIFT	6	/* two bits: ip_summed */

#define INPUT_SOURCE		0x01	/* side: the source is rewritten */
#define INPUT_ABORT		0x02	/* side: end the connection instead */

/**
 * struct input - how a packet is made, and what is to become of it
 * @flags: INPUT_...
 * @l3: where its network header is; the last few are odd places
 * @split: bytes of the network packet in the head, then in each fragment;
 *	0xff: all that is left
 * @fail: at which call the head cannot be moved; 0: at none
 * @start: 0: a pending checksum begins at the transport header; else elsewhere
 * @seed: of what is random
 * @side: INPUT_SOURCE, INPUT_ABORT
 * @unused: zero
 * @port: of the rewrite
 * @other_port: of the rewrite
 * @addr: of the rewrite
 * @bytes: the packet
 */
struct input {
	u8	flags;
	u8	l3;
	u8	split[4];
	u8	fail;
	u8	start;
	u8	seed;
	u8	side;
	u8	unused[2];
	__be16	port;
	__be16	other_port;
	u8	addr[16];
	u8	bytes[];
} __packed;

#define INPUT_ODD_PLACES	8

u8 input_family(const struct input *in);
int input_network(const struct input *in);
void input_skb(const struct input *in, size_t size, struct sk_buff *skb);
void input_split(const struct input *in, struct sk_buff *skb);

#endif /* _FUZZ_INPUT_H */
