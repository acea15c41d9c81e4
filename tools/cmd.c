// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	int code = cmd_try(req, fn, arg);

	return code ? cmd_complain(code) : 0;
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

void collection_init(struct collection *coll, int attr)
{
	memset(coll, 0, sizeof(*coll));
	coll->objects.size = object_types[attr].size;
	coll->names.size = sizeof(char *);
}

void collection_empty(struct collection *coll)
{
	size_t i;

	for (i = 0; i < coll->names.nr; i++)
		free(*(char **)list_at(&coll->names, i));
	coll->names.nr = 0;
	coll->objects.nr = 0;
}

void collection_free(struct collection *coll)
{
	collection_empty(coll);
	list_free(&coll->names);
	list_free(&coll->objects);
}

/* Often it is the last name again. */
static const char *keep_name(struct collection *coll, const char *name)
{
	char **last;

	if (!name)
		name = "";
	if (coll->names.nr) {
		last = list_at(&coll->names, coll->names.nr - 1);
		if (!strcmp(*last, name))
			return *last;
	}
	last = list_add(&coll->names);
	*last = strdup(name);
	if (!*last) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	return *last;
}

void *collection_add(struct collection *coll, const struct head *object)
{
	struct head *copy = list_copy(&coll->objects, object);

	copy->service = keep_name(coll, object->service);
	return copy;
}

#define PATIENCE	5000	/* milliseconds */
#define LONGEST_PAUSE	128	/* milliseconds */

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool patience_wait(struct patience *patience)
{
	int64_t now = milliseconds();
	struct timespec pause;

	if (!patience->end)
		patience->end = now + PATIENCE;
	if (now >= patience->end)
		return false;
	patience->pause = patience->pause ? 2 * patience->pause : 1;
	if (patience->pause > LONGEST_PAUSE)
		patience->pause = LONGEST_PAUSE;
	pause.tv_sec = 0;
	pause.tv_nsec = patience->pause * 1000000L;
	nanosleep(&pause, NULL);
	return true;
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
