/* SPDX-License-Identifier: GPL-2.0 */
/* What the endpoints of a service get of its connections, and should get. */
#ifndef _SVCCTL_TOP_SHARE_H
#define _SVCCTL_TOP_SHARE_H

#include "top_sample.h"

/* Fills share and due of all endpoints of a service. */
void top_share_all(struct top_sample *sample);

#endif /* _SVCCTL_TOP_SHARE_H */
