/* SPDX-License-Identifier: GPL-2.0-only */
/* What the node's own sockets use. */
#ifndef _SVCNAT_SOCKET_H
#define _SVCNAT_SOCKET_H

#include "tuple.h"

struct net;
struct net_device;

bool svcnat_socket_connected(struct net *net, const struct net_device *dev,
			     const struct svcnat_tuple *tuple);
bool svcnat_socket_listens(struct net *net, const struct net_device *dev,
			   const struct svcnat_tuple *tuple);

#endif /* _SVCNAT_SOCKET_H */
