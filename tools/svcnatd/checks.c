// SPDX-License-Identifier: GPL-2.0
#include "checks.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "log.h"
#include "memory.h"
#include "server.h"

#define NR_PORTS	65536

/* A Service of which there is something to say. */
struct check {
	struct key key;
	uint16_t port;		/* at which somebody may ask, or 0 */
	bool listening;
	bool internal_lost;
	bool external_lost;
	unsigned int local;	/* ready endpoints here */
};

struct checks {
	struct server *server;
	bool (*healthy)(void *arg);
	void *arg;
	struct index index;
	struct check **by_port;
	size_t internal_lost;
	size_t external_lost;
};

/* Load balancers ask. */

static bool on_request(const char *path, uint16_t port,
		       struct server_answer *answer, void *arg)
{
	const struct checks *checks = arg;
	const struct check *check = checks->by_port[port];
	bool healthy = checks->healthy(checks->arg);

	(void)path;
	if (!check)
		return false;
	answer->type = "application/json";
	answer->status = check->local && healthy ? 200 : 503;
	answer->header.name = "X-Load-Balancing-Endpoint-Weight";
	snprintf(answer->header.value, sizeof(answer->header.value), "%u",
		 check->local);
	return server_printf(answer,
			     "{\"service\": {\"namespace\": \"%s\", \"name\": \"%s\"}, \"localEndpoints\": %u, \"serviceProxyHealthy\": %s}\n",
			     check->key.namespace, check->key.name,
			     check->local, healthy ? "true" : "false");
}

static void listen_at(struct checks *checks, struct check *check)
{
	const struct addr any = { .family = AF_INET6 };

	check->listening = !checks->by_port[check->port] &&
			   server_listen(checks->server, &any, check->port);
	if (check->listening)
		checks->by_port[check->port] = check;
	else
		log_line(LOG_ERR, "no health checks of a Service, it is tried again later",
			 LOG_TEXT("namespace", check->key.namespace),
			 LOG_TEXT("service", check->key.name),
			 LOG_NUMBER("port", check->port));
}

static void set_port(struct checks *checks, struct check *check,
		     uint16_t port)
{
	if (check->port == port)
		return;
	if (check->listening) {
		server_close(checks->server, check->port);
		checks->by_port[check->port] = NULL;
		check->listening = false;
	}
	check->port = port;
	if (port)
		listen_at(checks, check);
}

static void retry_one(void *item, void *arg)
{
	struct check *check = item;

	if (check->port && !check->listening)
		listen_at(arg, check);
}

void checks_retry(struct checks *checks)
{
	index_each(&checks->index, retry_one, checks);
}

/* Endpoints. */

static int compare_addresses(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static void add_local(struct list *addresses, const struct kube_slice *slice,
		      bool *elsewhere)
{
	const struct kube_endpoint *endpoint;
	size_t i;

	/* Where nothing listens nobody is served. */
	if (!slice->ports.nr)
		return;
	for (i = 0; i < slice->endpoints.nr; i++) {
		endpoint = list_at(&slice->endpoints, i);
		if (endpoint->local && endpoint->ready)
			list_copy(addresses, &endpoint->addr);
		*elsewhere |= !endpoint->local && endpoint->ready;
	}
}

/*
 * One pod has an address of each family, and counts once; and once however many
 * slices name it.
 */
static unsigned int count(struct list *addresses)
{
	const struct addr *addr;
	unsigned int four = 0;
	size_t i;

	list_sort(addresses, compare_addresses);
	list_unique(addresses, compare_addresses);
	for (i = 0; i < addresses->nr; i++) {
		addr = list_at(addresses, i);
		four += addr->family == AF_INET;
	}
	i = addresses->nr - four;
	return four > i ? four : (unsigned int)i;
}

static unsigned int count_local(const struct kube_entry *entry,
				bool *elsewhere)
{
	struct list addresses = { .size = sizeof(struct addr) };
	unsigned int nr;
	size_t i;

	*elsewhere = false;
	for (i = 0; i < entry->slices.nr; i++)
		add_local(&addresses, *(struct kube_slice **)
			  list_at(&entry->slices, i), elsewhere);
	nr = count(&addresses);
	list_free(&addresses);
	return nr;
}

/* Services. */

static struct check *get_check(struct checks *checks,
			       const struct kube_entry *entry)
{
	struct check *check = memory_new(sizeof(*check));

	check->key.namespace = memory_copy(entry->namespace);
	check->key.name = memory_copy(entry->name);
	index_add(&checks->index, check);
	return check;
}

static void free_check(void *item)
{
	struct check *check = item;

	free((char *)check->key.namespace);
	free((char *)check->key.name);
	free(check);
}

static void set_lost(bool *lost, size_t *nr, bool is)
{
	*nr += is;
	*nr -= *lost;
	*lost = is;
}

void checks_look(struct checks *checks, const struct kube_entry *entry)
{
	const struct kube_service *service = entry->service;
	struct check *check = index_find(&checks->index, entry->namespace,
					 entry->name);
	bool internal = service && service->internal_local;
	bool external = service && service->external_local;
	uint16_t port = service ? service->health_port : 0;
	bool elsewhere;

	if (!check && !internal && !external && !port)
		return;
	if (!check)
		check = get_check(checks, entry);
	check->local = count_local(entry, &elsewhere);
	elsewhere &= !check->local;
	set_lost(&check->internal_lost, &checks->internal_lost,
		 internal && elsewhere);
	set_lost(&check->external_lost, &checks->external_lost,
		 external && elsewhere);
	set_port(checks, check, port);
	if (internal || external || port)
		return;
	index_del(&checks->index, check);
	free_check(check);
}

size_t checks_internal_lost(const struct checks *checks)
{
	return checks->internal_lost;
}

size_t checks_external_lost(const struct checks *checks)
{
	return checks->external_lost;
}

void checks_free(struct checks *checks)
{
	if (!checks)
		return;
	server_free(checks->server);
	index_free(&checks->index, free_check);
	free(checks->by_port);
	free(checks);
}

struct checks *checks_new(sd_event *event, bool (*healthy)(void *arg),
			  void *arg)
{
	struct checks *checks = memory_new(sizeof(*checks));

	checks->healthy = healthy;
	checks->arg = arg;
	checks->by_port = memory_new(NR_PORTS * sizeof(*checks->by_port));
	checks->server = server_alloc(event, "service health", on_request,
				      checks);
	if (checks->server)
		return checks;
	checks_free(checks);
	return NULL;
}
