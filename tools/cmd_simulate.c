// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <string.h>

#include "stat.h"

/**
 * struct simulation - what the module says about a packet
 * @answer: the verdict
 * @endpoints: what the draw would be made from
 * @service: name of the service that is met, or empty
 */
struct simulation {
	struct answer answer;
	struct collection endpoints;
	char service[SVCNAT_NAME_MAX + 1];
};

static int address(struct words *w, struct query *query, int attr,
		   struct addr *addr, int port_attr, uint16_t *port)
{
	query->head.given |= GIVEN(attr) | GIVEN(port_attr);
	return words_addr_port(w, addr, port);
}

/* The name of the device, until its index can be asked for. */
static int origin(struct words *w, struct query *query, const char **device)
{
	const char *word = words_peek(w);
	bool local = !strcmp(word, "local");

	words_expect(w, "iif");
	words_expect(w, "local");
	if (!local && strcmp(word, "iif"))
		return words_end(w);
	if (*device || has(query, SVCNAT_QUERY_A_LOCAL))
		return words_bad(w, "\"%.200s\" is one too many of iif, local",
				 word);
	words_match(w, word);
	if (!local)
		return words_take(w, "a network device", device);
	query->head.given |= GIVEN(SVCNAT_QUERY_A_LOCAL);
	return 0;
}

/* PROTO SRC:PORT DST:PORT [iif DEV | local] */
static int take_query(struct words *w, struct query *query,
		      const char **device)
{
	int err;

	query->head.given |= GIVEN(SVCNAT_QUERY_A_PROTO);
	err = words_choice(w, "protocol", choice_protocol, &query->proto);
	if (!err)
		err = address(w, query, SVCNAT_QUERY_A_SRC4, &query->src,
			      SVCNAT_QUERY_A_SRC_PORT, &query->src_port);
	if (!err)
		err = address(w, query, SVCNAT_QUERY_A_DST4, &query->dst,
			      SVCNAT_QUERY_A_DST_PORT, &query->dst_port);
	if (!err && query->src.family != query->dst.family)
		return words_bad(w, "the addresses are of two families");
	while (!err && words_peek(w))
		err = origin(w, query, device);
	return err;
}

static int take(const struct reply *reply, void *arg)
{
	struct simulation *sim = arg;
	const char *service = reply->service.head.service;

	if (reply->attr == SVCNAT_A_ENDPOINT)
		collection_add(&sim->endpoints, &reply->head);
	if (reply->attr != SVCNAT_A_ANSWER)
		return 0;
	sim->answer = reply->answer;
	snprintf(sim->service, sizeof(sim->service), "%s",
		 service ? service : "");
	return 0;
}

/* Until nothing changes between two parts of the answer, but not for ever. */
static int ask(const struct query *query, struct simulation *sim)
{
	struct request req = {
		.cmd = SVCNAT_CMD_SIMULATE,
		.dump = true,
		.subject = "simulate",
		.query = query,
	};
	struct patience patience = { .pause = 0 };
	int code;

	do {
		collection_empty(&sim->endpoints);
		memset(&sim->answer, 0, sizeof(sim->answer));
		code = cmd_try(&req, take, sim);
	} while (code == NL_INTERRUPTED && patience_wait(&patience));
	if (code && code != NL_INTERRUPTED)
		return cmd_complain(code);
	if (!has(&sim->answer, SVCNAT_ANSWER_A_VERDICT)) {
		complain("the module gave no answer: svcctl and module do not fit");
		return EXIT_REFUSED;
	}
	if (code)
		complain("the service changed each time it was asked about: the answer is of several moments");
	list_sort(&sim->endpoints.objects, endpoint_compare);
	return 0;
}

/* The counter's name without "drop_" or "reject_", and with dashes. */
static const char *format_counter(char text[64], uint32_t stat)
{
	const char *word = stat_word(stat);
	char *c;

	if (!word || (strncmp(word, "drop_", 5) && strncmp(word, "reject_", 7)))
		return "unknown";
	snprintf(text, 64, "%s", strchr(word, '_') + 1);
	for (c = text; *c; c++)
		if (*c == '_')
			*c = '-';
	return text;
}

static const char *format_reason(char text[64], const struct answer *answer)
{
	switch (answer->verdict) {
	case SVCNAT_ANSWER_ACCEPT:
		return "no-frontend";
	case SVCNAT_ANSWER_DNAT:
		if (answer->affinity_hit)
			return "affinity";
		return answer->policy == SVCNAT_POLICY_LOCAL ? "local-list"
							     : "cluster-list";
	default:
		return format_counter(text, answer->reason);
	}
}

