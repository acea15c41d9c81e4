// SPDX-License-Identifier: GPL-2.0
/* The module itself: is it here, and which one? */
#include "doctor.h"

#include <string.h>
#include <sys/utsname.h>

#include "host.h"
#include "version.h"

#define VERSION_SIZE	64

/* The one that modprobe would load; NULL if there is none. */
static const char *installed(char text[VERSION_SIZE])
{
	char *const argv[] = { "modinfo", "-F", "version", "svcnat", NULL };
	FILE *file = host_program(argv);
	char *line;

	if (!file)
		return NULL;
	line = fgets(text, VERSION_SIZE, file);
	fclose(file);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line && *line ? line : NULL;
}

static void not_loaded(struct doctor *d)
{
	char version[VERSION_SIZE];
	struct utsname kernel;

	doctor_find(d, LEVEL_PROBLEM, NULL,
		    "the svcnat module is not loaded, there are no services");
	if (installed(version)) {
		doctor_advise(d, "load it: modprobe svcnat");
		return;
	}
	host_kernel(&kernel);
	doctor_advise(d, "install it for kernel %.64s and load it: with the headers of that kernel \"dkms autoinstall\", then \"modprobe svcnat\"",
		      kernel.release);
}

static void no_answer(struct doctor *d)
{
	if (d->code == EXIT_KERNEL) {
		doctor_find(d, LEVEL_PROBLEM, NULL,
			    "the module is loaded, but does not tell us what it knows");
		doctor_advise(d, "run svcctl as root, or with CAP_NET_ADMIN in the initial user namespace");
		return;
	}
	doctor_find(d, LEVEL_PROBLEM, NULL,
		    "the module is loaded, but refused to tell what it knows");
	doctor_advise(d, "see what svcctl complained of");
}

void doctor_module(struct doctor *d)
{
	char loaded[VERSION_SIZE], other[VERSION_SIZE];

	if (!host_line("/sys/module/svcnat/version", loaded, sizeof(loaded))) {
		not_loaded(d);
		return;
	}
	if (d->code)
		no_answer(d);
	if (strcmp(loaded, SVCNAT_VERSION)) {
		doctor_find(d, LEVEL_NOTE, NULL,
			    "the module is version %s and svcctl " SVCNAT_VERSION,
			    loaded);
		doctor_advise(d, "they work together, but what only one of them knows does not work; install the same version of both");
	}
	if (installed(other) && strcmp(loaded, other)) {
		doctor_find(d, LEVEL_NOTE, NULL,
			    "version %s of the module is loaded, but %s is installed",
			    loaded, other);
		doctor_advise(d, "load the new one when connections may break: systemctl stop svcnat, modprobe -r svcnat, systemctl start svcnat");
	}
}
