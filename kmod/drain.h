/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of frontends and endpoints.  A removed one drains: its flows go on
 * and are charged to it.  Once a grace period is over nobody opens a flow on it
 * any more; when as many were closed as were opened, none is left, and one more
 * grace period sees the last readers off.
 */
#ifndef _SVCNAT_DRAIN_H
#define _SVCNAT_DRAIN_H

#include "service.h"

void svcnat_drain_endpoint(struct svcnat_services *services,
			   struct svcnat_endpoint *endpoint);
void svcnat_drain_frontend(struct svcnat_services *services,
			   struct svcnat_frontend *frontend);
bool svcnat_drain_reap(struct svcnat_services *services);
void svcnat_drain_end(struct svcnat_services *services);
bool svcnat_drain_named(const struct svcnat_services *services,
			const char *name);
u64 svcnat_drain_orphans(struct svcnat_services *services);

#endif /* _SVCNAT_DRAIN_H */
