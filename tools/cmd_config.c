// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"
#include "describe.h"
#include "range.h"

#include <string.h>

enum value_type {
	VALUE_NUMBER,
	VALUE_DURATION,
	VALUE_PORTS,
	VALUE_RANGES,
	VALUE_SWITCH,
};

static const struct key {
	const char *word;
	enum value_type type;
	int attr;
} keys[] = {
	{ "pod-cidr", VALUE_RANGES, SVCNAT_CONFIG_A_POD_CIDR },
	{ "service-cidr", VALUE_RANGES, SVCNAT_CONFIG_A_SERVICE_CIDR },
	{ "nodeport-addresses", VALUE_RANGES,
	  SVCNAT_CONFIG_A_NODEPORT_ADDRESSES },
	{ "masquerade-all", VALUE_SWITCH, SVCNAT_CONFIG_A_MASQUERADE_ALL },
	{ "snat-ports", VALUE_PORTS, SVCNAT_CONFIG_A_SNAT_PORTS },
	{ "max-services", VALUE_NUMBER, SVCNAT_CONFIG_A_MAX_SERVICES },
	{ "max-endpoints", VALUE_NUMBER, SVCNAT_CONFIG_A_MAX_ENDPOINTS },
	{ "max-flows", VALUE_NUMBER, SVCNAT_CONFIG_A_MAX_FLOWS },
	{ "max-affinity", VALUE_NUMBER, SVCNAT_CONFIG_A_MAX_AFFINITY },
	{ "timeout-tcp-established", VALUE_DURATION,
	  SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED },
	{ "timeout-tcp-transitory", VALUE_DURATION,
	  SVCNAT_CONFIG_A_TIMEOUT_TCP_TRANSITORY },
	{ "timeout-tcp-closing", VALUE_DURATION,
	  SVCNAT_CONFIG_A_TIMEOUT_TCP_CLOSING },
	{ "timeout-udp", VALUE_DURATION, SVCNAT_CONFIG_A_TIMEOUT_UDP },
	{ "timeout-udp-stream", VALUE_DURATION,
	  SVCNAT_CONFIG_A_TIMEOUT_UDP_STREAM },
	{ "timeout-sctp", VALUE_DURATION, SVCNAT_CONFIG_A_TIMEOUT_SCTP },
	{ "fastpath", VALUE_SWITCH, SVCNAT_CONFIG_A_FASTPATH },
};

#define NR_KEYS	(sizeof(keys) / sizeof(*keys))

static const struct key *find_key(const char *word)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		if (!strcmp(keys[i].word, word))
			return &keys[i];
	return NULL;
}

const char *config_key(size_t i)
{
	return i < NR_KEYS ? keys[i].word : NULL;
}

const char *const *config_values(const char *word)
{
	static const char *const ports[] = { "auto", NULL };
	static const char *const switches[] = { "on", "off", NULL };
	static const char *const ranges[] = { "none", NULL };
	const struct key *key = find_key(word);

	if (!key)
		return NULL;
	if (key->type == VALUE_PORTS)
		return ports;
	if (key->type == VALUE_RANGES)
		return ranges;
	return key->type == VALUE_SWITCH ? switches : NULL;
}

static bool parse_ports(const char *word, uint32_t *range)
{
	const char *dash = strchr(word, '-');
	uint32_t min, max;
	char first[8];

	*range = 0;
	if (!strcmp(word, "auto"))
		return true;
	if (!dash || (size_t)(dash - word) >= sizeof(first))
		return false;
	memcpy(first, word, (size_t)(dash - word));
	first[dash - word] = '\0';
	if (!parse_number(first, UINT16_MAX, &min) ||
	    !parse_number(dash + 1, UINT16_MAX, &max) || !min || min > max)
		return false;
	*range = min << 16 | max;
	return true;
}

static int take_ports(struct words *w, uint32_t *range)
{
	const char *word;
	int err = words_take(w, "MIN-MAX or auto", &word);

	if (err || parse_ports(word, range))
		return err;
	return words_bad(w, "\"%.200s\" is no range of ports, expected MIN-MAX or auto",
			 word);
}

static void json_value(const struct key *key, const struct config *config)
{
	uint32_t value = config->value[key->attr];
	char text[16];

	if (!has(config, key->attr))
		json_null(key->word);
	else if (key->type == VALUE_PORTS)
		json_string(key->word, format_ports(text, value));
	else if (key->type == VALUE_RANGES)
		json_ranges(key->word, &config->ranges[key->attr]);
	else if (key->type == VALUE_SWITCH)
		json_bool(key->word, value);
	else
		json_number(key->word, value);
}

