// SPDX-License-Identifier: GPL-2.0
/*
 * What svcnatd makes of anything that is JSON: documents one after the other.
 * An object is one that was added or changed, an array holds such as were
 * deleted, a number begins or ends a list, and true has the changes
 * looked at and settled.
 * Whatever they say, the module must be able to take what comes out.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

#include "draft.h"
#include "log.h"
#include "translate.h"
#include "translated.h"
#include "wanted.h"

#define require(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static void check_all(struct wanted *wanted)
{
	struct list drafts;

	drafts_init(&drafts);
	wanted_all(wanted, &drafts);
	translated_check(&drafts);
	drafts_free(&drafts);
}

static void check_config(const struct kube_store *store)
{
	static const struct agent_options options;
	struct config config;

	translate_config(&options, kube_store_node(store), &config);
	translated_check_config(&config);
	object_free_lists(&object_types[SVCNAT_A_CONFIG], &config);
}

/* What is said once more changes nothing. */
static void put(struct kube_store *store, struct wanted *wanted,
		const json_t *object)
{
	enum kube_kind kind;

	if (!kube_kind(object, &kind))
		return;
	if (!kube_store_put(store, kind, object))
		return;
	wanted_update(wanted);
	kube_store_put(store, kind, object);
	require(!kube_store_take(store));
}

static void del(struct kube_store *store, const json_t *objects)
{
	const json_t *object;
	enum kube_kind kind;
	size_t i;

	json_array_foreach(objects, i, object)
		if (kube_kind(object, &kind))
			kube_store_del(store, kind, object);
}

static void list(struct kube_store *store, json_int_t what)
{
	enum kube_kind kind = (enum kube_kind)((uint64_t)what % NR_KUBE_KINDS);

	if ((uint64_t)what / NR_KUBE_KINDS % 2)
		kube_store_list_end(store, kind);
	else
		kube_store_list_begin(store, kind);
}

static void settle(struct wanted *wanted)
{
	wanted_update(wanted);
	check_all(wanted);
	wanted_settle(wanted);
}

static void take(struct kube_store *store, struct wanted *wanted,
		 const json_t *document)
{
	if (json_is_object(document))
		put(store, wanted, document);
	else if (json_is_array(document))
		del(store, document);
	else if (json_is_integer(document))
		list(store, json_integer_value(document));
	else if (json_is_true(document))
		settle(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kube_store *store = kube_store_new("n1");
	struct wanted *wanted = wanted_new(store);
	json_error_t error;
	json_t *document;
	size_t at = 0;

	log_level = -1;
	while (at < size) {
		document = json_loadb((const char *)data + at, size - at,
				      JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY,
				      &error);
		if (!document)
			break;
		take(store, wanted, document);
		json_decref(document);
		at += (size_t)error.position;
	}
	settle(wanted);
	check_config(store);
	wanted_free(wanted);
	kube_store_free(store);
	return 0;
}
