/* SPDX-License-Identifier: MIT */
#include "config/syntax.h"
#include "config/parameters.h"
#include "grammar/grammar.h"

static bool is_any(rg_str text)
{
	(void)text;
	return true;
}

static bool is_host_variable(rg_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return false;
	}
	if (text.n == 0 || text.p[0] != '$')
		return text.n > 0;
	const char *open = memchr(text.p, '(', text.n);
	return open && open > text.p + 1 && open + 2 < text.p + text.n && text.p[text.n - 1] == ')';
}

static bool is_host(rg_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!rg__is(text.p[i], RG__C_ALPHA | RG__C_DIGIT) && text.p[i] != '.' && text.p[i] != '-' && text.p[i] != '_')
			return false;
	}
	return true;
}

static bool is_token(rg_str text)
{
	return text.n > 0 && rg__all(text, RG__C_TOKEN);
}

static bool is_param_name(rg_str text)
{
	static const rg_str ours[] = { { "q", 1 }, { "expires", 7 }, { "pub-gruu", 8 }, { "temp-gruu", 9 }, { "reg-id", 6 },
		{ "+sip.instance", 13 } };

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (rg__eq_nocase(text, ours[i]))
			return false;
	}
	return is_token(text);
}

/* True when every item between commas, trimmed, is good. */
static bool is_list(rg_str text, bool (*good)(rg_str item))
{
	for (;;) {
		const char *comma = text.n ? memchr(text.p, ',', text.n) : NULL;
		size_t n = comma ? (size_t)(comma - text.p) : text.n;
		if (!good(rg__trim(rg__sub(text, 0, n))))
			return false;
		if (!comma)
			return true;
		text = rg__sub(text, n + 1, text.n);
	}
}

static bool is_tokens(rg_str text)
{
	return is_list(text, is_token);
}

static bool is_secret(rg_str text)
{
	return text.n > 0;
}

static bool is_secrets(rg_str text)
{
	return is_list(text, is_secret);
}

static bool is_pause(rg_str text)
{
	uint64_t seconds;

	return rg__parse_uint(text, RG__SECONDS_MAX + 1, &seconds) == RG_OK && seconds > 0 && seconds <= RG__SECONDS_MAX;
}

static bool is_pauses(rg_str text)
{
	uint32_t commas = 0;

	for (size_t i = 0; i < text.n; i++)
		commas += text.p[i] == ',';
	return commas < RG__PAUSES_MAX && is_list(text, is_pause);
}

/* RFC 3608 §5.1: a list of name-addr values. They return in Route, so they must be loose routers (RFC 3261 §16.12). */
static bool is_routes(rg_str text)
{
	rg_str value, lr;
	rg__name_addr addr;
	rg__uri uri;

	for (;;) {
		int more = rg__list_next(&text, &value);
		if (more <= 0)
			return more == 0;
		if (rg__name_addr_parse(value, &addr) != RG_OK || !addr.bracketed || rg__uri_parse(addr.uri, &uri) != RG_OK)
			return false;
		if (uri.scheme == RG__SCHEME_OTHER || !rg__uri_param(&uri, RG_STR("lr"), &lr))
			return false;
	}
}

static const struct {
	bool (*good)(rg_str text);
	const char *wants;
} forms[RG__FORM_COUNT] = {
	[RG__FORM_ANY] = { is_any, "text" },
	[RG__FORM_WORD] = { is_host_variable, "a host variable, as $avp(name) or a name without blanks" },
	[RG__FORM_HOST] = { is_host, "the beginning of a host name" },
	[RG__FORM_TOKEN] = { is_token, "a token" },
	[RG__FORM_PARAM] = { is_param_name, "a token that is free for it" },
	[RG__FORM_TOKENS] = { is_tokens, "a list of tokens separated by commas" },
	[RG__FORM_SECRETS] = { is_secrets, "a list of secrets separated by commas, none of them empty" },
	[RG__FORM_PAUSES] = { is_pauses, "a list of at most 16 pauses in seconds, separated by commas" },
	[RG__FORM_ROUTES] = { is_routes, "a list of <sip:…;lr> values separated by commas" },
	[RG__FORM_MATCHING] = { is_any, "text" },
};

const char *rg__form_wants(int form, rg_str text)
{
	if (rg__has_control(text) || (text.n && memchr(text.p, '\t', text.n)))
		return "free of control characters";
	return forms[form].good(text) ? NULL : forms[form].wants;
}
