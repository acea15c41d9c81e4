// SPDX-License-Identifier: GPL-2.0
/*
 * usage: speed [SERVICES [ENDPOINTS [CHANGES]]]
 *
 * How long svcnatd takes, and how much memory, from the text of objects to what
 * the kernel shall have: all at once, then as many changes of one slice each.
 * One object is in memory as JSON at a time, as it would be in a watch; pages
 * are the reflector's.  Fails if it is more than the first sync or a change may
 * take, or if a change takes the longer the more services there are.
 */
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "draft.h"
#include "wanted.h"

#define FIRST_MAX	6.0	/* seconds, of ten that a first sync may take */
#define CHANGE_MAX	0.005	/* seconds, of fifty milliseconds */
#define MEMORY_MAX	60	/* MB */
#define GROWTH_MAX	2	/* if there are ten times as many services: caches */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double megabytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (double)(info.uordblks + info.hblkhd) / 1e6;
}

static char text[1 << 20];

static void service_text(unsigned int i)
{
	snprintf(text, sizeof(text),
		 "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{"
		 "\"creationTimestamp\":\"2024-01-01T00:00:00Z\","
		 "\"labels\":{\"app\":\"service-%u\"},"
		 "\"name\":\"service-%u\",\"namespace\":\"namespace-%u\","
		 "\"resourceVersion\":\"%u\"},\"spec\":{"
		 "\"clusterIP\":\"10.%u.%u.%u\","
		 "\"clusterIPs\":[\"10.%u.%u.%u\"],"
		 "\"internalTrafficPolicy\":\"Cluster\",\"ports\":[{"
		 "\"name\":\"http\",\"port\":80,\"protocol\":\"TCP\","
		 "\"targetPort\":8080}],\"selector\":{\"app\":\"service-%u\"},"
		 "\"sessionAffinity\":\"None\",\"type\":\"ClusterIP\"},"
		 "\"status\":{\"loadBalancer\":{}}}",
		 i, i, i % 100, i, 96 + i / 65536, i / 256 % 256, i % 256,
		 96 + i / 65536, i / 256 % 256, i % 256, i);
}

static void slice_text(unsigned int i, unsigned int nr, unsigned int round)
{
	size_t at;
	unsigned int j, n;

	at = (size_t)snprintf(text, sizeof(text),
		"{\"addressType\":\"IPv4\","
		"\"apiVersion\":\"discovery.k8s.io/v1\","
		"\"kind\":\"EndpointSlice\",\"metadata\":{\"labels\":{"
		"\"kubernetes.io/service-name\":\"service-%u\"},"
		"\"name\":\"service-%u-abcde\",\"namespace\":\"namespace-%u\"},"
		"\"ports\":[{\"name\":\"http\",\"port\":8080,"
		"\"protocol\":\"TCP\"}],\"endpoints\":[", i, i, i % 100);
	for (j = 0; j < nr && at < sizeof(text) - 512; j++) {
		n = i * nr + j;
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"%s{\"addresses\":[\"10.%u.%u.%u\"],\"conditions\":{"
			"\"ready\":%s,\"serving\":true,\"terminating\":%s},"
			"\"nodeName\":\"node-%u\",\"targetRef\":{"
			"\"kind\":\"Pod\",\"name\":\"service-%u-%u\","
			"\"namespace\":\"namespace-%u\"},\"zone\":\"z%u\","
			"\"hints\":{\"forZones\":[{\"name\":\"z%u\"}]}}",
			j ? "," : "", 128 + n / 65536, n / 256 % 256, n % 256,
			(j + round) % nr ? "true" : "false",
			(j + round) % nr ? "false" : "true",
			n % 1000, i, j, i % 100, j % 3, j % 3);
	}
	strcpy(text + at, "]}");
}

static void put(struct kube_store *store, enum kube_kind kind)
{
	json_error_t error;
	json_t *object = json_loads(text, 0, &error);

	if (!object || !kube_store_put(store, kind, object)) {
		fprintf(stderr, "speed: %s\n", object ? "refused" : error.text);
		exit(EXIT_FAILURE);
	}
	json_decref(object);
}

static void put_node(struct kube_store *store)
{
	strcpy(text, "{\"metadata\":{\"name\":\"node-1\",\"labels\":{"
		     "\"topology.kubernetes.io/zone\":\"z1\"}}}");
	put(store, KUBE_NODE);
}

