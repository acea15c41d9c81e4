// SPDX-License-Identifier: GPL-2.0
#include "metrics.h"

#include <string.h>

#include "cmd.h"
#include "host.h"
#include "prometheus.h"
#include "version.h"

/**
 * struct stat_metric - a counter of the netns
 * @stat: which
 * @name: of its family, without "svcnat_"; those that share it are neighbours
 * @reason: value of the label "reason", or NULL
 * @help: what the family counts; NULL in all but its first
 */
struct stat_metric {
	enum svcnat_stat stat;
	const char *name;
	const char *reason;
	const char *help;
};

/* A counter if its name says so, as is the custom; else a gauge. */
static const struct stat_metric stat_metrics[] = {
	{ SVCNAT_STAT_RX, "packets_received_total", NULL,
	  "Packets found to be of a service." },
	{ SVCNAT_STAT_TRANSLATED, "packets_translated_total", NULL,
	  "Packets that were rewritten." },
	{ SVCNAT_STAT_FASTPATH, "packets_fastpath_total", NULL,
	  "Rewritten packets that took the fast path." },
	{ SVCNAT_STAT_UNTRANSLATED, "packets_untranslated_total", NULL,
	  "Packets to a frontend that passed as they were." },
	{ SVCNAT_STAT_DROP_MALFORMED, "packets_dropped_total", "malformed",
	  "Packets that were dropped." },
	{ SVCNAT_STAT_DROP_MEMORY, "packets_dropped_total", "memory", NULL },
	{ SVCNAT_STAT_DROP_FLOW_LIMIT, "packets_dropped_total", "flow_limit",
	  NULL },
	{ SVCNAT_STAT_DROP_FLOW_CHAIN, "packets_dropped_total", "flow_chain",
	  NULL },
	{ SVCNAT_STAT_DROP_CLASH, "packets_dropped_total", "clash", NULL },
	{ SVCNAT_STAT_DROP_SNAT, "packets_dropped_total", "snat", NULL },
	{ SVCNAT_STAT_DROP_ROUTE, "packets_dropped_total", "route", NULL },
	{ SVCNAT_STAT_DROP_STALE, "packets_dropped_total", "stale", NULL },
	{ SVCNAT_STAT_DROP_SOURCE_RANGE, "packets_dropped_total",
	  "source_range", NULL },
	{ SVCNAT_STAT_DROP_NO_LOCAL_ENDPOINT, "packets_dropped_total",
	  "no_local_endpoint", NULL },
	{ SVCNAT_STAT_DROP_POLICY, "packets_dropped_total", "policy", NULL },
	{ SVCNAT_STAT_DROP_NO_SERVICE, "packets_dropped_total", "no_service",
	  NULL },
	{ SVCNAT_STAT_REJECT_NO_ENDPOINT, "packets_rejected_total",
	  "no_endpoint",
	  "Packets that were refused, and with reason limited those that were not answered even so." },
	{ SVCNAT_STAT_REJECT_NO_PORT, "packets_rejected_total", "no_port",
	  NULL },
	{ SVCNAT_STAT_REJECT_NO_FLOW, "packets_rejected_total", "no_flow",
	  NULL },
	{ SVCNAT_STAT_REJECT_LIMITED, "packets_rejected_total", "limited",
	  NULL },
	{ SVCNAT_STAT_ICMP_ERROR, "icmp_errors_translated_total", NULL,
	  "ICMP errors about flows, rewritten; those of masqueraded flows twice." },
	{ SVCNAT_STAT_ICMP_ODD, "icmp_errors_odd_total", NULL,
	  "ICMP errors that were left alone because of what they quote." },
	{ SVCNAT_STAT_ECHO_REPLY, "echo_replies_total", NULL,
	  "Echo requests to addresses of services that were answered." },
	{ SVCNAT_STAT_ECHO_LIMITED, "echo_limited_total", NULL,
	  "Echo requests that were not answered because there were too many." },
	{ SVCNAT_STAT_SERVICE_LIVE, "services", NULL, "Services now." },
	{ SVCNAT_STAT_SERVICE_NEW, "services_created_total", NULL,
	  "Services made." },
	{ SVCNAT_STAT_SERVICE_DELETED, "services_deleted_total", NULL,
	  "Services removed." },
	{ SVCNAT_STAT_FRONTEND_LIVE, "frontends", NULL, "Frontends now." },
	{ SVCNAT_STAT_FRONTEND_NEW, "frontends_created_total", NULL,
	  "Frontends made." },
	{ SVCNAT_STAT_FRONTEND_DELETED, "frontends_deleted_total", NULL,
	  "Frontends removed." },
	{ SVCNAT_STAT_ENDPOINT_LIVE, "endpoints", NULL, "Endpoints now." },
	{ SVCNAT_STAT_ENDPOINT_NEW, "endpoints_created_total", NULL,
	  "Endpoints made." },
	{ SVCNAT_STAT_ENDPOINT_DELETED, "endpoints_deleted_total", NULL,
	  "Endpoints removed." },
	{ SVCNAT_STAT_ENDPOINT_DRAINING, "endpoints_draining", NULL,
	  "Removed endpoints and frontends that still have flows." },
	{ SVCNAT_STAT_FLOW_LIVE, "flows", NULL, "Flows now." },
	{ SVCNAT_STAT_FLOW_ORPHAN, "flows_orphaned", NULL,
	  "Flows now whose endpoint was removed." },
	{ SVCNAT_STAT_FLOW_NEW, "flows_created_total", NULL, "Flows made." },
	{ SVCNAT_STAT_FLOW_EXPIRED, "flows_ended_total", "expired",
	  "Flows that ended." },
	{ SVCNAT_STAT_FLOW_EVICTED, "flows_ended_total", "evicted", NULL },
	{ SVCNAT_STAT_FLOW_DELETED, "flows_ended_total", "deleted", NULL },
	{ SVCNAT_STAT_FLOW_RACED, "flows_raced_total", NULL,
	  "First packets that two CPUs had at once." },
	{ SVCNAT_STAT_FLOW_REUSED, "flows_reused_total", NULL,
	  "Closing flows that a new connection took over." },
	{ SVCNAT_STAT_FLOW_REPICKED, "flows_repicked_total", NULL,
	  "Flows that drew again because their endpoint was gone." },
	{ SVCNAT_STAT_FLOW_RESET, "flows_reset_total", NULL,
	  "Flows that were reset because their endpoint or frontend was removed." },
	{ SVCNAT_STAT_AFFINITY_LIVE, "affinity_entries", NULL,
	  "Pinned clients now." },
	{ SVCNAT_STAT_AFFINITY_NEW, "affinity_entries_created_total", NULL,
	  "Clients pinned." },
	{ SVCNAT_STAT_AFFINITY_EXPIRED, "affinity_entries_ended_total",
	  "expired", "Pinned clients that ended." },
	{ SVCNAT_STAT_AFFINITY_DELETED, "affinity_entries_ended_total",
	  "deleted", NULL },
	{ SVCNAT_STAT_AFFINITY_FULL, "affinity_full_total", NULL,
	  "Connections whose client was not pinned because the table was full." },
};

