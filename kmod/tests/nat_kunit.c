// SPDX-License-Identifier: GPL-2.0-only
#include <kunit/test.h>

#include "../compat.h"
#include "../nat.c"
#include "wire.h"

#define PAYLOAD	23	/* odd, so that the last byte is summed alone */

/* What is in the packet, and what its buffer says of the checksum */
enum content {
	TCP,
	UDP,
	UDP_NO_SUM,
	SCTP,
	CONTENTS
};

enum summed {
	NONE,
	UNNECESSARY,
	COMPLETE,
	PARTIAL,
	GSO,
	SUMMED
};

/**
 * struct scene - one rewrite
 * @content: what is rewritten
 * @summed: state of the checksum
 * @head: which of svcnat_wire_heads
 * @side: which end
 * @both: the other end's port changes as well
 * @shape: of the buffer
 * @cloned: somebody else reads the same bytes
 */
struct scene {
	enum content		content;
	enum summed		summed;
	unsigned int		head;
	enum svcnat_side	side;
	bool			both;
	struct wire_shape	shape;
	bool			cloned;
};

static const u16 new_port = 0xfdcb;
static const u16 new_other = 0x0a41;

/* Cases run one after the other. */
static struct wire before, after, full;

static bool pending(const struct scene *s)
{
	return s->summed == PARTIAL || s->summed == GSO;
}

static void sum_as(struct wire *wire, const struct scene *s)
{
	svcnat_wire_sum(wire);
	if (pending(s))
		svcnat_wire_pend(wire);
}

static void change_end(struct wire *wire, const struct scene *s)
{
	const union nf_inet_addr addr = svcnat_wire_new_addr(wire->family);
	const unsigned int end = s->side == SVCNAT_SOURCE ? 0 : 1;

	svcnat_wire_set_addr(wire, end, &addr);
	svcnat_wire_set_port(wire, end, new_port);
	if (s->both)
		svcnat_wire_set_port(wire, !end, new_other);
}

static u8 proto_of(const struct scene *s)
{
	if (s->content == TCP)
		return IPPROTO_TCP;
	return s->content == SCTP ? IPPROTO_SCTP : IPPROTO_UDP;
}

static void make_wires(const struct scene *s)
{
	svcnat_wire_make_as(&before, &svcnat_wire_heads[s->head],
			    proto_of(s), PAYLOAD);
	before.no_sum = s->content == UDP_NO_SUM;
	after = before;
	change_end(&after, s);
	full = after;
	svcnat_wire_sum(&full);
	sum_as(&before, s);
	sum_as(&after, s);
}

static int gso_type(const struct scene *s)
{
	if (s->content == SCTP)
		return SKB_GSO_SCTP;
	if (s->content != TCP)
		return SKB_GSO_UDP_L4;
	return before.family == AF_INET ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
}

static void set_summed(struct sk_buff *skb, const struct scene *s)
{
	static const u8 summed[] = {
		[NONE] = CHECKSUM_NONE,
		[UNNECESSARY] = CHECKSUM_UNNECESSARY,
		[COMPLETE] = CHECKSUM_COMPLETE,
		[PARTIAL] = CHECKSUM_PARTIAL,
		[GSO] = CHECKSUM_PARTIAL,
	};

	skb->ip_summed = summed[s->summed];
	if (s->summed == COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (pending(s)) {
		skb->csum_start = skb_headroom(skb) + before.l4;
		skb->csum_offset = svcnat_wire_sum_at(&before) - before.l4;
		skb->csum_not_inet = s->content == SCTP;
	}
	if (s->summed == GSO) {
		skb_shinfo(skb)->gso_size = 10;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(PAYLOAD, 10);
		skb_shinfo(skb)->gso_type = gso_type(s);
	}
}

static u16 folded(__wsum csum)
{
	return svcnat_wire_one_zero((__force u16)csum_fold(csum));
}

/* Is what the buffer says of the checksum, besides its bytes, still right? */
static bool sum_right(struct sk_buff *skb, const struct scene *s)
{
	struct sk_buff *copy;
	bool right;

	if (s->summed == COMPLETE) {
		const int l3 = skb_network_offset(skb);

		return skb->ip_summed == CHECKSUM_COMPLETE &&
		       folded(skb->csum) ==
		       folded(skb_checksum(skb, l3, skb->len - l3, 0));
	}
	if (!pending(s))
		return skb->ip_summed ==
		       (s->summed == NONE ? CHECKSUM_NONE :
					    CHECKSUM_UNNECESSARY);
	copy = skb_copy(skb, GFP_KERNEL);
	if (!copy)
		return false;
	skb_gso_reset(copy);
	right = skb->ip_summed == CHECKSUM_PARTIAL &&
		!(s->content == SCTP ? skb_crc32c_csum_help(copy) :
				       skb_checksum_help(copy)) &&
		svcnat_wire_same(&full, copy);
	kfree_skb(copy);
	return right;
}

/* Do the facts say what a second look would? */
static bool facts_right(const struct sk_buff *skb,
			const struct svcnat_packet *packet)
{
	struct svcnat_packet again;

	return svcnat_packet_parse(skb, packet->tuple.family, &again) ==
	       SVCNAT_PARSED &&
	       !memcmp(&again, packet, offsetof(struct svcnat_packet, quote));
}

static const char *rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			   const struct wire *into, const struct scene *s)
{
	const unsigned int end = s->side == SVCNAT_SOURCE ? 0 : 1;
	struct svcnat_rewrite to = { .side = s->side };

	svcnat_wire_get_addr(into, end, &to.addr);
	to.port = htons(svcnat_wire_get_port(into, end));
	to.other_port = htons(svcnat_wire_get_port(into, !end));
	if (!svcnat_nat_rewrite(skb, packet, &to))
		return "refused";
	if (!svcnat_wire_same(into, skb))
		return "wrong bytes";
	full = *into;
	svcnat_wire_sum(&full);
	if (!sum_right(skb, s))
		return "wrong checksum beside the bytes";
	return facts_right(skb, packet) ? NULL : "wrong facts";
}

