// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices: what is sent is recorded, and freed as a driver would.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>

#include "gen.h"

const u8 gen_device_mac[GEN_SIDES][ETH_ALEN] __aligned(2) = {
	{ 2, 0, 0, 0, 0, 0x10 }, { 2, 0, 0, 0, 0, 0x20 },
};

/* The setup script gives them to the neighbours behind either device. */
const u8 gen_device_gateway[GEN_SIDES][ETH_ALEN] __aligned(2) = {
	{ 2, 0, 0, 0, 0, 0x11 }, { 2, 0, 0, 0, 0, 0x21 },
};

struct port {
	struct gen *gen;
	enum gen_side side;
};

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct port *port = netdev_priv(dev);
	struct gen *gen = port->gen;
	struct gen_record *record;

	if (READ_ONCE(gen->armed)) {
		if (gen->caught < GEN_BATCH) {
			record = &gen->records[gen->caught];
			record->side = port->side;
			record->len = skb->len;
			memcpy(record->frame, skb->data,
			       min_t(u32, skb_headlen(skb), GEN_FRAME));
		}
		gen->caught++;
	}
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops ops = {
	.ndo_start_xmit		= xmit,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_set_mac_address	= eth_mac_addr,
};

static void setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &ops;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= NETIF_F_NETNS_LOCAL;
}

static struct net_device *make(struct gen *gen, struct net *net,
			       enum gen_side side)
{
	struct net_device *dev;
	struct port *port;
	int err;

	dev = alloc_netdev(sizeof(*port), side ? "gen1" : "gen0", NET_NAME_USER,
			   setup);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	port = netdev_priv(dev);
	port->gen = gen;
	port->side = side;
	dev_net_set(dev, net);
	eth_hw_addr_set(dev, gen_device_mac[side]);
	err = register_netdev(dev);
	if (err) {
		free_netdev(dev);
		return ERR_PTR(err);
	}
	return dev;
}

/**
 * gen_device_make() - make both devices
 * @gen: has none yet
 * @net: where
 *
 * Return: 0 or a negative errno.
 */
int gen_device_make(struct gen *gen, struct net *net)
{
	enum gen_side side;

	for (side = 0; side < GEN_SIDES; side++) {
		struct net_device *dev = make(gen, net, side);

		if (IS_ERR(dev)) {
			gen_device_drop(gen);
			return PTR_ERR(dev);
		}
		gen->dev[side] = dev;
	}
	return 0;
}

/**
 * gen_device_drop() - remove the devices
 * @gen: has them or not
 */
void gen_device_drop(struct gen *gen)
{
	enum gen_side side;

	for (side = 0; side < GEN_SIDES; side++) {
		if (!gen->dev[side])
			continue;
		unregister_netdev(gen->dev[side]);
		free_netdev(gen->dev[side]);
		gen->dev[side] = NULL;
	}
}
