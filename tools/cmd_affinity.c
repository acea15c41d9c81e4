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

static int take(const struct reply *reply, void *arg)
{
	if (reply->attr == SVCNAT_A_AFFINITY)
		collection_add(arg, &reply->head);
	return 0;
}

/* The table may move while it is read, so that some come twice or not. */
static int read_all(struct collection *entries, const char *name)
{
	struct patience patience = { .pause = 0 };
	struct service service;
	struct request req = cmd_about(SVCNAT_CMD_AFFINITY_GET, "affinity",
				       &service, name);
	int code;

	req.dump = true;
	do {
		collection_empty(entries);
		code = cmd_try(&req, take, entries);
	} while (code == NL_INTERRUPTED && patience_wait(&patience));
	if (code && code != NL_INTERRUPTED)
		return cmd_complain_about(code, name);
	list_sort(&entries->objects, affinity_compare);
	return 0;
}

static int affinity_show(struct words *w)
{
	struct collection entries;
	const char *name;
	int err = words_optional_name(w, &name);

	if (err)
		return err;
	collection_init(&entries, SVCNAT_A_AFFINITY);
	err = read_all(&entries, name);
	if (!err && options.json)
		print_json(&entries.objects);
	else if (!err)
		print_table(&entries.objects);
	collection_free(&entries);
	return err;
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
