/* SPDX-License-Identifier: MIT */
/*
 * The way of a link from nothing to ready, and what its loss means.
 *
 * A main link that was lost is connected again at once, and what was in flight is repeated. When this fails, or when the time of a call is
 * over, the store is down: everything in flight is answered, further calls are refused, and attempts follow with a back-off.
 */
#include "links.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_FIRST = 100, DELAY_MAX = 5000 };

static int64_t sooner_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void rg__redis_backoff_next(rg__redis_backoff *b)
{
	if (b->delay == 0)
		b->delay = DELAY_FIRST;
	b->until = rg__redis_clock() + b->delay / 2 + randombytes_uniform(b->delay + 1);
	b->delay = b->delay < DELAY_MAX / 2 ? 2 * b->delay : DELAY_MAX;
}

static rg__redis_backoff *backoff_of(rg__redis_link *l)
{
	rg__redis_links *s = l->store->links;

	if (l->index == LINK_MAIN)
		return &s->backoff;
	return &s->link[l->index == LINK_WATCH ? LINK_WATCH : LINK_BLOCKING].backoff;
}

void rg__redis_attempt(rg__redis_link *l)
{
	rg__redis_links *s = l->store->links;

	l->started = rg__redis_clock();
	l->tried = 0;
	backoff_of(l)->until = NO_TIME;
	if (!s->named || (l->index != LINK_MAIN && s->n_addresses > 0)) {
		rg__redis_open(l);
		return;
	}
	l->stage = STAGE_NAMING;
	rg__redis_resolve(l->store);
	if (l->stage == STAGE_NAMING)
		rg__redis_arm(l->store, l->started + l->store->url.connect_timeout);
}

void rg__redis_open(rg__redis_link *l)
{
	rg__redis *r = l->store;
	rg__redis_links *s = r->links;
	uint32_t n = r->url.path.p ? 1 : s->n_addresses;
	char why[TROUBLE_SIZE] = "the host has no address";

	while (l->tried < n) {
		const rg_addr *to = r->url.path.p ? NULL : &s->addresses[(s->good + l->tried) % n];
		l->tried++;
		if (!rg__redis_link_open(l, to, why, sizeof why))
			continue;
		l->stage = STAGE_OPENING;
		rg__redis_interest(l);
		rg__redis_arm(r, l->started + r->url.connect_timeout);
		return;
	}
	rg__redis_lost(l, why);
}

static void connected(rg__redis_link *l)
{
	rg__redis *r = l->store;
	char why[TROUBLE_SIZE];

	if (!rg__redis_link_opened(l, why, sizeof why)) {
		uint32_t n = r->url.path.p ? 1 : r->links->n_addresses;
		if (l->tried >= n) {
			rg__redis_lost(l, why);
			return;
		}
		rg__redis_link_close(l);
		rg__redis_open(l);
		return;
	}
	l->stage = STAGE_GREETING;
	l->greeting = rg__redis_greeting(l);
	if (!l->greeting) {
		rg__redis_lost(l, "out of memory");
		return;
	}
	rg__redis_send_from(l, l->greeting);
	rg__redis_link_write(l);
}

void rg__redis_event(rg__redis_link *l, uint32_t events)
{
	rg__redis *r = l->store;
	bool same = true; /* no callback has closed the connection */

	if (l->fd < 0)
		return;
	if (l->stage == STAGE_OPENING) {
		connected(l);
		return;
	}
	rg__redis_hold(r);
	if (events & RG_REDIS_WRITE)
		rg__redis_link_write(l);
	if (events & RG_REDIS_READ)
		same = rg__redis_pull(l);
	if (!r->dead && same && l->broken[0])
		rg__redis_lost(l, l->broken);
	rg__redis_release(r);
}

/* The server is back: the other links need not wait for the end of their back-off. */
static void main_ready(rg__redis *r)
{
	rg__redis_links *s = r->links;
	rg__redis_link *watch = &s->link[LINK_WATCH];
	/* A log that has the trouble gets its end, too. */
	int32_t level = s->logged[0] ? RG_LOG_WARNING : RG_LOG_INFO;

	r->counters.reconnects += s->was_ready;
	s->was_ready = true;
	s->logged[0] = '\0';
	memset(s->refusals, 0, sizeof s->refusals);
	s->link[LINK_BLOCKING].backoff.until = NO_TIME;
	rg__redis_set_state(r, RG_REDIS_READY);
	rg__redis_log(r, level, "Redis at %s: connected as %s", s->address, s->name);
	if (watch->stage == STAGE_NONE && s->n_channels > 0)
		rg__redis_attempt(watch);
}

void rg__redis_ready(rg__redis_link *l)
{
	rg__redis *r = l->store;
	rg__redis_links *s = r->links;

	free(l->greeting);
	l->greeting = NULL;
	l->stage = STAGE_READY;
	l->ready_at = rg__redis_clock();
	if (s->n_addresses > 0) {
		s->good = (s->good + l->tried - 1) % s->n_addresses;
		l->tried = 1;
	}
	rg__redis_send_from(l, l->first);
	if (l->index == LINK_WATCH)
		rg__redis_resubscribe(l);
	if (l->index == LINK_MAIN)
		main_ready(r);
	if (l->index >= LINK_BLOCKING)
		backoff_of(l)->delay = 0;
	rg__redis_link_write(l);
}

/* Whether an attempt without delay follows the loss: after a connection that has answered a call or has lasted for DELAY_FIRST, and after the
 * first of those in a row that have done neither. A server answers each subscription, so an answer to the watch link does not count. */
