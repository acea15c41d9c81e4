// SPDX-License-Identifier: GPL-2.0
#include "refusals.h"

#include <stdlib.h>

#include "memory.h"
#include "packed.h"

/* The first members are as in struct key. */
struct refusal {
	const char *namespace;		/* none: svcnat has no such thing */
	char *name;
	struct packed *wanted;
};

static void free_refusal(void *item)
{
	struct refusal *refusal = item;

	free(refusal->name);
	free(refusal->wanted);
	free(refusal);
}

void refusals_add(struct refusals *refusals, const char *name,
		  const struct draft *wanted)
{
	struct refusal *refusal = index_find(&refusals->index, "", name);

	if (!refusal) {
		refusal = memory_new(sizeof(*refusal));
		refusal->namespace = "";
		refusal->name = memory_copy(name);
		index_add(&refusals->index, refusal);
		refusals->nr++;
	}
	free(refusal->wanted);
	refusal->wanted = wanted ? packed_make(wanted) : NULL;
}

void refusals_del(struct refusals *refusals, const char *name)
{
	struct refusal *refusal = index_find(&refusals->index, "", name);

	if (!refusal)
		return;
	index_del(&refusals->index, refusal);
	free_refusal(refusal);
	refusals->nr--;
}

void refusals_clear(struct refusals *refusals)
{
	index_free(&refusals->index, free_refusal);
	refusals->nr = 0;
}

bool refusals_have(const struct refusals *refusals, const char *name,
		   const struct draft *wanted)
{
	const struct refusal *refusal = index_find(&refusals->index, "", name);
	struct packed *packed;
	bool equal;

	if (!refusal)
		return false;
	packed = wanted ? packed_make(wanted) : NULL;
	equal = packed_equal(packed, refusal->wanted);
	free(packed);
	return equal;
}
