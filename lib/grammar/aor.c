/* SPDX-License-Identifier: MIT */
#include "grammar/aor.h"
#include "grammar/chars.h"
#include "grammar/header.h"
#include "text/text.h"
#include <stdlib.h>

static inline rg__octets mark_upper(rg__octets v)
{
	return (rg__octets)(v - 'A' <= 'Z' - 'A');
}

static inline bool has_upper(rg_str s)
{
	rg__octets marks = { 0 };
	bool upper = false;

	if (s.n < 8) {
		for (size_t i = 0; i < s.n; i++)
			upper |= s.p[i] >= 'A' && s.p[i] <= 'Z';
		return upper;
	}
	if (s.n < sizeof marks)
		return rg__any_mark(mark_upper((rg__octets)(rg__words){ rg__word_at(s.p), rg__word_at(s.p + s.n - 8) }));
	for (size_t i = 0; i + sizeof marks < s.n; i += sizeof marks)
		marks |= mark_upper(rg__octets_at(s.p + i));
	return rg__any_mark(marks | mark_upper(rg__octets_at(s.p + s.n - sizeof marks)));
}

static void lower_all(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = rg__lower(p[i]);
}

/* Removes the final dot, and the prefix as often as it occurs, so that a canonical host stays the same when it is read again. Keeps the
 * prefix where the rest would be no host name. */
static rg_str strip_host(rg_str host, rg_str prefix)
{
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	while (prefix.n > 0 && host.n > prefix.n && rg__eq_nocase(rg__sub(host, 0, prefix.n), prefix) &&
		rg__is_hostname(rg__sub(host, prefix.n, host.n)))
		host = rg__sub(host, prefix.n, host.n);
	return host;
}

/* The canonical host except for its case. An address is printed into @p room, unless the URI already has it in canonical form. */
static rg_str canonical_host(const rg__uri *uri, const rg__aor_rules *rules, char room[64])
{
	if (uri->host_kind == RG__HOST_NAME)
		return strip_host(uri->host, rules->realm_prefix);
	if (uri->host_kind == RG__HOST_IP4)
		return uri->host; /* an IPv4 address is only read in its canonical form */
	rg_addr addr = uri->addr;
	addr.port = 0;
	rg_str text = rg_addr_print(&addr, room + 1, 62);
	if (addr.family == 6) {
		room[0] = '[';
		room[1 + text.n] = ']';
		text = (rg_str){ room, text.n + 2 };
	}
	return rg__eq(text, uri->host) ? uri->host : text;
}

/* Copies the parts that have to change into the one allocation. */
static int own(rg__aor *out, bool own_user, bool own_host, const rg__aor_rules *rules)
{
	rg_str user = out->user, host = out->host;

	out->text = malloc((own_user ? user.n : 0) + (own_host ? host.n : 0));
	if (!out->text)
		return RG__AOR_NOMEM;
	size_t n = 0;
	if (own_user) {
		if (rg__unescape(user, out->text, &n) != RG_OK)
			return RG__AOR_UNESCAPE;
		if (!rules->case_sensitive)
			lower_all(out->text, n);
		out->user = (rg_str){ out->text, n };
	}
	if (own_host) {
		memcpy(out->text + n, host.p, host.n);
		lower_all(out->text + n, host.n);
		out->host = (rg_str){ out->text + n, host.n };
	}
	return RG__AOR_OK;
}

static bool too_long(const rg__aor *aor, const rg__aor_rules *rules)
{
	size_t both = aor->user.n + aor->host.n + (aor->user.n > 0 && aor->host.n > 0);

	return aor->user.n > rules->max_user || aor->host.n > rules->max_host || both > rules->max_aor;
}

/* Makes user and host, as the URI has them, canonical. @p escaped: the user may have escapes. @p copy_host: the host lies in memory that the
 * result outlives. */
static int canonicalize(rg__aor *out, const rg__aor_rules *rules, bool escaped, bool copy_host)
{
	bool own_user = escaped || (!rules->case_sensitive && has_upper(out->user));
	bool own_host = copy_host || has_upper(out->host);
	int result = RG__AOR_OK;

	/* Escaped, an octet takes three. A user that is too long even if all of it is escaped costs no allocation. */
	if (out->user.n / 3 > rules->max_user || out->host.n > rules->max_host)
		result = RG__AOR_TOO_LONG;
	else if (own_user || own_host)
		result = own(out, own_user, own_host, rules);
	if (result == RG__AOR_OK && too_long(out, rules))
		result = RG__AOR_TOO_LONG;
	if (result != RG__AOR_OK)
		rg__aor_free(out);
	return result;
}

