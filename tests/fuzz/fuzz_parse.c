// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes in any shape: they are read within their bounds, in few looks, and
 * the same is found whatever the shape is: that which the model finds.
 */
#include "shim.h"

#include "input.h"
#include "model.h"

/* Network header, extensions, transport and chunks; then those of a quote */
#define FETCHES	(1 + 8 + 1 + 8 + 1 + 1 + 8 + 1)

static void check_tuple(const struct svcnat_tuple *a,
			const struct svcnat_tuple *b)
{
	fuzz_check(a->family == b->family, "family");
	fuzz_check(a->proto == b->proto, "%u, not %u", a->proto, b->proto);
	fuzz_check(!memcmp(&a->src, &b->src, 16), "source");
	fuzz_check(!memcmp(&a->dst, &b->dst, 16), "destination");
	fuzz_check(a->sport == b->sport && a->dport == b->dport, "ports");
}

static bool has_quote(enum svcnat_parsed parsed)
{
	return parsed == SVCNAT_PARSED_ERROR;
}

static bool has_transport(enum svcnat_parsed parsed)
{
	return parsed == SVCNAT_PARSED || parsed == SVCNAT_PARSED_ERROR ||
	       parsed == SVCNAT_PARSED_ODD || parsed == SVCNAT_PARSED_ECHO;
}

static void check_quote(const struct svcnat_quote *a,
			const struct svcnat_quote *b)
{
	check_tuple(&a->tuple, &b->tuple);
	fuzz_check(a->l3 == b->l3 && a->l4 == b->l4, "offsets");
	fuzz_check(a->l4_len == b->l4_len, "%u, not %u", a->l4_len, b->l4_len);
	fuzz_check(a->len == b->len, "%u, not %u", a->len, b->len);
}

/* What a caller may rely on */
static void check_same(enum svcnat_parsed parsed, const struct svcnat_packet *a,
		       const struct svcnat_packet *b)
{
	if (!has_transport(parsed)) {
		/* of these there are addresses, but not of what is broken */
		fuzz_check(a->tuple.family == b->tuple.family, "family");
		fuzz_check(!a->tuple.family ||
			   (!memcmp(&a->tuple.src, &b->tuple.src, 16) &&
			    !memcmp(&a->tuple.dst, &b->tuple.dst, 16)),
			   "addresses");
		return;
	}
	check_tuple(&a->tuple, &b->tuple);
	fuzz_check(a->l3 == b->l3 && a->l4 == b->l4, "offsets");
	fuzz_check(a->l4_len == b->l4_len && a->len == b->len, "lengths");
	fuzz_check(a->tcp == b->tcp, "%#x, not %#x", a->tcp, b->tcp);
	fuzz_check(a->payload == b->payload, "payload");
	fuzz_check(a->icmp_type == b->icmp_type, "type");
	fuzz_check(a->tag == b->tag, "tag");
	fuzz_check(a->proof == b->proof, "proof");
	if (has_quote(parsed))
		check_quote(&a->quote, &b->quote);
}

/* Whatever happens meanwhile, nothing lies outside. */
static void check_bounds(enum svcnat_parsed parsed, const struct sk_buff *skb,
			 const struct svcnat_packet *p)
{
	fuzz_check(skb->fetches <= FETCHES, "%u looks", skb->fetches);
	if (!has_transport(parsed))
		return;
	fuzz_check(p->l3 < p->l4 && (u32)p->l4 + p->l4_len <= skb->len,
		   "%u + %u", p->l4, p->l4_len);
	fuzz_check(p->len == skb->len - p->l3, "length");
	if (!has_quote(parsed))
		return;
	fuzz_check(p->quote.l3 == p->l4 + 8 && p->quote.l3 < p->quote.l4,
		   "quote at %u", p->quote.l3);
	fuzz_check(p->quote.l4_len >= 8 &&
		   (u32)p->quote.l4 + p->quote.l4_len <= skb->len,
		   "%u + %u", p->quote.l4, p->quote.l4_len);
}

static enum svcnat_parsed parse(const struct input *in, struct sk_buff *skb,
				struct svcnat_packet *packet)
{
	enum svcnat_parsed parsed;

	parsed = svcnat_packet_parse(skb, input_family(in), packet);
	check_bounds(parsed, skb, packet);
	return parsed;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct input *in = (const struct input *)data;
	struct svcnat_packet linear, split, model;
	enum svcnat_parsed parsed;
	struct sk_buff skb;
	struct model m;

	if (size < sizeof(*in))
		return 0;
	shim_reset(in->seed);
	input_skb(in, size, &skb);
	m = (struct model){ .b = skb.data, .len = skb.len, .gso = skb.gso };
	parsed = parse(in, &skb, &linear);
	fuzz_check(parsed == model_parse(&m, skb.network, input_family(in),
					 &model),
		   "%d", parsed);
	check_same(parsed, &linear, &model);

	input_split(in, &skb);
	skb.fetches = 0;
	if (skb.restless) {
		parse(in, &skb, &split);
	} else {
		fuzz_check(parsed == parse(in, &skb, &split), "%d", parsed);
		check_same(parsed, &split, &linear);
	}
	shim_skb_free(&skb);
	return 0;
}
