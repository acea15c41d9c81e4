// SPDX-License-Identifier: GPL-2.0
#include "translate.h"

#include <string.h>

#include "addr.h"

static void give_ranges(struct config *config, int attr,
			const struct list *from)
{
	struct list *to = &config->ranges[attr];
	size_t i;

	config->head.given |= GIVEN(attr);
	for (i = 0; i < from->nr; i++)
		list_copy(to, list_at(from, i));
	list_sort(to, range_compare);
	list_unique(to, range_compare);
}

static void give_pods(const struct agent_options *options,
		      const struct kube_node *node, struct config *config)
{
	const struct list *cluster = &options->cluster_cidr;

	if (options->local_mode == LOCAL_CLUSTER ||
	    (options->local_mode == LOCAL_AUTO && cluster->nr))
		give_ranges(config, SVCNAT_CONFIG_A_POD_CIDR, cluster);
	else if (node)
		give_ranges(config, SVCNAT_CONFIG_A_POD_CIDR,
			    &node->pod_cidrs);
}

/* Nodeports are for the primary addresses of the Node. */
static void give_primary(const struct kube_node *node, struct config *config)
{
	struct list ranges = { .size = sizeof(struct range) };
	size_t i;

	for (i = 0; i < node->addresses.nr; i++)
		addr_host_range(list_at(&node->addresses, i),
				list_add(&ranges));
	give_ranges(config, SVCNAT_CONFIG_A_NODEPORT_ADDRESSES, &ranges);
	list_free(&ranges);
}

void translate_config(const struct agent_options *options,
		      const struct kube_node *node, struct config *config)
{
	int attr;

	memset(config, 0, sizeof(*config));
	for (attr = 0; attr <= SVCNAT_CONFIG_A_MAX; attr++)
		config->ranges[attr].size = sizeof(struct range);
	give_pods(options, node, config);
	if (options->nodeport_addresses.nr)
		give_ranges(config, SVCNAT_CONFIG_A_NODEPORT_ADDRESSES,
			    &options->nodeport_addresses);
	else if (node)
		give_primary(node, config);
	config->head.given |= GIVEN(SVCNAT_CONFIG_A_MASQUERADE_ALL);
	config->value[SVCNAT_CONFIG_A_MASQUERADE_ALL] = options->masquerade_all;
}
