// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <string.h>

/* To which the options of a frontend or endpoint belong now. */
struct taker {
	struct draft *draft;
	struct frontend *frontend;
	struct endpoint *endpoint;
};

static const struct {
	const char *word;
	int attr;
	const struct choice *choices;
	size_t offset;
} choices[] = {
	{ "scheduler", SVCNAT_SERVICE_A_SCHEDULER, choice_scheduler,
	  offsetof(struct service, scheduler) },
	{ "internal-policy", SVCNAT_SERVICE_A_INTERNAL_POLICY, choice_policy,
	  offsetof(struct service, internal_policy) },
	{ "external-policy", SVCNAT_SERVICE_A_EXTERNAL_POLICY, choice_policy,
	  offsetof(struct service, external_policy) },
	{ "on-removal", SVCNAT_SERVICE_A_ON_REMOVAL, choice_on_removal,
	  offsetof(struct service, on_removal) },
};

#define NR_CHOICES	(sizeof(choices) / sizeof(*choices))

static int affinity_option(struct words *w, struct service *service)
{
	int err = words_once(w, &service->head, SVCNAT_SERVICE_A_AFFINITY,
			     "affinity");

	if (err)
		return err;
	service->affinity = 0;
	if (words_match(w, "off"))
		return 0;
	return words_duration(w, &service->affinity);
}

static int service_option(struct words *w, struct service *service)
{
	size_t i;
	int err;

	if (words_match(w, "affinity"))
		return affinity_option(w, service);
	for (i = 0; i < NR_CHOICES; i++) {
		if (!words_match(w, choices[i].word))
			continue;
		err = words_once(w, &service->head, choices[i].attr,
				 choices[i].word);
		return err ? err : words_choice(w, choices[i].word,
						choices[i].choices,
						(uint8_t *)service +
						choices[i].offset);
	}
	return NOT_AN_OPTION;
}

static int add_frontend(struct words *w, struct taker *taker)
{
	taker->frontend = draft_add_frontend(taker->draft);
	taker->endpoint = NULL;
	return frontend_address(w, taker->frontend);
}

static int add_endpoint(struct words *w, struct taker *taker)
{
	taker->endpoint = draft_add_endpoint(taker->draft);
	taker->frontend = NULL;
	return endpoint_address(w, taker->endpoint);
}

/* A bare address; behind an endpoint it might be meant to be another one. */
static int add_bare_frontend(struct words *w, struct taker *taker)
{
	if (taker->draft->endpoints.nr)
		return words_bad(w, "\"%.200s\" follows an endpoint, expected \"frontend\" or \"endpoint\" before it",
				 words_peek(w));
	return add_frontend(w, taker);
}

/* A word that belongs to a frontend or endpoint, or to nothing. */
static int take_rest(struct words *w, struct taker *taker)
{
	int err = NOT_AN_OPTION;

	if (taker->frontend)
		err = frontend_option(w, taker->frontend);
	else if (taker->endpoint)
		err = endpoint_option(w, taker->endpoint);
	if (err != NOT_AN_OPTION)
		return err;
	if (strchr(words_peek(w), ':'))
		return add_bare_frontend(w, taker);
	return words_end(w);
}

static int take_group(struct words *w, struct taker *taker)
{
	int err = service_option(w, &taker->draft->service);

	if (err != NOT_AN_OPTION)
		return err;
	if (words_match(w, "frontend"))
		return add_frontend(w, taker);
	if (words_match(w, "endpoint"))
		return add_endpoint(w, taker);
	return take_rest(w, taker);
}

/*
 * All options are sent: the service is to be exactly what the words say, and
 * what they leave out has the default, which is 0 for each.
 */
