/* SPDX-License-Identifier: MIT */
/* A registrar over a Redis store on an event loop, which alone ticks it and drives the store. A program for each loop that there is glue
 * for; tests/unit/loop/drive.c tests the glue over other stores. */
#include "../unit/loop/loop.h"
#include "store_redis.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 20000 }; /* milliseconds */

typedef struct shore {
	loop l;
	redis_server *server;
	rg_store *store;
	rg_registrar *reg;
	_Atomic rg_time now;
	rg_subscription *changes;
	int saved[3], n_saved; /* codes, in order */
	int expired;
	bool freed, stops;
} shore;

static rg_time shore_now(void *user)
{
	return ((shore *)user)->now;
}

static void shore_wakeup(void *user, rg_time next)
{
	loop_wakeup(((shore *)user)->l.glue, next);
}

static void shore_free(void *user)
{
	shore *s = user;

	s->freed = true;
	loop_unref(s->l.glue);
}

static void on_shore_event(void *user, const rg_event *event)
{
	((shore *)user)->expired += event->kind == RG_EVENT_CONTACT_EXPIRE;
}

static void open_shore(shore *s)
{
	rg_env env = { .struct_size = sizeof env, .now = shore_now, .wakeup = shore_wakeup, .user = s, .free = shore_free };
	rg_redis_options options = { .struct_size = sizeof options };

	*s = (shore){ .server = redis_server_start(NULL), .now = 1700000000000 };
	loop_open(&s->l);
	loop_ref(&s->l); /* for the registrar */
	options.address = rg_str_from(redis_server_address(s->server));
	cr_assert_eq(rg_redis_store_new(&options, &s->store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, s->store, &env, &s->reg, NULL), RG_OK);
	cr_assert_eq(rg_registrar_subscribe(s->reg, UINT32_MAX, on_shore_event, s, NULL, &s->changes, NULL), RG_OK);
	cr_assert_eq(loop_tick(&s->l, s->reg, 0), RG_OK);
	cr_assert_eq(loop_watch(&s->l, s->store, rg_redis_store_descriptor(s->store), rg_redis_store_drive), RG_OK);
}

/* Gives everything up but the store. */
static void leave(shore *s)
{
	rg_registrar *reg = s->reg;

	if (!reg)
		return;
	s->reg = NULL;
	rg_registrar_shutdown(reg); /* no further save completes */
	loop_stop(&s->l);
	rg_subscription_free(s->changes);
	rg_registrar_unref(reg);
}

static void close_shore(shore *s)
{
	leave(s);
	for (int i = 0; i < 100 && !s->freed; i++) /* a commit in flight keeps the registrar until it is answered */
		rg_redis_store_run(s->store, 1000);
	cr_expect(s->freed);
	rg_store_unref(s->store);
	loop_close(&s->l);
	redis_server_free(s->server);
}

static void on_shore_saved(void *user, rg_status status, rg_response *response)
{
	shore *s = user;

	s->saved[s->n_saved++] = status == RG_ECANCELED ? -1 : rg_response_code(response);
	rg_response_free(response);
	if (s->stops)
		leave(s);
}

static void begin_save(shore *s, const char *to)
{
	rg_str contact = RG_STR("<sip:a@192.0.2.7>;expires=60");
	rg_request r = { .struct_size = sizeof r, .method = RG_STR("REGISTER"), .request_uri = RG_STR("sip:example.org"),
		.from_header = rg_str_from(to), .to_header = rg_str_from(to), .callid = RG_STR("1@192.0.2.7"), .cseq = RG_STR("1 REGISTER"),
		.contacts = &contact, .n_contacts = 1, .via_count = 1 };

	cr_assert_geq(rg_save_async(s->reg, &r, NULL, on_shore_saved, s, NULL, NULL, NULL), 0);
}

static bool turn_while(shore *s, const int *count, int below)
{
	for (int i = 0; i < MOST / 20 && *count < below; i++)
		loop_turn(&s->l, 20);
	return *count >= below;
}

static uint32_t connection_of(const shore *s)
{
	rg_redis_state state;

	rg_redis_state_init(&state, sizeof state);
	cr_assert_eq(rg_redis_store_state(s->store, &state), RG_OK);
	return state.connection;
}

static bool turn_until_connected(shore *s, uint32_t connection)
{
	for (int i = 0; i < MOST / 20 && connection_of(s) != connection; i++)
		loop_turn(&s->l, 20);
	return connection_of(s) == connection;
}

Test(on_loop, saves_and_expires)
{
	shore s;

	open_shore(&s);
	begin_save(&s, "<sip:alice@example.org>;tag=1");
	begin_save(&s, "<sip:bob@example.org>;tag=1");
	cr_assert(turn_while(&s, &s.n_saved, 2));
	cr_expect(s.saved[0] == 200 && s.saved[1] == 200);
	s.now += 61000;
	cr_expect(turn_while(&s, &s.expired, 2));
	close_shore(&s);
}

Test(on_loop, notices_that_the_server_is_gone_and_that_it_is_back)
{
	shore s;

	open_shore(&s);
	begin_save(&s, "<sip:alice@example.org>;tag=1");
	cr_assert(turn_while(&s, &s.n_saved, 1));
	redis_server_kill(s.server);
	cr_expect(turn_until_connected(&s, RG_REDIS_DOWN));
	begin_save(&s, "<sip:bob@example.org>;tag=1");
	cr_expect_eq(s.n_saved, 2, "at once");
	redis_server_again(s.server, false);
	cr_expect(turn_until_connected(&s, RG_REDIS_READY));
	begin_save(&s, "<sip:bob@example.org>;tag=1");
	cr_expect(turn_while(&s, &s.n_saved, 3));
	cr_expect(s.saved[0] == 200 && s.saved[1] == 503 && s.saved[2] == 200);
	close_shore(&s);
}

Test(on_loop, may_be_stopped_by_a_completion_of_the_store)
{
	shore s;

	open_shore(&s);
	begin_save(&s, "<sip:alice@example.org>;tag=1");
	begin_save(&s, "<sip:bob@example.org>;tag=1");
	begin_save(&s, "<sip:carol@example.org>;tag=1");
	s.stops = true;
	cr_expect(turn_while(&s, &s.n_saved, 3));
	cr_expect(s.saved[0] == 200 && s.saved[1] == -1 && s.saved[2] == -1, "%d %d %d", s.saved[0], s.saved[1], s.saved[2]);
	close_shore(&s);
}
