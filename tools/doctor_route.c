// SPDX-License-Identifier: GPL-2.0
/* Ways to endpoints and frontends: is there one, and does all fit through? */
#include "doctor.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "host.h"

#define SUBJECT_SIZE	(SVCNAT_NAME_MAX + 80)

static const char *name_endpoint(char text[SUBJECT_SIZE],
				 const struct endpoint *endpoint)
{
	char addr[ADDR_TEXT_SIZE];

	snprintf(text, SUBJECT_SIZE, "service \"%s\" endpoint %s",
		 endpoint->head.service,
		 format_addr_port(addr, &endpoint->addr, endpoint->port));
	return text;
}

static const char *name_frontend(char text[SUBJECT_SIZE],
				 const struct frontend *frontend)
{
	char addr[ADDR_TEXT_SIZE];

	snprintf(text, SUBJECT_SIZE, "service \"%s\" frontend %s",
		 frontend->head.service,
		 format_addr_port(addr, &frontend->addr, frontend->port));
	return text;
}

static void check_way(struct doctor *d, const struct way *way)
{
	const struct addr *addr = &way->endpoint->addr;
	const char *family = addr->family == AF_INET6 ? "-6 " : "";
	char subject[SUBJECT_SIZE], text[ADDR_TEXT_SIZE];

	name_endpoint(subject, way->endpoint);
	format_addr(text, addr);
	if (way->route.error) {
		doctor_find(d, LEVEL_PROBLEM, subject,
			    "the node has no route to it: %s",
			    strerror(way->route.error));
		doctor_advise(d, "add one, or see why the network plugin did not: ip %sroute get %s",
			      family, text);
	} else if (way->device && !way->route.local &&
		   !(way->device->up && way->device->carrier)) {
		doctor_find(d, LEVEL_PROBLEM, subject,
			    "its route leads to %s, which is %s",
			    way->device->name,
			    way->device->up ? "without carrier" : "down");
		doctor_advise(d, "see what became of the other end: ip link show dev %s",
			      way->device->name);
	}
}

/* connect() fails on the node before there is a packet. */
static void check_node_client(struct doctor *d,
			      const struct frontend *frontend)
{
	char subject[SUBJECT_SIZE], text[ADDR_TEXT_SIZE];
	struct route route;

	if (!nl_route_get(d->routes, &frontend->addr, &route) || !route.error)
		return;
	doctor_find(d, LEVEL_NOTE, name_frontend(subject, frontend),
		    "programs on this node cannot connect to it, for the node has no route to the address");
	doctor_advise(d, "add any route, it matters not where to: ip %sroute add %s dev lo",
		      frontend->addr.family == AF_INET6 ? "-6 " : "",
		      format_addr(text, &frontend->addr));
}

void doctor_routes(struct doctor *d)
{
	const struct frontend *frontend, *last = NULL;
	const struct way *way;
	size_t i;

	if (!d->routes) {
		doctor_find(d, LEVEL_NOTE, NULL,
			    "the kernel does not tell its devices and routes");
		return;
	}
	for (i = 0; i < d->ways.nr; i++) {
		way = list_at(&d->ways, i);
		if (way->known)
			check_way(d, way);
	}
	for (i = 0; i < d->snap.frontends.nr; i++) {
		frontend = list_at(&d->snap.frontends, i);
		/* Its other ports stand next to it. */
		if (!frontend->addr.family ||
		    (last && !addr_compare(&last->addr, &frontend->addr)))
			continue;
		last = frontend;
		check_node_client(d, frontend);
	}
}

static uint32_t mtu_of(const struct way *way)
{
	uint32_t mtu = way->route.mtu;

	return mtu && mtu < way->device->mtu ? mtu : way->device->mtu;
}

/* The widest by which clients may come: it has an address they talk to. */
static const struct device *widest(const struct doctor *d, int family)
{
	const struct device *device, *best = NULL;
	const struct device_addr *addr;
	size_t i;

	for (i = 0; i < d->addrs.nr; i++) {
		addr = list_at(&d->addrs, i);
		device = doctor_device(d, addr->device);
		if (!addr->global || addr->addr.family != family || !device ||
		    !device->up || device->loopback)
			continue;
		if (!best || device->mtu > best->mtu)
			best = device;
	}
	return best;
}

static void check_mtu(struct doctor *d, const struct way *way,
		      const struct device *from)
{
	char subject[SUBJECT_SIZE];

	doctor_find(d, LEVEL_NOTE, name_endpoint(subject, way->endpoint),
		    "packets to it may have %u bytes by %s, but clients who come by %s may send %u: each has to be told",
		    mtu_of(way), way->device->name, from->name, from->mtu);
	doctor_advise(d, "let ICMP \"%s\" pass everywhere between them, or give both the same MTU",
		      way->endpoint->addr.family == AF_INET ?
		      "fragmentation needed" : "packet too big");
}

