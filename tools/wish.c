// SPDX-License-Identifier: GPL-2.0
#include "wish.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "lines.h"

/* What may be named once; what tells it apart, and the line that names it. */
struct mention {
	int attr;		/* SVCNAT_A_SERVICE, _FRONTEND or _ENDPOINT */
	const char *service;	/* the draft's; of a frontend whoever has it */
	struct addr addr;
	uint16_t port;
	uint8_t proto;
	unsigned long line;
	size_t draft;		/* number of the service */
};

/* The same address and port may serve each protocol, but no two services. */
static int mention_compare(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int diff = x->attr - y->attr;

	if (!diff && x->attr != SVCNAT_A_FRONTEND)
		diff = strcmp(x->service, y->service);
	if (!diff)
		diff = addr_compare(&x->addr, &y->addr);
	if (!diff)
		diff = x->port - y->port;
	return diff ? diff : x->proto - y->proto;
}

/* Takes a copy, or returns the one that is there. */
static struct mention *find_or_add(struct wish *wish,
				   const struct mention *mention)
{
	struct mention *copy = malloc(sizeof(*copy)), **found = NULL;

	if (copy) {
		*copy = *mention;
		found = tsearch(copy, &wish->mentions, mention_compare);
	}
	if (!found)
		out_of_memory();
	if (*found == copy)
		return NULL;
	free(copy);
	return *found;
}

static int mention_service(struct wish *wish, const struct words *w,
			   const struct draft *draft)
{
	const struct mention mention = {
		.attr = SVCNAT_A_SERVICE,
		.service = draft->service.head.service,
		.line = draft->line,
		.draft = wish->drafts.nr - 1,
	};
	const struct mention *before = find_or_add(wish, &mention);

	if (!before)
		return 0;
	return words_bad(w, "service \"%s\" is described already, on line %lu",
			 mention.service, before->line);
}

static int mention_frontend(struct wish *wish, const struct words *w,
			    const struct draft *draft,
			    const struct frontend *frontend,
			    unsigned long line)
{
	const struct mention mention = {
		.attr = SVCNAT_A_FRONTEND,
		.service = draft->service.head.service,
		.addr = frontend->addr,
		.port = frontend->port,
		.proto = draft->service.proto,
		.line = line,
	};
	const struct mention *before = find_or_add(wish, &mention);
	char text[ADDR_TEXT_SIZE];

	if (!before)
		return 0;
	return words_bad(w, "frontend %s of service \"%s\" is named already, for service \"%s\" on line %lu",
			 format_frontend(text, frontend), mention.service,
			 before->service, before->line);
}

static int mention_endpoint(struct wish *wish, const struct words *w,
			    const struct draft *draft,
			    const struct endpoint *endpoint,
			    unsigned long line)
{
	const struct mention mention = {
		.attr = SVCNAT_A_ENDPOINT,
		.service = draft->service.head.service,
		.addr = endpoint->addr,
		.port = endpoint->port,
		.line = line,
	};
	const struct mention *before = find_or_add(wish, &mention);
	char text[ADDR_TEXT_SIZE];

	if (!before)
		return 0;
	return words_bad(w, "endpoint %s of service \"%s\" is named already, on line %lu",
			 format_addr_port(text, &endpoint->addr,
					  endpoint->port),
			 mention.service, before->line);
}

static int mention_members(struct wish *wish, const struct words *w,
			   const struct draft *draft)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < draft->frontends.nr; i++)
		err = mention_frontend(wish, w, draft,
				       list_at(&draft->frontends, i),
				       draft->line);
	for (i = 0; !err && i < draft->endpoints.nr; i++)
		err = mention_endpoint(wish, w, draft,
				       list_at(&draft->endpoints, i),
				       draft->line);
	return err;
}

