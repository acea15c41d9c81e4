/* SPDX-License-Identifier: GPL-2.0 */
/* Objects in the words of svcctl, which reads them back. */
#ifndef _SVCCTL_DESCRIBE_H
#define _SVCCTL_DESCRIBE_H

#include <stdio.h>

#include "differ.h"
#include "object.h"

/* "auto", or the lowest and the highest port.  Returns @text. */
const char *format_ports(char text[16], uint32_t range);

/*
 * These end no line.  @given: bits of the options that are printed, with the
 * blank before them.
 */
void describe_options(FILE *out, const struct service *service,
		      uint64_t given);
void describe_frontend(FILE *out, const struct frontend *frontend);
/* The address alone. */
void describe_place(FILE *out, const struct frontend *frontend);
void describe_endpoint(FILE *out, const struct endpoint *endpoint,
		       uint64_t given);
/* The options that are not the default. */
uint64_t endpoint_unusual(const struct endpoint *endpoint);

/* NAME PROTO and all that follows. */
void describe_service(FILE *out, const struct service *service,
		      struct array frontends, struct array endpoints);

/* KEY VALUE */
void describe_key(FILE *out, const struct config *config, int attr);

#endif /* _SVCCTL_DESCRIBE_H */
