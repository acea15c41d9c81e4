/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet path, and the hooks that it hangs on. */
#ifndef _SVCNAT_HOOK_H
#define _SVCNAT_HOOK_H

struct svcnat_net;

void svcnat_hooks_init(struct svcnat_net *sn);
int svcnat_hooks_need(struct svcnat_net *sn, unsigned long families);
void svcnat_hooks_settle(struct svcnat_net *sn);
void svcnat_hooks_remove(struct svcnat_net *sn);

#endif /* _SVCNAT_HOOK_H */