static bool worked(rg__redis_link *l)
{
	if (l->stage != STAGE_READY)
		return false;
	if ((l->fruitful && l->index != LINK_WATCH) || rg__redis_clock() - l->ready_at >= DELAY_FIRST)
		l->fruitless = 0;
	else if (l->fruitless < UINT8_MAX)
		l->fruitless++;
	return l->fruitless <= 1;
}

static bool is_over(const rg__redis_link *l, int64_t now)
{
	return l->first && now >= l->first->since + l->store->url.timeout;
}

void rg__redis_count_timeouts(rg__redis *r, const rg__redis_request *list)
{
	int64_t now = rg__redis_clock();

	for (; list; list = list->next)
		r->counters.timeouts += list->done && now >= list->since + r->url.timeout;
}

/* The state is set before any callback runs: a callback that sends again must be refused. */
static void down(rg__redis_link *l, const char *why)
{
	rg__redis *r = l->store;
	rg__redis_request *list = rg__redis_take_all(l);

	rg__redis_set_state(r, RG_REDIS_DOWN);
	rg__redis_backoff_next(&r->links->backoff);
	rg__redis_arm(r, r->links->backoff.until);
	rg__redis_trouble(r, RG_LOG_ERROR, why);
	rg__redis_count_timeouts(r, list);
	rg__redis_complete_all(r, list, RG_ESTORE);
}

static void main_lost(rg__redis_link *l, const char *why, bool again)
{
	rg__redis *r = l->store;

	if (!again) {
		down(l, why);
		return;
	}
	rg__redis_rewind(l);
	rg__redis_set_state(r, RG_REDIS_CONNECTING);
	rg__redis_trouble(r, RG_LOG_WARNING, why);
	rg__redis_attempt(l);
}

static void watch_lost(rg__redis_link *l, bool again)
{
	rg__redis *r = l->store;
	rg__redis_request *list = rg__redis_take_all(l);

	rg__redis_complete_all(r, list, RG_ESTORE);
	r->links->expected_since = r->links->ping_at = NO_TIME;
	if (r->links->n_channels == 0)
		return;
	if (again) {
		rg__redis_attempt(l);
		return;
	}
	rg__redis_backoff_next(&l->backoff);
	rg__redis_arm(r, l->backoff.until);
}

void rg__redis_lost(rg__redis_link *l, const char *why)
{
	rg__redis *r = l->store;
	char text[TROUBLE_SIZE];
	bool useful = worked(l), again = useful && !is_over(l, rg__redis_clock());

	/* What the server said within the greeting tells more than that it hung up. */
	snprintf(text, sizeof text, "%s", l->stage == STAGE_GREETING && l->said[0] ? l->said : why);
	r->counters.connect_failures += l->stage != STAGE_READY;
	if (useful)
		backoff_of(l)->delay = 0;
	rg__redis_link_close(l);
	if (r->dead)
		return;
	if (l->index == LINK_MAIN)
		main_lost(l, text, again);
	else if (l->index == LINK_WATCH)
		watch_lost(l, again);
	else
		rg__redis_block_lost(l, again, text);
}

int64_t rg__redis_due_at(const rg__redis_link *l)
{
	const rg__redis *r = l->store;
	const rg__redis_links *s = r->links;
	int64_t at = l->first ? l->first->since + r->url.timeout : NO_TIME;

	if (l->stage == STAGE_NONE && l->index < LINK_BLOCKING)
		at = sooner_of(at, l->index == LINK_MAIN ? s->backoff.until : l->backoff.until);
	if (l->stage > STAGE_NONE && l->stage < STAGE_READY)
		at = sooner_of(at, l->started + r->url.connect_timeout);
	if (l->stage == STAGE_READY && l->index == LINK_WATCH) {
		at = sooner_of(at, s->expected_since == NO_TIME ? s->ping_at : s->expected_since + r->url.timeout);
	}
	return at;
}

/* A link that is not ready in time, or a call that is not answered in time. */
static void too_late(rg__redis_link *l)
{
	const rg__redis *r = l->store;
	char why[TROUBLE_SIZE];

	if (l->stage == STAGE_NAMING)
		snprintf(why, sizeof why, "the name of the host was not resolved within %u ms", r->url.connect_timeout);
	else if (l->stage == STAGE_OPENING)
		snprintf(why, sizeof why, "no connection within %u ms", r->url.connect_timeout);
	else
		snprintf(why, sizeof why, "no answer within %u ms", l->stage == STAGE_READY ? r->url.timeout : r->url.connect_timeout);
	rg__redis_lost(l, why);
}

void rg__redis_times(rg__redis_link *l)
{
	rg__redis *r = l->store;
	int64_t now = rg__redis_clock();

	if (l->broken[0]) {
		rg__redis_lost(l, l->broken);
		return;
	}
	if (now < rg__redis_due_at(l))
		return;
	if (l->stage == STAGE_NONE) {
		if (l->index < LINK_BLOCKING)
			rg__redis_attempt(l);
		return;
	}
	/* This process may have slept: what has arrived counts before the time. */
	rg__redis_hold(r);
	bool same = l->stage < STAGE_GREETING || rg__redis_pull(l);
	same = same && !r->dead;
	if (same && l->broken[0])
		rg__redis_lost(l, l->broken);
	else if (same && l->index == LINK_WATCH && l->stage == STAGE_READY && r->links->expected_since == NO_TIME)
		rg__redis_ping(l);
	else if (same && now >= rg__redis_due_at(l))
		too_late(l);
	rg__redis_release(r);
}