static void value_cell(struct table *table, const struct key *key,
		       const struct config *config)
{
	uint32_t value = config->value[key->attr];
	char text[16];

	if (!has(config, key->attr))
		table_cell(table, COLOUR_NONE, "-");
	else if (key->type == VALUE_NUMBER)
		table_cell(table, COLOUR_NONE, "%u", value);
	else if (key->type == VALUE_PORTS)
		table_cell(table, COLOUR_NONE, "%s",
			   format_ports(text, value));
	else if (key->type == VALUE_RANGES)
		table_ranges(table, &config->ranges[key->attr], "none");
	else if (key->type == VALUE_SWITCH)
		table_cell(table, COLOUR_NONE, "%s", value ? "on" : "off");
	else
		table_cell(table, COLOUR_NONE, "%s",
			   format_duration(text, value));
}

void config_json(const struct config *config)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		json_value(&keys[i], config);
}

static void print_json(const struct config *config)
{
	json_array(NULL);
	json_object(NULL);
	config_json(config);
	json_end();
	json_end();
}

static void print_table(const struct config *config)
{
	static const struct column columns[] = {
		{ .head = "KEY" },
		{ .head = "VALUE" },
	};
	struct table table;
	size_t i;

	table_begin(&table, columns, 2, false);
	for (i = 0; i < NR_KEYS; i++) {
		table_cell(&table, COLOUR_NONE, "%s", keys[i].word);
		value_cell(&table, &keys[i], config);
	}
	table_end(&table);
}

void config_free(struct config *config)
{
	object_free_lists(&object_types[SVCNAT_A_CONFIG], config);
}

static int keep(const struct reply *reply, void *arg)
{
	struct config *config = arg;

	if (reply->attr != SVCNAT_A_CONFIG)
		return 0;
	config_free(config);
	*config = reply->config;
	object_own_lists(&object_types[SVCNAT_A_CONFIG], config);
	return 0;
}

int config_read(struct config *config)
{
	struct request req = {
		.cmd = SVCNAT_CMD_CONFIG_GET,
		.subject = "config",
	};

	memset(config, 0, sizeof(*config));
	return cmd_request(&req, keep, config);
}

static int config_show(struct words *w)
{
	struct config config = { .head.given = 0 };
	int err = words_end(w);

	if (!err)
		err = config_read(&config);
	if (!err && options.json)
		print_json(&config);
	else if (!err)
		print_table(&config);
	config_free(&config);
	return err;
}

static int take_value(struct words *w, const struct key *key,
		      struct config *config)
{
	uint32_t *value = &config->value[key->attr];
	uint8_t on;
	int err;

	switch (key->type) {
	case VALUE_PORTS:
		return take_ports(w, value);
	case VALUE_RANGES:
		return words_ranges(w, key->word, &config->ranges[key->attr]);
	case VALUE_NUMBER:
		return words_number(w, UINT32_MAX, value);
	case VALUE_DURATION:
		return words_duration(w, value);
	case VALUE_SWITCH:
		break;
	}
	err = words_choice(w, key->word, choice_switch, &on);
	*value = err ? 0 : on;
	return err;
}

static int unknown_key(struct words *w, const char *word)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		words_expect(w, keys[i].word);
	return words_unknown(w, word);
}

static int take_pair(struct words *w, struct config *config)
{
	const struct key *key;
	const char *word;
	int err = words_take(w, "a key", &word);

	if (err)
		return err;
	key = find_key(word);
	if (!key)
		return unknown_key(w, word);
	err = words_once(w, &config->head, key->attr, word);
	return err ? err : take_value(w, key, config);
}

int config_words(struct words *w, struct config *config)
{
	int err;

	do {
		err = take_pair(w, config);
	} while (!err && words_peek(w));
	return err;
}

static int config_set(struct words *w)
{
	struct config config = { .head.given = 0 };
	struct request req = {
		.cmd = SVCNAT_CMD_CONFIG_SET,
		.subject = "config",
		.config = &config,
	};
	int err = config_words(w, &config);

	if (!err)
		err = cmd_request(&req, NULL, NULL);
	config_free(&config);
	return err;
}

static const struct command commands[] = {
	{ "show", config_show, "" },
	{ "set", config_set, "KEY VALUE [KEY VALUE]..." },
	{ NULL, NULL, NULL }
};

const struct object object_config = {
	.word = "config",
	.commands = commands,
	.notes =
	"KEY is\n"
	"  pod-cidr LIST (none)  service-cidr LIST (none)\n"
	"  nodeport-addresses LIST (0.0.0.0/0,::/0)\n"
	"  masquerade-all on|off\n"
	"  snat-ports MIN-MAX|auto\n"
	"  max-services N  max-endpoints N  max-flows N  max-affinity N\n"
	"  timeout-tcp-established DURATION\n"
	"  timeout-tcp-transitory DURATION\n"
	"  timeout-tcp-closing DURATION\n"
	"  timeout-udp DURATION\n"
	"  timeout-udp-stream DURATION\n"
	"  timeout-sctp DURATION\n"
	"  fastpath on|off\n"
	"LIST is ranges of addresses with commas between them, 192.0.2.0/24 or\n"
	"2001:db8::/32, or none.  DURATION is 90s, 30m, 3h or seconds.\n"
	"All keys are set, or none is.\n"
};
