/* SPDX-License-Identifier: GPL-2.0 */
/* Drafts as commands of svcctl, for svcctl apply. */
#ifndef _SVCNATD_COMMANDS_H
#define _SVCNATD_COMMANDS_H

#include <stdio.h>

#include "draft.h"

/* A line each. */
void commands_config(const struct config *config, FILE *out);
void commands_service(const struct draft *draft, FILE *out);

#endif /* _SVCNATD_COMMANDS_H */
