// SPDX-License-Identifier: GPL-2.0
/*
 * usage: store_test [RUNS [SEED]]
 *
 * Objects come, change and go at random, by watches and by lists.  Whatever the
 * way was, what the kernel shall have must be what the same objects give a
 * store that sees them for the first time; what is sent must lead there step by
 * step; nobody may have a frontend that another one has; and what is said twice
 * must not be sent at all.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "draft.h"
#include "log.h"
#include "wanted.h"

#define SERVICES	6
#define SLICES		8
#define STEPS		60
#define TEXT_MAX	4096

/* What there is now: JSON, or empty. */
struct model {
	char service[SERVICES][TEXT_MAX];
	char slice[SLICES][TEXT_MAX];
	char node[TEXT_MAX];
};

static unsigned int seed;
static unsigned int at_run;

static unsigned int draw(unsigned int n)
{
	/* Numerical Recipes' constants; the low bits are the worst. */
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

static bool chance(unsigned int percent)
{
	return draw(100) < percent;
}

static void fail(const char *why)
{
	printf("# run %u: %s\nnot ok 1 store\n1..1\n", at_run, why);
	exit(EXIT_FAILURE);
}

/* Few addresses and ports, so that they meet. */
static void draw_service(char *text, unsigned int i)
{
	const char *type = chance(10) ? "ExternalName" : "NodePort";
	unsigned int ports = draw(3);
	size_t at;
	unsigned int p;

	at = (size_t)snprintf(text, TEXT_MAX,
		"{\"metadata\":{\"namespace\":\"x\",\"name\":\"s%u\","
		"\"creationTimestamp\":\"2024-01-0%uT00:00:00Z\"},"
		"\"spec\":{\"type\":\"%s\",\"clusterIP\":\"10.96.0.%u\","
		"\"clusterIPs\":[\"10.96.0.%u\"%s],"
		"\"externalIPs\":[\"10.96.0.%u\",\"192.0.2.%u\"%s],"
		"\"sessionAffinity\":\"%s\",\"internalTrafficPolicy\":\"%s\","
		"\"loadBalancerSourceRanges\":[%s],\"ports\":[",
		i, 1 + draw(3), type, i + 1, i + 1,
		chance(30) ? ",\"fd00::1\"" : "", 1 + draw(9), 1 + draw(3),
		chance(20) ? ",\"oops\"" : "",
		chance(30) ? "ClientIP" : "None",
		chance(30) ? "Local" : "Cluster",
		chance(30) ? "\"10.0.0.0/8\"" : "");
	for (p = 0; p <= ports; p++)
		at += (size_t)snprintf(text + at, TEXT_MAX - at,
			"%s{\"name\":\"p%u\",\"port\":%u,\"nodePort\":%u,"
			"\"protocol\":\"%s\"}", p ? "," : "", draw(3),
			80 + draw(2), draw(2) ? 30000 + draw(3) : 0,
			chance(20) ? "UDP" : "TCP");
	snprintf(text + at, TEXT_MAX - at,
		 "]},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":"
		 "\"192.0.2.%u\"}]}}}", 1 + draw(3));
}

static const char *draw_flag(void)
{
	static const char *const flags[] = { "true", "false", "null" };

	return flags[draw(3)];
}

static void draw_slice(char *text, unsigned int i)
{
	bool ipv6 = chance(20), hints = chance(60);
	size_t at;
	unsigned int e, nr = draw(6);

	at = (size_t)snprintf(text, TEXT_MAX,
		"{\"metadata\":{\"namespace\":\"x\",\"name\":\"e%u\","
		"\"labels\":{\"kubernetes.io/service-name\":\"s%u\"}},"
		"\"addressType\":\"%s\",\"ports\":[{\"name\":\"p0\","
		"\"port\":80},{\"name\":\"p%u\",\"port\":%u}],"
		"\"endpoints\":[", i, draw(SERVICES),
		ipv6 ? "IPv6" : chance(95) ? "IPv4" : "FQDN", draw(3),
		80 + draw(2));
	for (e = 0; e < nr; e++) {
		at += (size_t)snprintf(text + at, TEXT_MAX - at,
			"%s{\"addresses\":[\"%s%u\"],\"nodeName\":\"n%u\","
			"\"conditions\":{\"ready\":%s,\"serving\":%s,"
			"\"terminating\":%s}", e ? "," : "",
			ipv6 ? "fd01::" : "10.96.0.", 1 + draw(9), draw(3),
			draw_flag(), draw_flag(), draw_flag());
		if (hints)
			at += (size_t)snprintf(text + at, TEXT_MAX - at,
				",\"hints\":{\"forZones\":[{\"name\":\"z%u\"}]"
				",\"forNodes\":[{\"name\":\"n%u\"}]}",
				draw(3), draw(3));
		at += (size_t)snprintf(text + at, TEXT_MAX - at, "}");
	}
	snprintf(text + at, TEXT_MAX - at, "]}");
}

static void draw_node(char *text)
{
	snprintf(text, TEXT_MAX,
		 "{\"metadata\":{\"name\":\"n1\",\"labels\":{"
		 "\"topology.kubernetes.io/zone\":\"z%u\"}}}", draw(3));
}

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *object = json_loads(text, 0, &error);

	if (!object)
		fail(error.text);
	return object;
}

