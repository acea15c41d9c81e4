// SPDX-License-Identifier: GPL-2.0
/* Part of ruleset_nft.c: the conditions of a rule. */
#include "ruleset_nft.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

struct json_object *nft_get(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static bool is_word(struct json_object *value)
{
	return json_object_is_type(value, json_type_string);
}

const char *nft_string(struct json_object *object, const char *key)
{
	struct json_object *value = nft_get(object, key);

	return is_word(value) ? json_object_get_string(value) : "";
}

bool nft_is_list(struct json_object *value)
{
	return json_object_is_type(value, json_type_array);
}

size_t nft_length(struct json_object *list)
{
	return nft_is_list(list) ? json_object_array_length(list) : 0;
}

struct json_object *nft_item(struct json_object *list, size_t i)
{
	return i < nft_length(list) ? json_object_array_get_idx(list, i)
				     : NULL;
}

/* Whether it is a number, of a port or the like. */
static bool get_port(struct json_object *value, uint32_t *port)
{
	int64_t number = json_object_get_int64(value);

	*port = (uint32_t)number;
	return json_object_is_type(value, json_type_int) && number >= 0 &&
	       number <= UINT16_MAX;
}

/* Values: a word or number, a range, a prefix, or sets of those. */

static bool parse_addr(const char *text, struct addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(addr->family, text, addr->byte) == 1;
}

/* All addresses that begin as @value->low does. */
static void fill_prefix(struct rule_value *value, unsigned int bits)
{
	unsigned int bit, all = value->low.family == AF_INET ? 32 : 128;
	uint8_t mask;

	value->high = value->low;
	for (bit = bits; bit < all; bit++) {
		mask = (uint8_t)(0x80 >> bit % 8);
		value->low.byte[bit / 8] &= (uint8_t)~mask;
		value->high.byte[bit / 8] |= mask;
	}
}

static bool add_addrs(struct ruleset *set, const char *low, const char *high)
{
	struct rule_value value = { .min = 0 };

	if (!parse_addr(low, &value.low) || !parse_addr(high, &value.high))
		return false;
	*ruleset_add_value(set) = value;
	return true;
}

static bool add_prefix(struct ruleset *set, struct json_object *prefix)
{
	struct rule_value value = { .min = 0 };
	uint32_t bits;

	if (!parse_addr(nft_string(prefix, "addr"), &value.low) ||
	    !get_port(nft_get(prefix, "len"), &bits))
		return false;
	fill_prefix(&value, bits);
	*ruleset_add_value(set) = value;
	return true;
}

static bool add_word(struct ruleset *set, enum rule_field field,
		     const char *word)
{
	uint32_t number;

	switch (field) {
	case RULE_DADDR:
		return add_addrs(set, word, word);
	case RULE_IIF:
	case RULE_OIF:
		snprintf(ruleset_add_value(set)->name, 16, "%s", word);
		return true;
	case RULE_PROTO:
		number = ruleset_proto(word);
		break;
	case RULE_FAMILY:
		number = strcmp(word, "ipv4") ? AF_INET6 : AF_INET;
		break;
	case RULE_CT_STATE:
		number = ruleset_ct_state(word);
		break;
	case RULE_CT_STATUS:
		number = 0;
		break;
	default:
		return false;
	}
	ruleset_add_number(set, number, number);
	return true;
}

static bool add_number(struct ruleset *set, enum rule_field field,
		       struct json_object *low, struct json_object *high)
{
	uint32_t min, max;

	if ((field != RULE_DPORT && field != RULE_PROTO) ||
	    !get_port(low, &min) || !get_port(high, &max))
		return false;
	ruleset_add_number(set, min, max);
	return true;
}

static bool add_range(struct ruleset *set, enum rule_field field,
		      struct json_object *range)
{
	struct json_object *low = nft_item(range, 0);
	struct json_object *high = nft_item(range, 1);

	if (field == RULE_DADDR && is_word(low) && is_word(high))
		return add_addrs(set, json_object_get_string(low),
				 json_object_get_string(high));
	return add_number(set, field, low, high);
}

static bool add_values(struct ruleset *set, enum rule_field field,
		       struct json_object *right);

static bool add_all(struct ruleset *set, enum rule_field field,
		    struct json_object *list)
{
	size_t i;

	for (i = 0; i < nft_length(list); i++)
		if (!add_values(set, field, nft_item(list, i)))
			return false;
	return true;
}

/* False for what is not known here: named sets, for one. */
static bool add_values(struct ruleset *set, enum rule_field field,
		       struct json_object *right)
{
	struct json_object *inner;

	if (nft_is_list(right))
		return add_all(set, field, right);
	if (json_object_is_type(right, json_type_int))
		return add_number(set, field, right, right);
	if (is_word(right))
		return add_word(set, field, json_object_get_string(right));
	inner = nft_get(right, "set");
	if (nft_is_list(inner))
		return add_all(set, field, inner);
	inner = nft_get(right, "range");
	if (inner)
		return add_range(set, field, inner);
	inner = nft_get(right, "prefix");
	if (inner && field == RULE_DADDR)
		return add_prefix(set, inner);
	inner = nft_get(nft_get(right, "elem"), "val");
	return inner && add_values(set, field, inner);
}

/* What a condition looks at; for headers there is one that they are there. */

static void require(struct ruleset *set, enum rule_field field,
		    uint32_t number)
{
	ruleset_add_match(set, field, false);
	ruleset_add_number(set, number, number);
}

static enum rule_field meta_field(const char *key)
{
	static const struct {
		const char *key;
		enum rule_field field;
	} fields[] = {
		{ "l4proto", RULE_PROTO }, { "nfproto", RULE_FAMILY },
		{ "iif", RULE_IIF }, { "iifname", RULE_IIF },
		{ "oif", RULE_OIF }, { "oifname", RULE_OIF },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].key, key))
			return fields[i].field;
	return RULE_UNKNOWN;
}

