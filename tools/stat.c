// SPDX-License-Identifier: GPL-2.0
#include "stat.h"

#include <stddef.h>

#include "uapi/svcnat.h"

#define STAT(_attr, _word)	[SVCNAT_STAT_##_attr] = _word

static const char *const stat_words[SVCNAT_STAT_MAX + 1] = {
	STAT(RX, "rx"),
	STAT(TRANSLATED, "translated"),
	STAT(FASTPATH, "fastpath"),
	STAT(UNTRANSLATED, "untranslated"),
	STAT(DROP_MALFORMED, "drop_malformed"),
	STAT(DROP_MEMORY, "drop_memory"),
	STAT(DROP_FLOW_LIMIT, "drop_flow_limit"),
	STAT(DROP_FLOW_CHAIN, "drop_flow_chain"),
	STAT(DROP_CLASH, "drop_clash"),
	STAT(DROP_SNAT, "drop_snat"),
	STAT(DROP_ROUTE, "drop_route"),
	STAT(DROP_STALE, "drop_stale"),
	STAT(DROP_SOURCE_RANGE, "drop_source_range"),
	STAT(DROP_NO_LOCAL_ENDPOINT, "drop_no_local_endpoint"),
	STAT(DROP_POLICY, "drop_policy"),
	STAT(DROP_NO_SERVICE, "drop_no_service"),
	STAT(REJECT_NO_ENDPOINT, "reject_no_endpoint"),
	STAT(REJECT_NO_PORT, "reject_no_port"),
	STAT(REJECT_NO_FLOW, "reject_no_flow"),
	STAT(REJECT_LIMITED, "reject_limited"),
	STAT(ICMP_ERROR, "icmp_error"),
	STAT(ICMP_ODD, "icmp_odd"),
	STAT(ECHO_REPLY, "echo_reply"),
	STAT(ECHO_LIMITED, "echo_limited"),
	STAT(SERVICE_NEW, "service_new"),
	STAT(SERVICE_LIVE, "service_live"),
	STAT(SERVICE_DELETED, "service_deleted"),
	STAT(FRONTEND_NEW, "frontend_new"),
	STAT(FRONTEND_LIVE, "frontend_live"),
	STAT(FRONTEND_DELETED, "frontend_deleted"),
	STAT(ENDPOINT_NEW, "endpoint_new"),
	STAT(ENDPOINT_LIVE, "endpoint_live"),
	STAT(ENDPOINT_DELETED, "endpoint_deleted"),
	STAT(ENDPOINT_DRAINING, "endpoint_draining"),
	STAT(FLOW_NEW, "flow_new"),
	STAT(FLOW_LIVE, "flow_live"),
	STAT(FLOW_EXPIRED, "flow_expired"),
	STAT(FLOW_EVICTED, "flow_evicted"),
	STAT(FLOW_DELETED, "flow_deleted"),
	STAT(FLOW_ORPHAN, "flow_orphan"),
	STAT(FLOW_RACED, "flow_raced"),
	STAT(FLOW_REUSED, "flow_reused"),
	STAT(FLOW_REPICKED, "flow_repicked"),
	STAT(FLOW_RESET, "flow_reset"),
	STAT(AFFINITY_NEW, "affinity_new"),
	STAT(AFFINITY_LIVE, "affinity_live"),
	STAT(AFFINITY_EXPIRED, "affinity_expired"),
	STAT(AFFINITY_DELETED, "affinity_deleted"),
	STAT(AFFINITY_FULL, "affinity_full"),
};

const char *stat_word(uint32_t stat)
{
	return stat <= SVCNAT_STAT_MAX ? stat_words[stat] : NULL;
}
