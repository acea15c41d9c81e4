/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes the running configuration equal to the one that is wanted: an
 * ordered list of requests, none for what is as it should be.  Sends nothing
 * and prints nothing.
 *
 *	snapshot_read(&snap, nl, NULL);
 *	plan_services(&plan, &drafts, &snap);
 *	nl_pipeline(nl, &plan.steps, on_answer, arg);
 */
#ifndef _SVCCTL_PLAN_H
#define _SVCCTL_PLAN_H

#include <stdio.h>

#include "draft.h"
#include "snapshot.h"

/**
 * struct change - one change that a step makes
 * @cmd: enum svcnat_cmd that would make it alone
 * @object: struct draft, service, frontend, endpoint or config: what there is
 *	to say about it
 * @given: bits of those attributes of it that are changed, or are to be said
 *
 * In the order of their steps changes can be made one by one as well, with the
 * words that step_describe() prints; a step makes its own all at once.
 */
struct change {
	int cmd;
	const void *object;
	uint64_t given;
};

/**
 * struct step - a request of a plan
 * @request: what to send; nl_pipeline() takes a list of steps as it is
 * @draft: that it makes true; NULL if it only removes, and for the config
 * @change: its first one, in the plan's changes
 * @nr_changes: how many
 * @service: that @request is about, if it takes less than a draft
 * @frontends: of @request, if not those of a draft; its ranges are borrowed
 * @endpoints: of @request, if not those of a draft
 */
struct step {
	struct request request;
	const struct draft *draft;
	size_t change;
	size_t nr_changes;
	struct service service;
	struct list frontends;
	struct list endpoints;
};

/**
 * struct plan - steps, in the order in which they must be made
 * @steps: of struct step
 * @changes: of struct change
 * @config: the keys of the config that change; its ranges are borrowed
 */
struct plan {
	struct list steps;
	struct list changes;
	struct config config;
};

void plan_init(struct plan *plan);
void plan_free(struct plan *plan);

/*
 * The keys that @want gives and @now has otherwise.  What plans are made from
 * must last as long as they do.
 */
void plan_config(struct plan *plan, const struct config *want,
		 const struct config *now);

/*
 * @drafts: all services that there shall be, settled and sorted.  A service of
 * @snap that is not among them goes.  No two drafts may have the same name, nor
 * the same frontend with the same protocol.
 */
void plan_services(struct plan *plan, const struct list *drafts,
		   const struct snapshot *snap);

/* Each change of a step as a line of svcctl's words, without "svcctl". */
void step_describe(const struct plan *plan, const struct step *step,
		   FILE *out);

#endif /* _SVCCTL_PLAN_H */
