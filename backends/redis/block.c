/* SPDX-License-Identifier: MIT */
/* Calls of the blocking form: each has a connection to itself, and drives it with poll(). */
#include "links.h"

#include <poll.h>

static bool is_pending_time(int64_t until, int64_t now)
{
	return until != NO_TIME && now < until;
}

/* While a back-off is under way, calls are refused at once, so that a dead server does not cost each of them its timeout. A host without an
 * event loop never makes the attempt that the main link has planned: once its time has come, a blocking call makes an attempt of its own. */
static bool breaker_is_open(const rg__redis *r)
{
	const rg__redis_links *s = r->links;
	int64_t now = rg__redis_clock(), until = s->backoff.until;

	if (is_pending_time(s->link[LINK_BLOCKING].backoff.until, now))
		return true;
	if (s->state != RG_REDIS_DOWN)
		return false;
	return now < (until == NO_TIME ? s->link[LINK_MAIN].started + r->url.connect_timeout : until);
}

static rg__redis_link *free_link(rg__redis *r)
{
	rg__redis_link *found = NULL;

	for (uint32_t i = LINK_BLOCKING; i < LINKS; i++) {
		rg__redis_link *l = &r->links->link[i];
		if (l->first)
			continue;
		if (l->stage == STAGE_READY && l->broken[0] == '\0')
			return l;
		if (!found)
			found = l;
	}
	return found;
}

rg_status rg__redis_block(rg__redis *r, rg__redis_link **out)
{
	rg__redis_link *l;

	if (breaker_is_open(r))
		return RG_ESTORE;
	l = free_link(r);
	if (!l)
		return RG_EFULL;
	if (l->broken[0])
		rg__redis_link_close(l);
	if (l->stage == STAGE_NONE)
		rg__redis_attempt(l);
	if (l->stage == STAGE_NAMING)
		l->stage = STAGE_NONE; /* the answer comes by the loop of the host, if at all */
	*out = l;
	return l->stage == STAGE_NONE ? RG_ESTORE : RG_OK;
}

void rg__redis_block_lost(rg__redis_link *l, bool again, const char *why)
{
	rg__redis *r = l->store;
	rg__redis_backoff *b = &r->links->link[LINK_BLOCKING].backoff;

	if (l->first && again && l->first->repeats == 0) {
		rg__redis_rewind(l);
		if (l->first)
			rg__redis_attempt(l);
		return;
	}
	if (!l->first && again)
		return; /* it was idle */
	rg__redis_backoff_next(b);
	rg__redis_trouble(r, RG_LOG_ERROR, why);
	rg__redis_count_timeouts(r, l->first);
	rg__redis_complete_all(r, rg__redis_take_all(l), RG_ESTORE);
}

static rg__redis_link *link_of_tok(rg__redis *r, const void *tok)
{
	for (uint32_t i = LINK_BLOCKING; i < LINKS; i++)
		if (rg__redis_find_tok(&r->links->link[i], tok))
			return &r->links->link[i];
	return NULL;
}

static short poll_events(const rg__redis_link *l)
{
	uint32_t wants = rg__redis_link_wants(l);

	return (short)((wants & RG_REDIS_READ ? POLLIN : 0) | (wants & RG_REDIS_WRITE ? POLLOUT : 0));
}

static uint32_t polled(const struct pollfd *p)
{
	short broken = POLLERR | POLLHUP | POLLNVAL;

	return (p->revents & (POLLIN | broken) ? RG_REDIS_READ : 0u) | (p->revents & (POLLOUT | broken) ? RG_REDIS_WRITE : 0u);
}

/* Waits for the link of the call, and serves the watches meanwhile: a host without an event loop does not. */
static void turn(rg__redis *r, rg__redis_link *l, int64_t until)
{
	rg__redis_link *both[2] = { l, &r->links->link[LINK_WATCH] };
	struct pollfd p[2];
	int64_t now = rg__redis_clock(), at = until;

	for (int i = 0; i < 2; i++) {
		int64_t due = both[i]->broken[0] ? now : rg__redis_due_at(both[i]);
		at = due < at ? due : at;
		p[i] = (struct pollfd){ .fd = both[i]->fd, .events = poll_events(both[i]) };
	}
	poll(p, 2, at <= now ? 0 : (int)(at - now));
	for (int i = 0; i < 2 && !r->dead; i++) {
		if (p[i].revents && both[i]->fd == p[i].fd)
			rg__redis_event(both[i], polled(&p[i]));
		if (!r->dead)
			rg__redis_times(both[i]);
	}
}

rg_status rg__redis_wait(void *self, void *tok, int32_t timeout_ms)
{
	rg__redis *r = self;
	int64_t until = rg__redis_clock() + (timeout_ms > 0 ? timeout_ms : 0);
	rg_status status = RG_OK;

	rg__redis_hold(r);
	for (bool last = false; status == RG_OK && !r->dead;) {
		rg__redis_link *l = link_of_tok(r, tok);
		if (!l) {
			/* Only the event loop completes a call of the other form. */
			status = rg__redis_find_tok(rg__redis_main(r), tok) ? RG_ETIMEOUT : RG_OK;
			break;
		}
		if (last)
			status = RG_ETIMEOUT;
		else
			turn(r, l, until);
		last = rg__redis_clock() >= until;
	}
	if (!r->dead)
		rg__redis_rearm(r);
	rg__redis_release(r);
	return status;
}
