// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>

#include "fastpath.h"
#include "netlink.h"

/* Which attribute a zone is; the order is the same. */
#define ZONE_ATTR(_zone)	(SVCNAT_CONFIG_A_POD_CIDR + (_zone))

static struct svcnat_ranges *zone_of(const struct svcnat_services *services,
				     enum svcnat_zone zone)
{
	return rcu_dereference_protected(services->zone[zone],
					 lockdep_is_held(&services->lock));
}

/**
 * svcnat_fill_config_size() - how much room the lists of a configuration take
 * @sn: of the netns
 *
 * Context: process, the writer lock.
 * Return: bytes of a message, at most.
 */
size_t svcnat_fill_config_size(const struct svcnat_net *sn)
{
	enum svcnat_zone zone;
	size_t size = 0;

	for (zone = 0; zone < SVCNAT_ZONES; zone++)
		size += svcnat_fill_ranges_size(zone_of(&sn->services, zone));
	return size;
}

static int fill_lists(struct sk_buff *skb, const struct svcnat_services *sv)
{
	enum svcnat_zone zone;

	for (zone = 0; zone < SVCNAT_ZONES; zone++)
		if (svcnat_fill_ranges(skb, ZONE_ATTR(zone), zone_of(sv, zone)))
			return -EMSGSIZE;
	return 0;
}

static int fill_switches(struct sk_buff *skb, const struct svcnat_net *sn)
{
	if (nla_put_u8(skb, SVCNAT_CONFIG_A_MASQUERADE_ALL,
		       sn->services.masquerade_all))
		return -EMSGSIZE;
	return nla_put_u8(skb, SVCNAT_CONFIG_A_FASTPATH, sn->fastpath);
}

static int fill_limits(struct sk_buff *skb, const struct svcnat_net *sn)
{
	u32 i;

	if (nla_put_u32(skb, SVCNAT_CONFIG_A_MAX_SERVICES, sn->services.max) ||
	    nla_put_u32(skb, SVCNAT_CONFIG_A_MAX_ENDPOINTS,
			sn->services.max_endpoints) ||
	    nla_put_u32(skb, SVCNAT_CONFIG_A_MAX_FLOWS, sn->flows.quota.max) ||
	    nla_put_u32(skb, SVCNAT_CONFIG_A_SNAT_PORTS,
			sn->snat_ports.range) ||
	    nla_put_u32(skb, SVCNAT_CONFIG_A_MAX_AFFINITY,
			sn->services.affinity.max))
		return -EMSGSIZE;
	for (i = 0; i < SVCNAT_TIMEOUTS; i++)
		if (nla_put_u32(skb,
				SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED + i,
				sn->flows.timeout[i]))
			return -EMSGSIZE;
	return 0;
}

/**
 * svcnat_fill_config() - the configuration of a netns
 * @skb: message
 * @sn: of the netns
 *
 * Context: process, the writer lock.
 * Return: 0 or -EMSGSIZE.
 */
int svcnat_fill_config(struct sk_buff *skb, struct svcnat_net *sn)
{
	struct nlattr *nest = nla_nest_start(skb, SVCNAT_A_CONFIG);

	if (!nest)
		return -EMSGSIZE;
	if (fill_limits(skb, sn) || fill_lists(skb, &sn->services) ||
	    fill_switches(skb, sn)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

int svcnat_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	int err;

	mutex_lock(&sn->services.lock);
	err = svcnat_nl_answer(info, SVCNAT_CMD_CONFIG_GET,
			       svcnat_fill_config_size(sn), svcnat_fill_config);
	mutex_unlock(&sn->services.lock);
	return err;
}

static int check_ports(const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	u32 range = attr ? nla_get_u32(attr) : 0;

	if (!range || (range >> 16 && range >> 16 <= (range & 0xffff)))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "the range of ports has no port, or begins at 0");
	return -EINVAL;
}

/* Take over a key, if it is given; tells whether that changes anything. */
static bool set_key(u32 *key, const struct nlattr *attr)
{
	if (!attr || *key == nla_get_u32(attr))
		return false;
	WRITE_ONCE(*key, nla_get_u32(attr));
	return true;
}

