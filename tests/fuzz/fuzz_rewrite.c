// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet is parsed and rewritten: only what is told changes, all checksums
 * stay as right or wrong as they were, and the reverse undoes it; or nothing
 * changes at all, and it is to be dropped.  Or it is made the end of its
 * connection.
 */
#include "shim.h"

#include "input.h"
#include "nat.h"
#include "oracle.h"

/**
 * struct trial - an input at work
 * @in: the input
 * @skb: its packet
 * @parsed: what it is
 * @packet: its facts
 * @first: its bytes at first
 * @o: for the oracle
 */
struct trial {
	const struct input	*in;
	struct sk_buff		skb;
	enum svcnat_parsed	parsed;
	struct svcnat_packet	packet;
	u8			*first;
	struct oracle		o;
};

static void choose_rewrite(const struct input *in, u8 family,
			   struct svcnat_rewrite *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(&to->addr, in->addr, family == AF_INET ? 4 : 16);
	to->port = in->port;
	to->other_port = in->other_port;
	to->side = in->side & INPUT_SOURCE ? SVCNAT_SOURCE : SVCNAT_DESTINATION;
}

static void begin(struct trial *t)
{
	struct sk_buff *skb = &t->skb;
	struct oracle *o = &t->o;

	o->len = skb->len;
	o->before = malloc(skb->len + 1);
	o->after = malloc(skb->len + 1);
	o->may = calloc(skb->len + 2, sizeof(bool));
	t->first = malloc(skb->len + 1);
	shim_skb_read(skb, t->first);
	shim_skb_read(skb, o->before);
	skb->pulled = o->before;
	o->packet = t->packet;
	o->ip_summed = skb->ip_summed;
	skb->csum_start = t->packet.l4 + t->in->start;
	o->pending = skb->ip_summed == CHECKSUM_PARTIAL && !t->in->start;
	o->segmented = skb->ip_summed == CHECKSUM_PARTIAL && skb->gso &&
		       skb->encapsulation;
	/* SCTP has no such sum. */
	skb->csum = skb->ip_summed == CHECKSUM_PARTIAL ? 0 : 0x12345678;
	o->csum_before = skb->csum;
	choose_rewrite(t->in, t->packet.tuple.family, &o->to);
}

static void end(struct trial *t)
{
	free(t->first);
	free(t->o.before);
	free(t->o.after);
	free(t->o.may);
}

static void take_after(struct trial *t)
{
	t->o.csum_after = t->skb.csum;
	t->o.len = t->skb.len;
	shim_skb_read(&t->skb, t->o.after);
}

/* It was not possible: with a reason, and without a trace. */
static void check_failed(const struct trial *t)
{
	const struct sk_buff *skb = &t->skb;
	u8 *now = malloc(skb->len + 1);

	fuzz_check(t->in->fail || skb->restless, "failed without a reason");
	fuzz_check(skb->len == t->o.len, "has got shorter");
	shim_skb_read(skb, now);
	fuzz_check(!memcmp(now, t->o.before, skb->len), "written in part");
	fuzz_check(skb->restless || !memcmp(now, t->first, skb->len),
		   "changed");
	free(now);
}

static void check_follows(const struct svcnat_tuple *was,
			  const struct svcnat_tuple *is,
			  const struct svcnat_rewrite *to, bool src)
{
	fuzz_check(!memcmp(src ? &is->src : &is->dst, &to->addr, 16),
		   "address in the tuple");
	fuzz_check(!memcmp(src ? &is->dst : &is->src,
			   src ? &was->dst : &was->src, 16),
		   "other address in the tuple");
	fuzz_check((src ? is->sport : is->dport) == to->port &&
		   (src ? is->dport : is->sport) == to->other_port,
		   "ports in the tuple");
}

/* The rewrite that undoes the one of @o */
static void reverse_of(const struct svcnat_tuple *was, bool src,
		       const struct svcnat_rewrite *to,
		       struct svcnat_rewrite *back)
{
	*back = *to;
	back->addr = src ? was->src : was->dst;
	back->port = src ? was->sport : was->dport;
	back->other_port = src ? was->dport : was->sport;
}

static void check_back(struct trial *t)
{
	shim_skb_read(&t->skb, t->o.after);
	oracle_check_back(&t->o, t->o.after);
}

