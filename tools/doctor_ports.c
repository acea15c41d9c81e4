// SPDX-License-Identifier: GPL-2.0
/* Ports that two may want: services, and programs on the node. */
#include "doctor.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define FIRST_PORT	1024	/* of snat-ports auto */

/**
 * struct local_ports - what the node's own clients get
 * @min: the first one
 * @max: the last one
 * @reserved: those that they do not get after all, a bit for each
 */
struct local_ports {
	unsigned int min;
	unsigned int max;
	uint8_t reserved[(UINT16_MAX + 1) / 8];
};

/* "30000-32767,40000", or nothing. */
static void read_reserved(struct local_ports *ports)
{
	FILE *file = host_open("/proc/sys/net/ipv4/ip_local_reserved_ports");
	unsigned int low, high;
	int got;

	while (file && fscanf(file, " %u", &low) == 1) {
		got = fscanf(file, "-%u", &high);
		if (got != 1)
			high = low;
		for (; low <= high && low <= UINT16_MAX; low++)
			ports->reserved[low / 8] |= (uint8_t)(1 << low % 8);
		if (fscanf(file, "%*1[,]") == EOF)
			break;
	}
	if (file)
		fclose(file);
}

static bool read_local_ports(struct local_ports *ports)
{
	char text[64];

	memset(ports, 0, sizeof(*ports));
	if (!host_line("/proc/sys/net/ipv4/ip_local_port_range", text,
		       sizeof(text)) ||
	    sscanf(text, "%u %u", &ports->min, &ports->max) != 2)
		return false;
	read_reserved(ports);
	return true;
}

static bool is_local_port(const struct local_ports *ports, unsigned int port)
{
	return ports->min <= port && port <= ports->max &&
	       !(ports->reserved[port / 8] & 1 << port % 8);
}

static void check_nodeport(struct doctor *d, const struct local_ports *ports,
			   const struct frontend *frontend)
{
	char subject[SVCNAT_NAME_MAX + 64];

	if (frontend->kind != SVCNAT_KIND_NODEPORT ||
	    !is_local_port(ports, frontend->port))
		return;
	snprintf(subject, sizeof(subject), "service \"%s\" nodeport %u",
		 frontend->head.service, frontend->port);
	doctor_find(d, LEVEL_NOTE, subject,
		    "the port may be in use by a client on this node, whose range is %u-%u: then who happens to call from where that client called to is not served",
		    ports->min, ports->max);
	doctor_advise(d, "reserve it: add %u to net.ipv4.ip_local_reserved_ports",
		      frontend->port);
}

/*
 * The module looks for a free one; but a socket of the node that comes later
 * does not, and needs another one on the way.
 */
static void check_snat_range(struct doctor *d, const struct local_ports *ports,
			     unsigned int min, unsigned int max)
{
	unsigned int port, shared = 0;

	for (port = min; port <= max; port++)
		shared += is_local_port(ports, port);
	if (!shared)
		return;
	doctor_find(d, LEVEL_NOTE, "snat-ports",
		    "masqueraded connections and clients on this node share %u ports of %u-%u",
		    shared, min, max);
	doctor_advise(d, "keep them apart: svcctl config set snat-ports auto, or reserve the range in net.ipv4.ip_local_reserved_ports");
}

static void check_snat_ports(struct doctor *d, const struct local_ports *ports)
{
	uint32_t range = d->config.value[SVCNAT_CONFIG_A_SNAT_PORTS];

	if (!has(&d->config, SVCNAT_CONFIG_A_SNAT_PORTS))
		return;
	if (range) {
		check_snat_range(d, ports, range >> 16, range & 0xffff);
		return;
	}
	if (ports->min > FIRST_PORT || ports->max < UINT16_MAX)
		return;
	doctor_find(d, LEVEL_NOTE, "snat-ports",
		    "clients on this node have all ports, %u-%u, and so masqueraded connections have none of their own",
		    ports->min, ports->max);
	doctor_advise(d, "keep some apart: sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"");
}

/* Ports at which programs wait for others, a bit for each. */
struct listeners {
	uint8_t port[(UINT16_MAX + 1) / 8];
};

/* @hex: words of an address as they are in memory */
static bool is_loopback(const char *hex)
{
	size_t length = strlen(hex);
	uint8_t byte[4];
	uint32_t word;

	word = (uint32_t)strtoul(hex + length - 8, NULL, 16);
	memcpy(byte, &word, sizeof(byte));
	if (length == 8)
		return byte[0] == 127;
	return !strncmp(hex, "000000000000000000000000", 24) && byte[0] == 0 &&
	       byte[1] == 0 && byte[2] == 0 && byte[3] == 1;
}

#define TCP_LISTEN	0x0a
#define UDP_UNCONNECTED	0x07

static void read_listeners(const char *path, unsigned int wanted,
			   struct listeners *listeners)
{
	FILE *file = host_open(path);
	unsigned int port, state;
	char line[512], hex[33];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", hex,
			   &port, &state) != 3 || state != wanted ||
		    port > UINT16_MAX || strlen(hex) % 8 || is_loopback(hex))
			continue;
		listeners->port[port / 8] |= (uint8_t)(1 << port % 8);
	}
	if (file)
		fclose(file);
}

static void check_listener(struct doctor *d, const struct frontend *frontend,
			   const char *protocol,
			   const struct listeners *listeners)
{
	char subject[SVCNAT_NAME_MAX + 64];

	if (!(listeners->port[frontend->port / 8] & 1 << frontend->port % 8))
		return;
	snprintf(subject, sizeof(subject), "service \"%s\" nodeport %u",
		 frontend->head.service, frontend->port);
	doctor_find(d, LEVEL_NOTE, subject,
		    "a program on this node waits for clients at %s port %u, too, and gets none from outside",
		    protocol, frontend->port);
	doctor_advise(d, "give one of them another port, unless the program only keeps it for the service");
}

/* Both lists are sorted by service. */
static void check_listeners(struct doctor *d)
{
	const struct list *services = &d->snap.services.objects;
	const struct service *service;
	const struct frontend *frontend;
	struct listeners tcp = { { 0 } }, udp = { { 0 } };
	size_t i, at = 0;

	read_listeners("/proc/net/tcp", TCP_LISTEN, &tcp);
	read_listeners("/proc/net/tcp6", TCP_LISTEN, &tcp);
	read_listeners("/proc/net/udp", UDP_UNCONNECTED, &udp);
	read_listeners("/proc/net/udp6", UDP_UNCONNECTED, &udp);
	for (i = 0; i < d->snap.frontends.nr; i++) {
		frontend = list_at(&d->snap.frontends, i);
		if (frontend->kind != SVCNAT_KIND_NODEPORT)
			continue;
		while (service_compare(list_at(services, at), frontend))
			at++;
		service = list_at(services, at);
		if (service->proto == IPPROTO_TCP)
			check_listener(d, frontend, "TCP", &tcp);
		else if (service->proto == IPPROTO_UDP)
			check_listener(d, frontend, "UDP", &udp);
	}
}

void doctor_ports(struct doctor *d)
{
	struct local_ports ports;
	size_t i;

	if (read_local_ports(&ports)) {
		for (i = 0; i < d->snap.frontends.nr; i++)
			check_nodeport(d, &ports,
				       list_at(&d->snap.frontends, i));
		check_snat_ports(d, &ports);
	}
	check_listeners(d);
}
