// SPDX-License-Identifier: GPL-2.0
#include "index.h"

#include <search.h>
#include <stddef.h>
#include <string.h>

#include "memory.h"

/* Of index_each(). */
struct walk {
	index_fn fn;
	void *arg;
};

static int compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int diff = strcmp(x->namespace, y->namespace);

	return diff ? diff : strcmp(x->name, y->name);
}

void *index_find(const struct index *index, const char *namespace,
		 const char *name)
{
	struct key key = { namespace, name };
	void *const *node = tfind(&key, &index->root, compare);

	return node ? *node : NULL;
}

void index_add(struct index *index, void *item)
{
	if (!tsearch(item, &index->root, compare))
		memory_end();
}

void index_del(struct index *index, void *item)
{
	tdelete(item, &index->root, compare);
}

static void visit(const void *node, VISIT which, void *closure)
{
	const struct walk *walk = closure;

	if (which == postorder || which == leaf)
		walk->fn(*(void *const *)node, walk->arg);
}

void index_each(const struct index *index, index_fn fn, void *arg)
{
	struct walk walk = { fn, arg };

	twalk_r(index->root, visit, &walk);
}

void index_free(struct index *index, void (*fn)(void *item))
{
	tdestroy(index->root, fn);
	index->root = NULL;
}