static void first_sync(struct kube_store *store, struct wanted *wanted,
		       unsigned int services, unsigned int endpoints)
{
	unsigned int i;

	put_node(store);
	for (i = 0; i < services; i++) {
		service_text(i);
		put(store, KUBE_SERVICE);
		slice_text(i, endpoints, 0);
		put(store, KUBE_SLICE);
	}
	wanted_update(wanted);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* From the text of a slice to what is to be sent because of it. */
static double change(struct kube_store *store, struct wanted *wanted)
{
	double begin = seconds();
	struct list before, after;

	put(store, KUBE_SLICE);
	wanted_update(wanted);
	drafts_init(&before);
	drafts_init(&after);
	wanted_changes(wanted, &before, &after);
	if (after.nr != 1)
		exit(EXIT_FAILURE);
	drafts_free(&before);
	drafts_free(&after);
	wanted_settle(wanted);
	return seconds() - begin;
}

static unsigned int number(int argc, char **argv, int i, unsigned int usual)
{
	return i < argc ? (unsigned int)strtoul(argv[i], NULL, 10) : usual;
}

struct cluster {
	struct kube_store *store;
	struct wanted *wanted;
	unsigned int services, endpoints;
	double *took;		/* seconds of CPU, of each change */
	unsigned int nr;
};

static void begin(struct cluster *c, unsigned int services,
		  unsigned int endpoints, unsigned int nr)
{
	*c = (struct cluster){ .services = services, .endpoints = endpoints };
	c->store = kube_store_new("node-1");
	c->wanted = wanted_new(c->store);
	c->took = calloc(nr, sizeof(*c->took));
	if (!c->took)
		exit(EXIT_FAILURE);
	first_sync(c->store, c->wanted, services, endpoints);
	wanted_settle(c->wanted);
}

static void next_change(struct cluster *c)
{
	slice_text(c->nr % c->services, c->endpoints, c->nr / c->services + 1);
	c->took[c->nr++] = change(c->store, c->wanted);
}

/* How long they took, of so many of a hundred. */
static double percentile(struct cluster *c, unsigned int percent)
{
	qsort(c->took, c->nr, sizeof(*c->took), compare);
	return c->took[(size_t)c->nr * percent / 100];
}

static void end(struct cluster *c)
{
	wanted_free(c->wanted);
	kube_store_free(c->store);
	free(c->took);
}

static bool is_fast(unsigned int services, unsigned int endpoints,
		    unsigned int nr)
{
	double start = seconds(), first, memory, p99;
	struct cluster c;

	begin(&c, services, endpoints, nr);
	first = seconds() - start;
	memory = megabytes();
	while (c.nr < nr)
		next_change(&c);
	p99 = percentile(&c, 99);
	printf("# %u services of %u endpoints: %.2f s, %.1f MB\n", services,
	       endpoints, first, memory);
	printf("# %u changes of a slice: %.0f us each, p99 %.0f us\n", nr,
	       percentile(&c, 50) * 1e6, p99 * 1e6);
	end(&c);
	return first <= FIRST_MAX && memory <= MEMORY_MAX && p99 <= CHANGE_MAX;
}

/*
 * How many times as long a change takes if there are ten times the services.
 * Of two endpoints: what there is to read must not hide the rest.  In turn: so
 * who else uses the CPU is in both.
 */
static double growth(unsigned int services, unsigned int nr)
{
	struct cluster few, all;
	double times;

	begin(&few, services / 10, 2, nr);
	begin(&all, services, 2, nr);
	while (all.nr < nr) {
		next_change(&few);
		next_change(&all);
	}
	times = percentile(&all, 50) / percentile(&few, 50);
	end(&few);
	end(&all);
	return times;
}

int main(int argc, char **argv)
{
	unsigned int services = number(argc, argv, 1, 10000);
	unsigned int endpoints = number(argc, argv, 2, 20);
	unsigned int nr = number(argc, argv, 3, 10000);
	bool fast, flat;
	double times;

	if (services < 10 || !endpoints || !nr)
		return EXIT_FAILURE;
	fast = is_fast(services, endpoints, nr);
	times = growth(services, nr);
	flat = times <= GROWTH_MAX;
	printf("%sok 1 speed\n", fast ? "" : "not ");
	printf("%sok 2 with ten times the services a change takes %.1f times as long\n1..2\n",
	       flat ? "" : "not ", times);
	return !(fast && flat);
}