int service_words(struct words *w, struct draft *draft)
{
	struct taker taker = { .draft = draft };
	const char *name;
	uint8_t proto;
	int err;

	err = words_service_name(w, &name);
	if (!err)
		err = words_choice(w, "protocol", choice_protocol, &proto);
	if (err)
		return err;
	draft_name(draft, name);
	draft_proto(draft, proto);
	while (!err && words_peek(w))
		err = take_group(w, &taker);
	draft_give_options(draft);
	return err;
}

static int make(struct words *w, int cmd)
{
	struct request req;
	struct draft draft;
	size_t i;
	int err;

	draft_init(&draft);
	err = service_words(w, &draft);
	for (i = 0; !err && i < draft.endpoints.nr; i++)
		endpoint_warn(list_at(&draft.endpoints, i));
	if (!err) {
		req = draft_request(&draft, cmd);
		err = cmd_request(&req, NULL, NULL);
	}
	draft_free(&draft);
	return err;
}

static int service_add(struct words *w)
{
	return make(w, SVCNAT_CMD_SERVICE_NEW);
}

static int service_replace(struct words *w)
{
	return make(w, SVCNAT_CMD_SERVICE_REPLACE);
}

static int service_set(struct words *w)
{
	struct service service;
	struct request req;
	const char *name;
	int err = words_service_name(w, &name);

	if (err)
		return err;
	if (!words_peek(w))
		return words_bad(w, "expected an option after \"%.200s\"", name);
	req = cmd_about(SVCNAT_CMD_SERVICE_SET, "service", &service, name);
	while (!err && words_peek(w))
		err = service_option(w, &service);
	if (err == NOT_AN_OPTION)
		return words_end(w);
	return err ? err : cmd_request(&req, NULL, NULL);
}

static int service_del(struct words *w)
{
	struct service service;
	struct request req;
	const char *name;
	int err = words_service_name(w, &name);

	if (!err)
		err = words_end(w);
	if (err)
		return err;
	req = cmd_about(SVCNAT_CMD_SERVICE_DEL, "service", &service, name);
	return cmd_request(&req, NULL, NULL);
}

static int service_flush(struct words *w)
{
	struct request req = {
		.cmd = SVCNAT_CMD_SERVICE_FLUSH,
		.subject = "service",
	};
	int err = words_end(w);

	return err ? err : cmd_request(&req, NULL, NULL);
}

static int service_show(struct words *w)
{
	const char *name;
	int err = words_optional_name(w, &name);

	return err ? err : service_list(name);
}

static const struct command commands[] = {
	{ "add", service_add,
	  "NAME PROTO [ADDR:PORT]... [SERVICE-OPTION]...\n"
	  "              [frontend ADDR:PORT [FRONTEND-OPTION]... |\n"
	  "               frontend nodeport PORT]...\n"
	  "              [endpoint ADDR:PORT [ENDPOINT-OPTION]...]..." },
	{ "replace", service_replace, "NAME PROTO ...  (as add)" },
	{ "set", service_set, "NAME SERVICE-OPTION..." },
	{ "del", service_del, "NAME" },
	{ "show", service_show, "[NAME]" },
	{ "flush", service_flush, "" },
	{ NULL, NULL, NULL }
};

const struct object object_service = {
	.word = "service",
	.commands = commands,
	.notes =
	"NAME is 1 to 127 of A-Z a-z 0-9 . _ : / -   PROTO is tcp, udp or sctp.\n"
	"replace creates the service, or makes it exactly this in one step:\n"
	"flows and affinity of what stays are kept.\n"
	"SERVICE-OPTION is\n"
	"  affinity DURATION|off          90s, 30m, 3h or seconds (off)\n"
	"  scheduler random|rr|lc|maglev  (random)\n"
	"  internal-policy cluster|local  (cluster)\n"
	"  external-policy cluster|local  (cluster)\n"
	"  on-removal keep|reset          (keep)\n"
	"FRONTEND-OPTION and ENDPOINT-OPTION: see \"svcctl help frontend\" and\n"
	"\"svcctl help endpoint\".\n"
};
