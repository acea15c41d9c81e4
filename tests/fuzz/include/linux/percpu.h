/* SPDX-License-Identifier: GPL-2.0-only */
/* Variables of two CPUs; the input says on which one it runs. */
#ifndef _FUZZ_LINUX_PERCPU_H
#define _FUZZ_LINUX_PERCPU_H

#define SHIM_CPUS	2

extern int shim_cpu;

#define alloc_percpu_gfp(type, gfp)					\
	((type *)shim_alloc(SHIM_CPUS * sizeof(type), true))
#define free_percpu(p)			shim_free(p)
#define per_cpu_ptr(p, cpu)		((p) + (cpu))
#define this_cpu_ptr(p)							\
	({ fuzz_check(shim_bh_disabled > 0, "softirqs enabled");	\
	   (p) + shim_cpu; })
#define raw_cpu_ptr(p)			((p) + shim_cpu)
#define num_possible_cpus()		SHIM_CPUS
#define for_each_possible_cpu(cpu)					\
	for ((cpu) = 0; (cpu) < SHIM_CPUS; (cpu)++)

#define for_each_online_cpu(cpu)	for_each_possible_cpu(cpu)
/* Whoever asks runs there for a while. */
#define cpus_read_lock()		do { } while (0)
#define cpus_read_unlock()		do { } while (0)
#define work_on_cpu(cpu, fn, arg)					\
	({								\
		const int _was = shim_cpu;				\
		shim_cpu = (cpu);					\
		fn(arg);						\
		shim_cpu = _was;					\
	})

typedef struct { u64 v; } u64_stats_t;

struct u64_stats_sync {
	int dummy;
};

#define u64_stats_init(s)		((void)(s))
#define u64_stats_update_begin(s)	((void)(s))
#define u64_stats_update_end(s)		((void)(s))
#define u64_stats_fetch_begin(s)	((void)(s), 0U)
#define u64_stats_fetch_retry(s, start)	((void)(start), false)
#define u64_stats_add(p, n)		((void)((p)->v += (n)))
#define u64_stats_inc(p)		u64_stats_add(p, 1)
#define u64_stats_read(p)		((p)->v)

#endif /* _FUZZ_LINUX_PERCPU_H */
