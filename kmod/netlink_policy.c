// SPDX-License-Identifier: GPL-2.0-only
/* What a request may look like. */
#include <linux/ctype.h>

#include "netlink.h"

static int validate_name(const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	const char *c = nla_data(attr);
	int len = nla_len(attr);

	if (len && !c[len - 1])
		len--;
	if (len < 1 || len > SVCNAT_NAME_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a service name has 1 to 127 bytes");
		return -EINVAL;
	}
	for (; len; len--, c++) {
		if (isascii(*c) && (isalnum(*c) || strchr("._:/-", *c)) && *c)
			continue;
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a service name is made of A-Z a-z 0-9 . _ : / -");
		return -EINVAL;
	}
	return 0;
}

static struct netlink_range_validation affinity_range = {
	.max = SVCNAT_AFFINITY_MAX,
};

static struct netlink_range_validation weight_range = {
	.max = SVCNAT_WEIGHT_MAX,
};

static struct netlink_range_validation services_range = {
	.max = SVCNAT_SERVICES_MAX,
};

static struct netlink_range_validation endpoints_range = {
	.max = SVCNAT_ENDPOINTS_MAX,
};

/* What fits a table of flows: 2^27 buckets, two lines each */
static struct netlink_range_validation entries_range = {
	.max = 1U << 27,
};

static struct netlink_range_validation timeout_range = {
	.min = 1,
	.max = SVCNAT_TIMEOUT_MAX,
};

/*
 * Not for numbers: the kernel warns of a function where it looks for a range,
 * when anybody asks what the policy is.
 */
#define NAME_POLICY	NLA_POLICY_VALIDATE_FN(NLA_NUL_STRING, validate_name, \
					       SVCNAT_NAME_MAX)

#define RANGE_POLICY(_range)	NLA_POLICY_FULL_RANGE(NLA_U32, &(_range))
#define ENUM_POLICY(_last)	NLA_POLICY_MAX(NLA_U8, _last)

/* What a service can be asked to be, new or not. */
#define OPTION_POLICIES							\
	[SVCNAT_SERVICE_A_AFFINITY] = RANGE_POLICY(affinity_range),	\
	[SVCNAT_SERVICE_A_SCHEDULER] = ENUM_POLICY(SVCNAT_SCHEDULER_MAGLEV), \
	[SVCNAT_SERVICE_A_INTERNAL_POLICY] =				\
		ENUM_POLICY(SVCNAT_POLICY_LOCAL),			\
	[SVCNAT_SERVICE_A_EXTERNAL_POLICY] =				\
		ENUM_POLICY(SVCNAT_POLICY_LOCAL),			\
	[SVCNAT_SERVICE_A_ON_REMOVAL] = ENUM_POLICY(SVCNAT_ON_REMOVAL_RESET)

const struct nla_policy svcnat_nest_service[SVCNAT_SERVICE_A_MAX + 1] = {
	[SVCNAT_SERVICE_A_NAME] = NAME_POLICY,
	[SVCNAT_SERVICE_A_PROTO] = { .type = NLA_U8 },
	OPTION_POLICIES,
};

/* As svcnat_nest_service, but what cannot be changed cannot be named. */
static const struct nla_policy set_nest[SVCNAT_SERVICE_A_MAX + 1] = {
	[SVCNAT_SERVICE_A_NAME] = NAME_POLICY,
	OPTION_POLICIES,
};

const struct nla_policy svcnat_nest_name[SVCNAT_SERVICE_A_MAX + 1] = {
	[SVCNAT_SERVICE_A_NAME] = NAME_POLICY,
};

/* What tells an existing frontend or endpoint from the others. */
static const struct nla_policy frontend_place[SVCNAT_FRONTEND_A_MAX + 1] = {
	[SVCNAT_FRONTEND_A_ADDR4] = { .type = NLA_U32 },
	[SVCNAT_FRONTEND_A_ADDR6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_FRONTEND_A_PORT] = { .type = NLA_U16 },
	/* What has no address is told apart by its kind. */
	[SVCNAT_FRONTEND_A_KIND] = NLA_POLICY_RANGE(NLA_U8,
						    SVCNAT_KIND_NODEPORT,
						    SVCNAT_KIND_NODEPORT),
};

static const struct nla_policy endpoint_place[SVCNAT_ENDPOINT_A_MAX + 1] = {
	[SVCNAT_ENDPOINT_A_ADDR4] = { .type = NLA_U32 },
	[SVCNAT_ENDPOINT_A_ADDR6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_ENDPOINT_A_PORT] = { .type = NLA_U16 },
};

const struct nla_policy svcnat_nest_frontend[SVCNAT_FRONTEND_A_MAX + 1] = {
	[SVCNAT_FRONTEND_A_ADDR4] = { .type = NLA_U32 },
	[SVCNAT_FRONTEND_A_ADDR6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_FRONTEND_A_PORT] = { .type = NLA_U16 },
	[SVCNAT_FRONTEND_A_KIND] = ENUM_POLICY(SVCNAT_KIND_NODEPORT),
	[SVCNAT_FRONTEND_A_ALLOW] =
		NLA_POLICY_NESTED_ARRAY(svcnat_policy_range),
};

