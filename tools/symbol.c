// SPDX-License-Identifier: GPL-2.0
/* What the words in capitals of the grammars stand for. */
#include "complete.h"

#include <net/if.h>
#include <string.h>

/* The name of the service that the command is about: it comes first. */
static const char *line_service(const struct line *line)
{
	size_t at = 2;

	if (line->last <= at || !parse_service_name(line->words[at]))
		return NULL;
	return line->words[at];
}

static bool line_is(const struct line *line, const char *object,
		    const char *command)
{
	return !strcmp(line->object->word, object) &&
	       (!command || !strcmp(line->command->word, command));
}

/* From the kernel. */

static int take_service(const struct reply *reply, void *arg)
{
	if (reply->attr == SVCNAT_A_SERVICE && reply->service.head.service)
		line_offer(arg, reply->service.head.service);
	return 0;
}

static int take_frontend(const struct reply *reply, void *arg)
{
	char text[ADDR_TEXT_SIZE];

	if (reply->attr == SVCNAT_A_FRONTEND && reply->frontend.addr.family)
		line_offer(arg, format_addr_port(text, &reply->frontend.addr,
						 reply->frontend.port));
	return 0;
}

static int take_nodeport(const struct reply *reply, void *arg)
{
	char text[16];

	if (reply->attr != SVCNAT_A_FRONTEND || reply->frontend.addr.family)
		return 0;
	snprintf(text, sizeof(text), "%u", reply->frontend.port);
	line_offer(arg, text);
	return 0;
}

static int take_endpoint(const struct reply *reply, void *arg)
{
	char text[ADDR_TEXT_SIZE];

	if (reply->attr == SVCNAT_A_ENDPOINT)
		line_offer(arg, format_addr_port(text, &reply->endpoint.addr,
						 reply->endpoint.port));
	return 0;
}

/* Who has no permission, or no module, gets nothing. */
static void ask(struct line *line, int cmd, const char *name, nl_reply_fn fn)
{
	struct service service;
	struct request req = cmd_about(cmd, "completion", &service, name);

	req.dump = true;
	cmd_try(&req, fn, line);
}

static bool is_name(const struct line *line, size_t i)
{
	return parse_service_name(line->words[i]);
}

/* Not where it shall be a new one. */
static void offer_name(struct line *line, size_t i)
{
	(void)i;
	if (!line_is(line, "service", "add"))
		ask(line, SVCNAT_CMD_SERVICE_GET, NULL, take_service);
}

static bool is_addr_port(const struct line *line, size_t i)
{
	struct addr addr;
	uint16_t port;

	return parse_addr_port(line->words[i], &addr, &port);
}

static void offer_addr_port(struct line *line, size_t i)
{
	const char *name = line_service(line);

	(void)i;
	if (!name || line_is(line, line->object->word, "add"))
		return;
	if (line_is(line, "frontend", NULL))
		ask(line, SVCNAT_CMD_FRONTEND_GET, name, take_frontend);
	else
		ask(line, SVCNAT_CMD_ENDPOINT_GET, name, take_endpoint);
}

static void offer_nodeport(struct line *line, size_t i)
{
	const char *name = line_service(line);

	(void)i;
	if (name && line_is(line, "frontend", "del"))
		ask(line, SVCNAT_CMD_FRONTEND_GET, name, take_nodeport);
}

static void offer_virtual(struct line *line, size_t i)
{
	(void)i;
	ask(line, SVCNAT_CMD_FRONTEND_GET, NULL, take_frontend);
}

/* From tables, and from the system. */

static void offer_device(struct line *line, size_t i)
{
	struct if_nameindex *devices = if_nameindex(), *device;

	(void)i;
	for (device = devices; device && device->if_name; device++)
		line_offer(line, device->if_name);
	if (devices)
		if_freenameindex(devices);
}

static void offer_file(struct line *line, size_t i)
{
	(void)i;
	line_offer_files(line);
}

static void offer_object(struct line *line, size_t i)
{
	const struct object *object;

	(void)i;
	for (i = 0; (object = cmd_object(i)); i++)
		line_offer(line, object->word);
}

static bool is_given(const struct line *line, const char *word)
{
	size_t i;

	for (i = 2; i < line->last; i++)
		if (!strcmp(line->words[i], word))
			return true;
	return false;
}

static bool is_key(const struct line *line, size_t i)
{
	const char *key;
	size_t k;

	for (k = 0; (key = config_key(k)); k++)
		if (!strcmp(key, line->words[i]))
			return true;
	return false;
}

static void offer_key(struct line *line, size_t i)
{
	const char *key;

	for (i = 0; (key = config_key(i)); i++)
		if (!is_given(line, key))
			line_offer(line, key);
}

static void offer_value(struct line *line, size_t i)
{
	const char *const *value = config_values(line->words[i - 1]);

	for (; value && *value; value++)
		line_offer(line, *value);
}

/* Of frontends with an address. */
static const struct choice kinds[] = {
	{ "cluster", SVCNAT_KIND_CLUSTER },
	{ "external", SVCNAT_KIND_EXTERNAL },
	{ "lb", SVCNAT_KIND_LB },
	{ NULL, 0 }
};

static const struct symbol symbols[] = {
	{ .name = "NAME", .fits = is_name, .offer = offer_name },
	{ .name = "PROTO", .choices = choice_protocol },
	{ .name = "ADDR:PORT", .fits = is_addr_port,
	  .offer = offer_addr_port },
	{ .name = "ADDR[:PORT]", .offer = offer_addr_port },
	{ .name = "SRC:PORT" },
	{ .name = "DST:PORT", .offer = offer_virtual },
	{ .name = "PORT", .offer = offer_nodeport },
	{ .name = "SERVICE-OPTION", .grammar =
	  "affinity DURATION|off | scheduler SCHEDULER | "
	  "internal-policy POLICY | external-policy POLICY | "
	  "on-removal ON-REMOVAL" },
	{ .name = "FRONTEND-OPTION", .grammar = "kind KIND | allow CIDR" },
	{ .name = "ENDPOINT-OPTION", .grammar =
	  "weight N | state STATE | PLACE" },
	{ .name = "SCHEDULER", .choices = choice_scheduler },
	{ .name = "POLICY", .choices = choice_policy },
	{ .name = "ON-REMOVAL", .choices = choice_on_removal },
	{ .name = "KIND", .choices = kinds },
	{ .name = "STATE", .choices = choice_state },
	{ .name = "PLACE", .choices = choice_place },
	{ .name = "WORD", .choices = choice_flow_state },
	{ .name = "KEY", .fits = is_key, .offer = offer_key },
	{ .name = "VALUE", .offer = offer_value },
	{ .name = "DEV", .offer = offer_device },
	{ .name = "FILE", .offer = offer_file },
	{ .name = "OBJECT", .offer = offer_object },
	{ .name = "ADDR" },
	{ .name = "CIDR" },
	{ .name = "DURATION" },
	{ .name = "N" },
};

const struct symbol *symbol_find(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		if (strlen(symbols[i].name) == length &&
		    !strncmp(symbols[i].name, name, length))
			return &symbols[i];
	return NULL;
}
