// SPDX-License-Identifier: GPL-2.0-only
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/icmp.h>
#include <net/ip.h>

#include "compat.h"
#include "ipsec.h"

#ifdef CONFIG_XFRM

/* Nobody behind us would say so in words that the sender understands. */
static bool too_long(const struct sk_buff *skb, u8 family, unsigned int mtu)
{
	unsigned int largest = family == NFPROTO_IPV4 ?
			       IPCB(skb)->frag_max_size :
			       IP6CB(skb)->frag_max_size;

	if (skb->len <= mtu ||
	    (family == NFPROTO_IPV4 && !(ip_hdr(skb)->frag_off & htons(IP_DF))))
		return false;
	if (largest > mtu)
		return true;
	return !skb->ignore_df &&
	       !(skb_is_gso(skb) && skb_gso_validate_network_len(skb, mtu));
}

/* About the packet as it is now: this error is translated like any other. */
static void tell(struct sk_buff *skb, u8 family, unsigned int mtu)
{
	if (family == NFPROTO_IPV4)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

/* The route that the first answer was built upon, with the new answer */
static struct dst_entry *look_up(struct sk_buff *skb,
				 const struct nf_hook_state *state,
				 const struct flowi *fl)
{
	struct dst_entry *dst = skb_dst(skb);

	if (dst_xfrm(dst))
		dst = ((struct xfrm_dst *)dst)->route;
	if (!dst_hold_safe(dst))
		return ERR_PTR(-EHOSTUNREACH);
	/* It takes the reference, whatever it says. */
	return xfrm_lookup(state->net, dst, fl, state->sk, 0);
}

static int make_room(struct sk_buff *skb, const struct dst_entry *dst)
{
	unsigned int room = LL_RESERVED_SPACE(dst->dev);

	return skb_headroom(skb) >= room ? 0 :
	       pskb_expand_head(skb, room - skb_headroom(skb), 0, GFP_ATOMIC);
}

/**
 * svcnat_ipsec_ask() - ask the policies again
 * @skb: at POST_ROUTING; its source was rewritten
 * @state: of the hook
 *
 * They were asked when the packet was routed, about the source that it had
 * then.  The path behind POST_ROUTING is made for what follows from another
 * answer, because of SNAT.
 *
 * Return: 0 or an errno: the packet must go nowhere.
 */
int svcnat_ipsec_ask(struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct dst_entry *dst;
	struct flowi fl;
	int err;

	if (!READ_ONCE(state->net->xfrm.policy_count[XFRM_POLICY_OUT]))
		return 0;
	err = svcnat_decode_session(state->net, skb, &fl, state->pf);
	if (err < 0)
		return err;
	dst = look_up(skb, state, &fl);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	if (dst_xfrm(dst) && too_long(skb, state->pf, dst_mtu(dst))) {
		tell(skb, state->pf, dst_mtu(dst));
		return -EMSGSIZE;
	}
	return make_room(skb, dst);
}

#else

int svcnat_ipsec_ask(struct sk_buff *skb, const struct nf_hook_state *state)
{
	return 0;
}

#endif
