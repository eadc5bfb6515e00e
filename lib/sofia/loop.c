/* SPDX-License-Identifier: MIT */
/* A registrar on the event loop of Sofia. The timer is one of the kernel, because su_timer_t follows the time of day and belongs to a thread. */
#include <pthread.h>
#include <rgstr/sofia.h>
#include <sofia-sip/su_wait.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* The longest wait for a tick, in milliseconds: the registrar's clock may be set meanwhile. */
enum { LONGEST_WAIT = 10000 };

#define NO_WAIT INT64_MAX /* in place of the end of a wait */

typedef struct sofia_store {
	struct sofia_store *next;
	rg_store *store;
	rg_drive_cb drive;
	int index; /* of its descriptor in the loop */
} sofia_store;

struct rg_sofia_loop {
	atomic_uint refs;

	pthread_mutex_t lock; /* for the next two, and for setting the timer */
	rg_time due;          /* when the next tick is due by the registrar's clock, as far as ticks and wakeups said since the last tick began */
	bool stopped;

	/* Only the thread of the loop uses the rest. */
	su_root_t *root;
	int timer, index;     /* its descriptor, and its index in the loop */
	int64_t until;        /* end of the wait for the tick, by the monotonic clock, in microseconds */
	rg_registrar *registrar;
	uint32_t limit;
	sofia_store *stores;
};

