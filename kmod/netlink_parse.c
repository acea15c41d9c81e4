// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>

#include "netlink.h"

/**
 * svcnat_request_missing() - refuse a message that lacks an attribute
 * @extack: for the reason
 * @nest: where it is missing, or NULL for the top level
 * @type: which
 * @message: a sentence that lives as long as the module
 *
 * Return: -EINVAL.
 */
int svcnat_request_missing(struct netlink_ext_ack *extack,
			   const struct nlattr *nest, u32 type,
			   const char *message)
{
	if (extack) {
		extack->_msg = message;
		NL_SET_ERR_ATTR_MISS(extack, nest, type);
	}
	return -EINVAL;
}

/* Address and port, whose attributes have the same meaning in every nest. */
static int parse_where(struct nlattr *const *tb, const struct nlattr *nest,
		       u32 addr4, u32 addr6, u32 port, u8 *family,
		       union nf_inet_addr *addr, __be16 *to_port,
		       struct netlink_ext_ack *extack)
{
	memset(addr, 0, sizeof(*addr));
	if (tb[addr4] && tb[addr6]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[addr6],
				    "there are two addresses");
		return -EINVAL;
	}
	if (!tb[addr4] && !tb[addr6])
		return svcnat_request_missing(extack, nest, addr4,
					      "the address is missing");
	if (!tb[port])
		return svcnat_request_missing(extack, nest, port,
					      "the port is missing");
	if (tb[addr4]) {
		*family = AF_INET;
		addr->ip = nla_get_be32(tb[addr4]);
	} else {
		*family = AF_INET6;
		addr->in6 = nla_get_in6_addr(tb[addr6]);
	}
	*to_port = nla_get_be16(tb[port]);
	return 0;
}

static int parse_allow(struct svcnat_frontend_spec *spec,
		       const struct nlattr *list,
		       struct netlink_ext_ack *extack)
{
	if (spec->kind == SVCNAT_KIND_LB)
		return svcnat_request_ranges(list, &spec->allow, extack);
	NL_SET_ERR_MSG_ATTR(extack, list,
			    "only a frontend of kind lb has source ranges");
	return -EINVAL;
}

static int parse_nodeport(struct svcnat_frontend_spec *spec,
			  struct nlattr *const *tb, const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *addr = tb[SVCNAT_FRONTEND_A_ADDR4] ?:
			      tb[SVCNAT_FRONTEND_A_ADDR6];

	if (addr) {
		NL_SET_ERR_MSG_ATTR(extack, addr,
				    "a nodeport has no address");
		return -EINVAL;
	}
	if (!tb[SVCNAT_FRONTEND_A_PORT])
		return svcnat_request_missing(extack, nest,
					      SVCNAT_FRONTEND_A_PORT,
					      "the port is missing");
	spec->family = AF_UNSPEC;
	spec->port = nla_get_be16(tb[SVCNAT_FRONTEND_A_PORT]);
	return 0;
}

static int parse_frontend(struct svcnat_frontend_spec *spec,
			  const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SVCNAT_FRONTEND_A_MAX + 1];
	int err;

	err = nla_parse_nested(tb, SVCNAT_FRONTEND_A_MAX, nest,
			       svcnat_nest_frontend, extack);
	if (err)
		return err;
	spec->origin = nest;
	if (tb[SVCNAT_FRONTEND_A_KIND])
		spec->kind = nla_get_u8(tb[SVCNAT_FRONTEND_A_KIND]);
	if (tb[SVCNAT_FRONTEND_A_ALLOW]) {
		err = parse_allow(spec, tb[SVCNAT_FRONTEND_A_ALLOW], extack);
		if (err)
			return err;
	}
	if (spec->kind == SVCNAT_KIND_NODEPORT)
		return parse_nodeport(spec, tb, nest, extack);
	return parse_where(tb, nest, SVCNAT_FRONTEND_A_ADDR4,
			   SVCNAT_FRONTEND_A_ADDR6, SVCNAT_FRONTEND_A_PORT,
			   &spec->family, &spec->addr, &spec->port, extack);
}

