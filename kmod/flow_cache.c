// SPDX-License-Identifier: GPL-2.0-only
/* Where the memory of flows comes from: caches that all netns share. */
#include <linux/slab.h>

#include "flow.h"

/* The unit tests may be loaded besides: their caches have other names. */
#ifndef CACHE_NAME
#define CACHE_NAME(name)	"svcnat_" name
#endif

static struct kmem_cache *cache[SVCNAT_LAYOUTS] __read_mostly;

static void construct_plain4(void *memory)
{
	svcnat_memory_construct(memory, SVCNAT_PLAIN4);
}

static void construct_full4(void *memory)
{
	svcnat_memory_construct(memory, SVCNAT_FULL4);
}

static void construct_plain6(void *memory)
{
	svcnat_memory_construct(memory, SVCNAT_PLAIN6);
}

static void construct_full6(void *memory)
{
	svcnat_memory_construct(memory, SVCNAT_FULL6);
}

static bool make_cache(enum svcnat_layout layout, const char *name,
		       void (*construct)(void *memory))
{
	struct kmem_cache *new;

	/* Not SLAB_HWCACHE_ALIGN: some machines would round up to 128 bytes. */
	new = kmem_cache_create(name, svcnat_memory_size(layout),
				SVCNAT_FLOW_ALIGN, SLAB_TYPESAFE_BY_RCU,
				construct);
	cache[layout] = new;
	return new;
}

/**
 * svcnat_flows_module_init() - make the caches that all netns share
 *
 * Return: 0 or -ENOMEM.
 */
int svcnat_flows_module_init(void)
{
	if (!make_cache(SVCNAT_PLAIN4, CACHE_NAME("flow4"), construct_plain4))
		goto err_plain4;
	if (!make_cache(SVCNAT_FULL4, CACHE_NAME("flow4_full"),
			construct_full4))
		goto err_full4;
	if (!make_cache(SVCNAT_PLAIN6, CACHE_NAME("flow6"), construct_plain6))
		goto err_plain6;
	if (!make_cache(SVCNAT_FULL6, CACHE_NAME("flow6_full"),
			construct_full6))
		goto err_full6;
	return 0;

err_full6:
	kmem_cache_destroy(cache[SVCNAT_PLAIN6]);
err_plain6:
	kmem_cache_destroy(cache[SVCNAT_FULL4]);
err_full4:
	kmem_cache_destroy(cache[SVCNAT_PLAIN4]);
err_plain4:
	return -ENOMEM;
}

/**
 * svcnat_flows_module_exit() - free the caches
 *
 * All flows are freed; the caches wait for their last readers by themselves.
 */
void svcnat_flows_module_exit(void)
{
	kmem_cache_destroy(cache[SVCNAT_FULL6]);
	kmem_cache_destroy(cache[SVCNAT_PLAIN6]);
	kmem_cache_destroy(cache[SVCNAT_FULL4]);
	kmem_cache_destroy(cache[SVCNAT_PLAIN4]);
}

/**
 * svcnat_flow_alloc() - get memory for a flow
 * @layout: of which kind
 *
 * Readers may still be on what it was before; it is retired.
 *
 * Context: any.
 * Return: the memory, or NULL.
 */
struct svcnat_flow *svcnat_flow_alloc(enum svcnat_layout layout)
{
	return kmem_cache_alloc(cache[layout], GFP_ATOMIC | __GFP_NOWARN);
}

/**
 * svcnat_flow_free() - give it back
 * @flow: retired, and in no table
 *
 * Context: any.
 */
void svcnat_flow_free(struct svcnat_flow *flow)
{
	kmem_cache_free(cache[svcnat_flow_layout(flow)], flow);
}
