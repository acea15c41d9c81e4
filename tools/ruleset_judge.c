// SPDX-License-Identifier: GPL-2.0
/*
 * What rules do to a packet of which only some is known: neither who sends it
 * nor by which device it comes.  A condition holds, does not, or may.
 */
#include "ruleset.h"

#include <string.h>
#include <sys/socket.h>

#define JUMPS_MAX	16	/* as in the kernel */
#define STEPS_MAX	100000	/* rules that are looked at for a packet */

enum truth {
	NO,
	MAYBE,
	YES,
};

/**
 * struct walk - a packet on its way through a base chain
 * @set: the rules
 * @packet: the packet
 * @jumps: how deep we are
 * @steps: how many rules were asked
 * @may_end: a rule may have let it pass
 * @may_drop: a rule may have dropped it
 * @in: the chain of @rule
 * @rule: the first that may have, or the one that has
 */
struct walk {
	const struct ruleset *set;
	const struct rule_packet *packet;
	unsigned int jumps;
	unsigned int steps;
	bool may_end;
	bool may_drop;
	const struct rule_chain *in;
	const struct rule *rule;
};

static bool is_between(const struct rule_value *value, const struct addr *addr)
{
	return addr_compare(&value->low, addr) <= 0 &&
	       addr_compare(addr, &value->high) <= 0;
}

static bool is_name(const struct rule_value *value, const char *name)
{
	size_t length = strlen(value->name);

	if (!name)
		return false;
	if (length && value->name[length - 1] == '*')
		return !strncmp(value->name, name, length - 1);
	return !strcmp(value->name, name);
}

static bool is_number(const struct rule_value *value, uint32_t number)
{
	return value->min <= number && number <= value->max;
}

static enum truth ask_value(const struct rule_packet *packet,
			    enum rule_field field,
			    const struct rule_value *value)
{
	switch (field) {
	case RULE_FAMILY:
		return is_number(value, packet->daddr.family) ? YES : NO;
	case RULE_PROTO:
		return is_number(value, packet->proto) ? YES : NO;
	case RULE_DADDR:
		return is_between(value, &packet->daddr) ? YES : NO;
	case RULE_DPORT:
		return is_number(value, packet->dport) ? YES : NO;
	case RULE_OIF:
		return is_name(value, packet->oif) ? YES : NO;
	case RULE_IIF:
		/* Who comes from elsewhere comes by any, but not by this. */
		return strcmp(value->name, "lo") ? MAYBE : NO;
	case RULE_CT_STATE:
		return value->min & RULE_STATE_NEW ? YES : NO;
	case RULE_CT_STATUS:
		return NO;	/* whatever it is, it is not there yet */
	case RULE_UNKNOWN:
		break;
	}
	return MAYBE;
}

static enum truth ask_match(const struct walk *w,
			    const struct rule_match *match)
{
	enum truth answer, best = NO;
	size_t i;

	if (match->field == RULE_UNKNOWN)
		return MAYBE;
	for (i = 0; i < match->nr && best != YES; i++) {
		answer = ask_value(w->packet, match->field,
				   list_at(&w->set->values, match->first + i));
		if (answer > best)
			best = answer;
	}
	if (best == MAYBE || !match->negated)
		return best;
	return best == YES ? NO : YES;
}

static enum truth ask_rule(const struct walk *w, const struct rule *rule)
{
	enum truth answer, worst = YES;
	size_t i;

	for (i = 0; i < rule->nr && worst != NO; i++) {
		answer = ask_match(w, list_at(&w->set->matches,
					      rule->first + i));
		if (answer < worst)
			worst = answer;
	}
	return worst;
}

static const struct rule_chain *find_target(const struct walk *w,
					    const struct rule_chain *from,
					    const char *name)
{
	const struct rule_chain *chain;
	size_t i;

	for (i = 0; i < w->set->chains.nr; i++) {
		chain = list_at(&w->set->chains, i);
		if (!strcmp(chain->name, name) && chain->tool == from->tool &&
		    !strcmp(chain->family, from->family) &&
		    !strcmp(chain->table, from->table))
			return chain;
	}
	return NULL;
}

