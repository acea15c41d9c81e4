// SPDX-License-Identifier: GPL-2.0
#include "differ.h"

void differ(struct array old, struct array new, size_t size,
	    int (*compare)(const void *, const void *), differ_fn fn,
	    void *arg)
{
	const char *a = old.item, *b = new.item;
	size_t i = 0, j = 0;
	int diff;

	while (i < old.nr || j < new.nr) {
		if (i == old.nr)
			diff = 1;
		else if (j == new.nr)
			diff = -1;
		else
			diff = compare(a + i * size, b + j * size);
		fn(diff <= 0 ? a + i * size : NULL,
		   diff >= 0 ? b + j * size : NULL, arg);
		i += diff <= 0;
		j += diff >= 0;
	}
}

static uint64_t bit(bool differs, int attr)
{
	return differs ? GIVEN(attr) : 0;
}

static bool ranges_differ(const struct list *a, const struct list *b)
{
	size_t i;

	if (a->nr != b->nr)
		return true;
	for (i = 0; i < a->nr; i++)
		if (range_compare(list_at(a, i), list_at(b, i)))
			return true;
	return false;
}

uint64_t service_differs(const struct service *a, const struct service *b)
{
	return bit(a->proto != b->proto, SVCNAT_SERVICE_A_PROTO) |
	       bit(a->affinity != b->affinity, SVCNAT_SERVICE_A_AFFINITY) |
	       bit(a->scheduler != b->scheduler, SVCNAT_SERVICE_A_SCHEDULER) |
	       bit(a->internal_policy != b->internal_policy,
		   SVCNAT_SERVICE_A_INTERNAL_POLICY) |
	       bit(a->external_policy != b->external_policy,
		   SVCNAT_SERVICE_A_EXTERNAL_POLICY) |
	       bit(a->on_removal != b->on_removal,
		   SVCNAT_SERVICE_A_ON_REMOVAL);
}

uint64_t frontend_differs(const struct frontend *a, const struct frontend *b)
{
	return bit(a->kind != b->kind, SVCNAT_FRONTEND_A_KIND) |
	       bit(ranges_differ(&a->allow, &b->allow),
		   SVCNAT_FRONTEND_A_ALLOW);
}

uint64_t endpoint_differs(const struct endpoint *a, const struct endpoint *b)
{
	return bit(a->weight != b->weight, SVCNAT_ENDPOINT_A_WEIGHT) |
	       bit(a->state != b->state, SVCNAT_ENDPOINT_A_STATE) |
	       bit(a->place != b->place, SVCNAT_ENDPOINT_A_PLACE);
}

uint64_t config_differs(const struct config *a, const struct config *b)
{
	const struct object_type *type = &object_types[SVCNAT_A_CONFIG];
	uint64_t differs = 0;
	size_t i;
	int attr;

	for (i = 0; i < type->nr_fields; i++) {
		attr = type->fields[i].attr;
		if (!has(a, attr))
			continue;
		if (type->fields[i].type == FIELD_RANGES)
			differs |= bit(ranges_differ(&a->ranges[attr],
						     &b->ranges[attr]), attr);
		else
			differs |= bit(a->value[attr] != b->value[attr], attr);
	}
	return differs;
}
