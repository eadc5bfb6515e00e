/* SPDX-License-Identifier: MIT */
#include "engine/events.h"
#include "model/model.h"
#include "rules/rules.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * The batches of one AoR form a line, in the order of their announcements. A commit that replaces a record lands in this order: the record
 * was there when the commit was announced, and it still is when the commit lands. A commit that creates a record may land later, whenever
 * there is no record. A batch leaves its line when no batch that may come before it is in flight.
 */
struct rg__batch {
	rg__batch *next;  /* in its line, or in the queue */
	rg__batch *last;  /* of the first in a line: the last one */
	rg__batch *other; /* of the first in a line: the first of another line in the bucket */
	rg_plan *plan;
	rg_revision base, local_base, revision;
	bool creates;      /* the record, or one part of it */
	bool proved;       /* a commit that was built on this one landed */
	uint64_t key_hash; /* AoRs with equal hashes share a line: they wait for each other, and stay in order */
	uint64_t turn;     /* of the announcement */
	uint64_t settled;  /* the last turn when it became known that the commit landed; 0 = in flight */
	uint64_t number;   /* the order in the queue */
};

struct rg_subscription {
	rg__events *events;
	rg_subscription *next;
	rg_event_cb event;
	void *user;
	rg_free_cb free_user;
	uint64_t since; /* number of the first batch that it is told of */
	uint32_t mask;
	bool ended;
};

enum { BUCKETS = 1024 };

struct rg__events {
	atomic_uint refs;
	atomic_uint listeners;
	pthread_mutex_t lock;
	pthread_cond_t called; /* a call of a subscriber has returned */
	rg_subscription *subscriptions;
	rg__batch *lines[BUCKETS];
	uint64_t turns;
	rg__batch *first, *last; /* the queue */
	rg__batch *claims, *last_claim; /* of wake-ups, delivered and not yet marked as sent */
	uint32_t ticks; /* under way: each takes the claims at its end */
	uint64_t queued, waiting; /* batches: queued so far, and in the queue */
	uint64_t told;
	bool delivering, any_ended;
	pthread_t deliverer;
	rg_subscription *calling;
};

rg__events *rg__events_new(void)
{
	rg__events *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	atomic_init(&e->refs, 1);
	if (pthread_mutex_init(&e->lock, NULL)) {
		free(e);
		return NULL;
	}
	if (pthread_cond_init(&e->called, NULL)) {
		pthread_mutex_destroy(&e->lock);
		free(e);
		return NULL;
	}
	return e;
}

