/* SPDX-License-Identifier: MIT */
#include "url.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static bool same_text(rg_str got, const char *want)
{
	return want ? got.p && rg_str_equal(got, rg_str_from(want)) && got.p[got.n] == 0 : !got.p;
}

static const struct good_url {
	const char *text, *host, *path, *user, *password, *prefix;
	uint32_t db, buckets, timeout, connect_timeout, inflight;
	uint64_t cache;
	uint16_t port;
	bool tls;
} good_urls[] = {
	{ .text = "redis://127.0.0.1", .host = "127.0.0.1", .port = 6379 },
	{ .text = "redis://db.example.test:1234/3", .host = "db.example.test", .port = 1234, .db = 3 },
	{ .text = "rediss://[2001:db8::1]:7/", .host = "2001:db8::1", .port = 7, .tls = true },
	{ .text = "redis://:s%40c%3Aret@h", .host = "h", .port = 6379, .password = "s@c:ret" },
	{ .text = "redis://me:p@ss:w@h?db=5", .host = "h", .port = 6379, .user = "me", .password = "p@ss:w", .db = 5 },
	{ .text = "unix:/run/redis.sock?db=2&prefix=a.b:c-d_e", .path = "/run/redis.sock", .db = 2, .prefix = "a.b:c-d_e" },
	{ .text = "unix:///run/a%20b", .path = "/run/a b" },
	{ .text = "unix://u:%00x@/s", .path = "/s", .user = "u", .password = NULL },
	{ .text = "redis://h?buckets=1024&timeout=10&connect_timeout=60000&cache=0&inflight=1", .host = "h", .port = 6379, .buckets = 1024,
		.timeout = 10, .connect_timeout = 60000, .cache = UINT64_MAX, .inflight = 1 },
	{ .text = "redis://h/?cache=1099511627776", .host = "h", .port = 6379, .cache = UINT64_C(1) << 40 },
};

static void expect_url(const struct good_url *g)
{
	rg__redis_url u;

	cr_assert_eq(rg__redis_url_parse(rg_str_from(g->text), &u, NULL), RG_OK, "%s", g->text);
	cr_expect(same_text(u.host, g->host) && same_text(u.path, g->path) && same_text(u.user, g->user), "%s", g->text);
	cr_expect(same_text(u.password, g->password) || memcmp(u.password.p, "\0x", 3) == 0, "%s", g->text);
	cr_expect(rg_str_equal(u.prefix, rg_str_from(g->prefix ? g->prefix : "rgstr")), "%s", g->text);
	cr_expect(u.port == g->port && u.tls == g->tls && u.db == g->db, "%s", g->text);
	cr_expect(u.buckets == (g->buckets ? g->buckets : 64) && u.inflight == (g->inflight ? g->inflight : 16384), "%s", g->text);
	cr_expect(u.timeout == (g->timeout ? g->timeout : 1000), "%s", g->text);
	cr_expect(u.connect_timeout == (g->connect_timeout ? g->connect_timeout : 1000), "%s", g->text);
	cr_expect_eq(u.cache, g->cache == UINT64_MAX ? 0 : g->cache ? g->cache : UINT64_C(64) << 20, "%s", g->text);
	rg__redis_url_free(&u);
}

Test(redis_url, an_address_is_taken_apart)
{
	for (size_t i = 0; i < sizeof good_urls / sizeof good_urls[0]; i++)
		expect_url(&good_urls[i]);
}

