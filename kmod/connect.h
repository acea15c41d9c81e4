/* SPDX-License-Identifier: GPL-2.0-only */
/* The first packet of a connection: the two wings meet. */
#ifndef _SVCNAT_CONNECT_H
#define _SVCNAT_CONNECT_H

#include "flow.h"

struct svcnat_passage;

unsigned int svcnat_connect(struct svcnat_passage *p, struct svcnat_hit *had,
			    enum svcnat_review review);

#endif /* _SVCNAT_CONNECT_H */
