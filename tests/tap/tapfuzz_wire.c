// SPDX-License-Identifier: GPL-2.0
/*
 * The two devices.  Half of the time a packet socket listens on each: then each
 * packet has a clone from its arrival on, which must stay as it was.
 */
#define _GNU_SOURCE
#include "tapfuzz.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>

bool frags_mode;
unsigned long gso_seen;

static const char *const names[SIDES] = { "tap0", "tap1" };
static int device[SIDES], listener[SIDES] = { -1, -1 };
static struct frame heard;
static struct frame overwritten;	/* as it was heard; has a len if so */

static int open_device(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (frags_mode)
		ifr.ifr_flags |= IFF_NAPI | IFF_NAPI_FRAGS;
	strcpy(ifr.ifr_name, name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		die("%s: %s", name, strerror(errno));
	return fd;
}

static int open_listener(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("packet socket: %s", strerror(errno));
	return fd;
}

/* The devices are there already, with their addresses. */
void wire_open(void)
{
	unsigned int i;

	for (i = 0; i < SIDES; i++)
		device[i] = open_device(names[i]);
}

/* While nobody does, a head that is moved is freed: who still uses it shows. */
void wire_listen(bool on)
{
	unsigned int i;

	if (!on == !(listener[0] >= 0))
		return;
	for (i = 0; i < SIDES; i++) {
		if (!on)
			close(listener[i]);
		listener[i] = on ? open_listener(names[i]) : -1;
	}
}

/* Does who reads the devices segment, and sum up? */
void wire_offload(bool on)
{
	const unsigned long what = on ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
					TUN_F_TSO_ECN : 0;
	unsigned int i;

	for (i = 0; i < SIDES; i++)
		if (ioctl(device[i], TUNSETOFFLOAD, what))
			die("offload: %s", strerror(errno));
}

/* In frags mode the first piece is the head, the others are fragments. */
static int cut(const struct frame *f, struct iovec *iov)
{
	unsigned int at = 0, i, n = 1, len;

	iov[0].iov_base = (void *)&f->vnet;
	iov[0].iov_len = sizeof(f->vnet);
	for (i = 0; at < f->len; i++) {
		len = f->len - at;
		if (i < f->num_splits && f->split[i] < len)
			len = f->split[i];
		else if (frags_mode && n > 1 && len > 4096)
			len = 4096;
		iov[n].iov_base = (void *)(f->bytes + at);
		iov[n++].iov_len = len;
		at += len;
	}
	return n;
}

/* False: the device does not take it. */
bool wire_inject(enum side side, const struct frame *f)
{
	struct iovec iov[2 * MAX_SPLITS + 4];
	int n = cut(f, iov);
	ssize_t len;

	len = writev(device[side], iov, n);
	if (len >= 0 && len != (ssize_t)(sizeof(f->vnet) + f->len))
		die("%zd bytes written", len);
	if (len < 0 && errno != EINVAL && errno != EMSGSIZE)
		die("write: %s", strerror(errno));
	return len >= 0;
}

bool wire_read(enum side side, struct frame *f)
{
	struct iovec iov[2] = {
		{ &f->vnet, sizeof(f->vnet) }, { f->bytes, sizeof(f->bytes) },
	};
	ssize_t len = readv(device[side], iov, 2);

	if (len < 0 && errno != EAGAIN)
		die("read: %s", strerror(errno));
	if (len < (ssize_t)sizeof(f->vnet))
		return false;
	f->len = len - sizeof(f->vnet);
	gso_seen += f->vnet.gso_type != VNET_GSO_NONE;
	return true;
}

/*
 * Who forwards fragments sends those that have come again.  It looks whether
 * they are shared, not whether they are cloned (ip_do_fragment() and
 * ip6_fragment(), frag_list), and writes the new header in front of the payload
 * of all but the first.  That much another than us may have done to a clone,
 * and what is there must be what leaves: see wire_leaves().
 */
static void check_heard(const struct frame *f, unsigned int len)
{
	unsigned int at = 0;

	heard.len = len;
	if (len == f->len && !memcmp(heard.bytes, f->bytes, len))
		return;
	if (len == f->len && !overwritten.len)
		at = frag_later(f);
	if (!at || at > len ||
	    memcmp(heard.bytes + at, f->bytes + at, len - at))
		wrong("who listened has got another packet, of %u bytes: it was written to",
		      len);
	overwritten = heard;
}

/* Their ends are the same; headers of IPv6 may have got longer. */
void wire_leaves(const struct frame *f)
{
	const unsigned int len = f->len < overwritten.len ? f->len :
							    overwritten.len;

	if (!len || memcmp(f->bytes + f->len - len,
			   overwritten.bytes + overwritten.len - len, len))
		return;
	overwritten.len = 0;
	tally.overwritten++;
	tally.overwritten_foreign += forecast.fate == FATE_NONE;
}

void wire_settle(void)
{
	if (overwritten.len)
		wrong("who listened has got another fragment: it was written to");
}

/* What the listener has kept while the packet was rewritten */
void wire_check_clones(enum side side, const struct frame *f)
{
	struct sockaddr_ll from;
	socklen_t from_len;
	ssize_t len;
	int side_now;

	if (listener[0] < 0)
		return;
	for (side_now = 0; side_now < SIDES; side_now++) {
		for (;;) {
			from_len = sizeof(from);
			len = recvfrom(listener[side_now], heard.bytes,
				       sizeof(heard.bytes), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);
			if (len < 0)
				break;
			if (side_now != (int)side ||
			    from.sll_pkttype == PACKET_OUTGOING)
				continue;
			check_heard(f, len);
		}
	}
}

/* What the node says of itself: ARP, neighbours, groups */
bool wire_is_noise(const struct frame *f)
{
	const uint8_t *l3 = f->bytes + ETH_LEN;
	uint32_t type = get16(f->bytes + 12);
	unsigned int l4 = 40;

	if (f->len < ETH_LEN + 20 ||
	    (type != ETH_P_IP && type != ETH_P_IPV6))
		return true;
	if (type == ETH_P_IP)
		return l3[9] == IPPROTO_IGMP;
	if (f->len < ETH_LEN + 48)
		return false;
	if (!l3[6] && f->len > ETH_LEN + 56)
		l4 += 8;
	return (l3[6] == IPPROTO_ICMPV6 || l3[40] == IPPROTO_ICMPV6) &&
	       ((l3[l4] >= 130 && l3[l4] <= 137) || l3[l4] == 143) &&
	       (l3[24] == 0xff || l3[8] == 0xfe || l3[l4] >= 135);
}
