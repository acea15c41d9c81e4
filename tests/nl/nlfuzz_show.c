// SPDX-License-Identifier: GPL-2.0
/* Whether the kernel shows what the model has, and nothing else. */
#define _GNU_SOURCE
#include "nlfuzz.h"

static uint8_t bytes[4096];

/* All services with all that they have, in their order */
static unsigned int request_all(void)
{
	struct node *top, *flag;
	struct request r;

	request_new(&r, SVCNAT_CMD_SERVICE_GET);
	top = &r.top;
	flag = node_new(SVCNAT_A_WITH_FRONTENDS, NULL, 0);
	node_add(top, flag);
	node_add(top, node_new(SVCNAT_A_WITH_ENDPOINTS, NULL, 0));
	return link_request(bytes, SVCNAT_CMD_SERVICE_GET,
			    NLM_F_REQUEST | NLM_F_DUMP, top);
}

static void dump(int fd, message_fn fn, void *arg, struct reply *reply)
{
	unsigned int len = request_all();

	link_ask(fd, bytes, len, true, reply, fn, arg);
	if (!reply->answered || reply->error || reply->interrupted)
		wrong("the dump ended with errno %d%s", reply->error,
		      reply->interrupted ? ", interrupted" :
		      reply->answered ? "" : " or not at all");
}

static void get(int fd, uint8_t command, message_fn fn, void *arg,
		struct reply *reply)
{
	unsigned int len = link_request(bytes, command,
					NLM_F_REQUEST | NLM_F_ACK, NULL);

	link_ask(fd, bytes, len, false, reply, fn, arg);
	if (!reply->answered || reply->error || reply->messages != 1)
		wrong("command %u gives errno %d and %u messages", command,
		      reply->error, reply->messages);
}

/* Of all that can be changed, in any order and way. */
uint64_t show_digest(int fd)
{
	struct reply services, config;

	dump(fd, NULL, NULL, &services);
	get(fd, SVCNAT_CMD_CONFIG_GET, NULL, NULL, &config);
	return services.digest ^ config.digest * 31;
}

/*
 * The attributes of a nest, each once at most, and of these those of @wanted
 * (bits by type), no others.
 */
static bool take_nest(const struct part *nest, struct part *by, int last,
		      uint64_t wanted, const char *what)
{
	const uint8_t *at = nest->data;
	int left = nest->len;
	uint64_t seen = 0;
	struct part part;

	memset(by, 0, (last + 1) * sizeof(*by));
	while (next_part(&at, &left, &part)) {
		if (part.type > last || seen & 1ULL << part.type) {
			wrong("a %s has attribute %u, or twice", what,
			      part.type);
			return false;
		}
		seen |= 1ULL << part.type;
		by[part.type] = part;
	}
	if (left > 0 || seen != wanted)
		wrong("a %s has attributes %#llx, not %#llx", what,
		      (unsigned long long)seen, (unsigned long long)wanted);
	return seen == wanted;
}

#define HAS(type)	(1ULL << (type))

/* How far a dump has come */
struct cursor {
	struct model	*m;
	unsigned int	service;	/* one past the one that is shown */
	uint32_t	front, end;
	bool		changed;
	unsigned int	renewed;	/* services with a new generation */
};

static bool is_complete(const struct cursor *c)
{
	const struct service *s;

	if (!c->service)
		return true;
	s = c->m->service[c->service - 1];
	if (c->front == s->num_fronts && c->end == s->num_ends)
		return true;
	wrong("%s shows %u frontends, %u endpoints, but has %u and %u",
	      s->name, c->front, c->end, s->num_fronts, s->num_ends);
	return false;
}

static void take_service(struct cursor *c, const struct part *nest,
			 uint32_t generation)
{
	struct part by[SVCNAT_SERVICE_A_MAX + 1];
	struct service *s;
	uint64_t wanted;
	unsigned int i;

	if (!is_complete(c))
		return;
	if (c->service == c->m->num) {
		wrong("there are more than %u services", c->m->num);
		return;
	}
	s = c->m->service[c->service++];
	c->front = 0;
	c->end = 0;
	wanted = HAS(SVCNAT_SERVICE_A_ENDPOINTS + 1) - 2;
	wanted &= ~HAS(SVCNAT_SERVICE_A_COUNTERS);
	if (!take_nest(nest, by, SVCNAT_SERVICE_A_MAX, wanted, "service"))
		return;
	if (strcmp((const char *)by[SVCNAT_SERVICE_A_NAME].data, s->name) ||
	    number_of(&by[SVCNAT_SERVICE_A_PROTO]) != s->proto ||
	    number_of(&by[SVCNAT_SERVICE_A_AFFINITY]) != s->affinity ||
	    number_of(&by[SVCNAT_SERVICE_A_FRONTENDS]) != s->num_fronts ||
	    number_of(&by[SVCNAT_SERVICE_A_ENDPOINTS]) != s->num_ends)
		wrong("%s differs, it is shown as %s", s->name,
		      by[SVCNAT_SERVICE_A_NAME].data);
	for (i = 0; i < 4; i++)
		if (number_of(&by[SVCNAT_SERVICE_A_SCHEDULER + i]) !=
		    s->option[i])
			wrong("%s: option %u differs", s->name, i);
	c->renewed += s->generation != generation;
	s->generation = generation;
}

