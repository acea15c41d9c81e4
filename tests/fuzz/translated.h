/* SPDX-License-Identifier: GPL-2.0 */
/* Whether the module could take what svcnatd has for it; aborts if not. */
#ifndef _FUZZ_TRANSLATED_H
#define _FUZZ_TRANSLATED_H

#include "object.h"

/* All services, as sorted drafts; keys of the config. */
void translated_check(const struct list *drafts);
void translated_check_config(const struct config *config);

#endif /* _FUZZ_TRANSLATED_H */
