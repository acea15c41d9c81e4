// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bsearch.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "endpoints.h"
#include "maglev.h"

/**
 * svcnat_entry_compare() - the order of entries in an array
 * @a: struct svcnat_entry
 * @b: struct svcnat_entry
 *
 * Return: below, at or above 0 as for memcmp(); 0 means the same endpoint.
 */
int svcnat_entry_compare(const void *a, const void *b)
{
	const struct svcnat_entry *x = a, *y = b;
	int diff;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	diff = memcmp(&x->addr, &y->addr, sizeof(x->addr));
	if (diff)
		return diff;
	return (int)ntohs(x->port) - (int)ntohs(y->port);
}

static bool may_be_in(const struct svcnat_entry *e, enum svcnat_list list,
		      u8 state)
{
	if (e->state != state || !e->weight)
		return false;
	if (list == SVCNAT_LIST_CLUSTER)
		return e->place != SVCNAT_PLACE_LOCAL_ONLY;
	return e->place != SVCNAT_PLACE_REMOTE;
}

/* Append to the slots all entries of @family in @state; gives how many. */
static u32 list_state(struct svcnat_endpoints *eps, u8 family,
		      enum svcnat_list list, u8 state)
{
	struct svcnat_eligible *l = &eps->list[svcnat_family_index(family)][list];
	struct svcnat_slot *slot = eps->slots + l->first;
	u32 i;

	for (i = 0; i < eps->num; i++) {
		struct svcnat_entry *e = &eps->entry[i];

		if (e->family != family || !may_be_in(e, list, state))
			continue;
		e->lists |= BIT(list);
		l->even &= !l->num || l->total == l->num * e->weight;
		l->total += e->weight;
		slot[l->num].upto = l->total;
		slot[l->num].entry = i;
		l->num++;
	}
	return l->num;
}

static void list_all(struct svcnat_endpoints *eps)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	u32 f, list, first = 0;

	for (f = 0; f < SVCNAT_FAMILIES; f++) {
		for (list = 0; list < SVCNAT_LISTS; list++) {
			struct svcnat_eligible *l = &eps->list[f][list];

			l->first = first;
			l->even = true;
			if (!list_state(eps, families[f], list,
					SVCNAT_STATE_READY))
				list_state(eps, families[f], list,
					   SVCNAT_STATE_TERMINATING);
			first += l->num;
		}
	}
}

static int compare_ids(const void *a, const void *b, const void *priv)
{
	const struct svcnat_endpoints *eps = priv;
	u32 x = eps->entry[*(const u32 *)a].endpoint->id;
	u32 y = eps->entry[*(const u32 *)b].endpoint->id;

	return x < y ? -1 : x > y;
}

/**
 * svcnat_endpoints_build() - make an array
 * @entry: the entries, in any order, no two of them the same endpoint
 * @num: how many, up to SVCNAT_ENDPOINTS_MAX
 *
 * Context: process.
 * Return: the array, or NULL without memory.
 */
struct svcnat_endpoints *
svcnat_endpoints_build(const struct svcnat_entry *entry, u32 num)
{
	struct svcnat_endpoints *eps;
	size_t slots_at, ids_at;
	u32 i;

	slots_at = ALIGN(struct_size(eps, entry, num),
			 __alignof__(struct svcnat_slot));
	/* An entry has one family, hence at most SVCNAT_LISTS slots. */
	ids_at = slots_at + sizeof(struct svcnat_slot) * SVCNAT_LISTS * num;
	eps = kvzalloc(ids_at + sizeof(u32) * num, GFP_KERNEL_ACCOUNT);
	if (!eps)
		return NULL;
	eps->num = num;
	eps->slots = (void *)eps + slots_at;
	eps->by_id = (void *)eps + ids_at;
	for (i = 0; i < num; i++) {
		eps->entry[i] = entry[i];
		eps->entry[i].lists = 0;
		eps->by_id[i] = i;
	}
	sort(eps->entry, num, sizeof(eps->entry[0]), svcnat_entry_compare,
	     NULL);
	sort_r(eps->by_id, num, sizeof(eps->by_id[0]), compare_ids, NULL, eps);
	list_all(eps);
	return eps;
}

