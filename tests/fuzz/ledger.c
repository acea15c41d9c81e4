// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

#include "ledger.h"

static bool same_tuple(const struct svcnat_tuple *a,
		       const struct svcnat_tuple *b)
{
	return a->family == b->family && a->proto == b->proto &&
	       a->sport == b->sport && a->dport == b->dport &&
	       !memcmp(&a->src, &b->src, 16) && !memcmp(&a->dst, &b->dst, 16);
}

static void add_key(struct ledger_flow *flow, enum svcnat_stage stage,
		    const union nf_inet_addr *src, __be16 sport,
		    const union nf_inet_addr *dst, __be16 dport,
		    const union nf_inet_addr *addr, __be16 port, __be16 other)
{
	struct ledger_key *key = &flow->key[flow->keys++];

	key->tuple = flow->spec.tuple;
	key->tuple.src = *src;
	key->tuple.dst = *dst;
	key->tuple.sport = sport;
	key->tuple.dport = dport;
	key->stage = stage;
	key->to.addr = *addr;
	key->to.port = port;
	key->to.other_port = other;
	key->to.side = stage == SVCNAT_PRE ? SVCNAT_DESTINATION : SVCNAT_SOURCE;
}

/* The two tables on top of line.h */
void ledger_make(struct ledger_flow *flow, const struct svcnat_flow_spec *spec)
{
	const union nf_inet_addr *c = &spec->tuple.src, *v = &spec->tuple.dst;
	const union nf_inet_addr *e = &spec->addr, *n = &spec->masq_addr;
	const __be16 cp = spec->tuple.sport, vp = spec->tuple.dport;
	const __be16 ep = spec->port, np = spec->masq_port;
	const __be16 sp = spec->shift ? spec->shift : cp;

	memset(flow, 0, sizeof(*flow));
	flow->spec = *spec;
	flow->history.proto = spec->tuple.proto;
	flow->history.last = shim_jiffies;
	add_key(flow, SVCNAT_PRE, c, cp, v, vp, e, ep, sp);
	if (!spec->masquerade) {
		add_key(flow, SVCNAT_POST, e, ep, c, sp, v, vp, cp);
		return;
	}
	add_key(flow, SVCNAT_PRE, e, ep, n, np, c, sp, ep);
	add_key(flow, SVCNAT_POST, c, sp, e, ep, n, np, ep);
	add_key(flow, SVCNAT_POST, e, ep, c, sp, v, vp, cp);
}

/* Has a flow such a key, at that stage or at @either? */
static bool has_key(const struct ledger_flow *flow,
		    const struct ledger_key *key, bool either)
{
	u32 i;

	for (i = 0; i < flow->keys; i++)
		if (same_tuple(&flow->key[i].tuple, &key->tuple) &&
		    (either || flow->key[i].stage == key->stage))
			return true;
	return false;
}

/**
 * ledger_clash() - why can a flow not be?
 * @l: the flows that there are
 * @flow: the flow
 * @with: written: which of them are in the way
 *
 * Return: what svcnat_flow_insert() says to that, or 0.
 */
int ledger_clash(const struct ledger *l, const struct ledger_flow *flow,
		 bool *with)
{
	static const int errors[] = {
		-EEXIST, -EADDRINUSE, -ENOTUNIQ, -ENOTUNIQ,
	};
	const struct ledger_key *key = flow->key;
	u32 i, j, n;

	memset(with, 0, l->num * sizeof(*with));
	for (i = 0; i < flow->keys; i++) {
		/* What the client sends is known to us alone. */
		for (j = 0, n = 0; j < l->num; j++)
			n += with[j] = has_key(&l->flow[j], &key[i], i > 0);
		if (n)
			return errors[i];
	}
	if (flow->keys > 2 && same_tuple(&key[0].tuple, &key[1].tuple))
		return -EADDRINUSE;
	if (flow->keys > 2 && same_tuple(&key[2].tuple, &key[3].tuple))
		return -ENOTUNIQ;
	return 0;
}

/* Which flow has a packet, and by which key; -1: none */
int ledger_find(const struct ledger *l, const struct svcnat_tuple *tuple,
		enum svcnat_stage stage, u32 *key)
{
	u32 i;

	for (i = 0; i < l->num; i++)
		for (*key = 0; *key < l->flow[i].keys; (*key)++)
			if (l->flow[i].key[*key].stage == stage &&
			    same_tuple(&l->flow[i].key[*key].tuple, tuple))
				return i;
	return -1;
}

void ledger_add(struct ledger *l, const struct ledger_flow *flow)
{
	fuzz_check(l->num < LEDGER_MOST, "too many");
	l->flow[l->num++] = *flow;
}

void ledger_remove(struct ledger *l, u32 i)
{
	l->flow[i] = l->flow[--l->num];
}
