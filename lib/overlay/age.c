/* SPDX-License-Identifier: MIT */
/*
 * Halves that stay. The engine sends a commit of unknown fate again as long as main remembers revisions, and then gives up. A
 * half that nobody ended by then is old: the walk over what is due gives its key, and whoever fetches that, or commits to it, ends it.
 * The time is what that walk is told, so a half is as old as the walks that have seen it since main was asked last.
 */
#include "overlay/overlay.h"
#include <stdlib.h>

enum { REMEMBERED = 60000, AGAIN_AFTER = 1000 }; /* milliseconds */

/* Main is asked, or has said that it does not know: from here on it may remember. */
void rg__half_sent(rg__overlay *o, rg__half *h)
{
	pthread_mutex_lock(&o->lock);
	h->sent++;
	h->old = false;
	h->due = RG_TIME_NEVER;
	pthread_mutex_unlock(&o->lock);
}

/* With the lock. One that no walk has seen yet begins to age; after the clock was set back nobody waits longer than he would have. */
static rg_time due_at(rg__half *h, rg_time now)
{
	rg_time most = rg__add_sat(now, REMEMBERED);

	if (h->due > most)
		h->due = most;
	return h->due;
}

rg_time rg__halves_next(rg__overlay *o, rg_time now)
{
	rg_time next = RG_TIME_NEVER;

	pthread_mutex_lock(&o->lock);
	for (int i = 0; o->n_halves > 0 && i < RG__OVERLAY_BUCKETS; i++) {
		for (rg__half *h = o->buckets[i].halves; h; h = h->next)
			next = due_at(h, now) < next ? h->due : next;
	}
	pthread_mutex_unlock(&o->lock);
	return next;
}

/* With the lock: how many of them are due, up to the limit, and the bytes of their keys. */
static uint32_t count_due(rg__overlay *o, rg_time now, uint32_t limit, size_t *bytes)
{
	uint32_t n = 0;

	*bytes = 0;
	for (int i = 0; o->n_halves > 0 && i < RG__OVERLAY_BUCKETS; i++) {
		for (rg__half *h = o->buckets[i].halves; h && n < limit; h = h->next) {
			if (due_at(h, now) > now)
				continue;
			*bytes += h->key.domain.n + h->key.user.n + h->key.host.n;
			n++;
		}
	}
	return n;
}

rg_status rg__halves_due(rg__overlay *o, rg_time now, uint32_t limit, rg_key **keys, uint32_t *n)
{
	size_t bytes;
	uint32_t k = 0;

	*keys = NULL;
	pthread_mutex_lock(&o->lock);
	*n = count_due(o, now, limit, &bytes);
	if (*n > 0)
		*keys = malloc(*n * sizeof **keys + bytes);
	char *room = *keys ? (char *)(*keys + *n) : NULL;
	for (int i = 0; *keys && i < RG__OVERLAY_BUCKETS; i++) {
		for (rg__half *h = o->buckets[i].halves; h && k < *n; h = h->next) {
			if (h->due > now)
				continue;
			(*keys)[k++] = rg__half_keep(&room, &h->key);
			h->old = true;
			h->due = rg__add_sat(now, AGAIN_AFTER);
		}
	}
	pthread_mutex_unlock(&o->lock);
	return *n > 0 && !*keys ? RG_ENOMEM : RG_OK;
}

/*
 * What main cannot be asked any more is told by what it has. If it has nothing, and that is what the commit was to leave, it was a
 * deletion that it has forgotten, or as good as one. Else the commit failed, for all that anybody can know: a binding that may be gone
 * does not come back.
 */
static int verdict_of(const rg__half *h, const rg_fetched *main)
{
	if (rg_revision_equal(&h->revision, &main->base))
		return RG__OVERLAY_LANDED;
	return !main->record && !h->main && !h->written ? RG__OVERLAY_LANDED : RG__OVERLAY_FAILED;
}

void rg__half_judge_old(rg__overlay *o, rg__half *h, const rg_fetched *main)
{
	pthread_mutex_lock(&o->lock);
	if (h->verdict == RG__OVERLAY_UNDECIDED && h->old)
		h->verdict = verdict_of(h, main);
	pthread_mutex_unlock(&o->lock);
}

rg__half *rg__half_found(rg__overlay *o, const rg_key *key, const rg__local *seen, const rg_fetched *main, bool certain)
{
	pthread_mutex_lock(&o->lock);
	rg__half *h = rg__half_find(o, key);

	if (h && !rg_revision_equal(&h->revision, &seen->revision))
		h = NULL;
	if (h && h->verdict == RG__OVERLAY_UNDECIDED) {
		if (rg_revision_equal(&h->revision, &main->base))
			h->verdict = RG__OVERLAY_LANDED;
		else if (certain && main->authoritative && seen->old && h->old && h->sent == seen->sent)
			h->verdict = verdict_of(h, main);
		else
			h = NULL;
	}
	pthread_mutex_unlock(&o->lock);
	return h;
}