static enum rule_field payload_field(struct ruleset *set,
				     struct json_object *payload)
{
	const char *protocol = nft_string(payload, "protocol");
	const char *field = nft_string(payload, "field");
	bool ipv6 = !strcmp(protocol, "ip6");

	if (ipv6 || !strcmp(protocol, "ip")) {
		require(set, RULE_FAMILY, ipv6 ? AF_INET6 : AF_INET);
		if (!strcmp(field, "daddr"))
			return RULE_DADDR;
		return strcmp(field, ipv6 ? "nexthdr" : "protocol") ?
		       RULE_UNKNOWN : RULE_PROTO;
	}
	if (!*protocol)
		return RULE_UNKNOWN;
	if (strcmp(protocol, "th"))
		require(set, RULE_PROTO, ruleset_proto(protocol));
	return strcmp(field, "dport") ? RULE_UNKNOWN : RULE_DPORT;
}

static enum rule_field ct_field(struct json_object *ct)
{
	const char *key = nft_string(ct, "key");

	if (!strcmp(key, "state"))
		return RULE_CT_STATE;
	return strcmp(key, "status") ? RULE_UNKNOWN : RULE_CT_STATUS;
}

static enum rule_field field_of(struct ruleset *set, struct json_object *left)
{
	struct json_object *inner = nft_get(left, "meta");

	if (inner)
		return meta_field(nft_string(inner, "key"));
	inner = nft_get(left, "payload");
	if (inner)
		return payload_field(set, inner);
	inner = nft_get(left, "ct");
	return inner ? ct_field(inner) : RULE_UNKNOWN;
}

void nft_condition(struct ruleset *set, struct json_object *left,
		   struct json_object *right, const char *op)
{
	bool negated = !strcmp(op, "!=");
	enum rule_field field = field_of(set, left);

	ruleset_add_match(set, field, negated);
	if (!negated && strcmp(op, "==") && strcmp(op, "in"))
		ruleset_forget_match(set);
	else if (field != RULE_UNKNOWN && !add_values(set, field, right))
		ruleset_forget_match(set);
}
