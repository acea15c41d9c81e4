/* SPDX-License-Identifier: GPL-2.0-only */
/* Types, arithmetic and what the kernel makes of the language. */
#ifndef _FUZZ_LINUX_KERNEL_H
#define _FUZZ_LINUX_KERNEL_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define SZ_64K		0x10000
#define SZ_256K		0x40000
#define SZ_4M		0x400000

/* The dialect of sparse */
#define __rcu
#define __percpu
#define __force
#define __acquire(x)
#define __release(x)

#define __packed			__attribute__((packed))
#define __aligned(n)			__attribute__((aligned(n)))
#define ____cacheline_aligned_in_smp	__aligned(64)
#define __read_mostly
#define likely(x)			(x)
#define unlikely(x)			(x)
#define BUILD_BUG_ON(cond)		_Static_assert(!(cond), #cond)
#define static_assert(cond)		_Static_assert(cond, #cond)
#define READ_ONCE(x)			(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)		(*(volatile typeof(x) *)&(x) = (v))

#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define offsetofend(type, member)					\
	(offsetof(type, member) + sizeof(((type *)0)->member))
#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))
#define struct_size(p, member, n)					\
	(sizeof(*(p)) + (n) * sizeof((p)->member[0]))
#define for_each_set_bit(bit, word, n)					\
	for ((bit) = 0; (bit) < (n); (bit)++)				\
		if (*(word) & BIT(bit))
#define BIT(n)				(1UL << (n))
#define BITS_PER_BYTE			8
#define BITS_PER_LONG			64
#define __ffs(n)			((unsigned int)__builtin_ctzl(n))
#define test_bit(n, p)							\
	((p)[(n) / BITS_PER_LONG] >> (n) % BITS_PER_LONG & 1)
#define test_and_set_bit(n, p)						\
	({ bool _was = test_bit(n, p);					\
	   (p)[(n) / BITS_PER_LONG] |= BIT((n) % BITS_PER_LONG); _was; })
#define GOLDEN_RATIO_32			0x61C88647
#define GOLDEN_RATIO_64			0x61C8864680B583EBull
#define ALIGN(x, a)			(((x) + (a) - 1) & ~((typeof(x))(a) - 1))

#define min(a, b)	({ typeof(a) _a = (a); typeof(b) _b = (b);	\
			   _a < _b ? _a : _b; })
#define max(a, b)	({ typeof(a) _a = (a); typeof(b) _b = (b);	\
			   _a > _b ? _a : _b; })
#define min_t(type, a, b)		min((type)(a), (type)(b))
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define clamp_t(type, x, lo, hi)	min_t(type, max_t(type, x, lo), hi)

#define lower_32_bits(n)		((u32)(n))
#define upper_32_bits(n)		((u32)((u64)(n) >> 32))
#define ilog2(n)			(31 - __builtin_clz(n))
#define roundup_pow_of_two(n)						\
	((n) < 2 ? 1U : 1U << (32 - __builtin_clz((u32)(n) - 1)))
#define reciprocal_scale(x, n)		((u32)((u64)(u32)(x) * (n) >> 32))
#define mul_u64_u32_shr(a, b, n)	((u64)((unsigned __int128)(a) * (b) >> (n)))
#define div_u64(a, b)			((u64)(a) / (u32)(b))
#define div_u64_rem(a, b, rem)						\
	({ *(rem) = (u64)(a) % (u32)(b); (u64)(a) / (u32)(b); })

#define htons(x)			((__be16)__builtin_bswap16(x))
#define ntohs(x)			((u16)__builtin_bswap16(x))
#define htonl(x)			((__be32)__builtin_bswap32(x))
#define ntohl(x)			((u32)__builtin_bswap32(x))
#define cpu_to_le32(x)			((__le32)(x))
#define le32_to_cpu(x)			((u32)(x))

#define IS_ENABLED(option)		0	/* KASAN is: it would be random */

#define WARN_ON_ONCE(cond)						\
	({ bool _warn = (cond); fuzz_check(!_warn, "WARN_ON_ONCE"); _warn; })

#define AF_UNSPEC	0
#define AF_INET		2
#define AF_INET6	10

#define ENOMEM		12
#define EEXIST		17
#define ENOSPC		28
#define EXFULL		54
#define ENOTUNIQ	76
#define EADDRINUSE	98

struct list_head {
	struct list_head *next, *prev;
};

struct mutex {
	int dummy;
};

struct xarray {
	int dummy;
};

struct net {
	u32 dummy;
};

struct work_struct {
	int dummy;
};

struct delayed_work {
	unsigned int asked;	/* how often it was made to run at once */
};

#define system_power_efficient_wq	NULL
#define mod_delayed_work(wq, work, delay)	((void)(work)->asked++)
#define cond_resched()			((void)0)

u32 gcd(u32 a, u32 b);
u32 get_random_u32(void);
void get_random_bytes(void *to, size_t len);

typedef int (*shim_compare)(const void *a, const void *b);
typedef int (*shim_compare_r)(const void *a, const void *b, const void *priv);
#define sort(base, n, size, compare, swap)	qsort(base, n, size, compare)
void sort_r(void *base, size_t n, size_t size, shim_compare_r compare,
	    void *swap, const void *priv);

#endif /* _FUZZ_LINUX_KERNEL_H */
