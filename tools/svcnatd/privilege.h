/* SPDX-License-Identifier: GPL-2.0 */
/* What the process may do. */
#ifndef _SVCNATD_PRIVILEGE_H
#define _SVCNATD_PRIVILEGE_H

#include <stdbool.h>

/*
 * Keeps CAP_NET_ADMIN, CAP_NET_BIND_SERVICE if @low_ports, and nothing else,
 * for good.  False, and why is logged.
 */
bool privilege_drop(bool low_ports);

#endif /* _SVCNATD_PRIVILEGE_H */
