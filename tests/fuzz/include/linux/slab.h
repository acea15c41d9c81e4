/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory: each piece by malloc(), exactly so long, and it may be refused. */
#ifndef _FUZZ_LINUX_SLAB_H
#define _FUZZ_LINUX_SLAB_H

#define GFP_KERNEL_ACCOUNT	0U
#define GFP_ATOMIC		1U
#define __GFP_ZERO		2U
#define __GFP_NOWARN		4U

#define PAGE_SHIFT		12
#define totalram_pages()	(1UL << 18)

/* How many more pieces may be had; negative: as many as anybody likes */
extern int shim_memory;

void *shim_alloc(size_t len, bool zero);
void shim_free(void *p);

#define kmalloc(len, gfp)		shim_alloc(len, false)
#define kvmalloc(len, gfp)		shim_alloc(len, false)
#define kvzalloc(len, gfp)		shim_alloc(len, true)
#define kcalloc(n, len, gfp)		shim_alloc((n) * (len), true)
#define kvmalloc_array(n, len, gfp)	shim_alloc((n) * (len), false)
#define kfree(p)			shim_free(p)
#define kvfree(p)			shim_free(p)

#define SLAB_TYPESAFE_BY_RCU	1U

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, unsigned int flags,
				     void (*construct)(void *memory));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *p);

#endif /* _FUZZ_LINUX_SLAB_H */
