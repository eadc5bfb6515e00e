/* SPDX-License-Identifier: MIT */
/*
 * The connection is cut at each byte of each reply, and of each request; and each byte comes alone. Every call is answered, and what was
 * acknowledged is there.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proxy.h"
#include "server.h"
#include "solo.h"

enum { MOST = 4000 };

typedef struct scene {
	redis_server *server;
	proxy *proxy;
	solo solo, other; /* other: beside the proxy */
	uint32_t cseq;
} scene;

/* Few buckets, so that a walk has few bytes. */
static const char few[] = "?buckets=2", few_and_slow[] = "?buckets=2&timeout=20000&connect_timeout=20000";

static const char contact[] = "<sip:alice@192.0.2.1:5060>;expires=600";

static scene *scene_new(void)
{
	scene *s = calloc(1, sizeof *s);

	s->server = redis_server_start(NULL);
	s->proxy = proxy_new(s->server);
	solo_open(&s->solo, proxy_address(s->proxy), few);
	solo_open(&s->other, redis_server_address(s->server), few);
	cr_assert(solo_connect(&s->solo, RG_REDIS_READY));
	cr_assert(solo_connect(&s->other, RG_REDIS_READY));
	s->cseq = 1;
	return s;
}

static void scene_free(scene *s)
{
	solo_close(&s->solo);
	solo_close(&s->other);
	proxy_free(s->proxy);
	redis_server_free(s->server);
	free(s);
}

/* The step that is cut. Each is one exchange on a connection that is ready; it must succeed in spite of the cut. */

static void refresh(scene *s)
{
	call c;

	s->solo.events[0] = '\0';
	solo_save(&s->solo, &c, "alice", contact, ++s->cseq);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200, "%d", c.code);
	for (int i = 0; i < 100 && !s->solo.events[0]; i++)
		solo_turn(&s->solo, 1);
	cr_expect_str_eq(s->solo.events, "CONTACT_UPDATE alice;", "%s", s->solo.events);
}

/* The reply of the first commit has the record that the other node has written. */
static void refresh_on_conflict(scene *s)
{
	cr_expect_eq(solo_saved(&s->other, "alice", contact, ++s->cseq), 200);
	refresh(s);
}

static void look_up(scene *s)
{
	int32_t n = solo_targets(&s->solo, "alice");

	cr_expect_eq(n, 1, "%d", n);
}

static void walk(scene *s)
{
	call c;

	solo_each(&s->solo, &c);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.status, RG_OK, "%s", rg_status_name(c.status));
	cr_expect_eq(c.n, 1, "%u", c.n);
}

static void search(scene *s)
{
	call c;

	solo_remove_ip(&s->solo, &c, "192.0.2.77");
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.status, RG_OK, "%s", rg_status_name(c.status));
	cr_expect_eq(c.n, 0);
}

/* @return how many cuts there were: one at each byte of what goes one way in this step. */
static uint32_t cut_each(scene *s, void (*step)(scene *s), void (*cut)(proxy *p, int64_t n), uint64_t (*passed)(proxy *p), uint32_t stride)
{
	uint32_t cuts = 0;

	step(s); /* so that all is as after a step */
	uint64_t before = passed(s->proxy);

	step(s);
	uint64_t length = passed(s->proxy) - before;

	for (uint64_t n = 0; n < length && n < MOST; n += stride) {
		cr_expect(solo_connect(&s->solo, RG_REDIS_READY));
		cut(s->proxy, (int64_t)n);
		step(s);
		cut(s->proxy, PROXY_NEVER);
		cuts++;
	}
	return cuts;
}

static void cut_steps(void (*cut)(proxy *p, int64_t n), uint64_t (*passed)(proxy *p), uint32_t stride)
{
	static void (*const steps[])(scene *s) = { refresh, refresh_on_conflict, look_up, walk, search };
	scene *s = scene_new();

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, ++s->cseq), 200);
	for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		uint32_t cuts = cut_each(s, steps[i], cut, passed, stride);

		cr_expect_gt(cuts, 0, "step %u", i);
	}
	cr_expect_gt(solo_counter(&s->solo, "reconnects"), 20);
	scene_free(s);
}

Test(cuts, replies_cut_at_each_byte)
{
	cut_steps(proxy_cut_replies, proxy_replied, 1);
}

Test(cuts, requests_cut_at_many_bytes)
{
	cut_steps(proxy_cut_requests, proxy_requested, 7);
}

/* A connection that is cut before it is ready is a failure, and says so: nothing is acknowledged that is not there. */
static void cut_greeting(void (*cut)(proxy *p, int64_t n), uint64_t (*passed)(proxy *p), uint32_t stride)
{
	scene *s = scene_new();
	uint64_t before = passed(s->proxy);
	solo one;

	solo_open(&one, proxy_address(s->proxy), few);
	cr_expect(solo_connect(&one, RG_REDIS_READY));
	solo_close(&one);
	uint64_t length = passed(s->proxy) - before;

	cr_expect_gt(length, 20);
	uint32_t failed = 0;

	for (uint64_t n = 0; n < length; n += stride) {
		call c;

		cut(s->proxy, (int64_t)n);
		solo_open(&one, proxy_address(s->proxy), few);
		solo_save(&one, &c, "alice", contact, ++s->cseq);
		cr_expect(solo_finish(&one, &c), "cut at byte %u: the save is answered once", (unsigned)n);
		cr_expect_eq(c.code, c.status == RG_OK ? 200 : 503, "cut at byte %u: %d", (unsigned)n, c.code);
		failed += c.status != RG_OK;
		/* Behind the greeting, what is in flight is repeated. */
		cr_expect(c.status == RG_OK ? failed > 20 / stride : c.status == RG_ESTORE, "cut at byte %u: %s", (unsigned)n, rg_status_name(c.status));
		cr_expect(c.status != RG_OK || solo_targets(&s->other, "alice") == 1, "cut at byte %u: what was acknowledged is there", (unsigned)n);
		cut(s->proxy, PROXY_NEVER);
		solo_close(&one);
	}
	cr_expect_gt(failed, 0);
	cr_expect_eq(solo_saved(&s->solo, "alice", contact, ++s->cseq), 200, "the old connection goes on");
	scene_free(s);
}

Test(cuts, a_greeting_cut_at_each_byte)
{
	cut_greeting(proxy_cut_replies, proxy_replied, 1);
}

Test(cuts, the_requests_of_a_greeting_cut)
{
	cut_greeting(proxy_cut_requests, proxy_requested, 101);
}

Test(cuts, each_byte_comes_alone)
{
	scene *s = scene_new();
	solo one;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, ++s->cseq), 200);
	proxy_split(s->proxy, true);
	solo_open(&one, proxy_address(s->proxy), few_and_slow);
	cr_expect_eq(solo_saved(&one, "carol", contact, 1), 200, "through a greeting in single bytes");
	call c;

	solo_remove(&one, &c, "carol");
	cr_expect(solo_finish(&one, &c));
	cr_expect_eq(c.n, 1);
	refresh(s);
	refresh_on_conflict(s);
	look_up(s);
	walk(s);
	search(s);
	cr_expect_eq(solo_counter(&s->solo, "reconnects"), 0, "no connection was lost");
	solo_close(&one);
	scene_free(s);
}
