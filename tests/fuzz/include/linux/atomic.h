/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomic variables, where there is nobody else. */
#ifndef _FUZZ_LINUX_ATOMIC_H
#define _FUZZ_LINUX_ATOMIC_H

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { s64 counter; } atomic64_t;

#define ATOMIC_LONG_INIT(n)		{ n }

#define atomic_read(v)			READ_ONCE((v)->counter)
#define atomic_set(v, n)		((void)((v)->counter = (n)))
#define atomic_add(n, v)		((void)((v)->counter += (n)))
#define atomic_inc(v)			atomic_add(1, v)
#define atomic_dec(v)			atomic_add(-1, v)
#define atomic_inc_return(v)		(++(v)->counter)
#define atomic_long_add_return(n, v)	((v)->counter += (n))
#define atomic_xchg(v, n)						\
	({ int _old = (v)->counter; (v)->counter = (n); _old; })

#define shim_try_cmpxchg(v, old, new)					\
	({								\
		bool _same = (v)->counter == *(old);			\
									\
		if (_same)						\
			(v)->counter = (new);				\
		else							\
			*(old) = (v)->counter;				\
		_same;							\
	})
#define atomic_try_cmpxchg(v, old, new)		shim_try_cmpxchg(v, old, new)
#define atomic64_try_cmpxchg(v, old, new)	shim_try_cmpxchg(v, old, new)

#define atomic64_read(v)		READ_ONCE((v)->counter)
#define atomic64_read_acquire(v)	atomic64_read(v)
#define atomic64_set(v, n)		((void)((v)->counter = (n)))
#define atomic64_set_release(v, n)	atomic64_set(v, n)
#define atomic64_fetch_inc(v)		((v)->counter++)

#define smp_mb()			((void)0)
#define smp_rmb()			((void)0)
#define smp_wmb()			((void)0)
#define smp_mb__after_atomic()		((void)0)
#define smp_load_acquire(p)		READ_ONCE(*(p))
#define smp_store_release(p, v)		WRITE_ONCE(*(p), v)

#endif /* _FUZZ_LINUX_ATOMIC_H */
