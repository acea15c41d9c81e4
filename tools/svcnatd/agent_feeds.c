// SPDX-License-Identifier: GPL-2.0
/* What the agent watches in the API, and what it does about it. */
#include <stdio.h>
#include <stdlib.h>

#include "agent_inside.h"
#include "log.h"
#include "trigger.h"

static void note_node(struct agent *agent)
{
	const struct kube_node *node = kube_store_node(agent->store);
	bool leaving = kube_store_listed(agent->store, KUBE_NODE) &&
		       (!node || node->leaving);

	if (leaving != agent->health.leaving)
		log_line(LOG_INFO, leaving ?
			 "the node is leaving, load balancers are told" :
			 "the node stays",
			 LOG_TEXT("node", agent->options->node));
	agent->health.leaving = leaving;
}

static void note_change(struct feed *feed)
{
	struct agent *agent = feed->agent;

	if (feed->kind == KUBE_NODE)
		note_node(agent);
	agent->changes[feed->kind]++;
	agent->pending[feed->kind]++;
	agent->times.queued = health_date();
	/* Before the first list comes there is nothing to be late with. */
	if (agent_is_complete(agent))
		health_queue(&agent->health);
	agent_schedule(agent);
}

static void on_replace_begin(void *arg)
{
	const struct feed *feed = arg;

	kube_store_list_begin(feed->agent->store, feed->kind);
}

static void on_object(json_t *object, void *arg)
{
	const struct feed *feed = arg;

	kube_store_put(feed->agent->store, feed->kind, object);
}

static void look_for_node(const struct agent *agent)
{
	if (!kube_store_node(agent->store))
		log_line(LOG_WARNING, "there is no Node of that name, its zone, ranges and addresses are not known",
			 LOG_TEXT("node", agent->options->node));
}

static void on_replace_end(void *arg)
{
	struct feed *feed = arg;

	kube_store_list_end(feed->agent->store, feed->kind);
	if (feed->kind == KUBE_NODE)
		look_for_node(feed->agent);
	note_change(feed);
}

static void on_changed(json_t *object, void *arg)
{
	struct feed *feed = arg;

	kube_store_put(feed->agent->store, feed->kind, object);
	if (feed->kind == KUBE_SLICE)
		trigger_note(&feed->agent->triggers, object);
	note_change(feed);
}

static void on_deleted(json_t *object, void *arg)
{
	struct feed *feed = arg;

	kube_store_del(feed->agent->store, feed->kind, object);
	note_change(feed);
}

static void on_bookmark(void *arg)
{
	(void)arg;
}

static bool start_feed(struct agent *agent, enum kube_kind kind)
{
	struct feed *feed = &agent->feeds[kind];
	const struct reflector_handler handler = {
		.replace_begin = on_replace_begin,
		.object = on_object,
		.replace_end = on_replace_end,
		.changed = on_changed,
		.deleted = on_deleted,
		.bookmark = on_bookmark,
		.arg = feed,
	};

	feed->reflector = reflector_start(agent->event, agent->http,
					  &feed->resource, &agent->timing,
					  &handler);
	return feed->reflector;
}

static char *query(const char *key, const char *selector)
{
	char *value = http_escape(selector), *text = NULL;

	if (!value || asprintf(&text, "&%s=%s", key, value) < 0)
		text = NULL;
	free(value);
	return text;
}

static bool name_resources(struct agent *agent)
{
	static const struct resource resources[NR_KUBE_KINDS] = {
		[KUBE_SERVICE] = { "services", "Service",
				   "/api/v1/services", NULL },
		[KUBE_SLICE] = { "endpointslices", "EndpointSlice",
			"/apis/discovery.k8s.io/v1/endpointslices", NULL },
		[KUBE_NODE] = { "nodes", "Node", "/api/v1/nodes", NULL },
	};
	char name[300];
	int kind;

	snprintf(name, sizeof(name), "metadata.name=%s", agent->options->node);
	agent->node_query = query("fieldSelector", name);
	agent->query = query("labelSelector", KUBE_SELECTOR);
	for (kind = 0; kind < NR_KUBE_KINDS; kind++) {
		agent->feeds[kind].agent = agent;
		agent->feeds[kind].kind = kind;
		agent->feeds[kind].resource = resources[kind];
		agent->feeds[kind].resource.query =
			kind == KUBE_NODE ? agent->node_query : agent->query;
	}
	return agent->node_query && agent->query;
}

bool agent_open_api(struct agent *agent)
{
	const struct agent_options *options = agent->options;

	agent->timing = (struct reflector_timing){
		.watch = options->api_watch / 1000,
		.silence = options->api_timeout / 1000,
		.grace = options->api_timeout / 1000,
		.backoff_min = (uint64_t)options->api_backoff * 1000,
		.backoff_max = (uint64_t)options->api_backoff_max * 1000,
	};
	if (!(options->kubeconfig ?
	      access_kubeconfig(&agent->access, options->kubeconfig,
				options->context, options->master) :
	      access_in_cluster(&agent->access, options->master)))
		return false;
	if (agent->access.insecure)
		log_say(LOG_WARNING, "the API server is not verified, as the kubeconfig wants it");
	agent->http = http_alloc(agent->event, &agent->access);
	return agent->http && name_resources(agent);
}

bool agent_start_feeds(struct agent *agent)
{
	enum kube_kind kind;

	for (kind = 0; kind < NR_KUBE_KINDS; kind++)
		if (!start_feed(agent, kind))
			return false;
	return true;
}
