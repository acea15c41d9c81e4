/* SPDX-License-Identifier: GPL-2.0-only */
/* The flows that must be in a table, as a list with nothing clever. */
#ifndef _FUZZ_LEDGER_H
#define _FUZZ_LEDGER_H

#include "flows.h"

#define LEDGER_MOST	160

/**
 * struct ledger_key - what a packet of a flow looks like, and what becomes of it
 * @tuple: what it says
 * @stage: where
 * @to: what becomes of it
 */
struct ledger_key {
	struct svcnat_tuple	tuple;
	enum svcnat_stage	stage;
	struct svcnat_rewrite	to;
};

/**
 * struct ledger_flow - a flow
 * @spec: what was asked for
 * @history: its packets
 * @key: as line.h tells them: requests and replies, then those once more
 * @keys: how many
 * @memory: where it is
 * @generation: which one there
 */
struct ledger_flow {
	struct svcnat_flow_spec	spec;
	struct history		history;
	struct ledger_key	key[4];
	u32			keys;
	const void		*memory;
	u32			generation;
};

/**
 * struct ledger - all flows
 * @flow: the flows
 * @num: how many
 */
struct ledger {
	struct ledger_flow	flow[LEDGER_MOST];
	u32			num;
};

void ledger_make(struct ledger_flow *flow, const struct svcnat_flow_spec *spec);
int ledger_clash(const struct ledger *l, const struct ledger_flow *flow,
		 bool *with);
int ledger_find(const struct ledger *l, const struct svcnat_tuple *tuple,
		enum svcnat_stage stage, u32 *key);
void ledger_add(struct ledger *l, const struct ledger_flow *flow);
void ledger_remove(struct ledger *l, u32 i);

#endif /* _FUZZ_LEDGER_H */
