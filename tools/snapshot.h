/* SPDX-License-Identifier: GPL-2.0 */
/* Services with what belongs to them, as a dump tells it. */
#ifndef _SVCCTL_SNAPSHOT_H
#define _SVCCTL_SNAPSHOT_H

#include "collection.h"
#include "nl.h"

/**
 * struct snapshot - services and their members, one state of each service
 * @services: sorted; each once
 * @frontends: of @services, sorted; only if asked for
 * @endpoints: of @services, sorted; only if asked for
 * @lists: struct list each: those in @frontends, and in others that were there
 * @with_frontends: ask for them
 * @with_endpoints: ask for them
 * @with_stats: ask for counters
 * @unsettled: names of services that never stood still while they were read,
 *	char * each: they are there as they were read last, which may be of
 *	several moments
 * @again: names of services that changed while they were read, char * each
 * @open: the last of @services may have members to come
 * @mixed: not all of what came of it shows one state
 * @settle: take it as it comes
 * @frontend: its first one in @frontends
 * @endpoint: its first one in @endpoints
 *
 * Other services may be of another moment: a list of all that waited for them
 * to stand still would wait for ever.
 */
struct snapshot {
	struct collection services;
	struct list frontends;
	struct list endpoints;
	struct list lists;
	bool with_frontends;
	bool with_endpoints;
	bool with_stats;
	struct list unsettled;
	struct list again;
	bool open;
	bool mixed;
	bool settle;
	size_t frontend;
	size_t endpoint;
};

void snapshot_init(struct snapshot *snap, bool with_frontends,
		   bool with_endpoints);
void snapshot_free(struct snapshot *snap);

/* Service @name, or all if that is NULL.  Returns enum nl_code. */
int snapshot_read(struct snapshot *snap, struct nl *nl, const char *name);

#endif /* _SVCCTL_SNAPSHOT_H */