static void put(struct kube_store *store, enum kube_kind kind,
		const char *text)
{
	json_t *object = parse(text);

	if (!kube_store_put(store, kind, object))
		fail("an object was not understood");
	json_decref(object);
}

static void del(struct kube_store *store, enum kube_kind kind,
		const char *text)
{
	json_t *object = parse(text);

	kube_store_del(store, kind, object);
	json_decref(object);
}

/* One object comes, changes or goes, as a watch would say. */
static void step_one(struct kube_store *store, enum kube_kind kind,
		     char *text, void (*draw_text)(char *, unsigned int),
		     unsigned int i)
{
	char old[TEXT_MAX];

	strcpy(old, text);
	if (*text && chance(25)) {
		*text = '\0';
		del(store, kind, old);
		return;
	}
	if (!*text || chance(80))
		draw_text(text, i);
	put(store, kind, text);
}

static void draw_any_node(char *text, unsigned int i)
{
	(void)i;
	draw_node(text);
}

static void step(struct kube_store *store, struct model *model)
{
	unsigned int i = draw(100);

	if (i < 10)
		step_one(store, KUBE_NODE, model->node, draw_any_node, 0);
	else if (i < 50)
		step_one(store, KUBE_SERVICE, model->service[i % SERVICES],
			 draw_service, i % SERVICES);
	else
		step_one(store, KUBE_SLICE, model->slice[i % SLICES],
			 draw_slice, i % SLICES);
}

static void put_all(struct kube_store *store, const struct model *model,
		    enum kube_kind kind)
{
	unsigned int i, nr = kind == KUBE_SERVICE ? SERVICES : SLICES;
	unsigned int first = draw(nr);
	const char *text;

	if (kind == KUBE_NODE && *model->node)
		put(store, kind, model->node);
	if (kind == KUBE_NODE)
		return;
	for (i = 0; i < nr; i++) {
		text = kind == KUBE_SERVICE ? model->service[(first + i) % nr] :
					      model->slice[(first + i) % nr];
		if (*text)
			put(store, kind, text);
	}
}

/* While nobody watched, much happened; or it is the list that went wrong. */
static void step_list(struct kube_store *store, struct model *model)
{
	enum kube_kind kind = (enum kube_kind)draw(NR_KUBE_KINDS);
	unsigned int i;

	for (i = 0; i < 4 && kind == KUBE_SERVICE; i++)
		draw_service(model->service[i], i);
	for (i = 0; i < 4 && kind == KUBE_SLICE; i++)
		model->slice[draw(SLICES)][0] = '\0';
	if (kind == KUBE_NODE)
		*model->node = '\0';
	kube_store_list_begin(store, kind);
	if (chance(30)) {
		put_all(store, model, kind);
		kube_store_list_begin(store, kind);
	}
	put_all(store, model, kind);
	kube_store_list_end(store, kind);
}

