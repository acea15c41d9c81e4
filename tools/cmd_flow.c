// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"
#include "flow_filter.h"

#include <stdio.h>

/*
 * There may be a million flows: they are printed as they come, unsorted, and
 * nothing is kept.  The table of flows never stands still, so a dump that was
 * interrupted is as good as any.
 */
struct stream {
	struct flow_filter filter;
	bool begun;
	struct table table;
};

static void json_side(const char *key, const char *port_key,
		      const struct flow *flow, const struct addr *addr,
		      int port_attr, uint16_t port)
{
	json_addr(key, addr);
	json_given(port_key, flow, port_attr, port);
}

static void print_json(const struct flow *flow)
{
	json_object(NULL);
	json_string("service", flow->head.service);
	json_choice("protocol", flow, SVCNAT_FLOW_A_PROTO, choice_protocol,
		    flow->proto);
	json_side("client", "client_port", flow, &flow->client,
		  SVCNAT_FLOW_A_CLIENT_PORT, flow->client_port);
	json_side("vip", "vip_port", flow, &flow->vip,
		  SVCNAT_FLOW_A_VIP_PORT, flow->vip_port);
	json_side("endpoint", "endpoint_port", flow, &flow->endpoint,
		  SVCNAT_FLOW_A_ENDPOINT_PORT, flow->endpoint_port);
	json_side("snat", "snat_port", flow, &flow->snat,
		  SVCNAT_FLOW_A_SNAT_PORT, flow->snat_port);
	json_choice("state", flow, SVCNAT_FLOW_A_STATE, choice_flow_state,
		    flow->state);
	json_given("idle", flow, SVCNAT_FLOW_A_IDLE, flow->idle);
	json_end();
}

static enum colour state_colour(int state)
{
	switch (state) {
	case SVCNAT_FLOW_ESTABLISHED:
	case SVCNAT_FLOW_REPLIED:
	case SVCNAT_FLOW_STREAM:
		return COLOUR_GOOD;
	case SVCNAT_FLOW_CLOSED:
		return COLOUR_BAD;
	default:
		return COLOUR_FAIR;
	}
}

static void print_row(struct table *table, const struct flow *flow)
{
	const char *service = flow->head.service;

	table_cell(table, COLOUR_NONE, "%s",
		   choice_word(choice_protocol, flow->proto));
	table_addr_port(table, &flow->client, flow->client_port);
	table_addr_port(table, &flow->vip, flow->vip_port);
	table_addr_port(table, &flow->endpoint, flow->endpoint_port);
	table_addr_port(table, &flow->snat, flow->snat_port);
	table_cell(table, state_colour(flow->state), "%s",
		   choice_word(choice_flow_state, flow->state));
	table_cell(table, COLOUR_NONE, "%us", flow->idle);
	table_cell(table, COLOUR_NONE, "%s", service ? service : "-");
}

static void begin(struct stream *stream)
{
	static const struct column columns[] = {
		{ .head = "PROTO", .width = 5 },
		{ .head = "CLIENT", .width = 21 },
		{ .head = "VIP", .width = 21 },
		{ .head = "ENDPOINT", .width = 21 },
		{ .head = "SNAT", .width = 21 },
		{ .head = "STATE", .width = 11 },
		{ .head = "IDLE", .width = 6, .right = true },
		{ .head = "SERVICE" },
	};

	if (stream->begun)
		return;
	stream->begun = true;
	if (options.json)
		json_array(NULL);
	else
		table_begin(&stream->table, columns, 8, true);
}

static int print_flow(const struct reply *reply, void *arg)
{
	struct stream *stream = arg;

	if (reply->attr != SVCNAT_A_FLOW ||
	    !flow_filter_match(&stream->filter, &reply->flow))
		return 0;
	begin(stream);
	if (options.json)
		print_json(&reply->flow);
	else
		print_row(&stream->table, &reply->flow);
	return ferror(stdout) ? EXIT_WORDS : 0;
}

/* What stops half-way stays without its end, lest it look complete. */
static int flow_show(struct words *w)
{
	struct stream stream = { .begun = false };
	struct service service;
	struct request req;
	int err = flow_filter_take(w, &stream.filter);

	if (err)
		return err;
	req = cmd_about(SVCNAT_CMD_FLOW_GET, "flow", &service,
			stream.filter.name);
	req.dump = true;
	err = cmd_try(&req, print_flow, &stream);
	if (err && err != NL_INTERRUPTED)
		goto out_failed;
	begin(&stream);
	if (options.json)
		json_end();
	else
		table_end(&stream.table);
	return 0;

out_failed:
	if (stream.begun && !options.json)
		table_end(&stream.table);
	return ferror(stdout) ? print_flush() : cmd_complain(err);
}

static int flow_flush(struct words *w)
{
	return cmd_flush(w, SVCNAT_CMD_FLOW_FLUSH, "flow");
}

static const struct command commands[] = {
	{ "show", flow_show, FLOW_FILTER_GRAMMAR },
	{ "flush", flow_flush, "[NAME]" },
	{ NULL, NULL, NULL }
};

const struct object object_flow = {
	.word = "flow",
	.commands = commands,
	.notes =
	"Connections, in no order; with several conditions those that meet all.\n"
	"\n"
	"The WORD behind state is one of\n"
	"  syn-sent, syn-recv, established, closing, closed (TCP and SCTP)\n"
	"  unreplied, replied, stream (UDP)\n"
};
