/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What svcnatd is told by its command line and by a KubeProxyConfiguration file.
 * The command line takes precedence.
 */
#ifndef _SVCNATD_OPTIONS_H
#define _SVCNATD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "object.h"

/**
 * enum task - what svcnatd is started for
 * @TASK_RUN: to be the node's agent
 * @TASK_PRINT: to print what it would do, as commands of svcctl
 * @TASK_ONCE: to do it and end
 * @TASK_CLEANUP: to remove all services and end
 * @TASK_HELP: to print the options
 * @TASK_VERSION: to print the version
 */
enum task {
	TASK_RUN,
	TASK_PRINT,
	TASK_ONCE,
	TASK_CLEANUP,
	TASK_HELP,
	TASK_VERSION,
};

/**
 * enum local_mode - how pods of this cluster are told apart
 * @LOCAL_AUTO: by the cluster's range if there is one, else by the Node's
 * @LOCAL_CLUSTER: by the cluster's range alone
 * @LOCAL_NODE: by the ranges of the Node
 */
enum local_mode {
	LOCAL_AUTO,
	LOCAL_CLUSTER,
	LOCAL_NODE,
};

/**
 * struct agent_options - all of it
 * @task: what to do
 * @from_file: a JSON List instead of an API server, "-" is stdin; or NULL
 * @node: name of our Node; never NULL
 * @kubeconfig: a path, or NULL: in-cluster configuration
 * @context: of the kubeconfig, or NULL: its current one
 * @master: URL of the API server instead of what those say, or NULL
 * @config: path of the KubeProxyConfiguration, or NULL
 * @cluster_cidr: of struct range
 * @local_mode: how pods are told apart
 * @nodeport_addresses: of struct range; empty: the Node's primary addresses
 * @masquerade_all: every connection to a cluster address
 * @sync_period: milliseconds between two looks whether others changed the kernel
 * @min_sync_period: milliseconds between two changes at least
 * @healthz_address: of struct addr and a port; port 0: no such server
 * @healthz_port: of it
 * @metrics_address: the same
 * @metrics_port: of it
 * @bind_hard_fail: end if a server cannot listen
 * @api_watch: milliseconds that a watch lasts at least
 * @api_timeout: milliseconds that the API server may be silent
 * @api_backoff: milliseconds until it is asked again after a failure
 * @api_backoff_max: the same, after many
 * @verbosity: 0 and up, as kube-proxy's -v
 */
struct agent_options {
	enum task task;
	const char *from_file;
	const char *node;
	const char *kubeconfig;
	const char *context;
	const char *master;
	const char *config;
	struct list cluster_cidr;
	enum local_mode local_mode;
	struct list nodeport_addresses;
	bool masquerade_all;
	uint32_t sync_period;
	uint32_t min_sync_period;
	struct addr healthz_address;
	uint16_t healthz_port;
	struct addr metrics_address;
	uint16_t metrics_port;
	bool bind_hard_fail;
	uint32_t api_watch;
	uint32_t api_timeout;
	uint32_t api_backoff;
	uint32_t api_backoff_max;
	int verbosity;
};

/*
 * Reads the words, then the file that they name.  False, with a sentence on
 * stderr, if anything in them is malformed.
 */
bool options_read(struct agent_options *options, int argc, char **argv);

/* Right after options_read(), whatever it returned. */
void options_free(struct agent_options *options);

/* The grammar, to stdout. */
void options_help(void);

#endif /* _SVCNATD_OPTIONS_H */
