/* SPDX-License-Identifier: GPL-2.0 */
/* "svcctl doctor": what it knows of the node, and what it finds. */
#ifndef _SVCCTL_DOCTOR_H
#define _SVCCTL_DOCTOR_H

#include "cmd.h"
#include "nl_route.h"
#include "ruleset.h"
#include "snapshot.h"

enum level {
	LEVEL_OK,
	LEVEL_NOTE,	/* works, or may work; but somebody should know */
	LEVEL_PROBLEM,	/* stops a service from working */
};

/**
 * struct finding - what a check has to say
 * @check: word of the check
 * @level: how bad it is
 * @subject: what it is about, or NULL
 * @message: a sentence
 * @advice: what to do about it, or NULL
 */
struct finding {
	const char *check;
	enum level level;
	char *subject;
	char *message;
	char *advice;
};

/**
 * struct way - where packets to an endpoint go
 * @endpoint: in the snapshot
 * @proto: of its service
 * @known: somebody told
 * @route: the way
 * @device: of the route, or NULL
 */
struct way {
	const struct endpoint *endpoint;
	uint8_t proto;
	bool known;
	struct route route;
	const struct device *device;
};

/**
 * struct doctor - the node, and what was found
 * @code: 0 if the module answers; else the exit code of that
 * @snap: the services, none if @code is not 0
 * @config: the configuration, likewise
 * @stats: the counters, likewise
 * @ipv4: a frontend or an endpoint is of this family
 * @ipv6: likewise
 * @routes: to ask for routes; NULL if nobody answers
 * @devices: of the node, struct device
 * @addrs: of the node, struct device_addr
 * @ways: struct way, of those endpoints that take connections
 * @rules: of the firewall
 * @check: whose findings come
 * @findings: struct finding
 */
struct doctor {
	int code;
	struct snapshot snap;
	struct config config;
	struct stats stats;
	bool ipv4;
	bool ipv6;
	struct nl_route *routes;
	struct list devices;
	struct list addrs;
	struct list ways;
	struct ruleset rules;
	const char *check;
	struct list findings;
};

/* Asks the module and the kernel; no check has run yet. */
void doctor_gather(struct doctor *d);
void doctor_clean(struct doctor *d);

/* A finding of the check that runs; @subject may be NULL. */
void doctor_find(struct doctor *d, enum level level, const char *subject,
		 const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What to do about the last one. */
void doctor_advise(struct doctor *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* By its number; NULL if there is none. */
const struct device *doctor_device(const struct doctor *d, uint32_t index);

/* Is it one of the node's own? */
bool doctor_owns(const struct doctor *d, const struct addr *addr);

/* How many packets conntrack called INVALID so far. */
uint64_t doctor_invalid_packets(void);

/* The checks; each has its file, or shares it with its kind. */
void doctor_module(struct doctor *d);
void doctor_kernel(struct doctor *d);
void doctor_forwarding(struct doctor *d);
void doctor_rp_filter(struct doctor *d);
void doctor_conntrack(struct doctor *d);
void doctor_bridge(struct doctor *d);
void doctor_ports(struct doctor *d);
void doctor_firewall(struct doctor *d);
void doctor_kube_proxy(struct doctor *d);
void doctor_ipvs(struct doctor *d);
void doctor_endpoints(struct doctor *d);
void doctor_policies(struct doctor *d);
void doctor_limits(struct doctor *d);
void doctor_routes(struct doctor *d);
void doctor_mtu(struct doctor *d);
void doctor_external(struct doctor *d);

#endif /* _SVCCTL_DOCTOR_H */
