// SPDX-License-Identifier: GPL-2.0
/* What iptables-save prints into a ruleset. */
#include "ruleset.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "range.h"

/* Where we are in the text. */
struct reader {
	struct ruleset *set;
	const char *tool;
	const char *family;
	char table[RULESET_NAME_SIZE];
};

/* Rules of nat do not drop, and none of raw sees what is to pass. */
static bool filters(const struct reader *r)
{
	return strcmp(r->table, "nat") && strcmp(r->table, "raw");
}

static enum rule_hook hook_of(const struct reader *r, const char *chain)
{
	if (!filters(r))
		return HOOK_NONE;
	if (!strcmp(chain, "INPUT"))
		return HOOK_INPUT;
	return strcmp(chain, "FORWARD") ? HOOK_NONE : HOOK_FORWARD;
}

/* "NAME POLICY [0:0]" */
static void read_chain(struct reader *r, char *line)
{
	const char *name = strsep(&line, " "), *policy = strsep(&line, " ");
	struct rule_chain *chain;

	if (!policy)
		return;
	chain = ruleset_add_chain(r->set, r->tool, r->family, r->table, name);
	chain->hook = hook_of(r, name);
	chain->drops = !strcmp(policy, "DROP");
}

static bool add_name(struct ruleset *set, const char *word)
{
	struct rule_value *value = ruleset_add_value(set);
	size_t length;

	snprintf(value->name, sizeof(value->name), "%.15s", word);
	length = strlen(value->name);
	if (length && value->name[length - 1] == '+')
		value->name[length - 1] = '*';
	return true;
}