/* True when user and host, as the URI has them, are canonical already, and not too long. */
static inline bool is_canonical(const rg__uri *uri, const rg__aor_rules *rules)
{
	const rg_str user = uri->user, host = uri->host;

	if ((uri->scheme != RG__SCHEME_SIP && uri->scheme != RG__SCHEME_SIPS) || user.n == 0 || uri->user_escaped || !rules->use_domain ||
		rules->realm_prefix.n > 0 || host.n == 0 || uri->host_kind == RG__HOST_IP6 || host.p[host.n - 1] == '.')
		return false;
	return user.n <= rules->max_user && host.n <= rules->max_host && user.n + host.n < rules->max_aor &&
		(rules->case_sensitive || !has_upper(user)) && !has_upper(host);
}

static int make_canonical(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out)
{
	char room[64];

	*out = (rg__aor){ 0 };
	if (uri->scheme != RG__SCHEME_SIP && uri->scheme != RG__SCHEME_SIPS)
		return RG__AOR_SCHEME;
	if (uri->user.n == 0 && !rules->use_domain)
		return RG__AOR_PARSE;
	out->user = uri->user;
	if (rules->use_domain)
		out->host = canonical_host(uri, rules, room);
	return canonicalize(out, rules, uri->user_escaped, out->host.p == room || out->host.p == room + 1);
}

int rg__aor_from_uri(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out)
{
	if (!is_canonical(uri, rules))
		return make_canonical(uri, rules, out);
	out->user = uri->user;
	out->host = uri->host;
	out->text = NULL;
	return RG__AOR_OK;
}

int rg__aor_host(const rg__uri *uri, const rg__aor_rules *rules, rg__aor *out)
{
	rg__aor_rules any = { .use_domain = true, .realm_prefix = rules->realm_prefix, .max_host = SIZE_MAX, .max_aor = SIZE_MAX };
	rg__uri host = *uri;

	host.user = RG__ABSENT;
	host.user_escaped = false;
	return rg__aor_from_uri(&host, &any, out);
}

/* Reads a key without a host, which is printed as its user alone. */
static int from_user(rg_str text, const rg__aor_rules *rules, rg__aor *out)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!rg__is(text.p[i], RG__C_USER) && text.p[i] != '%')
			return RG__AOR_PARSE;
	}
	out->user = text;
	return canonicalize(out, rules, true, false);
}

/* True of a key that is printed as its user alone, when the text is no URI. Such a user may contain `;` and `=`. */
static bool is_user_alone(rg_str text, const rg__aor_rules *rules)
{
	return text.n > 0 && !rules->use_domain && !memchr(text.p, '@', text.n) && !memchr(text.p, '<', text.n);
}

bool rg__aor_text_uri(rg_str text, const rg__aor_rules *rules, rg__uri *out)
{
	rg_str s = rg__trim(text);
	rg__name_addr name_addr;

	if (s.n == 0)
		return false;
	if (memchr(s.p, '<', s.n)) /* neither a URI nor a printed key can contain it */
		return rg__name_addr_parse(s, &name_addr) == RG_OK && rg__uri_read_address(name_addr.uri, out) == RG_OK;
	if (rg__uri_read_address(s, out) == RG_OK)
		return true;
	if (is_user_alone(s, rules))
		return false;
	/* A password here means a malformed URI, such as `sip:@host`. */
	return rg__uri_parse_bare(s, out) == RG_OK && !out->password.p;
}

int rg__aor_from_text(rg_str text, const rg__aor_rules *rules, rg__aor *out)
{
	rg_str s = rg__trim(text);
	rg__uri uri;

	*out = (rg__aor){ 0 };
	if (rg__aor_text_uri(s, rules, &uri))
		return rg__aor_from_uri(&uri, rules, out);
	return is_user_alone(s, rules) ? from_user(s, rules, out) : RG__AOR_PARSE;
}

void rg__aor_free(rg__aor *aor)
{
	free(aor->text);
	*aor = (rg__aor){ 0 };
}
