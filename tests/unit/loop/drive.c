/* SPDX-License-Identifier: MIT */
/* A registrar on an event loop. The same tests for each loop that there is glue for. The registrar's clock stands still unless a test sets it. */
#include "../../engine/shims.h"
#include "loop/loop.h"
#include <fcntl.h>
#include <pthread.h>
#include <rgstr/memory.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LONG = 60000, TURNS = 1000 };

typedef struct scene {
	loop l;
	_Atomic rg_time now;
	rg_store *store;
	rg_registrar *reg;
	faulty asked;      /* counts the walks over what is due, one a tick */
	deferred *later;   /* of a store that answers later */
	int stores[2];     /* a pipe; the reading end is the descriptor of the store */
	int events, freed;
	bool stops;        /* the next event stops the glue */
	bool stopped;
} scene;

static scene *driven; /* the scene whose store is driven: a drive function gets the store alone */

static rg_time scene_now(void *user)
{
	return ((scene *)user)->now;
}

static void scene_wakeup(void *user, rg_time next)
{
	loop_wakeup(((scene *)user)->l.glue, next);
}

static void scene_free(void *user)
{
	scene *s = user;

	s->freed++;
	loop_unref(s->l.glue);
}

static void stop_scene(scene *s)
{
	if (!s->stopped)
		loop_stop(&s->l);
	s->stopped = true;
}

static void on_change(void *user, const rg_event *event)
{
	scene *s = user;

	s->events += event->kind == RG_EVENT_CONTACT_EXPIRE;
	if (s->stops)
		stop_scene(s);
}

/* With a registrar that the loop does not tick yet. */
static void open_scene_over(scene *s, rg_store *store)
{
	rg_env env = { .struct_size = sizeof env, .now = scene_now, .wakeup = scene_wakeup, .user = s, .free = scene_free };

	loop_open(&s->l);
	loop_ref(&s->l); /* for the registrar */
	s->now = 1700000000000;
	s->store = store;
	cr_assert_eq(rg_registrar_new(NULL, store, &env, &s->reg, NULL), RG_OK);
	cr_assert_eq(pipe2(s->stores, O_NONBLOCK | O_CLOEXEC), 0);
}

static void open_scene(scene *s)
{
	rg_store *memory = NULL;

	*s = (scene){ .asked = { .calls = CALL_DUE, .after = INT32_MAX, .times = -1, .traits = RG_STORE_THREAD_SAFE } };
	cr_assert_eq(rg_memory_store_new(NULL, &memory, NULL), RG_OK);
	open_scene_over(s, faulty_new(memory, &s->asked));
	rg_store_unref(memory);
}

static void close_scene(scene *s)
{
	stop_scene(s);
	rg_registrar_unref(s->reg);
	rg_store_unref(s->store);
	cr_expect_eq(s->freed, 1);
	loop_close(&s->l);
	close(s->stores[0]);
	close(s->stores[1]);
}

static void bind_users(scene *s, int n)
{
	rg_str contact = RG_STR("<sip:a@192.0.2.7>;expires=60");

	for (int i = 0; i < n; i++) {
		char to[] = "<sip:0@example.org>";
		rg_request request;
		rg_response *response;

		rg_request_init(&request, sizeof request);
		to[5] = (char)('0' + i);
		request.method = RG_STR("REGISTER");
		request.request_uri = RG_STR("sip:example.org");
		request.from_header = request.to_header = rg_str_from(to);
		request.callid = RG_STR("1@192.0.2.7");
		request.cseq = RG_STR("1 REGISTER");
		request.contacts = &contact;
		request.n_contacts = 1;
		request.via_count = 1;
		cr_assert_eq(rg_save(s->reg, &request, NULL, &response, NULL), RG_OK);
		cr_assert_eq(rg_response_code(response), 200);
		rg_response_free(response);
	}
}

/* Turns until so many ticks were made; at most a minute. */
static bool turn_until(scene *s, uint32_t ticks)
{
	for (int i = 0; i < TURNS && s->asked.seen < ticks; i++)
		loop_turn(&s->l, LONG / TURNS);
	return s->asked.seen >= ticks;
}

