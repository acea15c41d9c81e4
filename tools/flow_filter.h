/* SPDX-License-Identifier: GPL-2.0 */
/* Which flows to show: words, and whether a flow is one of them. */
#ifndef _SVCCTL_FLOW_FILTER_H
#define _SVCCTL_FLOW_FILTER_H

#include "range.h"
#include "words.h"

/**
 * struct flow_filter - what a flow must be like
 * @head: which of the others are given, by their attributes of a flow
 * @name: of its service, which the kernel looks at; or NULL
 * @client: where its client is
 * @endpoint: its endpoint, a range of one address
 * @endpoint_port: the port there
 * @state: enum svcnat_flow_state
 */
struct flow_filter {
	struct head head;
	const char *name;
	struct range client;
	struct range endpoint;
	uint16_t endpoint_port;
	uint8_t state;
};

#define FLOW_FILTER_GRAMMAR \
	"[NAME] [client ADDR|CIDR] [endpoint ADDR[:PORT]] [state WORD]"

/* Takes all words; or complains, and returns EXIT_WORDS. */
int flow_filter_take(struct words *w, struct flow_filter *filter);

/* Whether @flow, of service @filter->name, is like that. */
bool flow_filter_match(const struct flow_filter *filter,
		       const struct flow *flow);

#endif /* _SVCCTL_FLOW_FILTER_H */
