// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <string.h>

struct request cmd_about(int cmd, const char *subject,
			 struct service *service, const char *name)
{
	struct request req = { .cmd = cmd, .subject = subject };

	memset(service, 0, sizeof(*service));
	if (name) {
		service->head.given = GIVEN(SVCNAT_SERVICE_A_NAME);
		service->head.service = name;
		req.service = service;
	}
	return req;
}

int cmd_request(const struct request *req, nl_reply_fn fn, void *arg)
{
	const char *name = req->service ? req->service->head.service : NULL;
	int code = cmd_try(req, fn, arg);

	return code ? cmd_complain_about(code, name) : 0;
}

int cmd_flush(struct words *w, int cmd, const char *subject)
{
	struct service service;
	struct request req;
	const char *name;
	int err = words_optional_name(w, &name);

	if (err)
		return err;
	req = cmd_about(cmd, subject, &service, name);
	return cmd_request(&req, NULL, NULL);
}

int cmd_snapshot(struct snapshot *snap, const char *name)
{
	size_t i;
	int code;

	snap->with_stats = options.stats;
	code = snapshot_read(snap, cmd_nl(), name);
	if (code)
		return cmd_complain_about(code, name);
	for (i = 0; i < snap->unsettled.nr; i++)
		complain("service \"%.200s\" changed each time it was read: what is shown is of several moments",
			 *(char **)list_at(&snap->unsettled, i));
	return 0;
}

int cmd_settled_snapshot(struct snapshot *snap, const char *undone)
{
	int code = snapshot_read(snap, cmd_nl(), NULL);

	if (code)
		return cmd_complain(code);
	if (!snap->unsettled.nr)
		return 0;
	complain("service \"%.200s\" changed each time it was read, and nothing was %s",
		 *(char **)list_at(&snap->unsettled, 0), undone);
	return EXIT_REFUSED;
}

int member_show(struct words *w, int attr, const struct member_output *output)
{
	bool frontends = attr == SVCNAT_A_FRONTEND;
	const struct list *members;
	struct snapshot snap;
	const char *name;
	int err = words_optional_name(w, &name);

	if (err)
		return err;
	snapshot_init(&snap, frontends, !frontends);
	members = frontends ? &snap.frontends : &snap.endpoints;
	err = cmd_snapshot(&snap, name);
	if (!err && options.json)
		output->json(members);
	else if (!err)
		output->table(members);
	snapshot_free(&snap);
	return err;
}

static const struct {
	const char *key;
	int attr;
} counter_keys[NR_STATS_COLUMNS] = {
	{ "connections", SVCNAT_COUNTER_A_CONNECTIONS },
	{ "request_packets", SVCNAT_COUNTER_A_REQUEST_PACKETS },
	{ "request_bytes", SVCNAT_COUNTER_A_REQUEST_BYTES },
	{ "reply_packets", SVCNAT_COUNTER_A_REPLY_PACKETS },
	{ "reply_bytes", SVCNAT_COUNTER_A_REPLY_BYTES },
};

void stats_members(const struct counters *counters)
{
	size_t i;

	for (i = 0; i < NR_STATS_COLUMNS; i++)
		json_given(counter_keys[i].key, counters,
			   counter_keys[i].attr,
			   counters->value[counter_keys[i].attr]);
}

void stats_json(const struct counters *counters)
{
	if (!options.stats)
		return;
	json_object("stats");
	stats_members(counters);
	json_end();
}

void table_number(struct table *table, const void *object, int attr,
		  uint64_t value)
{
	if (has(object, attr))
		table_cell(table, COLOUR_NONE, "%" PRIu64, value);
	else
		table_cell(table, COLOUR_NONE, "-");
}

void table_addr_port(struct table *table, const struct addr *addr,
		     uint16_t port)
{
	char text[ADDR_TEXT_SIZE];

	table_cell(table, COLOUR_NONE, "%s",
		   format_addr_port(text, addr, port));
}

void json_given(const char *key, const void *object, int attr,
		uint64_t value)
{
	if (has(object, attr))
		json_number(key, value);
	else
		json_null(key);
}

void json_choice(const char *key, const void *object, int attr,
		 const struct choice *choices, int value)
{
	json_string(key, has(object, attr) ? choice_word(choices, value)
					   : NULL);
}

void json_addr(const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT_SIZE];

	json_string(key, addr->family ? format_addr(text, addr) : NULL);
}

void stats_cells(struct table *table, const struct counters *counters)
{
	size_t i;

	for (i = 0; i < NR_STATS_COLUMNS; i++)
		table_number(table, counters, counter_keys[i].attr,
			     counters->value[counter_keys[i].attr]);
}
