/* SPDX-License-Identifier: GPL-2.0 */
/* Part of nl.c: requests into messages, messages into replies. */
#ifndef _SVCCTL_NL_MESSAGE_H
#define _SVCCTL_NL_MESSAGE_H

#include "nl.h"

struct genlmsghdr;
struct nl_msg;
struct nlattr;

/* Another enum nl_code, inside only. */
#define NL_GARBLED	5

/* NULL if there is no memory. */
struct nl_msg *nl_message_build(const struct request *req, int family,
				int flags);

/* What @fn returned, or NL_GARBLED if an attribute is not as it should be. */
int nl_message_read(struct genlmsghdr *hdr, nl_reply_fn fn, void *arg);

/*
 * One nest; < 0 if it is malformed.  Strings in @object point into @nest, its
 * lists are the caller's.
 */
int nl_message_object(struct nlattr *nest, const struct object_type *type,
		      void *object);

#endif /* _SVCCTL_NL_MESSAGE_H */