/* What is there, as text. */
static char *describe(const struct list *drafts)
{
	const struct draft *draft;
	char *text = NULL;
	size_t i, size;
	FILE *out = open_memstream(&text, &size);

	for (i = 0; i < drafts->nr; i++) {
		draft = list_at(drafts, i);
		describe_service(out, &draft->service,
				 (struct array){ draft->frontends.item,
						 draft->frontends.nr },
				 (struct array){ draft->endpoints.item,
						 draft->endpoints.nr });
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static char *all_of(struct wanted *wanted)
{
	struct list drafts;
	char *text;

	drafts_init(&drafts);
	wanted_all(wanted, &drafts);
	text = describe(&drafts);
	drafts_free(&drafts);
	return text;
}

static char *afresh(const struct model *model)
{
	struct kube_store *store = kube_store_new("n1");
	struct wanted *wanted = wanted_new(store);
	char *text;

	put_all(store, model, KUBE_SLICE);
	put_all(store, model, KUBE_NODE);
	put_all(store, model, KUBE_SERVICE);
	wanted_update(wanted);
	text = all_of(wanted);
	wanted_free(wanted);
	kube_store_free(store);
	return text;
}

/* Those of @kernel that are in @names go, and their drafts are freed. */
static void take_out(struct list *kernel, const struct list *names)
{
	size_t i, j;

	for (i = 0; i < names->nr; i++) {
		for (j = 0; j < kernel->nr; j++)
			if (!service_compare(list_at(kernel, j),
					     list_at(names, i)))
				break;
		if (j == kernel->nr)
			fail("what was settled is not there");
		draft_free(list_at(kernel, j));
		memmove(list_at(kernel, j), list_at(kernel, j + 1),
			(--kernel->nr - j) * kernel->size);
	}
}

/* @kernel as the changes leave it. */
static void apply(struct list *kernel, struct wanted *wanted)
{
	struct list before, after;
	size_t i;

	drafts_init(&before);
	drafts_init(&after);
	wanted_changes(wanted, &before, &after);
	take_out(kernel, &before);
	for (i = 0; i < after.nr; i++)
		list_copy(kernel, list_at(&after, i));
	drafts_sort(kernel);
	list_free(&after);
	drafts_free(&before);
	wanted_settle(wanted);
}

static void expect_same(char *got, char *want, const char *why)
{
	if (strcmp(got, want)) {
		printf("# got:\n%s# expected:\n%s", got, want);
		fail(why);
	}
	free(got);
	free(want);
}

static void check_frontends(const struct list *kernel)
{
	struct list all = { .size = sizeof(struct frontend) };
	const struct frontend *a, *b;
	const struct draft *draft;
	struct frontend *copy;
	size_t i, j;

	for (i = 0; i < kernel->nr; i++) {
		draft = list_at(kernel, i);
		for (j = 0; j < draft->frontends.nr; j++) {
			copy = list_copy(&all, list_at(&draft->frontends, j));
			copy->kind = draft->service.proto;
		}
	}
	for (i = 0; i < all.nr; i++)
		for (j = 0; j < i; j++) {
			a = list_at(&all, i);
			b = list_at(&all, j);
			if (a->kind == b->kind && a->port == b->port &&
			    !addr_compare(&a->addr, &b->addr))
				fail("two services have one frontend");
		}
	list_free(&all);
}

static void check(struct kube_store *store, struct wanted *wanted,
		  const struct model *model, struct list *kernel)
{
	bool differs = wanted_update(wanted);
	char *old = describe(kernel), *now;

	apply(kernel, wanted);
	now = describe(kernel);
	if (differs == !strcmp(old, now))
		fail("it does not say rightly whether anything changed");
	free(old);
	free(now);
	expect_same(all_of(wanted), afresh(model),
		    "the way there makes a difference");
	expect_same(describe(kernel), all_of(wanted),
		    "what is sent leads elsewhere");
	check_frontends(kernel);
	put_all(store, model, KUBE_SERVICE);
	put_all(store, model, KUBE_SLICE);
	if (kube_store_take(store))
		fail("what is as it was is looked at again");
}

static void run(void)
{
	struct kube_store *store = kube_store_new("n1");
	struct wanted *wanted = wanted_new(store);
	static struct model model;
	struct list kernel;
	unsigned int i;

	memset(&model, 0, sizeof(model));
	drafts_init(&kernel);
	for (i = 0; i < STEPS; i++) {
		if (chance(10))
			step_list(store, &model);
		else
			step(store, &model);
		if (chance(20))
			wanted_update(wanted);
		if (chance(40))
			check(store, wanted, &model, &kernel);
	}
	drafts_free(&kernel);
	wanted_free(wanted);
	kube_store_free(store);
}

int main(int argc, char **argv)
{
	unsigned int runs = argc > 1 ? (unsigned int)atoi(argv[1]) : 100;
	unsigned int first = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;

	/* Most of it is wrong on purpose. */
	log_level = -1;
	for (at_run = first; at_run < first + runs; at_run++) {
		seed = at_run;
		run();
	}
	printf("ok 1 store: %u runs\n1..1\n", runs);
	return 0;
}
