// SPDX-License-Identifier: GPL-2.0-only
/* What svcnat_packet_parse() says, in words that any program knows. */
#include "shim.h"

#include <linux/skbuff.h>

#include "judge.h"
#include "packet.h"

static_assert((int)JUDGE_PORTS == SVCNAT_PARSED);
static_assert((int)JUDGE_ERROR == SVCNAT_PARSED_ERROR);
static_assert((int)JUDGE_ODD == SVCNAT_PARSED_ODD);
static_assert((int)JUDGE_ECHO == SVCNAT_PARSED_ECHO);
static_assert((int)JUDGE_FRAGMENT == SVCNAT_PARSED_FRAGMENT);
static_assert((int)JUDGE_OTHER == SVCNAT_PARSED_OTHER);
static_assert((int)JUDGE_BROKEN == SVCNAT_PARSED_BROKEN);

static void tell_tuple(struct judge_tuple *to, const struct svcnat_tuple *t)
{
	memcpy(to->src, &t->src, sizeof(to->src));
	memcpy(to->dst, &t->dst, sizeof(to->dst));
	memcpy(to->sport, &t->sport, sizeof(to->sport));
	memcpy(to->dport, &t->dport, sizeof(to->dport));
	to->family = t->family;
	to->proto = t->proto;
}

__attribute__((visibility("default")))
void judge(const u8 *bytes, u32 len, u8 family, bool gso, u32 head,
	   struct judgement *to)
{
	const u8 frags[] = { 3, 7, 1 };
	struct svcnat_packet p;
	struct sk_buff skb;

	memset(to, 0, sizeof(*to));
	shim_skb_make(&skb, bytes, len, 0);
	skb.gso = gso;
	shim_skb_split(&skb, head, frags, ARRAY_SIZE(frags));
	to->parsed = (enum judge_parsed)svcnat_packet_parse(&skb, family, &p);
	tell_tuple(&to->tuple, &p.tuple);
	to->l4 = p.l4;
	to->l4_len = p.l4_len;
	to->opens = svcnat_packet_opens(&p);
	if (to->parsed == JUDGE_ERROR) {
		tell_tuple(&to->quoted, &p.quote.tuple);
		to->q_l3 = p.quote.l3;
		to->q_l4 = p.quote.l4;
		to->q_l4_len = p.quote.l4_len;
		to->q_len = p.quote.len;
	}
	shim_skb_free(&skb);
}
