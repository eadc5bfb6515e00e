/* SPDX-License-Identifier: MIT */
#include "store/tokens.h"
#include <pthread.h>
#include <stdlib.h>

/*
 * A token is an odd address in its chunk: it names the slot and the slot's generation. Nothing is stored at that address: a chunk spans
 * CHUNK * STRIDE bytes of address space, and only the slots at its beginning are ever touched. Tokens stay addresses because some languages
 * keep nothing else in a pointer.
 *
 * Slots are reused in the order in which they were freed. So a token is repeated after GENERATIONS uses of its slot, which is after at
 * least CHUNK * GENERATIONS tokens in all (a quarter of a million). An answer later than that can be mistaken for another one.
 */
enum { CHUNK = 64, GENERATIONS = 4096, STRIDE = 2 * GENERATIONS, SPAN = CHUNK * STRIDE };

typedef struct slot {
	rg__slots *home;
	struct slot *next; /* in the queue of free slots */
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
	slot *first, *last; /* free slots */
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

static void destroy_slots(rg__slots *s)
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
		destroy_slots(s);
}

static void free_slot(rg__slots *s, slot *t)
{
	t->next = NULL;
	if (s->last)
		s->last->next = t;
	else
		s->first = t;
	s->last = t;
}

static bool add_chunk(rg__slots *s)
{
	chunk *c = aligned_alloc(SPAN, SPAN);

	if (!c)
		return false;
	c->next = s->chunks;
	s->chunks = c;
	for (size_t i = 0; i < CHUNK; i++) {
		c->slots[i] = (slot){ .home = s };
		free_slot(s, &c->slots[i]);
	}
	return true;
}

static void *token_of(const slot *t)
{
	chunk *c = (chunk *)((uintptr_t)t / SPAN * SPAN);

	return (char *)c + (size_t)(t - c->slots) * STRIDE + 2 * t->generation + 1;
}

static slot *token_slot(void *token, uint32_t *generation)
{
	size_t at = (uintptr_t)token % SPAN;
	chunk *c = (chunk *)(void *)((char *)token - at);

	*generation = (uint32_t)(at % STRIDE / 2);
	return &c->slots[at / STRIDE];
}

void *rg__slot_take(rg__slots *s, void *what)
{
	pthread_mutex_lock(&s->lock);
	if (!s->first && !add_chunk(s)) {
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

static bool spend_token(void *token, void **what, bool counts)
{
	uint32_t generation;
	slot *t = token_slot(token, &generation);
	rg__slots *s = t->home;

	pthread_mutex_lock(&s->lock);
	bool good = t->out && t->generation == generation;

	*what = good ? t->what : NULL;
	if (good) {
		t->out = false;
		t->generation = (t->generation + 1) % GENERATIONS;
		s->out--;
		free_slot(s, t);
	} else if (counts) {
		s->refused++;
	}
	bool last = good && !s->owned && s->out == 0;
	pthread_mutex_unlock(&s->lock);
	if (last)
		destroy_slots(s);
	return good;
}

bool rg__slot_spend(void *token, void **what)
{
	return spend_token(token, what, true);
}

bool rg__slot_drop(void *token)
{
	void *what;

	return spend_token(token, &what, false) && what;
}

bool rg__slot_abandon(void *token)
{
	uint32_t generation;
	slot *t = token_slot(token, &generation);

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

	return token_slot(token, &generation)->home->owner;
}

uint64_t rg__slots_refused(rg__slots *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t n = s->refused;
	pthread_mutex_unlock(&s->lock);
	return n;
}
