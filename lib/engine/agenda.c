/* SPDX-License-Identifier: MIT */
#include "engine/agenda.h"
#include "engine/registrar.h"
#include <stdlib.h>

void rg__agenda_init(rg__agenda *a)
{
	atomic_init(&a->soon, RG_TIME_NEVER);
	atomic_init(&a->records, RG_TIME_NEVER);
	a->walked = a->promised = RG_TIME_NEVER;
	a->again = a->retry = 0;
	a->paused = (rg__paused){ 0 };
	pthread_mutex_init(&a->lock, NULL);
}

void rg__agenda_destroy(rg__agenda *a)
{
	pthread_mutex_destroy(&a->lock);
	free((char *)a->paused.cursor.p);
}

static rg_time sooner(rg_time at, rg_time other)
{
	return at < other ? at : other;
}

/* Gives the lock back, and wakes the host if it was told a later time. */
static void unlock_and_wake(rg_registrar *reg, rg_time at)
{
	rg__agenda *a = &reg->agenda;
	bool wakes = at < a->promised;

	if (wakes)
		a->promised = at;
	pthread_mutex_unlock(&a->lock);
	if (wakes && reg->env.wakeup)
		reg->env.wakeup(reg->env.user, at);
}

/* An earlier announcement was told to the host, or is seen by the tick or walk that forgets it: no lock is needed. */
static void announce_as(rg_registrar *reg, _Atomic rg_time *what, rg_time at)
{
	if (at >= atomic_load(what))
		return;
	pthread_mutex_lock(&reg->agenda.lock);
	atomic_store(what, sooner(at, atomic_load(what)));
	unlock_and_wake(reg, at);
}

void rg__announce(rg_registrar *reg, rg_time at)
{
	announce_as(reg, &reg->agenda.soon, at);
}

void rg__announce_record(rg_registrar *reg, rg_time at)
{
	announce_as(reg, &reg->agenda.records, at);
}

uint64_t rg__tick_begin(rg_registrar *reg)
{
	rg__agenda *a = &reg->agenda;

	pthread_mutex_lock(&a->lock);
	atomic_store(&a->soon, RG_TIME_NEVER);
	uint64_t begun = a->promises;
	pthread_mutex_unlock(&a->lock);
	return begun;
}

/* When the last walk is to be repeated for what it left. The clock may have been set back since, so the wait is not longer than it was. */
static rg_time next_try(const rg__agenda *a, rg_time now)
{
	return a->again ? sooner(a->retry, rg__add_sat(now, a->again)) : RG_TIME_NEVER;
}

/* A tick can do nothing about records that are due while a walk is under way, whose end announces what it leaves, or before the next try. */
static rg_time not_in_vain(const rg__agenda *a, rg_time at, rg_time now)
{
	rg_time wait = a->walking ? rg__add_sat(now, RG__TICK_AGAIN) : a->again ? next_try(a, now) : at;

	return at <= now ? wait : at;
}

static rg_time next_walk(const rg__agenda *a, rg_time now)
{
	rg_time at = sooner(not_in_vain(a, atomic_load(&a->records), now), not_in_vain(a, a->walked, now));

	return a->walking ? at : sooner(at, next_try(a, now));
}

rg_time rg__promise(rg_registrar *reg, rg_time at, uint64_t begun)
{
	rg__agenda *a = &reg->agenda;
	rg_time now = rg__now(reg); /* the host's clock is asked without the lock */

	pthread_mutex_lock(&a->lock);
	at = sooner(at, atomic_load(&a->soon));
	atomic_store(&a->soon, at);
	at = sooner(at, next_walk(a, now));
	/* A tick that ended meanwhile did not see the operations that this one had taken, so it may have told the host a later time. */
	if (a->promises++ == begun || at > a->promised)
		a->promised = at;
	unlock_and_wake(reg, at);
	return at;
}

/* False after the clock was set back behind the end of the last walk. */
static bool before_next_try(const rg__agenda *a, rg_time now)
{
	return a->again && now < a->retry && now >= a->retry - a->again;
}

bool rg__walk_begin(rg_registrar *reg)
{
	rg__agenda *a = &reg->agenda;
	rg_time now = rg__now(reg);

	pthread_mutex_lock(&a->lock);
	bool begins = !a->walking;

	if (begins) {
		a->walking = true;
		a->early = before_next_try(a, now) && atomic_load(&a->records) > now;
		/* A walk that continues another one does not see what became due before its cursor. */
		if (!a->paused.cursor.p) {
			a->walked = sooner(a->walked, atomic_load(&a->records));
			atomic_store(&a->records, RG_TIME_NEVER);
		}
	}
	pthread_mutex_unlock(&a->lock);
	return begins;
}

rg__paused rg__walk_resume(rg_registrar *reg)
{
	rg__paused paused = reg->agenda.paused; /* the walk's alone */

	reg->agenda.paused = (rg__paused){ 0 };
	return paused;
}

/* Gives the lock back. */
static void walk_leaves(rg_registrar *reg, rg_time again, rg_time now)
{
	rg__agenda *a = &reg->agenda;

	a->walking = false;
	a->again = again;
	a->retry = rg__add_sat(now, again);
	unlock_and_wake(reg, next_walk(a, now));
}

void rg__walk_end(rg_registrar *reg, rg_time next, rg_time again)
{
	rg_time now = rg__now(reg);

	pthread_mutex_lock(&reg->agenda.lock);
	reg->agenda.walked = next;
	walk_leaves(reg, again, now);
}

void rg__walk_pause(rg_registrar *reg, const rg__paused *paused)
{
	rg__agenda *a = &reg->agenda;
	rg_time now = rg__now(reg);

	pthread_mutex_lock(&a->lock);
	if (a->early) {
		a->walking = false;
		unlock_and_wake(reg, next_walk(a, now));
		free((char *)paused->cursor.p);
		return;
	}
	a->paused = *paused;
	a->walked = now;
	walk_leaves(reg, 0, now);
}

void rg__walk_failed(rg_registrar *reg)
{
	rg_time now = rg__now(reg);

	pthread_mutex_lock(&reg->agenda.lock);
	walk_leaves(reg, RG__TICK_AGAIN, now);
}
