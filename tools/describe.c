// SPDX-License-Identifier: GPL-2.0
#include "describe.h"

#include "range.h"
#include "words.h"

const char *format_ports(char text[16], uint32_t range)
{
	if (!range)
		return "auto";
	snprintf(text, 16, "%u-%u", range >> 16, range & 0xffff);
	return text;
}

static void option(FILE *out, uint64_t given, int attr, const char *key,
		   const char *word)
{
	if (given & GIVEN(attr))
		fprintf(out, " %s %s", key, word);
}

void describe_options(FILE *out, const struct service *service,
		      uint64_t given)
{
	char text[16] = "off";

	option(out, given, SVCNAT_SERVICE_A_AFFINITY, "affinity",
	       service->affinity ? format_duration(text, service->affinity) :
				   text);
	option(out, given, SVCNAT_SERVICE_A_SCHEDULER, "scheduler",
	       choice_word(choice_scheduler, service->scheduler));
	option(out, given, SVCNAT_SERVICE_A_INTERNAL_POLICY, "internal-policy",
	       choice_word(choice_policy, service->internal_policy));
	option(out, given, SVCNAT_SERVICE_A_EXTERNAL_POLICY, "external-policy",
	       choice_word(choice_policy, service->external_policy));
	option(out, given, SVCNAT_SERVICE_A_ON_REMOVAL, "on-removal",
	       choice_word(choice_on_removal, service->on_removal));
}

void describe_place(FILE *out, const struct frontend *frontend)
{
	char text[ADDR_TEXT_SIZE];

	if (frontend->addr.family)
		fputs(format_addr_port(text, &frontend->addr, frontend->port),
		      out);
	else
		fprintf(out, "nodeport %u", frontend->port);
}

void describe_frontend(FILE *out, const struct frontend *frontend)
{
	char text[RANGE_TEXT_SIZE];
	size_t i;

	describe_place(out, frontend);
	if (!frontend->addr.family)
		return;
	if (frontend->kind != SVCNAT_KIND_CLUSTER)
		fprintf(out, " kind %s",
			choice_word(choice_kind, frontend->kind));
	for (i = 0; i < frontend->allow.nr; i++)
		fprintf(out, " allow %s",
			format_range(text, list_at(&frontend->allow, i)));
}

uint64_t endpoint_unusual(const struct endpoint *endpoint)
{
	static const struct endpoint usual = { .weight = 1 };

	return endpoint_differs(endpoint, &usual);
}

void describe_endpoint(FILE *out, const struct endpoint *endpoint,
		       uint64_t given)
{
	char text[ADDR_TEXT_SIZE];

	fputs(format_addr_port(text, &endpoint->addr, endpoint->port), out);
	if (given & GIVEN(SVCNAT_ENDPOINT_A_WEIGHT))
		fprintf(out, " weight %u", endpoint->weight);
	option(out, given, SVCNAT_ENDPOINT_A_STATE, "state",
	       choice_word(choice_state, endpoint->state));
	if (given & GIVEN(SVCNAT_ENDPOINT_A_PLACE))
		fprintf(out, " %s",
			choice_word(choice_place, endpoint->place));
}

static bool is_bare(const struct frontend *frontend)
{
	return frontend->addr.family &&
	       frontend->kind == SVCNAT_KIND_CLUSTER && !frontend->allow.nr;
}

/* Bare ones first: behind another one's options they would read strange. */
static void describe_frontends(FILE *out, struct array frontends, bool bare)
{
	const struct frontend *frontend = frontends.item;
	size_t i;

	for (i = 0; i < frontends.nr; i++, frontend++) {
		if (is_bare(frontend) != bare)
			continue;
		fputs(bare ? " " : " frontend ", out);
		describe_frontend(out, frontend);
	}
}

void describe_service(FILE *out, const struct service *service,
		      struct array frontends, struct array endpoints)
{
	static const struct service usual;
	const struct endpoint *endpoint = endpoints.item;
	size_t i;

	fprintf(out, "%s %s", service->head.service,
		choice_word(choice_protocol, service->proto));
	describe_frontends(out, frontends, true);
	describe_options(out, service, service_differs(service, &usual));
	describe_frontends(out, frontends, false);
	for (i = 0; i < endpoints.nr; i++, endpoint++) {
		fputs(" endpoint ", out);
		describe_endpoint(out, endpoint, endpoint_unusual(endpoint));
	}
}

static void describe_ranges(FILE *out, const struct list *ranges)
{
	char text[RANGE_TEXT_SIZE];
	size_t i;

	if (!ranges->nr)
		fputs("none", out);
	for (i = 0; i < ranges->nr; i++)
		fprintf(out, "%s%s", i ? "," : "",
			format_range(text, list_at(ranges, i)));
}

static void describe_value(FILE *out, const struct field *field,
			   uint32_t value)
{
	char text[16];

	if (field->attr == SVCNAT_CONFIG_A_SNAT_PORTS)
		fputs(format_ports(text, value), out);
	else if (field->type == FIELD_SECONDS)
		fputs(format_duration(text, value), out);
	else if (field->type == FIELD_SWITCH)
		fputs(choice_word(choice_switch, value != 0), out);
	else
		fprintf(out, "%u", value);
}

void describe_key(FILE *out, const struct config *config, int attr)
{
	const struct object_type *type = &object_types[SVCNAT_A_CONFIG];
	const struct field *field;
	size_t i;

	for (i = 0; i < type->nr_fields; i++) {
		field = &type->fields[i];
		if (field->attr != attr)
			continue;
		fprintf(out, "%s ", field->word);
		if (field->type == FIELD_RANGES)
			describe_ranges(out, &config->ranges[attr]);
		else
			describe_value(out, field, config->value[attr]);
	}
}