/**
 * svcnat_endpoints_free() - free an array after a grace period
 * @endpoints: the array, or NULL; the endpoints themselves are left alone
 */
void svcnat_endpoints_free(struct svcnat_endpoints *endpoints)
{
	u32 f, list;

	if (!endpoints)
		return;
	for (f = 0; f < SVCNAT_FAMILIES; f++)
		for (list = 0; list < SVCNAT_LISTS; list++)
			svcnat_maglev_free(endpoints->list[f][list].maglev);
	kvfree_rcu(endpoints, rcu);
}

/**
 * svcnat_endpoints_find() - find an entry by what it is
 * @endpoints: the array, or NULL
 * @family: AF_INET or AF_INET6
 * @addr: address, unused bytes zero
 * @port: port
 *
 * Return: the entry or NULL.
 */
const struct svcnat_entry *
svcnat_endpoints_find(const struct svcnat_endpoints *endpoints, u8 family,
		      const union nf_inet_addr *addr, __be16 port)
{
	struct svcnat_entry key = {
		.family = family, .addr = *addr, .port = port,
	};

	if (!endpoints)
		return NULL;
	return bsearch(&key, endpoints->entry, endpoints->num, sizeof(key),
		       svcnat_entry_compare);
}

/**
 * svcnat_endpoints_find_id() - find an entry by its endpoint's id
 * @endpoints: the array, or NULL
 * @id: the id
 *
 * Return: the entry or NULL.
 */
const struct svcnat_entry *
svcnat_endpoints_find_id(const struct svcnat_endpoints *endpoints, u32 id)
{
	u32 low = 0, high = endpoints ? endpoints->num : 0;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		const struct svcnat_entry *e;

		e = &endpoints->entry[endpoints->by_id[mid]];
		if (e->endpoint->id == id)
			return e;
		if (e->endpoint->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/**
 * svcnat_endpoints_weighed() - the slot that a unit of weight belongs to
 * @endpoints: the array
 * @list: one of its lists; not empty
 * @position: which unit, below svcnat_eligible.total
 *
 * Return: the slot.
 */
u32 svcnat_endpoints_weighed(const struct svcnat_endpoints *endpoints,
			     const struct svcnat_eligible *list, u32 position)
{
	const struct svcnat_slot *slot = endpoints->slots + list->first;
	u32 low = 0, high = list->num - 1;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (position < slot[mid].upto)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/**
 * svcnat_endpoints_pick() - draw from a list
 * @endpoints: the array
 * @family: whose list
 * @list: which; not empty
 * @random: 32 random bits
 *
 * In proportion to the weights.
 *
 * Return: a slot for svcnat_endpoints_at().
 */
u32 svcnat_endpoints_pick(const struct svcnat_endpoints *endpoints, u8 family,
			  enum svcnat_list list, u32 random)
{
	const struct svcnat_eligible *l;

	l = &endpoints->list[svcnat_family_index(family)][list];
	if (l->even)
		return reciprocal_scale(random, l->num);
	return svcnat_endpoints_weighed(endpoints, l,
					reciprocal_scale(random, l->total));
}

/**
 * svcnat_endpoints_at() - the entry in a slot
 * @endpoints: the array
 * @family: whose list
 * @list: which; not empty
 * @slot: counted round and round
 *
 * Return: the entry.
 */
const struct svcnat_entry *
svcnat_endpoints_at(const struct svcnat_endpoints *endpoints, u8 family,
		    enum svcnat_list list, u32 slot)
{
	const struct svcnat_eligible *l;

	l = &endpoints->list[svcnat_family_index(family)][list];
	return &endpoints->entry[endpoints->slots[l->first +
						  slot % l->num].entry];
}

/**
 * svcnat_endpoints_count() - how long is a list?
 * @endpoints: the array, or NULL
 * @family: whose list
 * @list: which
 *
 * Return: the number of endpoints that can be drawn.
 */
u32 svcnat_endpoints_count(const struct svcnat_endpoints *endpoints, u8 family,
			   enum svcnat_list list)
{
	return endpoints ? endpoints->list[svcnat_family_index(family)][list].num : 0;
}
