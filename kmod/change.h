/* SPDX-License-Identifier: GPL-2.0-only */
/* A change of one service under way; the writer lock is held throughout. */
#ifndef _SVCNAT_CHANGE_H
#define _SVCNAT_CHANGE_H

#include "edit.h"

/**
 * struct svcnat_change - the change
 * @services: of the netns
 * @service: which service
 * @extack: for the reason of a refusal
 * @frontends: frontends that were made for it, by their list
 * @fresh: endpoints that were made for it, by their drain
 * @gone: endpoints that it removes, by their drain
 * @entry: the endpoints that shall be there afterwards
 * @num: how many
 * @scheduler: how it shall be drawn afterwards
 * @array: of them; NULL if they stay, and are drawn as before
 * @redraw: some endpoint comes, goes or changes
 * @changed: it changes anything at all
 */
struct svcnat_change {
	struct svcnat_services		*services;
	struct svcnat_service		*service;
	struct netlink_ext_ack		*extack;
	struct list_head		frontends;
	struct list_head		fresh;
	struct list_head		gone;
	struct svcnat_entry		*entry;
	u32				num;
	u8				scheduler;
	struct svcnat_endpoints		*array;
	bool				redraw;
	bool				changed;
};

int svcnat_change_address(const struct svcnat_change *change, u8 family,
			  const union nf_inet_addr *addr, __be16 port,
			  const struct nlattr *origin);
struct svcnat_endpoints *
svcnat_change_current(const struct svcnat_change *change);
int svcnat_change_frontends(struct svcnat_change *change,
			    const struct svcnat_service_spec *spec,
			    enum svcnat_edit edit);
void svcnat_change_abort_frontends(struct svcnat_change *change);
void svcnat_change_commit_frontends(struct svcnat_change *change,
				    const struct svcnat_service_spec *spec);
int svcnat_change_endpoints(struct svcnat_change *change,
			    const struct svcnat_service_spec *spec,
			    enum svcnat_edit edit);
int svcnat_change_scheduler(struct svcnat_change *change);
void svcnat_change_abort_endpoints(struct svcnat_change *change);
void svcnat_change_commit_endpoints(struct svcnat_change *change,
				    const struct svcnat_service_spec *spec);

#endif /* _SVCNAT_CHANGE_H */
