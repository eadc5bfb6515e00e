/* SPDX-License-Identifier: MIT */
#include "engine/registrar.h"
#include "engine/log.h"
#include "engine/op.h"
#include "engine/waits.h"
#include "engine/wakes.h"
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

/* Whatever the clock says: the sum of a time and a wait is never RG_TIME_NEVER, and the end of a wait is never 0. */
static rg_time within_calendar(rg_time t)
{
	return t < 0 ? 0 : t < RG__TIME_LAST ? t : RG__TIME_LAST;
}

rg_time rg__now(const rg_registrar *reg)
{
	struct timespec t;

	if (reg->env.now)
		return within_calendar(reg->env.now(reg->env.user));
	clock_gettime(CLOCK_REALTIME, &t);
	return within_calendar((rg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

rg_time rg_registrar_now(const rg_registrar *reg)
{
	return reg ? rg__now(reg) : 0;
}

static void free_registrar(rg_registrar *reg)
{
	for (size_t i = 0; reg->stripes && i < RG__STRIPES; i++) {
		rg__stripe *s = &reg->stripes[i];

		if (s->snapshot) {
			rg_config_free(s->snapshot->config);
			free(s->snapshot);
			pthread_mutex_destroy(&s->lock);
		}
	}
	free(reg->stripes);
	rg__sites *sites = atomic_load(&reg->sites);

	if (sites)
		sites->free(sites);
	rg__ring_unref(reg->ring);
	rg__slots_unref(reg->slots);
	rg__events_unref(reg->events);
	rg__waits_unref(reg->waits);
	rg_store_unref(reg->store);
	rg__agenda_destroy(&reg->agenda);
	pthread_mutex_destroy(&reg->configuring);
	free(reg);
}

static void unpin(rg_registrar *reg)
{
	if (atomic_fetch_sub_explicit(&reg->pins, 1, memory_order_acq_rel) != 1)
		return;
	rg_free_cb release = reg->env.free;
	void *user = reg->env.user;
	uint32_t n;

	do {
		rg__wakes_drop(reg);
	} while (rg__events_deliver(reg->events, UINT32_MAX, &n));
	rg__wakes_drop(reg);
	free_registrar(reg);
	if (release)
		release(user);
}

/* With env.random every operation takes the first stripe, so that the seeds of a test come in the order of its operations. */
static rg__stripe *stripe_here(rg_registrar *reg)
{
	int cpu = reg->env.random ? 0 : sched_getcpu();

	return &reg->stripes[cpu < 0 ? 0 : (unsigned)cpu % RG__STRIPES];
}

static void take_blank_ticket(rg_registrar *reg, rg__stripe *s, rg__ticket *ticket)
{
	s->uses++;
	s->snapshot->uses++;
	ticket->reg = reg;
	ticket->stripe = s;
	ticket->snapshot = s->snapshot;
	ticket->number = 0;
}

static void take_ticket(rg_registrar *reg, rg__stripe *s, rg__ticket *ticket)
{
	take_blank_ticket(reg, s, ticket);
	ticket->number = ++s->number;
}

RG__INLINE rg_status enter(rg_registrar *reg, rg__ticket *ticket, void (*take)(rg_registrar *reg, rg__stripe *s, rg__ticket *ticket))
{
	rg__stripe *s = stripe_here(reg);

	pthread_mutex_lock(&s->lock);
	bool closed = s->closed;

	if (!closed)
		take(reg, s, ticket);
	pthread_mutex_unlock(&s->lock);
	return closed ? RG_ECANCELED : RG_OK;
}

rg_status rg__enter(rg_registrar *reg, rg__ticket *ticket)
{
	return enter(reg, ticket, take_ticket);
}

rg_status rg__enter_blank(rg_registrar *reg, rg__ticket *ticket)
{
	return enter(reg, ticket, take_blank_ticket);
}

void rg__enter_late(rg_registrar *reg, const rg__ticket *beside, rg__ticket *ticket)
{
	rg__stripe *s = beside ? beside->stripe : stripe_here(reg);

	pthread_mutex_lock(&s->lock);
	take_ticket(reg, s, ticket);
	pthread_mutex_unlock(&s->lock);
}

void rg__leave(rg__ticket *ticket, const uint32_t tally[RG__S_TALLIES], int32_t reason)
{
	rg__stripe *s = ticket->stripe;
	rg__snapshot *old = NULL;

	pthread_mutex_lock(&s->lock);
	if (tally) {
		for (int i = 0; i < RG__S_TIME_MAX; i++)
			s->stats[i] += tally[i];
		if (s->stats[RG__S_TIME_MAX] < tally[RG__S_TIME_MAX])
			s->stats[RG__S_TIME_MAX] = tally[RG__S_TIME_MAX];
	}
	if (reason >= 0 && reason < RG__REASON_COUNT)
		s->rejects[reason]++;
	if (--ticket->snapshot->uses == 0 && ticket->snapshot != s->snapshot)
		old = ticket->snapshot;
	bool last = --s->uses == 0 && s->forsaken;
	pthread_mutex_unlock(&s->lock);
	if (old) {
		rg_config_free(old->config);
		free(old);
	}
	if (last)
		unpin(ticket->reg);
}

void rg__count(rg__stripe *s, int what)
{
	pthread_mutex_lock(&s->lock);
	s->stats[what]++;
	pthread_mutex_unlock(&s->lock);
}

static uint64_t unique_number(const rg__ticket *ticket, uint64_t number)
{
	return number * RG__STRIPES + ticket->stripe->index;
}

void rg__ticket_seed(const rg__ticket *ticket, uint8_t seed[32])
{
	const uint64_t rest[2] = { unique_number(ticket, ticket->number) };

	memcpy(seed, ticket->reg->secret, 16);
	memcpy(seed + 16, rest, 16);
}

rg_revision rg__revision_next(rg__ticket *ticket)
{
	rg__stripe *s = ticket->stripe;
	uint64_t number = ticket->number; /* most operations need one revision: the number saves them a second lock */
	rg_revision r;

	ticket->number = 0;
	if (number == 0) {
		pthread_mutex_lock(&s->lock);
		number = ++s->number;
		pthread_mutex_unlock(&s->lock);
	}
	number = unique_number(ticket, number);
	memcpy(r.b, ticket->reg->node, 8);
	for (int i = 0; i < 8; i++)
		r.b[8 + i] = (uint8_t)(number >> (56 - 8 * i));
	return r;
}

static const rg__shape env_shape = RG__SHAPE(rg_env, NULL, sizeof(rg_env));

void rg_env_init(rg_env *env, uint32_t size)
{
	rg__shape_init(&env_shape, env, size);
}

static bool snapshot_new(rg_config *config, rg__snapshot **out)
{
	*out = aligned_alloc(_Alignof(rg__snapshot), sizeof **out);
	if (!*out)
		return false;
	**out = (rg__snapshot){ .config = rg__config_ref(config) };
	return true;
}

static bool stripes_new(rg_registrar *reg, rg_config *config)
{
	size_t size = sizeof(rg__stripe) * RG__STRIPES;

	reg->stripes = aligned_alloc(_Alignof(rg__stripe), size);
	if (!reg->stripes)
		return false;
	memset(reg->stripes, 0, size);
	for (size_t i = 0; i < RG__STRIPES; i++) {
		rg__stripe *s = &reg->stripes[i];

		if (!snapshot_new(config, &s->snapshot))
			return false;
		pthread_mutex_init(&s->lock, NULL);
		s->index = (uint32_t)i;
	}
	return true;
}

static void draw_bytes(rg_registrar *reg, void *bytes, size_t n)
{
	if (reg->env.random)
		reg->env.random(reg->env.user, bytes, n);
	else
		randombytes_buf(bytes, n);
}

/* A secret that this registrar alone has, and only as long as it lives. */
static rg_status draw_ring(rg_registrar *reg)
{
	uint8_t secret[32];
	char text[2 * sizeof secret + 1];

	draw_bytes(reg, secret, sizeof secret);
	sodium_bin2hex(text, sizeof text, secret, sizeof secret);
	rg_status st = rg__ring_new(rg_str_from(text), &reg->ring);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(text, sizeof text);
	return st;
}

static void make_to_key(rg_registrar *reg)
{
	static const uint8_t purpose[] = "tag of To";

	crypto_generichash(reg->to_key, sizeof reg->to_key, purpose, sizeof purpose, reg->secret, sizeof reg->secret);
}

const uint8_t *rg_registrar_to_key(const rg_registrar *registrar)
{
	return registrar ? registrar->to_key : NULL;
}

/* Prepares a config that the registrar is to use. */
static void complete_config(rg_registrar *reg, rg_config *config)
{
	const rg__push *push = rg__config_push(config);
	bool seals = !rg__config_int(config, RG__P_disable_gruu) || (push && push->purrs);

	if (seals && !rg__config_has(config, RG__P_gruu_secret) && !atomic_flag_test_and_set(&reg->told_no_secret))
		rg__log(&reg->env, RG_LOG_WARNING, "gruu_secret is unset: temporary GRUUs and PURRs are sealed with a random secret, so they end with "
			"this process and no other node opens them");
	rg__config_lend_ring(config, reg->ring);
}

static rg_status registrar_make(rg_registrar *reg, rg_config *config, rg_store *store, const rg_env *env)
{
	if (env)
		rg__shape_take(&env_shape, env, &reg->env);
	reg->store = rg_store_ref(store);
	reg->events = rg__events_new();
	reg->waits = rg__waits_new();
	reg->slots = rg__slots_new(NULL);
	atomic_init(&reg->users, 1);
	atomic_init(&reg->pins, RG__STRIPES + 1);
	rg__agenda_init(&reg->agenda);
	pthread_mutex_init(&reg->configuring, NULL);
	atomic_init(&reg->sites, NULL);
	atomic_flag_clear(&reg->told_no_secret);
	atomic_flag_clear(&reg->no_sites_told);
	atomic_flag_clear(&reg->told_no_overlay);
	if (!reg->events || !reg->waits || !reg->slots || !stripes_new(reg, config))
		return RG_ENOMEM;
	draw_bytes(reg, reg->node, sizeof reg->node);
	draw_bytes(reg, reg->secret, sizeof reg->secret);
	make_to_key(reg);
	rg_status st = draw_ring(reg);

	if (st == RG_OK)
		complete_config(reg, config);
	return st;
}

rg_status rg_registrar_new(const rg_config *config, rg_store *store, const rg_env *env, rg_registrar **out, rg_error *why)
{
	rg_config *copy;

	if (out)
		*out = NULL;
	if (!out || !store)
		return rg__fail(why, RG_EINVAL, "%s is NULL", out ? "store" : "out");
	if (env && !rg__shape_fits(&env_shape, env))
		return rg__shape_refuse(&env_shape, env, why);
	if (sodium_init() < 0)
		return rg__fail(why, RG_ENOTSUP, "libsodium found no source of random bytes");
	rg_status st = rg_config_check(config, why);
	if (st == RG_OK && (st = rg_config_copy(config, &copy)) != RG_OK)
		rg__fail(why, st, "out of memory");
	if (st != RG_OK)
		return st;
	rg_registrar *reg = calloc(1, sizeof *reg);
	st = reg ? registrar_make(reg, copy, store, env) : RG_ENOMEM;
	rg_config_free(copy);
	if (st == RG_OK) {
		*out = reg;
		return RG_OK;
	}
	if (reg)
		free_registrar(reg);
	return rg__fail(why, st, "out of memory");
}

rg_registrar *rg_registrar_ref(rg_registrar *reg)
{
	if (reg)
		atomic_fetch_add_explicit(&reg->users, 1, memory_order_relaxed);
	return reg;
}

void rg_registrar_unref(rg_registrar *reg)
{
	if (!reg || atomic_fetch_sub_explicit(&reg->users, 1, memory_order_acq_rel) != 1)
		return;
	rg_registrar_shutdown(reg);
	rg__ops_forsake(reg);
	for (size_t i = 0; i < RG__STRIPES; i++) {
		rg__stripe *s = &reg->stripes[i];

		pthread_mutex_lock(&s->lock);
		s->forsaken = true;
		bool idle = s->uses == 0;
		pthread_mutex_unlock(&s->lock);
		if (idle)
			unpin(reg);
	}
	unpin(reg);
}

void rg_registrar_shutdown(rg_registrar *reg)
{
	if (!reg)
		return;
	for (size_t i = 0; i < RG__STRIPES; i++) {
		pthread_mutex_lock(&reg->stripes[i].lock);
		reg->stripes[i].closed = true;
		pthread_mutex_unlock(&reg->stripes[i].lock);
	}
	rg__waits_cancel(reg);
	rg__ops_cancel(reg);
}

static void snapshot_swap(rg__stripe *s, rg__snapshot **fresh)
{
	pthread_mutex_lock(&s->lock);
	rg__snapshot *old = s->snapshot;

	s->snapshot = *fresh;
	*fresh = old->uses == 0 ? old : NULL; /* else the last operation under it frees it */
	pthread_mutex_unlock(&s->lock);
}

rg_status rg_registrar_configure(rg_registrar *reg, const rg_config *config, rg_error *why)
{
	rg__snapshot *fresh[RG__STRIPES] = { NULL };
	rg_config *copy;
	rg_status st;

	if (!reg)
		return rg__fail(why, RG_EINVAL, "registrar is NULL");
	st = rg_config_check(config, why);
	if (st == RG_OK && (st = rg_config_copy(config, &copy)) != RG_OK)
		rg__fail(why, st, "out of memory");
	if (st != RG_OK)
		return st;
	complete_config(reg, copy);
	for (size_t i = 0; i < RG__STRIPES && st == RG_OK; i++)
		st = snapshot_new(copy, &fresh[i]) ? RG_OK : RG_ENOMEM;
	pthread_mutex_lock(&reg->configuring);
	for (size_t i = 0; i < RG__STRIPES && st == RG_OK; i++)
		snapshot_swap(&reg->stripes[i], &fresh[i]);
	pthread_mutex_unlock(&reg->configuring);
	for (size_t i = 0; i < RG__STRIPES; i++) {
		if (fresh[i]) {
			rg_config_free(fresh[i]->config);
			free(fresh[i]);
		}
	}
	rg_config_free(copy);
	return st == RG_OK ? RG_OK : rg__fail(why, st, "out of memory");
}

rg_status rg_registrar_subscribe(rg_registrar *reg, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out, rg_error *why)
{
	if (out)
		*out = NULL;
	if (!reg || !event || !out)
		return rg__fail(why, RG_EINVAL, "%s is NULL", !reg ? "registrar" : !event ? "event" : "out");
	if (!(mask & RG__EVENTS_KNOWN))
		return rg__fail(why, RG_EINVAL, "mask has no known bit: 0x%x", mask);
	rg_status st = rg__events_subscribe(reg->events, mask, event, user, free_user, out);
	return st == RG_OK ? RG_OK : rg__fail(why, st, "out of memory");
}

uint32_t rg_deliver(rg_registrar *reg, uint32_t limit)
{
	enum { LIMIT = 1000 };
	uint32_t n;

	if (!reg)
		return 0;
	rg_registrar_ref(reg);
	if (rg__events_deliver(reg->events, limit ? limit : LIMIT, &n))
		rg__announce(reg, rg__now(reg));
	rg_registrar_unref(reg);
	return n;
}
