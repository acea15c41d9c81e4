// SPDX-License-Identifier: GPL-2.0
/* The real one: plans, sent over netlink. */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_stats.h"
#include "memory.h"
#include "nl.h"
#include "plan.h"
#include "snapshot.h"

/* So many times as much is heard as is read at a stretch; then it is enough. */
#define HEARINGS	64

/**
 * struct kernel - the connection, and what is heard of others
 * @nl: the connection
 * @heard: events of the last hearing
 * @old: drafts that we are changing just now, or NULL
 * @wanted: what becomes of them
 * @configuring: the configuration as well
 * @listening: we hear of changes
 * @meddled: some were not ours, or may not have been, since all was read
 */
struct kernel {
	struct nl *nl;
	size_t heard;
	const struct list *old;
	const struct list *wanted;
	bool configuring;
	bool listening;
	bool meddled;
};

static struct kernel *open_kernel(void)
{
	struct kernel *kernel = memory_new(sizeof(*kernel));

	kernel->nl = nl_alloc(-1);
	if (kernel->nl)
		return kernel;
	free(kernel);
	return NULL;
}

static void close_kernel(struct kernel *kernel)
{
	nl_free(kernel->nl);
	free(kernel);
}

static const char *sentence(const struct kernel *kernel)
{
	return nl_sentence(kernel->nl);
}

static int code_of(int code)
{
	if (!code)
		return KERNEL_DONE;
	return code == NL_REFUSED ? KERNEL_REFUSED : KERNEL_ABSENT;
}

/*
 * What others change.  Who it was, an event does not say: it is ours if it is
 * about what we are changing at that moment.  Somebody who changes the very same
 * then is found when all is read for other reasons.
 */

static bool is_in(const struct list *drafts, const struct service *service)
{
	return drafts && drafts_find(drafts, service->head.service);
}

static int on_event(const struct reply *event, void *arg)
{
	struct kernel *kernel = arg;
	const struct service *service = &event->service;

	kernel->heard++;
	if (event->attr == SVCNAT_A_CONFIG)
		kernel->meddled |= !kernel->configuring;
	else if (!is_in(kernel->old, service) &&
		 !is_in(kernel->wanted, service))
		kernel->meddled = true;
	return 0;
}

/* All that has come until now. */
static void hear(struct kernel *kernel)
{
	int code = 0, i;

	for (i = 0; kernel->listening && i < HEARINGS; i++) {
		kernel->heard = 0;
		code = nl_events(kernel->nl, on_event, kernel);
		if (!code && !kernel->heard)
			return;
		/* Something was lost, or the module is gone. */
		kernel->listening = !code || code == NL_OVERRUN;
		kernel->meddled |= code != 0;
	}
	kernel->meddled = true;
}

/* Before all is read: what comes from now on may not be in it. */
static void listen(struct kernel *kernel)
{
	int fd;

	hear(kernel);
	if (!kernel->listening)
		kernel->listening = !nl_subscribe(kernel->nl, &fd);
	kernel->meddled = !kernel->listening;
}

static bool meddled(struct kernel *kernel)
{
	hear(kernel);
	return kernel->meddled;
}

/* What the kernel says, as drafts. */

/* @at: how far @members are dealt out; all is sorted by service. */
static void take_members(struct list *to, const struct list *members,
			 size_t *at, const struct service *service)
{
	size_t begin = *at;

	while (*at < members->nr &&
	       !service_compare(list_at(members, *at), service))
		++*at;
	if (*at > begin)
		memcpy(list_grow(to, *at - begin), list_at(members, begin),
		       (*at - begin) * members->size);
}

static void own_ranges(struct draft *draft)
{
	size_t i;

	for (i = 0; i < draft->frontends.nr; i++)
		object_own_lists(&object_types[SVCNAT_A_FRONTEND],
				 list_at(&draft->frontends, i));
}

static void add_drafts(struct list *drafts, const struct snapshot *snap)
{
	const struct list *services = &snap->services.objects;
	const struct service *service;
	size_t i, frontend = 0, endpoint = 0;
	struct draft *draft;

	for (i = 0; i < services->nr; i++) {
		service = list_at(services, i);
		draft = list_add(drafts);
		draft_init(draft);
		draft->service = *service;
		draft->service.head.service = NULL;
		draft_name(draft, service->head.service);
		take_members(&draft->frontends, &snap->frontends, &frontend,
			     service);
		take_members(&draft->endpoints, &snap->endpoints, &endpoint,
			     service);
		own_ranges(draft);
		draft_settle(draft);
		memory_fit(&draft->frontends);
		memory_fit(&draft->endpoints);
	}
}

static bool is_gone(const struct kernel *kernel, const char *name, int code)
{
	return name && code == NL_REFUSED && nl_error(kernel->nl) == ENOENT;
}

