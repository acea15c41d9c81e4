// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is counted, refused, and freed when nobody reads it any more. */
#include "shim.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, len)	((void)(p))
#define ASAN_UNPOISON_MEMORY_REGION(p, len)	((void)(p))
#endif

#define LATER	4096

int shim_memory = -1;
int shim_readers;

static long pieces;
static void *later[LATER];
static unsigned int num_later;

static bool refused(void)
{
	if (shim_memory > 0)
		shim_memory--;
	else if (!shim_memory)
		return true;
	return false;
}

void *shim_alloc(size_t len, bool zero)
{
	void *p;

	if (refused())
		return NULL;
	/* What is to begin a cache line does. */
	if (posix_memalign(&p, 64, len))
		abort();
	memset(p, zero ? 0 : 0xa5, len);
	pieces++;
	return p;
}

void shim_free(void *p)
{
	if (!p)
		return;
	pieces--;
	free(p);
}

void shim_free_later(void *p)
{
	fuzz_check(num_later < LATER, "no grace period for too long");
	later[num_later++] = p;
}

/**
 * struct kmem_cache - objects that stay what they are while they are free
 * @size: of one
 * @align: of one
 * @construct: makes one
 * @object: all that were ever made
 * @used: which of them are not free
 * @num: how many
 *
 * A free one may be read until the next grace period, as one of its kind.
 */
struct kmem_cache {
	size_t	size;
	size_t	align;
	void	(*construct)(void *memory);
	void	**object;
	bool	*used;
	u32	num;
};

#define CACHES	8

static struct kmem_cache *caches[CACHES];

static void poison_free(const struct kmem_cache *cache)
{
	u32 i;

	for (i = 0; cache && i < cache->num; i++)
		if (!cache->used[i])
			ASAN_POISON_MEMORY_REGION(cache->object[i],
						  cache->size);
}

void shim_grace_period(void)
{
	u32 i;

	fuzz_check(!shim_readers, "waits for itself");
	while (num_later)
		shim_free(later[--num_later]);
	for (i = 0; i < CACHES; i++)
		poison_free(caches[i]);
}

static void replace(struct kmem_cache *from, struct kmem_cache *to)
{
	u32 i;

	for (i = 0; i < CACHES && caches[i] != from; i++)
		;
	fuzz_check(i < CACHES, "caches");
	caches[i] = to;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, unsigned int flags,
				     void (*construct)(void *memory))
{
	struct kmem_cache *cache;

	if (refused())
		return NULL;
	cache = calloc(1, sizeof(*cache));
	cache->size = size;
	cache->align = align;
	cache->construct = construct;
	replace(NULL, cache);
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	u32 i;

	replace(cache, NULL);
	for (i = 0; i < cache->num; i++) {
		fuzz_check(!cache->used[i], "destroyed with objects in it");
		ASAN_UNPOISON_MEMORY_REGION(cache->object[i], cache->size);
		free(cache->object[i]);
	}
	free(cache->object);
	free(cache->used);
	free(cache);
}

/* Behind the object there is nothing, not even what alignment adds. */
static void *new_object(struct kmem_cache *cache)
{
	const u32 n = cache->num++;
	void *p;

	if (posix_memalign(&p, cache->align, cache->size))
		abort();
	cache->construct(p);
	cache->object = realloc(cache->object, cache->num * sizeof(void *));
	cache->used = realloc(cache->used, cache->num * sizeof(bool));
	cache->object[n] = p;
	cache->used[n] = true;
	return p;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	u32 i;

	if (refused())
		return NULL;
	pieces++;
	for (i = 0; i < cache->num; i++) {
		if (cache->used[i])
			continue;
		cache->used[i] = true;
		ASAN_UNPOISON_MEMORY_REGION(cache->object[i], cache->size);
		return cache->object[i];
	}
	return new_object(cache);
}

void kmem_cache_free(struct kmem_cache *cache, void *p)
{
	u32 i;

	for (i = 0; i < cache->num && cache->object[i] != p; i++)
		;
	fuzz_check(i < cache->num && cache->used[i], "freed twice, or strange");
	cache->used[i] = false;
	pieces--;
}

void shim_end(void)
{
	fuzz_check(!shim_readers, "RCU read side left open");
	fuzz_check(!shim_bh_disabled, "softirqs left disabled");
	shim_grace_period();
	fuzz_check(!pieces, "%ld pieces of memory leak", pieces);
}
