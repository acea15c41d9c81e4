// SPDX-License-Identifier: GPL-2.0
/* What IP does to packets: ip_rcv_core(), ip6_rcv_core(), ip_forward(). */
#define _GNU_SOURCE
#include "tapfuzz.h"

/* A checksum that the device shall write lies behind the end. */
static bool sum_is_cut(const struct trial *t, unsigned int len)
{
	const struct vnet *v = &pieces[0].vnet;

	return t->num == 1 && v->flags & VNET_NEEDS_CSUM && len < t->len &&
	       v->csum_start + v->csum_offset + 2U > ETH_LEN + len;
}

static enum arrival receive_ipv4(const struct trial *t, unsigned int *len)
{
	const uint8_t *b = t->whole;
	unsigned int ihl, total;

	if (t->len < 20)
		return ARRIVES_NEVER;
	ihl = 4 * (b[0] & 15);
	total = get16(b + 2);
	if (b[0] >> 4 != 4 || ihl < 20 || ihl > t->len || sum_of(b, ihl) ||
	    total > t->len || total < ihl || sum_is_cut(t, total))
		return ARRIVES_NEVER;
	*len = total;
	return get16(b + 6) & 0x3fff ? ARRIVES_SOMEHOW : ARRIVES;
}

static bool is_loopback(const uint8_t *addr)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	return !memcmp(addr, loopback, 16);
}

static bool all_zero(const uint8_t *b, unsigned int len)
{
	while (len)
		if (b[--len])
			return false;
	return true;
}

/*
 * Padding of less than 8 bytes, between options that everybody skips, passes
 * for sure: see ip6_parse_tlv().
 */
static bool plain_options(const uint8_t *b, unsigned int len)
{
	unsigned int i, n, pad = 0;

	for (i = 2; i < len; i += n) {
		n = b[i] && i + 1 < len ? b[i + 1] + 2U : 1;
		if (i + n > len)
			return false;
		if (b[i] > 1) {
			if (b[i] != 0x1e)
				return false;
			pad = 0;
			continue;
		}
		pad += n;
		if (pad > 7 || (n > 2 && !all_zero(b + i + 2, n - 2)))
			return false;
	}
	return true;
}

static enum arrival hop_by_hop(const uint8_t *b, unsigned int len)
{
	unsigned int n;

	if (len < 48)
		return ARRIVES_NEVER;
	n = 8 * (b[41] + 1);
	if (40 + n > len)
		return ARRIVES_NEVER;
	return plain_options(b + 40, n) ? ARRIVES : ARRIVES_PERHAPS;
}

/* Where reassembly finds a fragment header, however it got there, or 0 */
static unsigned int find_fragment(const uint8_t *b, unsigned int len)
{
	unsigned int at = 40, step;
	uint8_t next = b[6];

	if (!get16(b + 4))
		return 0;
	while (next != IPPROTO_FRAGMENT) {
		if ((next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS &&
		     next != IPPROTO_ROUTING && next != IPPROTO_AH) ||
		    at + 2 > len)
			return 0;
		step = next == IPPROTO_AH ? 4 * (b[at + 1] + 2) :
					    8 * (b[at + 1] + 1);
		next = b[at];
		at += step;
	}
	return at;
}

/* It is a fragment, and all there is: without that it is another packet. */
bool stack_is_atomic(const uint8_t *b, unsigned int len)
{
	unsigned int at = find_fragment(b, len);

	return at && at + 8 <= len && !(get16(b + at + 2) & 0xfff9);
}

static enum arrival receive_ipv6(const struct trial *t, unsigned int *len)
{
	const uint8_t *b = t->whole;
	enum arrival arrival = ARRIVES;
	unsigned int total;

	if (t->len < 40 || b[0] >> 4 != 6 || b[8] == 0xff ||
	    is_loopback(b + 8) || is_loopback(b + 24) ||
	    (b[24] == 0xff && (b[25] & 15) < 2))
		return ARRIVES_NEVER;
	total = 40 + get16(b + 4);
	*len = t->len;
	if (total > 40 || b[6] != IPPROTO_HOPOPTS) {
		if (total > t->len || sum_is_cut(t, total))
			return ARRIVES_NEVER;
		*len = total;
	}
	if (b[6] == IPPROTO_HOPOPTS)
		arrival = hop_by_hop(b, *len);
	if (arrival != ARRIVES_NEVER && find_fragment(b, *len))
		return ARRIVES_SOMEHOW;
	return arrival;
}

/* Does it come to the first hook, and how much of it? */
enum arrival stack_receive(const struct trial *t, unsigned int *len)
{
	if (t->broken_train)
		return ARRIVES_SOMEHOW;
	return is_ipv4(t->family) ? receive_ipv4(t, len) :
				    receive_ipv6(t, len);
}

/* Of what makes sense: will it be forwarded? */
bool stack_forwards(const struct trial *t, const uint8_t *b, unsigned int len)
{
	const bool v4 = is_ipv4(t->family);

	if (t->mutated || b[v4 ? 8 : 7] <= 1)
		return false;
	if (t->num > 1 || t->gso)
		return true;
	/* Too long: but for the bit that forbids it, it goes in fragments. */
	return len <= MTU || (v4 && !(b[6] & 0x40));
}
