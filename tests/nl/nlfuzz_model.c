// SPDX-License-Identifier: GPL-2.0
/* What there is in a netns, and what a change makes of it. */
#define _GNU_SOURCE
#include "nlfuzz.h"

#define FAULT	error_bit(EINVAL)

/* Of all netns: hashes of names that services had. */
static uint32_t names[4096];

static uint32_t name_slot(const char *name, uint32_t *value)
{
	uint32_t hash = 5381;

	while (*name)
		hash = hash * 33 + (uint8_t)*name++;
	*value = hash | 1;
	return hash % ARRAY_SIZE(names);
}

void name_use(const char *name)
{
	uint32_t value, slot = name_slot(name, &value);

	names[slot] = value;
}

/* Or one that looks like it. */
bool name_was_used(const char *name)
{
	uint32_t value, slot = name_slot(name, &value);

	return names[slot];
}

struct service *model_find(const struct model *m, const char *name)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		if (!strcmp(m->service[i]->name, name))
			return m->service[i];
	return NULL;
}

static bool is_bad_v4(const struct model *m, const uint8_t *a)
{
	static const uint8_t broadcast[] = { 10, 77, 0, 255 };

	return !memcmp(a, "\0\0\0", 4) || a[0] == 127 || (a[0] & 0xf0) == 224 ||
	       !memcmp(a, "\xff\xff\xff\xff", 4) ||
	       (m->has_broadcast && !memcmp(a, broadcast, 4));
}

static bool is_bad_v6(const uint8_t *a)
{
	static const uint8_t zero[16], mapped[12] = { [10] = 0xff, 0xff };

	return a[0] == 0xff || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) ||
	       (!memcmp(a, zero, 15) && a[15] <= 1) ||
	       !memcmp(a, mapped, sizeof(mapped));
}

/* No frontend or endpoint may be there. */
bool model_is_bad(const struct model *m, const struct place *at)
{
	if (!at->port)
		return true;
	if (!at->family)
		return false;
	return at->family == AF_INET ? is_bad_v4(m, at->addr) :
				       is_bad_v6(at->addr);
}

static errors make(struct model *m, struct service *wish, enum change *change)
{
	if (m->num >= m->config.number[SVCNAT_CONFIG_A_MAX_SERVICES])
		return error_bit(ENOSPC);
	if (m->num == MAX_SERVICES)
		die("there are more than %d services", MAX_SERVICES);
	m->service[m->num] = NULL;
	return service_edit(m, &m->service[m->num], wish, EDIT_ADD, EDIT_ADD,
			    change);
}

static void remove_at(struct model *m, unsigned int at)
{
	service_free(m->service[at]);
	m->num--;
	memmove(&m->service[at], &m->service[at + 1],
		(m->num - at) * sizeof(*m->service));
}

static errors change_existing(struct model *m, struct service **at,
			      struct service *wish, uint8_t command,
			      enum change *change)
{
	enum edit fronts = EDIT_NONE, ends = EDIT_NONE;

	switch (command) {
	case SVCNAT_CMD_FRONTEND_NEW:
		fronts = EDIT_ADD;
		break;
	case SVCNAT_CMD_FRONTEND_DEL:
		fronts = EDIT_DEL;
		break;
	case SVCNAT_CMD_ENDPOINT_NEW:
		ends = EDIT_ADD;
		break;
	case SVCNAT_CMD_ENDPOINT_SET:
		ends = EDIT_SET;
		break;
	case SVCNAT_CMD_ENDPOINT_DEL:
		ends = EDIT_DEL;
		break;
	case SVCNAT_CMD_SERVICE_SET:
		break;
	default:
		die("nobody knows what command %u does", command);
	}
	if ((fronts && !wish->num_fronts) || (ends && !wish->num_ends) ||
	    wish->proto ||
	    (wish->given && command != SVCNAT_CMD_SERVICE_SET))
		return FAULT;
	wish->proto = (*at)->proto;
	return service_edit(m, at, wish, fronts, ends, change);
}

/* Whole or not at all; sorts the lists of the wish. */
errors model_apply(struct model *m, uint8_t command, struct service *wish,
		   enum change *change)
{
	struct service *s = NULL;
	unsigned int at = 0;

	*change = CHANGE_NONE;
	if (command == SVCNAT_CMD_SERVICE_FLUSH) {
		*change = m->num ? CHANGE_MADE : CHANGE_SAME;
		while (m->num)
			remove_at(m, m->num - 1);
		return 0;
	}
	for (; at < m->num && !s; at++)
		if (!strcmp(m->service[at]->name, wish->name))
			s = m->service[at];
	at -= !!s;
	if (command == SVCNAT_CMD_SERVICE_NEW ||
	    command == SVCNAT_CMD_SERVICE_REPLACE) {
		if (!wish->proto)
			return FAULT;
		if (!s)
			return make(m, wish, change);
		if (command == SVCNAT_CMD_SERVICE_NEW)
			return error_bit(EEXIST);
		return service_edit(m, &m->service[at], wish, EDIT_REPLACE,
				    EDIT_REPLACE, change);
	}
	/* It may lack its list, too. */
	if (!s)
		return error_bit(ENOENT);
	if (command == SVCNAT_CMD_SERVICE_DEL) {
		if (wish->proto || wish->given)
			return FAULT;
		remove_at(m, at);
		*change = CHANGE_MADE;
		return 0;
	}
	return change_existing(m, &m->service[at], wish, command, change);
}

errors model_config(struct model *m, const struct config *wish,
		    enum change *change)
{
	static const struct {
		int		key;
		uint32_t	min, max;
	} limits[] = {
		{ SVCNAT_CONFIG_A_MAX_SERVICES, 0, SVCNAT_SERVICES_MAX },
		{ SVCNAT_CONFIG_A_MAX_ENDPOINTS, 0, SVCNAT_ENDPOINTS_MAX },
		{ SVCNAT_CONFIG_A_MAX_FLOWS, 0, 1 << 27 },
		{ SVCNAT_CONFIG_A_MAX_AFFINITY, 0, 1 << 27 },
		{ SVCNAT_CONFIG_A_TIMEOUT_UDP, 1, SVCNAT_TIMEOUT_MAX },
		{ SVCNAT_CONFIG_A_TIMEOUT_SCTP, 1, SVCNAT_TIMEOUT_MAX },
		{ SVCNAT_CONFIG_A_MASQUERADE_ALL, 0, 1 },
		{ SVCNAT_CONFIG_A_FASTPATH, 0, 1 },
	};
	struct config old = m->config;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (wish->given & 1 << limits[i].key &&
		    (wish->number[limits[i].key] < limits[i].min ||
		     wish->number[limits[i].key] > limits[i].max))
			return error_bit(ERANGE);
	for (i = 1; i <= SVCNAT_CONFIG_A_MAX; i++) {
		if (!(wish->given & 1 << i))
			continue;
		m->config.number[i] = wish->number[i];
		if (i >= SVCNAT_CONFIG_A_POD_CIDR &&
		    i < SVCNAT_CONFIG_A_POD_CIDR + ZONES)
			m->config.zone[i - SVCNAT_CONFIG_A_POD_CIDR] =
				wish->zone[i - SVCNAT_CONFIG_A_POD_CIDR];
	}
	*change = memcmp(&old, &m->config, sizeof(old)) ? CHANGE_MADE :
							  CHANGE_SAME;
	return 0;
}
