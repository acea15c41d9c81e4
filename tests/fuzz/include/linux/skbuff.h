/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet: a head and a list of fragments, each in a piece of memory of its
 * own that is exactly as long as it says.  Whatever may move the head does.
 */
#ifndef _FUZZ_LINUX_SKBUFF_H
#define _FUZZ_LINUX_SKBUFF_H

#include <net/checksum.h>

#define CHECKSUM_NONE		0
#define CHECKSUM_UNNECESSARY	1
#define CHECKSUM_COMPLETE	2
#define CHECKSUM_PARTIAL	3

#define SHIM_FRAGS	5

struct shim_frag {
	u8	*bytes;
	u32	len;
};

/**
 * struct sk_buff - a packet
 * @data: the head
 * @len: of all
 * @ip_summed: CHECKSUM_...
 * @encapsulation: there is a packet inside
 * @csum: of CHECKSUM_COMPLETE
 * @gso: to be segmented
 * @network: offset of the network header
 * @csum_start: of CHECKSUM_PARTIAL
 * @memory: of the head, which begins somewhere behind
 * @headlen: bytes in the head
 * @frags: what follows it
 * @nr_frags: how many
 * @fail: at which call a head cannot be moved, counted down; 0: at none
 * @copies: headers are always copied, as if they were not in the head
 * @restless: fragments change whenever they are looked at
 * @fetches: how often headers were asked for
 * @pulled: NULL, or where to put what the packet said when the head had moved
 * @clone: another packet has the head; it and what it must stay
 * @clone_is: see @clone
 * @clone_len: see @clone
 */
struct sk_buff {
	u8			*data;
	u32			len;
	u8			ip_summed;
	bool			encapsulation;
	__wsum			csum;
	bool			gso;
	int			network;
	int			csum_start;

	u8			*memory;
	u32			headlen;
	struct shim_frag	frags[SHIM_FRAGS];
	unsigned int		nr_frags;
	unsigned int		fail;
	bool			copies;
	bool			restless;
	unsigned int		fetches;
	u8			*pulled;
	u8			*clone;
	u8			*clone_is;
	u32			clone_len;
};

#define skb_headlen(skb)			((skb)->headlen)
#define skb_network_offset(skb)		((skb)->network)
#define skb_checksum_start_offset(skb)	((skb)->csum_start)
#define skb_is_gso(skb)			((skb)->gso)
#define skb_gso_reset(skb)		((void)((skb)->gso = false))
#define skb_shared(skb)			false

void *skb_header_pointer(const struct sk_buff *skb, int offset, int len,
			 void *buffer);
bool skb_cloned(const struct sk_buff *skb);
int skb_ensure_writable(struct sk_buff *skb, unsigned int len);
int pskb_expand_head(struct sk_buff *skb, int headroom, int tailroom,
		     gfp_t gfp);
int pskb_trim(struct sk_buff *skb, unsigned int len);
__wsum skb_checksum(const struct sk_buff *skb, int offset, int len,
		    __wsum sum);

/* For the targets: */
void shim_skb_make(struct sk_buff *skb, const u8 *bytes, u32 len, int network);
void shim_skb_split(struct sk_buff *skb, u32 head, const u8 *frags,
		    unsigned int n);
void shim_skb_share(struct sk_buff *skb);
void shim_skb_read(const struct sk_buff *skb, u8 *to);
void shim_skb_free(struct sk_buff *skb);

#endif /* _FUZZ_LINUX_SKBUFF_H */