static void take_front(struct cursor *c, struct service *s,
		       const struct part *nest)
{
	struct part by[SVCNAT_FRONTEND_A_MAX + 1];
	struct front got = { .kind = 0 }, *want;
	uint64_t wanted = HAS(SVCNAT_FRONTEND_A_PORT) |
			  HAS(SVCNAT_FRONTEND_A_KIND);

	if (c->front == s->num_fronts) {
		wrong("%s has more than %u frontends", s->name, c->front);
		return;
	}
	want = &s->fronts[c->front++];
	if (want->at.family)
		wanted |= HAS(want->at.family == AF_INET ?
			      SVCNAT_FRONTEND_A_ADDR4 :
			      SVCNAT_FRONTEND_A_ADDR6);
	if (want->allow.num)
		wanted |= HAS(SVCNAT_FRONTEND_A_ALLOW);
	if (!take_nest(nest, by, SVCNAT_FRONTEND_A_MAX, wanted, "frontend"))
		return;
	got.kind = number_of(&by[SVCNAT_FRONTEND_A_KIND]);
	got.at.port = port_of(&by[SVCNAT_FRONTEND_A_PORT]);
	if ((want->at.family && parse_place(by, front_types, &got.at)) ||
	    (want->allow.num &&
	     parse_ranges(&by[SVCNAT_FRONTEND_A_ALLOW], &got.allow)) ||
	    place_compare(&got.at, &want->at) || got.kind != want->kind ||
	    got.allow.num != want->allow.num ||
	    got.allow.hash != want->allow.hash)
		wrong("%s: frontend %u differs", s->name, c->front);
}

static void take_end(struct cursor *c, struct service *s,
		     const struct part *nest)
{
	struct part by[SVCNAT_ENDPOINT_A_MAX + 1];
	struct end *want;
	struct place at;
	uint64_t wanted;

	if (c->end == s->num_ends) {
		wrong("%s has more than %u endpoints", s->name, c->end);
		return;
	}
	want = &s->ends[c->end++];
	wanted = HAS(SVCNAT_ENDPOINT_A_PORT) | HAS(SVCNAT_ENDPOINT_A_WEIGHT) |
		 HAS(SVCNAT_ENDPOINT_A_STATE) | HAS(SVCNAT_ENDPOINT_A_PLACE) |
		 HAS(want->at.family == AF_INET ? SVCNAT_ENDPOINT_A_ADDR4 :
						  SVCNAT_ENDPOINT_A_ADDR6);
	if (!take_nest(nest, by, SVCNAT_ENDPOINT_A_MAX, wanted, "endpoint"))
		return;
	if (parse_place(by, end_types, &at) ||
	    place_compare(&at, &want->at) ||
	    number_of(&by[SVCNAT_ENDPOINT_A_WEIGHT]) != want->weight ||
	    number_of(&by[SVCNAT_ENDPOINT_A_STATE]) != want->state ||
	    number_of(&by[SVCNAT_ENDPOINT_A_PLACE]) != want->place)
		wrong("%s: endpoint %u differs", s->name, c->end);
}

static void take_member(struct cursor *c, const struct part *by)
{
	struct service *s = c->service ? c->m->service[c->service - 1] : NULL;
	struct part name[SVCNAT_SERVICE_A_MAX + 1];

	if (!take_nest(&by[SVCNAT_A_SERVICE], name, SVCNAT_SERVICE_A_MAX,
		       HAS(SVCNAT_SERVICE_A_NAME), "name"))
		return;
	if (!s || strcmp((const char *)name[SVCNAT_SERVICE_A_NAME].data,
			 s->name)) {
		wrong("a member of %s where none should be",
		      name[SVCNAT_SERVICE_A_NAME].data);
		return;
	}
	if (number_of(&by[SVCNAT_A_GENERATION]) != s->generation)
		wrong("a member of %s is of another generation", s->name);
	if (by[SVCNAT_A_FRONTEND].data)
		take_front(c, s, &by[SVCNAT_A_FRONTEND]);
	else
		take_end(c, s, &by[SVCNAT_A_ENDPOINT]);
}

