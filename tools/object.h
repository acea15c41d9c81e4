/* SPDX-License-Identifier: GPL-2.0 */
/* The objects of the module as C structures; knows neither words nor libnl. */
#ifndef _SVCCTL_OBJECT_H
#define _SVCCTL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/svcnat.h"

#define GIVEN(attr)	(UINT64_C(1) << (attr))

/**
 * struct head - what every object begins with
 * @given: which of the object's attributes are there, a bit for each; an
 *	address counts as its IPv4 attribute, whatever its family
 * @service: name of the service that it belongs to, or NULL
 * @generation: of that service
 */
struct head {
	uint64_t given;
	const char *service;
	uint32_t generation;
};

/**
 * struct addr - an address of either family
 * @family: AF_INET or AF_INET6
 * @byte: network byte order; the first four for AF_INET
 */
struct addr {
	uint16_t family;
	uint8_t byte[16];
};

/**
 * struct list - objects of one type, in an array that grows
 * @item: the array
 * @nr: how many there are
 * @room: how many there is room for
 * @size: of one
 */
struct list {
	char *item;
	size_t nr;
	size_t room;
	size_t size;
};

/**
 * struct range - addresses that begin alike
 * @head: of the object
 * @addr: the first one
 * @prefix: how many bits are alike
 */
struct range {
	struct head head;
	struct addr addr;
	uint8_t prefix;
};

struct counters {
	struct head head;
	uint64_t value[SVCNAT_COUNTER_A_MAX + 1];
};

struct service {
	struct head head;
	uint32_t affinity;
	uint8_t proto;
	uint8_t scheduler;
	uint8_t internal_policy;
	uint8_t external_policy;
	uint8_t on_removal;
	uint32_t nr_frontends;
	uint32_t nr_endpoints;
	struct counters counters;
};

struct frontend {
	struct head head;
	struct addr addr;
	uint16_t port;
	uint8_t kind;
	struct list allow;	/* of struct range */
	struct counters counters;
};

struct endpoint {
	struct head head;
	struct addr addr;
	uint16_t port;
	uint8_t state;
	uint8_t place;
	uint32_t weight;
	uint64_t active;
	uint8_t masquerade;
	struct counters counters;
};

struct affinity {
	struct head head;
	struct addr client;
	struct addr endpoint;
	uint16_t endpoint_port;
	uint32_t expires;
};

struct flow {
	struct head head;
	uint8_t proto;
	uint8_t state;
	uint32_t idle;
	struct addr client;
	struct addr vip;
	struct addr endpoint;
	struct addr snat;
	uint16_t client_port;
	uint16_t vip_port;
	uint16_t endpoint_port;
	uint16_t snat_port;
};

/* Indexed by attribute: each has one or the other. */
struct config {
	struct head head;
	uint32_t value[SVCNAT_CONFIG_A_MAX + 1];
	struct list ranges[SVCNAT_CONFIG_A_MAX + 1];
};

struct query {
	struct head head;
	uint8_t proto;
	struct addr src;
	struct addr dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint32_t iif;
};

struct answer {
	struct head head;
	uint8_t verdict;
	uint8_t policy;
	uint8_t affinity_hit;
	uint8_t masquerade;
	uint32_t reason;
};

struct stats {
	struct head head;
	uint64_t value[SVCNAT_STAT_MAX + 1];
};

/**
 * enum field_type - how an attribute is stored in its object
 * @FIELD_U8: uint8_t
 * @FIELD_U32: uint32_t
 * @FIELD_SECONDS: uint32_t
 * @FIELD_SWITCH: uint32_t, 0 or 1; a u8 in the message
 * @FIELD_U64: uint64_t
 * @FIELD_FLAG: nothing but to be given
 * @FIELD_PORT: uint16_t in host order, __be16 in the message
 * @FIELD_ADDR: struct addr; the attribute for IPv4, the next one for IPv6
 * @FIELD_STRING: const char *, into the message or into the words
 * @FIELD_COUNTERS: struct counters, a nest
 * @FIELD_RANGES: struct list of struct range, a nest of nests
 */
enum field_type {
	FIELD_U8,
	FIELD_U32,
	FIELD_SECONDS,
	FIELD_SWITCH,
	FIELD_U64,
	FIELD_FLAG,
	FIELD_PORT,
	FIELD_ADDR,
	FIELD_STRING,
	FIELD_COUNTERS,
	FIELD_RANGES,
};

/**
 * struct field - an attribute of an object
 * @attr: its number
 * @type: enum field_type
 * @offset: of the member
 * @word: what it is in the grammar, or NULL
 */
struct field {
	uint16_t attr;
	uint16_t type;
	uint16_t offset;
	const char *word;
};

/**
 * struct object_type - how an object is laid out, in memory and in a message
 * @word: what people call it
 * @size: of its structure
 * @max: its highest attribute
 * @fields: its attributes
 * @nr_fields: how many
 * @values: if it has no @fields: offset of an array of uint64_t, indexed by
 *	attribute from 2 up
 */
struct object_type {
	const char *word;
	size_t size;
	int max;
	const struct field *fields;
	size_t nr_fields;
	size_t values;
};

/* Indexed by enum svcnat_attr. */
extern const struct object_type object_types[SVCNAT_A_MAX + 1];
extern const struct object_type counters_type;
extern const struct object_type range_type;

static inline bool has(const void *object, int attr)
{
	return ((const struct head *)object)->given & GIVEN(attr);
}

static inline void *list_at(const struct list *list, size_t i)
{
	return list->item + i * list->size;
}

/* Says so, and ends the program. */
void out_of_memory(void) __attribute__((noreturn));

/* These do if there is no memory. */
char *string_copy(const char *string);
/* Append zeroed items. */
void *list_grow(struct list *list, size_t nr);
void *list_add(struct list *list);
void *list_copy(struct list *list, const void *item);
void list_free(struct list *list);
void list_sort(struct list *list, int (*compare)(const void *, const void *));
/* Of several that are equal, in a sorted list, the first one stays. */
void list_unique(struct list *list,
		 int (*compare)(const void *, const void *));

/*
 * The lists in an object belong to whoever has it: to give a copy of an object
 * its own, and to free them.
 */
void object_own_lists(const struct object_type *type, void *object);
void object_free_lists(const struct object_type *type, void *object);

int addr_compare(const struct addr *a, const struct addr *b);

/*
 * For list_sort(): by family, address and prefix; by service; service, family,
 * address and port; service and client.
 */
int range_compare(const void *a, const void *b);
int service_compare(const void *a, const void *b);
int frontend_compare(const void *a, const void *b);
int endpoint_compare(const void *a, const void *b);
int affinity_compare(const void *a, const void *b);

#endif /* _SVCCTL_OBJECT_H */