#define NR_STAT_METRICS	(sizeof(stat_metrics) / sizeof(*stat_metrics))

static const struct {
	int attr;
	const char *name;
	const char *help;
} limits[] = {
	{ SVCNAT_CONFIG_A_MAX_SERVICES, "services_limit",
	  "How many services there may be." },
	{ SVCNAT_CONFIG_A_MAX_ENDPOINTS, "service_endpoints_limit",
	  "How many endpoints a service may have." },
	{ SVCNAT_CONFIG_A_MAX_FLOWS, "flows_limit",
	  "How many flows there may be." },
	{ SVCNAT_CONFIG_A_MAX_AFFINITY, "affinity_entries_limit",
	  "How many pinned clients there may be." },
};

#define NR_LIMITS	(sizeof(limits) / sizeof(*limits))

static bool is_counter(const char *name)
{
	size_t length = strlen(name);

	return length > 6 && !strcmp(name + length - 6, "_total");
}

static void print_versions(void)
{
	char module[64];

	metric_family(METRIC_GAUGE, "build_info", "",
		      "Always 1; the versions of the module and of svcctl.");
	if (host_line("/sys/module/svcnat/version", module, sizeof(module)))
		metric_label("module", module);
	metric_label("svcctl", SVCNAT_VERSION);
	metric_value(1);
}

void metrics_netns(const struct stats *stats, const struct config *config)
{
	const struct stat_metric *m;
	size_t i;

	print_versions();
	for (m = stat_metrics; m < stat_metrics + NR_STAT_METRICS; m++) {
		if (m->help)
			metric_family(is_counter(m->name) ? METRIC_COUNTER :
							    METRIC_GAUGE,
				      m->name, "", m->help);
		if (!has(stats, m->stat))
			continue;
		if (m->reason)
			metric_label("reason", m->reason);
		metric_value(stats->value[m->stat]);
	}
	for (i = 0; i < NR_LIMITS; i++) {
		metric_family(METRIC_GAUGE, limits[i].name, "",
			      limits[i].help);
		if (has(config, limits[i].attr))
			metric_value(config->value[limits[i].attr]);
	}
}
