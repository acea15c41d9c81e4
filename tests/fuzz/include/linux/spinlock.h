/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks: that nobody takes one twice, and lets go of what he has. */
#ifndef _FUZZ_LINUX_SPINLOCK_H
#define _FUZZ_LINUX_SPINLOCK_H

typedef struct { bool held; } spinlock_t;
typedef struct { unsigned int sequence; } seqcount_spinlock_t;

extern int shim_bh_disabled;

#define local_bh_disable()	((void)shim_bh_disabled++)
#define local_bh_enable()						\
	fuzz_check(shim_bh_disabled-- > 0, "enabled without disabled")

#define spin_lock_init(l)	((void)((l)->held = false))
#define spin_lock(l)							\
	do {								\
		fuzz_check(!(l)->held, "deadlock");			\
		fuzz_check(shim_bh_disabled > 0, "softirqs enabled");	\
		(l)->held = true;					\
	} while (0)
#define spin_lock_nested(l, n)	spin_lock(l)
#define spin_unlock(l)							\
	do {								\
		fuzz_check((l)->held, "unlocked without lock");		\
		(l)->held = false;					\
	} while (0)
#define spin_lock_bh(l)		do { local_bh_disable(); spin_lock(l); } while (0)
#define spin_unlock_bh(l)	do { spin_unlock(l); local_bh_enable(); } while (0)
#define lockdep_assert_held(l)	fuzz_check((l)->held, "lock not held")

#define seqcount_spinlock_init(s, l)	((void)((s)->sequence = 0))
#define raw_seqcount_begin(s)		(READ_ONCE((s)->sequence) & ~1U)
#define read_seqcount_retry(s, start)	(READ_ONCE((s)->sequence) != (start))
#define write_seqcount_begin(s)		((void)(s)->sequence++)
#define write_seqcount_end(s)		((void)(s)->sequence++)

#endif /* _FUZZ_LINUX_SPINLOCK_H */
