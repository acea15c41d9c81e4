/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP and ICMPv6 on the packet path: errors about our flows. */
#ifndef _SVCNAT_ICMP_H
#define _SVCNAT_ICMP_H

#include "line.h"

struct svcnat_passage;

unsigned int svcnat_icmp_error(struct svcnat_passage *p,
			       enum svcnat_stage stage);

#endif /* _SVCNAT_ICMP_H */