const struct nla_policy svcnat_nest_endpoint[SVCNAT_ENDPOINT_A_MAX + 1] = {
	[SVCNAT_ENDPOINT_A_ADDR4] = { .type = NLA_U32 },
	[SVCNAT_ENDPOINT_A_ADDR6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_ENDPOINT_A_PORT] = { .type = NLA_U16 },
	[SVCNAT_ENDPOINT_A_WEIGHT] = RANGE_POLICY(weight_range),
	[SVCNAT_ENDPOINT_A_STATE] = ENUM_POLICY(SVCNAT_STATE_UNREADY),
	[SVCNAT_ENDPOINT_A_PLACE] = ENUM_POLICY(SVCNAT_PLACE_LOCAL_ONLY),
};

const struct nla_policy svcnat_policy_config_nest[SVCNAT_CONFIG_A_MAX + 1] = {
	[SVCNAT_CONFIG_A_MAX_SERVICES] = RANGE_POLICY(services_range),
	[SVCNAT_CONFIG_A_MAX_ENDPOINTS] = RANGE_POLICY(endpoints_range),
	[SVCNAT_CONFIG_A_MAX_FLOWS] = RANGE_POLICY(entries_range),
	[SVCNAT_CONFIG_A_MAX_AFFINITY] = RANGE_POLICY(entries_range),
	[SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED ...
	 SVCNAT_CONFIG_A_TIMEOUT_SCTP] = RANGE_POLICY(timeout_range),
	[SVCNAT_CONFIG_A_POD_CIDR ... SVCNAT_CONFIG_A_NODEPORT_ADDRESSES] =
		NLA_POLICY_NESTED_ARRAY(svcnat_policy_range),
	[SVCNAT_CONFIG_A_MASQUERADE_ALL ...
	 SVCNAT_CONFIG_A_FASTPATH] = NLA_POLICY_MAX(NLA_U8, 1),
	[SVCNAT_CONFIG_A_SNAT_PORTS] = { .type = NLA_U32 },
};

const struct nla_policy svcnat_policy_query_nest[SVCNAT_QUERY_A_MAX + 1] = {
	[SVCNAT_QUERY_A_PROTO] = { .type = NLA_U8 },
	[SVCNAT_QUERY_A_SRC4] = { .type = NLA_U32 },
	[SVCNAT_QUERY_A_SRC6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_QUERY_A_SRC_PORT] = { .type = NLA_U16 },
	[SVCNAT_QUERY_A_DST4] = { .type = NLA_U32 },
	[SVCNAT_QUERY_A_DST6] = NLA_POLICY_EXACT_LEN(16),
	[SVCNAT_QUERY_A_DST_PORT] = { .type = NLA_U16 },
	[SVCNAT_QUERY_A_IIF] = { .type = NLA_U32 },
	[SVCNAT_QUERY_A_LOCAL] = { .type = NLA_FLAG },
};

const struct nla_policy svcnat_policy_none[SVCNAT_A_MAX + 1];

const struct nla_policy svcnat_policy_service[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_service),
	[SVCNAT_A_FRONTEND]	= NLA_POLICY_NESTED(svcnat_nest_frontend),
	[SVCNAT_A_ENDPOINT]	= NLA_POLICY_NESTED(svcnat_nest_endpoint),
};

const struct nla_policy svcnat_policy_set[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(set_nest),
};

const struct nla_policy svcnat_policy_name[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
};

const struct nla_policy svcnat_policy_get[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_WITH_STATS]	= { .type = NLA_FLAG },
};

const struct nla_policy svcnat_policy_get_service[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_WITH_STATS]	= { .type = NLA_FLAG },
	[SVCNAT_A_WITH_FRONTENDS] = { .type = NLA_FLAG },
	[SVCNAT_A_WITH_ENDPOINTS] = { .type = NLA_FLAG },
};

const struct nla_policy svcnat_policy_frontends[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_FRONTEND]	= NLA_POLICY_NESTED(svcnat_nest_frontend),
};

const struct nla_policy svcnat_policy_endpoints[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_ENDPOINT]	= NLA_POLICY_NESTED(svcnat_nest_endpoint),
};

const struct nla_policy svcnat_policy_frontend_places[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_FRONTEND]	= NLA_POLICY_NESTED(frontend_place),
};

const struct nla_policy svcnat_policy_endpoint_places[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_SERVICE]	= NLA_POLICY_NESTED(svcnat_nest_name),
	[SVCNAT_A_ENDPOINT]	= NLA_POLICY_NESTED(endpoint_place),
};

const struct nla_policy svcnat_policy_config[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_CONFIG]	= NLA_POLICY_NESTED(svcnat_policy_config_nest),
};

const struct nla_policy svcnat_policy_query[SVCNAT_A_MAX + 1] = {
	[SVCNAT_A_QUERY]	= NLA_POLICY_NESTED(svcnat_policy_query_nest),
};
