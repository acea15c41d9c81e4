// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

static void print_json(const struct list *entries)
{
	const struct affinity *entry;
	size_t i;

	json_array(NULL);
	for (i = 0; i < entries->nr; i++) {
		entry = list_at(entries, i);
		json_object(NULL);
		json_string("service", entry->head.service);
		json_addr("client", &entry->client);
		json_addr("endpoint", &entry->endpoint);
		json_given("endpoint_port", entry,
			   SVCNAT_AFFINITY_A_ENDPOINT_PORT,
			   entry->endpoint_port);
		json_given("expires", entry, SVCNAT_AFFINITY_A_EXPIRES,
			   entry->expires);
		json_end();
	}
	json_end();
}

static void print_table(const struct list *entries)
{
	static const struct column columns[] = {
		{ .head = "SERVICE" },
		{ .head = "CLIENT" },
		{ .head = "ENDPOINT" },
		{ .head = "EXPIRES", .right = true },
	};
	const struct affinity *entry;
	char text[ADDR_TEXT_SIZE];
	struct table table;
	size_t i;

	table_begin(&table, columns, 4, false);
	for (i = 0; i < entries->nr; i++) {
		entry = list_at(entries, i);
		table_cell(&table, COLOUR_NONE, "%s", entry->head.service);
		table_cell(&table, COLOUR_NONE, "%s",
			   format_addr(text, &entry->client));
		table_addr_port(&table, &entry->endpoint,
				entry->endpoint_port);
		table_cell(&table, COLOUR_NONE, "%us", entry->expires);
	}
	table_end(&table);
}

static int affinity_show(struct words *w)
{
	const struct collection_output output = { print_json, print_table };

	return collection_show(w, SVCNAT_CMD_AFFINITY_GET, SVCNAT_A_AFFINITY,
			       &output);
}

static int affinity_flush(struct words *w)
{
	return cmd_flush(w, SVCNAT_CMD_AFFINITY_FLUSH, "affinity");
}

static const struct command commands[] = {
	{ "show", affinity_show, "[NAME]" },
	{ "flush", affinity_flush, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_affinity = {
	.word = "affinity",
	.commands = commands,
	.notes =
	"Clients that are pinned to the endpoint that they got first.\n"
};
