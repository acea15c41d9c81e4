// SPDX-License-Identifier: GPL-2.0
#include "ruleset.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/utsname.h>

#include "host.h"

#define PROTO_OTHER	255

static void copy_name(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

struct rule_chain *ruleset_add_chain(struct ruleset *set, const char *tool,
				     const char *family, const char *table,
				     const char *name)
{
	struct rule_chain *chain = list_add(&set->chains);

	chain->tool = tool;
	copy_name(chain->family, sizeof(chain->family), family);
	copy_name(chain->table, sizeof(chain->table), table);
	copy_name(chain->name, sizeof(chain->name), name);
	return chain;
}

static bool is_chain(const struct rule_chain *chain, const char *tool,
		     const char *family, const char *table, const char *name)
{
	return !strcmp(chain->tool, tool) && !strcmp(chain->family, family) &&
	       !strncmp(chain->table, table, RULESET_NAME_SIZE - 1) &&
	       !strncmp(chain->name, name, RULESET_NAME_SIZE - 1);
}

/* Rules come in the order of their chains: look on from the last one. */
struct rule_chain *ruleset_find_chain(struct ruleset *set, const char *tool,
				      const char *family, const char *table,
				      const char *name)
{
	struct rule_chain *chain;
	size_t i, at;

	for (i = 0; i < set->chains.nr; i++) {
		at = (set->chain + i) % set->chains.nr;
		chain = list_at(&set->chains, at);
		if (!is_chain(chain, tool, family, table, name))
			continue;
		set->chain = at;
		return chain;
	}
	return NULL;
}

struct rule *ruleset_add_rule(struct ruleset *set, struct rule_chain *chain)
{
	struct rule *rule = list_add(&set->rules), *last;

	rule->first = set->matches.nr;
	rule->place = ++chain->nr;
	if (chain->last) {
		last = list_at(&set->rules, chain->last - 1);
		last->next = set->rules.nr;
	} else {
		chain->first = set->rules.nr;
	}
	chain->last = set->rules.nr;
	return rule;
}

void ruleset_add_match(struct ruleset *set, enum rule_field field,
		       bool negated)
{
	struct rule_match *match = list_add(&set->matches);
	struct rule *rule = list_at(&set->rules, set->rules.nr - 1);

	match->field = field;
	match->negated = negated;
	match->first = set->values.nr;
	rule->nr++;
}

struct rule_value *ruleset_add_value(struct ruleset *set)
{
	struct rule_match *match = list_at(&set->matches, set->matches.nr - 1);

	match->nr++;
	return list_add(&set->values);
}

void ruleset_add_number(struct ruleset *set, uint32_t min, uint32_t max)
{
	struct rule_value *value = ruleset_add_value(set);

	value->min = min;
	value->max = max;
}

void ruleset_forget_match(struct ruleset *set)
{
	struct rule_match *match = list_at(&set->matches, set->matches.nr - 1);

	match->field = RULE_UNKNOWN;
}

uint32_t ruleset_proto(const char *word)
{
	static const struct {
		const char *word;
		uint32_t proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP }, { "6", IPPROTO_TCP },
		{ "udp", IPPROTO_UDP }, { "17", IPPROTO_UDP },
		{ "sctp", IPPROTO_SCTP }, { "132", IPPROTO_SCTP },
	};
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(*protos); i++)
		if (!strcmp(protos[i].word, word))
			return protos[i].proto;
	return PROTO_OTHER;
}

uint32_t ruleset_ct_state(const char *word)
{
	if (!strcasecmp(word, "new"))
		return RULE_STATE_NEW;
	if (!strcasecmp(word, "invalid"))
		return RULE_STATE_INVALID;
	return RULE_STATE_OTHER;
}

/* Is it in the kernel already?  A tool that asks it for more would load it. */
static bool is_loaded(const char *module)
{
	char path[128], pattern[64], line[512];
	struct utsname kernel;
	bool found = false;
	FILE *file;

	file = host_open("/proc/modules");
	snprintf(pattern, sizeof(pattern), "%s ", module);
	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, pattern, strlen(pattern));
	if (file)
		fclose(file);
	if (found)
		return true;
	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%.64s/modules.builtin",
		 kernel.release);
	file = host_open(path);
	snprintf(pattern, sizeof(pattern), "/%s.ko", module);
	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, pattern);
	if (file)
		fclose(file);
	return found;
}

/* What nft told of tables that another tool knows better. */
static void forget_tables(struct ruleset *set, const char *family)
{
	static const char *const tables[] = { "filter", "mangle", "nat", "raw",
					      "security" };
	struct rule_chain *chain;
	size_t i, table;

	for (i = 0; i < set->chains.nr; i++) {
		chain = list_at(&set->chains, i);
		for (table = 0; table < 5; table++)
			if (!strcmp(chain->family, family) &&
			    !strcmp(chain->table, tables[table]))
				*chain->family = '\0';
	}
}

/*
 * nft shows rules of iptables only in part.  Where there are some, iptables has
 * been here, and what it asks the kernel for is there as well.
 */
static void read_iptables_nft(struct ruleset *set, char *tool,
			      const char *name, const char *family)
{
	char *const argv[] = { tool, NULL };
	FILE *file = host_program(argv);

	if (!file) {
		set->unread = name;
		return;
	}
	forget_tables(set, family);
	ruleset_read_iptables(set, file, name, family);
	fclose(file);
}

static void read_nft(struct ruleset *set)
{
	static char *const argv[] = { "nft", "-j", "list", "ruleset", NULL };
	bool ipv4 = false, ipv6 = false;
	FILE *file;

	if (!is_loaded("nf_tables"))
		return;
	file = host_program(argv);
	if (!file) {
		set->unread = "nft";
		return;
	}
	ruleset_read_nft(set, file, &ipv4, &ipv6);
	fclose(file);
	if (ipv4)
		read_iptables_nft(set, "iptables-nft-save", "iptables", "ip");
	if (ipv6)
		read_iptables_nft(set, "ip6tables-nft-save", "ip6tables",
				  "ip6");
}

/* Before 1.8 it had but one name. */
static FILE *run_legacy(char *tool, char *old_tool)
{
	char *const argv[] = { tool, NULL };
	char *const old_argv[] = { old_tool, NULL };
	FILE *file = host_program(argv);

	return file ? file : host_program(old_argv);
}

/* It would make each table that it asks for: so only if there are some. */
static void read_legacy(struct ruleset *set, const char *names, char *tool,
			char *old_tool, const char *name, const char *family)
{
	char line[64];
	FILE *file;

	if (!host_line(names, line, sizeof(line)))
		return;
	file = run_legacy(tool, old_tool);
	if (!file) {
		set->unread = name;
		return;
	}
	ruleset_read_iptables(set, file, name, family);
	fclose(file);
}

void ruleset_read(struct ruleset *set)
{
	memset(set, 0, sizeof(*set));
	set->chains.size = sizeof(struct rule_chain);
	set->rules.size = sizeof(struct rule);
	set->matches.size = sizeof(struct rule_match);
	set->values.size = sizeof(struct rule_value);
	read_nft(set);
	read_legacy(set, "/proc/net/ip_tables_names", "iptables-legacy-save",
		    "iptables-save", "iptables-legacy", "ip");
	read_legacy(set, "/proc/net/ip6_tables_names", "ip6tables-legacy-save",
		    "ip6tables-save", "ip6tables-legacy", "ip6");
}

void ruleset_free(struct ruleset *set)
{
	list_free(&set->chains);
	list_free(&set->rules);
	list_free(&set->matches);
	list_free(&set->values);
}
