/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of connections whose endpoint or frontend was removed from a service
 * that says so: with the next packet of either side, both get a RST, or with
 * SCTP an ABORT.
 */
#ifndef _SVCNAT_RESET_H
#define _SVCNAT_RESET_H

#include "passage.h"

/**
 * svcnat_reset_needed() - may there be such connections?
 * @sn: of the netns
 *
 * Return: true if so.
 */
static inline bool svcnat_reset_needed(const struct svcnat_net *sn)
{
	return unlikely(READ_ONCE(sn->services.num_reset));
}

void svcnat_reset(struct svcnat_passage *p);

#endif /* _SVCNAT_RESET_H */
