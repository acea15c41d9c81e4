// SPDX-License-Identifier: GPL-2.0
#include "kube_meta.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define NAMESPACE_MAX	63
#define NAME_MAX_LENGTH	253
#define PORT_NAME_MAX	63

/* Items without padding that anybody wrote: they came zeroed. */
bool kube_list_equal(const struct list *a, const struct list *b)
{
	return a->nr == b->nr &&
	       (!a->nr || !memcmp(a->item, b->item, a->nr * a->size));
}

void kube_meta_free(struct kube_meta *meta)
{
	free(meta->namespace);
	free(meta->name);
	*meta = (struct kube_meta){ .name = NULL };
}

bool kube_meta_equal(const struct kube_meta *a, const struct kube_meta *b)
{
	return !strcmp(a->namespace, b->namespace) && !strcmp(a->name, b->name);
}

static bool check_name(const struct spot *metadata, const char *key,
		       const char *name, size_t max)
{
	struct spot spot;

	if (name && spot_is_name(name, max))
		return true;
	spot_member(&spot, metadata, key, JSON_STRING);
	if (name)
		spot_complain(&spot, "\"%.100s\" is no name", name);
	else
		spot_complain(&spot, "is missing");
	return false;
}

/* For the log they are there even if they are not good. */
static bool read_names(struct kube_reading *r, bool namespaced)
{
	const struct spot *metadata = &r->metadata;
	struct subject *subject = &r->subject;

	subject->name = spot_text(metadata, "name");
	subject->namespace = "";
	if (namespaced)
		subject->namespace = spot_text(metadata, "namespace");
	if (namespaced && !check_name(metadata, "namespace",
				      subject->namespace, NAMESPACE_MAX))
		return false;
	return check_name(metadata, "name", subject->name, NAME_MAX_LENGTH);
}

bool kube_begin(struct kube_reading *r, const char *kind, bool namespaced,
		const json_t *object, struct kube_meta *meta)
{
	struct subject *subject = &r->subject;

	*subject = (struct subject){ .kind = kind };
	r->root = (struct spot){ .subject = subject, .value = object };
	if (!spot_member(&r->metadata, &r->root, "metadata", JSON_OBJECT)) {
		if (!r->metadata.value)
			spot_complain(&r->metadata, "is missing");
		return false;
	}
	if (!read_names(r, namespaced))
		return false;
	if (!spot_member(&r->labels, &r->metadata, "labels", JSON_OBJECT))
		r->labels.value = NULL;
	meta->name = memory_copy(subject->name);
	meta->namespace = memory_copy(subject->namespace);
	return true;
}

bool kube_is_anothers(const struct kube_reading *r)
{
	const json_t *labels = r->labels.value;

	return json_object_get(labels,
			       "service.kubernetes.io/service-proxy-name") ||
	       json_object_get(labels, "service.kubernetes.io/headless");
}

const char *kube_port_name(const struct spot *port)
{
	const char *name = spot_text(port, "name");
	struct spot spot;

	if (!name)
		return "";
	if (spot_is_name(name, PORT_NAME_MAX))
		return name;
	spot_member(&spot, port, "name", JSON_STRING);
	spot_complain(&spot, "\"%.100s\" is no name of a port", name);
	return NULL;
}

uint8_t kube_proto(const struct spot *port)
{
	const char *word = spot_text(port, "protocol");
	struct spot spot;

	if (!word || !strcmp(word, "TCP"))
		return IPPROTO_TCP;
	if (!strcmp(word, "UDP"))
		return IPPROTO_UDP;
	if (!strcmp(word, "SCTP"))
		return IPPROTO_SCTP;
	spot_member(&spot, port, "protocol", JSON_STRING);
	spot_complain(&spot, "\"%.100s\" is no protocol, expected TCP, UDP or SCTP",
		      word);
	return 0;
}

bool kube_kind(const json_t *object, enum kube_kind *kind)
{
	static const struct {
		const char *version;
		const char *word;
	} kinds[NR_KUBE_KINDS] = {
		[KUBE_SERVICE] = { "v1", "Service" },
		[KUBE_SLICE] = { "discovery.k8s.io/v1", "EndpointSlice" },
		[KUBE_NODE] = { "v1", "Node" },
	};
	const char *version, *word;
	int i;

	version = json_string_value(json_object_get(object, "apiVersion"));
	word = json_string_value(json_object_get(object, "kind"));
	for (i = 0; version && word && i < NR_KUBE_KINDS; i++) {
		if (strcmp(kinds[i].version, version) ||
		    strcmp(kinds[i].word, word))
			continue;
		*kind = (enum kube_kind)i;
		return true;
	}
	return false;
}
