// SPDX-License-Identifier: GPL-2.0
/* What the kernel segments: here, or whoever reads the device. */
#define _GNU_SOURCE
#include "tapfuzz.h"

#include <netinet/tcp.h>

static uint8_t wanted[MAX_PACKET + 1];
static unsigned int bytes;

bool gso_is_it(const struct trial *t, const struct forecast *f,
	       const uint8_t *out, unsigned int len)
{
	if (f->arrival == ARRIVES_NEVER || !f->j.tuple.family)
		return false;
	if (is_ipv4(t->family))
		return len >= 20 && out[0] >> 4 == 4 &&
		       out[9] == t->whole[9] && check_addrs(t, f, out);
	/* Of lies it may be fragments that are made. */
	return len >= 40 && (out[6] == t->whole[6] || !t->gso) &&
	       !memcmp(out, t->whole, 4) && check_addrs(t, f, out);
}

void gso_begin(void)
{
	bytes = 0;
}

static void check_sums(const struct trial *t, const struct frame *f,
		       unsigned int len)
{
	const uint8_t *out = f->bytes + ETH_LEN, *tcp = out + t->l4;
	uint32_t pseudo;

	if (is_ipv4(t->family) && sum_of(out, 20))
		wrong("a segment with a wrong header checksum");
	if (f->vnet.gso_type == VNET_GSO_NONE) {
		if (!sum_is_right(out, len, t->family, t->l4, IPPROTO_TCP))
			wrong("a segment with a wrong checksum");
		return;
	}
	pseudo = sum_pseudo(out, t->family, IPPROTO_TCP, len - t->l4);
	if (sum_minus(get16(tcp + 16), pseudo))
		wrong("what is to be segmented has the pending sum %#x instead of %#x",
		      get16(tcp + 16), pseudo);
}

/* One segment, or all in one */
void gso_take(const struct trial *t, const struct forecast *f,
	      const struct frame *out)
{
	const uint8_t *b = out->bytes + ETH_LEN;
	const unsigned int len = out->len - ETH_LEN;
	uint32_t at;

	/* Lies: what comes of them only the kernel knows. */
	if (!t->gso)
		return;
	check_expected(t, f, wanted);
	if (len < t->payload || memcmp(b + t->l4, wanted + t->l4, 4))
		wrong("a segment with other ports");
	if (b[is_ipv4(t->family) ? 8 : 7] !=
	    wanted[is_ipv4(t->family) ? 8 : 7])
		wrong("a segment with other hops");
	check_sums(t, out, len);
	at = get32(b + t->l4 + 4) - get32(wanted + t->l4 + 4);
	if (at + len - t->payload > f->len - t->payload ||
	    memcmp(b + t->payload, wanted + t->payload + at, len - t->payload))
		wrong("a segment of other bytes");
	bytes += len - t->payload;
}

void gso_end(const struct trial *t, const struct forecast *f)
{
	if (t->gso && f->forwarded && bytes != f->len - t->payload)
		wrong("%u bytes of %u have been segmented", bytes,
		      f->len - t->payload);
}
