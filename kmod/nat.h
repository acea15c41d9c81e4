/* SPDX-License-Identifier: GPL-2.0-only */
/* Address and port rewriting.  The only code that changes a packet. */
#ifndef _SVCNAT_NAT_H
#define _SVCNAT_NAT_H

#include "packet.h"

/**
 * enum svcnat_side - which end of the packet is rewritten
 * @SVCNAT_SOURCE: source address and port
 * @SVCNAT_DESTINATION: destination address and port
 */
enum svcnat_side {
	SVCNAT_SOURCE,
	SVCNAT_DESTINATION,
};

bool svcnat_nat_rewrite(struct sk_buff *skb, struct svcnat_packet *packet,
			enum svcnat_side side, const union nf_inet_addr *addr,
			__be16 port);

#endif /* _SVCNAT_NAT_H */
