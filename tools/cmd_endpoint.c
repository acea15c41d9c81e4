// SPDX-License-Identifier: GPL-2.0
#include <sys/socket.h>

#include "cmd.h"

#define OPTIONS	(GIVEN(SVCNAT_ENDPOINT_A_WEIGHT) | \
		 GIVEN(SVCNAT_ENDPOINT_A_STATE) | \
		 GIVEN(SVCNAT_ENDPOINT_A_PLACE))

static int place_option(struct words *w, struct endpoint *endpoint)
{
	const struct choice *choice;

	for (choice = choice_place; choice->word; choice++) {
		if (!words_match(w, choice->word))
			continue;
		if (has(endpoint, SVCNAT_ENDPOINT_A_PLACE))
			return words_bad(w, "\"%.200s\" is one too many of local, remote, local-only",
					 choice->word);
		endpoint->head.given |= GIVEN(SVCNAT_ENDPOINT_A_PLACE);
		endpoint->place = (uint8_t)choice->value;
		return 0;
	}
	return NOT_AN_OPTION;
}

int endpoint_option(struct words *w, struct endpoint *endpoint)
{
	int err;

	if (words_match(w, "weight")) {
		err = words_once(w, &endpoint->head, SVCNAT_ENDPOINT_A_WEIGHT,
				 "weight");
		return err ? err : words_number(w, SVCNAT_WEIGHT_MAX,
						&endpoint->weight);
	}
	if (words_match(w, "state")) {
		err = words_once(w, &endpoint->head, SVCNAT_ENDPOINT_A_STATE,
				 "state");
		return err ? err : words_choice(w, "state", choice_state,
						&endpoint->state);
	}
	return place_option(w, endpoint);
}

int endpoint_address(struct words *w, struct endpoint *endpoint)
{
	endpoint->head.given |= GIVEN(SVCNAT_ENDPOINT_A_ADDR4) |
				GIVEN(SVCNAT_ENDPOINT_A_PORT);
	return words_addr_port(w, &endpoint->addr, &endpoint->port);
}

void endpoint_warn(const struct endpoint *endpoint)
{
	const uint8_t *byte = endpoint->addr.byte;
	char text[ADDR_TEXT_SIZE];

	if (endpoint->addr.family == AF_INET && byte[0] == 169 &&
	    byte[1] == 254)
		complain("warning: endpoint %s is link-local, clients may reach what only this node should",
			 format_addr(text, &endpoint->addr));
}

/* NAME ADDR:PORT [ENDPOINT-OPTION]... */
static int take(struct words *w, const char **name, struct endpoint *endpoint)
{
	int err;

	err = words_service_name(w, name);
	if (!err)
		err = endpoint_address(w, endpoint);
	while (!err && words_peek(w))
		err = endpoint_option(w, endpoint);
	return err == NOT_AN_OPTION ? words_end(w) : err;
}

static int request(int cmd, const char *name, const struct endpoint *endpoint)
{
	struct service service;
	struct request req = cmd_about(cmd, "endpoint", &service, name);

	req.endpoints = endpoint;
	req.nr_endpoints = 1;
	return cmd_request(&req, NULL, NULL);
}

static int endpoint_add(struct words *w)
{
	struct endpoint endpoint = { 0 };
	const char *name;
	int err = take(w, &name, &endpoint);

	if (err)
		return err;
	endpoint_warn(&endpoint);
	return request(SVCNAT_CMD_ENDPOINT_NEW, name, &endpoint);
}

static int endpoint_set(struct words *w)
{
	struct endpoint endpoint = { 0 };
	const char *name;
	int err = take(w, &name, &endpoint);

	if (!err && !(endpoint.head.given & OPTIONS))
		err = words_bad(w, "expected an option after \"%.200s\"", w->last);
	return err ? err : request(SVCNAT_CMD_ENDPOINT_SET, name, &endpoint);
}

static int endpoint_del(struct words *w)
{
	struct endpoint endpoint = { 0 };
	const char *name;
	int err;

	err = words_service_name(w, &name);
	if (!err)
		err = endpoint_address(w, &endpoint);
	if (!err)
		err = words_end(w);
	return err ? err : request(SVCNAT_CMD_ENDPOINT_DEL, name, &endpoint);
}

