/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A Service of Kubernetes as services of svcnat, as kube-proxy would serve it.
 * Touches neither network nor kernel.
 */
#ifndef _SVCNATD_TRANSLATE_H
#define _SVCNATD_TRANSLATE_H

#include "draft.h"
#include "kube.h"
#include "options.h"
#include "store.h"

/*
 * Appends a draft for each port of the Service, settled, sorted by name, none
 * of them twice; none if there is no Service.  @zone: of our node, maybe empty.
 */
void translate_service(const struct kube_entry *entry, const char *zone,
		       struct list *drafts);

/*
 * The keys that the options and our Node decide; those that only a Node could
 * tell are not given if @node is NULL.  The caller frees the lists.
 */
void translate_config(const struct agent_options *options,
		      const struct kube_node *node, struct config *config);

/*
 * NAMESPACE/NAME:PORT, where PORT is its name, or its number if it has none.
 * What is longer than svcnat's names may be ends in a hash of all of it behind
 * an underscore, which no name in Kubernetes has.  Returns @text.
 */
const char *translate_name(char text[SVCNAT_NAME_MAX + 1],
			   const struct kube_service *service,
			   const struct kube_port *port);

/* A part of translate_service(): the endpoints of one port. */
void translate_endpoints(struct draft *draft, const struct kube_entry *entry,
			 const struct kube_port *port, const char *zone);

#endif /* _SVCNATD_TRANSLATE_H */
