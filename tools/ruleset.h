/* SPDX-License-Identifier: GPL-2.0 */
/* The firewall's rules, and what they would do to a packet, as far as is known. */
#ifndef _SVCCTL_RULESET_H
#define _SVCCTL_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "object.h"

#define RULESET_NAME_SIZE	64	/* of a chain or table; longer ones are cut */

/* What a condition looks at. */
enum rule_field {
	RULE_UNKNOWN,		/* nothing that is known here */
	RULE_FAMILY,
	RULE_PROTO,
	RULE_DADDR,
	RULE_DPORT,
	RULE_IIF,
	RULE_OIF,
	RULE_CT_STATE,
	RULE_CT_STATUS,
};

/* Bits of RULE_CT_STATE; a new connection is what packets here are. */
#define RULE_STATE_NEW		1
#define RULE_STATE_INVALID	2
#define RULE_STATE_OTHER	4

/**
 * struct rule_value - one of those that a condition allows
 * @low: the first address
 * @high: the last one
 * @min: the first number
 * @max: the last one
 * @name: of a device; a "*" at its end stands for anything
 */
struct rule_value {
	struct addr low;
	struct addr high;
	uint32_t min;
	uint32_t max;
	char name[16];
};

/**
 * struct rule_match - a condition
 * @field: what it looks at
 * @negated: none of the values may be there
 * @first: the first of its values in the ruleset
 * @nr: how many
 */
struct rule_match {
	enum rule_field field;
	bool negated;
	size_t first;
	size_t nr;
};

enum rule_verdict {
	RULE_NONE,		/* goes on with the next rule */
	RULE_ACCEPT,
	RULE_DROP,		/* or rejects */
	RULE_RETURN,
	RULE_JUMP,
	RULE_GOTO,
	RULE_SOMETHING,		/* a verdict that is not known here */
};

/**
 * struct rule - a rule of a chain
 * @first: the first of its conditions in the ruleset
 * @nr: how many
 * @verdict: what it does if they hold
 * @target: the chain where it jumps
 * @next: the next rule of its chain, its number and 1, or 0
 * @handle: of nft, or 0
 * @place: the how manieth of its chain, from 1 on
 */
struct rule {
	size_t first;
	size_t nr;
	enum rule_verdict verdict;
	char target[RULESET_NAME_SIZE];
	size_t next;
	uint64_t handle;
	unsigned int place;
};

enum rule_hook {
	HOOK_NONE,		/* a chain that others jump to */
	HOOK_OTHER,
	HOOK_INPUT,
	HOOK_FORWARD,
};

/**
 * struct rule_chain - a chain
 * @tool: that shows and changes it: "nft", "iptables", ...
 * @family: "ip", "ip6", "inet"; empty if another tool has told of it
 * @table: its table
 * @name: its name
 * @hook: where it is asked
 * @drops: its policy
 * @first: its first rule, its number and 1, or 0
 * @last: likewise
 * @nr: how many rules
 */
struct rule_chain {
	const char *tool;
	char family[8];
	char table[RULESET_NAME_SIZE];
	char name[RULESET_NAME_SIZE];
	enum rule_hook hook;
	bool drops;
	size_t first;
	size_t last;
	unsigned int nr;
};

/**
 * struct ruleset - all rules of the netns
 * @chains: struct rule_chain
 * @rules: struct rule
 * @matches: struct rule_match
 * @values: struct rule_value
 * @chain: the number of the one that was found last
 * @unread: a tool that is missing to tell the rest, or NULL
 */
struct ruleset {
	struct list chains;
	struct list rules;
	struct list matches;
	struct list values;
	size_t chain;
	const char *unread;
};

/* The packet, a connection's first. */
struct rule_packet {
	enum rule_hook hook;
	uint8_t proto;
	struct addr daddr;
	uint16_t dport;
	const char *oif;	/* NULL: none, at HOOK_INPUT */
};

enum rule_fate {
	FATE_PASSES,
	FATE_UNSURE,		/* it depends on what is not known here */
	FATE_DROPPED,
};

/**
 * struct rule_judgement - what becomes of a packet
 * @fate: that
 * @chain: the base chain that drops it, or may
 * @in: the chain of @rule
 * @rule: the rule that does, or NULL if it is the policy of @chain
 */
struct rule_judgement {
	enum rule_fate fate;
	const struct rule_chain *chain;
	const struct rule_chain *in;
	const struct rule *rule;
};

/*
 * Reads all there is, with the tools that are installed and only where that
 * makes the kernel load nothing.
 */
void ruleset_read(struct ruleset *set);
void ruleset_free(struct ruleset *set);

/* The worst that one of the base chains does. */
void ruleset_judge(const struct ruleset *set, const struct rule_packet *packet,
		   struct rule_judgement *judgement);

/*
 * For those who read; what is appended belongs to the rule and to the condition
 * that were appended last, and does not stay where it is.
 */
struct rule_chain *ruleset_add_chain(struct ruleset *set, const char *tool,
				     const char *family, const char *table,
				     const char *name);
struct rule_chain *ruleset_find_chain(struct ruleset *set, const char *tool,
				      const char *family, const char *table,
				      const char *name);
struct rule *ruleset_add_rule(struct ruleset *set, struct rule_chain *chain);
void ruleset_add_match(struct ruleset *set, enum rule_field field,
		       bool negated);
struct rule_value *ruleset_add_value(struct ruleset *set);
void ruleset_add_number(struct ruleset *set, uint32_t min, uint32_t max);

/* The last condition cannot be told after all. */
void ruleset_forget_match(struct ruleset *set);

/* Numbers that a condition can name: 255 for those that are never ours. */
uint32_t ruleset_proto(const char *word);
uint32_t ruleset_ct_state(const char *word);

/* "nft -j list ruleset"; families with rules of iptables in them. */
void ruleset_read_nft(struct ruleset *set, FILE *file, bool *ipv4, bool *ipv6);

/* "iptables-save" */
void ruleset_read_iptables(struct ruleset *set, FILE *file, const char *tool,
			   const char *family);

#endif /* _SVCCTL_RULESET_H */
