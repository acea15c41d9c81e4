/* SPDX-License-Identifier: GPL-2.0-only */
/* A service, and a client that asks for it: for the suites of lookup.c. */
#ifndef _SVCNAT_LOOKUP_DESK_H
#define _SVCNAT_LOOKUP_DESK_H

#include <kunit/test.h>

#include "../lookup.h"

#define DESK_ENDPOINTS	3

/* Who is who: see desk_addr() */
#define DESK_VIP	0x600a
#define DESK_NODE	0x0101
#define DESK_POD	0xf401	/* desk_pods() is its range */
#define DESK_OUTSIDE	0xcb01
#define DESK_ENDPOINT	0xf500	/* and the ones above it */

/**
 * struct desk - a service, and a client that asks for it
 * @services: of the netns
 * @filter: their addresses
 * @service: the only one
 * @frontend: its frontend
 * @endpoint: what may be its endpoints
 * @entry: what they are
 * @scheduler: how they are drawn
 * @tuple: of the client's packet
 * @local: it comes from a socket of the node
 * @goes_on: it is not the first of its connection
 */
struct desk {
	struct svcnat_services	services;
	struct svcnat_filter	filter;
	struct svcnat_service	service;
	struct svcnat_frontend	*frontend;
	struct svcnat_endpoint	endpoint[DESK_ENDPOINTS];
	struct svcnat_entry	entry[DESK_ENDPOINTS];
	u8			scheduler;
	struct svcnat_tuple	tuple;
	bool			local;
	bool			goes_on;
};

/* What the suites say of the node, whose only address is DESK_NODE */
extern bool desk_socket_connected;
extern bool desk_conntrack_live;
extern bool desk_conntrack_rewrites;

union nf_inet_addr desk_addr(u8 family, u16 who);
struct svcnat_ranges *desk_range(struct kunit *test, u8 family, u16 who,
				 u8 host_bits);
int desk_init(struct kunit *test);
void desk_exit(struct kunit *test);
void desk_use(struct kunit *test, u8 family, u8 kind);
void desk_publish(struct kunit *test, unsigned int num);
void desk_zone(struct kunit *test, enum svcnat_zone zone,
	       struct svcnat_ranges *ranges);
void desk_ask(struct desk *desk, const struct svcnat_endpoint *prefer,
	      struct svcnat_decision *d);

#endif /* _SVCNAT_LOOKUP_DESK_H */
