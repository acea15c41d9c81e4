/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of services.  A change is prepared in full, with all the memory it
 * needs, and then made; it cannot fail half-way.
 */
#ifndef _SVCNAT_EDIT_H
#define _SVCNAT_EDIT_H

#include "service.h"

struct netlink_ext_ack;

/* svcnat_service_spec.given */
#define SVCNAT_GIVEN_AFFINITY	0x01
#define SVCNAT_GIVEN_SCHEDULER	0x02
#define SVCNAT_GIVEN_INTERNAL	0x04
#define SVCNAT_GIVEN_EXTERNAL	0x08
#define SVCNAT_GIVEN_ON_REMOVAL	0x10
#define SVCNAT_GIVEN_OPTIONS	0x1f	/* all of the above */

/* svcnat_endpoint_spec.given */
#define SVCNAT_GIVEN_WEIGHT	0x1
#define SVCNAT_GIVEN_STATE	0x2
#define SVCNAT_GIVEN_PLACE	0x4

/**
 * struct svcnat_endpoint_spec - an endpoint as somebody asks for it
 * @entry: the values; those not given are the defaults
 * @given: SVCNAT_GIVEN_...
 * @outcome: enum svcnat_outcome; written by svcnat_service_edit()
 * @origin: attribute that said so, for error messages alone
 */
struct svcnat_endpoint_spec {
	struct svcnat_entry	entry;
	u8			given;
	u8			outcome;
	const struct nlattr	*origin;
};

/**
 * struct svcnat_service_spec - a service as somebody asks for it
 * @name: its name
 * @proto: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @options: those not given are the defaults
 * @given: SVCNAT_GIVEN_...
 * @outcome: enum svcnat_outcome, of all but the lists; written by
 *	svcnat_service_edit()
 * @frontends: its frontends; are sorted by whoever reads them
 * @num_frontends: how many
 * @endpoints: its endpoints; are sorted by whoever reads them
 * @num_endpoints: how many
 * @origin: attribute that said so, for error messages alone
 */
struct svcnat_service_spec {
	const char			*name;
	u8				proto;
	struct svcnat_options		options;
	u8				given;
	u8				outcome;
	struct svcnat_frontend_spec	*frontends;
	u32				num_frontends;
	struct svcnat_endpoint_spec	*endpoints;
	u32				num_endpoints;
	const struct nlattr		*origin;
};

/**
 * enum svcnat_edit - what a list in a request does to the list that is there
 * @SVCNAT_EDIT_NONE: nothing; the request has no such list
 * @SVCNAT_EDIT_ADD: adds to it; none may be there already
 * @SVCNAT_EDIT_SET: changes members; all must be there
 * @SVCNAT_EDIT_DEL: removes members; all must be there
 * @SVCNAT_EDIT_REPLACE: is what shall be there afterwards
 */
enum svcnat_edit {
	SVCNAT_EDIT_NONE,
	SVCNAT_EDIT_ADD,
	SVCNAT_EDIT_SET,
	SVCNAT_EDIT_DEL,
	SVCNAT_EDIT_REPLACE,
};

int svcnat_service_add(struct svcnat_services *services,
		       struct svcnat_service_spec *spec,
		       struct netlink_ext_ack *extack);
int svcnat_service_edit(struct svcnat_services *services,
			struct svcnat_service *service,
			struct svcnat_service_spec *spec,
			enum svcnat_edit frontends, enum svcnat_edit endpoints,
			struct netlink_ext_ack *extack);
void svcnat_service_del(struct svcnat_services *services,
			struct svcnat_service *service);
void svcnat_services_clear(struct svcnat_services *services);

#endif /* _SVCNAT_EDIT_H */
