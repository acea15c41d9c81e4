/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a packet that no flow is known for.  A pure question: asking
 * changes nothing.
 */
#ifndef _SVCNAT_LOOKUP_H
#define _SVCNAT_LOOKUP_H

#include "service.h"
#include "tuple.h"

/**
 * enum svcnat_verdict - what becomes of it
 * @SVCNAT_PASS: it is not ours
 * @SVCNAT_TRANSLATE: a new connection to an endpoint
 * @SVCNAT_DROP: it is dropped
 * @SVCNAT_REJECT: it is answered with a refusal
 */
enum svcnat_verdict {
	SVCNAT_PASS,
	SVCNAT_TRANSLATE,
	SVCNAT_DROP,
	SVCNAT_REJECT,
};

/**
 * struct svcnat_query - the question
 * @tuple: of the packet
 * @opens: it may begin a connection (svcnat_packet_opens())
 * @local: it comes from a socket of the node
 * @dev: by which it comes or goes, or NULL
 * @prefer: endpoint that its flow had until now, or NULL: kept if it can be
 * @random: random bits for the draw; 0: take some where they are needed
 */
struct svcnat_query {
	const struct svcnat_tuple	*tuple;
	bool				opens;
	bool				local;
	const struct net_device		*dev;
	const struct svcnat_endpoint	*prefer;
	u32				random;
};

/**
 * struct svcnat_decision - the answer; valid for this RCU read side
 * @verdict: what becomes of the packet
 * @reason: the counter of a drop or reject
 * @service: whose frontend it is, or NULL
 * @frontend: the frontend, or NULL
 * @endpoints: the array that the draw was made from
 * @list: the list in use
 * @entry: the endpoint
 * @drawn: @entry was drawn: nobody had a claim to the connection
 * @slot: where the draw went, for svcnat_schedule_at()
 * @pinned: endpoint id of the client's affinity entry, or 0
 * @affinity_hit: @entry is that endpoint
 * @prefer_stands: svcnat_query.prefer can be drawn, whether it was or not
 * @hide: the source must be rewritten too, whatever the endpoint
 * @masquerade: the source must be rewritten too
 */
struct svcnat_decision {
	enum svcnat_verdict		verdict;
	enum svcnat_stat		reason;
	struct svcnat_service		*service;
	struct svcnat_frontend		*frontend;
	const struct svcnat_endpoints	*endpoints;
	enum svcnat_list		list;
	const struct svcnat_entry	*entry;
	bool				drawn;
	u32				slot;
	u32				pinned;
	bool				affinity_hit;
	bool				prefer_stands;
	bool				hide;
	bool				masquerade;
};

void svcnat_lookup(struct svcnat_services *services,
		   const struct svcnat_query *query,
		   struct svcnat_decision *decision);
void svcnat_lookup_remember(struct svcnat_services *services,
			    const struct svcnat_query *query,
			    struct svcnat_decision *decision);
bool svcnat_lookup_hides(const struct svcnat_services *services,
			 const struct svcnat_query *query,
			 const struct svcnat_decision *decision,
			 const struct svcnat_entry *entry);
bool svcnat_lookup_concerns(struct svcnat_services *services,
			    const struct svcnat_tuple *tuple);
bool svcnat_lookup_is_cluster(const struct svcnat_services *services,
			      const struct net_device *dev,
			      const struct svcnat_tuple *tuple);
bool svcnat_lookup_is_vacant(const struct svcnat_services *services,
			     const struct net_device *dev,
			     const struct svcnat_tuple *tuple);
bool svcnat_lookup_next(struct svcnat_services *services,
			const struct svcnat_query *query,
			struct svcnat_decision *decision);

#endif /* _SVCNAT_LOOKUP_H */
