/* SPDX-License-Identifier: GPL-2.0-only */
/* Time, which the input tells. */
#ifndef _FUZZ_LINUX_JIFFIES_H
#define _FUZZ_LINUX_JIFFIES_H

#define HZ		250
#define NSEC_PER_MSEC	1000000ULL

extern u64 shim_jiffies;

#define jiffies			((unsigned long)shim_jiffies)
#define get_jiffies_64()	(shim_jiffies)
#define time_after_eq(a, b)	((long)((a) - (b)) >= 0)

u64 ktime_get_ns(void);

#endif /* _FUZZ_LINUX_JIFFIES_H */
