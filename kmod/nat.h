/* SPDX-License-Identifier: GPL-2.0-only */
/* Address and port rewriting.  The only code that changes a packet. */
#ifndef _SVCNAT_NAT_H
#define _SVCNAT_NAT_H

#include "packet.h"

bool svcnat_nat_rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			const struct svcnat_rewrite *to);
bool svcnat_nat_abort(struct sk_buff *skb, struct svcnat_packet *packet);
bool svcnat_nat_rewrite_error(struct sk_buff *skb, struct svcnat_packet *packet,
			      const struct svcnat_rewrite *to);

#endif /* _SVCNAT_NAT_H */
