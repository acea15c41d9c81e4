// SPDX-License-Identifier: GPL-2.0-only
/*
 * One connection, whose packets go both ways while time passes: what the flow
 * remembers of them decides as the whole history would.
 */
#include "shim.h"

#include "flows.h"
#include "feed.h"

/**
 * struct trial - an input at work
 * @net: of the flow
 * @flows: the table that it is in, which is not there
 * @spec: the flow
 * @flow: its memory
 * @endpoint: it is charged to
 * @frontend: it is charged to
 * @history: its packets
 * @packet: the one that comes
 */
struct trial {
	struct net		net;
	struct svcnat_flows	flows;
	struct svcnat_flow_spec	spec;
	struct svcnat_flow	*flow;
	struct svcnat_account	endpoint;
	struct svcnat_account	frontend;
	struct history		history;
	struct svcnat_packet	packet;
};

static struct trial t;

static void begin(struct feed *f)
{
	static const u8 protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_TCP,
	};
	const u8 kind = feed_u8(f);
	struct svcnat_tuple *tuple = &t.spec.tuple;
	enum svcnat_layout layout;
	u32 i;

	memset(&t, 0, sizeof(t));
	tuple->family = kind & 1 ? AF_INET6 : AF_INET;
	tuple->proto = protos[kind >> 1 & 3];
	tuple->src = feed_addr(f, tuple->family, 8);
	tuple->dst = feed_addr(f, tuple->family, 8);
	tuple->sport = feed_u16(f);
	tuple->dport = feed_u16(f);
	t.spec.addr = feed_addr(f, tuple->family, 8);
	t.spec.port = feed_u16(f);
	t.spec.masquerade = kind & 8;
	t.spec.masq_addr = feed_addr(f, tuple->family, 8);
	t.spec.masq_port = feed_u16(f);
	t.spec.shift = kind & 16 ? feed_u16(f) : 0;
	t.spec.endpoint = &t.endpoint;
	t.spec.frontend = kind & 32 ? &t.endpoint : &t.frontend;
	svcnat_account_init(&t.endpoint, &t.net);
	svcnat_account_init(&t.frontend, &t.net);
	t.flows.stats = alloc_percpu_gfp(struct svcnat_stats, 0);
	for (i = 0; i < SVCNAT_TIMEOUTS; i++)
		t.flows.timeout[i] = 1 + feed_u8(f) * 7;
	layout = t.spec.masquerade ? SVCNAT_FULL4 : SVCNAT_PLAIN4;
	if (tuple->family == AF_INET6)
		layout += SVCNAT_PLAIN6 - SVCNAT_PLAIN4;
	if (posix_memalign((void **)&t.flow, SVCNAT_FLOW_ALIGN,
			   svcnat_memory_size(layout)))
		abort();
	svcnat_memory_construct(t.flow, layout);
	svcnat_flow_fill(t.flow, &t.spec);
	svcnat_flow_revive(t.flow);
	t.history.proto = tuple->proto;
	t.history.last = shim_jiffies;
}

static void end(void)
{
	free(t.flow);
	free_percpu(t.flows.stats);
	svcnat_account_exit(&t.endpoint);
	svcnat_account_exit(&t.frontend);
}

/* What a packet of that direction says at its first stage */
static void first_tuple(u8 direction, struct svcnat_tuple *tuple)
{
	*tuple = t.spec.tuple;
	if (direction == SVCNAT_REQUEST)
		return;
	tuple->src = t.spec.addr;
	tuple->sport = t.spec.port;
	tuple->dst = t.spec.masquerade ? t.spec.masq_addr : t.spec.tuple.src;
	tuple->dport = t.spec.masquerade ? t.spec.masq_port :
		       t.spec.shift ?: t.spec.tuple.sport;
}

static void find(u8 direction, struct svcnat_hit *hit)
{
	enum svcnat_stage stage = direction == SVCNAT_REPLY &&
				  !t.spec.masquerade ? SVCNAT_POST : SVCNAT_PRE;
	struct svcnat_tuple tuple;
	struct net other;

	first_tuple(direction, &tuple);
	fuzz_check(svcnat_key_match(svcnat_flow_key(t.flow, direction), &t.net,
				    &tuple, stage, hit), "not found");
	fuzz_check(hit->direction == direction && !hit->second, "direction");
	fuzz_check(!svcnat_key_match(svcnat_flow_key(t.flow, direction), &other,
				     &tuple, stage, hit),
		   "found from another netns");
	svcnat_key_match(svcnat_flow_key(t.flow, direction), &t.net, &tuple,
			 stage, hit);
}

