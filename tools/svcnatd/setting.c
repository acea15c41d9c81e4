// SPDX-License-Identifier: GPL-2.0
#include "setting.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "memory.h"
#include "words.h"

#define PERIOD_MAX	86400000	/* milliseconds */
#define HEALTHZ_PORT	10256
#define METRICS_PORT	10249

static bool keep(const char **member, const char *value)
{
	free((char *)*member);
	*member = *value ? memory_copy(value) : NULL;
	return true;
}

static bool set_config(struct agent_options *options, const char *value)
{
	return keep(&options->config, value) && options->config;
}

static bool set_from_file(struct agent_options *options, const char *value)
{
	return keep(&options->from_file, value) && options->from_file;
}

static bool set_kubeconfig(struct agent_options *options, const char *value)
{
	return keep(&options->kubeconfig, value);
}

static bool set_context(struct agent_options *options, const char *value)
{
	return keep(&options->context, value);
}

static bool set_master(struct agent_options *options, const char *value)
{
	return keep(&options->master, value);
}

/* As the API server has it: small letters, no blanks around it. */
static bool set_node(struct agent_options *options, const char *value)
{
	char name[254], *c;

	while (isspace((unsigned char)*value))
		value++;
	if (strlen(value) >= sizeof(name))
		return false;
	strcpy(name, value);
	for (c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	while (c > name && isspace((unsigned char)c[-1]))
		*--c = '\0';
	c = name + strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	return *name && !*c && keep(&options->node, name);
}

static bool parse_ranges(struct list *ranges, const char *value)
{
	struct range range;
	char piece[64];
	size_t length;

	list_free(ranges);
	ranges->size = sizeof(range);
	for (;;) {
		length = strcspn(value, ",");
		if (length >= sizeof(piece) || ranges->nr == SVCNAT_RANGES_MAX)
			return false;
		memcpy(piece, value, length);
		piece[length] = '\0';
		if (!addr_range(piece, &range))
			return false;
		list_copy(ranges, &range);
		if (!value[length])
			return true;
		value += length + 1;
	}
}

static bool set_cluster_cidr(struct agent_options *options, const char *value)
{
	list_free(&options->cluster_cidr);
	return !*value || parse_ranges(&options->cluster_cidr, value);
}

static bool set_nodeport_addresses(struct agent_options *options,
				   const char *value)
{
	list_free(&options->nodeport_addresses);
	return !*value || !strcmp(value, "primary") ||
	       parse_ranges(&options->nodeport_addresses, value);
}

static bool set_local_mode(struct agent_options *options, const char *value)
{
	if (!*value)
		options->local_mode = LOCAL_AUTO;
	else if (!strcmp(value, "ClusterCIDR"))
		options->local_mode = LOCAL_CLUSTER;
	else if (!strcmp(value, "NodeCIDR"))
		options->local_mode = LOCAL_NODE;
	else
		return false;
	return true;
}

static bool parse_flag(bool *flag, const char *value)
{
	*flag = !strcmp(value, "true");
	return *flag || !strcmp(value, "false");
}

static bool set_masquerade_all(struct agent_options *options,
			       const char *value)
{
	return parse_flag(&options->masquerade_all, value);
}

static bool set_bind_hard_fail(struct agent_options *options,
			       const char *value)
{
	return parse_flag(&options->bind_hard_fail, value);
}

static bool set_task(struct agent_options *options, enum task task,
		     const char *value)
{
	bool on;

	if (!parse_flag(&on, value))
		return false;
	if (on)
		options->task = task;
	return true;
}

static bool set_print(struct agent_options *options, const char *value)
{
	return set_task(options, TASK_PRINT, value);
}

static bool set_once(struct agent_options *options, const char *value)
{
	return set_task(options, TASK_ONCE, value);
}

static bool set_cleanup(struct agent_options *options, const char *value)
{
	return set_task(options, TASK_CLEANUP, value);
}

static bool set_help(struct agent_options *options, const char *value)
{
	return set_task(options, TASK_HELP, value);
}

static bool set_version(struct agent_options *options, const char *value)
{
	return set_task(options, TASK_VERSION, value);
}

/* Milliseconds of a unit of Go's durations; 0 if it is none that we know. */
static double unit_of(const char *text, size_t length)
{
	static const struct {
		const char *word;
		double value;
	} units[] = {
		{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
		{ "us", .001 }, { "ns", .000001 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].word) == length &&
		    !strncmp(units[i].word, text, length))
			return units[i].value;
	return 0;
}

/* As Go writes durations: 1m30s, 500ms, 0. */
static bool parse_period(uint32_t *period, const char *value)
{
	double sum = 0, number, unit;
	size_t length;
	char *end;

	if (!strcmp(value, "0")) {
		*period = 0;
		return true;
	}
	do {
		if (!isdigit((unsigned char)*value))
			return false;
		number = strtod(value, &end);
		/* strtod() would take 0x1p3 and 1e3 as well. */
		if (strspn(value, "0123456789.") != (size_t)(end - value))
			return false;
		length = strspn(end, "hmsun");
		unit = unit_of(end, length);
		sum += number * unit;
		value = end + length;
		if (unit == 0 || sum > PERIOD_MAX)
			return false;
	} while (*value);
	*period = (uint32_t)sum;
	return true;
}

static bool set_sync_period(struct agent_options *options, const char *value)
{
	return parse_period(&options->sync_period, value) &&
	       options->sync_period;
}

static bool set_min_sync_period(struct agent_options *options,
				const char *value)
{
	return parse_period(&options->min_sync_period, value);
}

/* libcurl counts seconds where these go. */
static bool set_api_watch(struct agent_options *options, const char *value)
{
	return parse_period(&options->api_watch, value) &&
	       options->api_watch >= 1000;
}

static bool set_api_timeout(struct agent_options *options, const char *value)
{
	return parse_period(&options->api_timeout, value) &&
	       options->api_timeout >= 1000;
}

static bool set_api_backoff(struct agent_options *options, const char *value)
{
	return parse_period(&options->api_backoff, value) &&
	       options->api_backoff;
}

static bool set_api_backoff_max(struct agent_options *options,
				const char *value)
{
	return parse_period(&options->api_backoff_max, value) &&
	       options->api_backoff_max;
}

/* As kube-proxy has it: without a port it is the usual one. */
static bool parse_bind(struct addr *addr, uint16_t *port, const char *value,
		       uint16_t usual)
{
	*port = 0;
	if (!*value)
		return true;
	if (!addr_parse(value, addr))
		return parse_addr_port(value, addr, port) && *port;
	*port = usual;
	return true;
}

static bool set_healthz(struct agent_options *options, const char *value)
{
	return parse_bind(&options->healthz_address, &options->healthz_port,
			  value, HEALTHZ_PORT);
}

static bool set_metrics(struct agent_options *options, const char *value)
{
	return parse_bind(&options->metrics_address, &options->metrics_port,
			  value, METRICS_PORT);
}

static bool set_verbosity(struct agent_options *options, const char *value)
{
	uint32_t number;

	if (!parse_number(value, 10, &number))
		return false;
	options->verbosity = (int)number;
	return true;
}

static const char a_path[] = "a path";
static const char a_name[] = "the name of a Node";
static const char a_flag[] = "true or false";
static const char a_period[] = "a duration such as 30s, 500ms or 1m30s";
static const char a_long_period[] = "a duration of 1s or more";
static const char ranges[] = "ranges of addresses with commas between them";
static const char a_socket[] = "ADDRESS or ADDRESS:PORT";

const struct setting settings[] = {
	{ "config", NULL, "FILE", a_path,
	  "a KubeProxyConfiguration; other options take precedence",
	  set_config },
	{ "kubeconfig", "clientConnection.kubeconfig", "FILE", a_path,
	  "how to reach the API server; default: as a pod does",
	  set_kubeconfig },
	{ "context", NULL, "NAME", "a name",
	  "of the kubeconfig, instead of its current one", set_context },
	{ "master", NULL, "URL", "a URL",
	  "of the API server, instead of what the kubeconfig says",
	  set_master },
	{ "node", NULL, "NAME", a_name, "of ours; default: the hostname",
	  set_node },
	{ "hostname-override", "hostnameOverride", "NAME", a_name,
	  "the same, as kube-proxy has it", set_node },
	{ "cluster-cidr", "clusterCIDR", "LIST", ranges,
	  "of pods; default: those of the Node", set_cluster_cidr },
	{ "detect-local-mode", "detectLocalMode", "MODE",
	  "ClusterCIDR or NodeCIDR",
	  "ClusterCIDR or NodeCIDR: by which of them pods are known alone",
	  set_local_mode },
	{ "nodeport-addresses", "nodePortAddresses", "LIST",
	  "ranges of addresses with commas between them, or primary",
	  "that serve nodeports; default: primary, those of the Node",
	  set_nodeport_addresses },
	{ "masquerade-all", "%s.masqueradeAll", NULL, a_flag,
	  "all connections to cluster addresses", set_masquerade_all },
	{ "sync-period", "%s.syncPeriod", "DURATION", a_period,
	  "between two looks whether others changed the kernel (30s)",
	  set_sync_period },
	{ "iptables-sync-period", NULL, "DURATION", a_period, NULL,
	  set_sync_period },
	{ "min-sync-period", "%s.minSyncPeriod", "DURATION", a_period,
	  "between two changes at least (0)", set_min_sync_period },
	{ "iptables-min-sync-period", NULL, "DURATION", a_period, NULL,
	  set_min_sync_period },
	{ "healthz-bind-address", "healthzBindAddress", "ADDRESS:PORT",
	  a_socket, "of the health server (0.0.0.0:10256); empty: none",
	  set_healthz },
	{ "metrics-bind-address", "metricsBindAddress", "ADDRESS:PORT",
	  a_socket, "of the metrics server (127.0.0.1:10249); empty: none",
	  set_metrics },
	{ "bind-address-hard-fail", "bindAddressHardFail", NULL, a_flag,
	  "end if one of them cannot listen", set_bind_hard_fail },
	{ "api-watch-period", NULL, "DURATION", a_long_period,
	  "that a watch lasts at least (5m)", set_api_watch },
	{ "api-timeout", NULL, "DURATION", a_long_period,
	  "that the API server may be silent (1m)", set_api_timeout },
	{ "api-backoff", NULL, "DURATION", a_period,
	  "until it is asked again after a failure (500ms)",
	  set_api_backoff },
	{ "api-backoff-max", NULL, "DURATION", a_period,
	  "the same, after many in a row (30s)", set_api_backoff_max },
	{ "from-file", NULL, "FILE", a_path,
	  "read a JSON List instead of an API server; - is stdin",
	  set_from_file },
	{ "print", NULL, NULL, a_flag,
	  "print what would be, as commands of svcctl, and end", set_print },
	{ "once", NULL, NULL, a_flag, "make it so, and end", set_once },
	{ "cleanup", NULL, NULL, a_flag, "remove all services, and end",
	  set_cleanup },
	{ "v", NULL, "N", "a number from 0 to 10", "how much to say (0)",
	  set_verbosity },
	{ "help", NULL, NULL, a_flag, "print this", set_help },
	{ "version", NULL, NULL, a_flag, "print the version", set_version },
	{ NULL, NULL, NULL, NULL, NULL, NULL }
};
