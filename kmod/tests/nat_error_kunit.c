// SPDX-License-Identifier: GPL-2.0-only
/* ICMP and ICMPv6 errors, rewritten inside and outside. */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>

#include "../nat.h"
#include "wire.h"

#define PAYLOAD		23	/* odd, so that the last byte is summed alone */
#define ICMP		8	/* length of its header */
#define NEW_PORT	0xfdcb
#define NEW_OTHER	0x0a41

/* What is quoted, and what the buffer says of the error's checksum */
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
	SUMMED
};

/**
 * struct scene - one rewrite
 * @outer: which of svcnat_wire_heads the error has
 * @inner: and what it quotes
 * @content: what is quoted
 * @summed: state of the error's checksum
 * @kept: how much of the transport header is quoted, and of what is behind
 * @side: which end of a packet of that direction is rewritten
 * @router: the error comes from neither end
 * @both: the other end's port changes as well
 * @cloned: somebody else reads the same bytes
 * @shape: of the buffer
 */
struct scene {
	unsigned int		outer;
	unsigned int		inner;
	enum content		content;
	enum summed		summed;
	unsigned int		kept;
	enum svcnat_side	side;
	bool			router;
	bool			both;
	bool			cloned;
	struct wire_shape	shape;
};

/* Cases run one after the other. */
static struct wire quoted, before, after;

static const u8 protos[] = {
	[TCP] = IPPROTO_TCP,
	[UDP] = IPPROTO_UDP,
	[UDP_NO_SUM] = IPPROTO_UDP,
	[SCTP] = IPPROTO_SCTP,
};

static void quote(struct wire *wire, const struct scene *s)
{
	const struct wire_head *head = &svcnat_wire_heads[s->outer];
	const u8 type = head->family == AF_INET ? ICMP_DEST_UNREACH :
						  ICMPV6_PKT_TOOBIG;

	svcnat_wire_make_error(wire, head, type, &quoted,
			       min(quoted.l4 + s->kept, quoted.len));
}

static void set_router(struct wire *wire)
{
	union nf_inet_addr addr = svcnat_wire_new_addr(wire->family);

	addr.ip ^= htonl(0x55);
	svcnat_wire_set_addr(wire, 0, &addr);
}

static void sum_as(struct wire *wire, const struct scene *s)
{
	svcnat_wire_sum(wire);
	if (s->summed == PARTIAL)
		svcnat_wire_set_sum(wire, svcnat_wire_pseudo(wire));
}

/*
 * The quoted packet went the other way: where the answer's destination would
 * be rewritten, it has its source, and so on.
 */
static void make_wires(const struct scene *s)
{
	const unsigned int end = s->side == SVCNAT_DESTINATION ? 0 : 1;
	union nf_inet_addr addr;
	unsigned int at, len;
	u8 field[4];

	svcnat_wire_make_as(&quoted, &svcnat_wire_heads[s->inner],
			    protos[s->content], PAYLOAD);
	addr = svcnat_wire_new_addr(quoted.family);
	quoted.no_sum = s->content == UDP_NO_SUM;
	svcnat_wire_sum(&quoted);
	quote(&before, s);
	at = svcnat_wire_sum_at(&quoted);
	len = svcnat_wire_sum_len(&quoted);
	memcpy(field, quoted.bytes + at, len);
	svcnat_wire_set_addr(&quoted, end, &addr);
	svcnat_wire_set_port(&quoted, end, NEW_PORT);
	if (s->both)
		svcnat_wire_set_port(&quoted, !end, NEW_OTHER);
	svcnat_wire_sum(&quoted);
	/* Of a checksum that is cut off nothing can be said. */
	if (quoted.l4 + s->kept < at + len)
		memcpy(quoted.bytes + at, field, len);
	quote(&after, s);
	if (s->router) {
		set_router(&before);
		set_router(&after);
	}
	sum_as(&before, s);
	sum_as(&after, s);
}

