// SPDX-License-Identifier: GPL-2.0
/* What others change, and we: the group of the family that hears of it. */
#include "nl_inside.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "nl_message.h"

/* Some thousand events, which take a while to print. */
#define EVENT_BUFFER	(4 << 20)

/* Read at a stretch: who calls has other things to look after. */
#define EVENTS		256

struct reader {
	struct nl *nl;
	nl_reply_fn fn;
	void *arg;
	int code;
};

static bool is_our_end(const struct reader *r, struct genlmsghdr *genl)
{
	struct nlattr *id;

	if (genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	id = nla_find(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0),
		      CTRL_ATTR_FAMILY_ID);
	return id && nla_len(id) == sizeof(uint16_t) &&
	       nla_get_u16(id) == r->nl->family;
}

static int read_message(struct reader *r, struct nlmsghdr *hdr)
{
	int code;

	if (!genlmsg_valid_hdr(hdr, 0))
		code = NL_GARBLED;
	else if (hdr->nlmsg_type == GENL_ID_CTRL)
		return is_our_end(r, genlmsg_hdr(hdr)) ?
		       nl_fail(r->nl, NL_ABSENT,
			       "the svcnat module was unloaded") : 0;
	else
		code = nl_message_read(genlmsg_hdr(hdr), r->fn, r->arg);
	if (code == NL_GARBLED)
		return nl_fail(r->nl, NL_REFUSED,
			       "an event of the module is malformed: svcctl and module do not fit");
	return code;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct reader *r = arg;

	r->code = read_message(r, nlmsg_hdr(msg));
	return r->code ? NL_STOP : NL_OK;
}

/* The group of "nlctrl" hears when a module goes, with its family. */
static int join(struct nl *nl)
{
	int group = genl_ctrl_resolve_grp(nl->events, SVCNAT_GENL_NAME,
					  SVCNAT_GENL_MCGRP_CONFIG);
	int size = EVENT_BUFFER, err;

	if (group < 0)
		return nl_fail(nl, NL_ABSENT,
			       "the svcnat module tells nobody of its changes: svcctl and module do not fit");
	setsockopt(nl_socket_get_fd(nl->events), SOL_SOCKET, SO_RCVBUFFORCE,
		   &size, sizeof(size));
	nl_socket_disable_seq_check(nl->events);
	err = nl_socket_add_memberships(nl->events, group, GENL_ID_CTRL, 0);
	if (err == -NLE_PERM)
		return nl_lacks_permission(nl);
	if (!err)
		err = nl_socket_set_nonblocking(nl->events);
	if (!err)
		return 0;
	return nl_fail(nl, NL_REFUSED, "cannot listen to the module: %s",
		       nl_geterror(err));
}

int nl_subscribe(struct nl *nl, int *fd)
{
	int code;

	nl_close_socket(&nl->events);
	code = nl_open_socket(nl, &nl->events);
	if (!code)
		code = join(nl);
	if (code)
		nl_close_socket(&nl->events);
	else
		*fd = nl_socket_get_fd(nl->events);
	return code;
}

static int read_all(struct reader *r, struct nl_cb *cb)
{
	int err = 0, i;

	for (i = 0; i < EVENTS && !r->code && err >= 0; i++) {
		errno = 0;
		err = nl_recvmsgs(r->nl->events, cb);
	}
	if (r->code || err >= 0 || err == -NLE_AGAIN || err == -NLE_INTR)
		return r->code;
	if (errno == ENOBUFS)
		return NL_OVERRUN;
	return nl_fail(r->nl, NL_REFUSED, "cannot read an event: %s",
		       nl_geterror(err));
}

int nl_events(struct nl *nl, nl_reply_fn fn, void *arg)
{
	struct reader r = { .nl = nl, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int code;

	if (!cb)
		return nl_fail(nl, NL_FAILED, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &r);
	code = read_all(&r, cb);
	nl_cb_put(cb);
	return code;
}