static bool add_addr(struct ruleset *set, const char *word)
{
	struct rule_value *value = ruleset_add_value(set);
	struct range range;
	unsigned int bit, all;

	if (!parse_range(word, &range))
		return false;
	range_trim(&range);
	value->low = range.addr;
	value->high = range.addr;
	all = range.addr.family == AF_INET ? 32 : 128;
	for (bit = range.prefix; bit < all; bit++)
		value->high.byte[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return true;
}

static bool add_proto(struct ruleset *set, const char *word)
{
	uint32_t number = ruleset_proto(word);

	ruleset_add_number(set, number, number);
	return strcmp(word, "all");
}

/* "80", "80:90", "80:", and several with commas between them */
static bool add_ports(struct ruleset *set, const char *word)
{
	unsigned long min, max;
	char *end;

	do {
		min = strtoul(word, &end, 10);
		max = min;
		if (*end == ':')
			max = end[1] ? strtoul(end + 1, &end, 10) : UINT16_MAX;
		if (min > UINT16_MAX || max > UINT16_MAX)
			return false;
		ruleset_add_number(set, (uint32_t)min, (uint32_t)max);
		word = end + 1;
	} while (*end == ',');
	return true;
}

/* SNAT and DNAT stand among the states. */
static bool add_states(struct ruleset *set, const char *word)
{
	char copy[64], *rest = copy, *state;
	uint32_t bits;

	snprintf(copy, sizeof(copy), "%s", word);
	while ((state = strsep(&rest, ","))) {
		bits = ruleset_ct_state(state);
		ruleset_add_number(set, bits, bits);
	}
	return true;
}

static bool add_status(struct ruleset *set, const char *word)
{
	(void)word;
	ruleset_add_number(set, 0, 0);
	return true;
}

static const struct {
	const char *word;
	enum rule_field field;
	bool (*add)(struct ruleset *set, const char *word);
} options[] = {
	{ "-d", RULE_DADDR, add_addr },
	{ "-i", RULE_IIF, add_name },
	{ "-o", RULE_OIF, add_name },
	{ "-p", RULE_PROTO, add_proto },
	{ "--dport", RULE_DPORT, add_ports },
	{ "--dports", RULE_DPORT, add_ports },
	{ "--ctstate", RULE_CT_STATE, add_states },
	{ "--state", RULE_CT_STATE, add_states },
	{ "--ctstatus", RULE_CT_STATUS, add_status },
};

#define NR_OPTIONS	(sizeof(options) / sizeof(*options))

static void add_option(struct ruleset *set, const char *word,
		       const char *value, bool negated)
{
	size_t i;

	for (i = 0; i < NR_OPTIONS; i++) {
		if (strcmp(options[i].word, word))
			continue;
		ruleset_add_match(set, options[i].field, negated);
		if (!options[i].add(set, value))
			ruleset_forget_match(set);
		return;
	}
	ruleset_add_match(set, RULE_UNKNOWN, negated);
}

static bool is_chain(struct reader *r, const char *name)
{
	size_t last = r->set->chain;
	bool found = ruleset_find_chain(r->set, r->tool, r->family, r->table,
					name);

	/* Rules go on in the order of their own chains. */
	r->set->chain = last;
	return found;
}

static void take_target(struct reader *r, const char *word, bool jumps)
{
	struct rule *rule = list_at(&r->set->rules, r->set->rules.nr - 1);
	static const struct {
		const char *word;
		enum rule_verdict verdict;
	} targets[] = {
		{ "ACCEPT", RULE_ACCEPT }, { "DROP", RULE_DROP },
		{ "REJECT", RULE_DROP }, { "RETURN", RULE_RETURN },
		{ "QUEUE", RULE_SOMETHING }, { "NFQUEUE", RULE_SOMETHING },
	};
	size_t i;

	for (i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		if (strcmp(targets[i].word, word))
			continue;
		rule->verdict = targets[i].verdict;
		return;
	}
	/* Other targets do something and go on: LOG, MARK, CT, ... */
	if (!is_chain(r, word))
		return;
	rule->verdict = jumps ? RULE_JUMP : RULE_GOTO;
	snprintf(rule->target, sizeof(rule->target), "%.63s", word);
}

/* Options of a match, which may have no value: all but these are unknown. */
static void read_words(struct reader *r, char **word)
{
	bool negated = false;
	size_t i;

	for (i = 0; word[i]; i++) {
		if (!strcmp(word[i], "!")) {
			negated = true;
			continue;
		}
		if (!word[i + 1] || *word[i] != '-') {
			/* a flag, or one more value of something unknown */
			ruleset_add_match(r->set, RULE_UNKNOWN, false);
			continue;
		}
		if (!strcmp(word[i], "-j") || !strcmp(word[i], "-g")) {
			take_target(r, word[i + 1], word[i][1] == 'j');
			return;
		}
		if (strcmp(word[i], "-m") && strcmp(word[i], "--comment"))
			add_option(r->set, word[i], word[i + 1], negated);
		negated = false;
		if (*word[i + 1] != '-')
			i++;
	}
}

/* "CHAIN WORD..." */
static void read_rule(struct reader *r, char *line)
{
	char **word = calloc(strlen(line) / 2 + 2, sizeof(*word));
	struct rule_chain *chain = NULL;
	int nr = -1;
	char *c;

	/* Quotes in a comment are no ends of it. */
	while ((c = strstr(line, "\\\"")))
		memcpy(c, "__", 2);
	if (word)
		nr = words_split(line, word);
	if (nr > 0)
		chain = ruleset_find_chain(r->set, r->tool, r->family,
					   r->table, word[0]);
	if (chain) {
		ruleset_add_rule(r->set, chain);
		read_words(r, word + 1);
	}
	free(word);
}

void ruleset_read_iptables(struct ruleset *set, FILE *file, const char *tool,
			   const char *family)
{
	struct reader r = { .set = set, .tool = tool, .family = family };
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == '*')
			snprintf(r.table, sizeof(r.table), "%.63s", line + 1);
		else if (*line == ':')
			read_chain(&r, line + 1);
		else if (!strncmp(line, "-A ", 3) && filters(&r))
			read_rule(&r, line + 3);
	}
	free(line);
}