/* Turns as often as it takes for what is ready. */
static void turn_ready(scene *s)
{
	for (int i = 0; i < 20; i++)
		loop_turn(&s->l, 0);
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

Test(loop, the_first_tick_needs_no_wakeup_and_is_one)
{
	scene s;

	open_scene(&s);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 0, "no registrar is ticked yet");
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1);
	close_scene(&s);
}

Test(loop, a_tick_waits_until_it_is_due)
{
	scene s;

	open_scene(&s);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	int64_t before = monotonic_ms();
	scene_wakeup(&s, s.now + 50);
	turn_ready(&s);
	scene_wakeup(&s, s.now + 5000); /* later than what is known */
	cr_expect(turn_until(&s, 2));
	cr_expect_geq(monotonic_ms() - before, 49);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 2, "once");
	close_scene(&s);
}

Test(loop, a_clock_that_is_set_back_delays_nothing)
{
	scene s;

	open_scene(&s);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	scene_wakeup(&s, s.now + 50);
	turn_ready(&s);
	s.now -= 3600000;
	scene_wakeup(&s, s.now + 3600049); /* looks at the clock once more */
	turn_ready(&s);
	cr_expect(turn_until(&s, 2));
	close_scene(&s);
}

Test(loop, a_clock_that_is_set_forward_makes_a_tick_due)
{
	scene s;

	open_scene(&s);
	bind_users(&s, 1);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	s.now += 61000;
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1, "the wait goes on");
	scene_wakeup(&s, s.now - 2000);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 2);
	close_scene(&s);
}

static void *wake_up(void *user)
{
	scene *s = user;

	for (int i = 100; i > 0; i--)
		scene_wakeup(s, i);
	return NULL;
}

Test(loop, another_thread_wakes_it)
{
	pthread_t thread;
	scene s;

	open_scene(&s);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	int64_t before = monotonic_ms();
	cr_assert_eq(pthread_create(&thread, NULL, wake_up, &s), 0);
	while (s.asked.seen < 2)
		loop_turn(&s.l, LONG);
	cr_expect_lt(monotonic_ms() - before, LONG);
	pthread_join(thread, NULL);
	close_scene(&s);
}

Test(loop, another_thread_may_wake_it_while_it_stops)
{
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		scene s;

		open_scene(&s);
		cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
		cr_assert_eq(pthread_create(&thread, NULL, wake_up, &s), 0);
		loop_turn(&s.l, 0);
		stop_scene(&s);
		pthread_join(thread, NULL);
		close_scene(&s);
	}
}

Test(loop, ticks_with_more_to_do_let_others_run_and_do_not_wait)
{
	rg_subscription *changes;
	int others = 0;
	scene s;

	open_scene(&s);
	bind_users(&s, 5);
	cr_assert_eq(rg_registrar_subscribe(s.reg, UINT32_MAX, on_change, &s, NULL, &changes, NULL), RG_OK);
	loop_other(&s.l, &others);
	s.now += 61000;
	cr_assert_eq(loop_tick(&s.l, s.reg, 1), RG_OK);
	for (int i = 0; i < 100 && s.events < 5; i++) {
		int events = s.events, turns = others;

		loop_turn(&s.l, 0);
		cr_expect_leq(s.events, events + 1, "a tick at a time");
		cr_expect_gt(others, turns);
	}
	cr_expect_eq(s.events, 5);
	rg_subscription_free(changes);
	close_scene(&s);
}

Test(loop, may_be_stopped_by_a_callback_of_its_tick)
{
	rg_subscription *changes;
	scene s;

	open_scene(&s);
	bind_users(&s, 2);
	cr_assert_eq(rg_registrar_subscribe(s.reg, UINT32_MAX, on_change, &s, NULL, &changes, NULL), RG_OK);
	s.now += 61000;
	s.stops = true;
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	cr_expect(s.stopped);
	cr_expect_eq(s.events, 2, "the tick that was under way is whole");
	cr_expect_eq(s.asked.seen, 1);
	scene_wakeup(&s, 0);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1, "no tick comes after it");
	rg_subscription_free(changes);
	close_scene(&s);
}

