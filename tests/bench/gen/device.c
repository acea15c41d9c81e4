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
	struct gen_net *gn;
	enum gen_side side;
};

/**
 * gen_device_lane() - the lane of this CPU
 * @gn: of this netns
 *
 * Context: the CPU stays the same.
 * Return: the lane: what comes in by it goes out by it.
 */
struct gen *gen_device_lane(struct gen_net *gn)
{
	return &gn->lane[smp_processor_id() % GEN_LANES];
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct port *port = netdev_priv(dev);
	struct gen *gen = gen_device_lane(port->gn);
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
	/* A queue for each CPU could be no more apart. */
	dev->features |= NETIF_F_NETNS_LOCAL | NETIF_F_LLTX;
}

static struct net_device *make(struct gen_net *gn, struct net *net,
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
	port->gn = gn;
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
 * @gn: has none yet
 * @net: where
 *
 * Return: 0 or a negative errno.
 */
int gen_device_make(struct gen_net *gn, struct net *net)
{
	unsigned int lane;
	enum gen_side side;

	for (side = 0; side < GEN_SIDES; side++) {
		struct net_device *dev = make(gn, net, side);

		if (IS_ERR(dev)) {
			gen_device_drop(gn);
			return PTR_ERR(dev);
		}
		for (lane = 0; lane < GEN_LANES; lane++)
			gn->lane[lane].dev[side] = dev;
	}
	return 0;
}

/**
 * gen_device_drop() - remove the devices
 * @gn: has them or not
 */
void gen_device_drop(struct gen_net *gn)
{
	unsigned int lane;
	enum gen_side side;

	for (side = 0; side < GEN_SIDES; side++) {
		struct net_device *dev = gn->lane[0].dev[side];

		if (!dev)
			continue;
		unregister_netdev(dev);
		free_netdev(dev);
		for (lane = 0; lane < GEN_LANES; lane++)
			gn->lane[lane].dev[side] = NULL;
	}
}
