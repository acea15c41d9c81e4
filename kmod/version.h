/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SVCNAT_VERSION_H
#define _SVCNAT_VERSION_H

#ifndef SVCNAT_VERSION
#define SVCNAT_VERSION "0.1.0"
#endif

#endif /* _SVCNAT_VERSION_H */
