// SPDX-License-Identifier: GPL-2.0
/* The kernel that the module is loaded into, or would be. */
#include "doctor.h"

#include <sys/utsname.h>

#include "host.h"
#include "kernel_version.h"

/* The first that the module works with. */
static const struct kernel_version oldest = { 6, 1, 0 };
/* The first of 6.1 that lets modules with a netlink family go in peace. */
static const struct kernel_version mended = { 6, 1, 191 };

static void too_old(struct doctor *d, const struct kernel_version *kernel)
{
	doctor_find(d, LEVEL_PROBLEM, NULL,
		    "this is Linux %u.%u.%u, and the module needs 6.1 or newer",
		    kernel->version, kernel->patchlevel, kernel->sublevel);
	doctor_advise(d, "upgrade the kernel to 6.1.192 or newer");
}

static void unsafe_removal(struct doctor *d,
			   const struct kernel_version *kernel)
{
	doctor_find(d, LEVEL_NOTE, NULL,
		    "this is Linux %u.%u.%u: before 6.1.191 it is unsafe to remove a module such as svcnat (CVE-2026-97901)",
		    kernel->version, kernel->patchlevel, kernel->sublevel);
	doctor_advise(d, "upgrade the kernel to 6.1.192 or newer; until then leave the module loaded, no modprobe -r svcnat");
}

void doctor_kernel(struct doctor *d)
{
	struct kernel_version kernel;
	struct utsname names;

	host_kernel(&names);
	if (!kernel_version_parse(names.release, names.version, &kernel)) {
		doctor_find(d, LEVEL_NOTE, NULL,
			    "the kernel calls itself \"%.64s\", which tells no version",
			    names.release);
		doctor_advise(d, "see that it is Linux 6.1.192 or newer");
		return;
	}
	if (kernel_version_compare(&kernel, &oldest) < 0)
		too_old(d, &kernel);
	else if (kernel_version_compare(&kernel, &mended) < 0)
		unsafe_removal(d, &kernel);
}
