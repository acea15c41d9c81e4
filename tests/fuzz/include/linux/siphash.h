/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashes, which may be made weak to have chains. */
#ifndef _FUZZ_LINUX_SIPHASH_H
#define _FUZZ_LINUX_SIPHASH_H

#define SIPHASH_ALIGNMENT	__alignof__(u64)

typedef struct { u64 key[2]; } siphash_key_t;
typedef struct { unsigned long key[2]; } hsiphash_key_t;

/* What is left of hsiphash() and jhash(): few bits mean long chains. */
extern u32 shim_hash_mask;

u64 siphash(const void *data, size_t len, const siphash_key_t *key);
u32 hsiphash(const void *data, size_t len, const hsiphash_key_t *key);
u32 hsiphash_4u32(u32 a, u32 b, u32 c, u32 d, const hsiphash_key_t *key);
u32 jhash2(const u32 *words, u32 n, u32 seed);
u32 jhash_2words(u32 a, u32 b, u32 seed);

#endif /* _FUZZ_LINUX_SIPHASH_H */
