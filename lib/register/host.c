/* SPDX-License-Identifier: MIT */
/* What the host says of a REGISTER. No client can have caused a fault in it, so none becomes a refusal. */
#include "register/read.h"
#include "rules/rules.h"

/* The texts that are stored as they are. Every other one follows a grammar without control characters, or is ignored when it has one. */
static const struct {
	const char *name;
	size_t offset;
} stored[] = {
	{ "attr", offsetof(rg_request, attr) },
	{ "flow", offsetof(rg_request, flow) },
	{ "socket", offsetof(rg_request, socket) },
	{ "ownership_tag", offsetof(rg_request, ownership_tag) },
	{ "domain", offsetof(rg_request, domain) },
};

static inline bool is_good(rg_str text, size_t most)
{
	return text.n == 0 || (text.n <= most && !rg__has_control(text));
}

/* Names the text that is not good. */
static rg_status blame_stored(const rg_request *r, size_t attr_most, rg_error *why)
{
	const size_t last = sizeof stored / sizeof stored[0] - 1;

	for (size_t i = 0;; i++) {
		const rg_str *text = (const rg_str *)(const void *)((const char *)r + stored[i].offset);
		size_t most = stored[i].offset == offsetof(rg_request, attr) ? attr_most : RG__HOST_TEXT_MAX;

		if (text->n > most)
			return rg__fail(why, RG_EINVAL, "rg_request.%s has %zu bytes; at most %zu are stored", stored[i].name, text->n, most);
		if (i == last || rg__has_control(*text))
			return rg__fail(why, RG_EINVAL, "rg_request.%s has a control character: '%.*s'", stored[i].name, RG__SHOWN(*text));
	}
}

static rg_status check_stored(const rg__register *reg, rg_error *why)
{
	const rg_request *r = reg->request;
	size_t attr_most = (size_t)reg->set->max_attr_len;

	if (is_good(r->attr, attr_most) && is_good(r->flow, RG__HOST_TEXT_MAX) && is_good(r->socket, RG__HOST_TEXT_MAX) &&
		is_good(r->ownership_tag, RG__HOST_TEXT_MAX) && is_good(r->domain, RG__HOST_TEXT_MAX))
		return RG_OK;
	return blame_stored(r, attr_most, why);
}

static rg_status check_received(rg__register *reg, rg_error *why)
{
	rg_str received = reg->request->received;

	if (received.n == 0)
		return RG_OK;
	if (received.n > (size_t)reg->set->max_received_len)
		return rg__fail(why, RG_EINVAL, "rg_request.received has %zu bytes; at most %zu are stored", received.n,
			(size_t)reg->set->max_received_len);
	if (!rg__received_read(received, &reg->received))
		return rg__fail(why, RG_EINVAL, "rg_request.received is no SIP URI: '%.*s'", RG__SHOWN(received));
	return RG_OK;
}

rg_status rg__register_host(rg__register *reg, rg_error *why)
{
	const rg_request *r = reg->request;

	if (r->flags & RG_REQUEST_REPLY)
		return rg__fail(why, RG_EINVAL, "rg_request.flags has RG_REQUEST_REPLY: a save takes the request");
	if (r->method.p && !rg__eq(r->method, RG_STR("REGISTER")))
		return rg__fail(why, RG_EINVAL, "rg_request.method is not REGISTER: '%.*s'", RG__SHOWN(r->method));
	rg_status st = check_received(reg, why);
	return st == RG_OK ? check_stored(reg, why) : st;
}
