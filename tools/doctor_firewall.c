// SPDX-License-Identifier: GPL-2.0
/* Rules that drop what services send on, and those that others left behind. */
#include "doctor.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define WAYS_MAX	1000	/* endpoints whose packets are judged */

/**
 * struct verdict - one chain or rule, and whom it drops
 * @judgement: about the first one
 * @way: the first one
 * @nr: how many there are
 */
struct verdict {
	struct rule_judgement judgement;
	const struct way *way;
	size_t nr;
};

/*
 * The firewall sees the packet as if the client had sent it to the endpoint;
 * one that stays on the node comes through INPUT.
 */
static void judge(const struct ruleset *set, const struct way *way,
		  struct rule_judgement *judgement)
{
	const struct rule_packet packet = {
		.hook = way->route.local ? HOOK_INPUT : HOOK_FORWARD,
		.proto = way->proto,
		.daddr = way->endpoint->addr,
		.dport = way->endpoint->port,
		.oif = way->route.local || !way->device ? NULL :
		       way->device->name,
	};

	ruleset_judge(set, &packet, judgement);
}

static void add_verdict(struct list *verdicts,
			const struct rule_judgement *judgement,
			const struct way *way)
{
	struct verdict *verdict;
	size_t i;

	for (i = 0; i < verdicts->nr; i++) {
		verdict = list_at(verdicts, i);
		if (verdict->judgement.chain == judgement->chain &&
		    verdict->judgement.rule == judgement->rule &&
		    verdict->judgement.fate == judgement->fate) {
			verdict->nr++;
			return;
		}
	}
	verdict = list_add(verdicts);
	verdict->judgement = *judgement;
	verdict->way = way;
	verdict->nr = 1;
}

#define CHAIN_TEXT_SIZE	256

/* In the words of the tool that made it. */
static const char *name_chain(char text[CHAIN_TEXT_SIZE],
			      const struct rule_chain *chain)
{
	if (!strcmp(chain->tool, "nft"))
		snprintf(text, CHAIN_TEXT_SIZE, "nft chain %s %s %s",
			 chain->family, chain->table, chain->name);
	else
		snprintf(text, CHAIN_TEXT_SIZE, "%s -t %s chain %s",
			 chain->tool, chain->table, chain->name);
	return text;
}

static const char *name_culprit(char text[CHAIN_TEXT_SIZE],
				const struct rule_judgement *judgement)
{
	const struct rule *rule = judgement->rule;
	size_t length;

	name_chain(text, rule ? judgement->in : judgement->chain);
	length = strlen(text);
	if (!rule)
		snprintf(text + length, CHAIN_TEXT_SIZE - length,
			 " by its policy");
	else if (rule->handle)
		snprintf(text + length, CHAIN_TEXT_SIZE - length,
			 " rule handle %" PRIu64, rule->handle);
	else
		snprintf(text + length, CHAIN_TEXT_SIZE - length,
			 " rule %u", rule->place);
	return text;
}

static const char *name_proto(uint8_t proto)
{
	return choice_word(choice_protocol, proto);
}

static void advise_rule(struct doctor *d, const struct verdict *verdict)
{
	const struct rule_chain *chain = verdict->judgement.chain;
	const struct endpoint *endpoint = verdict->way->endpoint;
	const char *proto = name_proto(verdict->way->proto);
	char addr[ADDR_TEXT_SIZE];

	format_addr(addr, &endpoint->addr);
	if (!strcmp(chain->tool, "nft"))
		doctor_advise(d, "let through what goes to endpoints, and the answers: nft insert rule %s %s %s %s daddr %s %s dport %u accept",
			      chain->family, chain->table, chain->name,
			      endpoint->addr.family == AF_INET ? "ip" : "ip6",
			      addr, proto, endpoint->port);
	else
		doctor_advise(d, "let through what goes to endpoints, and the answers: %s -t %s -I %s -d %s -p %s --dport %u -j ACCEPT",
			      chain->tool, chain->table, chain->name, addr,
			      proto, endpoint->port);
}

static void report(struct doctor *d, const struct verdict *verdict)
{
	const struct endpoint *endpoint = verdict->way->endpoint;
	char subject[SVCNAT_NAME_MAX + 80], addr[ADDR_TEXT_SIZE], more[64] = "";
	char culprit[CHAIN_TEXT_SIZE];

	snprintf(subject, sizeof(subject), "service \"%s\" endpoint %s",
		 endpoint->head.service,
		 format_addr_port(addr, &endpoint->addr, endpoint->port));
	if (verdict->nr > 1)
		snprintf(more, sizeof(more), ", and those to %zu others,",
			 verdict->nr - 1);
	name_culprit(culprit, &verdict->judgement);
	if (verdict->judgement.fate == FATE_DROPPED) {
		doctor_find(d, LEVEL_PROBLEM, subject,
			    "new connections%s are dropped by %s", more,
			    culprit);
		advise_rule(d, verdict);
		return;
	}
	doctor_find(d, LEVEL_NOTE, subject,
		    "some new connections%s may be dropped by %s: it depends on the client, or on what cannot be told from here",
		    more, culprit);
	doctor_advise(d, "see what the rules say about connections from clients to endpoints");
}

/* Where there is a rule that drops what conntrack does not understand. */
static bool drops_invalid(const struct ruleset *set)
{
	const struct rule_value *value;
	const struct rule_match *match;
	const struct rule *rule;
	size_t i, m, v;

	for (i = 0; i < set->rules.nr; i++) {
		rule = list_at(&set->rules, i);
		for (m = 0; rule->verdict == RULE_DROP && m < rule->nr; m++) {
			match = list_at(&set->matches, rule->first + m);
			for (v = 0; match->field == RULE_CT_STATE &&
			     !match->negated && v < match->nr; v++) {
				value = list_at(&set->values,
						match->first + v);
				if (value->min & RULE_STATE_INVALID)
					return true;
			}
		}
	}
	return false;
}

static void check_invalid(struct doctor *d, const struct ruleset *set)
{
	uint64_t packets;

	if (!drops_invalid(set))
		return;
	packets = doctor_invalid_packets();
	if (!packets)
		return;
	doctor_find(d, LEVEL_NOTE, "ct state invalid",
		    "a rule drops what conntrack calls INVALID, which %" PRIu64 " packets were: those of a connection are if only one direction passes this node",
		    packets);
	doctor_advise(d, "route both directions by this node, or sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1");
}

void doctor_firewall(struct doctor *d)
{
	struct list verdicts = { .size = sizeof(struct verdict) };
	const struct ruleset *set = &d->rules;
	struct rule_judgement judgement;
	size_t i;

	for (i = 0; i < d->ways.nr && i < WAYS_MAX; i++) {
		judge(set, list_at(&d->ways, i), &judgement);
		if (judgement.fate != FATE_PASSES)
			add_verdict(&verdicts, &judgement,
				    list_at(&d->ways, i));
	}
	for (i = 0; i < verdicts.nr; i++)
		report(d, list_at(&verdicts, i));
	check_invalid(d, set);
	if (set->unread) {
		doctor_find(d, LEVEL_NOTE, NULL,
			    "the kernel has rules of %s, which is not here or failed, so they were not looked at",
			    set->unread);
		doctor_advise(d, "install %s and run svcctl doctor again",
			      set->unread);
	}
	list_free(&verdicts);
}