static void json_given_bool(const char *key, const void *object, int attr,
			    bool value)
{
	if (has(object, attr))
		json_bool(key, value);
	else
		json_null(key);
}

static void json_endpoints(const struct list *endpoints)
{
	const struct endpoint *endpoint;
	size_t i;

	json_array("endpoints");
	for (i = 0; i < endpoints->nr; i++) {
		endpoint = list_at(endpoints, i);
		json_object(NULL);
		json_addr("address", &endpoint->addr);
		json_given("port", endpoint, SVCNAT_ENDPOINT_A_PORT,
			   endpoint->port);
		json_given_bool("masquerade", endpoint,
				SVCNAT_ENDPOINT_A_MASQUERADE,
				endpoint->masquerade);
		json_end();
	}
	json_end();
}

static void print_json(const struct simulation *sim)
{
	const struct answer *answer = &sim->answer;
	char text[64];

	json_array(NULL);
	json_object(NULL);
	json_string("verdict", choice_word(choice_verdict, answer->verdict));
	json_string("reason", format_reason(text, answer));
	json_string("service", *sim->service ? sim->service : NULL);
	json_endpoints(&sim->endpoints.objects);
	json_given_bool("affinity_hit", answer, SVCNAT_ANSWER_A_AFFINITY_HIT,
			answer->affinity_hit);
	json_given_bool("masquerade", answer, SVCNAT_ANSWER_A_MASQUERADE,
			answer->masquerade);
	json_end();
	json_end();
}

static enum colour verdict_colour(int verdict)
{
	switch (verdict) {
	case SVCNAT_ANSWER_ACCEPT:
		return COLOUR_NONE;
	case SVCNAT_ANSWER_DNAT:
		return COLOUR_GOOD;
	default:
		return COLOUR_BAD;
	}
}

/* @endpoint: or NULL */
static void print_row(struct table *table, const struct simulation *sim,
		      const struct endpoint *endpoint)
{
	const struct answer *answer = &sim->answer;
	char text[64];

	table_cell(table, verdict_colour(answer->verdict), "%s",
		   choice_word(choice_verdict, answer->verdict));
	table_cell(table, COLOUR_NONE, "%s", format_reason(text, answer));
	table_cell(table, COLOUR_NONE, "%s",
		   *sim->service ? sim->service : "-");
	if (!endpoint) {
		table_cell(table, COLOUR_NONE, "-");
		table_cell(table, COLOUR_NONE, "-");
		return;
	}
	table_addr_port(table, &endpoint->addr, endpoint->port);
	table_cell(table, COLOUR_NONE, "%s",
		   endpoint->masquerade ? "yes" : "no");
}

static void print_table(const struct simulation *sim)
{
	static const struct column columns[] = {
		{ .head = "VERDICT" },
		{ .head = "REASON" },
		{ .head = "SERVICE" },
		{ .head = "ENDPOINT" },
		{ .head = "MASQUERADE" },
	};
	const struct list *endpoints = &sim->endpoints.objects;
	struct table table;
	size_t i;

	table_begin(&table, columns, 5, false);
	if (!endpoints->nr)
		print_row(&table, sim, NULL);
	for (i = 0; i < endpoints->nr; i++)
		print_row(&table, sim, list_at(endpoints, i));
	table_end(&table);
}

static int simulate(struct words *w)
{
	struct query query = { .proto = 0 };
	struct simulation sim = { .service = "" };
	const char *device = NULL;
	int err = take_query(w, &query, &device);

	if (!err && device) {
		query.head.given |= GIVEN(SVCNAT_QUERY_A_IIF);
		err = cmd_device(device, &query.iif);
	}
	if (err)
		return err;
	collection_init(&sim.endpoints, SVCNAT_A_ENDPOINT);
	err = ask(&query, &sim);
	if (!err && options.json)
		print_json(&sim);
	else if (!err)
		print_table(&sim);
	collection_free(&sim.endpoints);
	return err;
}

static const struct command commands[] = {
	{ "", simulate, "PROTO SRC:PORT DST:PORT [iif DEV | local]" },
	{ NULL, NULL, NULL }
};

const struct object object_simulate = {
	.word = "simulate",
	.commands = commands,
	.notes =
	"What would become of the first packet of a connection, and to which\n"
	"endpoints it might go.  Nothing is sent, changed or counted.\n"
	"It comes from another host by any device, or by DEV, or with local from\n"
	"a socket of this node.\n"
};
