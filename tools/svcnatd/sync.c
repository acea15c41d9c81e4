// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel is told the difference between what it has and what it shall have,
 * of all services that changed at once, so that an address can go from one to
 * another.  What it refuses is read anew, and tried again when it is to be
 * something else, or when all of the kernel is looked at.
 */
#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "memory.h"
#include "refusals.h"
#include "remainder.h"
#include "translate.h"
#include "wanted.h"

struct sync {
	const struct agent_options *options;
	struct kube_store *store;
	struct kernel *kernel;
	struct wanted *wanted;
	struct refusals refusals;
	struct sync_counts counts;
	bool begun;		/* the kernel was read once */
	bool lost;		/* what we think it has may be wrong */
	size_t drifted;		/* this time */
};

/* Of one kind so many are named in the log at once; of more only how many. */
#define NAMED_MAX	20

/* What is on its way to the kernel. */
struct batch {
	struct sync *sync;
	struct list before;
	struct list after;
	struct list refused;	/* of char * */
	struct list found;	/* what the kernel has of those instead */
};

bool sync_is_ours(const char *service)
{
	const char *slash = strchr(service, '/');

	return slash && slash != service && slash[1] && slash[1] != ':';
}

static void fail_kernel(struct sync *sync, const char *doing)
{
	sync->counts.failed++;
	sync->lost = true;
	log_line(LOG_ERR, "the kernel cannot be asked",
		 LOG_TEXT("doing", doing),
		 LOG_TEXT("error", kernel_ops.sentence(sync->kernel)));
}

/* What the kernel has. */

static void on_drift(const char *name, void *arg)
{
	struct sync *sync = arg;

	if (!sync->begun || sync->lost)
		return;
	sync->counts.drifted++;
	if (++sync->drifted <= NAMED_MAX)
		log_line(LOG_WARNING, "somebody else changed a service in the kernel",
			 LOG_TEXT("service", name));
}

static void log_more(const char *sentence, size_t nr)
{
	if (nr > NAMED_MAX)
		log_line(LOG_WARNING, sentence,
			 LOG_NUMBER("services", (long long)nr));
}

/* Frees those of @drafts that @keep does not want. */
static void filter(struct list *drafts,
		   bool (*keep)(struct draft *draft, struct batch *batch),
		   struct batch *batch)
{
	struct draft *draft;
	size_t i, nr = 0;

	for (i = 0; i < drafts->nr; i++) {
		draft = list_at(drafts, i);
		if (keep(draft, batch))
			memmove(list_at(drafts, nr++), draft, drafts->size);
		else
			draft_free(draft);
	}
	drafts->nr = nr;
}

/* What has no name of ours somebody else made, and it is theirs. */
static bool keep_ours(struct draft *draft, struct batch *batch)
{
	(void)batch;
	return sync_is_ours(draft->service.head.service);
}

static bool read_all(struct sync *sync)
{
	struct list found;
	int code;

	drafts_init(&found);
	code = kernel_ops.read(sync->kernel, NULL, &found);
	if (code) {
		fail_kernel(sync, "read");
	} else {
		filter(&found, keep_ours, NULL);
		sync->drifted = 0;
		wanted_found(sync->wanted, &found, on_drift, sync);
		log_more("somebody else changed many services in the kernel",
			 sync->drifted);
		refusals_clear(&sync->refusals);
		sync->counts.full++;
		sync->lost = false;
	}
	drafts_free(&found);
	return !code;
}

/* A refusal may have left a part of what should have been. */
static void read_one(struct batch *batch, const char *name)
{
	struct sync *sync = batch->sync;
	struct list *found = &batch->found;
	size_t nr = found->nr;

	if (kernel_ops.read(sync->kernel, name, found))
		sync->lost = true;
	else
		wanted_found_one(sync->wanted, name,
				 found->nr > nr ? list_at(found, nr) : NULL);
}

/* What it shall have. */

static const char *name_at(const struct list *drafts, size_t i)
{
	const struct draft *draft = list_at(drafts, i);

	return draft->service.head.service;
}

/* Without those to which the kernel has said no already. */
static bool keep_before(struct draft *draft, struct batch *batch)
{
	const char *name = draft->service.head.service;

	return !refusals_have(&batch->sync->refusals, name,
			      drafts_find(&batch->after, name));
}

static bool keep_after(struct draft *draft, struct batch *batch)
{
	return !refusals_have(&batch->sync->refusals,
			      draft->service.head.service, draft);
}

static void leave_out_refused(struct batch *batch)
{
	if (!batch->sync->refusals.nr)
		return;
	/* They are looked for in the others. */
	filter(&batch->before, keep_before, batch);
	filter(&batch->after, keep_after, batch);
}

static void on_refused(const char *name, const char *sentence, void *arg)
{
	struct batch *batch = arg;
	char *copy = memory_copy(name);

	list_copy(&batch->refused, &copy);
	batch->sync->counts.refused++;
	if (batch->refused.nr <= NAMED_MAX)
		log_line(LOG_WARNING, "the kernel refused a service, it is tried again later",
			 LOG_TEXT("service", name),
			 LOG_TEXT("error", sentence));
}

