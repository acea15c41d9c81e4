/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A service as somebody wants it to be: words, or a program.  Knows neither
 * words nor libnl, and prints nothing.
 */
#ifndef _SVCCTL_DRAFT_H
#define _SVCCTL_DRAFT_H

#include "nl.h"
#include "object.h"

/**
 * struct draft - a service as it shall be
 * @service: its name and protocol, and the options that are given
 * @frontends: of struct frontend
 * @endpoints: of struct endpoint
 * @line: where it was described, for error sentences; or 0
 *
 * Owns its name, both lists, and the lists of ranges in its frontends.
 */
struct draft {
	struct service service;
	struct list frontends;
	struct list endpoints;
	unsigned long line;
};

void draft_init(struct draft *draft);
void draft_free(struct draft *draft);

/* Takes a copy of @name. */
void draft_name(struct draft *draft, const char *name);
void draft_proto(struct draft *draft, uint8_t proto);

/*
 * One more, with nothing given; whoever fills it in sets the bits of what is
 * given.  Lasts until the next one of its kind is added.
 */
struct frontend *draft_add_frontend(struct draft *draft);
struct endpoint *draft_add_endpoint(struct draft *draft);

/* A service is exactly its draft: an option that is not given is 0. */
void draft_give_options(struct draft *draft);

/*
 * Before drafts are compared: gives all that was left out its default, sorts
 * the lists, and has each range once.
 */
void draft_settle(struct draft *draft);

/* The same for the keys that a configuration gives. */
void draft_settle_config(struct config *config);

/* A request that makes it, SVCNAT_CMD_SERVICE_NEW or _REPLACE. */
struct request draft_request(const struct draft *draft, int cmd);

/* A list of drafts: none yet; sorted by name; with all that they own. */
void drafts_init(struct list *drafts);
void drafts_sort(struct list *drafts);
void drafts_free(struct list *drafts);

/* That of service @name, or NULL; they are sorted. */
const struct draft *drafts_find(const struct list *drafts, const char *name);

#endif /* _SVCCTL_DRAFT_H */
