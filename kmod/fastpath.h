/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fast path: packets of established flows go from the ingress of one device
 * straight to the output of another, as their predecessors did.
 *
 * Off unless the configuration says otherwise.  What nf_flow_table leaves to
 * the normal path is left to it here: SYN, FIN, RST, fragments, options, a TTL
 * that runs out, what is longer than the way allows.  Besides, one packet of
 * each direction takes the normal path every few seconds, and when somebody has
 * hooked himself into that or has left it.  It is what a firewall, conntrack and
 * the routes are asked about again, so that the fast path forgets nothing for
 * longer than that.
 */
#ifndef _SVCNAT_FASTPATH_H
#define _SVCNAT_FASTPATH_H

#include <linux/netfilter.h>

struct svcnat_hit;
struct svcnat_net;
struct svcnat_passage;

/* fastpath_control.c: whether there is one */
int svcnat_fastpath_module_init(void);
void svcnat_fastpath_module_exit(void);
void svcnat_fastpath_init(struct svcnat_net *sn);
int svcnat_fastpath_set(struct svcnat_net *sn, bool on);
void svcnat_fastpath_rest(struct svcnat_net *sn);
void svcnat_fastpath_follow(struct svcnat_net *sn);
void svcnat_fastpath_look(struct svcnat_net *sn);

/* fastpath.c: what packets do */
nf_hookfn svcnat_fastpath_hook;
void svcnat_fastpath_learn(struct svcnat_passage *p,
			   const struct svcnat_hit *hit);

#endif /* _SVCNAT_FASTPATH_H */
