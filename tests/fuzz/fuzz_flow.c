// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of flows against a list of them: what is made, found, ended and
 * expired, under pressure, while the table grows and shrinks, and with hits
 * that were taken long ago.
 */
#include "shim.h"

#include "flow_trial.h"

#define TURN		40	/* slices that make more than a turn of expiry */

/* Any flow, by any of its keys */
static struct ledger_flow *choose(struct feed *f, struct svcnat_hit *hit)
{
	const u8 which = feed_u8(f), by = feed_u8(f);
	struct ledger_flow *flow;

	if (!trial.ledger.num)
		return NULL;
	flow = &trial.ledger.flow[which % trial.ledger.num];
	fuzz_check(trial_find(&flow->key[by % flow->keys], hit), "not found");
	return flow;
}

static void keep_stale(const struct svcnat_hit *hit)
{
	trial.stale = *hit;
	trial.has_stale = true;
}

static void kill(struct feed *f)
{
	static const enum svcnat_stat reasons[] = {
		SVCNAT_STAT_FLOW_DELETED, SVCNAT_STAT_FLOW_EXPIRED,
		SVCNAT_STAT_FLOW_EVICTED,
	};
	const enum svcnat_stat why = reasons[feed_u8(f) % 3];
	struct ledger_flow *flow;
	struct svcnat_hit hit;
	u32 i;
	bool killed, may = true, must = true;

	flow = choose(f, &hit);
	if (!flow)
		return;
	i = flow - trial.ledger.flow;
	if (why == SVCNAT_STAT_FLOW_EXPIRED) {
		may = trial_may_expire(i);
		must = trial_must_expire(i);
	} else if (why == SVCNAT_STAT_FLOW_EVICTED) {
		may = history_half_open(&flow->history) ||
		      history_over(&flow->history);
		must = may;
	}
	killed = svcnat_flow_kill(&trial.flows, &hit, why);
	fuzz_check(killed ? may : !must, "killed, or not: %d", why);
	if (!killed)
		return;
	keep_stale(&hit);
	ledger_remove(&trial.ledger, i);
}

static void bury(struct feed *f)
{
	struct ledger_flow *flow;
	struct svcnat_hit hit;
	bool buried;
	u32 i;

	flow = choose(f, &hit);
	if (!flow)
		return;
	i = flow - trial.ledger.flow;
	buried = svcnat_flow_bury(&trial.flows, &hit);
	fuzz_check(buried ? trial_may_expire(i) || history_over(&flow->history) :
			    !trial_must_expire(i) && !history_over(&flow->history),
		   "buried, or not");
	if (!buried)
		return;
	keep_stale(&hit);
	ledger_remove(&trial.ledger, i);
}

static void mark(struct feed *f)
{
	struct svcnat_packet packet = {};
	const u8 kind = feed_u8(f);
	struct ledger_flow *flow;
	struct svcnat_hit hit;
	struct event e;

	flow = choose(f, &hit);
	if (!flow || flow->history.num == HISTORY)
		return;
	e = (struct event){ .direction = kind & 1, .payload = kind & 2 };
	if (flow->history.proto != IPPROTO_UDP)
		e.tcp = (kind >> 2 & 7) | (kind & 0x20 ? SVCNAT_TCP_ACK : 0);
	trial_find(&flow->key[e.direction], &hit);
	packet.tuple = flow->key[e.direction].tuple;
	packet.tcp = e.tcp;
	packet.payload = e.payload;
	e.proof = kind & 0x40 ? 7 : 8;
	packet.proof = e.proof;
	svcnat_flow_mark(&hit, &packet);
	history_add(&flow->history, &e);
}

/* What was meant for a flow that is no more reaches none. */
static void use_stale(void)
{
	struct svcnat_packet packet = {
		.tcp = SVCNAT_TCP_RST, .tuple.proto = IPPROTO_TCP,
	};
	struct svcnat_hit hit = trial.stale;

	if (!trial.has_stale)
		return;
	trial.has_stale = false;
	fuzz_check(!svcnat_flow_kill(&trial.flows, &hit, SVCNAT_STAT_FLOW_DELETED),
		   "killed once more");
	fuzz_check(!svcnat_flow_reopen(&trial.flows, &hit), "reopened");
	svcnat_flow_mark(&hit, &packet);
}

static void look(struct feed *f)
{
	struct svcnat_flow_spec spec;
	struct ledger_flow flow;
	struct svcnat_hit hit;
	u32 i, key;
	int there;

	trial_spec(f, &spec);
	ledger_make(&flow, &spec);
	for (i = 0; i < flow.keys; i++) {
		there = ledger_find(&trial.ledger, &flow.key[i].tuple,
				    flow.key[i].stage, &key);
		fuzz_check(trial_find(&flow.key[i], &hit) == (there >= 0),
			   "found or not");
		if (there >= 0)
			trial_check_hit(&trial.ledger.flow[there], key, &hit);
	}
}

static void expire(void)
{
	u32 i;

	for (i = 0; i < TURN; i++)
		svcnat_flows_expire(&trial.flows);
	rcu_read_lock();
	trial_reconcile(false, NULL);
	rcu_read_unlock();
	for (i = 0; i < trial.ledger.num; i++)
		fuzz_check(!trial_must_expire(i), "outlives its timeout");
}

static void resize(struct feed *f)
{
	const u32 entries = 1U << (feed_u8(f) & 15);

	if (svcnat_table_drain(&trial.flows.table, 0))
		svcnat_table_resize(&trial.flows.table, entries);
	svcnat_table_drain(&trial.flows.table, 8 * feed_u8(f));
}