/* There and back; gives what was wrong, or NULL. */
static const char *rewrite_twice(struct sk_buff *skb, struct sk_buff *clone,
				 const struct scene *s)
{
	struct svcnat_packet packet;
	const char *flaw;

	if (svcnat_packet_parse(skb, before.family, &packet) != SVCNAT_PARSED)
		return "not parsed";
	flaw = rewrite(skb, &packet, &after, s);
	if (flaw)
		return flaw;
	if (clone && !svcnat_wire_same(&before, clone))
		return "clone changed";
	return rewrite(skb, &packet, &before, s);
}

static const char *play(const struct scene *s)
{
	struct sk_buff *skb, *clone = NULL;
	const char *flaw = "no memory";

	make_wires(s);
	skb = svcnat_wire_skb(&before, &s->shape);
	if (!skb)
		return flaw;
	set_summed(skb, s);
	if (s->cloned)
		clone = skb_clone(skb, GFP_KERNEL);
	if (!s->cloned || clone)
		flaw = rewrite_twice(skb, clone, s);
	kfree_skb(clone);
	kfree_skb(skb);
	return flaw;
}

/*
 * A scene with every content, checksum state and side, at one shape; or with
 * one of @share of them.  The product of everything would take minutes.
 */
static void play_some(struct kunit *test, struct scene *s, unsigned int share)
{
	static unsigned int turn;
	const char *flaw;
	unsigned int i;

	for (i = turn++ % share; i < CONTENTS * SUMMED * 2; i += share) {
		s->content = i / 2 % CONTENTS;
		s->summed = i / 2 / CONTENTS;
		s->side = i & 1;
		s->both = (i ^ turn) & 2;
		/* Whoever sends no checksum has none pending. */
		if (s->content == UDP_NO_SUM && pending(s))
			continue;
		flaw = play(s);
		KUNIT_ASSERT_NULL_MSG(test, flaw,
				      "%s: content %d summed %d head %u side %d both %d layout %d split %u headroom %u cloned %d",
				      flaw, s->content, s->summed, s->head,
				      s->side, s->both, s->shape.layout,
				      s->shape.split, s->shape.headroom,
				      s->cloned);
	}
}

static void rewrites_linear(struct kunit *test)
{
	struct scene s = {};
	unsigned int i;

	for (s.head = 0; s.head < WIRE_HEADS; s.head++) {
		for (i = 0; i < 4; i++) {
			s.cloned = i & 1;
			s.shape.headroom = i & 2 ? 64 : 0;
			play_some(test, &s, 1);
		}
	}
}

/* The packet is split at every offset in its headers, and right behind them. */
static void play_splits(struct kunit *test, struct scene *s, unsigned int share)
{
	unsigned int most;

	svcnat_wire_make_as(&before, &svcnat_wire_heads[s->head], IPPROTO_TCP,
			    PAYLOAD);
	most = svcnat_wire_headers(&before);
	for (s->shape.split = 0; s->shape.split <= most; s->shape.split++)
		play_some(test, s, share);
}

static void rewrites_split(struct kunit *test)
{
	struct scene s = { .shape = { .layout = WIRE_FRAG, .headroom = 64 } };

	for (s.head = 0; s.head < WIRE_HEADS; s.head++)
		play_splits(test, &s, s.head % WIRE_IPV6 ? 17 : 7);
}

static const u8 some_heads[] = { 0, 5, 10, WIRE_IPV6, WIRE_CHAIN };

static void rewrites_split_clones(struct kunit *test)
{
	struct scene s = { .shape.layout = WIRE_FRAG, .cloned = true };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(some_heads); i++) {
		s.head = some_heads[i];
		play_splits(test, &s, 13);
	}
}

static void rewrites_frag_lists(struct kunit *test)
{
	struct scene s = { .shape.layout = WIRE_LIST };
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(some_heads); i++) {
		s.head = some_heads[i / 2];
		s.cloned = i & 1;
		play_splits(test, &s, 17);
	}
}

static struct kunit_case nat_cases[] = {
	KUNIT_CASE(rewrites_linear),
	KUNIT_CASE(rewrites_split),
	KUNIT_CASE(rewrites_split_clones),
	KUNIT_CASE(rewrites_frag_lists),
	{}
};

static struct kunit_suite nat_suite = {
	.name = "svcnat_nat",
	.test_cases = nat_cases,
};

kunit_test_suite(nat_suite);
