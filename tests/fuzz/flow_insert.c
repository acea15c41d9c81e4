// SPDX-License-Identifier: GPL-2.0-only
/* The one operation that has to say why not. */
#include "shim.h"

#include "flow_trial.h"

#define RESERVE		512	/* two CPUs, four batches: see quota.c */

void trial_spec(struct feed *f, struct svcnat_flow_spec *spec)
{
	static const u8 protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_TCP,
	};
	const u8 kind = feed_u8(f), more = feed_u8(f);
	struct svcnat_tuple *tuple = &spec->tuple;

	memset(spec, 0, sizeof(*spec));
	tuple->family = kind & 1 ? AF_INET6 : AF_INET;
	tuple->proto = protos[kind >> 1 & 3];
	tuple->src = feed_addr(f, tuple->family, 6);
	tuple->dst = feed_addr(f, tuple->family, 6);
	tuple->sport = htons(1 + (kind >> 3 & 3));
	tuple->dport = htons(1 + (kind >> 5 & 1));
	spec->addr = feed_addr(f, tuple->family, 6);
	spec->port = htons(1 + (kind >> 6 & 1));
	spec->masquerade = kind & 0x80;
	spec->masq_addr = feed_addr(f, tuple->family, 4);
	spec->masq_port = htons(1 + (more & 3));
	spec->shift = more & 4 ? htons(1 + (more >> 3 & 3)) : 0;
	spec->endpoint = trial_account(more >> 5);
	spec->frontend = spec->endpoint == &trial.flows.direct ? spec->endpoint :
							     trial_account(more >> 6 & 1);
}

/* A flow in its memory: another one there has another generation. */
static void take_memory(struct ledger_flow *flow, const struct svcnat_hit *hit)
{
	flow->memory = svcnat_line_flow(hit->line);
	flow->generation = svcnat_word_generation(hit->word);
}

/* Who is alone in the way of another, and over, must go. */
static bool stays_in_the_way(const bool *clash)
{
	u32 i, last = 0, n = 0;

	for (i = 0; i < trial.ledger.num; i++) {
		if (!clash[i])
			continue;
		last = i;
		n++;
	}
	return n == 1 && (trial_must_expire(last) ||
			  history_over(&trial.ledger.flow[last].history));
}

static bool is_full(void)
{
	return trial.ledger.num + (trial.large ? RESERVE : 0) >= trial.max;
}

/* What an insertion said is what it must say, when what has gone is gone. */
static void check_insert(int err, const struct ledger_flow *flow, bool full,
			 const bool *clash, int before)
{
	const bool stays = stays_in_the_way(clash);
	bool with[LEDGER_MOST];
	u32 gone;

	gone = trial_reconcile(full, before == -EEXIST ? NULL : clash);
	fuzz_check(gone <= (full ? 2 : 1), "%u have gone", gone);
	switch (err) {
	case -ENOSPC:
		/* The limit may have been lowered by more than one. */
		fuzz_check(full && (!gone || is_full()), "there was room");
		return;
	case -ENOMEM:
		fuzz_check(!shim_memory, "there was memory");
		return;
	case -EXFULL:
		fuzz_check(trial.weak, "full chains");
		return;
	case 0:
		fuzz_check(!ledger_clash(&trial.ledger, flow, with), "clashes");
		ledger_add(&trial.ledger, flow);
		fuzz_check(trial.ledger.num <= trial.max, "above the limit");
		return;
	}
	fuzz_check(err == ledger_clash(&trial.ledger, flow, with), "says %d", err);
	fuzz_check(err == -EEXIST || gone || !stays, "stays in the way");
}

/* The packet was not the first: this is what it finds. */
static void check_there(const struct svcnat_tuple *tuple,
			const struct svcnat_hit *hit)
{
	u32 key;
	int i = ledger_find(&trial.ledger, tuple, SVCNAT_PRE, &key);

	fuzz_check(i >= 0, "nothing is there");
	trial_check_hit(&trial.ledger.flow[i], key, hit);
}

void trial_insert(struct feed *f)
{
	const bool full = is_full();
	bool clash[LEDGER_MOST] = {};
	struct svcnat_flow_spec spec;
	struct ledger_flow flow;
	struct svcnat_hit hit;
	int err, before;

	trial_spec(f, &spec);
	ledger_make(&flow, &spec);
	before = ledger_clash(&trial.ledger, &flow, clash);
	err = svcnat_flow_insert(&trial.flows, &spec, &hit);
	if (!err) {
		trial_check_hit(&flow, 0, &hit);
		take_memory(&flow, &hit);
	}
	check_insert(err, &flow, full, clash, before);
	if (err == -EEXIST)
		check_there(&spec.tuple, &hit);
}
