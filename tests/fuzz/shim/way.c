// SPDX-License-Identifier: GPL-2.0-only
/* Ways: there is no fast path here, and so there are none. */
#include "shim.h"

#include "way.h"

void svcnat_ways_init(struct svcnat_ways *ways)
{
}

void svcnat_ways_exit(struct svcnat_ways *ways)
{
}

void svcnat_ways_turned(struct svcnat_ways *ways)
{
}

bool svcnat_ways_keep(const struct svcnat_ways *ways, u16 number)
{
	fuzz_check(false, "nobody has learned way %u", number);
	return false;
}
