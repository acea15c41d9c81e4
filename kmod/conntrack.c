// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "conntrack.h"
#include "tuple.h"

/* Each needs the one before it; once found, nf_conntrack stays until we go. */
static typeof(nf_conntrack_count) *count __read_mostly;
static typeof(nf_conntrack_find_get) *find_get __read_mostly;
static typeof(nf_ct_helper_ext_add) *add_help __read_mostly;

static void find(void)
{
	static DEFINE_MUTEX(lock);

	mutex_lock(&lock);
	if (!count)
		count = symbol_get(nf_conntrack_count);
	if (count && !find_get) {
		/* pairs with find_other() */
		smp_store_release(&find_get,
				  symbol_get(nf_conntrack_find_get));
	}
	if (find_get && !add_help)
		WRITE_ONCE(add_help, symbol_get(nf_ct_helper_ext_add));
	mutex_unlock(&lock);
}

/* Before its first packet: what is not marked from the start is not ours. */
static int module_event(struct notifier_block *nb, unsigned long event,
			void *module)
{
	if (event == MODULE_STATE_LIVE)
		find();
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = module_event,
};

/**
 * svcnat_conntrack_init() - look for nf_conntrack, now and when it comes
 *
 * Context: process.
 * Return: 0 or an errno.
 */
int svcnat_conntrack_init(void)
{
	int err;

	err = register_module_notifier(&notifier);
	if (!err)
		find();
	return err;
}

/**
 * svcnat_conntrack_exit() - need nf_conntrack no more
 *
 * Context: process, no packet is with us any more.
 */
void svcnat_conntrack_exit(void)
{
	unregister_module_notifier(&notifier);
	if (count)
		symbol_put(nf_conntrack_count);
	if (find_get)
		symbol_put(nf_conntrack_find_get);
	if (add_help)
		symbol_put(nf_ct_helper_ext_add);
}

/*
 * See svcnat_conntrack_claim().  No protocol but UDP has clashes of its own.
 * Who assigned a helper to UDP would find such a tuple taken as ours, which is
 * to say: not shifted.
 */
static bool is_ours(const struct nf_conn *ct)
{
	return nf_ct_protonum(ct) == IPPROTO_UDP ?
	       test_bit(IPS_HELPER_BIT, &ct->status) :
	       test_bit(IPS_NAT_CLASH_BIT, &ct->status);
}

/*
 * The entry, with a reference, and in which of its directions @tuple is; NULL
 * if there is none, or if it is one of ours.  Of the default zone; without
 * conntrack nobody can know.
 */
static struct nf_conn *find_other(struct net *net,
				  const struct svcnat_tuple *tuple,
				  enum ip_conntrack_dir *direction)
{
	static const struct nf_conntrack_zone zone = {
		.id = NF_CT_DEFAULT_ZONE_ID, .dir = NF_CT_DEFAULT_ZONE_DIR,
	};
	/* pairs with find() */
	typeof(find_get) get = smp_load_acquire(&find_get);
	struct nf_conntrack_tuple_hash *found;
	struct nf_conntrack_tuple t = {
		.src.u3 = tuple->src, .src.u.all = tuple->sport,
		.src.l3num = tuple->family,
		.dst.u3 = tuple->dst, .dst.u.all = tuple->dport,
		.dst.protonum = tuple->proto,
	};
	struct nf_conn *ct;

	/* Where it has nothing to do it is not asked: its table is large. */
	found = get && count(net) ? get(net, &zone, &t) : NULL;
	if (!found)
		return NULL;
	ct = nf_ct_tuplehash_to_ctrack(found);
	if (is_ours(ct)) {
		nf_conntrack_put(&ct->ct_general);
		return NULL;
	}
	*direction = NF_CT_DIRECTION(found);
	return ct;
}

/**
 * svcnat_conntrack_taken() - does conntrack know a connection that is not ours?
 * @net: the netns
 * @tuple: of a packet of it, in either direction
 *
 * Context: RCU read side.
 * Return: true if so.
 */
bool svcnat_conntrack_taken(struct net *net, const struct svcnat_tuple *tuple)
{
	enum ip_conntrack_dir direction;
	struct nf_conn *ct = find_other(net, tuple, &direction);

	if (!ct)
		return false;
	nf_conntrack_put(&ct->ct_general);
	return true;
}

/* Has it two ends?  A TCP client that was refused has none, but a reply. */
static bool is_live(const struct nf_conn *ct, u8 proto)
{
	return test_bit(IPS_SEEN_REPLY_BIT, &ct->status) &&
	       (proto != IPPROTO_TCP ||
		READ_ONCE(ct->proto.tcp.state) != TCP_CONNTRACK_CLOSE);
}

/**
 * svcnat_conntrack_live() - is there somebody else behind this connection?
 * @net: the netns
 * @tuple: of a packet to one of the node's addresses
 *
 * Who asks where nobody answers leaves an entry, too, and each datagram more
 * makes it last: it must not keep him from who is going to serve there.
 *
 * Context: RCU read side.
 * Return: true if conntrack knows one that is not ours, in which this would be
 * an answer, or had answers.
 */
bool svcnat_conntrack_live(struct net *net, const struct svcnat_tuple *tuple)
{
	enum ip_conntrack_dir direction;
	struct nf_conn *ct = find_other(net, tuple, &direction);
	bool live;

	if (!ct)
		return false;
	live = direction == IP_CT_DIR_REPLY || is_live(ct, tuple->proto);
	nf_conntrack_put(&ct->ct_general);
	return live;
}

