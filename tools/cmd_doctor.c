// SPDX-License-Identifier: GPL-2.0
#include "doctor.h"

/* Of one check and level, for people; the rest is in the JSON. */
#define SHOWN_MAX	10

/**
 * struct check - a question about the node
 * @word: its name
 * @run: finds something, or nothing
 * @fine: the finding if it found nothing
 * @module: it can only be asked if the module answers
 */
struct check {
	const char *word;
	void (*run)(struct doctor *d);
	const char *fine;
	bool module;
};

static const struct check checks[] = {
	{ "module", doctor_module, "the module is loaded and answers", false },
	{ "kernel", doctor_kernel, "the kernel is new enough", false },
	{ "forwarding", doctor_forwarding, "the node forwards packets",
	  false },
	{ "rp-filter", doctor_rp_filter,
	  "no reverse path filter drops anything", false },
	{ "conntrack", doctor_conntrack, "conntrack has room", false },
	{ "firewall", doctor_firewall, "no rule that drops was found", false },
	{ "kube-proxy", doctor_kube_proxy, "no rules of kube-proxy", false },
	{ "ipvs", doctor_ipvs, "no virtual services of IPVS", false },
	{ "bridge", doctor_bridge,
	  "no endpoints on a bridge that hides its packets", true },
	{ "ports", doctor_ports,
	  "nobody else takes the ports of services", true },
	{ "endpoints", doctor_endpoints,
	  "every frontend has endpoints that are ready", true },
	{ "policies", doctor_policies,
	  "every local policy has endpoints on this node", true },
	{ "routes", doctor_routes, "the node has all routes that it needs",
	  true },
	{ "mtu", doctor_mtu, "no way to an endpoint is narrower", true },
	{ "external", doctor_external,
	  "every external address is the node's own, or has been used", true },
	{ "limits", doctor_limits, "there is room for more", true },
};

#define NR_CHECKS	(sizeof(checks) / sizeof(*checks))

static const char *const level_words[] = {
	[LEVEL_OK] = "ok",
	[LEVEL_NOTE] = "note",
	[LEVEL_PROBLEM] = "problem",
};

static const enum colour level_colours[] = {
	[LEVEL_OK] = COLOUR_GOOD,
	[LEVEL_NOTE] = COLOUR_FAIR,
	[LEVEL_PROBLEM] = COLOUR_BAD,
};

static void run_checks(struct doctor *d)
{
	const struct check *check;
	size_t before;

	for (check = checks; check < checks + NR_CHECKS; check++) {
		if (check->module && d->code)
			continue;
		d->check = check->word;
		before = d->findings.nr;
		check->run(d);
		if (d->findings.nr == before)
			doctor_find(d, LEVEL_OK, NULL, "%s", check->fine);
	}
}

/* What comes out. */

static void print_json(const struct list *findings)
{
	const struct finding *finding;
	size_t i;

	json_array(NULL);
	for (i = 0; i < findings->nr; i++) {
		finding = list_at(findings, i);
		json_object(NULL);
		json_string("check", finding->check);
		json_string("level", level_words[finding->level]);
		json_string("subject", finding->subject);
		json_string("message", finding->message);
		json_string("advice", finding->advice);
		json_end();
	}
	json_end();
}

static void print_row(struct table *table, const struct finding *finding)
{
	table_cell(table, level_colours[finding->level], "%s",
		   level_words[finding->level]);
	table_cell(table, COLOUR_NONE, "%s", finding->check);
	table_cell(table, COLOUR_NONE, "%s%s%s",
		   finding->subject ? finding->subject : "",
		   finding->subject ? ": " : "", finding->message);
	if (!finding->advice)
		return;
	table_cell(table, COLOUR_NONE, "%s", "");
	table_cell(table, COLOUR_NONE, "%s", "");
	table_cell(table, COLOUR_NONE, "-> %s", finding->advice);
}

static bool is_like(const struct finding *a, const struct finding *b)
{
	return a->check == b->check && a->level == b->level;
}

/* @finding is one of those that are too many. */
static void print_rest(struct table *table, const struct list *findings,
		       const struct finding *finding)
{
	size_t i, nr = 0;

	for (i = 0; i < findings->nr; i++)
		nr += is_like(list_at(findings, i), finding);
	table_cell(table, level_colours[finding->level], "%s",
		   level_words[finding->level]);
	table_cell(table, COLOUR_NONE, "%s", finding->check);
	table_cell(table, COLOUR_NONE, "and %zu more, see svcctl -j doctor",
		   nr - SHOWN_MAX);
}

/* Those of one check stand together. */
static void print_level(struct table *table, const struct list *findings,
			enum level level)
{
	const struct finding *finding, *last = NULL;
	size_t i, shown = 0;

	for (i = 0; i < findings->nr; i++) {
		finding = list_at(findings, i);
		if (finding->level != level)
			continue;
		shown = last && is_like(last, finding) ? shown + 1 : 1;
		last = finding;
		if (shown <= SHOWN_MAX)
			print_row(table, finding);
		else if (shown == SHOWN_MAX + 1)
			print_rest(table, findings, finding);
	}
}

/* The worst first. */
static void print_table(const struct list *findings)
{
	static const struct column columns[] = {
		{ .head = "LEVEL" },
		{ .head = "CHECK" },
		{ .head = "FINDING" },
	};
	struct table table;

	table_begin(&table, columns, 3, false);
	print_level(&table, findings, LEVEL_PROBLEM);
	print_level(&table, findings, LEVEL_NOTE);
	print_level(&table, findings, LEVEL_OK);
	table_end(&table);
}

static bool has_problem(const struct list *findings)
{
	const struct finding *finding;
	size_t i;

	for (i = 0; i < findings->nr; i++) {
		finding = list_at(findings, i);
		if (finding->level == LEVEL_PROBLEM)
			return true;
	}
	return false;
}

static int run(struct words *w)
{
	struct doctor d;
	int err = words_end(w);

	if (err)
		return err;
	doctor_gather(&d);
	run_checks(&d);
	if (options.json)
		print_json(&d.findings);
	else
		print_table(&d.findings);
	err = d.code;
	if (!err && has_problem(&d.findings))
		err = EXIT_REFUSED;
	doctor_clean(&d);
	return err;
}

static const struct command commands[] = {
	{ "", run, "" },
	{ NULL, NULL, NULL }
};

const struct object object_doctor = {
	.word = "doctor",
	.commands = commands,
	.notes =
	"What stops services from working on this node, and what to do about it.\n"
	"Changes nothing.  A problem stops something from working, a note may.\n"
	"Exit status: 0 without a problem, 2 with one, 3 if the module is not\n"
	"loaded or there is no permission; then what can be checked is.\n"
};
