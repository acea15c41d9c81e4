/* SPDX-License-Identifier: GPL-2.0 */
/* The node's agent: watches the API, and keeps the kernel equal to it. */
#ifndef _SVCNATD_AGENT_H
#define _SVCNATD_AGENT_H

#include <stdbool.h>

#include "options.h"

/* Until a signal ends it.  False if it could not begin, which is logged. */
bool agent_run(const struct agent_options *options);

#endif /* _SVCNATD_AGENT_H */
