/* SPDX-License-Identifier: MIT */
/* Our reading of a URI against Sofia-SIP's, over URIs generated from the grammar of RFC 3261 §25.1.
 *
 * url_d() canonicalises as it reads: it undoes escapes that need not be (not the same ones in each component), and writes the rest in
 * capitals. So each component is compared with all escapes undone on both sides. It also lets much through that the grammar forbids
 * (empty parameters, any port), so only valid URIs are of use here; what must be refused is in uri.c. */
#include "grammar/uri.h"
#include <criterion/criterion.h>
#include <sofia-sip/url.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 20240611, COUNT = 60000, ROOM = 2048 };

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define UNRESERVED ALNUM "-_.!~*'()"

typedef struct maker {
	uint64_t state;
	size_t n;
	char text[ROOM];
} maker;

static uint32_t draw(maker *m, uint32_t below)
{
	m->state ^= m->state << 13;
	m->state ^= m->state >> 7;
	m->state ^= m->state << 17;
	return (uint32_t)((m->state >> 16) % below);
}

static void put(maker *m, const char *text)
{
	size_t n = strlen(text);

	cr_assert(m->n + n < ROOM);
	memcpy(m->text + m->n, text, n + 1);
	m->n += n;
}

/* From least to most octets of the set, one in eight of any value but NUL and escaped. */
static void put_some(maker *m, const char *set, uint32_t least, uint32_t most)
{
	uint32_t count = least + draw(m, most - least + 1);

	for (uint32_t i = 0; i < count; i++) {
		char escape[4], plain[2] = { set[draw(m, (uint32_t)strlen(set))], '\0' };
		snprintf(escape, sizeof escape, draw(m, 2) ? "%%%02x" : "%%%02X", 1 + draw(m, 255));
		put(m, draw(m, 8) ? plain : escape);
	}
}

static void put_one(maker *m, const char *set)
{
	const char one[2] = { set[draw(m, (uint32_t)strlen(set))], '\0' };

	put(m, one);
}

static void put_name(maker *m)
{
	for (uint32_t labels = draw(m, 3); labels > 0; labels--) {
		put_one(m, ALNUM);
		for (uint32_t i = draw(m, 6); i > 0; i--)
			put_one(m, ALNUM "-");
		put_one(m, ALNUM);
		put(m, ".");
	}
	put_one(m, "abcxyzABCXYZ");
	if (draw(m, 2)) {
		put_one(m, ALNUM "-");
		put_one(m, ALNUM);
	}
	if (draw(m, 8) == 0)
		put(m, ".");
}

static void put_host(maker *m)
{
	static const char *const addresses[] = { "[::1]", "[2001:db8::1]", "[2001:DB8:0:1:2:3:4:5]", "[::]", "[fe80::a:b]", "[::192.0.2.1]" };
	char text[32];

	switch (draw(m, 4)) {
	case 0:
		snprintf(text, sizeof text, "%u.%u.%u.%u", draw(m, 256), draw(m, 256), draw(m, 256), draw(m, 256));
		put(m, text);
		break;
	case 1:
		put(m, addresses[draw(m, sizeof addresses / sizeof addresses[0])]);
		break;
	default:
		put_name(m);
	}
}

static void put_params(maker *m)
{
	static const char *const known[] = { ";transport=tcp", ";user=phone", ";ttl=15", ";method=INVITE", ";maddr=192.0.2.1", ";lr" };
	uint32_t other = draw(m, 4);

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (draw(m, 4) == 0)
			put(m, known[i]);
	}
	for (uint32_t i = 0; i < other; i++) {
		char unique[16];
		snprintf(unique, sizeof unique, ";x%u-", i); /* no name may come twice */
		put(m, unique);
		put_some(m, UNRESERVED "[]/:&+$", 0, 8);
		if (draw(m, 3)) {
			put(m, "=");
			put_some(m, UNRESERVED "[]/:&+$", 1, 12);
		}
	}
}

static void put_headers(maker *m)
{
	uint32_t count = draw(m, 3);

	for (uint32_t i = 0; i < count; i++) {
		put(m, i ? "&" : "?");
		put_some(m, UNRESERVED "[]/?:+$", 1, 8);
		put(m, "=");
		put_some(m, UNRESERVED "[]/?:+$", 0, 12);
	}
}

static void make_uri(maker *m)
{
	static const char *const schemes[] = { "sip:", "sips:", "SIP:", "Sips:" };

	m->n = 0;
	put(m, schemes[draw(m, 4)]);
	if (draw(m, 5)) {
		put_some(m, UNRESERVED "&=+$,;?/", 1, 16);
		if (draw(m, 4) == 0) {
			put(m, ":");
			put_some(m, UNRESERVED "&=+$,", 0, 8);
		}
		put(m, "@");
	}
	put_host(m);
	if (draw(m, 3) == 0) {
		char port[16];
		snprintf(port, sizeof port, ":%u", 1 + draw(m, 65535));
		put(m, port);
	}
	put_params(m);
	put_headers(m);
}

/* All escapes undone, control characters and reserved ones too, which is more than the library itself would ever do. */
static size_t undo(const char *from, size_t n, char *to)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		char digits[3] = { 0 };
		unsigned octet;
		if (from[i] == '%' && n - i >= 3)
			memcpy(digits, from + i + 1, 2);
		if (sscanf(digits, "%2x", &octet) == 1) {
			to[k++] = (char)octet;
			i += 2;
		} else {
			to[k++] = from[i];
		}
	}
	return k;
}

static void agree(const char *uri, const char *part, rg_str ours, const char *theirs)
{
	char a[ROOM], b[ROOM];
	size_t n = undo(ours.n ? ours.p : "", ours.n, a), m = undo(theirs ? theirs : "", theirs ? strlen(theirs) : 0, b);

	cr_expect(n == m && memcmp(a, b, n) == 0, "%s of %s: ours '%.*s', theirs '%s'", part, uri, (int)ours.n, ours.p, theirs);
}

static void compare(const char *text)
{
	char copy[ROOM];
	url_t theirs;
	rg__uri ours;

	strcpy(copy, text); /* url_d() writes into it */
	cr_assert_eq(rg__uri_parse(rg_str_from(text), &ours), RG_OK, "%s", text);
	cr_assert_eq(url_d(&theirs, copy), 0, "%s", text);
	cr_expect_eq(ours.scheme, theirs.url_type == url_sips ? RG__SCHEME_SIPS : RG__SCHEME_SIP, "%s", text);
	agree(text, "user", ours.user, theirs.url_user);
	agree(text, "password", ours.password, theirs.url_password);
	cr_expect(rg__eq_nocase(ours.host, rg_str_from(theirs.url_host)), "host of %s: theirs '%s'", text, theirs.url_host);
	cr_expect_eq(ours.port, theirs.url_port ? atoi(theirs.url_port) : 0, "port of %s", text);
	agree(text, "params", ours.params.n ? rg__sub(ours.params, 1, ours.params.n) : RG__ABSENT, theirs.url_params);
	agree(text, "headers", ours.headers, theirs.url_headers);
}

Test(sofia_uri, generated_uris_come_apart_the_same)
{
	maker m = { .state = SEED };

	for (int i = 0; i < COUNT; i++) {
		make_uri(&m);
		compare(m.text);
	}
}