static int take_service(struct wish *wish, struct words *w, unsigned long line)
{
	struct draft *draft = list_add(&wish->drafts);
	int err;

	draft_init(draft);
	draft->line = line;
	err = service_words(w, draft);
	if (!err)
		err = mention_service(wish, w, draft);
	return err ? err : mention_members(wish, w, draft);
}

/* The service that a line adds something to. */
static int take_draft(struct wish *wish, struct words *w,
		      struct draft **draft)
{
	struct mention key = { .attr = SVCNAT_A_SERVICE }, **found;
	const char *name;
	int err = words_service_name(w, &name);

	if (err)
		return err;
	key.service = name;
	found = tfind(&key, &wish->mentions, mention_compare);
	if (!found)
		return words_bad(w, "service \"%s\" is described by no line before this one",
				 name);
	*draft = list_at(&wish->drafts, (*found)->draft);
	return 0;
}

static int take_frontend(struct wish *wish, struct words *w,
			 unsigned long line)
{
	struct frontend *frontend;
	struct draft *draft;
	int err = take_draft(wish, w, &draft);

	if (err)
		return err;
	/* words_bad() is never 0. */
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	frontend = draft_add_frontend(draft);
	err = frontend_address(w, frontend);
	while (!err && words_peek(w))
		err = frontend_option(w, frontend);
	if (err == NOT_AN_OPTION)
		err = words_end(w);
	return err ? err : mention_frontend(wish, w, draft, frontend, line);
}

static int take_endpoint(struct wish *wish, struct words *w,
			 unsigned long line)
{
	struct endpoint *endpoint;
	struct draft *draft;
	int err = take_draft(wish, w, &draft);

	if (err)
		return err;
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	endpoint = draft_add_endpoint(draft);
	err = endpoint_address(w, endpoint);
	while (!err && words_peek(w))
		err = endpoint_option(w, endpoint);
	if (err == NOT_AN_OPTION)
		err = words_end(w);
	return err ? err : mention_endpoint(wish, w, draft, endpoint, line);
}

static int take_config(struct wish *wish, struct words *w, unsigned long line)
{
	(void)line;
	return config_words(w, &wish->config);
}

static const struct {
	const char *object;
	const char *command;
	int (*take)(struct wish *wish, struct words *w, unsigned long line);
} sentences[] = {
	{ "service", "add", take_service },
	{ "service", "replace", take_service },
	{ "frontend", "add", take_frontend },
	{ "endpoint", "add", take_endpoint },
	{ "config", "set", take_config },
};

#define NR_SENTENCES	(sizeof(sentences) / sizeof(*sentences))

static int take_line(char **words, unsigned long line, void *arg)
{
	const char *command = words[1] ? words[1] : "";
	struct words w = { .last = words[1], .next = words + 2 };
	size_t i;

	for (i = 0; i < NR_SENTENCES; i++) {
		if (strcmp(sentences[i].object, words[0]) ||
		    strcmp(sentences[i].command, command))
			continue;
		w.object = sentences[i].object;
		w.command = sentences[i].command;
		return sentences[i].take(arg, &w, line);
	}
	complain("\"%.200s%s%.200s\" describes nothing, expected \"service add\", \"service replace\", \"frontend add\", \"endpoint add\" or \"config set\"",
		 words[0], *command ? " " : "", command);
	return EXIT_WORDS;
}

int wish_read(struct wish *wish, const char *file)
{
	int code = lines_read(file, take_line, wish);
	size_t i;

	if (code)
		return code;
	for (i = 0; i < wish->drafts.nr; i++)
		draft_settle(list_at(&wish->drafts, i));
	drafts_sort(&wish->drafts);
	draft_settle_config(&wish->config);
	return 0;
}

void wish_init(struct wish *wish)
{
	memset(wish, 0, sizeof(*wish));
	drafts_init(&wish->drafts);
}

void wish_free(struct wish *wish)
{
	tdestroy(wish->mentions, free);
	drafts_free(&wish->drafts);
	config_free(&wish->config);
}