static bool apply_limits(struct svcnat_net *sn, struct nlattr *const *tb)
{
	u32 i, flows = sn->flows.quota.max;
	bool changed;

	changed = set_key(&sn->services.max, tb[SVCNAT_CONFIG_A_MAX_SERVICES]);
	changed |= set_key(&sn->services.max_endpoints,
			   tb[SVCNAT_CONFIG_A_MAX_ENDPOINTS]);
	changed |= set_key(&sn->services.affinity.max,
			   tb[SVCNAT_CONFIG_A_MAX_AFFINITY]);
	for (i = 0; i < SVCNAT_TIMEOUTS; i++)
		changed |= set_key(&sn->flows.timeout[i],
				   tb[SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED +
				      i]);
	changed |= set_key(&sn->snat_ports.range,
			   tb[SVCNAT_CONFIG_A_SNAT_PORTS]);
	if (set_key(&flows, tb[SVCNAT_CONFIG_A_MAX_FLOWS])) {
		svcnat_quota_set(&sn->flows.quota, flows);
		changed = true;
	}
	return changed;
}

/* The lists of a request, which takes what is not used back. */
static int parse_zones(struct nlattr *const *tb, struct svcnat_ranges **zones,
		       struct netlink_ext_ack *extack)
{
	enum svcnat_zone zone;
	int err = 0;

	for (zone = 0; !err && zone < SVCNAT_ZONES; zone++)
		if (tb[ZONE_ATTR(zone)])
			err = svcnat_request_ranges(tb[ZONE_ATTR(zone)],
						    &zones[zone], extack);
	return err;
}

static void free_zones(struct svcnat_ranges **zones)
{
	enum svcnat_zone zone;

	for (zone = 0; zone < SVCNAT_ZONES; zone++)
		svcnat_ranges_free(zones[zone]);
}

/* What is replaced goes where the new one came from. */
static bool apply_zones(struct svcnat_services *sv, struct nlattr *const *tb,
			struct svcnat_ranges **zones)
{
	const struct nlattr *all = tb[SVCNAT_CONFIG_A_MASQUERADE_ALL];
	enum svcnat_zone zone;
	bool changed = false;

	for (zone = 0; zone < SVCNAT_ZONES; zone++) {
		if (!tb[ZONE_ATTR(zone)] ||
		    svcnat_ranges_equal(zone_of(sv, zone), zones[zone]))
			continue;
		zones[zone] = rcu_replace_pointer(sv->zone[zone], zones[zone],
						  lockdep_is_held(&sv->lock));
		changed = true;
	}
	if (all && sv->masquerade_all != nla_get_u8(all)) {
		WRITE_ONCE(sv->masquerade_all, nla_get_u8(all));
		changed = true;
	}
	return changed;
}

/* The only key that may fail to be taken over. */
static int apply_fastpath(struct svcnat_net *sn, const struct nlattr *attr,
			  bool *changed, struct netlink_ext_ack *extack)
{
	int err;

	if (!attr || sn->fastpath == nla_get_u8(attr))
		return 0;
	err = svcnat_fastpath_set(sn, nla_get_u8(attr));
	if (err == -EOPNOTSUPP)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the kernel has no hooks at ingress");
	*changed = !err;
	return err;
}

/* All keys of a request, or none */
static int apply(struct svcnat_net *sn, struct nlattr *const *tb,
		 struct svcnat_ranges **zones, struct netlink_ext_ack *extack)
{
	bool changed = false;
	int err;

	mutex_lock(&sn->services.lock);
	err = apply_fastpath(sn, tb[SVCNAT_CONFIG_A_FASTPATH], &changed,
			     extack);
	if (!err) {
		changed |= apply_limits(sn, tb);
		changed |= apply_zones(&sn->services, tb, zones);
	}
	if (changed)
		svcnat_notify_config(sn);
	mutex_unlock(&sn->services.lock);
	return err;
}

int svcnat_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct svcnat_net *sn = svcnat_pernet(genl_info_net(info));
	struct svcnat_ranges *zones[SVCNAT_ZONES] = {};
	struct nlattr *tb[SVCNAT_CONFIG_A_MAX + 1];
	int err;

	if (!info->attrs[SVCNAT_A_CONFIG])
		return svcnat_request_missing(info->extack, NULL,
					      SVCNAT_A_CONFIG,
					      "the configuration is missing");
	err = nla_parse_nested(tb, SVCNAT_CONFIG_A_MAX,
			       info->attrs[SVCNAT_A_CONFIG],
			       svcnat_policy_config_nest, info->extack);
	if (!err)
		err = check_ports(tb[SVCNAT_CONFIG_A_SNAT_PORTS],
				  info->extack);
	if (!err)
		err = parse_zones(tb, zones, info->extack);
	if (!err)
		err = apply(sn, tb, zones, info->extack);
	free_zones(zones);
	return err;
}
