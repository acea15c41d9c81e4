// SPDX-License-Identifier: GPL-2.0
/* What the agent says about itself: kube-proxy's names where they fit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_inside.h"
#include "version.h"

#define SYNC	"kubeproxy_sync_proxy_rules_"

/* The buckets are those of kube-proxy. */
void agent_metrics_init(struct agent_times *times)
{
	histogram_exponential(&times->sync, 0.001, 2, 15);
	histogram_exponential(&times->full, 0.001, 2, 15);
	histogram_exponential(&times->partial, 0.001, 2, 15);
	histogram_linear(&times->programming, 0.25, 0.25, 2);
	histogram_linear(&times->programming, 1, 1, 59);
	histogram_linear(&times->programming, 60, 5, 12);
	histogram_linear(&times->programming, 120, 30, 7);
	times->begun = health_date();
}

static void put_times(FILE *out, const struct agent_times *times)
{
	metric_histogram(out, SYNC "duration_seconds",
			 "How long it took to make the kernel equal.",
			 &times->sync);
	metric_histogram(out, "kubeproxy_sync_full_proxy_rules_duration_seconds",
			 "The same, when all of the kernel was looked at.",
			 &times->full);
	metric_histogram(out, "kubeproxy_sync_partial_proxy_rules_duration_seconds",
			 "The same, when only what had changed was.",
			 &times->partial);
	metric_histogram(out, "kubeproxy_network_programming_duration_seconds",
			 "From a change of endpoints until the kernel knew.",
			 &times->programming);
	metric_one(out, SYNC "last_timestamp_seconds", "gauge",
		   "When the kernel was made equal last.",
		   (double)times->updated / 1e6);
	metric_one(out, SYNC "last_queued_timestamp_seconds", "gauge",
		   "When something to be done came last.",
		   (double)times->queued / 1e6);
	metric_one(out, "process_start_time_seconds", "gauge",
		   "When the agent began.", (double)times->begun / 1e6);
}

static void put_changes(FILE *out, const struct agent *agent)
{
	metric_one(out, SYNC "service_changes_total", "counter",
		   "Changes of Services.",
		   (double)agent->changes[KUBE_SERVICE]);
	metric_one(out, SYNC "service_changes_pending", "gauge",
		   "Of those, how many the kernel does not know.",
		   (double)agent->pending[KUBE_SERVICE]);
	metric_one(out, SYNC "endpoint_changes_total", "counter",
		   "Changes of EndpointSlices.",
		   (double)agent->changes[KUBE_SLICE]);
	metric_one(out, SYNC "endpoint_changes_pending", "gauge",
		   "Of those, how many the kernel does not know.",
		   (double)agent->pending[KUBE_SLICE]);
}

static void put_labelled(FILE *out, const char *name, const char *key,
			 const char *value, double number)
{
	const char *const labels[] = { key, value, NULL };

	metric_value(out, name, labels, number);
}

static void put_checks(FILE *out, const struct agent *agent)
{
	const struct health *health = &agent->health;

	metric_head(out, SYNC "no_local_endpoints_total", "gauge",
		    "Services with a policy Local and no endpoint here.");
	put_labelled(out, SYNC "no_local_endpoints_total", "traffic_policy",
		     "internal", (double)checks_internal_lost(agent->checks));
	put_labelled(out, SYNC "no_local_endpoints_total", "traffic_policy",
		     "external", (double)checks_external_lost(agent->checks));
	metric_head(out, "kubeproxy_proxy_healthz_total", "counter",
		    "Answers to /healthz.");
	put_labelled(out, "kubeproxy_proxy_healthz_total", "code", "200",
		     (double)health->healthz[1]);
	put_labelled(out, "kubeproxy_proxy_healthz_total", "code", "503",
		     (double)health->healthz[0]);
	metric_head(out, "kubeproxy_proxy_livez_total", "counter",
		    "Answers to /livez.");
	put_labelled(out, "kubeproxy_proxy_livez_total", "code", "200",
		     (double)health->livez[1]);
	put_labelled(out, "kubeproxy_proxy_livez_total", "code", "503",
		     (double)health->livez[0]);
}

static void put_sync(FILE *out, const struct agent *agent)
{
	const struct sync_counts *counts = sync_counts(agent->sync);

	metric_one(out, "svcnatd_services", "gauge",
		   "Services of svcnat that there shall be.",
		   (double)sync_services(agent->sync));
	metric_one(out, "svcnatd_services_refused", "gauge",
		   "Of those, how many the kernel refused.",
		   (double)sync_refused(agent->sync));
	metric_one(out, "svcnatd_services_changed_total", "counter",
		   "Services that were sent to the kernel.",
		   (double)counts->changed);
	metric_one(out, "svcnatd_services_refused_total", "counter",
		   "Of those, how many it refused.",
		   (double)counts->refused);
	metric_one(out, "svcnatd_services_drifted_total", "counter",
		   "Services that somebody else changed in the kernel.",
		   (double)counts->drifted);
	metric_one(out, "svcnatd_kernel_failures_total", "counter",
		   "How often the kernel could not be asked.",
		   (double)counts->failed);
}

