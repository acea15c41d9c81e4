// SPDX-License-Identifier: GPL-2.0-only
#include <linux/random.h>
#include <linux/slab.h>

#include "frontend.h"
#include "tuple.h"

#define TABLE_ORDER	4
#define STRIPES_ORDER	4	/* for the readers: there is one writer */

static u32 hash_vip(const struct svcnat_frontends *frontends, u8 family,
		    const union nf_inet_addr *addr)
{
	if (family == AF_INET)
		return hsiphash_1u32((__force u32)addr->ip, &frontends->key);
	return hsiphash(addr, sizeof(*addr), &frontends->key);
}

static u32 hash_frontend(const struct svcnat_frontends *frontends, u8 family,
			 const union nf_inet_addr *addr, u8 proto, __be16 port)
{
	u32 rest = (__force u32)port << 16 | proto;
	u32 words[5];

	if (family != AF_INET6)
		return hsiphash_2u32((__force u32)addr->ip, rest,
				     &frontends->key);
	memcpy(words, addr, sizeof(*addr));
	words[4] = rest;
	return hsiphash(words, sizeof(words), &frontends->key);
}

static u32 hash_frontend_node(const struct svcnat_table *table,
			      const struct svcnat_node *node)
{
	const struct svcnat_frontend *f;

	f = container_of(node, struct svcnat_frontend, node);
	return hash_frontend(container_of(table, struct svcnat_frontends,
					  table),
			     f->family, &f->addr, f->proto, f->port);
}

static u32 hash_vip_node(const struct svcnat_table *table,
			 const struct svcnat_node *node)
{
	const struct svcnat_vip *vip;

	vip = container_of(node, struct svcnat_vip, node);
	return hash_vip(container_of(table, struct svcnat_frontends, vips),
			vip->family, &vip->addr);
}

static struct svcnat_frontend *
frontend_in(const struct svcnat_buckets *b, u32 hash, u8 family,
	    const union nf_inet_addr *addr, u8 proto, __be16 port)
{
	struct svcnat_node *node;
	struct svcnat_frontend *f;

	svcnat_for_each_node_rcu(f, node, &b->head[hash & b->mask], node)
		if (f->port == port && f->proto == proto &&
		    f->family == family &&
		    svcnat_addr_equal(family, &f->addr, addr))
			return f;
	return NULL;
}

/**
 * svcnat_frontend_lookup() - find a frontend
 * @frontends: where; started
 * @family: AF_INET or AF_INET6, or AF_UNSPEC for nodeports
 * @addr: destination address; zero for nodeports
 * @proto: protocol
 * @port: destination port
 *
 * Context: RCU read side.
 * Return: the frontend or NULL.
 */
struct svcnat_frontend *
svcnat_frontend_lookup(const struct svcnat_frontends *frontends, u8 family,
		       const union nf_inet_addr *addr, u8 proto, __be16 port)
{
	u32 hash = hash_frontend(frontends, family, addr, proto, port);

	return svcnat_table_search(&frontends->table, hash, b,
				   frontend_in(b, hash, family, addr, proto,
					       port));
}

/**
 * svcnat_nodeport_lookup() - find a nodeport
 * @frontends: where; started
 * @proto: protocol
 * @port: destination port
 *
 * Context: RCU read side.
 * Return: the frontend or NULL.
 */
struct svcnat_frontend *
svcnat_nodeport_lookup(const struct svcnat_frontends *frontends, u8 proto,
		       __be16 port)
{
	static const union nf_inet_addr none;

	if (!READ_ONCE(frontends->num_nodeports))
		return NULL;
	return svcnat_frontend_lookup(frontends, AF_UNSPEC, &none, proto, port);
}

static struct svcnat_vip *vip_in(const struct svcnat_buckets *b, u32 hash,
				 u8 family, const union nf_inet_addr *addr)
{
	struct svcnat_node *node;
	struct svcnat_vip *vip;

	svcnat_for_each_node_rcu(vip, node, &b->head[hash & b->mask], node)
		if (vip->family == family &&
		    svcnat_addr_equal(family, &vip->addr, addr))
			return vip;
	return NULL;
}