void endpoint_json(const struct endpoint *endpoint)
{
	json_addr("address", &endpoint->addr);
	json_given("port", endpoint, SVCNAT_ENDPOINT_A_PORT, endpoint->port);
	json_given("weight", endpoint, SVCNAT_ENDPOINT_A_WEIGHT,
		   endpoint->weight);
	json_choice("state", endpoint, SVCNAT_ENDPOINT_A_STATE, choice_state,
		    endpoint->state);
	if (has(endpoint, SVCNAT_ENDPOINT_A_PLACE)) {
		json_bool("local", endpoint->place != SVCNAT_PLACE_REMOTE);
		json_bool("local_only",
			  endpoint->place == SVCNAT_PLACE_LOCAL_ONLY);
	} else {
		json_null("local");
		json_null("local_only");
	}
	json_given("active", endpoint, SVCNAT_ENDPOINT_A_ACTIVE,
		   endpoint->active);
	stats_json(&endpoint->counters);
}

static void print_json(const struct list *endpoints)
{
	const struct endpoint *endpoint;
	size_t i;

	json_array(NULL);
	for (i = 0; i < endpoints->nr; i++) {
		endpoint = list_at(endpoints, i);
		json_object(NULL);
		json_string("service", endpoint->head.service);
		endpoint_json(endpoint);
		json_end();
	}
	json_end();
}

static enum colour state_colour(int state)
{
	switch (state) {
	case SVCNAT_STATE_READY:
		return COLOUR_GOOD;
	case SVCNAT_STATE_TERMINATING:
		return COLOUR_FAIR;
	default:
		return COLOUR_BAD;
	}
}

static void print_row(struct table *table, const struct endpoint *endpoint)
{
	table_cell(table, COLOUR_NONE, "%s", endpoint->head.service);
	table_addr_port(table, &endpoint->addr, endpoint->port);
	table_number(table, endpoint, SVCNAT_ENDPOINT_A_WEIGHT,
		     endpoint->weight);
	table_cell(table, state_colour(endpoint->state), "%s",
		   choice_word(choice_state, endpoint->state));
	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_place, endpoint->place));
	if (!options.stats)
		return;
	table_number(table, endpoint, SVCNAT_ENDPOINT_A_ACTIVE,
		     endpoint->active);
	stats_cells(table, &endpoint->counters);
}

static void print_table(const struct list *endpoints)
{
	static const struct column columns[] = {
		{ .head = "SERVICE" },
		{ .head = "ADDRESS" },
		{ .head = "WEIGHT", .right = true },
		{ .head = "STATE" },
		{ .head = "PLACE" },
		{ .head = "ACTIVE", .right = true },
		STATS_COLUMNS
	};
	struct table table;
	size_t i;

	table_begin(&table, columns,
		    options.stats ? 6 + NR_STATS_COLUMNS : 5, false);
	for (i = 0; i < endpoints->nr; i++)
		print_row(&table, list_at(endpoints, i));
	table_end(&table);
}

static int endpoint_show(struct words *w)
{
	const struct member_output output = { print_json, print_table };

	return member_show(w, SVCNAT_A_ENDPOINT, &output);
}

static const struct command commands[] = {
	{ "add", endpoint_add, "NAME ADDR:PORT [ENDPOINT-OPTION]..." },
	{ "set", endpoint_set, "NAME ADDR:PORT ENDPOINT-OPTION..." },
	{ "drain", endpoint_drain, "NAME ADDR:PORT [wait DURATION]" },
	{ "del", endpoint_del, "NAME ADDR:PORT" },
	{ "show", endpoint_show, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_endpoint = {
	.word = "endpoint",
	.commands = commands,
	.notes =
	"ENDPOINT-OPTION is\n"
	"  weight N                         0 to 65535 (1)\n"
	"  state ready|terminating|unready  (ready)\n"
	"  local | remote | local-only      (remote)\n"
	"drain makes it terminating unless it is unready, and waits until it has no\n"
	"active flows, for DURATION at most.\n"
};
