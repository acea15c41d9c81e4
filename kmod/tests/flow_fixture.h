/* SPDX-License-Identifier: GPL-2.0-only */
/* A table of flows for the suites about it. */
#ifndef _SVCNAT_TESTS_FLOW_FIXTURE_H
#define _SVCNAT_TESTS_FLOW_FIXTURE_H

#include <kunit/test.h>
#include <linux/workqueue.h>

#include "../flow.h"

#define FIXTURE_ENDPOINTS	4

/**
 * struct flow_fixture - the table and what it needs
 * @flows: the table
 * @filter: of the netns
 * @stats: counters of the netns
 * @worker: what the table wakes when it should grow
 * @woken: how often it did
 * @endpoint: accounts of endpoints
 * @frontend: account of the frontend
 * @direct: how many flows were made that are charged to neither
 * @proof: svcnat_packet.proof of all packets
 */
struct flow_fixture {
	struct svcnat_flows	flows;
	struct svcnat_filter	filter;
	struct svcnat_stats __percpu *stats;
	struct delayed_work	worker;
	atomic_t		woken;
	struct svcnat_account	endpoint[FIXTURE_ENDPOINTS];
	struct svcnat_account	frontend;
	u32			direct;
	u32			proof;
};

/* Shapes of flows: any sum of these; 0 is a plain IPv4 flow. */
#define FIXTURE_IPV6		1
#define FIXTURE_SHIFT		2
#define FIXTURE_MASQUERADE	4
#define FIXTURE_SHAPES		8

int svcnat_fixture_suite_init(struct kunit_suite *suite);
void svcnat_fixture_suite_exit(struct kunit_suite *suite);
int svcnat_fixture_init(struct kunit *test);
void svcnat_fixture_exit(struct kunit *test);

/* flow_spec_kunit.c */
void svcnat_fixture_spec(struct flow_fixture *fx, struct svcnat_flow_spec *spec,
			 u32 n, u8 proto);
void svcnat_fixture_shape(struct svcnat_flow_spec *spec, unsigned int shape);
void svcnat_fixture_middle(const struct svcnat_flow_spec *spec,
			   struct svcnat_tuple *middle);
void svcnat_fixture_answer(const struct svcnat_flow_spec *spec,
			   struct svcnat_tuple *answer);
enum svcnat_stage svcnat_fixture_key(const struct svcnat_flow_spec *spec,
				     unsigned int i, struct svcnat_tuple *t);
u32 svcnat_fixture_neighbour(struct flow_fixture *fx, u32 n, u32 from);

/* flow_fixture_kunit.c */
bool svcnat_fixture_find(struct flow_fixture *fx,
			 const struct svcnat_tuple *tuple,
			 enum svcnat_stage stage, struct svcnat_hit *hit);
bool svcnat_fixture_reply(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  struct svcnat_hit *hit);
bool svcnat_fixture_has(struct flow_fixture *fx,
			const struct svcnat_flow_spec *spec);
bool svcnat_fixture_gone(struct flow_fixture *fx,
			 const struct svcnat_flow_spec *spec);
int svcnat_fixture_insert(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  struct svcnat_hit *hit);
bool svcnat_fixture_end(struct flow_fixture *fx, const struct svcnat_hit *hit,
			enum svcnat_stat why);
bool svcnat_fixture_kill(struct flow_fixture *fx, const struct svcnat_hit *hit);
int svcnat_fixture_state(struct flow_fixture *fx,
			 const struct svcnat_flow_spec *spec);
int svcnat_fixture_review(struct flow_fixture *fx,
			  const struct svcnat_flow_spec *spec,
			  enum svcnat_direction direction, u8 tcp);
void svcnat_fixture_packet(struct flow_fixture *fx,
			   const struct svcnat_flow_spec *spec,
			   enum svcnat_direction direction, u8 tcp,
			   bool payload);
void svcnat_fixture_begin(struct kunit *test,
			  const struct svcnat_flow_spec *spec,
			  bool established);
void svcnat_fixture_open(struct kunit *test, u32 n, u8 proto,
			 bool established, struct svcnat_flow_spec *spec);
void svcnat_fixture_age(struct flow_fixture *fx,
			const struct svcnat_flow_spec *spec, u32 stamps);
void svcnat_fixture_upkeep(struct flow_fixture *fx);
u64 svcnat_fixture_stat(struct flow_fixture *fx, enum svcnat_stat id);

#endif /* _SVCNAT_TESTS_FLOW_FIXTURE_H */