Test(loop, keeps_the_registrar_until_it_stops)
{
	scene s;

	open_scene(&s);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	rg_registrar_unref(s.reg);
	s.reg = NULL;
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1);
	cr_expect_eq(s.freed, 0);
	stop_scene(&s);
	cr_expect_eq(s.freed, 1);
	close_scene(&s);
}

Test(loop, gives_a_registrar_up_for_another_or_for_none)
{
	scene s;

	open_scene(&s);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1);
	cr_assert_eq(loop_tick(&s.l, NULL, 0), RG_OK);
	turn_ready(&s);
	cr_expect_eq(s.asked.seen, 1);
	rg_registrar_unref(s.reg);
	s.reg = NULL;
	cr_expect_eq(s.freed, 1);
	close_scene(&s);
}

/* What a store with a connection does when its descriptor is readable. */
static void drive_later(rg_store *store)
{
	char bytes[16];

	cr_expect_eq(store, driven->store);
	if (read(driven->stores[0], bytes, sizeof bytes) > 0 && driven->later)
		deferred_answer_all(driven->later);
	if (driven->stops)
		stop_scene(driven);
}

Test(loop, drives_a_store_that_answers_later_and_never_waits_for_it)
{
	rg_subscription *changes;
	rg_store *memory = NULL;
	scene s = { 0 };

	driven = &s;
	cr_assert_eq(rg_memory_store_new(NULL, &memory, NULL), RG_OK);
	open_scene_over(&s, deferred_new(memory, &s.later));
	rg_store_unref(memory);
	cr_assert_eq(rg_registrar_subscribe(s.reg, UINT32_MAX, on_change, &s, NULL, &changes, NULL), RG_OK);
	bind_users(&s, 1);
	s.now += 61000;
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	cr_assert_eq(loop_watch(&s.l, s.store, s.stores[0], drive_later), RG_OK);
	turn_ready(&s);
	cr_expect_eq(deferred_pending(s.later), 1, "the walk has begun");
	cr_expect_eq(s.events, 0);
	cr_assert_eq(write(s.stores[1], "x", 1), 1);
	turn_ready(&s);
	cr_expect_eq(deferred_pending(s.later), 0);
	for (int i = 0; i < TURNS && s.events == 0; i++)
		loop_turn(&s.l, LONG / TURNS);
	cr_expect_eq(s.events, 1);
	rg_subscription_free(changes);
	close_scene(&s);
}

Test(loop, drives_several_stores_and_may_be_stopped_by_one)
{
	int more[2];
	scene s;

	open_scene(&s);
	driven = &s;
	cr_assert_eq(pipe2(more, O_NONBLOCK | O_CLOEXEC), 0);
	cr_assert_eq(loop_tick(&s.l, s.reg, 0), RG_OK);
	cr_assert_eq(loop_watch(&s.l, s.store, s.stores[0], drive_later), RG_OK);
	cr_assert_eq(loop_watch(&s.l, s.store, more[0], drive_later), RG_OK);
	turn_ready(&s);
	s.stops = true;
	cr_assert_eq(write(more[1], "x", 1), 1);
	cr_assert_eq(write(s.stores[1], "x", 1), 1);
	turn_ready(&s);
	cr_expect(s.stopped);
	close_scene(&s);
	close(more[0]);
	close(more[1]);
}

Test(loop, refuses_what_it_cannot_use)
{
	loop none = { 0 };
	scene s;

	open_scene(&s);
	cr_expect_eq(loop_tick(&none, s.reg, 0), RG_EINVAL);
	cr_expect_eq(loop_watch(&none, s.store, s.stores[0], drive_later), RG_EINVAL);
	cr_expect_eq(loop_watch(&s.l, NULL, s.stores[0], drive_later), RG_EINVAL);
	cr_expect_eq(loop_watch(&s.l, s.store, -1, drive_later), RG_EINVAL);
	cr_expect_eq(loop_watch(&s.l, s.store, s.stores[0], NULL), RG_EINVAL);
	loop_wakeup(NULL, 0);
	loop_unref(NULL);
	stop_scene(&s);
	cr_expect_eq(loop_tick(&s.l, s.reg, 0), RG_EINVAL);
	cr_expect_eq(loop_watch(&s.l, s.store, s.stores[0], drive_later), RG_EINVAL);
	close_scene(&s);
}
