/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sources in kmod/ want of the kernel, as a program can give it.  Every
 * one of them is compiled with this in front; headers of the kernel that are
 * not in this directory are empty (see the Makefile).  One thread: locks and
 * RCU only check that they are held.
 */
#ifndef _FUZZ_SHIM_H
#define _FUZZ_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/percpu.h>
#include <linux/siphash.h>
#include <linux/jiffies.h>

/**
 * shim_reset() - begin an input with a kernel that is the same every time
 * @seed: of everything that is random
 */
void shim_reset(u32 seed);

/**
 * shim_end() - end an input: what was allocated must be free
 */
void shim_end(void);

/* An oracle that does not hold: says why and where, and is a crash. */
#define fuzz_check(cond, ...)						\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: %s: ", __FILE__,	\
				__LINE__, #cond);			\
			fprintf(stderr, __VA_ARGS__);			\
			fputc('\n', stderr);				\
			abort();					\
		}							\
	} while (0)

#endif /* _FUZZ_SHIM_H */
