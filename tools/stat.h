/* SPDX-License-Identifier: GPL-2.0 */
/* The names of the counters of a netns. */
#ifndef _SVCCTL_STAT_H
#define _SVCCTL_STAT_H

#include <stdint.h>

/* @stat: enum svcnat_stat.  NULL if it is unknown. */
const char *stat_word(uint32_t stat);

#endif /* _SVCCTL_STAT_H */
