// SPDX-License-Identifier: GPL-2.0-only
/* svcnat: Kubernetes Services in the kernel.  Life of the module and netns. */
#include <linux/module.h>

#include "version.h"

static int __init svcnat_init(void)
{
	return 0;
}

static void __exit svcnat_exit(void)
{
}

module_init(svcnat_init);
module_exit(svcnat_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The svcnat authors");
MODULE_DESCRIPTION("NAT for Kubernetes Services");
MODULE_VERSION(SVCNAT_VERSION);
