/* SPDX-License-Identifier: MIT */
/* The AoR that a request is about. */
#include "rules/subject.h"
#include "rules/gruu.h"
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

static bool gruus_on(const rg_config *config)
{
	return rg__config_int(config, RG__P_disable_gruu) == 0;
}

/* True of a URI with `gr` among parameters that cannot be read. Without them it would name all devices of its user. */
static bool hides_gr(const rg__uri *uri)
{
	const char *at;

	if (uri->params.p || uri->scheme == RG__SCHEME_OTHER)
		return false;
	rg_str rest = rg__sub(uri->text, (size_t)(uri->host.p - uri->text.p) + uri->host.n, uri->text.n); /* a user may contain `;gr=` */
	while (rest.n > 0 && (at = memchr(rest.p, ';', rest.n)) != NULL) {
		rest = rg__sub(rest, (size_t)(at - rest.p) + 1, rest.n);
		size_t n = 0;
		while (n < rest.n && !memchr("=;?", rest.p[n], 3))
			n++;
		if (rg__same_nocase(rg__sub(rest, 0, n), RG_STR("gr")))
			return true;
	}
	return false;
}

/* The AoR that a token names. RG__AOR_PARSE: the URI has another host than the token was given for, or the token is of another domain. */
static int aor_of_token(const rg__uri *uri, const rg__gruu *gruu, rg_str domain, const rg__aor_rules *rules, rg__aor *out)
{
	const rg_key *key = &gruu->key;
	rg__aor host = { 0 };
	int how = rules->use_domain ? rg__aor_host(uri, rules, &host) : RG__AOR_OK;

	if (how == RG__AOR_OK && !(rg__eq(key->domain, rg__domain(domain)) && rg__eq(gruu->host, host.host)))
		how = RG__AOR_PARSE;
	rg__aor_free(&host);
	*out = (rg__aor){ key->user, key->host, NULL };
	return how;
}

/* Reads a GRUU before its user is taken for that of an AoR: a token is longer than users are, and letter case matters in it. True: @p code
 * and @p status are the result. */
static bool read_gruu(const rg__uri *uri, rg_str domain, const rg_config *config, rg__aor *out, rg__gruu **gruu, int32_t *code,
	rg_status *status)
{
	rg__aor_rules rules;
	int how = RG__AOR_OK;

	*code = hides_gr(uri) ? 400 : 0;
	*status = *code == 0 ? rg__gruu_read(uri, rg__config_ring(config), gruu) : RG_OK;
	if (*code == 0 && *status == RG_OK && (!*gruu || !(*gruu)->temporary))
		return false;
	rg__aor_rules_of(config, &rules);
	if (*gruu)
		how = aor_of_token(uri, *gruu, domain, &rules, out);
	if (*status == RG_ENOENT || how == RG__AOR_PARSE)
		*code = 404;
	if (*status == RG_ENOENT)
		*status = RG_OK;
	if (how == RG__AOR_NOMEM)
		*status = RG_ENOMEM;
	return true;
}

/* RFC 3261 §8.2.2.1: 416 for another scheme. What is malformed is never answered as not registered. */
static rg_status lookup_status(int how, int32_t *code)
{
	*code = how == RG__AOR_OK ? 0 : how == RG__AOR_SCHEME ? 416 : 400;
	return how == RG__AOR_NOMEM ? RG_ENOMEM : RG_OK;
}

rg_status rg__uri_subject(const rg__uri *uri, rg_str domain, const rg_config *config, rg__aor *out, rg__gruu **gruu, int32_t *code)
{
	rg__aor_rules rules;
	rg_status status;

	*out = (rg__aor){ 0 };
	*gruu = NULL;
	if (gruus_on(config) && read_gruu(uri, domain, config, out, gruu, code, &status))
		return status;
	int how = rg__aor_from_uri(uri, rg__aor_rules_in(config, &rules), out);
	return lookup_status(how, code);
}

/* A text with a parameter may be a GRUU, which is read as a URI. */
static bool may_be_gruu(rg_str text, const rg_config *config, rg__uri *uri)
{
	rg__aor_rules rules;

	return text.n > 0 && memchr(text.p, ';', text.n) && gruus_on(config) && rg__aor_text_uri(text, rg__aor_rules_in(config, &rules), uri);
}

rg_status rg__lookup_aor(const rg_request *request, const rg_config *config, rg__aor *out, rg__gruu **gruu, int32_t *code)
{
	rg__aor_rules rules;
	rg__uri uri;

	*out = (rg__aor){ 0 };
	*gruu = NULL;
	*code = 0;
	if (request->defect != RG_R_FINE) {
		*code = rg_reason_code(request->defect);
		return RG_OK;
	}
	if (request->aor.p && !may_be_gruu(request->aor, config, &uri)) {
		rg__aor_rules_of(config, &rules);
		return lookup_status(rg__aor_from_text(request->aor, &rules, out), code);
	}
	if (!request->aor.p && rg__uri_read_address(request->request_uri, &uri) != RG_OK) {
		*code = 400;
		return RG_OK;
	}
	return rg__uri_subject(&uri, request->domain, config, out, gruu, code);
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
	rg_str ignored;
	rg__uri uri;

	*out = (rg__aor){ 0 };
	rg__aor_rules_of(config, &rules);
	if (!aor.p && request && request->aor.p) {
		aor = request->aor;
		name = "rg_request.aor";
	}
	/* RFC 5627: a GRUU names a device, so it does not stand for all devices of its AoR. */
	if (aor.p && may_be_gruu(aor, config, &uri) && (rg__is_gruu(&uri, &ignored) || hides_gr(&uri)))
		return rg__fail(why, RG_EINVAL, "%s is a GRUU, which names one device of its AoR: '%.*s'", name, RG__SHOWN(aor));
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
