// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#define STAT(_attr, _word)	[SVCNAT_STAT_##_attr] = _word

static const char *const stat_words[SVCNAT_STAT_MAX + 1] = {
	STAT(RX, "rx"),
	STAT(TRANSLATED, "translated"),
	STAT(FASTPATH, "fastpath"),
	STAT(UNTRANSLATED, "untranslated"),
	STAT(DROP_MALFORMED, "drop_malformed"),
	STAT(DROP_MEMORY, "drop_memory"),
	STAT(DROP_FLOW_LIMIT, "drop_flow_limit"),
	STAT(DROP_FLOW_CHAIN, "drop_flow_chain"),
	STAT(DROP_CLASH, "drop_clash"),
	STAT(DROP_SNAT, "drop_snat"),
	STAT(DROP_ROUTE, "drop_route"),
	STAT(DROP_STALE, "drop_stale"),
	STAT(DROP_SOURCE_RANGE, "drop_source_range"),
	STAT(DROP_NO_LOCAL_ENDPOINT, "drop_no_local_endpoint"),
	STAT(DROP_POLICY, "drop_policy"),
	STAT(DROP_NO_SERVICE, "drop_no_service"),
	STAT(REJECT_NO_ENDPOINT, "reject_no_endpoint"),
	STAT(REJECT_NO_PORT, "reject_no_port"),
	STAT(REJECT_NO_FLOW, "reject_no_flow"),
	STAT(REJECT_LIMITED, "reject_limited"),
	STAT(ICMP_ERROR, "icmp_error"),
	STAT(ICMP_ODD, "icmp_odd"),
	STAT(ECHO_REPLY, "echo_reply"),
	STAT(ECHO_LIMITED, "echo_limited"),
	STAT(SERVICE_NEW, "service_new"),
	STAT(SERVICE_LIVE, "service_live"),
	STAT(SERVICE_DELETED, "service_deleted"),
	STAT(FRONTEND_NEW, "frontend_new"),
	STAT(FRONTEND_LIVE, "frontend_live"),
	STAT(FRONTEND_DELETED, "frontend_deleted"),
	STAT(ENDPOINT_NEW, "endpoint_new"),
	STAT(ENDPOINT_LIVE, "endpoint_live"),
	STAT(ENDPOINT_DELETED, "endpoint_deleted"),
	STAT(ENDPOINT_DRAINING, "endpoint_draining"),
	STAT(FLOW_NEW, "flow_new"),
	STAT(FLOW_LIVE, "flow_live"),
	STAT(FLOW_EXPIRED, "flow_expired"),
	STAT(FLOW_EVICTED, "flow_evicted"),
	STAT(FLOW_DELETED, "flow_deleted"),
	STAT(FLOW_ORPHAN, "flow_orphan"),
	STAT(FLOW_RACED, "flow_raced"),
	STAT(FLOW_REUSED, "flow_reused"),
	STAT(FLOW_REPICKED, "flow_repicked"),
	STAT(FLOW_RESET, "flow_reset"),
	STAT(AFFINITY_NEW, "affinity_new"),
	STAT(AFFINITY_LIVE, "affinity_live"),
	STAT(AFFINITY_EXPIRED, "affinity_expired"),
	STAT(AFFINITY_DELETED, "affinity_deleted"),
	STAT(AFFINITY_FULL, "affinity_full"),
};

#define FIRST_STAT	SVCNAT_STAT_RX

const char *stat_word(uint32_t stat)
{
	return stat <= SVCNAT_STAT_MAX ? stat_words[stat] : NULL;
}

static void print_json(const struct stats *stats)
{
	int i;

	json_array(NULL);
	json_object(NULL);
	for (i = FIRST_STAT; i <= SVCNAT_STAT_MAX; i++)
		json_given(stat_words[i], stats, i, stats->value[i]);
	json_end();
	json_end();
}

static void print_table(const struct stats *stats)
{
	static const struct column columns[] = {
		{ .head = "NAME" },
		{ .head = "VALUE", .right = true },
	};
	struct table table;
	int i;

	table_begin(&table, columns, 2, false);
	for (i = FIRST_STAT; i <= SVCNAT_STAT_MAX; i++) {
		table_cell(&table, COLOUR_NONE, "%s", stat_words[i]);
		table_number(&table, stats, i, stats->value[i]);
	}
	table_end(&table);
}

static int keep(const struct reply *reply, void *arg)
{
	struct stats *stats = arg;

	if (reply->attr == SVCNAT_A_STATS)
		*stats = reply->stats;
	return 0;
}

static int show_netns(void)
{
	struct request req = {
		.cmd = SVCNAT_CMD_STATS_GET,
		.subject = "stats",
	};
	struct stats stats = { .head.given = 0 };
	int err = cmd_request(&req, keep, &stats);

	if (err)
		return err;
	if (options.json)
		print_json(&stats);
	else
		print_table(&stats);
	return 0;
}

static int keep_counters(const struct reply *reply, void *arg)
{
	struct counters *counters = arg;

	*counters = reply->service.counters;
	return 0;
}

static void print_service(const char *name, const struct counters *counters)
{
	static const struct column columns[] = {
		{ .head = "SERVICE" },
		STATS_COLUMNS
	};
	struct table table;

	if (options.json) {
		json_array(NULL);
		json_object(NULL);
		stats_members(counters);
		json_end();
		json_end();
		return;
	}
	table_begin(&table, columns, 1 + NR_STATS_COLUMNS, false);
	table_cell(&table, COLOUR_NONE, "%s", name);
	stats_cells(&table, counters);
	table_end(&table);
}

static int show_service(const char *name)
{
	struct counters counters = { .head.given = 0 };
	struct service service;
	struct request req = cmd_about(SVCNAT_CMD_SERVICE_GET, "service",
				       &service, name);
	int err;

	req.stats = true;
	err = cmd_request(&req, keep_counters, &counters);
	if (!err)
		print_service(name, &counters);
	return err;
}

static int stats_show(struct words *w)
{
	const char *name;
	int err = words_optional_name(w, &name);

	if (err)
		return err;
	return name ? show_service(name) : show_netns();
}

static const struct command commands[] = {
	{ "show", stats_show, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_stats = {
	.word = "stats",
	.commands = commands,
	.notes =
	"Counters of the network namespace, or of service NAME.\n"
};
