// SPDX-License-Identifier: GPL-2.0
#include "flow_filter.h"

#include <string.h>
#include <sys/socket.h>

static int take_client(struct words *w, struct flow_filter *filter)
{
	struct list one = { .nr = 0 };
	int err = words_range(w, "client", &one);

	if (!err)
		filter->client = *(struct range *)list_at(&one, 0);
	list_free(&one);
	return err;
}

/* An address is a range that has a prefix only if that was written. */
static int take_endpoint(struct words *w, struct flow_filter *filter)
{
	struct range *range = &filter->endpoint;
	const char *word;
	int err = words_take(w, "ADDR or ADDR:PORT", &word);

	if (err)
		return err;
	if (parse_addr_port(word, &range->addr, &filter->endpoint_port)) {
		range->prefix = range->addr.family == AF_INET ? 32 : 128;
		filter->head.given |= GIVEN(SVCNAT_FLOW_A_ENDPOINT_PORT);
		return 0;
	}
	if (!strchr(word, '/') && parse_range(word, range))
		return 0;
	return words_bad(w, "\"%.200s\" is no address for endpoint, expected 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80",
			 word);
}

static int take_state(struct words *w, struct flow_filter *filter)
{
	return words_choice(w, "state", choice_flow_state, &filter->state);
}

static const struct {
	const char *word;
	int attr;
	int (*take)(struct words *w, struct flow_filter *filter);
} filters[] = {
	{ "client", SVCNAT_FLOW_A_CLIENT4, take_client },
	{ "endpoint", SVCNAT_FLOW_A_ENDPOINT4, take_endpoint },
	{ "state", SVCNAT_FLOW_A_STATE, take_state },
};

#define NR_FILTERS	(sizeof(filters) / sizeof(*filters))

static bool is_filter(const char *word)
{
	size_t i;

	for (i = 0; i < NR_FILTERS; i++)
		if (word && !strcmp(filters[i].word, word))
			return true;
	return false;
}

/* A service may be called "client": then no value stands behind it. */
static bool begins_with_name(const struct words *w)
{
	if (!w->next[0])
		return false;
	return !is_filter(w->next[0]) || !w->next[1] || is_filter(w->next[1]);
}

static int take_filter(struct words *w, struct flow_filter *filter)
{
	size_t i;
	int err;

	for (i = 0; i < NR_FILTERS; i++) {
		if (!words_match(w, filters[i].word))
			continue;
		err = words_once(w, &filter->head, filters[i].attr,
				 filters[i].word);
		return err ? err : filters[i].take(w, filter);
	}
	return words_end(w);
}

int flow_filter_take(struct words *w, struct flow_filter *filter)
{
	int err = 0;

	memset(filter, 0, sizeof(*filter));
	if (begins_with_name(w))
		err = words_service_name(w, &filter->name);
	while (!err && words_peek(w))
		err = take_filter(w, filter);
	return err;
}

bool flow_filter_match(const struct flow_filter *filter,
		       const struct flow *flow)
{
	if (has(filter, SVCNAT_FLOW_A_CLIENT4) &&
	    !range_holds(&filter->client, &flow->client))
		return false;
	if (has(filter, SVCNAT_FLOW_A_ENDPOINT4) &&
	    !range_holds(&filter->endpoint, &flow->endpoint))
		return false;
	if (has(filter, SVCNAT_FLOW_A_ENDPOINT_PORT) &&
	    filter->endpoint_port != flow->endpoint_port)
		return false;
	return !has(filter, SVCNAT_FLOW_A_STATE) ||
	       filter->state == flow->state;
}
