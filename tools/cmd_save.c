// SPDX-License-Identifier: GPL-2.0
#include "cmd.h"

#include <string.h>
#include <sys/sysinfo.h>

#include "describe.h"
#include "owners.h"
#include "range.h"

/* As the module has it: one sixty-fourth of memory, 144 bytes a flow. */
static uint32_t usual_max_flows(void)
{
	struct sysinfo info;
	uint64_t max;

	if (sysinfo(&info))
		return 0;
	max = (uint64_t)info.totalram * info.mem_unit / (64 * 144);
	if (max < 64 << 10)
		return 64 << 10;
	return max > 4 << 20 ? 4 << 20 : (uint32_t)max;
}

/* What a new netns has; 0 and empty lists for the rest. */
static void usual_config(struct config *config)
{
	uint32_t *value = config->value;
	struct list *nodeports =
		&config->ranges[SVCNAT_CONFIG_A_NODEPORT_ADDRESSES];

	memset(config, 0, sizeof(*config));
	value[SVCNAT_CONFIG_A_MAX_SERVICES] = SVCNAT_SERVICES_MAX;
	value[SVCNAT_CONFIG_A_MAX_ENDPOINTS] = SVCNAT_ENDPOINTS_MAX;
	value[SVCNAT_CONFIG_A_MAX_FLOWS] = usual_max_flows();
	value[SVCNAT_CONFIG_A_MAX_AFFINITY] = 256 << 10;
	value[SVCNAT_CONFIG_A_TIMEOUT_TCP_ESTABLISHED] = 24 * 60 * 60;
	value[SVCNAT_CONFIG_A_TIMEOUT_TCP_TRANSITORY] = 2 * 60;
	value[SVCNAT_CONFIG_A_TIMEOUT_TCP_CLOSING] = 10;
	value[SVCNAT_CONFIG_A_TIMEOUT_UDP] = 30;
	value[SVCNAT_CONFIG_A_TIMEOUT_UDP_STREAM] = 2 * 60;
	value[SVCNAT_CONFIG_A_TIMEOUT_SCTP] = 24 * 60 * 60;
	nodeports->size = sizeof(struct range);
	parse_range("0.0.0.0/0", list_add(nodeports));
	parse_range("::/0", list_add(nodeports));
}

static void print_config(const struct config *config)
{
	struct config usual;
	uint64_t differs;
	int attr;

	usual_config(&usual);
	differs = config_differs(config, &usual);
	config_free(&usual);
	for (attr = 1; attr <= SVCNAT_CONFIG_A_MAX; attr++) {
		if (!(differs & GIVEN(attr)))
			continue;
		fputs("config set ", stdout);
		describe_key(stdout, config, attr);
		putchar('\n');
	}
}

/* A newer module may have words that we would not get back. */
static bool is_known(const struct choice *choices, int value)
{
	return strcmp(choice_word(choices, value), "unknown");
}

static bool service_is_known(const struct owner *owner)
{
	const struct frontend *frontend = owner->frontends.item;
	const struct endpoint *endpoint = owner->endpoints.item;
	const struct service *service = owner->service;
	bool known;
	size_t i;

	known = is_known(choice_protocol, service->proto) &&
		is_known(choice_scheduler, service->scheduler) &&
		is_known(choice_policy, service->internal_policy) &&
		is_known(choice_policy, service->external_policy) &&
		is_known(choice_on_removal, service->on_removal);
	for (i = 0; i < owner->frontends.nr; i++)
		known &= is_known(choice_kind, frontend[i].kind);
	for (i = 0; i < owner->endpoints.nr; i++)
		known &= is_known(choice_state, endpoint[i].state) &&
			 is_known(choice_place, endpoint[i].place);
	return known;
}

static int check_words(const struct owners *owners)
{
	const struct owner *owner;
	size_t i;

	for (i = 0; i < owners->services.nr; i++) {
		owner = list_at(&owners->services, i);
		if (service_is_known(owner))
			continue;
		complain("service \"%.200s\" has an option that this svcctl has no word for; use that of the module's version",
			 owner->service->head.service);
		return EXIT_REFUSED;
	}
	return 0;
}

static void print_services(const struct owners *owners)
{
	const struct owner *owner;
	size_t i;

	for (i = 0; i < owners->services.nr; i++) {
		owner = list_at(&owners->services, i);
		fputs("service add ", stdout);
		describe_service(stdout, owner->service, owner->frontends,
				 owner->endpoints);
		putchar('\n');
	}
}

/* Nothing is printed unless all can be. */
static int print_all(const struct config *config, const struct snapshot *snap)
{
	struct owners owners;
	int code;

	owners_init(&owners, snap);
	code = check_words(&owners);
	if (!code) {
		print_config(config);
		print_services(&owners);
	}
	owners_free(&owners);
	return code;
}

static int save(struct words *w)
{
	struct snapshot snap;
	struct config config;
	int code = words_end(w);

	if (code)
		return code;
	code = config_read(&config);
	if (!code) {
		snapshot_init(&snap, true, true);
		/* Of a moment each: what is saved is made again. */
		code = cmd_settled_snapshot(&snap, "saved");
		if (!code)
			code = print_all(&config, &snap);
		snapshot_free(&snap);
	}
	config_free(&config);
	return code;
}

static const struct command commands[] = {
	{ "", save, "" },
	{ NULL, NULL, NULL }
};

const struct object object_save = {
	.word = "save",
	.commands = commands,
	.notes =
	"Prints commands that make what there is, for apply and -b: the keys of\n"
	"the config that are not the default, and the services.\n"
};
