/* SPDX-License-Identifier: MIT */
#include "engine/events.h"
#include "rules/rules.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rg__batch {
	rg__batch *chain; /* in its bucket of commits in flight */
	rg__batch *next;  /* in the queue, among the followers of its base, or among the heirs of a deletion */
	rg__batch *followers;
	rg__batch *later_deletion; /* in its bucket of deletions in flight */
	rg__batch *heirs; /* of a deletion: later creations of the same key, which wait for it */
	rg_plan *plan;
	rg_revision base, local_base, revision;
	bool overlay;  /* the record has two parts */
	bool deletes;  /* deletes the record, or one part of it */
	uint64_t key_hash;
	uint64_t turn;   /* the order of announcement */
	uint64_t number; /* the order in the queue */
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

enum { BUCKETS = 256 };

struct rg__events {
	atomic_uint refs;
	atomic_uint listeners;
	pthread_mutex_t lock;
	pthread_cond_t called; /* a call of a subscriber has returned */
	rg_subscription *subscriptions;
	rg__batch *in_flight[BUCKETS];
	rg__batch *deletions[BUCKETS]; /* the deletions among them, by key */
	uint64_t turns;
	rg__batch *first, *last; /* the queue */
	uint64_t queued, told;
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

uint64_t rg__events_told(rg__events *e)
{
	pthread_mutex_lock(&e->lock);
	uint64_t n = e->told;
	pthread_mutex_unlock(&e->lock);
	return n;
}

static rg__batch **revision_bucket(rg__events *e, const rg_revision *revision)
{
	uint64_t counter;

	memcpy(&counter, revision->b + 8, sizeof counter);
	return &e->in_flight[(counter * 0x9E3779B97F4A7C15u) >> 56];
}

static rg__batch **deletion_bucket(rg__events *e, const rg__batch *b)
{
	return &e->deletions[b->key_hash % BUCKETS];
}

/* A commit may delete one part of a two-part record and keep the other. */
static bool is_deletion(const rg__batch *b)
{
	const rg_record *next = rg_plan_next(b->plan);
	bool shared = rg_record_removals(next) > 0, local = false;
	rg_contact c;

	if (!b->overlay || !next)
		return !next;
	for (uint32_t i = 0; rg_record_contact(next, i, &c) == RG_OK; i++) {
		local |= (c.flags & RG_CONTACT_LOCAL) != 0;
		shared |= (c.flags & RG_CONTACT_LOCAL) == 0;
	}
	return (!shared && !rg_revision_is_zero(&b->base)) || (!local && !rg_revision_is_zero(&b->local_base));
}

rg__batch *rg__batch_new(rg__events *e, rg_plan *plan, const rg_revision *base, const rg_revision *local_base,
	const rg_revision *revision)
{
	rg__batch *b = malloc(sizeof *b);

	if (!b)
		return NULL;
	*b = (rg__batch){ .plan = rg__plan_ref(plan), .base = *base, .revision = *revision, .key_hash = rg__key_hash(rg__plan_key(plan)),
		.overlay = local_base != NULL };
	if (local_base)
		b->local_base = *local_base;
	b->deletes = is_deletion(b);
	pthread_mutex_lock(&e->lock);
	rg__batch **at = revision_bucket(e, revision);

	b->chain = *at;
	*at = b;
	b->turn = ++e->turns;
	if (b->deletes) {
		at = deletion_bucket(e, b);
		b->later_deletion = *at;
		*at = b;
	}
	pthread_mutex_unlock(&e->lock);
	return b;
}

bool rg__batch_proved(rg__events *e, const rg__batch *b)
{
	pthread_mutex_lock(&e->lock);
	bool proved = b->followers != NULL;
	pthread_mutex_unlock(&e->lock);
	return proved;
}

static void leave_flight(rg__events *e, rg__batch *b)
{
	rg__batch **at = revision_bucket(e, &b->revision);

	while (*at != b)
		at = &(*at)->chain;
	*at = b->chain;
	if (!b->deletes)
		return;
	at = deletion_bucket(e, b);
	while (*at != b)
		at = &(*at)->later_deletion;
	*at = b->later_deletion;
}

static rg__batch *find_in_flight(rg__events *e, const rg__batch *b, const rg_revision *base)
{
	rg__batch *at = *revision_bucket(e, base);

	while (at && (at == b || memcmp(&at->revision, base, sizeof *base) != 0))
		at = at->chain;
	return at;
}

/* A record in two parts has two bases. A commit of one part alone keeps the base of the other. */
static rg__batch *base_in_flight(rg__events *e, const rg__batch *b)
{
	rg__batch *base = find_in_flight(e, b, &b->base);

	return base || !b->overlay ? base : find_in_flight(e, b, &b->local_base);
}

/* A store may forget the revision of a deletion, so the base of a creation is zero and does not name the deletion before it. A creation
 * comes after every deletion of its key that landed, and these were announced before it. */
static rg__batch *deletion_in_flight(rg__events *e, const rg__batch *b)
{
	bool from_nothing = rg_revision_is_zero(&b->base) || (b->overlay && rg_revision_is_zero(&b->local_base));
	rg__batch *at = from_nothing ? *deletion_bucket(e, b) : NULL;

	while (at && (at->turn >= b->turn || at->key_hash != b->key_hash || !rg_key_equal(rg__plan_key(at->plan), rg__plan_key(b->plan))))
		at = at->later_deletion;
	return at;
}

/* True when the batch must wait for its base, or for a deletion. */
static bool must_wait(rg__events *e, rg__batch *b)
{
	rg__batch *base = base_in_flight(e, b), *deletion = base ? NULL : deletion_in_flight(e, b);
	rg__batch **list = base ? &base->followers : deletion ? &deletion->heirs : NULL;

	if (!list)
		return false;
	b->next = *list;
	*list = b;
	return true;
}

/* Puts the batches that need not wait for another one in front of @p rest. */
static rg__batch *release_waiting(rg__events *e, rg__batch *waiting, rg__batch *rest)
{
	for (rg__batch *next; waiting; waiting = next) {
		next = waiting->next;
		if (must_wait(e, waiting))
			continue;
		waiting->next = rest;
		rest = waiting;
	}
	return rest;
}

/* Queues a batch and, after it, the batches that waited for it, and so on. */
static void enqueue_batch(rg__events *e, rg__batch *b)
{
	while (b) {
		rg__batch *rest = b->next;

		leave_flight(e, b);
		b->next = NULL;
		rest = release_waiting(e, b->heirs, rest);
		b->heirs = NULL;
		b->number = ++e->queued;
		if (e->last)
			e->last->next = b;
		else
			e->first = b;
		e->last = b;
		/* A revision has one successor, or one for each part of its record, unless the store breaks its contract. */
		b = release_waiting(e, b->followers, rest);
	}
}

static void free_batch(rg__batch *b)
{
	rg_plan_unref(b->plan);
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

/* Delivers the queue, one thread at a time. Called with the lock held; releases it. */
static void deliver_queue(rg__events *e)
{
	e->delivering = true;
	e->deliverer = pthread_self();
	atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
	while (e->first || e->any_ended) {
		rg__batch *b = e->first;
		rg_event event = { .struct_size = sizeof event };

		if (!b) {
			sweep_subscriptions(e);
			continue;
		}
		e->first = b->next;
		if (!e->first)
			e->last = NULL;
		for (uint32_t i = 0; e->subscriptions && rg_plan_event(b->plan, i, &event) == RG_OK; i++)
			tell_event(e, b, &event);
		pthread_mutex_unlock(&e->lock);
		free_batch(b);
		pthread_mutex_lock(&e->lock);
	}
	e->delivering = false;
	pthread_mutex_unlock(&e->lock);
	rg__events_unref(e);
}

void rg__batch_settle(rg__events *e, rg__batch *b, bool landed)
{
	pthread_mutex_lock(&e->lock);
	rg__batch *dropped = NULL;

	if (!landed && !b->followers) {
		leave_flight(e, b);
		enqueue_batch(e, release_waiting(e, b->heirs, NULL));
		dropped = b;
	} else if (!must_wait(e, b)) {
		b->next = NULL;
		enqueue_batch(e, b);
	}
	if (e->delivering || !e->first)
		pthread_mutex_unlock(&e->lock);
	else
		deliver_queue(e);
	if (dropped)
		free_batch(dropped);
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

void rg_subscription_end(rg_subscription *s)
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
