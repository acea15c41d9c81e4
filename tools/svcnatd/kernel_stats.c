// SPDX-License-Identifier: GPL-2.0
#include "kernel_stats.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "metric.h"
#include "stat.h"
#include "words.h"

#define NR_COUNTERS	(SVCNAT_COUNTER_A_MAX + 1)

/* One line in each of the metrics below. */
struct row {
	char *service;
	char endpoint[ADDR_TEXT_SIZE];
	uint64_t active;
	uint64_t value[NR_COUNTERS];
};

static const struct {
	const char *word;
	const char *help;
} counters[NR_COUNTERS] = {
	[SVCNAT_COUNTER_A_CONNECTIONS] = {
		"connections_total", "Connections that were made." },
	[SVCNAT_COUNTER_A_REQUEST_PACKETS] = {
		"request_packets_total", "Packets from clients." },
	[SVCNAT_COUNTER_A_REQUEST_BYTES] = {
		"request_bytes_total", "Bytes from clients." },
	[SVCNAT_COUNTER_A_REPLY_PACKETS] = {
		"reply_packets_total", "Packets to clients." },
	[SVCNAT_COUNTER_A_REPLY_BYTES] = {
		"reply_bytes_total", "Bytes to clients." },
};

static void add_row(struct list *rows, const struct reply *reply,
		    const struct counters *from)
{
	struct row *row;

	if (!reply->service.head.service)
		return;
	row = list_add(rows);
	row->service = memory_copy(reply->service.head.service);
	memcpy(row->value, from->value, sizeof(row->value));
}

static int take_service(const struct reply *reply, void *arg)
{
	if (reply->attr == SVCNAT_A_SERVICE)
		add_row(arg, reply, &reply->service.counters);
	return 0;
}

static int take_endpoint(const struct reply *reply, void *arg)
{
	struct list *rows = arg;
	struct row *row;

	if (reply->attr != SVCNAT_A_ENDPOINT || !reply->service.head.service)
		return 0;
	add_row(rows, reply, &reply->endpoint.counters);
	row = list_at(rows, rows->nr - 1);
	format_addr_port(row->endpoint, &reply->endpoint.addr,
			 reply->endpoint.port);
	row->active = reply->endpoint.active;
	return 0;
}

static void put_row(FILE *out, const char *name, const struct row *row,
		    uint64_t value)
{
	const char *const labels[] = {
		"service", row->service,
		*row->endpoint ? "endpoint" : NULL, row->endpoint, NULL,
	};

	metric_value(out, name, labels, (double)value);
}

static void put_counter(FILE *out, const char *object, int counter,
			const struct list *rows)
{
	const struct row *row;
	char name[96];
	size_t i;

	snprintf(name, sizeof(name), "svcnat_%s_%s", object,
		 counters[counter].word);
	metric_head(out, name, "counter", counters[counter].help);
	for (i = 0; i < rows->nr; i++) {
		row = list_at(rows, i);
		put_row(out, name, row, row->value[counter]);
	}
}

static void put_rows(FILE *out, const char *object, const struct list *rows)
{
	int i;

	for (i = 0; i < NR_COUNTERS; i++)
		if (counters[i].word)
			put_counter(out, object, i, rows);
}

static void free_rows(struct list *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++)
		free(((struct row *)list_at(rows, i))->service);
	list_free(rows);
}

static int take_netns(const struct reply *reply, void *arg)
{
	FILE *out = arg;
	const char *word;
	char name[96];
	bool gauge;
	uint32_t i;

	if (reply->attr != SVCNAT_A_STATS)
		return 0;
	for (i = 0; i <= SVCNAT_STAT_MAX; i++) {
		word = stat_word(i);
		if (!word || !has(&reply->stats, (int)i))
			continue;
		gauge = i == SVCNAT_STAT_ENDPOINT_DRAINING ||
			strstr(word, "_live");
		snprintf(name, sizeof(name), "svcnat_%s%s", word,
			 gauge ? "" : "_total");
		metric_one(out, name, gauge ? "gauge" : "counter",
			   "A counter of the module, as \"svcctl stats show\" has it.",
			   (double)reply->stats.value[i]);
	}
	return 0;
}

void kernel_stats(struct nl *nl, FILE *out)
{
	const struct request netns = {
		.cmd = SVCNAT_CMD_STATS_GET,
		.subject = "stats",
	};
	const struct request services = {
		.cmd = SVCNAT_CMD_SERVICE_GET,
		.subject = "service",
		.dump = true,
		.stats = true,
	};
	struct list rows = { .size = sizeof(struct row) };

	nl_request(nl, &netns, take_netns, out);
	nl_request(nl, &services, take_service, &rows);
	put_rows(out, "service", &rows);
	free_rows(&rows);
}

void kernel_endpoint_stats(struct nl *nl, FILE *out)
{
	const struct request endpoints = {
		.cmd = SVCNAT_CMD_ENDPOINT_GET,
		.subject = "endpoint",
		.dump = true,
		.stats = true,
	};
	struct list rows = { .size = sizeof(struct row) };
	const struct row *row;
	size_t i;

	nl_request(nl, &endpoints, take_endpoint, &rows);
	put_rows(out, "endpoint", &rows);
	metric_head(out, "svcnat_endpoint_flows", "gauge",
		    "Connections that go on now.");
	for (i = 0; i < rows.nr; i++) {
		row = list_at(&rows, i);
		put_row(out, "svcnat_endpoint_flows", row, row->active);
	}
	free_rows(&rows);
}
