// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that make less sense, what is said of them to the device, and where
 * they are cut.
 */
#define _GNU_SOURCE
#include "tapfuzz.h"

static unsigned int some_mark(void)
{
	return num_marks ? marks[below(num_marks)] : 0;
}

/* More often than not a place that somebody reads */
static unsigned int some_place(const struct trial *t)
{
	unsigned int at = chance(6) ? below(t->len) :
				      some_mark() + below(24);

	return at < t->len ? at : below(t->len);
}

static uint32_t some_number(uint32_t was)
{
	static const uint16_t numbers[] = { 0, 1, 4, 7, 8, 19, 20, 39, 40, 59,
					    60, 255, 1280, 1500, 32767, 65535 };

	if (chance(2))
		return was - 8 + below(17);
	return numbers[below(ARRAY_SIZE(numbers))];
}

static void flip(struct trial *t)
{
	t->whole[some_place(t)] ^= 1 << below(8);
}

static void set_byte(struct trial *t)
{
	t->whole[some_place(t)] = below(256);
}

static void lie(struct trial *t)
{
	unsigned int at = some_place(t) & ~1;

	if (at + 2 <= t->len)
		put16(t->whole + at, some_number(get16(t->whole + at)));
}

/* The length that the network header tells, of a quote as well */
static void lie_of_length(struct trial *t)
{
	unsigned int at = (chance(2) ? 0 : some_mark()) +
			  (is_ipv4(t->family) ? 2 : 4);

	if (at + 2 <= t->len)
		put16(t->whole + at, some_number(get16(t->whole + at)));
}

static void cut(struct trial *t)
{
	unsigned int at = chance(8) ? below(t->len) : some_mark() + below(24);

	if (at && at < t->len)
		t->len = at;
}

/* ihl, doff, next header and length of an extension */
static void header_length(struct trial *t)
{
	unsigned int at = some_mark();

	switch (below(4)) {
	case 0:
		break;
	case 1:
		at += 12;
		break;
	case 2:
		at = is_ipv4(t->family) ? 0 : 40;
		break;
	default:
		at++;
	}
	if (at >= t->len)
		return;
	if (at == marks[0] || chance(3))
		t->whole[at] = (t->whole[at] & 0xf0) | below(16);
	else
		t->whole[at] = chance(2) ? below(256) : below(6) << 4;
}

static void next_header(struct trial *t)
{
	static const uint8_t numbers[] = { 0, 1, 6, 17, 41, 43, 44, 50, 51, 58,
					   59, 60, 132, 135, 255 };
	unsigned int at = some_mark() + (is_ipv4(t->family) ? 9 : 0);

	if (!is_ipv4(t->family) && chance(2))
		at = 6;
	if (at < t->len)
		t->whole[at] = numbers[below(sizeof(numbers))];
}

static void grow(struct trial *t)
{
	unsigned int n = 1 + below(64);

	if (t->len + n > MAX_PACKET)
		return;
	memset(t->whole + t->len, 0x5a, n);
	t->len += n;
}

/* So that it gets beyond the first look */
static void mend(struct trial *t)
{
	uint8_t *b = t->whole;

	if (!is_ipv4(t->family)) {
		if (t->len >= 40 && chance(2))
			put16(b + 4, t->len - 40);
		return;
	}
	if (t->len < 20)
		return;
	if (chance(2))
		put16(b + 2, t->len);
	if (!chance(10) && 4 * (b[0] & 15U) <= t->len)
		sum_ipv4(b);
}

/* The ICMP checksum: without it no quote is looked at. */
static void mend_error(struct trial *t)
{
	unsigned int len = t->len;

	if (is_ipv4(t->family) && t->len >= 20 &&
	    get16(t->whole + 2) <= t->len)
		len = get16(t->whole + 2);
	if (t->proto == icmp_of(t->family) && !chance(4) && len > t->l4 + 4)
		sum_transport(t->whole, t->family, t->l4, len - t->l4,
			      t->proto);
}

void mutate(struct trial *t)
{
	static void (*const ways[])(struct trial *t) = {
		flip, flip, set_byte, lie, lie_of_length, cut, header_length,
		next_header, grow,
	};
	unsigned int n;

	t->mutated = true;
	t->gso = false;
	for (n = 1 + below(3); n; n--)
		ways[below(ARRAY_SIZE(ways))](t);
	mend(t);
	mend_error(t);
}

/* The device is to write the checksum of what was built. */
static void pend(struct trial *t, struct vnet *v)
{
	const int at = sum_offset(t->proto);
	uint8_t *field = pieces[0].bytes + ETH_LEN + t->l4 + at;

	if (at < 0 || t->l4 + at + 2 > t->len)
		return;
	v->flags = VNET_NEEDS_CSUM;
	v->csum_start = ETH_LEN + t->l4;
	v->csum_offset = at;
	put16(field, chance(8) && !t->gso ? below(65536) :
	      sum_pseudo(t->whole, t->family, t->proto, t->len - t->l4));
}

static void segment(struct trial *t, struct vnet *v)
{
	v->gso_type = is_ipv4(t->family) ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
	if (chance(4))
		v->gso_type |= VNET_GSO_ECN;
	v->gso_size = 500 + below(900);
	v->hdr_len = ETH_LEN + t->payload;
	pend(t, v);
}

/* Not in front of the packet: what sums it up there warns of it. */
static void lie_of_sum(const struct trial *t, struct vnet *v)
{
	v->flags = VNET_NEEDS_CSUM;
	v->csum_start = ETH_LEN + (chance(4) ? t->l4 : some_mark() + below(8));
	v->csum_offset = chance(2) ? 2 * below(10) : below(40);
}

static void lie_of_segments(struct trial *t, struct vnet *v)
{
	static const uint8_t types[] = { VNET_GSO_TCPV4, VNET_GSO_UDP,
					 VNET_GSO_TCPV6, VNET_GSO_UDP_L4 };
	static const uint16_t sizes[] = { 0, 1, 8, 64, 536, 1400, 9000, 65535 };

	v->gso_type = types[below(sizeof(types))];
	if (chance(4))
		v->gso_type |= VNET_GSO_ECN;
	v->gso_size = sizes[below(ARRAY_SIZE(sizes))];
	if (chance(2))
		pend(t, v);
	else if (chance(2))
		lie_of_sum(t, v);
}

void choose_vnet(struct trial *t)
{
	struct vnet *v = &pieces[0].vnet;

	memset(v, 0, sizeof(*v));
	if (t->gso)
		segment(t, v);
	else if (chance(4))
		pend(t, v);
	else if (chance(10))
		lie_of_sum(t, v);
	else if (chance(12))
		lie_of_segments(t, v);
	if (chance(3))
		v->hdr_len = ETH_LEN + some_mark() + below(24);
	if (v->hdr_len > ETH_LEN + t->len && !chance(8))
		v->hdr_len = ETH_LEN + t->len;
	/* The model looks at what is sent. */
	memcpy(t->whole, pieces[0].bytes + ETH_LEN, t->len);
}

/* Around the beginnings of headers */
void choose_splits(const struct trial *t, struct frame *f)
{
	unsigned int i, n = t->len > 8000 ? 2 : 1 + below(7), at = 0, next;

	f->num_splits = 0;
	for (i = 0; i < n; i++) {
		next = ETH_LEN + some_mark() + (chance(2) ? 0 : below(24));
		if (next <= at || next >= f->len)
			continue;
		/* The device wants its own header in the first one. */
		f->split[f->num_splits++] = next - at;
		at = next;
	}
}