static void settle(struct batch *batch, const char *name)
{
	wanted_settle_one(batch->sync->wanted, name);
	refusals_del(&batch->sync->refusals, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *refused_at(const struct batch *batch, size_t i)
{
	return *(char **)list_at(&batch->refused, i);
}

/* Of one service more than one thing may have been refused. */
static void settle_refused(struct batch *batch)
{
	const char *name;
	size_t i;

	list_sort(&batch->refused, compare_names);
	for (i = 0; i < batch->refused.nr; i++) {
		name = refused_at(batch, i);
		if (i && !strcmp(name, refused_at(batch, i - 1)))
			continue;
		refusals_add(&batch->sync->refusals, name,
			     drafts_find(&batch->after, name));
		read_one(batch, name);
	}
	drafts_sort(&batch->found);
}

static void settle_all(struct batch *batch)
{
	size_t i;

	for (i = 0; i < batch->before.nr; i++)
		settle(batch, name_at(&batch->before, i));
	for (i = 0; i < batch->after.nr; i++)
		settle(batch, name_at(&batch->after, i));
	settle_refused(batch);
}

static bool keep_reduced(struct draft *draft, struct batch *batch)
{
	const char *name = draft->service.head.service;

	return bsearch(&name, batch->refused.item, batch->refused.nr,
		       batch->refused.size, compare_names) &&
	       remainder_make(draft, drafts_find(&batch->found, name));
}

static bool keep_found(struct draft *draft, struct batch *batch)
{
	return drafts_find(&batch->after, draft->service.head.service);
}

/* All of it was refused, and that was said. */
static void on_reduced_refused(const char *name, const char *sentence,
			       void *arg)
{
	(void)name;
	(void)sentence;
	(void)arg;
}

/* What of it may be served without what was refused. */
static bool send_reduced(struct batch *batch)
{
	struct sync *sync = batch->sync;
	size_t i;

	if (!batch->refused.nr || sync->lost)
		return true;
	filter(&batch->after, keep_reduced, batch);
	filter(&batch->found, keep_found, batch);
	if (!batch->after.nr)
		return true;
	if (kernel_ops.apply(sync->kernel, &batch->found, &batch->after,
			     on_reduced_refused, NULL)) {
		fail_kernel(sync, "apply");
		return false;
	}
	/* All of what was wished is refused still. */
	for (i = 0; i < batch->after.nr; i++)
		read_one(batch, name_at(&batch->after, i));
	return true;
}

static bool send_batch(struct batch *batch)
{
	struct sync *sync = batch->sync;

	if (!batch->before.nr && !batch->after.nr)
		return true;
	sync->counts.changed += batch->after.nr;
	if (kernel_ops.apply(sync->kernel, &batch->before, &batch->after,
			     on_refused, batch)) {
		/* Nobody knows how far it came. */
		fail_kernel(sync, "apply");
		return false;
	}
	log_more("the kernel refused many services", batch->refused.nr);
	settle_all(batch);
	return send_reduced(batch);
}

static bool apply(struct sync *sync)
{
	struct batch batch = {
		.sync = sync, .refused.size = sizeof(char *),
	};
	bool good;
	size_t i;

	if (!wanted_update(sync->wanted))
		return true;
	drafts_init(&batch.before);
	drafts_init(&batch.after);
	drafts_init(&batch.found);
	wanted_changes(sync->wanted, &batch.before, &batch.after);
	leave_out_refused(&batch);
	good = send_batch(&batch);
	for (i = 0; i < batch.refused.nr; i++)
		free((char *)refused_at(&batch, i));
	list_free(&batch.refused);
	drafts_free(&batch.before);
	drafts_free(&batch.after);
	drafts_free(&batch.found);
	return good;
}

static bool configure(struct sync *sync)
{
	struct config config;
	int code;

	translate_config(sync->options, kube_store_node(sync->store), &config);
	code = kernel_ops.config_set(sync->kernel, &config);
	object_free_lists(&object_types[SVCNAT_A_CONFIG], &config);
	if (code == KERNEL_ABSENT)
		fail_kernel(sync, "configure");
	else if (code)
		log_line(LOG_ERR, "the kernel refused the configuration",
			 LOG_TEXT("error",
				  kernel_ops.sentence(sync->kernel)));
	return code != KERNEL_ABSENT;
}

bool sync_run(struct sync *sync, bool full)
{
	bool changed = kube_store_node_changed(sync->store);

	full |= !sync->begun || sync->lost;
	/* What shall be there is known first: what else is there goes. */
	if (full) {
		wanted_update(sync->wanted);
		if (!read_all(sync))
			return false;
	}
	/* Who is a pod is asked of every packet: before there are services. */
	if ((full || changed) && !configure(sync))
		return false;
	sync->begun = true;
	return apply(sync);
}

size_t sync_services(const struct sync *sync)
{
	return wanted_services(sync->wanted);
}

size_t sync_refused(const struct sync *sync)
{
	return sync->refusals.nr;
}

const struct sync_counts *sync_counts(const struct sync *sync)
{
	return &sync->counts;
}

struct sync *sync_new(const struct agent_options *options,
		      struct kube_store *store, struct kernel *kernel,
		      sync_look_fn look, void *arg)
{
	struct sync *sync = memory_new(sizeof(*sync));

	sync->options = options;
	sync->store = store;
	sync->kernel = kernel;
	sync->wanted = wanted_new(store);
	wanted_set_look(sync->wanted, look, arg);
	return sync;
}

void sync_free(struct sync *sync)
{
	if (!sync)
		return;
	wanted_free(sync->wanted);
	refusals_clear(&sync->refusals);
	free(sync);
}
