// SPDX-License-Identifier: GPL-2.0-only
#include <net/inet_hashtables.h>
#include <net/inet6_hashtables.h>
#include <net/l3mdev.h>
#include <net/tcp.h>
#include <net/udp.h>

#include "compat.h"
#include "socket.h"

/* As the node sees it: a device in a VRF is the second, behind the VRF's. */
struct arrival {
	int	dif;
	int	sdif;
};

static struct arrival arrival_by(const struct net_device *dev)
{
	struct arrival by = {};

	if (!dev)
		return by;
	by.dif = l3mdev_master_ifindex_rcu(dev);
	if (!by.dif)
		by.dif = dev->ifindex;
	else if (by.dif != dev->ifindex)
		by.sdif = dev->ifindex;
	return by;
}

static struct sock *find_udp(struct net *net, struct arrival by,
			     const struct svcnat_tuple *t)
{
	if (t->family == AF_INET)
		return svcnat_udp4_lookup(net, t->src.ip, t->sport, t->dst.ip,
					  t->dport, by.dif, by.sdif);
#if IS_ENABLED(CONFIG_IPV6)
	return svcnat_udp6_lookup(net, &t->src.in6, t->sport, &t->dst.in6,
				  t->dport, by.dif, by.sdif);
#else
	return NULL;
#endif
}

static struct sock *find_established(struct net *net, struct arrival by,
				     const struct svcnat_tuple *t)
{
	if (t->family == AF_INET)
		return svcnat_tcp4_established(net, t->src.ip, t->sport,
					       t->dst.ip, ntohs(t->dport),
					       by.dif, by.sdif);
#if IS_ENABLED(CONFIG_IPV6)
	return svcnat_tcp6_established(net, &t->src.in6, t->sport,
				       &t->dst.in6, ntohs(t->dport), by.dif,
				       by.sdif);
#else
	return NULL;
#endif
}

static struct sock *find_listener(struct net *net, struct arrival by,
				  const struct svcnat_tuple *t)
{
	if (t->family == AF_INET)
		return svcnat_tcp4_listener(net, NULL, 0, t->src.ip, t->sport,
					    t->dst.ip, ntohs(t->dport), by.dif,
					    by.sdif);
#if IS_ENABLED(CONFIG_IPV6)
	return svcnat_tcp6_listener(net, NULL, 0, &t->src.in6, t->sport,
				    &t->dst.in6, ntohs(t->dport), by.dif,
				    by.sdif);
#else
	return NULL;
#endif
}

/**
 * svcnat_socket_connected() - has a socket of the node this connection?
 * @net: the netns
 * @dev: by which it comes, or NULL: then no socket is found that is bound to one
 * @tuple: of a packet that the socket would receive
 *
 * Those of SCTP are a module's, which nobody loads for our sake: none is found.
 *
 * Context: RCU read side.
 * Return: true if so; for TCP also when the socket waits for its time to end.
 */
bool svcnat_socket_connected(struct net *net, const struct net_device *dev,
			     const struct svcnat_tuple *tuple)
{
	struct arrival by = arrival_by(dev);
	struct sock *sk;

	switch (tuple->proto) {
	case IPPROTO_UDP:
		sk = find_udp(net, by, tuple);
		return sk && READ_ONCE(sk->sk_state) == TCP_ESTABLISHED;
	case IPPROTO_TCP:
		sk = find_established(net, by, tuple);
		if (sk)
			sock_gen_put(sk);
		return sk;
	default:
		return false;
	}
}

/**
 * svcnat_socket_listens() - does a socket of the node wait for anybody there?
 * @net: the netns
 * @dev: by which it comes, or NULL: then no socket is found that is bound to one
 * @tuple: of a packet that the socket would receive
 *
 * Those of SCTP are a module's, which nobody loads for our sake: none is found.
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_socket_listens(struct net *net, const struct net_device *dev,
			   const struct svcnat_tuple *tuple)
{
	struct arrival by = arrival_by(dev);

	switch (tuple->proto) {
	case IPPROTO_UDP:
		return find_udp(net, by, tuple);
	case IPPROTO_TCP:
		return find_listener(net, by, tuple);
	default:
		return false;
	}
}
