// SPDX-License-Identifier: GPL-2.0-only
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "service.h"

#define NAMES_ORDER	4

static u32 hash_name(const struct svcnat_services *services, const char *name)
{
	return hsiphash(name, strlen(name), &services->key);
}

static u32 hash_node(const struct svcnat_table *table,
		     const struct svcnat_node *node)
{
	return hash_name(container_of(table, struct svcnat_services, names),
			 container_of(node, struct svcnat_service, node)->name);
}

static struct svcnat_service *name_in(const struct svcnat_buckets *b, u32 hash,
				      const char *name)
{
	struct svcnat_node *node;
	struct svcnat_service *s;

	svcnat_for_each_node_rcu(s, node, &b->head[hash & b->mask], node)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/**
 * svcnat_service_find() - find a service by name
 * @services: of the netns
 * @name: its name
 *
 * Context: process, the writer lock.
 * Return: the service or NULL.
 */
struct svcnat_service *svcnat_service_find(struct svcnat_services *services,
					   const char *name)
{
	u32 hash = hash_name(services, name);
	struct svcnat_service *service;

	lockdep_assert_held(&services->lock);
	if (!services->names.stripes)
		return NULL;
	rcu_read_lock();
	service = svcnat_table_search(&services->names, hash, b,
				      name_in(b, hash, name));
	rcu_read_unlock();
	return service;
}

/**
 * svcnat_service_by_id() - find a service by id
 * @services: of the netns
 * @id: its id
 *
 * Context: RCU read side or the writer lock.
 * Return: the service or NULL.
 */
struct svcnat_service *svcnat_service_by_id(struct svcnat_services *services,
					    u32 id)
{
	return xa_load(&services->ids, id);
}

/**
 * svcnat_service_timeout() - affinity timeout of a service
 * @id: its id
 * @stored: the timeout to use while it has affinity off
 * @services: struct svcnat_services
 *
 * A svcnat_affinity_timeout.
 *
 * Return: seconds; 0 if there is no such service.
 */
u32 svcnat_service_timeout(u32 id, u32 stored, void *services)
{
	struct svcnat_service *service = svcnat_service_by_id(services, id);

	if (!service)
		return 0;
	return READ_ONCE(service->options.affinity) ?: stored;
}

/**
 * svcnat_service_put() - give a reference back
 * @service: to this
 *
 * Context: process, the writer lock.
 */
void svcnat_service_put(struct svcnat_service *service)
{
	if (!--service->refs)
		kfree_rcu(service, rcu);
}

static void count(struct svcnat_services *services, enum svcnat_stat what)
{
	local_bh_disable();
	svcnat_stat_inc(services->stats, what);
	local_bh_enable();
}

/**
 * svcnat_service_alloc() - make a service that nobody can name yet
 * @services: of the netns
 * @name: its name
 *
 * Context: process, the writer lock.
 * Return: the service, with one reference for svcnat_service_unlink(); or NULL
 * without memory.
 */
struct svcnat_service *svcnat_service_alloc(struct svcnat_services *services,
					    const char *name)
{
	struct svcnat_service *service;

	lockdep_assert_held(&services->lock);
	service = kzalloc(sizeof(*service), GFP_KERNEL_ACCOUNT);
	if (!service)
		return NULL;
	strscpy(service->name, name, sizeof(service->name));
	INIT_LIST_HEAD(&service->frontends);
	INIT_LIST_HEAD(&service->draining);
	service->refs = 1;
	if (xa_alloc_cyclic(&services->ids, &service->id, service,
			    XA_LIMIT(1, U32_MAX - 1), &services->next_id,
			    GFP_KERNEL_ACCOUNT) >= 0)
		return service;
	kfree(service);
	return NULL;
}

/**
 * svcnat_service_forget() - undo svcnat_service_alloc()
 * @services: of the netns
 * @service: was never linked
 *
 * Context: process, the writer lock.
 */
void svcnat_service_forget(struct svcnat_services *services,
			   struct svcnat_service *service)
{
	xa_erase(&services->ids, service->id);
	svcnat_service_put(service);
}

/**
 * svcnat_service_link() - give a service its name
 * @services: of the netns
 * @service: from svcnat_service_alloc(); nobody has its name
 *
 * Context: process, the writer lock.
 */
void svcnat_service_link(struct svcnat_services *services,
			 struct svcnat_service *service)
{
	u32 hash = hash_name(services, service->name);
	struct svcnat_locked locked;

	local_bh_disable();
	svcnat_table_lock(&services->names, &hash, 1, &locked);
	svcnat_table_link(&services->names, hash, &service->node);
	svcnat_table_unlock(&services->names, &locked);
	local_bh_enable();
	count(services, SVCNAT_STAT_SERVICE_NEW);
	services->num++;
	svcnat_table_grow(&services->names, services->num);
}

/**
 * svcnat_service_unlink() - take a service out of all tables
 * @services: of the netns
 * @service: linked; has no frontends and endpoints any more; may be freed
 *
 * Context: process, the writer lock.
 */
void svcnat_service_unlink(struct svcnat_services *services,
			   struct svcnat_service *service)
{
	u32 hash = hash_name(services, service->name);
	struct svcnat_locked locked;

	local_bh_disable();
	svcnat_table_lock(&services->names, &hash, 1, &locked);
	svcnat_table_unlink(&services->names, hash, &service->node);
	svcnat_table_unlock(&services->names, &locked);
	local_bh_enable();
	count(services, SVCNAT_STAT_SERVICE_DELETED);
	services->num--;
	svcnat_table_grow(&services->names, services->num);
	svcnat_service_forget(services, service);
}

/**
 * svcnat_service_sums() - counters of a service
 * @services: of the netns
 * @service: which
 * @sums: written
 *
 * Context: process, the writer lock.
 */
void svcnat_service_sums(struct svcnat_services *services,
			 struct svcnat_service *service,
			 struct svcnat_sums *sums)
{
	struct svcnat_frontend *f;

	lockdep_assert_held(&services->lock);
	*sums = service->retired;
	list_for_each_entry(f, &service->frontends, list)
		svcnat_account_sum(&f->account, sums);
	list_for_each_entry(f, &service->draining, kin)
		svcnat_account_sum(&f->account, sums);
}

/**
 * svcnat_services_init() - no services yet
 * @services: zeroed memory
 * @net: the netns
 * @filter: of the netns
 * @stats: its counters
 */
void svcnat_services_init(struct svcnat_services *services, struct net *net,
			  struct svcnat_filter *filter,
			  struct svcnat_stats __percpu *stats)
{
	mutex_init(&services->lock);
	services->net = net;
	services->stats = stats;
	services->frontends.filter = filter;
	services->generation = 1;
	services->max = SVCNAT_SERVICES_MAX;
	services->max_endpoints = SVCNAT_ENDPOINTS_MAX;
	xa_init_flags(&services->ids, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&services->draining);
	INIT_LIST_HEAD(&services->draining_frontends);
	RCU_INIT_POINTER(services->zone[SVCNAT_ZONE_NODEPORTS],
			 &svcnat_ranges_all);
	svcnat_affinity_init(&services->affinity, stats);
}

/**
 * svcnat_services_start() - make the tables, if there are none
 * @services: of the netns
 *
 * Context: process, the writer lock.
 * Return: 0 or -ENOMEM.
 */
int svcnat_services_start(struct svcnat_services *services)
{
	int err;

	err = svcnat_frontends_start(&services->frontends);
	if (err || services->names.stripes)
		return err;
	get_random_bytes(&services->key, sizeof(services->key));
	return svcnat_table_init(&services->names, NAMES_ORDER, 0, hash_node);
}

/**
 * svcnat_services_exit() - free the tables
 * @services: all were removed (svcnat_services_clear()); without readers
 *
 * Context: process.
 */
void svcnat_services_exit(struct svcnat_services *services)
{
	enum svcnat_zone zone;

	for (zone = 0; zone < SVCNAT_ZONES; zone++)
		svcnat_ranges_free(rcu_dereference_protected(services->zone[zone],
							     true));
	svcnat_affinity_exit(&services->affinity);
	svcnat_frontends_exit(&services->frontends);
	svcnat_table_exit(&services->names);
	xa_destroy(&services->ids);
}