static void try_rewrite(struct trial *t)
{
	const bool src = t->o.to.side == SVCNAT_SOURCE;
	const struct svcnat_tuple *was = &t->o.packet.tuple;
	struct svcnat_rewrite back;

	if (!svcnat_nat_rewrite(&t->skb, &t->packet, &t->o.to)) {
		check_failed(t);
		return;
	}
	take_after(t);
	oracle_check(&t->o);
	check_follows(was, &t->packet.tuple, &t->o.to, src);

	t->skb.pulled = NULL;
	reverse_of(was, src, &t->o.to, &back);
	t->skb.restless = false;
	t->skb.fail = 0;
	fuzz_check(svcnat_nat_rewrite(&t->skb, &t->packet, &back), "no way back");
	check_back(t);
	if (t->o.ip_summed == CHECKSUM_COMPLETE)
		fuzz_check(t->skb.csum % 65535 == t->o.csum_before % 65535,
			   "csum is not back");
}

/* Can the reverse know which addresses of the error itself to change? */
static bool reversible(const struct trial *t)
{
	const struct svcnat_packet *p = &t->o.packet;
	const struct svcnat_tuple *q = &p->quote.tuple;

	if (t->o.to.side == SVCNAT_DESTINATION)
		return !memcmp(&p->tuple.dst, &q->src, 16);
	return !memcmp(&p->tuple.src, &q->dst, 16) ||
	       memcmp(&p->tuple.src, &t->o.to.addr, 16);
}

static void try_error(struct trial *t)
{
	/* What the error would get as its source is the quoted destination. */
	const bool src = t->o.to.side != SVCNAT_SOURCE;
	const struct svcnat_tuple *was = &t->o.packet.quote.tuple;
	struct svcnat_rewrite back;

	if (!svcnat_nat_rewrite_error(&t->skb, &t->packet, &t->o.to)) {
		check_failed(t);
		return;
	}
	take_after(t);
	oracle_check_error(&t->o);
	check_follows(was, &t->packet.quote.tuple, &t->o.to, src);
	if (!reversible(t))
		return;

	t->skb.pulled = NULL;
	reverse_of(was, src, &t->o.to, &back);
	t->skb.restless = false;
	t->skb.fail = 0;
	fuzz_check(svcnat_nat_rewrite_error(&t->skb, &t->packet, &back),
		   "no way back");
	check_back(t);
}

static void try_abort(struct trial *t)
{
	const bool tcp = t->packet.tuple.proto == IPPROTO_TCP;
	u8 flags;

	if (!svcnat_nat_abort(&t->skb, &t->packet)) {
		check_failed(t);
		return;
	}
	flags = t->o.before[t->packet.l4 + 13];
	take_after(t);
	oracle_check_abort(&t->o);
	fuzz_check(t->packet.len == t->skb.len - t->packet.l3 &&
		   !t->packet.payload, "facts");
	/* RST, and ACK if it has one by now */
	fuzz_check(t->packet.tcp == (tcp ? 0x04 | (flags & 0x10) : 0x04),
		   "%#x", t->packet.tcp);
	fuzz_check(t->skb.ip_summed == CHECKSUM_NONE && !t->skb.gso,
		   "still to be summed, or segmented");
}

static void check_sound(const struct trial *t)
{
	bool vouched = t->skb.ip_summed == CHECKSUM_UNNECESSARY ||
		       t->skb.ip_summed == CHECKSUM_PARTIAL;
	bool sound = svcnat_packet_error_sound(&t->skb, &t->packet);

	/* Of two sums over what changes one may be right. */
	fuzz_check(t->skb.restless || sound ==
		   (vouched || oracle_sound(t->first, t->skb.len, &t->packet)),
		   "sound or not");
}

/* What opens a connection: UDP; SYN or INIT without any other of these bits */
static void check_opens(const struct svcnat_packet *p)
{
	const u8 bits = p->tcp & 0x17;

	fuzz_check(svcnat_packet_opens(p) ==
		   (p->tuple.proto == IPPROTO_UDP || bits == 0x02),
		   "opens or not");
}

static void try(struct trial *t)
{
	begin(t);
	if (t->parsed == SVCNAT_PARSED_ERROR) {
		check_sound(t);
		try_error(t);
	} else if (t->in->side & INPUT_ABORT &&
		   t->packet.tuple.proto != IPPROTO_UDP) {
		try_abort(t);
	} else {
		check_opens(&t->packet);
		try_rewrite(t);
	}
	end(t);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct trial t = { .in = (const struct input *)data };

	if (size < sizeof(*t.in))
		return 0;
	shim_reset(t.in->seed);
	input_skb(t.in, size, &t.skb);
	input_split(t.in, &t.skb);
	memset(&t.packet, 0, sizeof(t.packet));
	t.parsed = svcnat_packet_parse(&t.skb, input_family(t.in), &t.packet);
	if (t.parsed == SVCNAT_PARSED || t.parsed == SVCNAT_PARSED_ERROR)
		try(&t);
	shim_skb_free(&t.skb);
	return 0;
}
