/* SPDX-License-Identifier: GPL-2.0 */
/* When what happened to endpoints happened, as their slices say. */
#ifndef _SVCNATD_TRIGGER_H
#define _SVCNATD_TRIGGER_H

#include <jansson.h>
#include <stdint.h>

#include "metric.h"
#include "object.h"

/* Of a slice that changed, if it says when. */
void trigger_note(struct list *triggers, const json_t *slice);

/* The kernel knows of all of them now. */
void trigger_observe(struct list *triggers, struct histogram *histogram);

/* An empty list. */
void trigger_init(struct list *triggers);

#endif /* _SVCNATD_TRIGGER_H */