struct visits {
	u32			num;
	struct svcnat_account	*victim;
	bool			seen[LEDGER_MOST];
};

static enum svcnat_visit visit(const struct svcnat_flows *flows,
			       const struct svcnat_hit *hit, void *arg)
{
	struct svcnat_flow_view view;
	struct visits *v = arg;
	u32 key;
	int i;

	fuzz_check(svcnat_flow_view(hit, &view), "a flow that is gone");
	i = ledger_find(&trial.ledger, &view.tuple, SVCNAT_PRE, &key);
	fuzz_check(i >= 0 && !key, "a ghost");
	trial_check_hit(&trial.ledger.flow[i], 0, hit);
	fuzz_check(view.state == history_state(&trial.ledger.flow[i].history),
		   "state that is shown");
	v->num += !v->seen[i];
	v->seen[i] = true;
	return hit->endpoint == v->victim ? SVCNAT_VISIT_DELETE :
					    SVCNAT_VISIT_NEXT;
}

static void walk(struct feed *f)
{
	const u8 kind = feed_u8(f);
	struct visits v = { .victim = kind & 8 ? trial_account(kind) : NULL };
	u32 i, bucket = 0, skip = 0;

	fuzz_check(svcnat_flows_walk(&trial.flows, &bucket, &skip, visit, &v),
		   "stopped");
	fuzz_check(v.num == trial.ledger.num, "visited %u", v.num);
	for (i = trial.ledger.num; i--;)
		if (trial.ledger.flow[i].spec.endpoint == v.victim)
			ledger_remove(&trial.ledger, i);
}

static void packet_step(struct feed *f, u8 what)
{
	local_bh_disable();
	rcu_read_lock();
	switch (what) {
	case 0 ... 4:
		trial_insert(f);
		break;
	case 5 ... 7:
		mark(f);
		break;
	case 8:
		kill(f);
		break;
	case 9:
		bury(f);
		break;
	default:
		use_stale();
	}
	look(f);
	rcu_read_unlock();
	local_bh_enable();
}

static void set_max(u32 max)
{
	trial.max = max;
	svcnat_quota_set(&trial.flows.quota, max);
}

static void step(struct feed *f)
{
	const u8 what = feed_u8(f);
	u32 i;

	/* Who has a hit is a reader still. */
	if (!trial.has_stale)
		shim_grace_period();
	shim_cpu = what >> 7;
	switch (what & 15) {
	case 11:
		expire();
		break;
	case 12:
		resize(f);
		break;
	case 13:
		walk(f);
		break;
	case 14:
		shim_jiffies += (u64)feed_u8(f) << (what >> 4 & 3);
		break;
	case 15:
		if (what & 0x40)
			set_max(feed_u8(f) % (LEDGER_MOST - 1));
		shim_memory = what & 0x20 ? 0 : -1;
		break;
	default:
		packet_step(f, what & 15);
	}
	rcu_read_lock();
	for (i = 0; i < trial.ledger.num; i++)
		fuzz_check(trial_has(&trial.ledger.flow[i]), "lost");
	rcu_read_unlock();
	trial_check_balance();
}

/* At first there is memory for so much; then for all. */
static void make(u8 pieces)
{
	struct svcnat_stats *stats = alloc_percpu_gfp(struct svcnat_stats, 0);

	shim_memory = pieces;
	if (svcnat_flows_module_init()) {
		fuzz_check(pieces < SVCNAT_LAYOUTS, "caches");
		shim_memory = -1;
		fuzz_check(!svcnat_flows_module_init(), "caches");
		shim_memory = pieces;
	}
	if (svcnat_flows_init(&trial.flows, &trial.net, &trial.filter, stats,
			      &trial.worker)) {
		fuzz_check(!shim_memory, "flows");
		shim_memory = -1;
		fuzz_check(!svcnat_flows_init(&trial.flows, &trial.net,
					      &trial.filter, stats,
					      &trial.worker), "flows");
		shim_memory = pieces;
	}
	if (svcnat_flows_start(&trial.flows)) {
		fuzz_check(!shim_memory, "not started");
		shim_memory = -1;
		fuzz_check(!svcnat_flows_start(&trial.flows), "not started");
	}
	shim_memory = -1;
}

static void begin(struct feed *f)
{
	const u8 kind = feed_u8(f);
	u32 i;

	memset(&trial, 0, sizeof(trial));
	shim_reset(1);
	trial.weak = kind & 0x80;
	shim_hash_mask = trial.weak ? 1 : U32_MAX;
	for (i = 0; i < ACCOUNTS; i++)
		svcnat_account_init(&trial.account[i], &trial.net);
	make(feed_u8(f) & 15);
	for (i = 0; i < SVCNAT_TIMEOUTS; i++)
		trial.flows.timeout[i] = 1 + (kind >> 2 & 15) * (i + 1);
	trial.large = kind & 1;
	if (trial.large)
		trial.max = trial.flows.quota.max;
	else
		set_max(LEDGER_MOST - 1);
}

static void end(void)
{
	u32 i;

	shim_memory = -1;
	svcnat_flows_exit(&trial.flows);
	svcnat_filter_exit(&trial.filter);
	free_percpu(trial.flows.stats);
	for (i = 0; i < ACCOUNTS; i++) {
		struct svcnat_sums sums = {};

		svcnat_account_sum(&trial.account[i], &sums);
		fuzz_check(sums.opened == sums.closed, "account %u", i);
		svcnat_account_exit(&trial.account[i]);
	}
	svcnat_flows_module_exit();
	shim_end();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { .at = data, .left = size };

	begin(&f);
	while (f.left)
		step(&f);
	end();
	return 0;
}
