/* SPDX-License-Identifier: MIT */
/*
 * Publish/subscribe on the watch link. The server confirms each SUBSCRIBE. Messages before the confirmation, and while there is no
 * connection, are missed, so a confirmation tells the subscribers that something may have changed.
 */
#include "links.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64, CHANNELS_A_COMMAND = 256, PING_EVERY = 10000 };

struct rg__redis_subscription {
	rg__redis_subscription *previous, *next;
	rg__redis_channel *channel;
	rg__redis_message_cb message;
	void *user;
};

struct rg__redis_channel {
	rg__redis_channel *chain;
	rg__redis_subscription *first;
	size_t n;
	char name[];
};

static rg__redis_channel **channel_slot(const rg__redis_links *s, const char *name, size_t n)
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint32_t number;

	crypto_shorthash(hash, (const unsigned char *)name, n, s->channel_key);
	memcpy(&number, hash, sizeof number);
	rg__redis_channel **slot = &s->buckets[number & (s->n_buckets - 1)];
	while (*slot && ((*slot)->n != n || memcmp((*slot)->name, name, n) != 0))
		slot = &(*slot)->chain;
	return slot;
}

/* Without memory for more buckets the chains grow longer. */
static bool grow_channels(rg__redis_links *s)
{
	rg__redis_channel **old = s->buckets;
	uint32_t n = s->n_buckets;

	if (n > s->n_channels)
		return true;
	rg__redis_channel **buckets = calloc(n ? 2 * (size_t)n : BUCKETS_FIRST, sizeof *buckets);
	if (!buckets)
		return n > 0;
	if (n == 0)
		randombytes_buf(s->channel_key, sizeof s->channel_key);
	s->buckets = buckets;
	s->n_buckets = n ? 2 * n : BUCKETS_FIRST;
	for (uint32_t i = 0; i < n; i++) {
		for (rg__redis_channel *next, *c = old[i]; c; c = next) {
			next = c->chain;
			rg__redis_channel **slot = channel_slot(s, c->name, c->n);
			c->chain = NULL;
			*slot = c;
		}
	}
	free(old);
	return true;
}

static void expect_answer(rg__redis *r)
{
	rg__redis_links *s = r->links;

	if (s->expected_since == NO_TIME)
		s->expected_since = rg__redis_clock();
	rg__redis_arm(r, s->expected_since + r->url.timeout);
}

static void say(rg__redis_link *l, const char *const *argv, const size_t *lens, int argc)
{
	rg__redis_command c = { .argc = argc, .argv = argv, .lens = lens };
	rg__redis_request *q = rg__redis_request_new(&c, 1);

	if (!q) {
		rg__redis_break(l, "out of memory");
		return;
	}
	q->since = rg__redis_clock();
	rg__redis_append(l, q);
}

static void say_channel(rg__redis *r, const char *verb, const rg__redis_channel *c)
{
	rg__redis_link *l = &r->links->link[LINK_WATCH];
	const char *argv[] = { verb, c->name };
	size_t lens[] = { strlen(verb), c->n };

	if (l->stage != STAGE_READY)
		return;
	say(l, argv, lens, 2);
	expect_answer(r);
	rg__redis_link_write(l);
}

/* When the link is not ready, the channel is subscribed to with all others as soon as it is. */
static void subscribe_channel(rg__redis *r, const rg__redis_channel *c)
{
	r->counters.round_trips[RG__REDIS_WATCH] += r->links->link[LINK_WATCH].stage == STAGE_READY;
	say_channel(r, "SUBSCRIBE", c);
}

void rg__redis_resubscribe(rg__redis_link *l)
{
	rg__redis *r = l->store;
	const char *argv[1 + CHANNELS_A_COMMAND] = { "SUBSCRIBE" };
	size_t lens[1 + CHANNELS_A_COMMAND] = { 9 };
	int n = 1;

	r->links->ping_at = rg__redis_clock() + PING_EVERY;
	for (uint32_t i = 0; i < r->links->n_buckets; i++) {
		for (const rg__redis_channel *c = r->links->buckets[i]; c; c = c->chain) {
			argv[n] = c->name;
			lens[n++] = c->n;
			if (n < 1 + CHANNELS_A_COMMAND)
				continue;
			say(l, argv, lens, n);
			n = 1;
		}
	}
	if (n > 1)
		say(l, argv, lens, n);
	if (r->links->n_channels == 0)
		return;
	r->counters.round_trips[RG__REDIS_WATCH]++;
	expect_answer(r);
}