static void blame(struct walk *w, const struct rule_chain *chain,
		  const struct rule *rule)
{
	w->in = chain;
	w->rule = rule;
}

static enum rule_verdict walk_chain(struct walk *w,
				    const struct rule_chain *chain, bool sure);

static enum rule_verdict jump(struct walk *w, const struct rule_chain *chain,
			      const struct rule *rule, bool sure)
{
	const struct rule_chain *target;
	enum rule_verdict verdict;

	target = find_target(w, chain, rule->target);
	if (!target || w->jumps == JUMPS_MAX) {
		w->may_end = true;
		return RULE_NONE;
	}
	w->jumps++;
	verdict = walk_chain(w, target, sure);
	w->jumps--;
	return verdict;
}

static enum rule_verdict drop(struct walk *w, const struct rule_chain *chain,
			      const struct rule *rule, bool sure)
{
	if (sure || !w->may_drop)
		blame(w, chain, rule);
	if (sure)
		return RULE_DROP;
	w->may_drop = true;
	return RULE_NONE;
}

/* @sure: the packet certainly comes to @rule, whose conditions hold. */
static enum rule_verdict apply(struct walk *w, const struct rule_chain *chain,
			       const struct rule *rule, bool sure)
{
	switch (rule->verdict) {
	case RULE_ACCEPT:
		if (sure)
			return RULE_ACCEPT;
		w->may_end = true;
		return RULE_NONE;
	case RULE_SOMETHING:
		w->may_end = true;
		return drop(w, chain, rule, false);
	case RULE_DROP:
		return drop(w, chain, rule, sure);
	case RULE_JUMP:
	case RULE_GOTO:
		return jump(w, chain, rule, sure);
	default:
		return RULE_NONE;
	}
}

/* RULE_ACCEPT or RULE_DROP if that is certain; else RULE_NONE. */
static enum rule_verdict walk_chain(struct walk *w,
				    const struct rule_chain *chain, bool sure)
{
	const struct rule *rule;
	enum rule_verdict verdict;
	enum truth answer;
	size_t next;

	for (next = chain->first; next; next = rule->next) {
		rule = list_at(&w->set->rules, next - 1);
		if (++w->steps > STEPS_MAX) {
			w->may_end = true;
			break;
		}
		answer = ask_rule(w, rule);
		if (answer == NO)
			continue;
		verdict = apply(w, chain, rule, sure && answer == YES);
		if (verdict != RULE_NONE)
			return verdict;
		if (rule->verdict != RULE_RETURN && rule->verdict != RULE_GOTO)
			continue;
		if (answer == YES)
			break;
		sure = false;
	}
	return RULE_NONE;
}

static void judge_chain(const struct ruleset *set,
			const struct rule_packet *packet,
			const struct rule_chain *chain,
			struct rule_judgement *judgement)
{
	struct walk w = { .set = set, .packet = packet };
	enum rule_verdict verdict = walk_chain(&w, chain, true);
	enum rule_fate fate = FATE_PASSES;

	if (verdict == RULE_NONE && chain->drops) {
		verdict = RULE_DROP;
		blame(&w, chain, NULL);
	}
	if (verdict == RULE_DROP)
		fate = w.may_end ? FATE_UNSURE : FATE_DROPPED;
	else if (w.may_drop)
		fate = FATE_UNSURE;
	if (fate <= judgement->fate)
		return;
	judgement->fate = fate;
	judgement->chain = chain;
	judgement->in = w.in;
	judgement->rule = w.rule;
}

static bool concerns(const struct rule_chain *chain,
		     const struct rule_packet *packet)
{
	if (chain->hook != packet->hook)
		return false;
	return !strcmp(chain->family, "inet") ||
	       !strcmp(chain->family,
		       packet->daddr.family == AF_INET ? "ip" : "ip6");
}

void ruleset_judge(const struct ruleset *set, const struct rule_packet *packet,
		   struct rule_judgement *judgement)
{
	const struct rule_chain *chain;
	size_t i;

	memset(judgement, 0, sizeof(*judgement));
	for (i = 0; i < set->chains.nr; i++) {
		chain = list_at(&set->chains, i);
		if (concerns(chain, packet))
			judge_chain(set, packet, chain, judgement);
	}
}
