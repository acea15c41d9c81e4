// SPDX-License-Identifier: GPL-2.0
/* What the checks of "svcctl doctor" look at, and what they find. */
#include "doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char *keep(char *text)
{
	if (!text) {
		complain("out of memory");
		exit(EXIT_FAILURE);
	}
	return text;
}

__attribute__((format(printf, 1, 0)))
static char *format_text(const char *format, va_list args)
{
	char *text;

	return keep(vasprintf(&text, format, args) < 0 ? NULL : text);
}

void doctor_find(struct doctor *d, enum level level, const char *subject,
		 const char *format, ...)
{
	struct finding *finding = list_add(&d->findings);
	va_list args;

	finding->check = d->check;
	finding->level = level;
	if (subject)
		finding->subject = keep(strdup(subject));
	va_start(args, format);
	finding->message = format_text(format, args);
	va_end(args);
}

void doctor_advise(struct doctor *d, const char *format, ...)
{
	struct finding *last = list_at(&d->findings, d->findings.nr - 1);
	va_list args;

	va_start(args, format);
	last->advice = format_text(format, args);
	va_end(args);
}

const struct device *doctor_device(const struct doctor *d, uint32_t index)
{
	const struct device *device;
	size_t i;

	for (i = 0; i < d->devices.nr; i++) {
		device = list_at(&d->devices, i);
		if (device->index == index)
			return device;
	}
	return NULL;
}

bool doctor_owns(const struct doctor *d, const struct addr *addr)
{
	const struct device_addr *own;
	size_t i;

	for (i = 0; i < d->addrs.nr; i++) {
		own = list_at(&d->addrs, i);
		if (!addr_compare(&own->addr, addr))
			return true;
	}
	return false;
}

static int keep_config(const struct reply *reply, void *arg)
{
	struct config *config = arg;

	if (reply->attr != SVCNAT_A_CONFIG)
		return 0;
	object_free_lists(&object_types[SVCNAT_A_CONFIG], config);
	*config = reply->config;
	object_own_lists(&object_types[SVCNAT_A_CONFIG], config);
	return 0;
}

static int keep_stats(const struct reply *reply, void *arg)
{
	struct stats *stats = arg;

	if (reply->attr == SVCNAT_A_STATS)
		*stats = reply->stats;
	return 0;
}

/* Without the module there is nothing to complain about yet. */
static int ask_module(struct doctor *d)
{
	struct request config_get = {
		.cmd = SVCNAT_CMD_CONFIG_GET,
		.subject = "config",
	};
	struct request stats_get = {
		.cmd = SVCNAT_CMD_STATS_GET,
		.subject = "stats",
	};
	int code = cmd_try(&config_get, keep_config, &d->config);

	if (code == NL_ABSENT)
		return code;
	if (code)
		return cmd_complain(code);
	code = cmd_request(&stats_get, keep_stats, &d->stats);
	return code ? code : cmd_snapshot(&d->snap, NULL);
}

static void note_family(struct doctor *d, const struct addr *addr)
{
	d->ipv4 |= addr->family == AF_INET;
	d->ipv6 |= addr->family == AF_INET6;
}

static void find_families(struct doctor *d)
{
	const struct frontend *frontend;
	const struct endpoint *endpoint;
	size_t i;

	for (i = 0; i < d->snap.frontends.nr; i++) {
		frontend = list_at(&d->snap.frontends, i);
		note_family(d, &frontend->addr);
	}
	for (i = 0; i < d->snap.endpoints.nr; i++) {
		endpoint = list_at(&d->snap.endpoints, i);
		note_family(d, &endpoint->addr);
	}
}

/* Neighbours often have the same address, of another port or service. */
static void ask_way(struct doctor *d, const struct service *service,
		    const struct endpoint *endpoint)
{
	struct way *way = list_add(&d->ways), *last;

	way->endpoint = endpoint;
	way->proto = service->proto;
	last = d->ways.nr > 1 ? way - 1 : NULL;
	if (last && !addr_compare(&last->endpoint->addr, &endpoint->addr)) {
		way->known = last->known;
		way->route = last->route;
	} else if (d->routes) {
		way->known = nl_route_get(d->routes, &endpoint->addr,
					  &way->route);
	}
	way->device = doctor_device(d, way->route.device);
}

/* Both lists are sorted by service. */
static void ask_ways(struct doctor *d)
{
	const struct list *services = &d->snap.services.objects;
	const struct endpoint *endpoint;
	size_t i, service = 0;

	for (i = 0; i < d->snap.endpoints.nr; i++) {
		endpoint = list_at(&d->snap.endpoints, i);
		while (service_compare(list_at(services, service), endpoint))
			service++;
		if (endpoint->state != SVCNAT_STATE_UNREADY)
			ask_way(d, list_at(services, service), endpoint);
	}
}

/* The module is asked first: only then are we in the netns we look at. */
void doctor_gather(struct doctor *d)
{
	bool stats = options.stats;

	memset(d, 0, sizeof(*d));
	d->devices.size = sizeof(struct device);
	d->addrs.size = sizeof(struct device_addr);
	d->ways.size = sizeof(struct way);
	d->findings.size = sizeof(struct finding);
	options.stats = true;
	snapshot_init(&d->snap, true, true);
	d->code = ask_module(d);
	options.stats = stats;
	d->routes = nl_route_alloc();
	if (d->routes && (!nl_route_devices(d->routes, &d->devices) ||
			  !nl_route_addrs(d->routes, &d->addrs))) {
		nl_route_free(d->routes);
		d->routes = NULL;
	}
	find_families(d);
	ask_ways(d);
	ruleset_read(&d->rules);
}

void doctor_clean(struct doctor *d)
{
	struct finding *finding;
	size_t i;

	for (i = 0; i < d->findings.nr; i++) {
		finding = list_at(&d->findings, i);
		free(finding->subject);
		free(finding->message);
		free(finding->advice);
	}
	list_free(&d->findings);
	ruleset_free(&d->rules);
	list_free(&d->ways);
	list_free(&d->addrs);
	list_free(&d->devices);
	nl_route_free(d->routes);
	object_free_lists(&object_types[SVCNAT_A_CONFIG], &d->config);
	snapshot_free(&d->snap);
}
