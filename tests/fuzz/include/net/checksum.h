/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums in one's complement (RFC 1071) and CRC32c. */
#ifndef _FUZZ_NET_CHECKSUM_H
#define _FUZZ_NET_CHECKSUM_H

#include <net/ipv6.h>

#define CSUM_MANGLED_0	((__sum16)0xffff)

static inline __wsum csum_add(__wsum a, __wsum b)
{
	u64 sum = (u64)a + b;

	return (u32)sum + (u32)(sum >> 32);
}

static inline __wsum csum_sub(__wsum a, __wsum b)
{
	return csum_add(a, ~b);
}

static inline __sum16 csum_fold(__wsum sum)
{
	u32 s = sum;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static inline __wsum csum_unfold(__sum16 sum)
{
	return sum;
}

__wsum csum_partial(const void *data, int len, __wsum sum);
__sum16 csum_tcpudp_magic(__be32 saddr, __be32 daddr, u32 len, u8 proto,
			  __wsum sum);
__sum16 csum_ipv6_magic(const struct in6_addr *saddr,
			const struct in6_addr *daddr, u32 len, u8 proto,
			__wsum sum);
void ip_send_check(struct iphdr *iph);

u32 __crc32c_le(u32 crc, const void *data, size_t len);
u32 __crc32c_le_shift(u32 crc, size_t len);

#endif /* _FUZZ_NET_CHECKSUM_H */
