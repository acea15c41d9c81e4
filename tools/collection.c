// SPDX-License-Identifier: GPL-2.0
#include "collection.h"

#include <stdlib.h>
#include <string.h>

void collection_init(struct collection *coll, int attr)
{
	memset(coll, 0, sizeof(*coll));
	coll->objects.size = object_types[attr].size;
	coll->names.size = sizeof(char *);
}

void collection_empty(struct collection *coll)
{
	size_t i;

	for (i = 0; i < coll->names.nr; i++)
		free(*(char **)list_at(&coll->names, i));
	coll->names.nr = 0;
	coll->objects.nr = 0;
}

void collection_free(struct collection *coll)
{
	collection_empty(coll);
	list_free(&coll->names);
	list_free(&coll->objects);
}

/* Often it is the last name again. */
static const char *keep_name(struct collection *coll, const char *name)
{
	char **last;

	if (!name)
		name = "";
	if (coll->names.nr) {
		last = list_at(&coll->names, coll->names.nr - 1);
		if (!strcmp(*last, name))
			return *last;
	}
	last = list_add(&coll->names);
	*last = string_copy(name);
	return *last;
}

void *collection_add(struct collection *coll, const struct head *object)
{
	struct head *copy = list_copy(&coll->objects, object);

	copy->service = keep_name(coll, object->service);
	return copy;
}