static int parse_endpoint(struct svcnat_endpoint_spec *spec,
			  const struct nlattr *nest,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SVCNAT_ENDPOINT_A_MAX + 1];
	struct svcnat_entry *e = &spec->entry;
	int err;

	err = nla_parse_nested(tb, SVCNAT_ENDPOINT_A_MAX, nest,
			       svcnat_nest_endpoint, extack);
	if (err)
		return err;
	spec->origin = nest;
	e->weight = 1;
	if (tb[SVCNAT_ENDPOINT_A_WEIGHT]) {
		e->weight = nla_get_u32(tb[SVCNAT_ENDPOINT_A_WEIGHT]);
		spec->given |= SVCNAT_GIVEN_WEIGHT;
	}
	if (tb[SVCNAT_ENDPOINT_A_STATE]) {
		e->state = nla_get_u8(tb[SVCNAT_ENDPOINT_A_STATE]);
		spec->given |= SVCNAT_GIVEN_STATE;
	}
	if (tb[SVCNAT_ENDPOINT_A_PLACE]) {
		e->place = nla_get_u8(tb[SVCNAT_ENDPOINT_A_PLACE]);
		spec->given |= SVCNAT_GIVEN_PLACE;
	}
	return parse_where(tb, nest, SVCNAT_ENDPOINT_A_ADDR4,
			   SVCNAT_ENDPOINT_A_ADDR6, SVCNAT_ENDPOINT_A_PORT,
			   &e->family, &e->addr, &e->port, extack);
}

/* No more than any service can have: before memory is taken for them. */
static int count_lists(struct svcnat_service_spec *spec, struct genl_info *info)
{
	const struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		spec->num_frontends += nla_type(attr) == SVCNAT_A_FRONTEND;
		spec->num_endpoints += nla_type(attr) == SVCNAT_A_ENDPOINT;
		if (spec->num_frontends > SVCNAT_FRONTENDS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "a service has at most 65535 frontends");
			return -ENOSPC;
		}
		if (spec->num_endpoints > SVCNAT_ENDPOINTS_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "a service has at most 65535 endpoints");
			return -ENOSPC;
		}
	}
	return 0;
}

static int parse_lists(struct svcnat_service_spec *spec, struct genl_info *info)
{
	const struct nlattr *attr;
	u32 f = 0, e = 0;
	int rem, err;

	err = count_lists(spec, info);
	if (err)
		return err;
	spec->frontends = kvcalloc(spec->num_frontends + 1,
				   sizeof(*spec->frontends),
				   GFP_KERNEL_ACCOUNT);
	spec->endpoints = kvcalloc(spec->num_endpoints + 1,
				   sizeof(*spec->endpoints),
				   GFP_KERNEL_ACCOUNT);
	if (!spec->frontends || !spec->endpoints)
		return -ENOMEM;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == SVCNAT_A_FRONTEND)
			err = parse_frontend(&spec->frontends[f++], attr,
					     info->extack);
		else if (nla_type(attr) == SVCNAT_A_ENDPOINT)
			err = parse_endpoint(&spec->endpoints[e++], attr,
					     info->extack);
		if (err)
			return err;
	}
	return 0;
}

/**
 * svcnat_request_name() - the service that a request is about
 * @attrs: of the request, at the top level
 * @name: points into the request; NULL if it names none
 * @extack: for the reason of a refusal
 *
 * Return: 0 or an errno.
 */
int svcnat_request_name(struct nlattr *const *attrs, const char **name,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[SVCNAT_SERVICE_A_MAX + 1];
	int err;

	*name = NULL;
	if (!attrs[SVCNAT_A_SERVICE])
		return 0;
	err = nla_parse_nested(tb, SVCNAT_SERVICE_A_MAX,
			       attrs[SVCNAT_A_SERVICE], svcnat_nest_name,
			       extack);
	if (err)
		return err;
	if (!tb[SVCNAT_SERVICE_A_NAME])
		return svcnat_request_missing(extack, attrs[SVCNAT_A_SERVICE],
					      SVCNAT_SERVICE_A_NAME,
					      "the service's name is missing");
	*name = nla_data(tb[SVCNAT_SERVICE_A_NAME]);
	return 0;
}

/**
 * svcnat_request_proto() - the protocol that a request is about
 * @attr: u8
 * @proto: written
 * @extack: for the reason of a refusal
 *
 * Return: 0 or -EPROTONOSUPPORT.
 */