void rg__events_unref(rg__events *e)
{
	if (!e || atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_cond_destroy(&e->called);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

bool rg__events_wanted(const rg__events *e)
{
	return atomic_load_explicit(&e->listeners, memory_order_relaxed) != 0;
}

bool rg__events_heard(rg__events *e, uint32_t kind)
{
	bool heard = false;

	pthread_mutex_lock(&e->lock);
	for (const rg_subscription *s = e->subscriptions; s && !heard; s = s->next)
		heard = !s->ended && (s->mask & kind);
	pthread_mutex_unlock(&e->lock);
	return heard;
}

void rg__events_count(rg__events *e, int64_t *told, int64_t *queued)
{
	pthread_mutex_lock(&e->lock);
	*told = (int64_t)e->told;
	*queued = (int64_t)e->waiting;
	pthread_mutex_unlock(&e->lock);
}

/* Where the first batch of a line is, or would be. */
static rg__batch **find_line(rg__events *e, uint64_t key_hash)
{
	rg__batch **at = &e->lines[key_hash % BUCKETS];

	while (*at && (*at)->key_hash != key_hash)
		at = &(*at)->other;
	return at;
}

static void join_line(rg__events *e, rg__batch *b)
{
	rg__batch **at = find_line(e, b->key_hash), *first = *at;

	if (first)
		first->last->next = b;
	else
		first = *at = b;
	first->last = b;
}

static void leave_line(rg__events *e, rg__batch *b)
{
	rg__batch **at = find_line(e, b->key_hash), *first = *at, *before = first;

	if (b != first) {
		while (before->next != b)
			before = before->next;
		before->next = b->next;
		if (first->last == b)
			first->last = before;
	} else if (b->next) {
		b->next->last = b->last;
		b->next->other = b->other;
		*at = b->next;
	} else {
		*at = b->other;
	}
	b->next = NULL;
}

/* Of an overlay, a part that is absent and stays absent is not created. */
static bool is_creation(const rg__batch *b, bool overlay)
{
	bool no_main = rg_revision_is_zero(&b->base), no_local = overlay && rg_revision_is_zero(&b->local_base);
	const rg_record *next = rg_plan_next(b->plan);
	bool creates = no_main && (!overlay || rg_record_removal_count(next) > 0);
	rg_contact c;

	for (uint32_t i = 0; overlay && !creates && rg__record_contact(next, i, &c) == RG_OK; i++)
		creates = c.flags & RG_CONTACT_LOCAL ? no_local : no_main;
	return creates;
}

rg__batch *rg__batch_new(rg__events *e, rg_plan *plan, const rg_key *key, const rg_commit *commit, bool overlay)
{
	rg__batch *b = malloc(sizeof *b);

	if (!b)
		return NULL;
	*b = (rg__batch){ .plan = rg__plan_ref(plan), .base = commit->base, .revision = commit->revision, .key_hash = rg__key_hash(key) };
	if (overlay)
		b->local_base = commit->local_base;
	b->creates = is_creation(b, overlay);
	pthread_mutex_lock(&e->lock);
	b->turn = ++e->turns;
	join_line(e, b);
	pthread_mutex_unlock(&e->lock);
	return b;
}

bool rg__batch_proved(rg__events *e, const rg__batch *b)
{
	pthread_mutex_lock(&e->lock);
	bool proved = b->proved;
	pthread_mutex_unlock(&e->lock);
	return proved;
}

static bool is_built_on(const rg__batch *b, const rg__batch *base)
{
	return rg_revision_equal(&b->base, &base->revision) || rg_revision_equal(&b->local_base, &base->revision);
}

/* Was it built on a commit of another registrar? The first half of a revision names its registrar. */
static bool is_built_on_foreign(const rg__batch *b)
{
	return !rg_revision_is_zero(&b->base) && memcmp(b->base.b, b->revision.b, sizeof b->base.b / 2) != 0;
}

enum {
	FIRST,  /* before all batches behind it in the line */
	LATER,  /* after one of them, which replaced a record of another commit: while that record was there, nothing could be created */
	UNKNOWN /* a batch that decides it is in flight */
};

/* Where a creation that landed belongs. It is first when a batch was built on it. A foreign commit has no batch and may have been built on
 * it, so it is also first when a batch was built on a foreign commit. */
static int place_creation(const rg__batch *creation)
{
	for (const rg__batch *b = creation->next; b && b->turn <= creation->settled; b = b->next) {
		if (is_built_on(b, creation) || is_built_on_foreign(b))
			return FIRST;
		if (!b->settled)
			return UNKNOWN;
		if (!b->creates)
			return LATER;
	}
	return FIRST;
}

/* The batch of a line that comes next in commit order. NULL: there is none, or it is not known yet. */
static rg__batch *next_in_line(rg__batch *first)
{
	for (rg__batch *b = first; b && b->settled; b = b->next) {
		int place = b->creates ? place_creation(b) : FIRST;

		if (place != LATER)
			return place == FIRST ? b : NULL;
	}
	return NULL;
}

static void queue_batch(rg__events *e, rg__batch *b)
{
	b->number = ++e->queued;
	e->waiting++;
	if (e->last)
		e->last->next = b;
	else
		e->first = b;
	e->last = b;
}

/* Queues what a line has ready. */
static void advance_line(rg__events *e, uint64_t key_hash)
{
	rg__batch *b;

	while ((b = next_in_line(*find_line(e, key_hash))) != NULL) {
		leave_line(e, b);
		queue_batch(e, b);
	}
}

static void prove_base(rg__events *e, const rg__batch *b)
{
	for (rg__batch *at = *find_line(e, b->key_hash); at; at = at->next)
		at->proved |= is_built_on(b, at);
}

static void free_batch(rg__batch *b)
{
	rg_plan_free(b->plan);
	free(b);
}

static void free_subscription(rg_subscription *s)
{
	rg__events *e = s->events;

	if (s->free_user)
		s->free_user(s->user);
	free(s);
	rg__events_unref(e);
}

/* Frees ended subscriptions. This happens between events only, so that tell_event() can walk the list. */
static void sweep_subscriptions(rg__events *e)
{
	rg_subscription **at = &e->subscriptions;

	while (*at) {
		rg_subscription *s = *at;

		if (!s->ended) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		pthread_mutex_unlock(&e->lock);
		free_subscription(s);
		pthread_mutex_lock(&e->lock);
		at = &e->subscriptions; /* the list may have changed meanwhile */
	}
	e->any_ended = false;
}

static void tell_event(rg__events *e, const rg__batch *b, const rg_event *event)
{
	for (rg_subscription *s = e->subscriptions; s; s = s->next) {
		if (s->ended || s->since > b->number || !(s->mask & event->kind))
			continue;
		e->calling = s;
		e->told++;
		pthread_mutex_unlock(&e->lock);
		s->event(s->user, event);
		pthread_mutex_lock(&e->lock);
		e->calling = NULL;
		pthread_cond_broadcast(&e->called);
	}
	while (e->any_ended)
		sweep_subscriptions(e);
}

static void keep_claim(rg__events *e, rg__batch *b)
{
	b->next = NULL;
	if (e->last_claim)
		e->last_claim->next = b;
	else
		e->claims = b;
	e->last_claim = b;
}

static void deliver_first(rg__events *e)
{
	rg__batch *b = e->first;
	rg__event_room room;
	rg_event event;

	e->first = b->next;
	if (!e->first)
		e->last = NULL;
	e->waiting--;
	for (uint32_t i = 0; e->subscriptions && rg__plan_event(b->plan, i, &room, &event) == RG_OK; i++)
		tell_event(e, b, &event);
	if (rg__plan_claims(b->plan)) {
		keep_claim(e, b);
		return;
	}
	pthread_mutex_unlock(&e->lock);
	free_batch(b);
	pthread_mutex_lock(&e->lock);
}

/* Delivers from the queue. Called with the lock held; releases it. */
static bool deliver_queue(rg__events *e, uint32_t limit, uint32_t *delivered)
{
	*delivered = 0;
	if (e->delivering || !e->first) {
		pthread_mutex_unlock(&e->lock);
		return false;
	}
	e->delivering = true;
	e->deliverer = pthread_self();
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	for (; e->first && *delivered < limit; ++*delivered)
		deliver_first(e);
	while (e->any_ended)
		sweep_subscriptions(e);
	bool left = e->first || (e->claims && e->ticks == 0);
	e->delivering = false;
	pthread_mutex_unlock(&e->lock);
	rg__events_unref(e);
	return left;
}

bool rg__events_deliver(rg__events *e, uint32_t limit, uint32_t *delivered)
{
	pthread_mutex_lock(&e->lock);
	return deliver_queue(e, limit, delivered);
}

void rg__events_tick_begin(rg__events *e)
{
	pthread_mutex_lock(&e->lock);
	e->ticks++;
	pthread_mutex_unlock(&e->lock);
}

void rg__events_tick_end(rg__events *e)
{
	pthread_mutex_lock(&e->lock);
	e->ticks--;
	pthread_mutex_unlock(&e->lock);
}

rg__batch *rg__claim_take(rg__events *e)
{
	pthread_mutex_lock(&e->lock);
	rg__batch *b = e->claims;

	if (b) {
		e->claims = b->next;
		if (!e->claims)
			e->last_claim = NULL;
	}
	pthread_mutex_unlock(&e->lock);
	return b;
}

void rg__claim_free(rg__batch *claim)
{
	free_batch(claim);
}

rg_plan *rg__claim_plan(const rg__batch *claim)
{
	return claim->plan;
}

void rg__claim_return(rg__events *e, rg__batch *claim)
{
	pthread_mutex_lock(&e->lock);
	keep_claim(e, claim);
	pthread_mutex_unlock(&e->lock);
}

bool rg__batch_settle(rg__events *e, rg__batch *b, bool landed)
{
	uint64_t key_hash = b->key_hash;
	uint32_t n;

	pthread_mutex_lock(&e->lock);
	landed |= b->proved;
	if (landed) {
		b->settled = e->turns;
		prove_base(e, b);
	} else {
		leave_line(e, b);
	}
	advance_line(e, key_hash);
	bool left = deliver_queue(e, RG__DELIVERED_BY_A_COMMIT, &n);
	if (!landed)
		free_batch(b);
	return left;
}

rg_status rg__events_tell(rg__events *e, rg_plan *plan, bool *left)
{
	uint32_t n;

	*left = false;
	if (!rg__events_wanted(e))
		return RG_OK;
	rg__batch *b = malloc(sizeof *b);

	if (!b)
		return RG_ENOMEM;
	*b = (rg__batch){ .plan = rg__plan_ref(plan) };
	pthread_mutex_lock(&e->lock);
	queue_batch(e, b);
	*left = deliver_queue(e, RG__DELIVERED_BY_A_COMMIT, &n);
	return RG_OK;
}

rg_status rg__events_subscribe(rg__events *e, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user, rg_subscription **out)
{
	rg_subscription *s = malloc(sizeof *s);

	if (!s)
		return RG_ENOMEM;
	*s = (rg_subscription){ .events = e, .event = event, .user = user, .free_user = free_user, .mask = mask };
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	pthread_mutex_lock(&e->lock);
	rg_subscription **at = &e->subscriptions;

	while (*at)
		at = &(*at)->next;
	*at = s;
	s->since = e->queued + 1;
	atomic_fetch_add(&e->listeners, 1);
	*out = s; /* before the first event */
	pthread_mutex_unlock(&e->lock);
	return RG_OK;
}

void rg_subscription_free(rg_subscription *s)
{
	if (!s)
		return;
	rg__events *e = s->events;

	pthread_mutex_lock(&e->lock);
	s->ended = true;
	atomic_fetch_sub(&e->listeners, 1);
	if (e->delivering) {
		/* The delivering thread may free it as soon as no call is under way, so only its address is compared. */
		atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
		e->any_ended = true;
		while (e->calling == s && !pthread_equal(e->deliverer, pthread_self()))
			pthread_cond_wait(&e->called, &e->lock);
		pthread_mutex_unlock(&e->lock);
		rg__events_unref(e);
		return;
	}
	rg_subscription **at = &e->subscriptions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	pthread_mutex_unlock(&e->lock);
	free_subscription(s);
}
