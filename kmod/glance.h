/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A first look at a packet, before it is parsed: most of those that pass a node
 * are nobody's here.
 */
#ifndef _SVCNAT_GLANCE_H
#define _SVCNAT_GLANCE_H

#include "pernet.h"

struct sk_buff;

bool svcnat_glance_first(const struct svcnat_net *sn, const struct sk_buff *skb,
			 u8 family);
bool svcnat_glance_refuse(const struct svcnat_net *sn,
			  const struct sk_buff *skb, u8 family);
bool svcnat_glance_last(const struct svcnat_net *sn, const struct sk_buff *skb,
			u8 family);

#endif /* _SVCNAT_GLANCE_H */
