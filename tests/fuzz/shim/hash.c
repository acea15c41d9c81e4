// SPDX-License-Identifier: GPL-2.0-only
/* Hashes, chance, time and order. */
#include "shim.h"

u32 shim_hash_mask = U32_MAX;
u64 shim_jiffies;
int shim_bh_disabled;
int shim_cpu;

static u32 chance;
static u64 clock_ns;

void shim_reset(u32 seed)
{
	chance = seed | 1;
	clock_ns = 0;
	shim_hash_mask = U32_MAX;
	shim_jiffies = 1 << 20;
	shim_cpu = 0;
	shim_memory = -1;
}

/* Marsaglia's xorshift */
u32 get_random_u32(void)
{
	chance ^= chance << 13;
	chance ^= chance >> 17;
	chance ^= chance << 5;
	return chance;
}

void get_random_bytes(void *to, size_t len)
{
	u8 *byte = to;

	while (len--)
		*byte++ = get_random_u32() >> 11;
}

/* A microsecond goes by whenever somebody looks. */
u64 ktime_get_ns(void)
{
	return clock_ns += 1000;
}

static u64 rotl(u64 v, int n)
{
	return v << n | v >> (64 - n);
}

static void sip_rounds(u64 v[4], int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32) + v[3];
		v[2] += v[1];
		v[1] = rotl(v[1], 17);
		v[3] = rotl(v[3], 21) ^ v[0];
		v[1] ^= v[2];
		v[2] = rotl(v[2], 32);
	}
}

/* SipHash-2-4, of Aumasson and Bernstein */
u64 siphash(const void *data, size_t len, const siphash_key_t *key)
{
	u64 v[4] = {
		key->key[0] ^ 0x736f6d6570736575ULL,
		key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL,
		key->key[1] ^ 0x7465646279746573ULL,
	};
	const u8 *byte = data;
	u64 word = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		word |= (u64)byte[i] << 8 * (i % 8);
		if (i % 8 != 7)
			continue;
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		word = 0;
	}
	word |= (u64)len << 56;
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u32 hsiphash(const void *data, size_t len, const hsiphash_key_t *key)
{
	const siphash_key_t k = { .key = { key->key[0], key->key[1] } };

	return (u32)siphash(data, len, &k) & shim_hash_mask;
}

u32 hsiphash_4u32(u32 a, u32 b, u32 c, u32 d, const hsiphash_key_t *key)
{
	const u32 words[] = { a, b, c, d };

	return hsiphash(words, sizeof(words), key);
}

/* Any hash does. */
u32 jhash2(const u32 *words, u32 n, u32 seed)
{
	const siphash_key_t k = { .key = { seed, ~seed } };

	return (u32)siphash(words, n * sizeof(u32), &k) & shim_hash_mask;
}

u32 jhash_2words(u32 a, u32 b, u32 seed)
{
	const u32 words[] = { a, b };

	return jhash2(words, 2, seed);
}

u32 gcd(u32 a, u32 b)
{
	while (b) {
		u32 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void sort_r(void *base, size_t n, size_t size, shim_compare_r compare,
	    void *swap, const void *priv)
{
	qsort_r(base, n, size, (int (*)(const void *, const void *,
					void *))compare, (void *)priv);
}