static void take_one(const uint8_t *data, int len, uint8_t command, void *arg)
{
	const struct part all = { .data = data, .len = len };
	struct part by[SVCNAT_A_MAX + 1];
	struct cursor *c = arg;
	uint64_t wanted = HAS(SVCNAT_A_SERVICE) | HAS(SVCNAT_A_GENERATION);

	parts_by_type(data, len, by, SVCNAT_A_MAX);
	if (by[SVCNAT_A_FRONTEND].data)
		wanted |= HAS(SVCNAT_A_FRONTEND);
	else if (by[SVCNAT_A_ENDPOINT].data)
		wanted |= HAS(SVCNAT_A_ENDPOINT);
	if (command != SVCNAT_CMD_SERVICE_GET)
		wrong("a message of command %u", command);
	if (!take_nest(&all, by, SVCNAT_A_MAX, wanted, "message"))
		return;
	if (by[SVCNAT_A_FRONTEND].data || by[SVCNAT_A_ENDPOINT].data)
		take_member(c, by);
	else
		take_service(c, &by[SVCNAT_A_SERVICE],
			     number_of(&by[SVCNAT_A_GENERATION]));
}

static void take_config(const uint8_t *data, int len, uint8_t command,
			void *arg)
{
	const struct part all = { .data = data, .len = len };
	struct part by[SVCNAT_CONFIG_A_MAX + 1], top[SVCNAT_A_MAX + 1];
	struct config *config = arg;
	int i, zone;

	if (!take_nest(&all, top, SVCNAT_A_MAX, HAS(SVCNAT_A_CONFIG),
		       "message") ||
	    !take_nest(&top[SVCNAT_A_CONFIG], by, SVCNAT_CONFIG_A_MAX,
		       HAS(SVCNAT_CONFIG_A_MAX + 1) - 2, "configuration"))
		return;
	for (i = 1; i <= SVCNAT_CONFIG_A_MAX; i++) {
		zone = i - SVCNAT_CONFIG_A_POD_CIDR;
		if (zone < 0 || zone >= ZONES)
			config->number[i] = number_of(&by[i]);
		else if (parse_ranges(&by[i], &config->zone[zone]))
			wrong("key %d is no list of ranges", i);
	}
}

void show_config(int fd, struct config *to)
{
	struct reply reply;

	memset(to, 0, sizeof(*to));
	get(fd, SVCNAT_CMD_CONFIG_GET, take_config, to, &reply);
}

/* @changed: of one service, or of the configuration alone */
void show_compare(int fd, struct model *m, bool changed)
{
	struct cursor c = { .m = m };
	struct config config;
	struct reply reply;
	int i;

	dump(fd, take_one, &c, &reply);
	if (is_complete(&c) && c.service != m->num)
		wrong("there are %u services, not %u", c.service, m->num);
	if (c.renewed != changed)
		wrong("%u services have a new generation", c.renewed);
	show_config(fd, &config);
	for (i = 1; i <= SVCNAT_CONFIG_A_MAX; i++)
		if (config.number[i] != m->config.number[i])
			wrong("key %d is %u, not %u", i, config.number[i],
			      m->config.number[i]);
	for (i = 0; i < ZONES; i++)
		if (config.zone[i].num != m->config.zone[i].num ||
		    config.zone[i].hash != m->config.zone[i].hash)
			wrong("list %d differs", i);
}

static void take_stats(const uint8_t *data, int len, uint8_t command,
		       void *arg)
{
	struct part top[SVCNAT_A_MAX + 1], by[SVCNAT_STAT_MAX + 1];
	uint64_t *live = arg;
	int i;

	parts_by_type(data, len, top, SVCNAT_A_MAX);
	parts_by_type(top[SVCNAT_A_STATS].data, top[SVCNAT_A_STATS].len, by,
		      SVCNAT_STAT_MAX);
	for (i = SVCNAT_STAT_RX; i <= SVCNAT_STAT_MAX; i++)
		if (by[i].len != 8)
			wrong("counter %d has %d bytes", i, by[i].len);
	for (i = 0; i < 3; i++) {
		struct part *three = &by[SVCNAT_STAT_SERVICE_NEW + 3 * i];

		live[i] = number_of(&three[1]);
		if (number_of(&three[0]) != live[i] + number_of(&three[2]))
			wrong("counters from %d on do not add up",
			      SVCNAT_STAT_SERVICE_NEW + 3 * i);
	}
}

/* What is counted as live is what there is. */
void show_stats(int fd, const struct model *m)
{
	uint64_t live[3] = { 0 }, want[3] = { m->num };
	struct reply reply;
	unsigned int i;

	for (i = 0; i < m->num; i++) {
		want[1] += m->service[i]->num_fronts;
		want[2] += m->service[i]->num_ends;
	}
	get(fd, SVCNAT_CMD_STATS_GET, take_stats, live, &reply);
	for (i = 0; i < 3; i++)
		if (live[i] != want[i])
			wrong("%llu are counted as live, not %llu",
			      (unsigned long long)live[i],
			      (unsigned long long)want[i]);
}