/* The API. */

static void put_requests(FILE *out, const struct http *http)
{
	static const char name[] = "rest_client_requests_total";
	char code[24];
	unsigned int i;
	uint64_t count;

	metric_head(out, name, "counter", "Requests to the API server.");
	for (i = 0; i < HTTP_STATUS_END; i++) {
		const char *const labels[] = {
			"code", code, "host", http_server(http),
			"method", "GET", NULL,
		};

		count = http_count(http, i);
		snprintf(code, sizeof(code), i ? "%u" : "<error>", i);
		if (count)
			metric_value(out, name, labels, (double)count);
	}
}

static void put_feeds(FILE *out, const struct agent *agent, const char *name,
		      const char *type, const char *help,
		      double (*value)(const struct reflector *r))
{
	const struct feed *feed;
	int i;

	metric_head(out, name, type, help);
	for (i = 0; i < NR_KUBE_KINDS; i++) {
		feed = &agent->feeds[i];
		put_labelled(out, name, "resource", feed->resource.name,
			     value(feed->reflector));
	}
}

static double lists_of(const struct reflector *r)
{
	return (double)reflector_counts(r)->lists;
}

static double watches_of(const struct reflector *r)
{
	return (double)reflector_counts(r)->watches;
}

static double events_of(const struct reflector *r)
{
	return (double)reflector_counts(r)->events;
}

static double bookmarks_of(const struct reflector *r)
{
	return (double)reflector_counts(r)->bookmarks;
}

static double current_of(const struct reflector *r)
{
	return reflector_is_current(r);
}

static void put_failures(FILE *out, const struct agent *agent)
{
	static const char name[] = "svcnatd_api_failures_total";
	const struct feed *feed;
	int i, j;

	metric_head(out, name, "counter",
		    "Lists and watches that ended as they should not.");
	for (i = 0; i < NR_KUBE_KINDS; i++)
		for (j = 0; j < NR_FAILURES; j++) {
			const char *const labels[] = {
				"resource", agent->feeds[i].resource.name,
				"reason", failure_words[j], NULL,
			};

			feed = &agent->feeds[i];
			metric_value(out, name, labels, (double)
				     reflector_counts(feed->reflector)
					     ->failures[j]);
		}
}

static void put_api(FILE *out, const struct agent *agent)
{
	put_requests(out, agent->http);
	put_feeds(out, agent, "svcnatd_api_lists_total", "counter",
		  "Lists that came whole.", lists_of);
	put_feeds(out, agent, "svcnatd_api_watches_total", "counter",
		  "Watches that began.", watches_of);
	put_feeds(out, agent, "svcnatd_api_events_total", "counter",
		  "Objects that watches brought.", events_of);
	put_feeds(out, agent, "svcnatd_api_bookmarks_total", "counter",
		  "Bookmarks that watches brought.", bookmarks_of);
	put_feeds(out, agent, "svcnatd_api_current", "gauge",
		  "1 if nothing failed since all was well.", current_of);
	put_failures(out, agent);
}

/* The process. */

static void put_process(FILE *out)
{
	static const char name[] = "svcnatd_build_info";
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long size, resident;
	struct timespec ts;

	metric_head(out, name, "gauge", "Which agent this is.");
	put_labelled(out, name, "version", SVCNAT_VERSION, 1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	metric_one(out, "process_cpu_seconds_total", "counter",
		   "Time of the processor that it took.",
		   (double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
	if (file && fscanf(file, "%llu %llu", &size, &resident) == 2)
		metric_one(out, "process_resident_memory_bytes", "gauge",
			   "Memory that it has.",
			   (double)resident * (double)sysconf(_SC_PAGESIZE));
	if (file)
		fclose(file);
}

static void put_all(FILE *out, const struct agent *agent)
{
	put_times(out, &agent->times);
	put_changes(out, agent);
	put_checks(out, agent);
	put_sync(out, agent);
	put_api(out, agent);
	put_process(out);
	kernel_ops.stats(agent->kernel, out);
}

/* There may be very many, and whoever asks may read slowly: one at a time. */
static bool refuse_endpoints(struct server_answer *answer)
{
	answer->status = 503;
	return server_printf(answer, "somebody else is reading them, try again later\n");
}

bool agent_metrics(const char *path, uint16_t port,
		   struct server_answer *answer, void *arg)
{
	bool endpoints = !strcmp(path, "/metrics/endpoints");
	struct agent *agent = arg;
	FILE *out;

	(void)port;
	if (!strcmp(path, "/proxyMode"))
		return server_printf(answer, "svcnat");
	if (!endpoints && strcmp(path, "/metrics"))
		return false;
	if (endpoints && agent->endpoints_asked)
		return refuse_endpoints(answer);
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	out = open_memstream(&answer->body, &answer->size);
	if (!out)
		return false;
	if (endpoints) {
		answer->busy = &agent->endpoints_asked;
		kernel_ops.endpoint_stats(agent->kernel, out);
	} else {
		put_all(out, agent);
	}
	return !fclose(out);
}
