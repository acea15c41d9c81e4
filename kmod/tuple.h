/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of both wings for one packet's addresses and ports. */
#ifndef _SVCNAT_TUPLE_H
#define _SVCNAT_TUPLE_H

#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/socket.h>
#include <linux/string.h>

/*
 * For what is written before it is read, on every way: where the kernel clears
 * all that is on the stack (CONFIG_INIT_STACK_ALL_ZERO) this would cost more
 * than some hooks do.  Later kernels have the name.
 */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized		__attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/**
 * struct svcnat_tuple - who talks to whom, as the packet shows it
 * @src: source address; bytes that @family does not use are zero
 * @dst: destination address; likewise
 * @sport: source port, network byte order
 * @dport: destination port, network byte order
 * @family: AF_INET or AF_INET6
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP; IPPROTO_ICMP or
 *	IPPROTO_ICMPV6 where an error or an echo is meant, then without ports
 */
struct svcnat_tuple {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	__be16			sport;
	__be16			dport;
	u8			family;
	u8			proto;
};

/**
 * enum svcnat_side - which end of the packet is rewritten
 * @SVCNAT_SOURCE: source address and port
 * @SVCNAT_DESTINATION: destination address and port
 */
enum svcnat_side {
	SVCNAT_SOURCE,
	SVCNAT_DESTINATION,
};

/**
 * struct svcnat_rewrite - what becomes of a packet
 * @addr: new address of that side; bytes that the family does not use are zero
 * @port: new port of that side, network order
 * @other_port: new port of the other side; the present one if it stays
 * @side: enum svcnat_side
 */
struct svcnat_rewrite {
	union nf_inet_addr	addr;
	__be16			port;
	__be16			other_port;
	u8			side;
};

/**
 * svcnat_tuple_reverse() - the tuple of the answer
 * @to: written
 * @from: read; may not be @to
 */
static inline void svcnat_tuple_reverse(struct svcnat_tuple *to,
					const struct svcnat_tuple *from)
{
	to->src = from->dst;
	to->dst = from->src;
	to->sport = from->dport;
	to->dport = from->sport;
	to->family = from->family;
	to->proto = from->proto;
}

/**
 * svcnat_proto_connects() - do connections of a protocol begin and end?
 * @proto: IPPROTO_...
 *
 * Return: true if so, as those of TCP do.
 */
static inline bool svcnat_proto_connects(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_SCTP;
}

/**
 * svcnat_proto_has_ports() - can a service have this protocol?
 * @proto: IPPROTO_...
 *
 * Return: true if so; all of them begin with source and destination port.
 */
static inline bool svcnat_proto_has_ports(u8 proto)
{
	return svcnat_proto_connects(proto) || proto == IPPROTO_UDP;
}

#define SVCNAT_FAMILIES	2	/* of which everything has its own */

/**
 * svcnat_family_index() - a family as an index
 * @family: AF_INET or AF_INET6
 *
 * Return: 0 or 1.
 */
static inline unsigned int svcnat_family_index(u8 family)
{
	return family == AF_INET ? 0 : 1;
}

/**
 * svcnat_addr_words() - how many 32-bit words an address of the family has
 * @family: AF_INET or AF_INET6
 *
 * Return: 1 or 4.
 */
static inline unsigned int svcnat_addr_words(u8 family)
{
	return family == AF_INET ? 1 : 4;
}

/**
 * svcnat_addr_ipv4() - an IPv4 address as an address of any family
 * @ip: the address
 *
 * Told as its first member, which is all there is: had it been told as another
 * one, compilers may leave the rest undefined.
 *
 * Return: it, and zeroes in what IPv4 does not use.
 */
static inline union nf_inet_addr svcnat_addr_ipv4(__be32 ip)
{
	return (union nf_inet_addr) { .all = { (__force u32)ip } };
}

/**
 * svcnat_addr_read() - copy an address that may be written meanwhile
 * @to: where to; nobody else's
 * @from: where others may be at the same time
 * @words: length, in units of 4 bytes
 *
 * Never memcpy(), which may read a byte as often as it likes.  What is read may
 * be of two addresses still: whoever uses this has something else to tell by.
 */
static inline void svcnat_addr_read(__be32 *to, const __be32 *from,
				    unsigned int words)
{
	unsigned int i;

	for (i = 0; i < words; i++)
		to[i] = READ_ONCE(from[i]);
}

/**
 * svcnat_addr_write() - write an address that may be read meanwhile
 * @to: where others may be at the same time
 * @from: the address
 * @words: length, in units of 4 bytes
 */
static inline void svcnat_addr_write(__be32 *to, const __be32 *from,
				     unsigned int words)
{
	unsigned int i;

	for (i = 0; i < words; i++)
		WRITE_ONCE(to[i], from[i]);
}

/**
 * svcnat_addr_equal() - compare two addresses of one family
 * @family: AF_INET or AF_INET6
 * @a: one
 * @b: the other
 *
 * Return: whether they are the same.
 */
static inline bool svcnat_addr_equal(u8 family, const union nf_inet_addr *a,
				     const union nf_inet_addr *b)
{
	if (family == AF_INET)
		return a->ip == b->ip;
	return !memcmp(a, b, sizeof(*a));
}

#endif /* _SVCNAT_TUPLE_H */
