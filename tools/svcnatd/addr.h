/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses and ranges as the API server writes them.  Knows no JSON. */
#ifndef _SVCNATD_ADDR_H
#define _SVCNATD_ADDR_H

#include <stdbool.h>

#include "object.h"

/* False if it is malformed: leading zeros are, and so is a scope. */
bool addr_parse(const char *text, struct addr *addr);

/*
 * Why the module would refuse it, and a whole service with it; NULL if it would
 * not.  It also refuses what is the broadcast address of one of the node's
 * networks, which only it knows.
 */
const char *addr_fault(const struct addr *addr);

/*
 * With or without blanks around it, which the API server lets pass.  Bits behind
 * the prefix are cleared.
 */
bool addr_range(const char *text, struct range *range);

/* An address alone. */
void addr_host_range(const struct addr *addr, struct range *range);

/* Is one of @addresses, a list of struct addr, of it? */
bool addr_has_family(const struct list *addresses, uint16_t family);

#endif /* _SVCNATD_ADDR_H */
