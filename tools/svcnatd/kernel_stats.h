/* SPDX-License-Identifier: GPL-2.0 */
/* A part of kernel_nl.c: the module's counters as metrics. */
#ifndef _SVCNATD_KERNEL_STATS_H
#define _SVCNATD_KERNEL_STATS_H

#include <stdio.h>

#include "nl.h"

/* What the kernel does not say is left out. */
void kernel_stats(struct nl *nl, FILE *out);
void kernel_endpoint_stats(struct nl *nl, FILE *out);

#endif /* _SVCNATD_KERNEL_STATS_H */
