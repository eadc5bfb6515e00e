/* SPDX-License-Identifier: MIT */
/* The AoR that a request is about. */
#include "rules/subject.h"
#include "grammar/grammar.h"
#include <rgstr/response.h>

rg_str rg__request_domain(const rg_request *request)
{
	return rg__domain(request->domain);
}

rg_str rg__domain(rg_str given)
{
	return given.n > 0 ? given : RG_STR("location");
}

/* Reads the URI of a From or To value. */
static bool header_uri(rg_str value, rg__uri *uri)
{
	rg__name_addr na;

	return value.n > 0 && rg__name_addr_parse(value, &na) == RG_OK && rg__uri_read_address(na.uri, uri) == RG_OK;
}

static int subject_of(const rg_request *request, const rg__aor_rules *rules, rg__aor *out)
{
	rg__uri uri;

	if (request->aor.p)
		return rg__aor_from_text(request->aor, rules, out);
	if (rg__uri_read_address(request->request_uri, &uri) != RG_OK)
		return RG__AOR_PARSE;
	return rg__aor_from_uri(&uri, rules, out);
}

rg_status rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out, int32_t *code)
{
	rg__aor_rules rules;
	int how;

	*out = (rg__aor){ 0 };
	if (request->defect != RG_R_FINE) {
		*code = rg_reason_code(request->defect);
		return RG_OK;
	}
	rg__aor_rules_of(config, &rules);
	how = subject_of(request, &rules, out);
	/* RFC 3261 §8.2.2.1: 416 for another scheme. What is malformed is never answered as not registered. */
	*code = how == RG__AOR_OK ? 0 : how == RG__AOR_SCHEME ? 416 : 400;
	return how == RG__AOR_NOMEM ? RG_ENOMEM : RG_OK;
}

static rg_status query_status(int how, rg_str text, const char *name, rg_error *why)
{
	static const char *const faults[] = { [RG__AOR_PARSE] = "no AoR", [RG__AOR_UNESCAPE] = "no AoR, because an escape in it is malformed",
		[RG__AOR_TOO_LONG] = "longer than max_aor_len, max_username_len or max_domain_len allow",
		[RG__AOR_SCHEME] = "neither a SIP nor a SIPS URI" };

	if (how == RG__AOR_OK || how == RG__AOR_NOMEM)
		return how == RG__AOR_OK ? RG_OK : RG_ENOMEM;
	return rg__fail(why, RG_EINVAL, "%s is %s: '%.*s'", name, faults[how], RG__SHOWN(text));
}

rg_status rg__query_aor(const rg_request *request, rg_str aor, const char *name, const rg_config *config, rg__aor *out, rg_error *why)
{
	rg__aor_rules rules;
	rg__uri uri;

	*out = (rg__aor){ 0 };
	rg__aor_rules_of(config, &rules);
	if (!aor.p && request && request->aor.p) {
		aor = request->aor;
		name = "rg_request.aor";
	}
	if (aor.p)
		return query_status(rg__aor_from_text(aor, &rules, out), aor, name, why);
	if (!request)
		return rg__fail(why, RG_EINVAL, "%s is absent", name);
	/* A reply repeats From and To of its request, which another element may have sent. */
	if (request->flags & RG_REQUEST_REPLY)
		return rg__fail(why, RG_EINVAL, "%s is absent, and the request is a reply", name);
	bool registers = rg__eq(request->method, RG_STR("REGISTER"));
	rg_str value = registers ? request->to_header : request->from_header;
	name = registers ? "rg_request.to_header" : "rg_request.from_header";
	if (!header_uri(value, &uri))
		return rg__fail(why, RG_EINVAL, "%s is no SIP address: '%.*s'", name, RG__SHOWN(value));
	return query_status(rg__aor_from_uri(&uri, &rules, out), value, name, why);
}
