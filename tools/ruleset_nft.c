// SPDX-License-Identifier: GPL-2.0
/* What "nft -j list ruleset" prints, see libnftables-json(5), into a ruleset. */
#include "ruleset_nft.h"

#include <string.h>

static enum rule_hook hook_of(struct json_object *chain)
{
	const char *hook = nft_string(chain, "hook");

	if (!*hook)
		return HOOK_NONE;
	/* Other types do not filter, or not these packets. */
	if (strcmp(nft_string(chain, "type"), "filter"))
		return HOOK_OTHER;
	if (!strcmp(hook, "input"))
		return HOOK_INPUT;
	return strcmp(hook, "forward") ? HOOK_OTHER : HOOK_FORWARD;
}

static void read_chain(struct ruleset *set, struct json_object *object)
{
	struct rule_chain *chain;

	chain = ruleset_add_chain(set, "nft", nft_string(object, "family"),
				  nft_string(object, "table"),
				  nft_string(object, "name"));
	chain->hook = hook_of(object);
	chain->drops = !strcmp(nft_string(object, "policy"), "drop");
}

/* Verdicts. */

static bool take_verdict(struct rule *rule, const char *word,
			 struct json_object *value)
{
	static const struct {
		const char *word;
		enum rule_verdict verdict;
	} verdicts[] = {
		{ "accept", RULE_ACCEPT }, { "drop", RULE_DROP },
		{ "reject", RULE_DROP }, { "return", RULE_RETURN },
		{ "jump", RULE_JUMP }, { "goto", RULE_GOTO },
		{ "queue", RULE_SOMETHING }, { "tproxy", RULE_SOMETHING },
		{ "continue", RULE_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		if (strcmp(verdicts[i].word, word))
			continue;
		rule->verdict = verdicts[i].verdict;
		snprintf(rule->target, sizeof(rule->target), "%.63s",
			 nft_string(value, "target"));
		return true;
	}
	return false;
}

static void take_verdicts(struct ruleset *set, struct json_object *verdicts)
{
	struct rule *rule = list_at(&set->rules, set->rules.nr - 1);

	json_object_object_foreach(verdicts, word, value)
		if (!take_verdict(rule, word, value))
			rule->verdict = RULE_SOMETHING;
}

/*
 * Another rule for one of the values of a vmap: with the conditions of the one
 * that it stands in, as many as are told, and one more.
 */
static void add_branch(struct ruleset *set, struct rule_chain *chain,
		       struct rule like, struct json_object *key,
		       struct json_object *branch)
{
	struct rule *rule = ruleset_add_rule(set, chain);
	struct rule_match match;
	size_t i;

	rule->nr = like.nr;
	rule->handle = like.handle;
	for (i = 0; i < like.nr; i++) {
		match = *(struct rule_match *)list_at(&set->matches,
						      like.first + i);
		list_copy(&set->matches, &match);
	}
	nft_condition(set, key, nft_item(branch, 0), "==");
	if (json_object_is_type(nft_item(branch, 1), json_type_object))
		take_verdicts(set, nft_item(branch, 1));
}

static void add_branches(struct ruleset *set, struct rule_chain *chain,
			 struct json_object *vmap)
{
	struct rule *rule = list_at(&set->rules, set->rules.nr - 1);
	struct json_object *branches = nft_get(nft_get(vmap, "data"), "set");
	const struct rule like = *rule;
	size_t i;

	if (!nft_is_list(branches)) {
		rule->verdict = RULE_SOMETHING;
		ruleset_add_match(set, RULE_UNKNOWN, false);
		return;
	}
	for (i = 0; i < nft_length(branches); i++)
		add_branch(set, chain, like, nft_get(vmap, "key"),
			   nft_item(branches, i));
}

/* Statements that neither ask nor decide anything. */
static bool is_silent(const char *word)
{
	static const char *const silent[] = {
		"counter", "log", "comment", "mangle", "notrack", "flow",
		"set", "map", "dup", "ct helper", "ct timeout",
		"ct expectation", "masquerade", "snat", "dnat", "redirect",
		"synproxy", "secmark", "last", "meter",
	};
	size_t i;

	for (i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		if (!strcmp(silent[i], word))
			return true;
	return false;
}

static void note_iptables(const char *family, bool *ipv4, bool *ipv6)
{
	*ipv4 |= !strcmp(family, "ip");
	*ipv6 |= !strcmp(family, "ip6");
}

static void read_statement(struct ruleset *set, struct rule_chain *chain,
			   const char *word, struct json_object *value)
{
	struct rule *rule = list_at(&set->rules, set->rules.nr - 1);

	if (!strcmp(word, "match"))
		nft_condition(set, nft_get(value, "left"),
			      nft_get(value, "right"), nft_string(value, "op"));
	else if (!strcmp(word, "vmap"))
		add_branches(set, chain, value);
	else if (!take_verdict(rule, word, value) && !is_silent(word))
		ruleset_add_match(set, RULE_UNKNOWN, false);
}

static void read_rule(struct ruleset *set, struct json_object *object,
		      bool *ipv4, bool *ipv6)
{
	const char *family = nft_string(object, "family");
	struct json_object *statements = nft_get(object, "expr"), *statement;
	struct rule_chain *chain;
	size_t i;

	chain = ruleset_find_chain(set, "nft", family,
				   nft_string(object, "table"),
				   nft_string(object, "chain"));
	if (!chain)
		return;
	ruleset_add_rule(set, chain)->handle = (uint64_t)
		json_object_get_int64(nft_get(object, "handle"));
	for (i = 0; i < nft_length(statements); i++) {
		statement = nft_item(statements, i);
		if (!json_object_is_type(statement, json_type_object))
			continue;
		json_object_object_foreach(statement, word, value) {
			if (!strcmp(word, "xt"))
				note_iptables(family, ipv4, ipv6);
			read_statement(set, chain, word, value);
		}
	}
}

void ruleset_read_nft(struct ruleset *set, FILE *file, bool *ipv4, bool *ipv6)
{
	struct json_object *root = json_object_from_fd(fileno(file));
	struct json_object *items = nft_get(root, "nftables"), *object;
	size_t i;

	if (!root)
		set->unread = "nft";
	for (i = 0; i < nft_length(items); i++) {
		object = nft_get(nft_item(items, i), "chain");
		if (object)
			read_chain(set, object);
		object = nft_get(nft_item(items, i), "rule");
		if (object)
			read_rule(set, object, ipv4, ipv6);
	}
	json_object_put(root);
}
