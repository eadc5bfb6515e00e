/* SPDX-License-Identifier: MIT */
/* Any bytes, read as URIs, name-addr values, lists and AoRs. A first line and a second one are compared with each other. */
#include "grammar/aor.h"
#include "grammar/header.h"
#include <rgstr/record.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(rg_str part, rg_str whole)
{
	return !part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* The key printed and read again is the key. */
static void check_canonical(const rg__aor *aor, const rg__aor_rules *rules)
{
	const rg_key key = { RG_STR("location"), aor->user, aor->host };
	size_t n = rg_key_print(&key, NULL, 0);
	char *text = malloc(n);
	rg__aor again;

	must(text && rg_key_print(&key, text, n) == n);
	must(!rg__has_control((rg_str){ text, n }));
	must(rg__aor_from_text((rg_str){ text, n }, rules, &again) == RG__AOR_OK);
	must(rg__eq(again.user, aor->user) && rg__eq(again.host, aor->host));
	rg__aor_free(&again);
	free(text);
}

static void check_aor(rg_str text)
{
	for (unsigned bits = 0; bits < 4; bits++) {
		const rg__aor_rules rules = { bits & 1, bits & 2, RG_STR("sip."), 64, 64, 128 };
		rg__aor aor;
		if (rg__aor_from_text(text, &rules, &aor) != RG__AOR_OK)
			continue;
		must(aor.user.n + aor.host.n > 0 && aor.user.n <= 64 && aor.host.n <= 64);
		check_canonical(&aor, &rules);
		rg__aor_free(&aor);
	}
}

/* The same URI with its host in capitals. */
static void check_case(const rg__uri *uri)
{
	char *copy = malloc(uri->text.n);
	rg__uri other;

	must(copy != NULL);
	memcpy(copy, uri->text.p, uri->text.n);
	char *host = copy + (uri->host.p - uri->text.p);
	for (size_t i = 0; i < uri->host.n; i++)
		host[i] = (char)(host[i] >= 'a' && host[i] <= 'z' ? host[i] - 32 : host[i]);
	must(rg__uri_parse((rg_str){ copy, uri->text.n }, &other) == RG_OK);
	must(rg__uri_equal(uri, &other));
	free(copy);
}

static void check_uri(const rg__uri *uri, rg_str text)
{
	rg_str rest = uri->params;
	rg__param param;
	rg__buf hop = { 0 };

	must(inside(uri->user, text) && inside(uri->password, text) && inside(uri->host, text));
	must(inside(uri->params, text) && inside(uri->headers, text));
	must(rg__uri_equal(uri, uri));
	if (uri->scheme == RG__SCHEME_OTHER)
		return;
	while (rg__uri_param_next(&rest, &param)) {
		rg_str value;
		must(param.name.n > 0 && inside(param.name, text) && inside(param.value, text));
		must(rg__uri_param(uri, param.name, &value) && value.p == param.value.p);
	}
	check_case(uri);
	rg__uri_hop(uri, &hop);
	must(hop.n > 0 && !rg__has_control((rg_str){ hop.p, hop.n }));
	rg__buf_free(&hop);
}

/* The looser reading agrees with the strict one, and keeps out what could end a URI where it is printed. */
static void check_address(rg_str text, const rg__uri *strict)
{
	rg__uri uri;

	if (rg__uri_read_address(text, &uri) != RG_OK) {
		must(!strict);
		return;
	}
	must(inside(uri.user, text) && inside(uri.host, text));
	if (strict)
		must(rg__eq(uri.user, strict->user) && rg__eq(uri.host, strict->host) && rg__eq(uri.params, strict->params));
	for (size_t i = 0; i < text.n; i++)
		must((uint8_t)text.p[i] > ' ' && text.p[i] != '<' && text.p[i] != '>' && text.p[i] != 0x7f);
}

static void check_values(rg_str list)
{
	rg_str rest = list, value;
	rg__name_addr name_addr;
	rg__param param;

	while (rg__list_next(&rest, &value) > 0) {
		must(inside(value, list));
		if (rg__name_addr_parse(value, &name_addr) != RG_OK)
			continue;
		must(name_addr.uri.n > 0 && inside(name_addr.uri, value) && inside(name_addr.display, value));
		rg_str params = name_addr.params;
		int more;
		while ((more = rg__param_next(&params, &param)) > 0)
			must(rg__is_token(param.name) && inside(param.value, value));
		must(more == 0);
	}
}

static void check_addr(rg_str text)
{
	char room[64];
	rg_addr addr, again;

	if (rg_addr_parse(text, &addr) != RG_OK)
		return;
	must(rg_addr_parse(rg_addr_print(&addr, room, sizeof room), &again) == RG_OK);
	must(memcmp(&addr, &again, sizeof addr) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg_str text = { (const char *)data, size };
	const char *line = size ? memchr(text.p, '\n', size) : NULL;
	rg_str first = line ? (rg_str){ text.p, (size_t)(line - text.p) } : text;
	rg_str second = line ? (rg_str){ line + 1, size - first.n - 1 } : text;
	rg__uri a, b;
	bool both = rg__uri_parse(first, &a) == RG_OK;

	if (both)
		check_uri(&a, first);
	check_address(first, both ? &a : NULL);
	both = both && rg__uri_parse(second, &b) == RG_OK;
	if (both)
		must(rg__uri_equal(&a, &b) == rg__uri_equal(&b, &a));
	check_aor(first);
	check_values(text);
	check_addr(first);
	return 0;
}
