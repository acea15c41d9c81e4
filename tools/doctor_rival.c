// SPDX-License-Identifier: GPL-2.0
/* Others that serve Services on this node, or did and left something. */
#include "doctor.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host.h"

/* The kubelet has chains of that kind as well, but not these. */
static bool is_kube_proxy(const struct rule_chain *chain)
{
	static const char *const begins[] = {
		"KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-SVC-", "KUBE-SEP-",
		"KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-", "KUBE-PROXY-",
	};
	size_t i;

	if (!strcmp(chain->tool, "nft") && !strcmp(chain->table, "kube-proxy"))
		return true;
	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(chain->name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

void doctor_kube_proxy(struct doctor *d)
{
	const struct rule_chain *chain, *first = NULL;
	size_t i, nr = 0;

	for (i = 0; i < d->rules.chains.nr; i++) {
		chain = list_at(&d->rules.chains, i);
		if (!*chain->family || !is_kube_proxy(chain))
			continue;
		first = first ? first : chain;
		nr++;
	}
	if (!first)
		return;
	doctor_find(d, LEVEL_NOTE, NULL,
		    "there are %zu chains of kube-proxy, such as %s %s %s: they serve what svcnat does not, also from a time that is over",
		    nr, first->tool, first->table, first->name);
	doctor_advise(d, "if kube-proxy runs here no more: kube-proxy --cleanup");
}

/* "TCP  0A600001:0050 rr" or "UDP  [fd00:...:0001]:0050 rr" */
static bool parse_ipvs(const char *line, struct addr *addr, uint16_t *port)
{
	char proto[8], text[64];
	unsigned int number, ip;

	memset(addr, 0, sizeof(*addr));
	if (sscanf(line, "%7s [%63[0-9a-fA-F:]]:%4x", proto, text,
		   &number) == 3) {
		addr->family = AF_INET6;
		if (inet_pton(AF_INET6, text, addr->byte) != 1)
			return false;
	} else if (sscanf(line, "%7s %8x:%4x", proto, &ip, &number) == 3) {
		addr->family = AF_INET;
		ip = htonl(ip);
		memcpy(addr->byte, &ip, sizeof(ip));
	} else {
		return false;
	}
	*port = (uint16_t)number;
	return !strcmp(proto, "TCP") || !strcmp(proto, "UDP") ||
	       !strcmp(proto, "SCTP");
}

static const struct frontend *find_frontend(const struct doctor *d,
					    const struct addr *addr,
					    uint16_t port)
{
	const struct frontend *frontend;
	size_t i;

	for (i = 0; i < d->snap.frontends.nr; i++) {
		frontend = list_at(&d->snap.frontends, i);
		if (frontend->port == port &&
		    !addr_compare(&frontend->addr, addr))
			return frontend;
	}
	return NULL;
}

static void virtual_services(struct doctor *d, FILE *file)
{
	char line[256], text[ADDR_TEXT_SIZE], first[ADDR_TEXT_SIZE] = "";
	const struct frontend *frontend, *both = NULL;
	struct addr addr;
	uint16_t port;
	size_t nr = 0;

	while (fgets(line, sizeof(line), file)) {
		if (!parse_ipvs(line, &addr, &port))
			continue;
		if (!nr++)
			format_addr_port(first, &addr, port);
		frontend = both ? NULL : find_frontend(d, &addr, port);
		both = frontend ? frontend : both;
	}
	if (!nr)
		return;
	if (both)
		doctor_find(d, LEVEL_NOTE, NULL,
			    "IPVS has %zu virtual services, one of them service \"%s\" frontend %s, too: svcnat comes first and serves it",
			    nr, both->head.service,
			    format_addr_port(text, &both->addr, both->port));
	else
		doctor_find(d, LEVEL_NOTE, NULL,
			    "IPVS has %zu virtual services, such as %s: it serves what svcnat does not, also from a time that is over",
			    nr, first);
	doctor_advise(d, "if nobody needs them: ipvsadm --clear, or kube-proxy --cleanup");
}

void doctor_ipvs(struct doctor *d)
{
	FILE *file = host_open("/proc/net/ip_vs");
	const struct device *device;
	size_t i;

	if (file) {
		virtual_services(d, file);
		fclose(file);
	}
	for (i = 0; i < d->devices.nr; i++) {
		device = list_at(&d->devices, i);
		if (strcmp(device->name, "kube-ipvs0"))
			continue;
		doctor_find(d, LEVEL_NOTE, device->name,
			    "addresses of services on it are the node's own, so who asks for another port there is not refused by svcnat");
		doctor_advise(d, "if kube-proxy runs here no more: ip link del %s",
			      device->name);
	}
}
