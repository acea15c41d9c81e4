// SPDX-License-Identifier: GPL-2.0
#include "metrics.h"

#include <string.h>

#include "cmd.h"
#include "prometheus.h"

/* What services, frontends and endpoints have in common. */
struct counted {
	const char *word;
	void (*labels)(const void *object);
	size_t counters;
};

static void service_labels(const void *object)
{
	metric_label("service", ((const struct head *)object)->service);
}

static void frontend_labels(const void *object)
{
	const struct frontend *frontend = object;
	char text[ADDR_TEXT_SIZE];

	service_labels(frontend);
	metric_label("frontend", format_frontend(text, frontend));
	metric_label("kind", choice_word(choice_kind, frontend->kind));
}

static void endpoint_labels(const void *object)
{
	const struct endpoint *endpoint = object;
	char text[ADDR_TEXT_SIZE];

	service_labels(endpoint);
	metric_label("endpoint", format_addr_port(text, &endpoint->addr,
						  endpoint->port));
}

static const struct counted counted_service = {
	"service", service_labels, offsetof(struct service, counters),
};

static const struct counted counted_frontend = {
	"frontend", frontend_labels, offsetof(struct frontend, counters),
};

static const struct counted counted_endpoint = {
	"endpoint", endpoint_labels, offsetof(struct endpoint, counters),
};

/* @direction: NULL: none */
static void print_counter(const struct counted *counted, const void *object,
			  int attr, const char *direction)
{
	const struct counters *counters;

	counters = (const void *)((const char *)object + counted->counters);
	if (!has(counters, attr))
		return;
	counted->labels(object);
	if (direction)
		metric_label("direction", direction);
	metric_value(counters->value[attr]);
}

/* @reply: attribute of the other direction, or 0 */
static void counter_family(const struct counted *counted,
			   const struct list *objects, const char *suffix,
			   const char *help, int request, int reply)
{
	const void *object;
	size_t i;

	metric_family(METRIC_COUNTER, counted->word, suffix, help);
	for (i = 0; i < objects->nr; i++) {
		object = list_at(objects, i);
		print_counter(counted, object, request,
			      reply ? "request" : NULL);
		if (reply)
			print_counter(counted, object, reply, "reply");
	}
}

static void counter_families(const struct counted *counted,
			     const struct list *objects)
{
	counter_family(counted, objects, "_connections_total",
		       "Connections made.", SVCNAT_COUNTER_A_CONNECTIONS, 0);
	counter_family(counted, objects, "_packets_total",
		       "Packets, to the endpoint (request) and from it (reply).",
		       SVCNAT_COUNTER_A_REQUEST_PACKETS,
		       SVCNAT_COUNTER_A_REPLY_PACKETS);
	counter_family(counted, objects, "_bytes_total",
		       "Bytes of the same packets, from the network header on.",
		       SVCNAT_COUNTER_A_REQUEST_BYTES,
		       SVCNAT_COUNTER_A_REPLY_BYTES);
}

static void service_info(const struct list *services)
{
	const struct service *service;
	size_t i;

	metric_family(METRIC_GAUGE, "service", "_info",
		      "Always 1; the protocol and scheduler of the service.");
	for (i = 0; i < services->nr; i++) {
		service = list_at(services, i);
		service_labels(service);
		metric_label("protocol", choice_word(choice_protocol,
						     service->proto));
		metric_label("scheduler", choice_word(choice_scheduler,
						      service->scheduler));
		metric_value(1);
	}
}

static bool nr_frontends(const void *object, uint64_t *value)
{
	const struct service *service = object;

	*value = service->nr_frontends;
	return has(service, SVCNAT_SERVICE_A_FRONTENDS);
}

static bool is_ready(const void *object, uint64_t *value)
{
	const struct endpoint *endpoint = object;

	*value = endpoint->state == SVCNAT_STATE_READY;
	return has(endpoint, SVCNAT_ENDPOINT_A_STATE);
}

static bool weight(const void *object, uint64_t *value)
{
	const struct endpoint *endpoint = object;

	*value = endpoint->weight;
	return has(endpoint, SVCNAT_ENDPOINT_A_WEIGHT);
}

static bool active(const void *object, uint64_t *value)
{
	const struct endpoint *endpoint = object;

	*value = endpoint->active;
	return has(endpoint, SVCNAT_ENDPOINT_A_ACTIVE);
}

/* @read: false if the object does not say. */
static void gauge_family(const struct counted *counted,
			 const struct list *objects, const char *suffix,
			 const char *help,
			 bool (*read)(const void *object, uint64_t *value))
{
	uint64_t value;
	size_t i;

	metric_family(METRIC_GAUGE, counted->word, suffix, help);
	for (i = 0; i < objects->nr; i++) {
		if (!read(list_at(objects, i), &value))
			continue;
		counted->labels(list_at(objects, i));
		metric_value(value);
	}
}

/* Both lists are sorted by service. */
static void service_endpoints(const struct list *services,
			      const struct list *endpoints)
{
	uint64_t number[SVCNAT_STATE_UNREADY + 1];
	const struct endpoint *endpoint;
	const struct service *service;
	size_t i, at = 0;
	int state;

	metric_family(METRIC_GAUGE, "service", "_endpoints",
		      "Endpoints of the service now.");
	for (i = 0; i < services->nr; i++) {
		service = list_at(services, i);
		memset(number, 0, sizeof(number));
		for (; at < endpoints->nr; at++) {
			endpoint = list_at(endpoints, at);
			if (service_compare(endpoint, service))
				break;
			if (endpoint->state <= SVCNAT_STATE_UNREADY)
				number[endpoint->state]++;
		}
		for (state = 0; state <= SVCNAT_STATE_UNREADY; state++) {
			service_labels(service);
			metric_label("state", choice_word(choice_state, state));
			metric_value(number[state]);
		}
	}
}

void metrics_services(const struct list *services,
		      const struct list *frontends,
		      const struct list *endpoints)
{
	service_info(services);
	gauge_family(&counted_service, services, "_frontends",
		     "Frontends of the service now.", nr_frontends);
	service_endpoints(services, endpoints);
	counter_families(&counted_service, services);
	counter_families(&counted_frontend, frontends);
	gauge_family(&counted_endpoint, endpoints, "_ready",
		     "Whether the state of the endpoint is ready.", is_ready);
	gauge_family(&counted_endpoint, endpoints, "_weight",
		     "Weight of the endpoint.", weight);
	gauge_family(&counted_endpoint, endpoints, "_flows",
		     "Flows of the endpoint now.", active);
	counter_families(&counted_endpoint, endpoints);
}
