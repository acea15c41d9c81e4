// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

int frontend_option(struct words *w, struct frontend *frontend)
{
	int err;

	if (words_match(w, "kind")) {
		err = words_once(w, &frontend->head, SVCNAT_FRONTEND_A_KIND,
				 "kind");
		return err ? err : words_choice(w, "kind", choice_kind,
						&frontend->kind);
	}
	if (words_match(w, "allow"))
		return words_later(w, "allow");
	return NOT_AN_OPTION;
}

int frontend_address(struct words *w, struct frontend *frontend)
{
	if (words_match(w, "nodeport"))
		return words_later(w, "frontend nodeport");
	frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ADDR4) |
				GIVEN(SVCNAT_FRONTEND_A_PORT);
	return words_addr_port(w, &frontend->addr, &frontend->port);
}

static int request(int cmd, const char *name, const struct frontend *frontend)
{
	struct service service;
	struct request req = cmd_about(cmd, "frontend", &service, name);

	req.frontends = frontend;
	req.nr_frontends = 1;
	return cmd_request(&req, NULL, NULL);
}

static int frontend_add(struct words *w)
{
	struct frontend frontend = { 0 };
	const char *name;
	int err;

	err = words_service_name(w, &name);
	if (!err)
		err = frontend_address(w, &frontend);
	while (!err && words_peek(w))
		err = frontend_option(w, &frontend);
	if (err == NOT_AN_OPTION)
		err = words_end(w);
	return err ? err : request(SVCNAT_CMD_FRONTEND_NEW, name, &frontend);
}

static int frontend_del(struct words *w)
{
	struct frontend frontend = { 0 };
	const char *name;
	int err;

	err = words_service_name(w, &name);
	if (!err)
		err = frontend_address(w, &frontend);
	if (!err)
		err = words_end(w);
	return err ? err : request(SVCNAT_CMD_FRONTEND_DEL, name, &frontend);
}

void frontend_json(const struct frontend *frontend)
{
	json_addr("address", &frontend->addr);
	json_given("port", frontend, SVCNAT_FRONTEND_A_PORT, frontend->port);
	json_choice("kind", frontend, SVCNAT_FRONTEND_A_KIND, choice_kind,
		    frontend->kind);
	json_array("allow");
	json_end();
	stats_json(&frontend->counters);
}

static void print_json(const struct list *frontends)
{
	const struct frontend *frontend;
	size_t i;

	json_array(NULL);
	for (i = 0; i < frontends->nr; i++) {
		frontend = list_at(frontends, i);
		json_object(NULL);
		json_string("service", frontend->head.service);
		frontend_json(frontend);
		json_end();
	}
	json_end();
}

static void print_table(const struct list *frontends)
{
	static const struct column columns[] = {
		{ .head = "SERVICE" },
		{ .head = "ADDRESS" },
		{ .head = "KIND" },
		STATS_COLUMNS
	};
	const struct frontend *frontend;
	struct table table;
	size_t i;

	table_begin(&table, columns,
		    options.stats ? 3 + NR_STATS_COLUMNS : 3, false);
	for (i = 0; i < frontends->nr; i++) {
		frontend = list_at(frontends, i);
		table_cell(&table, COLOUR_NONE, "%s", frontend->head.service);
		table_addr_port(&table, &frontend->addr, frontend->port);
		table_cell(&table, COLOUR_NONE, "%s",
			   choice_word(choice_kind, frontend->kind));
		if (options.stats)
			stats_cells(&table, &frontend->counters);
	}
	table_end(&table);
}

static int frontend_show(struct words *w)
{
	const struct member_output output = { print_json, print_table };

	return member_show(w, SVCNAT_A_FRONTEND, &output);
}

static const struct command commands[] = {
	{ "add", frontend_add, "NAME ADDR:PORT [kind cluster]" },
	{ "del", frontend_del, "NAME ADDR:PORT" },
	{ "show", frontend_show, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_frontend = {
	.word = "frontend",
	.commands = commands,
	.notes =
	"A frontend is an address and port that clients of service NAME use:\n"
	"192.0.2.1:80 or [2001:db8::1]:80.\n"
};