/* The text, and a part of what is said about it. */
static const char *const bad_urls[][2] = {
	{ "", "missing" },
	{ "http://h", "must begin" },
	{ "REDIS://h", "must begin" },
	{ "redis:/h", "must begin" },
	{ "redis://", "host" },
	{ "redis://a b", "host" },
	{ "redis://%61", "host" },
	{ "redis://[h]", "IPv6" },
	{ "redis://[::1", "IPv6" },
	{ "redis://[::1]x", "port" },
	{ "redis://h:", "port" },
	{ "redis://h:0", "port" },
	{ "redis://h:65536", "port" },
	{ "redis://h:99999999999999999999", "port" },
	{ "redis://h/x", "database" },
	{ "redis://h/65536", "database" },
	{ "redis://h/1/2", "database" },
	{ "redis://h/1?db=1", "db is given twice" },
	{ "redis://user@h", "needs a password" },
	{ "redis://user:@h", "password is empty" },
	{ "redis://a%:b@h", "the user has" },
	{ "redis://a%4:b@h", "the user has" },
	{ "redis://a:%zz@h", "the password has" },
	{ "redis://h?", NULL },
	{ "redis://h?x=1", "parameter other than db, buckets, timeout, connect_timeout, cache, inflight and prefix" },
	{ "redis://h?timeout", "timeout must be" },
	{ "redis://h?timeout=9", "timeout must be a number from 10 to 60000" },
	{ "redis://h?timeout=100&timeout=100", "timeout is given twice" },
	{ "redis://h?timeout=-1", "timeout must be" },
	{ "redis://h?timeout=1e3", "timeout must be" },
	{ "redis://h?buckets=0", "buckets must be" },
	{ "redis://h?buckets=1025", "buckets must be" },
	{ "redis://h?cache=1099511627777", "cache must be" },
	{ "redis://h?prefix=", "prefix must be" },
	{ "redis://h?prefix=a{b}", "prefix must be" },
	{ "redis://h?prefix=a%20b", "prefix must be" },
	{ "redis://h?prefix=a&prefix=a", "prefix is given twice" },
	{ "redis://h?db=1&", "ends in &" },
	{ "redis://h?&db=1", "parameter other than" },
	{ "redis://h#f", "fragment" },
	{ "unix:", "absolute path" },
	{ "unix:run/x", "absolute path" },
	{ "unix://host/x", "no host" },
	{ "unix:/a%00b", "absolute path" },
	{ "unix:/a%0", "absolute path" },
};

Test(redis_url, a_malformed_address_is_refused_in_words)
{
	for (size_t i = 0; i < sizeof bad_urls / sizeof bad_urls[0]; i++) {
		rg_error *why = rg_error_new();
		rg__redis_url u;
		rg_status status = rg__redis_url_parse(rg_str_from(bad_urls[i][0]), &u, why);

		if (!bad_urls[i][1]) {
			cr_expect_eq(status, RG_OK, "%s", bad_urls[i][0]);
			rg__redis_url_free(&u);
		} else {
			cr_expect_eq(status, RG_EINVAL, "%s", bad_urls[i][0]);
			cr_expect(strstr(rg_error_text(why).p, bad_urls[i][1]), "%s: %s", bad_urls[i][0], rg_error_text(why).p);
		}
		rg_error_free(why);
	}
}

Test(redis_url, lengths_are_bounded)
{
	char text[4200];
	rg__redis_url u;

	memset(text, 'a', sizeof text);
	memcpy(text, "redis://", 8);
	cr_expect_eq(rg__redis_url_parse((rg_str){ text, 8 + 254 }, &u, NULL), RG_EINVAL, "a host of 254 octets");
	cr_expect_eq(rg__redis_url_parse((rg_str){ text, 4097 }, &u, NULL), RG_EINVAL);
	memcpy(text, "unix:/aa", 8);
	cr_expect_eq(rg__redis_url_parse((rg_str){ text, 5 + 108 }, &u, NULL), RG_EINVAL, "a path of 108 octets");
	cr_assert_eq(rg__redis_url_parse((rg_str){ text, 5 + 107 }, &u, NULL), RG_OK);
	cr_expect_eq(u.path.n, 107);
	rg__redis_url_free(&u);
}

/* Nothing is read behind the end, whatever the text is cut to. The text lies at the end of its memory. */
Test(redis_url, every_beginning_of_an_address_is_read_or_refused)
{
	for (size_t i = 0; i < sizeof good_urls / sizeof good_urls[0]; i++) {
		for (size_t n = 0, length = strlen(good_urls[i].text); n <= length; n++) {
			char *cut = malloc(n + 1);
			rg__redis_url u;

			cr_assert(cut);
			char *exact = realloc(memcpy(cut, good_urls[i].text, n), n > 0 ? n : 1);
			if (rg__redis_url_parse((rg_str){ exact, n }, &u, NULL) == RG_OK) {
				cr_expect(u.host.p || u.path.p);
				rg__redis_url_free(&u);
			}
			free(exact);
		}
	}
}