int svcnat_request_proto(const struct nlattr *attr, u8 *proto,
			 struct netlink_ext_ack *extack)
{
	*proto = nla_get_u8(attr);
	if (svcnat_proto_has_ports(*proto))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "the protocol is not TCP, UDP or SCTP");
	return -EPROTONOSUPPORT;
}

/**
 * svcnat_request_no_service() - refuse a request about a service that is not
 * @info: of the request
 *
 * Return: -ENOENT.
 */
int svcnat_request_no_service(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SVCNAT_A_SERVICE],
			    "there is no such service");
	return -ENOENT;
}

static void parse_options(struct svcnat_service_spec *spec,
			  struct nlattr *const *tb)
{
	struct svcnat_options *o = &spec->options;

	if (tb[SVCNAT_SERVICE_A_AFFINITY]) {
		o->affinity = nla_get_u32(tb[SVCNAT_SERVICE_A_AFFINITY]);
		spec->given |= SVCNAT_GIVEN_AFFINITY;
	}
	if (tb[SVCNAT_SERVICE_A_SCHEDULER]) {
		o->scheduler = nla_get_u8(tb[SVCNAT_SERVICE_A_SCHEDULER]);
		spec->given |= SVCNAT_GIVEN_SCHEDULER;
	}
	if (tb[SVCNAT_SERVICE_A_INTERNAL_POLICY]) {
		o->internal_policy =
			nla_get_u8(tb[SVCNAT_SERVICE_A_INTERNAL_POLICY]);
		spec->given |= SVCNAT_GIVEN_INTERNAL;
	}
	if (tb[SVCNAT_SERVICE_A_EXTERNAL_POLICY]) {
		o->external_policy =
			nla_get_u8(tb[SVCNAT_SERVICE_A_EXTERNAL_POLICY]);
		spec->given |= SVCNAT_GIVEN_EXTERNAL;
	}
	if (tb[SVCNAT_SERVICE_A_ON_REMOVAL]) {
		o->on_removal = nla_get_u8(tb[SVCNAT_SERVICE_A_ON_REMOVAL]);
		spec->given |= SVCNAT_GIVEN_ON_REMOVAL;
	}
}

/**
 * svcnat_request_parse() - parse a request that changes a service
 * @request: written, whatever is returned: svcnat_request_free()
 * @info: of the request, which the result points into
 *
 * Return: 0 or an errno.
 */
int svcnat_request_parse(struct svcnat_request *request, struct genl_info *info)
{
	struct svcnat_service_spec *spec = &request->spec;
	struct nlattr *nest = info->attrs[SVCNAT_A_SERVICE];
	struct nlattr *tb[SVCNAT_SERVICE_A_MAX + 1];
	int err;

	memset(request, 0, sizeof(*request));
	if (!nest)
		return svcnat_request_missing(info->extack, NULL,
					      SVCNAT_A_SERVICE,
					      "the service is missing");
	/* The operation's own policy was stricter, and was met. */
	err = nla_parse_nested(tb, SVCNAT_SERVICE_A_MAX, nest,
			       svcnat_nest_service, info->extack);
	if (err)
		return err;
	if (!tb[SVCNAT_SERVICE_A_NAME])
		return svcnat_request_missing(info->extack, nest,
					      SVCNAT_SERVICE_A_NAME,
					      "the service's name is missing");
	spec->name = nla_data(tb[SVCNAT_SERVICE_A_NAME]);
	spec->origin = nest;
	if (tb[SVCNAT_SERVICE_A_PROTO]) {
		err = svcnat_request_proto(tb[SVCNAT_SERVICE_A_PROTO],
					   &spec->proto, info->extack);
		if (err)
			return err;
	}
	parse_options(spec, tb);
	return parse_lists(spec, info);
}

/**
 * svcnat_request_free() - free what svcnat_request_parse() took
 * @request: the request
 */
void svcnat_request_free(struct svcnat_request *request)
{
	u32 i;

	for (i = 0; request->spec.frontends && i < request->spec.num_frontends;
	     i++)
		svcnat_ranges_free(request->spec.frontends[i].allow);
	kvfree(request->spec.frontends);
	kvfree(request->spec.endpoints);
}