static int64_t monotonic_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* @p at: by the monotonic clock; a time that is over makes the timer due at once. */
static void set_loop_timer(const rg_sofia_loop *loop, int64_t at)
{
	struct itimerspec when = { 0 }; /* which disarms it */

	if (at != NO_WAIT)
		when.it_value = (struct timespec){ .tv_sec = at / 1000000, .tv_nsec = at % 1000000 * 1000 + 1 };
	timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Wakes the loop. It computes the wait itself, because the clock is that of the registrar, which another thread may be releasing. */
void rg_sofia_loop_wakeup(void *given, rg_time next)
{
	rg_sofia_loop *loop = given;

	if (!loop)
		return;
	pthread_mutex_lock(&loop->lock);
	if (next < loop->due && !loop->stopped) {
		loop->due = next;
		set_loop_timer(loop, 0);
	}
	pthread_mutex_unlock(&loop->lock);
}

/* Whether the wait is over by one of the clocks. The next tick then takes note of all that was said before. */
static bool begin_loop_tick(rg_sofia_loop *loop)
{
	rg_time now = rg_registrar_now(loop->registrar);

	pthread_mutex_lock(&loop->lock);
	bool begins = loop->due <= now || (loop->due != RG_TIME_NEVER && loop->until <= monotonic_now());
	if (begins) {
		loop->due = RG_TIME_NEVER;
		loop->until = NO_WAIT;
	}
	pthread_mutex_unlock(&loop->lock);
	return begins;
}

/* Waits for the next tick. A wait that is under way gets no longer, although the clock may have been set back. */
static void wait_for_loop_tick(rg_sofia_loop *loop, rg_time next)
{
	rg_time now = rg_registrar_now(loop->registrar);

	pthread_mutex_lock(&loop->lock);
	if (next < loop->due)
		loop->due = next;
	if (loop->due != RG_TIME_NEVER) {
		rg_time wait = loop->due <= now ? 0 : loop->due - now < LONGEST_WAIT ? loop->due - now : LONGEST_WAIT;
		int64_t until = monotonic_now() + wait * 1000;

		loop->until = until < loop->until ? until : loop->until;
	}
	set_loop_timer(loop, loop->registrar && loop->due != RG_TIME_NEVER ? loop->until : NO_WAIT);
	pthread_mutex_unlock(&loop->lock);
}

/* A timer that was set again after the loop found it due has nothing to read. The call is harmless then. */
static int on_loop_timer(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	rg_sofia_loop *loop = rg_sofia_loop_ref((rg_sofia_loop *)arg);
	rg_time next = RG_TIME_NEVER;
	uint64_t times;

	(void)magic, (void)wait;
	(void)!read(loop->timer, &times, sizeof times);
	if (begin_loop_tick(loop))
		rg_registrar_tick(loop->registrar, loop->limit, &next);
	if (!loop->stopped)
		wait_for_loop_tick(loop, next);
	rg_sofia_loop_unref(loop);
	return 0;
}

/* The store may end its watch, and with it @p arg. */
static int on_loop_store(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	const sofia_store *s = (const sofia_store *)arg;
	rg_store *store = rg_store_ref(s->store);

	(void)magic, (void)wait;
	s->drive(store);
	rg_store_unref(store);
	return 0;
}

/* @return the index of the descriptor in the loop; at most 0 on an error. */
static int join_loop(su_root_t *root, int fd, su_wakeup_f ready, void *arg)
{
	su_wait_t wait[1] = { SU_WAIT_INIT };

	return su_wait_create(wait, fd, SU_WAIT_IN) < 0 ? -1 : su_root_register(root, wait, ready, (su_wakeup_arg_t *)arg, 0);
}

rg_status rg_sofia_loop_new(struct su_root_s *root, rg_sofia_loop **out, rg_error *why)
{
	if (out)
		*out = NULL;
	if (!root || !out)
		return rg_error_set(why, RG_EINVAL, out ? RG_STR("root is NULL") : RG_STR("out is NULL"));
	rg_sofia_loop *loop = malloc(sizeof *loop);
	if (!loop)
		return rg_error_set(why, RG_ENOMEM, RG_STR("out of memory"));
	*loop = (rg_sofia_loop){ .root = root, .due = RG_TIME_NEVER, .until = NO_WAIT };
	atomic_init(&loop->refs, 1);
	pthread_mutex_init(&loop->lock, NULL);
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	loop->index = loop->timer < 0 ? -1 : join_loop(root, loop->timer, on_loop_timer, loop);
	if (loop->index <= 0) {
		rg_sofia_loop_unref(loop);
		return rg_error_set(why, RG_ELIMIT, RG_STR("the timer gets no descriptor"));
	}
	*out = loop;
	return RG_OK;
}

rg_sofia_loop *rg_sofia_loop_ref(rg_sofia_loop *loop)
{
	if (loop)
		atomic_fetch_add_explicit(&loop->refs, 1, memory_order_relaxed);
	return loop;
}

void rg_sofia_loop_unref(void *given)
{
	rg_sofia_loop *loop = given;

	if (!loop || atomic_fetch_sub_explicit(&loop->refs, 1, memory_order_acq_rel) != 1)
		return;
	rg_sofia_loop_stop(loop);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

/* What the loop watches has left it. */
static void drop_loop_stores(sofia_store *first)
{
	while (first) {
		sofia_store *next = first->next;

		rg_store_unref(first->store);
		free(first);
		first = next;
	}
}

/* The descriptors leave the loop before they are closed, and the registrar goes before its stores. */
void rg_sofia_loop_stop(rg_sofia_loop *loop)
{
	if (!loop || loop->stopped)
		return;
	rg_registrar *registrar = loop->registrar;
	sofia_store *stores = loop->stores;

	if (loop->index > 0)
		su_root_deregister(loop->root, loop->index);
	for (const sofia_store *s = stores; s; s = s->next)
		su_root_deregister(loop->root, s->index);
	pthread_mutex_lock(&loop->lock);
	loop->stopped = true;
	if (loop->timer >= 0)
		close(loop->timer);
	pthread_mutex_unlock(&loop->lock);
	loop->registrar = NULL;
	loop->stores = NULL;
	rg_registrar_unref(registrar);
	drop_loop_stores(stores);
}

rg_status rg_sofia_loop_tick(rg_sofia_loop *loop, rg_registrar *registrar, uint32_t limit)
{
	if (!loop || loop->stopped)
		return RG_EINVAL;
	rg_registrar *before = loop->registrar;
	loop->registrar = rg_registrar_ref(registrar);
	loop->limit = limit;
	rg_sofia_loop_wakeup(loop, INT64_MIN);
	rg_registrar_unref(before);
	return RG_OK;
}

rg_status rg_sofia_loop_watch(rg_sofia_loop *loop, rg_store *store, int32_t descriptor, rg_drive_cb drive)
{
	if (!loop || loop->stopped || !store || descriptor < 0 || !drive)
		return RG_EINVAL;
	sofia_store *s = malloc(sizeof *s);
	if (!s)
		return RG_ENOMEM;
	*s = (sofia_store){ .next = loop->stores, .store = store, .drive = drive };
	s->index = join_loop(loop->root, descriptor, on_loop_store, s);
	if (s->index <= 0) {
		free(s);
		return RG_ELIMIT;
	}
	rg_store_ref(store);
	loop->stores = s;
	return RG_OK;
}
