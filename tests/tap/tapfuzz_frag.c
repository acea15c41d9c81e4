// SPDX-License-Identifier: GPL-2.0
/* Packets in pieces, and pieces put together again. */
#define _GNU_SOURCE
#include "tapfuzz.h"

static uint8_t have[MAX_PACKET + 1];
static unsigned int end_of_last, room_of_first;
static uint8_t all[2 * MAX_PACKET];

/* Bytes @from to @to of what is behind the headers, which are @room long */
static void piece(const struct trial *t, struct frame *f, unsigned int room,
		  unsigned int from, unsigned int to, uint32_t id)
{
	const bool more = room + to < t->len;
	uint8_t *b = f->bytes + ETH_LEN, *at;
	unsigned int len = room;

	memcpy(b, t->whole, room);
	if (is_ipv4(t->family)) {
		put16(b + 6, from / 8 | (more ? 0x2000 : 0));
	} else {
		/* Who comes last in front tells of the new header. */
		at = b + len;
		memset(at, 0, 8);
		at[0] = b[6];
		b[6] = IPPROTO_FRAGMENT;
		put16(at + 2, from | more);
		put32(at + 4, id);
		len += 8;
	}
	memcpy(b + len, t->whole + room + from, to - from);
	len += to - from;
	if (is_ipv4(t->family)) {
		put16(b + 2, len);
		sum_ipv4(b);
	} else {
		put16(b + 4, len - 40);
	}
	f->len = ETH_LEN + len;
	memset(&f->vnet, 0, sizeof(f->vnet));
}

static void swap(unsigned int a, unsigned int b)
{
	static struct frame between;

	between = pieces[a];
	pieces[a] = pieces[b];
	pieces[b] = between;
}

static void put_offset(const struct trial *t, struct frame *f, int by)
{
	uint8_t *b = f->bytes + ETH_LEN;

	if (is_ipv4(t->family)) {
		put16(b + 6, get16(b + 6) + by);
		sum_ipv4(b);
	} else {
		put16(b + 42, get16(b + 42) + 8 * by);
	}
}

static void break_train(struct trial *t)
{
	struct frame *f = &pieces[below(t->num)];

	switch (below(4)) {
	case 0:
		put_offset(t, f, 1 + below(4));
		break;
	case 1:
		put_offset(t, f, -1);
		break;
	case 2:
		*f = pieces[below(t->num)];
		break;
	default:
		t->num--;
	}
}

/*
 * Cuts @t, whose headers are @room long; those of IPv6 that are not plain come
 * again behind the fragment's header, as part of what is cut.
 */
void frag_split(struct trial *t, unsigned int room)
{
	const uint32_t id = below(~0U);
	unsigned int payload, size, from, i;

	if (!is_ipv4(t->family))
		room = 40;
	payload = t->len - room;
	size = 8 * (10 + below(158));
	/* Of IPv6, all headers are in the first one (RFC 8200 4.5). */
	if (!is_ipv4(t->family) && size < 256)
		size = 256;
	if (!is_ipv4(t->family) && chance(6) && payload < 1400)
		size = (payload + 7) / 8 * 8;
	for (t->num = 0, from = 0; from < payload; from += size)
		piece(t, &pieces[t->num++], room, from, from + size < payload ?
		      from + size : payload, id);
	if (chance(2))
		for (i = t->num; i > 1; i--)
			swap(i - 1, below(i));
	if (t->broken_train)
		break_train(t);
}

void frag_forget(void)
{
	memset(have, 0, sizeof(have));
	end_of_last = 0;
	room_of_first = 0;
}

/* Gives where the fragment header of IPv6 is, or 0, and who tells of it. */
static unsigned int find_header(const uint8_t *b, unsigned int len,
				unsigned int *teller)
{
	unsigned int at = 40;
	uint8_t next = b[6];

	*teller = 6;
	while (next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT) {
		if (at + 8 > len)
			return 0;
		if (next == IPPROTO_FRAGMENT)
			return at;
		*teller = at;
		next = b[at];
		at += 8 * (b[at + 1] + 1);
	}
	return 0;
}

/* Of a fragment that is not the first one, where its payload is; else 0. */
unsigned int frag_later(const struct frame *f)
{
	const uint8_t *b = f->bytes + ETH_LEN;
	const unsigned int len = f->len - ETH_LEN;
	unsigned int at, teller;

	if (len >= 20 && b[0] >> 4 == 4)
		return get16(b + 6) & 0x1fff ? ETH_LEN + 4 * (b[0] & 15) : 0;
	at = len >= 48 && b[0] >> 4 == 6 ? find_header(b, len, &teller) : 0;
	return at && get16(b + at + 2) & 0xfff8 ? ETH_LEN + at + 8 : 0;
}

static bool take(unsigned int offset, bool more, const uint8_t *b,
		 unsigned int len)
{
	unsigned int i;

	if (offset + len > MAX_PACKET)
		return false;
	memcpy(all + 256 + offset, b, len);
	memset(have + offset, 1, len);
	if (!more)
		end_of_last = offset + len;
	if (!end_of_last || !room_of_first)
		return false;
	for (i = 0; i < end_of_last; i++)
		if (!have[i])
			return false;
	return true;
}

/* Headers in front of what was taken; there is room for 256 bytes of them. */
static void first(const uint8_t *b, unsigned int room)
{
	if (room > 256)
		return;
	room_of_first = room;
	memcpy(all + 256 - room, b, room);
}

/*
 * Puts it together with what came before; false: that is not all of it.  What
 * came in fragments may leave as the only one (ip6_fragment() makes them at
 * least 1280 bytes long).
 */
bool frag_gather(const struct frame *f, uint8_t *to, unsigned int *len)
{
	const uint8_t *b = f->bytes + ETH_LEN;
	const bool v4 = b[0] >> 4 == 4;
	unsigned int at, teller = 0, ihl = 4 * (b[0] & 15);
	bool whole;

	*len = f->len - ETH_LEN;
	at = v4 ? 0 : find_header(b, *len, &teller);
	if (v4 ? !(get16(b + 6) & 0x3fff) :
		 !at || (trial.num == 1 && !(get16(b + at + 2) & 0xfff9))) {
		memcpy(to, b, *len);
		return true;
	}
	if (v4 && sum_of(b, ihl))
		wrong("a fragment with a wrong header checksum");
	if (v4) {
		if (!(get16(b + 6) & 0x1fff))
			first(b, ihl);
		whole = take(8 * (get16(b + 6) & 0x1fff), b[6] & 0x20, b + ihl,
			     *len - ihl);
	} else {
		if (!(get16(b + at + 2) & 0xfff8)) {
			first(b, at);
			all[256 - at + teller] = b[at];
		}
		whole = take(get16(b + at + 2) & 0xfff8, b[at + 3] & 1,
			     b + at + 8, *len - at - 8);
	}
	if (!whole)
		return false;
	*len = room_of_first + end_of_last;
	memcpy(to, all + 256 - room_of_first, *len);
	if (v4) {
		/* ip_do_fragment() forgets the bit that is reserved. */
		to[6] = (to[6] & 0x40) | (trial.whole[6] & 0x80);
		to[7] = 0;
		put16(to + 2, *len);
		sum_ipv4(to);
	} else {
		put16(to + 4, *len - 40);
	}
	frag_forget();
	return true;
}
