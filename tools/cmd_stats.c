// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"
#include "metrics.h"
#include "snapshot.h"
#include "stat.h"

#include <string.h>

#define FIRST_STAT	SVCNAT_STAT_RX

static void print_json(const struct stats *stats)
{
	int i;

	json_array(NULL);
	json_object(NULL);
	for (i = FIRST_STAT; i <= SVCNAT_STAT_MAX; i++)
		json_given(stat_word(i), stats, i, stats->value[i]);
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
		table_cell(&table, COLOUR_NONE, "%s", stat_word(i));
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

static int keep_config(const struct reply *reply, void *arg)
{
	struct config *config = arg;

	if (reply->attr != SVCNAT_A_CONFIG)
		return 0;
	config->head = reply->config.head;
	memcpy(config->value, reply->config.value, sizeof(config->value));
	return 0;
}

static int expose_netns(void)
{
	struct request stats_get = {
		.cmd = SVCNAT_CMD_STATS_GET,
		.subject = "stats",
	};
	struct request config_get = {
		.cmd = SVCNAT_CMD_CONFIG_GET,
		.subject = "config",
	};
	struct config config = { .head.given = 0 };
	struct stats stats = { .head.given = 0 };
	int err;

	err = cmd_request(&stats_get, keep, &stats);
	if (!err)
		err = cmd_request(&config_get, keep_config, &config);
	if (!err)
		metrics_netns(&stats, &config);
	return err;
}

/* Everything, or what concerns service @name alone. */
static int expose(const char *name)
{
	bool stats = options.stats;
	struct snapshot snap;
	int err;

	options.stats = true;
	snapshot_init(&snap, true, true);
	err = cmd_snapshot(&snap, name);
	options.stats = stats;
	if (!err && !name)
		err = expose_netns();
	if (!err)
		metrics_services(&snap.services.objects, &snap.frontends,
				 &snap.endpoints);
	snapshot_free(&snap);
	return err;
}

static int stats_show(struct words *w)
{
	bool prometheus = words_match(w, "--prometheus");
	const char *name, *word = words_peek(w);
	int err;

	/* It would do as a name, too. */
	if (word && !strncmp(word, "--", 2))
		return words_unknown(w, word);
	err = words_optional_name(w, &name);
	if (err)
		return err;
	if (prometheus && options.json)
		return words_bad(w, "-j and \"--prometheus\" are two formats, expected one");
	if (prometheus)
		return expose(name);
	return name ? show_service(name) : show_netns();
}

static const struct command commands[] = {
	{ "show", stats_show, "[--prometheus] [NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_stats = {
	.word = "stats",
	.commands = commands,
	.notes =
	"Counters of the network namespace, or of service NAME.\n"
	"--prometheus prints all counters and limits in the text format of\n"
	"Prometheus, those of services, frontends and endpoints as well; with\n"
	"NAME those of this service and what it has.\n"
};
