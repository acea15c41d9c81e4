// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>

#include "drain.h"
#include "netlink.h"

/* A counter, or a gauge where there is no counter but something to count. */
static u64 read_stat(struct svcnat_net *sn, enum svcnat_stat id)
{
	switch (id) {
	case SVCNAT_STAT_SERVICE_LIVE:
		return sn->services.num;
	case SVCNAT_STAT_FRONTEND_LIVE:
		return svcnat_frontends_count(&sn->services.frontends);
	case SVCNAT_STAT_ENDPOINT_LIVE:
		return sn->services.num_endpoints;
	case SVCNAT_STAT_ENDPOINT_DRAINING:
		return sn->services.num_draining;
	case SVCNAT_STAT_FLOW_LIVE:
		return svcnat_flows_live(&sn->flows);
	case SVCNAT_STAT_FLOW_ORPHAN:
		return svcnat_drain_orphans(&sn->services);
	case SVCNAT_STAT_AFFINITY_LIVE:
		return atomic_read(&sn->services.affinity.live);
	default:
		return svcnat_stat_sum(sn->stats, id);
	}
}

static int fill_stats(struct sk_buff *skb, struct svcnat_net *sn)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_STATS);
	u32 id;

	if (!nest)
		return -EMSGSIZE;
	for (id = SVCNAT_STAT_RX; id <= SVCNAT_STAT_MAX; id++)
		if (nla_put_u64_64bit(skb, id, read_stat(sn, id),
				      SVCNAT_STAT_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int svcnat_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	int err;

	mutex_lock(&sn->services.lock);
	err = svcnat_nl_answer(info, SVCNAT_CMD_STATS_GET, 0, fill_stats);
	mutex_unlock(&sn->services.lock);
	return err;
}
