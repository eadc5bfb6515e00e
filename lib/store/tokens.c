/* SPDX-License-Identifier: MIT */
#include "store/tokens.h"
#include <pthread.h>
#include <stdlib.h>

/*
 * A token is an address in its chunk: which slot, and the slot's generation. Nothing is kept there: a chunk spans CHUNK * GENERATIONS
 * bytes of address space, of which the slots at its beginning are all that is ever touched. Tokens stay plain addresses because there
 * are languages that keep no other ones.
 *
 * Slots are used again in the order in which they came back. So a token comes again after GENERATIONS uses of its slot, which is after
 * no fewer than CHUNK * GENERATIONS tokens in all (a quarter of a million); an answer later than that may be taken for another's.
 */
enum { CHUNK = 64, GENERATIONS = 4096, SPAN = CHUNK * GENERATIONS };

typedef struct slot {
	rg__slots *home;
	struct slot *next; /* in the queue of free ones */
	void *what;
	uint32_t generation;
	bool out;
} slot;

typedef struct chunk {
	struct chunk *next;
	slot slots[CHUNK];
} chunk;

_Static_assert(sizeof(chunk) <= SPAN, "the slots fit the span of their tokens");

struct rg__slots {
	pthread_mutex_t lock;
	chunk *chunks;
	slot *first, *last; /* free ones */
	void *owner;
	uint64_t out;       /* tokens not spent */
	uint64_t refused;
	bool owned;
};

rg__slots *rg__slots_new(void *owner)
{
	rg__slots *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	if (pthread_mutex_init(&s->lock, NULL)) {
		free(s);
		return NULL;
	}
	s->owner = owner;
	s->owned = true;
	return s;
}

static void destroy(rg__slots *s)
{
	while (s->chunks) {
		chunk *c = s->chunks;

		s->chunks = c->next;
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
	chunk *c = aligned_alloc(SPAN, SPAN);

	if (!c)
		return false;
	c->next = s->chunks;
	s->chunks = c;
	for (size_t i = 0; i < CHUNK; i++) {
		c->slots[i] = (slot){ .home = s };
		put_back(s, &c->slots[i]);
	}
	return true;
}

static void *token_of(const slot *t)
{
	chunk *c = (chunk *)((uintptr_t)t / SPAN * SPAN);

	return (char *)c + (size_t)(t - c->slots) * GENERATIONS + t->generation;
}

static slot *slot_of(void *token, uint32_t *generation)
{
	size_t at = (uintptr_t)token % SPAN;
	chunk *c = (chunk *)(void *)((char *)token - at);

	*generation = (uint32_t)(at % GENERATIONS);
	return &c->slots[at / GENERATIONS];
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
	void *token = token_of(t);
	pthread_mutex_unlock(&s->lock);
	return token;
}

static bool spend(void *token, void **what, bool counts)
{
	uint32_t generation;
	slot *t = slot_of(token, &generation);
	rg__slots *s = t->home;

	pthread_mutex_lock(&s->lock);
	bool good = t->out && t->generation == generation;

	*what = good ? t->what : NULL;
	if (good) {
		t->out = false;
		t->generation = (t->generation + 1) % GENERATIONS;
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
	uint32_t generation;
	slot *t = slot_of(token, &generation);

	pthread_mutex_lock(&t->home->lock);
	bool good = t->out && t->generation == generation;

	if (good)
		t->what = NULL;
	pthread_mutex_unlock(&t->home->lock);
	return good;
}

void *rg__slot_owner(void *token)
{
	uint32_t generation;

	return slot_of(token, &generation)->home->owner;
}

uint64_t rg__slots_refused(rg__slots *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t n = s->refused;
	pthread_mutex_unlock(&s->lock);
	return n;
}
