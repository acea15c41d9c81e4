/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the agent share: agent.c, agent_feeds.c, agent_metrics.c. */
#ifndef _SVCNATD_AGENT_INSIDE_H
#define _SVCNATD_AGENT_INSIDE_H

#include <systemd/sd-event.h>

#include "access.h"
#include "backoff.h"
#include "checks.h"
#include "health.h"
#include "http.h"
#include "kernel.h"
#include "metric.h"
#include "options.h"
#include "reflector.h"
#include "server.h"
#include "store.h"
#include "sync.h"

struct agent;

/**
 * struct feed - a resource that is watched
 * @agent: by whom
 * @kind: of the objects
 * @resource: what the API calls it
 * @reflector: who watches
 */
struct feed {
	struct agent *agent;
	enum kube_kind kind;
	struct resource resource;
	struct reflector *reflector;
};

/**
 * struct agent_times - how long what took, and when
 * @sync: of each time that the kernel was made equal
 * @full: of those of them at which all of it was read
 * @partial: of the others
 * @programming: from what happened in the cluster until the kernel knew
 * @queued: when something changed last, in microseconds since 1970
 * @updated: when the kernel was made equal last
 * @begun: when the agent was
 */
struct agent_times {
	struct histogram sync;
	struct histogram full;
	struct histogram partial;
	struct histogram programming;
	uint64_t queued;
	uint64_t updated;
	uint64_t begun;
};

/**
 * struct agent - all of it
 * @options: what it was told
 * @event: its loop
 * @access: to the API
 * @http: the same, at work
 * @timing: how patient it is with the API
 * @feeds: what it watches there
 * @query: selects what is for kube-proxy and its like
 * @node_query: selects its own Node
 * @store: what it knows from there
 * @kernel: what it makes equal to that
 * @sync: how
 * @health: whether it keeps up
 * @checks: of Services
 * @healthz: answers /healthz and /livez
 * @metrics: answers /metrics and others
 * @sync_timer: when the kernel is made equal next
 * @period_timer: when it is asked next whether others have changed it
 * @retry_timer: when what was refused is tried again
 * @listen_timer: when servers that could not listen are tried again
 * @node_timer: until when our Node is waited for
 * @backoff: between tries
 * @last: when the kernel was made equal last, of the monotonic clock
 * @read: when all of the kernel was read last
 * @refused: how many services were refused then
 * @full: all of it is to be looked at
 * @blocked: the kernel could not be asked, which is tried again later
 * @node_late: there is no waiting for our Node any more
 * @ready: it was made equal once
 * @endpoints_asked: somebody reads /metrics/endpoints
 * @triggers: of changes that the kernel does not know yet
 * @changes: of the store, by kind; and since the kernel was made equal last
 * @pending: the latter
 * @times: how long what took
 */
struct agent {
	const struct agent_options *options;
	sd_event *event;
	struct access access;
	struct http *http;
	struct reflector_timing timing;
	struct feed feeds[NR_KUBE_KINDS];
	char *query;
	char *node_query;
	struct kube_store *store;
	struct kernel *kernel;
	struct sync *sync;
	struct health health;
	struct checks *checks;
	struct server *healthz;
	struct server *metrics;
	sd_event_source *sync_timer;
	sd_event_source *period_timer;
	sd_event_source *retry_timer;
	sd_event_source *listen_timer;
	sd_event_source *node_timer;
	struct backoff backoff;
	uint64_t last;
	uint64_t read;
	size_t refused;
	bool full;
	bool blocked;
	bool node_late;
	bool ready;
	bool endpoints_asked;
	struct list triggers;
	uint64_t changes[NR_KUBE_KINDS];
	uint64_t pending[NR_KUBE_KINDS];
	struct agent_times times;
};

/* All was listed that the kernel must know at once. */
bool agent_is_complete(const struct agent *agent);

/* Makes the kernel equal soon, if that can be done now. */
void agent_schedule(struct agent *agent);

/* False, and why is logged. */
bool agent_open_api(struct agent *agent);
bool agent_start_feeds(struct agent *agent);

/* A server_fn: /metrics, /metrics/endpoints and /proxyMode; @arg: the agent. */
bool agent_metrics(const char *path, uint16_t port,
		   struct server_answer *answer, void *arg);
void agent_metrics_init(struct agent_times *times);

#endif /* _SVCNATD_AGENT_INSIDE_H */