static int read_services(struct kernel *kernel, const char *name,
			 struct list *drafts)
{
	struct snapshot snap;
	int code;

	if (!name)
		listen(kernel);
	snapshot_init(&snap, true, true);
	code = snapshot_read(&snap, kernel->nl, name);
	if (!code)
		add_drafts(drafts, &snap);
	if (is_gone(kernel, name, code))
		code = 0;
	snapshot_free(&snap);
	return code_of(code);
}

/* What shall be different. */

static void add_members(struct list *to, const struct list *from)
{
	if (from->nr)
		memcpy(list_grow(to, from->nr), from->item,
		       from->nr * from->size);
}

/* Borrows all that @drafts own. */
static void fake_snapshot(struct snapshot *snap, const struct list *drafts)
{
	const struct draft *draft;
	size_t i;

	snapshot_init(snap, true, true);
	for (i = 0; i < drafts->nr; i++) {
		draft = list_at(drafts, i);
		list_copy(&snap->services.objects, &draft->service);
		add_members(&snap->frontends, &draft->frontends);
		add_members(&snap->endpoints, &draft->endpoints);
	}
}

static void free_fake(struct snapshot *snap)
{
	list_free(&snap->services.objects);
	list_free(&snap->frontends);
	list_free(&snap->endpoints);
}

struct sending {
	struct kernel *kernel;
	const struct plan *plan;
	kernel_refused_fn refused;
	void *arg;
};

static int on_answer(size_t i, int code, void *arg)
{
	const struct sending *sending = arg;
	const struct step *step = list_at(&sending->plan->steps, i);
	const struct service *service = step->request.service;

	if (!code)
		return 0;
	if (code != NL_REFUSED)
		return code;
	if (step->draft)
		service = &step->draft->service;
	sending->refused(service->head.service, sentence(sending->kernel),
			 sending->arg);
	return 0;
}

static int apply(struct kernel *kernel, const struct list *old,
		 const struct list *wanted, kernel_refused_fn refused,
		 void *arg)
{
	struct plan plan;
	struct sending sending = { kernel, &plan, refused, arg };
	struct snapshot snap;
	int code;

	fake_snapshot(&snap, old);
	plan_init(&plan);
	plan_services(&plan, wanted, &snap);
	hear(kernel);
	kernel->old = old;
	kernel->wanted = wanted;
	code = nl_pipeline(kernel->nl, &plan.steps, on_answer, &sending);
	hear(kernel);
	kernel->old = NULL;
	kernel->wanted = NULL;
	plan_free(&plan);
	free_fake(&snap);
	/* Here any failure means that some have no answer. */
	return code ? KERNEL_ABSENT : KERNEL_DONE;
}

/* The configuration. */

static int keep_config(const struct reply *reply, void *arg)
{
	struct config *config = arg;
	int attr;

	if (reply->attr != SVCNAT_A_CONFIG)
		return 0;
	object_free_lists(&object_types[SVCNAT_A_CONFIG], config);
	*config = reply->config;
	object_own_lists(&object_types[SVCNAT_A_CONFIG], config);
	for (attr = 0; attr <= SVCNAT_CONFIG_A_MAX; attr++)
		list_sort(&config->ranges[attr], range_compare);
	return 0;
}

static int config_set(struct kernel *kernel, const struct config *config)
{
	struct config now = { .head.given = 0 };
	const struct request req = {
		.cmd = SVCNAT_CMD_CONFIG_GET,
		.subject = "config",
	};
	struct plan plan;
	const struct step *step;
	size_t i;
	int code;

	code = nl_request(kernel->nl, &req, keep_config, &now);
	plan_init(&plan);
	if (!code)
		plan_config(&plan, config, &now);
	hear(kernel);
	kernel->configuring = true;
	for (i = 0; i < plan.steps.nr && !code; i++) {
		step = list_at(&plan.steps, i);
		code = nl_request(kernel->nl, &step->request, NULL, NULL);
	}
	hear(kernel);
	kernel->configuring = false;
	plan_free(&plan);
	object_free_lists(&object_types[SVCNAT_A_CONFIG], &now);
	return code_of(code);
}

static void stats(struct kernel *kernel, FILE *out)
{
	kernel_stats(kernel->nl, out);
}

static void endpoint_stats(struct kernel *kernel, FILE *out)
{
	kernel_endpoint_stats(kernel->nl, out);
}

const struct kernel_ops kernel_ops = {
	.open = open_kernel,
	.close = close_kernel,
	.read = read_services,
	.apply = apply,
	.config_set = config_set,
	.meddled = meddled,
	.stats = stats,
	.endpoint_stats = endpoint_stats,
	.sentence = sentence,
};
