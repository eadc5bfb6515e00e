/* SPDX-License-Identifier: MIT */
#include "slots.h"
#include <pthread.h>
#include <stdlib.h>

/*
 * A token is the address of its slot plus the slot's generation. Slots stand this many bytes apart, so the low bits are free for
 * it; and they are used again in the order in which they came back, so that a generation returns late.
 */
enum { STRIDE = 256, CHUNK = 64 };

typedef struct slot {
	rg__slots *home;
	struct slot *next; /* in the queue of free ones */
	void *what;
	uint8_t generation;
	bool out;
} slot;

_Static_assert(sizeof(slot) <= STRIDE, "a slot fits its place");

typedef struct chunk {
	struct chunk *next;
	char *slots;
} chunk;

struct rg__slots {
	pthread_mutex_t lock;
	chunk *chunks;
	slot *first, *last; /* free ones */
	uint64_t out;       /* tokens not spent */
	uint64_t refused;
	bool owned;
};

rg__slots *rg__slots_new(void)
{
	rg__slots *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	if (pthread_mutex_init(&s->lock, NULL)) {
		free(s);
		return NULL;
	}
	s->owned = true;
	return s;
}

static void destroy(rg__slots *s)
{
	while (s->chunks) {
		chunk *c = s->chunks;

		s->chunks = c->next;
		free(c->slots);
		free(c);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void rg__slots_unref(rg__slots *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->owned = false;
	bool last = s->out == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		destroy(s);
}

static void put_back(rg__slots *s, slot *t)
{
	t->next = NULL;
	if (s->last)
		s->last->next = t;
	else
		s->first = t;
	s->last = t;
}

static bool grow(rg__slots *s)
{
	chunk *c = malloc(sizeof *c);

	if (!c)
		return false;
	c->slots = aligned_alloc(STRIDE, (size_t)STRIDE * CHUNK);
	if (!c->slots) {
		free(c);
		return false;
	}
	c->next = s->chunks;
	s->chunks = c;
	for (size_t i = 0; i < CHUNK; i++) {
		slot *t = (slot *)(void *)(c->slots + i * STRIDE);

		*t = (slot){ .home = s };
		put_back(s, t);
	}
	return true;
}

void *rg__slot_take(rg__slots *s, void *what)
{
	pthread_mutex_lock(&s->lock);
	if (!s->first && !grow(s)) {
		pthread_mutex_unlock(&s->lock);
		return NULL;
	}
	slot *t = s->first;

	s->first = t->next;
	if (!s->first)
		s->last = NULL;
	t->what = what;
	t->out = true;
	s->out++;
	void *token = (char *)t + t->generation;
	pthread_mutex_unlock(&s->lock);
	return token;
}

static slot *slot_of(void *token, uint8_t *generation)
{
	*generation = (uint8_t)((uintptr_t)token % STRIDE);
	return (slot *)(void *)((char *)token - *generation);
}

static bool spend(void *token, void **what, bool counts)
{
	uint8_t generation;
	slot *t = slot_of(token, &generation);
	rg__slots *s = t->home;

	pthread_mutex_lock(&s->lock);
	bool good = t->out && t->generation == generation;

	*what = good ? t->what : NULL;
	if (good) {
		t->out = false;
		t->generation++;
		s->out--;
		put_back(s, t);
	} else if (counts) {
		s->refused++;
	}
	bool last = good && !s->owned && s->out == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		destroy(s);
	return good;
}

bool rg__slot_spend(void *token, void **what)
{
	return spend(token, what, true);
}

bool rg__slot_drop(void *token)
{
	void *what;

	return spend(token, &what, false);
}

bool rg__slot_abandon(void *token)
{
	uint8_t generation;
	slot *t = slot_of(token, &generation);

	pthread_mutex_lock(&t->home->lock);
	bool good = t->out && t->generation == generation;

	if (good)
		t->what = NULL;
	pthread_mutex_unlock(&t->home->lock);
	return good;
}

uint64_t rg__slots_refused(rg__slots *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t n = s->refused;
	pthread_mutex_unlock(&s->lock);
	return n;
}
