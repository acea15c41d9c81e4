/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The draw, by the scheduler of a service.  How an array is drawn from is a
 * property of the array: what the scheduler needs is made with it, and a reader
 * never sees the one without the other.
 */
#ifndef _SVCNAT_SCHEDULE_H
#define _SVCNAT_SCHEDULE_H

#include "service.h"
#include "tuple.h"

int svcnat_schedule_prepare(struct svcnat_endpoints *endpoints, u8 scheduler);
u32 svcnat_schedule(const struct svcnat_service *service,
		    const struct svcnat_endpoints *endpoints,
		    enum svcnat_list list, const struct svcnat_tuple *tuple,
		    u32 random);
u32 svcnat_schedule_take(struct svcnat_service *service,
			 const struct svcnat_endpoints *endpoints,
			 u8 family, enum svcnat_list list, u32 where);
const struct svcnat_entry *
svcnat_schedule_at(const struct svcnat_endpoints *endpoints, u8 family,
		   enum svcnat_list list, u32 where);
u32 svcnat_schedule_next(const struct svcnat_endpoints *endpoints, u8 family,
			 enum svcnat_list list, u32 where);

#endif /* _SVCNAT_SCHEDULE_H */
