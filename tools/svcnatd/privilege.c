// SPDX-License-Identifier: GPL-2.0
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "log.h"

static bool drop(bool low_ports)
{
	bool admin, bind, bounding;

	if (capng_get_caps_process())
		return false;
	admin = capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
	bind = low_ports && capng_have_capability(CAPNG_PERMITTED,
						  CAP_NET_BIND_SERVICE);
	/* Without this the bounding set cannot be changed, nor can it matter. */
	bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	if (admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_ADMIN);
	if (bind)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			     CAP_NET_BIND_SERVICE);
	if (capng_apply(bounding ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS))
		return false;
	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool privilege_drop(bool low_ports)
{
	if (drop(low_ports))
		return true;
	log_line(LOG_ERR, "cannot drop privileges",
		 LOG_TEXT("error", strerror(errno)));
	return false;
}
