// SPDX-License-Identifier: GPL-2.0
#include "cleanup.h"

#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "sync.h"

static void on_refused(const char *name, const char *sentence, void *arg)
{
	bool *good = arg;

	*good = false;
	log_line(LOG_ERR, "a service cannot be removed",
		 LOG_TEXT("service", name), LOG_TEXT("error", sentence));
}

static bool remove_ours(struct kernel *kernel, const struct list *found)
{
	struct list old, none;
	struct draft *draft;
	bool good = true;
	size_t i;

	drafts_init(&old);
	drafts_init(&none);
	for (i = 0; i < found->nr; i++) {
		draft = list_at(found, i);
		if (sync_is_ours(draft->service.head.service))
			list_copy(&old, draft);
	}
	drafts_sort(&old);
	if (old.nr && kernel_ops.apply(kernel, &old, &none, on_refused, &good))
		good = false;
	if (good)
		log_line(LOG_INFO, "removed what svcnatd made",
			 LOG_NUMBER("services", (long long)old.nr));
	list_free(&old);
	return good;
}

static void add_all(struct list *ranges, uint16_t family)
{
	struct range *range = list_add(ranges);

	range->addr.family = family;
	range->head.given = GIVEN(SVCNAT_RANGE_A_ADDR4) |
			    GIVEN(SVCNAT_RANGE_A_PREFIX);
}

static bool reset_config(struct kernel *kernel)
{
	struct config config;
	struct list *nodeport;
	int code;

	memset(&config, 0, sizeof(config));
	config.head.given = GIVEN(SVCNAT_CONFIG_A_POD_CIDR) |
			    GIVEN(SVCNAT_CONFIG_A_NODEPORT_ADDRESSES) |
			    GIVEN(SVCNAT_CONFIG_A_MASQUERADE_ALL);
	config.ranges[SVCNAT_CONFIG_A_POD_CIDR].size = sizeof(struct range);
	nodeport = &config.ranges[SVCNAT_CONFIG_A_NODEPORT_ADDRESSES];
	nodeport->size = sizeof(struct range);
	add_all(nodeport, AF_INET);
	add_all(nodeport, AF_INET6);
	code = kernel_ops.config_set(kernel, &config);
	list_free(nodeport);
	return !code;
}

bool cleanup(struct kernel *kernel)
{
	struct list found;
	bool good;

	drafts_init(&found);
	good = !kernel_ops.read(kernel, NULL, &found) &&
	       remove_ours(kernel, &found) && reset_config(kernel);
	drafts_free(&found);
	if (!good)
		log_line(LOG_ERR, "the cleanup is not complete",
			 LOG_TEXT("error", kernel_ops.sentence(kernel)));
	return good;
}