static void check_state(u8 direction)
{
	const struct history *h = &t.history;
	struct svcnat_flow_view view;
	struct svcnat_life life;
	struct svcnat_hit hit;
	bool expired;

	find(direction, &hit);
	svcnat_line_life(&hit, &life);
	fuzz_check(svcnat_state_of(h->proto, life.request, life.reply) ==
		   history_state(h), "state %d, not %d",
		   svcnat_state_of(h->proto, life.request, life.reply),
		   history_state(h));
	fuzz_check(t.flows.timeout[svcnat_state_timeout(h->proto,
							history_state(h))] ==
		   history_timeout(h, t.flows.timeout), "timeout");
	fuzz_check(svcnat_state_half_open(h->proto, life.request,
					  life.reply) == history_half_open(h),
		   "half open or not");
	fuzz_check(svcnat_state_closing(life.request, life.reply) ==
		   history_over(h), "over or not");
	fuzz_check(svcnat_state_aborted(life.request, life.reply) ==
		   history_aborted(h), "aborted or not");
	expired = svcnat_flow_expired(&t.flows, &hit, &life);
	fuzz_check(!expired || history_may_expire(h, t.flows.timeout), "early");
	fuzz_check(expired || !history_must_expire(h, t.flows.timeout), "late");

	find(SVCNAT_REQUEST, &hit);
	fuzz_check(svcnat_flow_view(&hit, &view), "no view");
	fuzz_check(view.state == history_state(h), "state that is shown");
	fuzz_check(!memcmp(&view.tuple.src, &t.spec.tuple.src, 16) &&
		   !memcmp(&view.addr, &t.spec.addr, 16) &&
		   view.port == t.spec.port, "addresses that are shown");
	fuzz_check(view.idle <= (shim_jiffies - h->last) / HZ + 2 &&
		   view.idle + 2 >= (shim_jiffies - h->last) / HZ,
		   "idle that is shown: %u", view.idle);
}

/* In the words of svcnat_flow_review() */
static enum svcnat_review expected(const struct event *e, u8 flags)
{
	const struct history *h = &t.history;
	const bool opens = e->direction == SVCNAT_REQUEST && history_begins(e);
	const bool removed = flags & SVCNAT_ACCOUNT_REMOVED;

	if (h->proto == IPPROTO_UDP)
		return flags && e->direction == SVCNAT_REQUEST ?
		       SVCNAT_REVIEW_FORGET : SVCNAT_REVIEW_KEEP;
	if ((flags && opens && history_half_open(h)) ||
	    (flags & SVCNAT_ACCOUNT_RESET && opens) ||
	    (removed && !history_answered(h)) ||
	    (removed && e->tcp & SVCNAT_TCP_SYN &&
	     e->direction == SVCNAT_REPLY &&
	     history_syn_again(h, SVCNAT_REQUEST)))
		return SVCNAT_REVIEW_FORGET;
	if (opens && history_over(h))
		return SVCNAT_REVIEW_REOPEN;
	return opens && history_aborted(h) ? SVCNAT_REVIEW_RECONSIDER :
					     SVCNAT_REVIEW_KEEP;
}

/* A new connection: its first packet is all that there was. */
static void reopen(struct svcnat_hit *hit, const struct event *e)
{
	struct svcnat_sums sums = {};

	svcnat_account_sum(&t.endpoint, &sums);
	fuzz_check(svcnat_flow_reopen(&t.flows, hit), "not to be reopened");
	t.history.num = 0;
	history_add(&t.history, e);
	svcnat_flow_mark(hit, &t.packet);
	svcnat_account_sum(&t.endpoint, &sums);
	fuzz_check(sums.opened == sums.closed, "as many flows as before");
}

static void packet(struct feed *f, u8 kind)
{
	static const u8 flags[] = {
		0, SVCNAT_ACCOUNT_UNREADY, SVCNAT_ACCOUNT_REMOVED,
		SVCNAT_ACCOUNT_REMOVED | SVCNAT_ACCOUNT_RESET,
	};
	struct event e = { .direction = kind & 1, .payload = kind & 2 };
	struct svcnat_hit hit;
	enum svcnat_review review;

	memset(&t.packet, 0, sizeof(t.packet));
	first_tuple(e.direction, &t.packet.tuple);
	if (t.history.proto != IPPROTO_UDP)
		e.tcp = (kind >> 2 & 7) | (kind & 0x20 ? SVCNAT_TCP_ACK : 0);
	t.packet.tcp = e.tcp;
	t.packet.payload = e.payload;
	e.proof = kind & 0x40 ? 7 : 8;
	t.packet.proof = e.proof;
	t.endpoint.flags = flags[feed_u8(f) & 3];
	find(e.direction, &hit);
	review = svcnat_flow_review(&hit, &t.packet);
	fuzz_check(review == expected(&e, t.endpoint.flags), "review: %d, not %d",
		   review, expected(&e, t.endpoint.flags));
	if (review == SVCNAT_REVIEW_REOPEN) {
		reopen(&hit, &e);
		return;
	}
	svcnat_flow_mark(&hit, &t.packet);
	history_add(&t.history, &e);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { .at = data, .left = size };

	shim_reset(1);
	begin(&f);
	local_bh_disable();
	rcu_read_lock();
	while (f.left && t.history.num < HISTORY) {
		const u8 kind = feed_u8(&f);

		if (kind & 0x80)
			shim_jiffies += (u64)(kind & 7) << (kind >> 3 & 15);
		else
			packet(&f, kind);
		check_state(kind & 1);
	}
	rcu_read_unlock();
	local_bh_enable();
	end();
	shim_end();
	return 0;
}