static struct svcnat_vip *find_vip(const struct svcnat_frontends *frontends,
				   u8 family, const union nf_inet_addr *addr)
{
	u32 hash = hash_vip(frontends, family, addr);

	return svcnat_table_search(&frontends->vips, hash, b,
				   vip_in(b, hash, family, addr));
}

/**
 * svcnat_vip_lookup() - has an address any frontend?
 * @frontends: where; started
 * @family: AF_INET or AF_INET6
 * @addr: the address
 *
 * Context: RCU read side.
 * Return: what is known of the address, or NULL.
 */
const struct svcnat_vip *
svcnat_vip_lookup(const struct svcnat_frontends *frontends, u8 family,
		  const union nf_inet_addr *addr)
{
	/* Sources are asked for as well, of which hardly any is one. */
	if (!(svcnat_filter_kinds(frontends->filter, family, addr) &
	      SVCNAT_FILTER_FRONTEND))
		return NULL;
	return find_vip(frontends, family, addr);
}

/**
 * svcnat_frontend_alloc() - make a frontend that nobody sees yet
 * @spec: what it is; loses its ranges to it
 * @proto: its protocol
 * @owner: its service
 * @net: the netns
 *
 * Takes all the memory that svcnat_frontend_link() may need.
 *
 * Context: process.
 * Return: the frontend, or NULL without memory.
 */
struct svcnat_frontend *
svcnat_frontend_alloc(struct svcnat_frontend_spec *spec, u8 proto,
		      struct svcnat_service *owner, const struct net *net)
{
	struct svcnat_frontend *f;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return NULL;
	f->spare = kzalloc(sizeof(*f->spare), GFP_KERNEL_ACCOUNT);
	if (!f->spare || svcnat_account_init(&f->account, net)) {
		kfree(f->spare);
		kfree(f);
		return NULL;
	}
	f->owner = owner;
	f->addr = spec->addr;
	f->port = spec->port;
	f->family = spec->family;
	f->kind = spec->kind;
	f->proto = proto;
	RCU_INIT_POINTER(f->allow, spec->allow);
	spec->allow = NULL;
	INIT_LIST_HEAD(&f->list);
	INIT_LIST_HEAD(&f->kin);
	return f;
}

/**
 * svcnat_frontend_free() - free a frontend
 * @frontend: not linked, without readers
 */
void svcnat_frontend_free(struct svcnat_frontend *frontend)
{
	svcnat_account_exit(&frontend->account);
	svcnat_ranges_free(rcu_dereference_protected(frontend->allow, true));
	kfree(frontend->spare);
	kfree(frontend);
}

static void link_node(struct svcnat_table *table, u32 hash,
		      struct svcnat_node *node)
{
	struct svcnat_locked locked;

	local_bh_disable();
	svcnat_table_lock(table, &hash, 1, &locked);
	svcnat_table_link(table, hash, node);
	svcnat_table_unlock(table, &locked);
	local_bh_enable();
}

static void unlink_node(struct svcnat_table *table, struct svcnat_node *node)
{
	u32 hash = table->hash(table, node);
	struct svcnat_locked locked;

	local_bh_disable();
	svcnat_table_lock(table, &hash, 1, &locked);
	svcnat_table_unlink(table, hash, node);
	svcnat_table_unlock(table, &locked);
	local_bh_enable();
}

static void count_cluster(struct svcnat_vip *vip, u8 kind, int n)
{
	if (kind == SVCNAT_KIND_CLUSTER)
		WRITE_ONCE(vip->cluster, vip->cluster + n);
}

static struct svcnat_vip *get_vip(struct svcnat_frontends *frontends,
				  struct svcnat_frontend *f)
{
	struct svcnat_vip *vip;

	rcu_read_lock();
	vip = find_vip(frontends, f->family, &f->addr);
	rcu_read_unlock();
	if (!vip) {
		swap(vip, f->spare);
		vip->family = f->family;
		vip->addr = f->addr;
		frontends->num_vips++;
		link_node(&frontends->vips,
			  hash_vip(frontends, f->family, &f->addr),
			  &vip->node);
		svcnat_table_grow(&frontends->vips, frontends->num_vips);
	}
	kfree(f->spare);
	f->spare = NULL;
	vip->users++;
	count_cluster(vip, f->kind, 1);
	return vip;
}