void rg__redis_ping(rg__redis_link *l)
{
	const char *argv[] = { "PING" };
	const size_t lens[] = { 4 };

	l->store->links->ping_at = rg__redis_clock() + PING_EVERY;
	if (l->store->links->n_channels == 0) {
		rg__redis_link_close(l); /* nobody needs it */
		rg__redis_complete_all(l->store, rg__redis_take_all(l), RG_ECANCELED);
		return;
	}
	say(l, argv, lens, 1);
	expect_answer(l->store);
	rg__redis_link_write(l);
}

/* A subscriber may end any subscription meanwhile, and so the channel, too; rg__redis_unsubscribe() moves `next` on. */
static void tell_channel(rg__redis *r, const rg__redis_channel *c)
{
	rg__redis_telling here = { r->links->telling, c->first };

	rg__redis_hold(r);
	r->links->telling = &here;
	while (here.next && !r->dead) {
		const rg__redis_subscription *now = here.next;
		here.next = now->next;
		now->message(now->user);
	}
	r->links->telling = here.outer;
	rg__redis_release(r);
}

static bool is_word(const redisReply *reply, const char *word)
{
	return reply->type == REDIS_REPLY_STRING && reply->len == strlen(word) && memcmp(reply->str, word, reply->len) == 0;
}

void rg__redis_pushed(rg__redis_link *l, const redisReply *reply)
{
	rg__redis *r = l->store;
	rg__redis_links *s = r->links;
	char text[TROUBLE_SIZE];

	l->fruitful = true;
	s->expected_since = NO_TIME;
	if (reply->type == REDIS_REPLY_ERROR) {
		rg__redis_clean(text, sizeof text, reply->str, reply->len);
		rg__redis_refused(r, text);
		return;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 || !s->n_buckets)
		return;
	bool is_message = is_word(reply->element[0], "message");
	if (!is_message && !is_word(reply->element[0], "subscribe"))
		return;
	if (reply->element[1]->type != REDIS_REPLY_STRING)
		return;
	const rg__redis_channel *c = *channel_slot(s, reply->element[1]->str, reply->element[1]->len);
	r->counters.messages += is_message;
	if (c)
		tell_channel(r, c);
}

static rg__redis_channel *channel_of(rg__redis *r, const char *name, size_t n)
{
	rg__redis_links *s = r->links;

	if (!grow_channels(s))
		return NULL;
	rg__redis_channel **slot = channel_slot(s, name, n);
	if (*slot)
		return *slot;
	rg__redis_channel *c = malloc(sizeof *c + n);
	if (!c)
		return NULL;
	*c = (rg__redis_channel){ .n = n };
	memcpy(c->name, name, n);
	*slot = c;
	s->n_channels++;
	subscribe_channel(r, c);
	return c;
}

rg_status rg__redis_subscribe(rg__redis *r, const char *channel, size_t n, rg__redis_message_cb message, void *user,
	rg__redis_subscription **out)
{
	rg__redis_link *l = &r->links->link[LINK_WATCH];
	rg__redis_subscription *sub = r->dead ? NULL : malloc(sizeof *sub);
	rg__redis_channel *c = sub ? channel_of(r, channel, n) : NULL;

	if (!c) {
		free(sub);
		return RG_ENOMEM;
	}
	/* In front: a walk under way does not meet it. */
	*sub = (rg__redis_subscription){ .next = c->first, .channel = c, .message = message, .user = user };
	if (c->first)
		c->first->previous = sub;
	c->first = sub;
	*out = sub;
	if (l->stage == STAGE_NONE && l->backoff.until == NO_TIME)
		rg__redis_attempt(l);
	return RG_OK;
}

static void end_channel(rg__redis *r, rg__redis_channel *c)
{
	rg__redis_channel **slot = channel_slot(r->links, c->name, c->n);

	*slot = c->chain;
	r->links->n_channels--;
	say_channel(r, "UNSUBSCRIBE", c);
	free(c);
}

void rg__redis_unsubscribe(rg__redis *r, rg__redis_subscription *sub)
{
	rg__redis_channel *c = sub->channel;

	for (rg__redis_telling *t = r->links->telling; t; t = t->outer)
		if (t->next == sub)
			t->next = sub->next;
	if (sub->previous)
		sub->previous->next = sub->next;
	else
		c->first = sub->next;
	if (sub->next)
		sub->next->previous = sub->previous;
	free(sub);
	if (!c->first)
		end_channel(r, c);
}

void rg__redis_channels_free(rg__redis *r)
{
	rg__redis_links *s = r->links;

	for (uint32_t i = 0; i < s->n_buckets; i++) {
		for (rg__redis_channel *next, *c = s->buckets[i]; c; c = next) {
			next = c->chain;
			for (rg__redis_subscription *after, *sub = c->first; sub; sub = after) {
				after = sub->next;
				free(sub);
			}
			free(c);
		}
	}
	free(s->buckets);
	s->buckets = NULL;
	s->n_buckets = s->n_channels = 0;
}