static void set_summed(struct sk_buff *skb, const struct scene *s)
{
	static const u8 summed[] = {
		[NONE] = CHECKSUM_NONE,
		[UNNECESSARY] = CHECKSUM_UNNECESSARY,
		[COMPLETE] = CHECKSUM_COMPLETE,
		[PARTIAL] = CHECKSUM_PARTIAL,
	};

	skb->ip_summed = summed[s->summed];
	if (s->summed == COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (s->summed == PARTIAL) {
		skb->csum_start = skb_headroom(skb) + before.l4;
		skb->csum_offset = svcnat_wire_sum_at(&before) - before.l4;
	}
}

static u16 folded(__wsum csum)
{
	return svcnat_wire_one_zero((__force u16)csum_fold(csum));
}

/* Is what the buffer says of the checksum, besides its bytes, still right? */
static bool sum_right(struct sk_buff *skb, const struct wire *into,
		      const struct scene *s)
{
	struct wire full = *into;
	struct sk_buff *copy;
	bool right;

	if (s->summed == COMPLETE)
		return skb->ip_summed == CHECKSUM_COMPLETE &&
		       folded(skb->csum) ==
		       folded(skb_checksum(skb, 0, skb->len, 0));
	if (s->summed != PARTIAL)
		return skb->ip_summed ==
		       (s->summed == NONE ? CHECKSUM_NONE :
					    CHECKSUM_UNNECESSARY);
	svcnat_wire_sum(&full);
	copy = skb_copy(skb, GFP_KERNEL);
	if (!copy)
		return false;
	right = skb->ip_summed == CHECKSUM_PARTIAL &&
		!skb_checksum_help(copy) && svcnat_wire_same(&full, copy);
	kfree_skb(copy);
	return right;
}

static bool same_tuples(const struct svcnat_tuple *a,
			const struct svcnat_tuple *b)
{
	return !memcmp(a, b, offsetofend(struct svcnat_tuple, proto));
}

/* Do the facts say what a second look would? */
static bool facts_right(const struct sk_buff *skb,
			const struct svcnat_packet *p)
{
	struct svcnat_packet again;

	return svcnat_packet_parse(skb, p->tuple.family, &again) ==
	       SVCNAT_PARSED_ERROR &&
	       !memcmp(&again, p, offsetof(struct svcnat_packet, quote)) &&
	       same_tuples(&again.quote.tuple, &p->quote.tuple) &&
	       again.quote.l3 == p->quote.l3 && again.quote.l4 == p->quote.l4 &&
	       again.quote.l4_len == p->quote.l4_len &&
	       again.quote.len == p->quote.len;
}

/* Rewrite to @into, in which a packet of the other direction is quoted. */
static const char *rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			   const struct wire *into, const struct scene *s)
{
	const unsigned int end = s->side == SVCNAT_DESTINATION ? 0 : 1;
	struct svcnat_rewrite to = { .side = s->side };
	struct wire inner = quoted;

	memcpy(inner.bytes, into->bytes + into->l4 + ICMP, quoted.l4 + 8);
	svcnat_wire_get_addr(&inner, end, &to.addr);
	to.port = htons(svcnat_wire_get_port(&inner, end));
	to.other_port = htons(svcnat_wire_get_port(&inner, !end));
	if (!svcnat_nat_rewrite_error(skb, packet, &to))
		return "refused";
	if (!svcnat_wire_same(into, skb))
		return "wrong bytes";
	if (!sum_right(skb, into, s))
		return "wrong checksum beside the bytes";
	return facts_right(skb, packet) ? NULL : "wrong facts";
}

static const char *rewrite_twice(struct sk_buff *skb, struct sk_buff *clone,
				 const struct scene *s)
{
	struct svcnat_packet packet;
	const char *flaw;

	if (svcnat_packet_parse(skb, before.family, &packet) !=
	    SVCNAT_PARSED_ERROR)
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
 * A scene with one of @share of all contents, checksum states, ends and
 * senders.  The product of everything would take hours.
 */
static void play_some(struct kunit *test, struct scene *s, unsigned int share)
{
	static unsigned int turn;
	const char *flaw;
	unsigned int i;

	for (i = turn++ % share; i < CONTENTS * SUMMED * 8; i += share) {
		s->content = i / 8 % CONTENTS;
		s->summed = i / 8 / CONTENTS;
		s->side = i & 1;
		s->router = i & 2;
		s->both = i & 4;
		flaw = play(s);
		KUNIT_ASSERT_NULL_MSG(test, flaw,
				      "%s: outer %u inner %u content %d summed %d kept %u side %d router %d both %d cloned %d layout %d split %u",
				      flaw, s->outer, s->inner, s->content,
				      s->summed, s->kept, s->side, s->router,
				      s->both, s->cloned, s->shape.layout,
				      s->shape.split);
	}
}

static void play_pairs(struct kunit *test, struct scene *s, unsigned int share)
{
	const struct wire_head *heads = svcnat_wire_heads;

	for (s->outer = 0; s->outer < WIRE_HEADS; s->outer++) {
		for (s->inner = 0; s->inner < WIRE_HEADS; s->inner++) {
			if (heads[s->outer].family == heads[s->inner].family)
				play_some(test, s, share);
		}
	}
}

/* Every pair of network headers, at every length of what is quoted */
static void rewrites_pairs(struct kunit *test)
{
	struct scene s = {};

	for (s.kept = 8; s.kept <= 60; s.kept += s.kept < 22 ? 1 : 19) {
		s.cloned = s.kept & 1;
		s.shape.headroom = s.kept & 2 ? 64 : 0;
		play_pairs(test, &s, 61);
	}
}

static void rewrites_everything_once(struct kunit *test)
{
	static const u8 heads[] = { 0, 3, 10, WIRE_IPV6, WIRE_CHAIN };
	static const u8 kept[] = { 8, 17, 18, 20, 60 };
	struct scene s = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(heads) * ARRAY_SIZE(kept); i++) {
		s.outer = heads[i / ARRAY_SIZE(kept)];
		s.inner = s.outer;
		s.kept = kept[i % ARRAY_SIZE(kept)];
		play_some(test, &s, 1);
	}
}

static void rewrites_splits(struct kunit *test)
{
	static const u8 heads[] = { 0, 10, WIRE_IPV6, WIRE_CHAIN };
	struct scene s = { .kept = 20 };
	unsigned int i;

	for (i = 0; i < 4 * ARRAY_SIZE(heads); i++) {
		s.outer = heads[i / 4];
		s.inner = s.outer;
		s.cloned = i & 1;
		s.shape.layout = i & 2 ? WIRE_FRAG : WIRE_LIST;
		make_wires(&s);
		for (s.shape.split = 0; s.shape.split <= before.len;
		     s.shape.split++)
			play_some(test, &s, 53);
	}
}

static struct kunit_case nat_error_cases[] = {
	KUNIT_CASE(rewrites_pairs),
	KUNIT_CASE(rewrites_everything_once),
	KUNIT_CASE(rewrites_splits),
	{}
};

static struct kunit_suite nat_error_suite = {
	.name = "svcnat_nat_error",
	.test_cases = nat_error_cases,
};

kunit_test_suite(nat_error_suite);