/* Of those for which @applies holds, as it does for all behind one device? */
static bool is_first(const struct doctor *d, const struct way *way, size_t nr,
		     bool (*applies)(const struct way *way))
{
	const struct way *other;
	size_t i;

	for (i = 0; i < nr; i++) {
		other = list_at(&d->ways, i);
		if (other->device == way->device &&
		    other->endpoint->addr.family ==
		    way->endpoint->addr.family && applies(other))
			return false;
	}
	return true;
}

static bool leaves(const struct way *way)
{
	return way->device && !way->route.local;
}

void doctor_mtu(struct doctor *d)
{
	const struct device *from[2] = { widest(d, AF_INET),
					 widest(d, AF_INET6) };
	const struct device *wide;
	const struct way *way;
	size_t i;

	for (i = 0; i < d->ways.nr; i++) {
		way = list_at(&d->ways, i);
		wide = from[way->endpoint->addr.family == AF_INET6];
		if (leaves(way) && wide && mtu_of(way) < wide->mtu &&
		    is_first(d, way, i, leaves))
			check_mtu(d, way, wide);
	}
}

static size_t ports_of(const struct doctor *d, const struct device *bridge)
{
	const struct device *device;
	size_t i, nr = 0;

	for (i = 0; i < d->devices.nr; i++) {
		device = list_at(&d->devices, i);
		nr += device->master == bridge->index && device->up;
	}
	return nr;
}

/* What of it passes from port to port without being routed. */
static void check_bridge(struct doctor *d, const struct way *way)
{
	bool ipv4 = way->endpoint->addr.family == AF_INET;
	const char *word = ipv4 ? "iptables" : "ip6tables";
	const struct device *bridge = way->device;
	char subject[SUBJECT_SIZE], path[64];
	uint64_t calls = 0;
	bool loaded;

	snprintf(path, sizeof(path), "/proc/sys/net/bridge/bridge-nf-call-%s",
		 word);
	loaded = host_number(path, &calls);
	if (calls || (loaded && (ipv4 ? bridge->calls_ipv4
				      : bridge->calls_ipv6)))
		return;
	doctor_find(d, LEVEL_PROBLEM, name_endpoint(subject, way->endpoint),
		    "clients on bridge %s, too, get no answer from it: the bridge passes it on without showing it to the node",
		    bridge->name);
	doctor_advise(d, "let it be seen: %ssysctl -w net.bridge.bridge-nf-call-%s=1",
		      loaded ? "" : "modprobe br_netfilter, then ", word);
}

static bool is_bridged(const struct way *way)
{
	return leaves(way) && way->device->bridge && !way->route.gateway;
}

void doctor_bridge(struct doctor *d)
{
	const struct way *way;
	size_t i;

	for (i = 0; i < d->ways.nr; i++) {
		way = list_at(&d->ways, i);
		if (is_bridged(way) && is_first(d, way, i, is_bridged) &&
		    ports_of(d, way->device) > 1)
			check_bridge(d, way);
	}
}

/*
 * Others have to send packets to such an address here.  Whether they do we
 * cannot know; but if they did, there were packets.
 */
static void check_external(struct doctor *d, const struct frontend *frontend)
{
	const uint64_t *value = frontend->counters.value;
	const struct device *device;
	char subject[SUBJECT_SIZE];
	struct route route;

	if (doctor_owns(d, &frontend->addr) ||
	    value[SVCNAT_COUNTER_A_REQUEST_PACKETS] ||
	    !nl_route_get(d->routes, &frontend->addr, &route) || route.local)
		return;
	name_frontend(subject, frontend);
	device = doctor_device(d, route.device);
	if (!route.error && !route.gateway && device && !device->loopback) {
		doctor_find(d, LEVEL_NOTE, subject,
			    "nothing has come to it yet: neighbours on %s look for the address there, and the node does not say that it has it",
			    device->name);
		doctor_advise(d, "unless somebody answers for it (keepalived, MetalLB), give it to the node, or to a neighbour proxy on %s",
			      device->name);
		return;
	}
	doctor_find(d, LEVEL_NOTE, subject,
		    "nothing has come to it yet: it is no address of the node, and routers must send it here");
	doctor_advise(d, "see that a router has a route for it by this node, or a load balancer sends to it");
}

void doctor_external(struct doctor *d)
{
	const struct frontend *frontend;
	size_t i;

	for (i = 0; d->routes && i < d->snap.frontends.nr; i++) {
		frontend = list_at(&d->snap.frontends, i);
		if (frontend->kind == SVCNAT_KIND_EXTERNAL ||
		    frontend->kind == SVCNAT_KIND_LB)
			check_external(d, frontend);
	}
}
