// SPDX-License-Identifier: GPL-2.0-only
#include "input.h"

u8 input_family(const struct input *in)
{
	return in->flags & INPUT_IPV6 ? AF_INET6 : AF_INET;
}

/* Offset of the network header from the data */
int input_network(const struct input *in)
{
	static const int odd[INPUT_ODD_PLACES] = {
		-14, -40, 65480, 65500, 65514, 65535, 65536, 70000,
	};

	return in->l3 < 256 - INPUT_ODD_PLACES ? in->l3 :
					odd[in->l3 + INPUT_ODD_PLACES - 256];
}

/* The packet of an input, all in the head */
void input_skb(const struct input *in, size_t size, struct sk_buff *skb)
{
	const u32 room = max(input_network(in), 0);
	const u32 len = size - sizeof(*in);
	u8 *all = malloc(room + len + 1);

	memset(all, 0x5a, room);
	memcpy(all + room, in->bytes, len);
	shim_skb_make(skb, all, room + len, input_network(in));
	free(all);
	skb->ip_summed = in->flags >> INPUT_SUMMED_SHIFT;
	skb->encapsulation = in->flags & INPUT_ENCAPSULATION;
	skb->gso = in->flags & INPUT_GSO;
	skb->fail = in->fail;
}

/* The same with its bytes where the input says */
void input_split(const struct input *in, struct sk_buff *skb)
{
	const u32 room = max(input_network(in), 0);

	if (in->split[0] != 0xff)
		shim_skb_split(skb, room + in->split[0], in->split + 1, 3);
	skb->copies = in->flags & INPUT_COPIES;
	skb->restless = in->flags & INPUT_RESTLESS;
	if (in->flags & INPUT_CLONED)
		shim_skb_share(skb);
}
