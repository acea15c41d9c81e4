/* SPDX-License-Identifier: GPL-2.0 */
/* Part of plan.c: how its steps are put together. */
#ifndef _SVCCTL_PLAN_STEP_H
#define _SVCCTL_PLAN_STEP_H

#include "plan.h"

/* The new last step, without changes.  Lasts until there is another one. */
struct step *plan_add_step(struct plan *plan, const struct draft *draft,
			   int cmd);

/* The same, about service @name, of which it says no more than that. */
struct step *plan_add_narrow_step(struct plan *plan, const struct draft *draft,
				  int cmd, const char *name);

/* Adds to what the last step makes; to what a step says. */
void plan_add_change(struct plan *plan, const struct change *change);
void step_add_frontend(struct step *step, const struct frontend *frontend);
void step_add_endpoint(struct step *step, const struct change *change);

/* Steps do not move any more: their requests may point into them. */
void plan_settle(struct plan *plan);

#endif /* _SVCCTL_PLAN_STEP_H */
