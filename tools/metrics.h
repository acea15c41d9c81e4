/* SPDX-License-Identifier: GPL-2.0 */
/* All counters for Prometheus. */
#ifndef _SVCCTL_METRICS_H
#define _SVCCTL_METRICS_H

#include "object.h"

/* Those of the netns, and how much of everything there may be. */
void metrics_netns(const struct stats *stats, const struct config *config);

/*
 * Those of the services, frontends and endpoints in these lists, which are
 * sorted.  A family's samples are printed together: so all objects are in
 * memory, but nothing that is made of them.
 */
void metrics_services(const struct list *services,
		      const struct list *frontends,
		      const struct list *endpoints);

#endif /* _SVCCTL_METRICS_H */
