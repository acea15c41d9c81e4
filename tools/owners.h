/* SPDX-License-Identifier: GPL-2.0 */
/* Who has which frontend: a snapshot, seen from its frontends. */
#ifndef _SVCCTL_OWNERS_H
#define _SVCCTL_OWNERS_H

#include "differ.h"
#include "draft.h"
#include "snapshot.h"

/**
 * struct owner - a service that is there
 * @service: in the snapshot
 * @frontends: its own, there
 * @endpoints: its own, there
 * @draft: what it shall be; NULL: it goes
 * @claimed: others shall have some of its frontends
 * @gone: it has gone
 */
struct owner {
	const struct service *service;
	struct array frontends;
	struct array endpoints;
	const struct draft *draft;
	bool claimed;
	bool gone;
};

/**
 * struct holding - a frontend that is there
 * @frontend: in the snapshot
 * @owner: who has it
 * @released: and has it no more
 */
struct holding {
	const struct frontend *frontend;
	struct owner *owner;
	bool released;
};

/**
 * struct owners - all of them
 * @services: of struct owner, sorted by name
 * @holdings: of struct holding
 */
struct owners {
	struct list services;
	struct list holdings;
};

/* The snapshot must last as long. */
void owners_init(struct owners *owners, const struct snapshot *snap);
void owners_free(struct owners *owners);

/* Who has @frontend, with the protocol of @service; or NULL. */
struct holding *owners_find(const struct owners *owners,
			    const struct service *service,
			    const struct frontend *frontend);

#endif /* _SVCCTL_OWNERS_H */
