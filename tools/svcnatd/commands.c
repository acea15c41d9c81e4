// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "range.h"

static void print_ranges(const char *key, const struct list *ranges, FILE *out)
{
	char text[RANGE_TEXT_SIZE];
	size_t i;

	fprintf(out, " %s ", key);
	if (!ranges->nr)
		fputs("none", out);
	for (i = 0; i < ranges->nr; i++)
		fprintf(out, "%s%s", i ? "," : "",
			format_range(text, list_at(ranges, i)));
}

void commands_config(const struct config *config, FILE *out)
{
	fputs("config set", out);
	if (has(config, SVCNAT_CONFIG_A_POD_CIDR))
		print_ranges("pod-cidr",
			     &config->ranges[SVCNAT_CONFIG_A_POD_CIDR], out);
	if (has(config, SVCNAT_CONFIG_A_NODEPORT_ADDRESSES))
		print_ranges("nodeport-addresses",
			     &config->ranges[SVCNAT_CONFIG_A_NODEPORT_ADDRESSES],
			     out);
	fprintf(out, " masquerade-all %s\n",
		config->value[SVCNAT_CONFIG_A_MASQUERADE_ALL] ? "on" : "off");
}

static void print_options(const struct service *service, FILE *out)
{
	char text[16];

	if (service->affinity)
		fprintf(out, " affinity %s",
			format_duration(text, service->affinity));
	if (service->internal_policy)
		fprintf(out, " internal-policy %s",
			choice_word(choice_policy, service->internal_policy));
	if (service->external_policy)
		fprintf(out, " external-policy %s",
			choice_word(choice_policy, service->external_policy));
}

static void print_frontend(const struct frontend *frontend, FILE *out)
{
	char text[RANGE_TEXT_SIZE > ADDR_TEXT_SIZE ? RANGE_TEXT_SIZE :
		  ADDR_TEXT_SIZE];
	size_t i;

	if (frontend->kind == SVCNAT_KIND_NODEPORT) {
		fprintf(out, " frontend nodeport %u", frontend->port);
		return;
	}
	fprintf(out, " frontend %s", format_addr_port(text, &frontend->addr,
						      frontend->port));
	if (frontend->kind != SVCNAT_KIND_CLUSTER)
		fprintf(out, " kind %s",
			choice_word(choice_kind, frontend->kind));
	for (i = 0; i < frontend->allow.nr; i++)
		fprintf(out, " allow %s",
			format_range(text, list_at(&frontend->allow, i)));
}

static void print_endpoint(const struct endpoint *endpoint, FILE *out)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(out, " endpoint %s",
		format_addr_port(text, &endpoint->addr, endpoint->port));
	if (endpoint->state != SVCNAT_STATE_READY)
		fprintf(out, " state %s",
			choice_word(choice_state, endpoint->state));
	if (endpoint->place != SVCNAT_PLACE_REMOTE)
		fprintf(out, " %s", choice_word(choice_place, endpoint->place));
}

void commands_service(const struct draft *draft, FILE *out)
{
	size_t i;

	fprintf(out, "service add %s %s", draft->service.head.service,
		choice_word(choice_protocol, draft->service.proto));
	print_options(&draft->service, out);
	for (i = 0; i < draft->frontends.nr; i++)
		print_frontend(list_at(&draft->frontends, i), out);
	for (i = 0; i < draft->endpoints.nr; i++)
		print_endpoint(list_at(&draft->endpoints, i), out);
	fputc('\n', out);
}
