// SPDX-License-Identifier: GPL-2.0
#include "kernel_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "words.h"

const char *kernel_file_range(char text[KERNEL_RANGE_SIZE],
			      const struct range *range)
{
	char addr[ADDR_TEXT_SIZE];

	snprintf(text, KERNEL_RANGE_SIZE, "%s/%u",
		 format_addr(addr, &range->addr), range->prefix);
	return text;
}

/* Drafts into JSON. */

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, uint32_t number)
{
	json_object_set_new(object, key, json_integer(number));
}

static void set_word(json_t *object, const char *key,
		     const struct choice *choices, int value)
{
	set_text(object, key, choice_word(choices, value));
}

static uint32_t number_of(const json_t *object, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(object, key));
}

static json_t *frontends_of(const struct draft *draft)
{
	char text[ADDR_TEXT_SIZE], range[KERNEL_RANGE_SIZE];
	json_t *all = json_array(), *allow, *one;
	const struct frontend *frontend;
	size_t i, j;

	for (i = 0; i < draft->frontends.nr; i++) {
		frontend = list_at(&draft->frontends, i);
		allow = json_array();
		for (j = 0; j < frontend->allow.nr; j++) {
			kernel_file_range(range, list_at(&frontend->allow, j));
			json_array_append_new(allow, json_string(range));
		}
		one = json_object();
		set_text(one, "place", format_frontend(text, frontend));
		set_number(one, "kind", frontend->kind);
		json_object_set_new(one, "allow", allow);
		json_array_append_new(all, one);
	}
	return all;
}

static json_t *endpoints_of(const struct draft *draft)
{
	const struct endpoint *endpoint;
	json_t *all = json_array(), *one;
	char text[ADDR_TEXT_SIZE];
	size_t i;

	for (i = 0; i < draft->endpoints.nr; i++) {
		endpoint = list_at(&draft->endpoints, i);
		one = json_object();
		format_addr_port(text, &endpoint->addr, endpoint->port);
		set_text(one, "place", text);
		set_word(one, "state", choice_state, endpoint->state);
		set_word(one, "where", choice_place, endpoint->place);
		set_number(one, "weight", endpoint->weight);
		json_array_append_new(all, one);
	}
	return all;
}

json_t *kernel_file_write(const struct draft *draft)
{
	const struct service *service = &draft->service;
	json_t *root = json_object();

	set_word(root, "proto", choice_protocol, service->proto);
	set_number(root, "affinity", service->affinity);
	set_word(root, "internal", choice_policy, service->internal_policy);
	set_word(root, "external", choice_policy, service->external_policy);
	json_object_set_new(root, "frontends", frontends_of(draft));
	json_object_set_new(root, "endpoints", endpoints_of(draft));
	return root;
}

/* And back. */

static uint8_t value_of(const struct choice *choices, const json_t *object,
			const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));

	while (strcmp(choices->word, word))
		choices++;
	return (uint8_t)choices->value;
}

static void load_frontend(struct draft *draft, const json_t *from)
{
	const char *place = json_string_value(json_object_get(from, "place"));
	struct frontend *frontend = draft_add_frontend(draft);
	json_t *range;
	size_t i;

	frontend->kind = (uint8_t)number_of(from, "kind");
	if (!parse_addr_port(place, &frontend->addr, &frontend->port))
		frontend->port = (uint16_t)atoi(strchr(place, ':') + 1);
	json_array_foreach(json_object_get(from, "allow"), i, range)
		addr_range(json_string_value(range),
			   list_add(&frontend->allow));
}

static void load_endpoint(struct draft *draft, const json_t *from)
{
	struct endpoint *endpoint = draft_add_endpoint(draft);

	parse_addr_port(json_string_value(json_object_get(from, "place")),
			&endpoint->addr, &endpoint->port);
	endpoint->head.given = GIVEN(SVCNAT_ENDPOINT_A_WEIGHT);
	endpoint->state = value_of(choice_state, from, "state");
	endpoint->place = value_of(choice_place, from, "where");
	endpoint->weight = number_of(from, "weight");
}

void kernel_file_read(struct list *drafts, const char *name,
		      const json_t *root)
{
	struct draft *draft = list_add(drafts);
	json_t *one;
	size_t i;

	draft_init(draft);
	draft_name(draft, name);
	draft_proto(draft, value_of(choice_protocol, root, "proto"));
	draft->service.affinity = number_of(root, "affinity");
	draft->service.internal_policy = value_of(choice_policy, root,
						  "internal");
	draft->service.external_policy = value_of(choice_policy, root,
						  "external");
	json_array_foreach(json_object_get(root, "frontends"), i, one)
		load_frontend(draft, one);
	json_array_foreach(json_object_get(root, "endpoints"), i, one)
		load_endpoint(draft, one);
	draft_settle(draft);
}
