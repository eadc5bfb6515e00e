/* SPDX-License-Identifier: MIT */
#include "decide/decide.h"
#include "grammar/grammar.h"
#include "message/message.h"
#include "rules/rules.h"

static rg_status bad_filter(rg_error *why, const char *name, const char *what, rg_str value)
{
	return rg__fail(why, RG_EINVAL, "%s is %s: '%.*s'", name, what, RG__SHOWN(value));
}

static bool set_contact(rg__filter *f, rg_str uri, rg_str instance, const rg_config *config)
{
	if (rg__uri_parse(uri, &f->contact) != RG_OK)
		return false;
	f->contact_text = uri;
	f->contact_instance = instance;
	rg__matching_of(config, &f->matching);
	/* In a filter the Call-ID is a condition of its own, so the URI alone decides here. */
	if (f->matching.mode == RG__MATCH_URI_CALLID)
		f->matching.mode = RG__MATCH_URI;
	f->has_contact = true;
	f->contact_by = RG__BY_MODE;
	if (f->matching.push) {
		rg__pn pn;

		rg__pn_read(&f->contact, f->matching.push, &pn);
		if (pn.asks != RG__PN_NONE)
			f->contact_by = rg__pn_removes_by(&pn);
	}
	return true;
}

static rg_str instance_in(rg_str params)
{
	rg__param param;

	while (rg__param_next(&params, &param) > 0) {
		if (rg__eq_nocase(param.name, RG_STR("+sip.instance")))
			return rg__instance_read(param.value);
	}
	return RG__ABSENT;
}

rg_status rg__filter_contact_value(rg__filter *f, rg_str value, const rg_config *config, const char *name, rg_error *why)
{
	rg__name_addr na;

	if (rg__name_addr_parse(rg__trim(value), &na) != RG_OK || !set_contact(f, na.uri, instance_in(na.params), config))
		return bad_filter(why, name, "no Contact", value);
	return RG_OK;
}

rg_status rg__filter_contact(rg__filter *f, rg_str contact, const rg_config *config, const char *name, rg_error *why)
{
	contact = rg__trim(contact);
	/* Without <> the operator means a URI with its parameters, not a header value. */
	if (contact.n > 0 && memchr(contact.p, '<', contact.n))
		return rg__filter_contact_value(f, contact, config, name, why);
	return set_contact(f, contact, RG__ABSENT, config) ? RG_OK : bad_filter(why, name, "no URI", contact);
}

rg_status rg__filter_next_hop(rg__filter *f, rg_str host_and_port, const char *name, rg_error *why)
{
	rg_addr addr;
	rg_str host;
	uint16_t port;

	if (!rg__hop_split(rg__trim(host_and_port), &addr, &host, &port))
		return bad_filter(why, name, "no address and no host name", host_and_port);
	f->host = host;
	f->port = port;
	f->n_addrs = 0;
	if (!host.p)
		f->addrs[f->n_addrs++] = addr;
	f->has_next_hop = true;
	return RG_OK;
}

rg_status rg__filter_instance(rg__filter *f, rg_str instance, const char *name, rg_error *why)
{
	instance = rg__trim(instance);
	bool opens = instance.n > 0 && instance.p[0] == '<', closes = instance.n > 0 && instance.p[instance.n - 1] == '>';

	/* No binding has such an instance: rg__instance_read(). */
	if (opens != closes || instance.n <= (opens ? 2u : 0u) || memchr(instance.p, '"', instance.n) || memchr(instance.p, '\\', instance.n) ||
		rg__has_control(instance))
		return bad_filter(why, name, "no instance", instance);
	if (opens)
		instance = rg__sub(instance, 1, instance.n - 1);
	f->instance = instance;
	f->has_instance = true;
	return RG_OK;
}

rg_status rg__filter_flow(rg__filter *f, rg_str flow, const char *name, rg_error *why)
{
	/* The limits of rg_request.flow: no binding has another flow. */
	if (flow.n == 0 || flow.n > RG__HOST_TEXT_MAX)
		return rg__fail(why, RG_EINVAL, "%s has %zu bytes, which are not within 1 and %d", name, flow.n, RG__HOST_TEXT_MAX);
	f->flow = flow;
	f->has_flow = true;
	return RG_OK;
}

static const rg__shape remove_filter_shape = RG__SHAPE(rg_remove_filter, NULL, sizeof(rg_remove_filter));

void rg_remove_filter_init(rg_remove_filter *filter, uint32_t size)
{
	rg__shape_init(&remove_filter_shape, filter, size);
}

rg_status rg__remove_filter_view(const rg_remove_filter *given, rg_remove_filter *out, rg_error *why)
{
	if (!given)
		return rg__fail(why, RG_EINVAL, "filter is NULL");
	return rg__shape_take(&remove_filter_shape, given, out) ? RG_OK : rg__shape_refuse(&remove_filter_shape, given, why);
}

rg_status rg__filter_read(rg__filter *f, const rg_remove_filter *asked, const rg_config *config, const char *hop_name, rg_error *why)
{
	rg_status st = RG_OK;

	f->branch_flags = asked->branch_flags;
	if (asked->contact.p)
		st = rg__filter_contact(f, asked->contact, config, "rg_remove_filter.contact", why);
	if (st == RG_OK && asked->next_hop.p)
		st = rg__filter_next_hop(f, asked->next_hop, hop_name, why);
	if (st == RG_OK && asked->instance.p)
		st = rg__filter_instance(f, asked->instance, "rg_remove_filter.instance", why);
	return st;
}

static bool contact_matches(const rg__filter *f, const rg_contact *binding)
{
	rg__matchable wanted, held;

	rg__matchable_read(&wanted, &f->contact, RG__ABSENT, f->contact_instance, RG__ANY_FLOW);
	wanted.by = f->contact_by;
	rg__matchable_unread(&held, binding->uri, binding->callid, binding->instance, binding->reg_id);
	return rg__matches(&f->matching, &wanted, &held);
}

static bool same_ip(const rg_addr *a, const rg_addr *b)
{
	return a->family != 0 && a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static bool any_addr(const rg__filter *f, const rg_addr *addr)
{
	for (uint32_t i = 0; i < f->n_addrs; i++) {
		if (same_ip(&f->addrs[i], addr))
			return true;
	}
	return false;
}

static bool next_hop_matches(const rg__filter *f, const rg_contact *binding)
{
	rg_addr addr;
	rg_str host;
	uint16_t port;

	if (!rg__hop_split(binding->next_hop, &addr, &host, &port) || (f->port != 0 && f->port != port))
		return false;
	if (!host.p)
		return any_addr(f, &addr);
	if (f->host.p && rg__eq_nocase(f->host, host))
		return true;
	for (uint32_t i = 0; i < binding->n_addrs; i++) {
		if (any_addr(f, &binding->addrs[i]))
			return true;
	}
	return false;
}

bool rg__filter_matches(const rg__filter *f, const rg_contact *binding)
{
	return (!f->has_contact || contact_matches(f, binding)) && (!f->has_next_hop || next_hop_matches(f, binding)) &&
		(!f->has_instance || (binding->instance.n > 0 && rg__same_instance(f->instance, binding->instance))) &&
		(!f->has_callid || rg__eq(f->callid, binding->callid)) && (!f->has_flow || rg__eq(f->flow, binding->flow)) &&
		(f->branch_flags == 0 || (f->branch_flags & binding->branch_flags) != 0);
}
