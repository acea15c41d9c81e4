// SPDX-License-Identifier: GPL-2.0-only
/* Sums over packets, the plain way. */
#include "shim.h"

#include <net/checksum.h>

__wsum csum_partial(const void *data, int len, __wsum sum)
{
	const u8 *byte = data;
	u64 total = sum;
	int i;

	for (i = 0; i < len; i++)
		total += (u64)byte[i] << (i & 1 ? 8 : 0);
	while (total >> 32)
		total = (u32)total + (total >> 32);
	return total;
}

__sum16 csum_tcpudp_magic(__be32 saddr, __be32 daddr, u32 len, u8 proto,
			  __wsum sum)
{
	const __be16 rest[] = { htons(proto), htons(len >> 16), htons(len) };

	sum = csum_partial(&saddr, sizeof(saddr), sum);
	sum = csum_partial(&daddr, sizeof(daddr), sum);
	return csum_fold(csum_partial(rest, sizeof(rest), sum));
}

__sum16 csum_ipv6_magic(const struct in6_addr *saddr,
			const struct in6_addr *daddr, u32 len, u8 proto,
			__wsum sum)
{
	const __be16 rest[] = { htons(proto), htons(len >> 16), htons(len) };

	sum = csum_partial(saddr, sizeof(*saddr), sum);
	sum = csum_partial(daddr, sizeof(*daddr), sum);
	return csum_fold(csum_partial(rest, sizeof(rest), sum));
}

void ip_send_check(struct iphdr *iph)
{
	iph->check = 0;
	iph->check = csum_fold(csum_partial(iph, iph->ihl * 4, 0));
}

/* One bit after the other, by the polynomial of Castagnoli */
static u32 crc_byte(u32 crc, u8 byte)
{
	int i;

	crc ^= byte;
	for (i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	return crc;
}

static const u32 *crc_table(void)
{
	static u32 table[256];
	u32 i;

	if (!table[1])
		for (i = 0; i < 256; i++)
			table[i] = crc_byte(0, i);
	return table;
}

u32 __crc32c_le(u32 crc, const void *data, size_t len)
{
	const u32 *table = crc_table();
	const u8 *byte = data;

	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *byte++) & 0xff];
	return crc;
}

u32 __crc32c_le_shift(u32 crc, size_t len)
{
	const u32 *table = crc_table();

	while (len--)
		crc = crc >> 8 ^ table[crc & 0xff];
	return crc;
}

bool ipv6_prefix_equal(const struct in6_addr *a, const struct in6_addr *b,
		       unsigned int bits)
{
	const unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a->s6_addr[bits / 8] ^ b->s6_addr[bits / 8]) >>
			  (8 - rest));
}

__be32 inet_make_mask(int bits)
{
	return bits ? htonl(~0U << (32 - bits)) : 0;
}
