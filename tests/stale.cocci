// SPDX-License-Identifier: GPL-2.0
// A pointer into the headers of a packet that is used after something that may
// have moved them.  Each line that is marked is a finding.
//
// What is hidden in a structure, or behind a function of ours that is not in the
// list, is not seen: KASAN is for these, with headers that move for no reason.

@@
identifier p, f;
expression skb, E;
type T;
identifier move = { pskb_may_pull, pskb_expand_head, pskb_trim,
		    pskb_trim_rcsum, skb_cow, skb_cow_head, skb_ensure_writable,
		    skb_linearize, __pskb_pull_tail, ip_route_me_harder,
		    ip6_route_me_harder, svcnat_packet_writable,
		    svcnat_packet_plain, svcnat_nat_rewrite,
		    svcnat_nat_rewrite_error };
@@
(
 T *p = \(ip_hdr(skb)\|ipv6_hdr(skb)\|tcp_hdr(skb)\|udp_hdr(skb)\|icmp_hdr(skb)\|
	 skb_header_pointer(skb, ...)\|<+... skb->data ...+>\);
|
 p = \(ip_hdr(skb)\|ipv6_hdr(skb)\|tcp_hdr(skb)\|udp_hdr(skb)\|icmp_hdr(skb)\|
     skb_header_pointer(skb, ...)\|<+... skb->data ...+>\)
)
 ... when != p = E
     when any
 move(..., skb, ...)
 ... when != p = E
     when any
(
* p->f
|
* *p
|
* p[...]
)