/* By rules of NAT, or by IPVS, which does not say so in the status. */
static bool is_redirected(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *asked, *answers;

	asked = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	answers = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	return !nf_inet_addr_cmp(&asked->dst.u3, &answers->src.u3) ||
	       asked->dst.u.all != answers->src.u.all;
}

/**
 * svcnat_conntrack_rewrites() - does another NAT have this connection?
 * @net: the netns
 * @tuple: of a packet that goes on with a connection, to a frontend
 *
 * It was made before the frontend was: by rules of kube-proxy, say, from which
 * a node is changed over.
 *
 * Context: RCU read side.
 * Return: true if conntrack gives it another destination, and that has answered.
 */
bool svcnat_conntrack_rewrites(struct net *net,
			       const struct svcnat_tuple *tuple)
{
	enum ip_conntrack_dir direction;
	struct nf_conn *ct = find_other(net, tuple, &direction);
	bool rewrites;

	if (!ct)
		return false;
	rewrites = direction == IP_CT_DIR_ORIGINAL && is_redirected(ct) &&
		   is_live(ct, tuple->proto);
	nf_conntrack_put(&ct->ct_general);
	return rewrites;
}

/**
 * svcnat_conntrack_first() - is this the first packet of its connection?
 * @skb: behind conntrack
 * @seen: written if so: the packet as conntrack saw it, whoever rewrote it since
 *
 * Return: true if conntrack has an entry for it that it did not confirm yet.
 */
bool svcnat_conntrack_first(const struct sk_buff *skb,
			    struct svcnat_tuple *seen)
{
	const struct nf_conntrack_tuple *t;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!svcnat_conntrack_is_new(skb))
		return false;
	t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	*seen = (struct svcnat_tuple) {
		.src = t->src.u3, .sport = t->src.u.all,
		.dst = t->dst.u3, .dport = t->dst.u.all,
		.family = t->src.l3num, .proto = t->dst.protonum,
	};
	return true;
}

/**
 * svcnat_conntrack_claim() - mark the entry of a connection as ours
 * @skb: its first packet: svcnat_conntrack_first()
 *
 * As one that an nftables flowtable leaves alone: it knows nothing of our
 * rewrites, and would carry packets past them (nft_flow_offload_eval()).  Those
 * are entries that clash, a bit for which conntrack asks UDP only, and entries
 * with a place for a helper.  The bit would keep UDP from ever being assured;
 * the place, with no helper in it, takes 128 bytes, and a line of the cache
 * from each packet.
 */
void svcnat_conntrack_claim(struct sk_buff *skb)
{
	typeof(add_help) add = READ_ONCE(add_help);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct)
		return;
	/* Nobody else knows it yet. */
	if (nf_ct_protonum(ct) != IPPROTO_UDP)
		__set_bit(IPS_NAT_CLASH_BIT, &ct->status);
	else if (add && add(ct, GFP_ATOMIC))
		/* Some kernels do so themselves, 6.12.95 does not. */
		__set_bit(IPS_HELPER_BIT, &ct->status);
	else if (!nf_ct_ext_exist(ct, NF_CT_EXT_HELPER))
		/* No memory: rather not assured than past us. */
		__set_bit(IPS_NAT_CLASH_BIT, &ct->status);
}

/* Does anybody rewrite the packets of this connection, or look into them? */
static bool is_busy(const struct nf_conn *ct)
{
	const struct nf_conn_help *help = NULL;

	if (test_bit(IPS_SRC_NAT_BIT, &ct->status) ||
	    test_bit(IPS_DST_NAT_BIT, &ct->status) ||
	    nf_ct_ext_exist(ct, NF_CT_EXT_SEQADJ))
		return true;
	/* Not nfct_help(): it would need nf_conntrack. */
	if (nf_ct_ext_exist(ct, NF_CT_EXT_HELPER))
		help = (void *)ct->ext + ct->ext->offset[NF_CT_EXT_HELPER];
	return help && rcu_access_pointer(help->helper);
}

/* It will miss segments, and must not call those INVALID that come after. */
static void be_liberal(struct nf_conn *ct)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	int i;

	if (READ_ONCE(tcp->seen[IP_CT_DIR_ORIGINAL].flags) &
	    READ_ONCE(tcp->seen[IP_CT_DIR_REPLY].flags) &
	    IP_CT_TCP_FLAG_BE_LIBERAL)
		return;
	spin_lock_bh(&ct->lock);
	for (i = 0; i < IP_CT_DIR_MAX; i++)
		WRITE_ONCE(tcp->seen[i].flags, tcp->seen[i].flags |
					       IP_CT_TCP_FLAG_BE_LIBERAL);
	spin_unlock_bh(&ct->lock);
}

/**
 * svcnat_conntrack_spare() - may packets go past conntrack from now on?
 * @skb: a packet of the connection, behind conntrack
 *
 * As nf_flow_table asks, and prepares what it takes over: only where conntrack
 * has seen both sides, and nobody else has a hand in it.
 *
 * Return: true if so.
 */
bool svcnat_conntrack_spare(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct)
		return true;
	if (!nf_ct_is_confirmed(ct) || nf_ct_is_dying(ct) ||
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status) || is_busy(ct))
		return false;
	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return true;
	if (READ_ONCE(ct->proto.tcp.state) != TCP_CONNTRACK_ESTABLISHED)
		return false;
	be_liberal(ct);
	return true;
}
