/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers to packets that go nowhere. */
#ifndef _SVCNAT_REFUSE_H
#define _SVCNAT_REFUSE_H

#include "passage.h"

unsigned int svcnat_refuse(struct svcnat_passage *p);

#endif /* _SVCNAT_REFUSE_H */
