/* SPDX-License-Identifier: GPL-2.0-only */
/* A table of flows and the list that it is compared with. */
#ifndef _FUZZ_FLOW_TRIAL_H
#define _FUZZ_FLOW_TRIAL_H

#include "ledger.h"
#include "feed.h"

#define ACCOUNTS	4	/* the last is that of direct flows */

/**
 * struct trial - an input at work
 * @net: the netns
 * @flows: the table
 * @filter: of the netns
 * @worker: of the table
 * @account: what flows are charged to
 * @ledger: the flows that must be there
 * @max: the limit on them
 * @large: it was so large at first that CPUs may keep some of it in reserve
 * @weak: the hash is so bad that chains may be full
 * @stale: a hit of a flow that was killed since
 * @has_stale: there is one
 */
struct trial {
	struct net		net;
	struct svcnat_flows	flows;
	struct svcnat_filter	filter;
	struct delayed_work	worker;
	struct svcnat_account	account[ACCOUNTS];
	struct ledger		ledger;
	u32			max;
	bool			large;
	bool			weak;
	struct svcnat_hit	stale;
	bool			has_stale;
};

extern struct trial trial;

/* flow_trial.c: what must hold */
struct svcnat_account *trial_account(u8 i);
bool trial_find(const struct ledger_key *key, struct svcnat_hit *hit);
void trial_check_hit(const struct ledger_flow *flow, u32 i,
		     const struct svcnat_hit *hit);
bool trial_has(const struct ledger_flow *flow);
void trial_check_balance(void);
bool trial_may_expire(u32 i);
bool trial_must_expire(u32 i);
u32 trial_reconcile(bool full, const bool *clash);

/* flow_insert.c: a flow is made, or why not */
void trial_spec(struct feed *f, struct svcnat_flow_spec *spec);
void trial_insert(struct feed *f);

#endif /* _FUZZ_FLOW_TRIAL_H */
