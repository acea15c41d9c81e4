// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

#include "flow_trial.h"

struct trial trial;

struct svcnat_account *trial_account(u8 i)
{
	return i % ACCOUNTS == ACCOUNTS - 1 ? &trial.flows.direct :
					      &trial.account[i % ACCOUNTS];
}

bool trial_find(const struct ledger_key *key, struct svcnat_hit *hit)
{
	return svcnat_flow_find(&trial.flows, &key->tuple, key->stage, hit);
}

void trial_check_hit(const struct ledger_flow *flow, u32 i,
		     const struct svcnat_hit *hit)
{
	const struct svcnat_rewrite *to = &flow->key[i].to;

	fuzz_check(hit->direction == (i & 1) && hit->second == (i > 1),
		   "key %u", i);
	fuzz_check(!memcmp(&hit->rewrite.addr, &to->addr, 16) &&
		   hit->rewrite.port == to->port &&
		   hit->rewrite.other_port == to->other_port &&
		   hit->rewrite.side == to->side, "rewrite of key %u", i);
	fuzz_check(hit->endpoint == flow->spec.endpoint &&
		   hit->frontend == flow->spec.frontend, "accounts");
}

static bool is_of(const struct ledger_flow *flow, const struct svcnat_hit *hit)
{
	return svcnat_line_flow(hit->line) == flow->memory &&
	       svcnat_word_generation(hit->word) == flow->generation;
}

/* All keys of a flow lead to it; or none does, and it is gone. */
bool trial_has(const struct ledger_flow *flow)
{
	struct svcnat_hit hit;
	u32 i, n = 0;

	for (i = 0; i < flow->keys; i++) {
		if (!trial_find(&flow->key[i], &hit) || !is_of(flow, &hit))
			continue;
		trial_check_hit(flow, i, &hit);
		n++;
	}
	fuzz_check(!n || n == flow->keys, "half a flow");
	return n;
}

static u64 stat(enum svcnat_stat which)
{
	return svcnat_stat_sum(trial.flows.stats, which);
}

static void check_accounts(void)
{
	u32 i, j;

	for (i = 0; i < ACCOUNTS; i++) {
		struct svcnat_sums sums = {};
		u64 n = 0;

		for (j = 0; j < trial.ledger.num; j++) {
			const struct svcnat_flow_spec *s;

			s = &trial.ledger.flow[j].spec;
			n += s->endpoint == trial_account(i);
			n += s->frontend == trial_account(i) &&
			     s->frontend != s->endpoint;
		}
		svcnat_account_sum(trial_account(i), &sums);
		fuzz_check(sums.opened - sums.closed == n, "account %u", i);
	}
}

void trial_check_balance(void)
{
	const u64 gone = stat(SVCNAT_STAT_FLOW_EXPIRED) +
			 stat(SVCNAT_STAT_FLOW_EVICTED) +
			 stat(SVCNAT_STAT_FLOW_DELETED);

	fuzz_check(svcnat_flows_live(&trial.flows) == trial.ledger.num, "live: %u",
		   svcnat_flows_live(&trial.flows));
	fuzz_check(stat(SVCNAT_STAT_FLOW_NEW) == trial.ledger.num + gone,
		   "balance");
	check_accounts();
}

bool trial_may_expire(u32 i)
{
	return history_may_expire(&trial.ledger.flow[i].history, trial.flows.timeout);
}

bool trial_must_expire(u32 i)
{
	return history_must_expire(&trial.ledger.flow[i].history, trial.flows.timeout);
}

/* Flows have gone that may have; of @clash also those that are over. */
u32 trial_reconcile(bool full, const bool *clash)
{
	u32 i, gone = 0;

	for (i = trial.ledger.num; i--;) {
		const struct history *h = &trial.ledger.flow[i].history;

		if (trial_has(&trial.ledger.flow[i]))
			continue;
		fuzz_check(trial_may_expire(i) || (full && history_half_open(h)) ||
			   (clash && clash[i] && history_over(h)),
			   "a flow went without a reason");
		ledger_remove(&trial.ledger, i);
		gone++;
	}
	return gone;
}
