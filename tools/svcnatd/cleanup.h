/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel as if there had been no agent. */
#ifndef _SVCNATD_CLEANUP_H
#define _SVCNATD_CLEANUP_H

#include <stdbool.h>

#include "kernel.h"

/*
 * Removes all services with names of ours, and gives the keys that we set their
 * defaults.  False, and why is logged, if that could not be done.
 */
bool cleanup(struct kernel *kernel);

#endif /* _SVCNATD_CLEANUP_H */
