/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only file that knows kernel versions.  What differs between the kernels
 * of the README is given one name here.
 */
#ifndef _SVCNAT_COMPAT_H
#define _SVCNAT_COMPAT_H

#include <linux/crc32.h>
#include <linux/version.h>
#include <net/dst.h>
#include <net/genetlink.h>
#include <net/udp.h>
#include <net/xfrm.h>

/* unaligned.h moved with 5f60d5f6bbc1 (6.12). */
#if KERNEL_VERSION(6, 12, 0) <= LINUX_VERSION_CODE
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/*
 * Who may join a multicast group.  The flag has a name of its own since
 * 6.1.192; before that groups shared the flags of operations.
 */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define SVCNAT_MCAST_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define SVCNAT_MCAST_ADMIN	GENL_UNS_ADMIN_PERM
#endif

/**
 * svcnat_dump_attrs() - attributes of a dump request
 * @cb: the dump
 *
 * They moved into a struct genl_info with 7288dd2fd488 (6.7).
 *
 * Return: by attribute type.
 */
static inline struct nlattr **svcnat_dump_attrs(struct netlink_callback *cb)
{
#if KERNEL_VERSION(6, 7, 0) <= LINUX_VERSION_CODE
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * Sockets of UDP and TCP by their addresses, ports and devices.  A netns can
 * have tables of its own since 9804985bf27f (6.2); nobody is asked any more in
 * which ones to look since 6.18 (TCP) and 7.1 (UDP).
 */
#if KERNEL_VERSION(7, 1, 0) <= LINUX_VERSION_CODE
#define svcnat_udp4_lookup(...)						\
	__udp4_lib_lookup(__VA_ARGS__, NULL)
#define svcnat_udp6_lookup(...)						\
	__udp6_lib_lookup(__VA_ARGS__, NULL)
#else
#if KERNEL_VERSION(6, 2, 0) <= LINUX_VERSION_CODE
#define SVCNAT_UDP_TABLE(net)	((net)->ipv4.udp_table)
#else
#define SVCNAT_UDP_TABLE(net)	(&udp_table)
#endif
#define svcnat_udp4_lookup(net, ...)					\
	__udp4_lib_lookup(net, __VA_ARGS__, SVCNAT_UDP_TABLE(net), NULL)
#define svcnat_udp6_lookup(net, ...)					\
	__udp6_lib_lookup(net, __VA_ARGS__, SVCNAT_UDP_TABLE(net), NULL)
#endif

#if KERNEL_VERSION(6, 18, 0) <= LINUX_VERSION_CODE
#define svcnat_tcp4_established		__inet_lookup_established
#define svcnat_tcp6_established		__inet6_lookup_established
#define svcnat_tcp4_listener		__inet_lookup_listener
#define svcnat_tcp6_listener		inet6_lookup_listener
#else
#define SVCNAT_TCP_TABLE(net)	((net)->ipv4.tcp_death_row.hashinfo)
#define svcnat_tcp4_established(net, ...)				\
	__inet_lookup_established(net, SVCNAT_TCP_TABLE(net), __VA_ARGS__)
#define svcnat_tcp6_established(net, ...)				\
	__inet6_lookup_established(net, SVCNAT_TCP_TABLE(net), __VA_ARGS__)
#define svcnat_tcp4_listener(net, ...)					\
	__inet_lookup_listener(net, SVCNAT_TCP_TABLE(net), __VA_ARGS__)
#define svcnat_tcp6_listener(net, ...)					\
	inet6_lookup_listener(net, SVCNAT_TCP_TABLE(net), __VA_ARGS__)
#endif

#ifdef CONFIG_XFRM
/**
 * svcnat_decode_session() - what policies of IPsec look at in a packet
 * @net: the netns
 * @skb: on its way out
 * @fl: written
 * @family: AF_INET or AF_INET6
 *
 * The netns is asked for since 2b1dc6285c3f (6.7).
 *
 * Return: 0 or an errno.
 */
static inline int svcnat_decode_session(struct net *net, struct sk_buff *skb,
					struct flowi *fl, u8 family)
{
#if KERNEL_VERSION(6, 7, 0) <= LINUX_VERSION_CODE
	return xfrm_decode_session(net, skb, fl, family);
#else
	return xfrm_decode_session(skb, fl, family);
#endif
}
#endif

/**
 * svcnat_dst_count() - references to a route
 * @dst: the route
 *
 * They are counted otherwise since bc9d3a9f2afc (6.4).
 *
 * Return: how many.
 */
static inline int svcnat_dst_count(struct dst_entry *dst)
{
#if KERNEL_VERSION(6, 4, 0) <= LINUX_VERSION_CODE
	return rcuref_read(&dst->__rcuref);
#else
	return atomic_read(&dst->__refcnt);
#endif
}

/**
 * svcnat_dst_first() - let a route have one reference
 * @dst: the route, with none
 */
static inline void svcnat_dst_first(struct dst_entry *dst)
{
#if KERNEL_VERSION(6, 4, 0) <= LINUX_VERSION_CODE
	rcuref_init(&dst->__rcuref, 1);
#else
	atomic_set(&dst->__refcnt, 1);
#endif
}

/*
 * The CRC as a polynomial has its highest power in bit 0.  A step is one power
 * more, in what is left by division by that of CRC32c.
 */
#define SVCNAT_CRC32C_POLY	0x82f63b78

/**
 * svcnat_crc32c_product() - of two polynomials
 * @a: one
 * @b: the other
 *
 * Return: what is left of it.
 */
static inline u32 svcnat_crc32c_product(u32 a, u32 b)
{
	u32 sum = 0;
	int i;

	for (i = 0; i < 32; i++) {
		sum = sum >> 1 ^ (sum & 1 ? SVCNAT_CRC32C_POLY : 0);
		sum ^= a >> i & 1 ? b : 0;
	}
	return sum;
}

/**
 * svcnat_crc32c_zeroes() - carry a CRC over zeroes, without the kernel's help
 * @crc: CRC32c, without its inversions
 * @len: how many bytes of zeroes follow
 *
 * Return: the CRC behind them.
 */
static inline u32 svcnat_crc32c_zeroes(u32 crc, size_t len)
{
	u32 power = BIT(31 - BITS_PER_BYTE);

	for (; len; len >>= 1) {
		if (len & 1)
			crc = svcnat_crc32c_product(crc, power);
		power = svcnat_crc32c_product(power, power);
	}
	return crc;
}

/**
 * svcnat_crc32c_shift() - carry a CRC over zeroes
 * @crc: CRC32c, without its inversions
 * @len: how many bytes of zeroes follow
 *
 * The kernel's own is gone since nobody there needs it any more.
 *
 * Return: the CRC behind them.
 */
static inline u32 svcnat_crc32c_shift(u32 crc, size_t len)
{
#if KERNEL_VERSION(6, 15, 0) <= LINUX_VERSION_CODE
	return svcnat_crc32c_zeroes(crc, len);
#else
	return __crc32c_le_shift(crc, len);
#endif
}

/**
 * svcnat_crc32c() - CRC32c
 * @data: of this
 * @len: and so many bytes
 *
 * Until 6.14 crc32c() is that of a module of its own.
 *
 * Return: the CRC, as SCTP has it.
 */
static inline __le32 svcnat_crc32c(const void *data, size_t len)
{
#if KERNEL_VERSION(6, 15, 0) <= LINUX_VERSION_CODE
	return cpu_to_le32(~crc32c(~0, data, len));
#else
	return cpu_to_le32(~__crc32c_le(~0, data, len));
#endif
}

#endif /* _SVCNAT_COMPAT_H */