static void put_vip(struct svcnat_frontends *frontends,
		    const struct svcnat_frontend *f)
{
	struct svcnat_vip *vip = f->vip;

	count_cluster(vip, f->kind, -1);
	if (--vip->users)
		return;
	unlink_node(&frontends->vips, &vip->node);
	kfree_rcu(vip, rcu);
	frontends->num_vips--;
	svcnat_table_grow(&frontends->vips, frontends->num_vips);
}

static void count(struct svcnat_frontends *frontends,
		  const struct svcnat_frontend *f, int n)
{
	svcnat_frontend_count(frontends->num, f->family, n);
	if (f->family == AF_UNSPEC)
		WRITE_ONCE(frontends->num_nodeports,
			   frontends->num_nodeports + n);
	svcnat_table_grow(&frontends->table, svcnat_frontends_count(frontends));
}

static u32 filter_hash(const struct svcnat_frontend *f)
{
	return f->family == AF_UNSPEC ?
	       svcnat_filter_port(f->port) :
	       svcnat_filter_address(f->family, f->addr.ip6);
}

/**
 * svcnat_frontend_link() - let packets find a frontend
 * @frontends: where
 * @frontend: from svcnat_frontend_alloc(); no other has its address, protocol
 *	and port
 *
 * Cannot fail.
 *
 * Context: process, the writer lock.
 */
void svcnat_frontend_link(struct svcnat_frontends *frontends,
			  struct svcnat_frontend *frontend)
{
	rcu_read_lock();
	svcnat_filter_add(frontends->filter, filter_hash(frontend),
			  SVCNAT_FILTER_FRONTEND);
	rcu_read_unlock();
	if (frontend->family != AF_UNSPEC)
		frontend->vip = get_vip(frontends, frontend);
	link_node(&frontends->table,
		  hash_frontend(frontends, frontend->family, &frontend->addr,
				frontend->proto, frontend->port),
		  &frontend->node);
	count(frontends, frontend, 1);
}

/**
 * svcnat_frontend_unlink() - packets find a frontend no more
 * @frontends: where it is linked
 * @frontend: which; packets under way may still use it
 *
 * Context: process, the writer lock.
 */
void svcnat_frontend_unlink(struct svcnat_frontends *frontends,
			    struct svcnat_frontend *frontend)
{
	unlink_node(&frontends->table, &frontend->node);
	if (frontend->vip)
		put_vip(frontends, frontend);
	frontend->vip = NULL;
	count(frontends, frontend, -1);
}

/**
 * svcnat_frontend_change() - let a frontend be what somebody asks for
 * @frontend: linked
 * @spec: its new kind and ranges, which it takes over; its own address and port
 *
 * Context: process, the writer lock.
 */
void svcnat_frontend_change(struct svcnat_frontend *frontend,
			    struct svcnat_frontend_spec *spec)
{
	spec->allow = rcu_replace_pointer(frontend->allow, spec->allow, true);
	svcnat_ranges_free(spec->allow);
	spec->allow = NULL;
	if (frontend->vip) {
		count_cluster(frontend->vip, spec->kind, 1);
		count_cluster(frontend->vip, frontend->kind, -1);
	}
	WRITE_ONCE(frontend->kind, spec->kind);
}

/**
 * svcnat_frontends_start() - make the tables, if there are none
 * @frontends: zeroed memory, or started
 *
 * Context: process, the writer lock.
 * Return: 0 or -ENOMEM.
 */
int svcnat_frontends_start(struct svcnat_frontends *frontends)
{
	int err;

	if (frontends->vips.stripes)
		return 0;
	get_random_bytes(&frontends->key, sizeof(frontends->key));
	err = svcnat_filter_start(frontends->filter);
	if (err)
		return err;
	err = svcnat_table_init(&frontends->table, TABLE_ORDER, STRIPES_ORDER,
				hash_frontend_node);
	if (err)
		return err;
	err = svcnat_table_init(&frontends->vips, TABLE_ORDER, STRIPES_ORDER,
				hash_vip_node);
	if (err)
		svcnat_table_exit(&frontends->table);
	return err;
}

/**
 * svcnat_frontends_exit() - free the tables
 * @frontends: all were unlinked; without readers; may never have been started
 */
void svcnat_frontends_exit(struct svcnat_frontends *frontends)
{
	svcnat_table_exit(&frontends->vips);
	svcnat_table_exit(&frontends->table);
}
