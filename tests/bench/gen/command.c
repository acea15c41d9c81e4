// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/net/svcnat_gen, one for each netns.  Commands are written to it; read,
 * it says what came of the last one: "ok ..." or "error ...".
 *
 *	devices			makes gen0 and gen1
 *	flows PROTO COUNT BASE SERVICES ENDPOINTS service|direct|stranger
 *				from now on COUNT flows, with clients from
 *				number BASE
 *	run COUNT SHOT[,SHOT]...
 *				so many of them have their turn, with one packet
 *				of each kind
 *
 * Each CPU has its own flows and answer: who wants another one's runs there.
 * Clients of one must not be those of another.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "gen.h"

#define NAME	"svcnat_gen"

static unsigned int gen_id __read_mostly;

static struct gen_net *gen_of(struct net *net)
{
	return *(struct gen_net **)net_generic(net, gen_id);
}

static int flows(struct gen *gen, const char *words)
{
	static const char * const targets[] = {
		[GEN_SERVICE]	= "service",
		[GEN_DIRECT]	= "direct",
		[GEN_STRANGER]	= "stranger",
	};
	struct gen_shape shape = {};
	char proto[4], target[12];
	int n;

	if (sscanf(words, "%3s %u %u %u %u %11s", proto, &shape.count,
		   &shape.base, &shape.services, &shape.endpoints,
		   target) != 6)
		return -EINVAL;
	if (!strcmp(proto, "tcp"))
		shape.proto = IPPROTO_TCP;
	else if (!strcmp(proto, "udp"))
		shape.proto = IPPROTO_UDP;
	else
		return -EINVAL;
	n = match_string(targets, ARRAY_SIZE(targets), target);
	if (n < 0)
		return n;
	shape.target = n;
	return gen_flows_make(gen, &shape);
}

static int run(struct gen *gen, char *words)
{
	char *count = strsep(&words, " ");
	u32 items;
	int err;

	err = kstrtou32(count, 0, &items);
	if (err)
		return err;
	if (!words)
		return -EINVAL;
	return gen_run(gen, items, words);
}

static int command(struct gen *gen, struct net *net, char *line)
{
	char *word = strsep(&line, " ");

	if (!strcmp(word, "devices") && !line)
		return gen->dev[0] ? -EEXIST :
				     gen_device_make(gen_of(net), net);
	if (!strcmp(word, "flows") && line)
		return flows(gen, line);
	if (!strcmp(word, "run") && line)
		return run(gen, line);
	return -EINVAL;
}

static int write(struct file *file, char *buf, size_t size)
{
	struct net *net = seq_file_single_net(file->private_data);
	struct gen *gen;
	int err;

	migrate_disable();
	gen = gen_device_lane(gen_of(net));
	mutex_lock(&gen->lock);
	strscpy(gen->answer, "ok", sizeof(gen->answer));
	err = command(gen, net, strim(buf));
	/* Who lost packets says so himself. */
	if (err && err != -EIO)
		snprintf(gen->answer, sizeof(gen->answer), "error %d", err);
	mutex_unlock(&gen->lock);
	migrate_enable();
	return err;
}

static int show(struct seq_file *file, void *v)
{
	struct gen *gen;

	migrate_disable();
	gen = gen_device_lane(gen_of(seq_file_single_net(file)));
	mutex_lock(&gen->lock);
	seq_printf(file, "%s\n", gen->answer);
	mutex_unlock(&gen->lock);
	migrate_enable();
	return 0;
}

static int __net_init gen_init(struct net *net)
{
	struct gen_net *gn;
	unsigned int lane;

	gn = kvzalloc(sizeof(*gn), GFP_KERNEL);
	if (!gn)
		return -ENOMEM;
	for (lane = 0; lane < GEN_LANES; lane++)
		mutex_init(&gn->lane[lane].lock);
	*(struct gen_net **)net_generic(net, gen_id) = gn;
	if (!proc_create_net_single_write(NAME, 0600, net->proc_net, show,
					  write, NULL)) {
		kvfree(gn);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit gen_exit(struct net *net)
{
	struct gen_net *gn = gen_of(net);
	unsigned int lane;

	remove_proc_entry(NAME, net->proc_net);
	gen_device_drop(gn);
	for (lane = 0; lane < GEN_LANES; lane++)
		gen_flows_drop(&gn->lane[lane]);
	kvfree(gn);
}

static struct pernet_operations gen_ops = {
	.init	= gen_init,
	.exit	= gen_exit,
	.id	= &gen_id,
	.size	= sizeof(struct gen_net *),
};

/* As a device: so ours are gone before others look after them. */
static int __init gen_module_init(void)
{
	return register_pernet_device(&gen_ops);
}

static void __exit gen_module_exit(void)
{
	unregister_pernet_device(&gen_ops);
}

module_init(gen_module_init);
module_exit(gen_module_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("The svcnat authors");
MODULE_DESCRIPTION("packet generator for the benchmarks of svcnat");
