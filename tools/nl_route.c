// SPDX-License-Identifier: GPL-2.0
#include "nl_route.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#define MESSAGE_BUFFER	(64 << 10)

struct nl_route {
	struct nl_sock *sock;
};

/* A request on its way. */
struct exchange {
	void (*take)(struct nlmsghdr *hdr, void *arg);
	void *arg;
	int error;
	bool done;
};

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	x->take(nlmsg_hdr(msg), x->arg);
	return NL_OK;
}

static int finish(struct exchange *x, int error)
{
	x->error = error;
	x->done = true;
	return NL_STOP;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	(void)msg;
	return finish(arg, 0);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	(void)from;
	return finish(arg, -err->error);
}

/* Sends @msg, and frees it.  The errno of the answer, or < 0 without one. */
static int request(struct nl_route *nl, struct nl_msg *msg,
		   void (*take)(struct nlmsghdr *hdr, void *arg), void *arg)
{
	struct exchange x = { .take = take, .arg = arg, .error = -1 };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = -1;

	if (cb) {
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &x);
		nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &x);
		nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_finish, &x);
		nl_cb_err(cb, NL_CB_CUSTOM, on_error, &x);
		err = nl_send_auto(nl->sock, msg);
	}
	while (err >= 0 && !x.done)
		err = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	nlmsg_free(msg);
	return x.done ? x.error : -1;
}

static bool dump(struct nl_route *nl, int type, const void *header,
		 size_t size, void (*take)(struct nlmsghdr *hdr, void *arg),
		 struct list *list)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_DUMP);

	if (!msg)
		return false;
	if (nlmsg_append(msg, (void *)(uintptr_t)header, size, NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return false;
	}
	return !request(nl, msg, take, list);
}

static bool get_flag(struct nlattr *nest, int attr)
{
	struct nlattr *found = nla_find(nla_data(nest), nla_len(nest), attr);

	return found && nla_len(found) == 1 && nla_get_u8(found);
}

static void take_link_info(struct nlattr *info, struct device *device)
{
	struct nlattr *kind, *data;

	kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
	data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
	device->bridge = kind && !nla_strcmp(kind, "bridge");
	if (!device->bridge || !data)
		return;
	device->calls_ipv4 = get_flag(data, IFLA_BR_NF_CALL_IPTABLES);
	device->calls_ipv6 = get_flag(data, IFLA_BR_NF_CALL_IP6TABLES);
}

static void take_device(struct nlmsghdr *hdr, void *arg)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = { .type = NLA_STRING,
				  .maxlen = DEVICE_NAME_SIZE },
		[IFLA_MTU] = { .type = NLA_U32 },
		[IFLA_MASTER] = { .type = NLA_U32 },
		[IFLA_LINKINFO] = { .type = NLA_NESTED },
	};
	struct nlattr *attrs[IFLA_MAX + 1];
	const struct ifinfomsg *ifi;
	struct device *device;

	if (hdr->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(hdr, sizeof(*ifi), attrs, IFLA_MAX,
			(struct nla_policy *)policy) < 0 ||
	    !attrs[IFLA_IFNAME])
		return;
	ifi = nlmsg_data(hdr);
	device = list_add(arg);
	device->index = (uint32_t)ifi->ifi_index;
	device->up = ifi->ifi_flags & IFF_UP;
	device->carrier = ifi->ifi_flags & IFF_LOWER_UP;
	device->loopback = ifi->ifi_flags & IFF_LOOPBACK;
	nla_strlcpy(device->name, attrs[IFLA_IFNAME], sizeof(device->name));
	if (attrs[IFLA_MTU])
		device->mtu = nla_get_u32(attrs[IFLA_MTU]);
	if (attrs[IFLA_MASTER])
		device->master = nla_get_u32(attrs[IFLA_MASTER]);
	if (attrs[IFLA_LINKINFO])
		take_link_info(attrs[IFLA_LINKINFO], device);
}

static bool take_ip(struct nlattr *attr, int family, struct addr *addr)
{
	int size = family == AF_INET ? 4 : 16;

	if (!attr || nla_len(attr) != size)
		return false;
	addr->family = (uint16_t)family;
	memcpy(addr->byte, nla_data(attr), (size_t)size);
	return true;
}

static void take_addr(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *attrs[IFA_MAX + 1];
	struct device_addr addr = { .global = false };
	const struct ifaddrmsg *ifa;
	struct nlattr *local;

	if (hdr->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(hdr, sizeof(*ifa), attrs, IFA_MAX, NULL) < 0)
		return;
	ifa = nlmsg_data(hdr);
	if (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6)
		return;
	/* The other one is the peer's, if there are both. */
	local = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (!take_ip(local, ifa->ifa_family, &addr.addr))
		return;
	addr.device = ifa->ifa_index;
	addr.global = ifa->ifa_scope == RT_SCOPE_UNIVERSE;
	list_copy(arg, &addr);
}

static void take_metrics(struct nlattr *metrics, struct route *route)
{
	struct nlattr *mtu;

	mtu = nla_find(nla_data(metrics), nla_len(metrics), RTAX_MTU);
	if (mtu && nla_len(mtu) == sizeof(uint32_t))
		route->mtu = nla_get_u32(mtu);
}

static void take_route(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *attrs[RTA_MAX + 1];
	const struct rtmsg *rtm;
	struct route *route = arg;

	if (hdr->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(hdr, sizeof(*rtm), attrs, RTA_MAX, NULL) < 0)
		return;
	rtm = nlmsg_data(hdr);
	route->local = rtm->rtm_type == RTN_LOCAL;
	route->gateway = attrs[RTA_GATEWAY] || attrs[RTA_VIA];
	if (attrs[RTA_OIF] && nla_len(attrs[RTA_OIF]) == sizeof(uint32_t))
		route->device = nla_get_u32(attrs[RTA_OIF]);
	if (attrs[RTA_METRICS])
		take_metrics(attrs[RTA_METRICS], route);
}

struct nl_route *nl_route_alloc(void)
{
	struct nl_route *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->sock = nl_socket_alloc();
	if (!nl->sock || nl_connect(nl->sock, NETLINK_ROUTE) < 0) {
		nl_route_free(nl);
		return NULL;
	}
	nl_socket_disable_auto_ack(nl->sock);
	nl_socket_set_msg_buf_size(nl->sock, MESSAGE_BUFFER);
	return nl;
}

void nl_route_free(struct nl_route *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->sock);
	free(nl);
}

bool nl_route_devices(struct nl_route *nl, struct list *devices)
{
	const struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };

	return dump(nl, RTM_GETLINK, &ifi, sizeof(ifi), take_device, devices);
}

bool nl_route_addrs(struct nl_route *nl, struct list *addrs)
{
	const struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };

	return dump(nl, RTM_GETADDR, &ifa, sizeof(ifa), take_addr, addrs);
}

/* It answers with a route or an error; with the ACK we know the end of both. */
bool nl_route_get(struct nl_route *nl, const struct addr *to,
		  struct route *route)
{
	int size = to->family == AF_INET ? 4 : 16;
	const struct rtmsg rtm = {
		.rtm_family = (unsigned char)to->family,
		.rtm_dst_len = (unsigned char)(size * 8),
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_ACK);

	memset(route, 0, sizeof(*route));
	if (!msg)
		return false;
	if (nlmsg_append(msg, (void *)(uintptr_t)&rtm, sizeof(rtm),
			 NLMSG_ALIGNTO) ||
	    nla_put(msg, RTA_DST, size, to->byte)) {
		nlmsg_free(msg);
		return false;
	}
	route->error = request(nl, msg, take_route, route);
	return route->error >= 0;
}
