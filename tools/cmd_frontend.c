// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"
#include "range.h"

static int kind_option(struct words *w, struct frontend *frontend)
{
	int err = words_once(w, &frontend->head, SVCNAT_FRONTEND_A_KIND,
			     "kind");

	if (!err)
		err = words_choice(w, "kind", choice_kind, &frontend->kind);
	if (!err && frontend->kind == SVCNAT_KIND_NODEPORT)
		return words_bad(w, "a nodeport has no address, expected \"nodeport PORT\" in its place");
	return err;
}

int frontend_option(struct words *w, struct frontend *frontend)
{
	if (frontend->kind == SVCNAT_KIND_NODEPORT)
		return NOT_AN_OPTION;
	if (words_match(w, "kind"))
		return kind_option(w, frontend);
	if (!words_match(w, "allow"))
		return NOT_AN_OPTION;
	frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_ALLOW);
	return words_range(w, "allow", &frontend->allow);
}

static int nodeport(struct words *w, struct frontend *frontend)
{
	uint32_t port = 0;
	int err = words_number(w, UINT16_MAX, &port);

	frontend->head.given |= GIVEN(SVCNAT_FRONTEND_A_PORT) |
				GIVEN(SVCNAT_FRONTEND_A_KIND);
	frontend->kind = SVCNAT_KIND_NODEPORT;
	frontend->port = (uint16_t)port;
	return err;
}

int frontend_address(struct words *w, struct frontend *frontend)
{
	if (words_match(w, "nodeport"))
		return nodeport(w, frontend);
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
	if (!err)
		err = request(SVCNAT_CMD_FRONTEND_NEW, name, &frontend);
	list_free(&frontend.allow);
	return err;
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
	json_ranges("allow", &frontend->allow);
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

static void print_row(struct table *table, const struct frontend *frontend)
{
	char text[ADDR_TEXT_SIZE];

	table_cell(table, COLOUR_NONE, "%s", frontend->head.service);
	table_cell(table, COLOUR_NONE, "%s", format_frontend(text, frontend));
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_kind, frontend->kind));
	if (options.stats)
		stats_cells(table, &frontend->counters);
	table_ranges(table, &frontend->allow, "-");
}

#define COLUMNS \
	{ .head = "SERVICE" }, \
	{ .head = "ADDRESS" }, \
	{ .head = "KIND" }

static void print_table(const struct list *frontends)
{
	static const struct column columns[] = {
		COLUMNS, { .head = "ALLOW" },
	};
	static const struct column with_stats[] = {
		COLUMNS, STATS_COLUMNS, { .head = "ALLOW" },
	};
	struct table table;
	size_t i;

	if (options.stats)
		table_begin(&table, with_stats, 4 + NR_STATS_COLUMNS, false);
	else
		table_begin(&table, columns, 4, false);
	for (i = 0; i < frontends->nr; i++)
		print_row(&table, list_at(frontends, i));
	table_end(&table);
}

static int frontend_show(struct words *w)
{
	const struct member_output output = { print_json, print_table };

	return member_show(w, SVCNAT_A_FRONTEND, &output);
}

static const struct command commands[] = {
	{ "add", frontend_add,
	  "NAME ADDR:PORT [FRONTEND-OPTION]... | NAME nodeport PORT" },
	{ "del", frontend_del, "NAME ADDR:PORT | NAME nodeport PORT" },
	{ "show", frontend_show, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_frontend = {
	.word = "frontend",
	.commands = commands,
	.notes =
	"A frontend is an address and port that clients of service NAME use:\n"
	"192.0.2.1:80 or [2001:db8::1]:80; or a port of the node's own addresses.\n"
	"FRONTEND-OPTION is\n"
	"  kind cluster|external|lb  (cluster)\n"
	"  allow CIDR                who may be a client of kind lb, may be\n"
	"                            repeated: 192.0.2.0/24 or 2001:db8::/32,\n"
	"                            or one address (anybody)\n"
};
