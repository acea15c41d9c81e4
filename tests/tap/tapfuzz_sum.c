// SPDX-License-Identifier: GPL-2.0
/* Checksums, the plain way: one's complement is arithmetic modulo 65535. */
#define _GNU_SOURCE
#include "tapfuzz.h"

#define MODULUS	65535

uint32_t sum_of(const uint8_t *b, unsigned int len)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	if (len & 1)
		sum += b[len - 1] << 8;
	return sum % MODULUS;
}

uint32_t sum_minus(uint32_t a, uint32_t b)
{
	return (a % MODULUS + MODULUS - b % MODULUS) % MODULUS;
}

uint32_t sum_addrs(const uint8_t *l3, uint8_t family)
{
	return sum_of(l3 + addr_at(family), 2 * addr_len(family));
}

/* ICMP has none. */
uint32_t sum_pseudo(const uint8_t *l3, uint8_t family, uint8_t proto,
		    unsigned int len)
{
	if (proto == IPPROTO_ICMP)
		return 0;
	return (sum_addrs(l3, family) + proto + (len >> 16) +
		(len & 0xffff)) % MODULUS;
}

/* What a field must hold for all to be right that sums up to @sum without it */
uint16_t sum_field(uint32_t sum)
{
	return sum_minus(0, sum);
}

static uint32_t crc_byte(uint32_t crc)
{
	int i;

	for (i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	return crc;
}

uint32_t crc32c(const uint8_t *b, unsigned int len, uint32_t crc)
{
	static uint32_t table[256];
	unsigned int i;

	if (!table[1])
		for (i = 0; i < 256; i++)
			table[i] = crc_byte(i);
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *b++) & 0xff];
	return crc;
}

/* Where in the header of a protocol its checksum is, or -1 */
int sum_offset(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return -1;
	}
}

void sum_ipv4(uint8_t *l3)
{
	put16(l3 + 10, 0);
	put16(l3 + 10, sum_field(sum_of(l3, 4 * (l3[0] & 15))));
}

/* Of @len bytes at @l4; all that there is, but UDP may have less than that. */
void sum_transport(uint8_t *l3, uint8_t family, unsigned int l4,
		   unsigned int len, uint8_t proto)
{
	const int at = sum_offset(proto);
	uint8_t *b = l3 + l4;
	uint32_t crc;

	if (proto == IPPROTO_SCTP && len >= 12) {
		memset(b + 8, 0, 4);
		crc = ~crc32c(b, len, ~0U);
		memcpy(b + 8, &crc, 4);
	}
	if (at < 0 || len < (unsigned int)at + 2)
		return;
	put16(b + at, 0);
	put16(b + at, sum_field(sum_of(b, len) +
				sum_pseudo(l3, family, proto, len)));
	if (proto == IPPROTO_UDP && !get16(b + at))
		put16(b + at, 0xffff);
}

/* What the device would do. */
void sum_complete(struct frame *f)
{
	unsigned int start = f->vnet.csum_start;
	unsigned int at = start + f->vnet.csum_offset;
	uint16_t sum;

	if (!(f->vnet.flags & VNET_NEEDS_CSUM) || at + 2 > f->len)
		return;
	f->vnet.flags &= ~VNET_NEEDS_CSUM;
	sum = sum_field(sum_of(f->bytes + start, f->len - start));
	put16(f->bytes + at, sum ? sum : 0xffff);
}

bool sum_is_right(const uint8_t *l3, unsigned int len, uint8_t family,
		  unsigned int l4, uint8_t proto)
{
	const int at = sum_offset(proto);
	uint32_t crc, zero = 0;

	if (is_ipv4(family) && sum_of(l3, 4 * (l3[0] & 15)))
		return false;
	if (proto == IPPROTO_SCTP) {
		crc = crc32c(l3 + l4, 8, ~0U);
		crc = crc32c((uint8_t *)&zero, 4, crc);
		crc = ~crc32c(l3 + l4 + 12, len - l4 - 12, crc);
		return !memcmp(l3 + l4 + 8, &crc, 4);
	}
	if (at < 0 || (proto == IPPROTO_UDP && !get16(l3 + l4 + at)))
		return true;
	return !((sum_of(l3 + l4, len - l4) +
		  sum_pseudo(l3, family, proto, len - l4)) % MODULUS);
}
