/* SPDX-License-Identifier: MIT */
/*
 * Commits in doubt. A commit of both parts is recorded before main is asked, and kept until its outcome is known and both parts are
 * written. A commit of main alone is recorded when its outcome is unknown.
 *
 * The engine resends a commit of unknown outcome for 50 s, and main remembers revisions for 60 s. A doubt that main was not asked about
 * for 60 s is old. The commit is not sent again, because main could accept it a second time. What main has ends the doubt, for the next
 * fetch or commit of the key: the commit landed if main is at its revision, or if it is a deletion and main has nothing; it did not if
 * main is at its base. If main has something else, or if the room is needed, the doubt is dropped. Then nothing is undone, because the
 * commit may have landed.
 */
#include "overlay/overlay.h"
#include "model/model.h"
#include <stdlib.h>

enum { DOUBT_KEEP = 60 * 1000000 }; /* microseconds */

static void free_doubt(rg__doubt *d)
{
	if (!d)
		return;
	rg_record_unref(d->main);
	rg_record_unref(d->change.before);
	rg_record_unref(d->change.after);
	free(d);
}

void rg__doubts_free(rg__overlay_bucket *b)
{
	while (b->doubts) {
		rg__doubt *d = b->doubts;

		b->doubts = d->next;
		free_doubt(d);
	}
}

bool rg__doubt_is_old(const rg__doubt *d)
{
	return rg__monotonic_us() - d->asked_at > DOUBT_KEEP;
}

/* What the revision of main says about the commit. An answer of main that is not authoritative does not prove a refusal. */
static int verdict_by(const rg__doubt *d, const rg_fetched *main)
{
	if (d->verdict != RG__DOUBT_OPEN || !main)
		return d->verdict;
	if (rg_revision_equal(&d->revision, &main->base))
		return RG__DOUBT_LANDED;
	if (!main->authoritative || !rg__doubt_is_old(d))
		return RG__DOUBT_OPEN;
	if (rg_revision_equal(&d->base, &main->base))
		return RG__DOUBT_REFUSED;
	return !d->main && rg_revision_is_zero(&main->base) ? RG__DOUBT_LANDED : RG__DOUBT_OPEN;
}

/* With the lock. */
static void take_out(rg__overlay *o, rg__overlay_bucket *b, rg__doubt **at)
{
	rg__doubt *d = *at;

	*at = d->next;
	b->n_doubts--;
	atomic_fetch_sub(&o->n_doubts, 1);
	free_doubt(d);
}

/* With the lock. Drops the oldest one that is done, else the oldest one that is old. The caller has the turn of key @p own. */
static void drop_spare(rg__overlay *o, rg__overlay_bucket *b, const rg_key *own)
{
	rg__doubt **spare = NULL;

	for (rg__doubt **at = &b->doubts; *at; at = &(*at)->next) {
		bool done = (*at)->verdict == RG__DOUBT_DONE, worse = spare && (*spare)->verdict == RG__DOUBT_DONE && !done;

		if (worse || (!done && !rg__doubt_is_old(*at)))
			continue;
		if (rg_key_equal(&(*at)->key, own) || !rg__overlay_turn_taken(b, &(*at)->key))
			spare = at;
	}
	if (spare)
		take_out(o, b, spare);
}

rg_status rg__doubt_new(rg__overlay_op *op, rg__doubt **out)
{
	const rg_key *key = &op->key;
	rg__doubt *d = malloc(sizeof *d + key->domain.n + key->user.n + key->host.n);

	*out = NULL;
	if (!d)
		return RG_ENOMEM;
	*d = (rg__doubt){ .key = rg__overlay_copy_key((char *)(d + 1), key), .base = op->commit.base, .revision = op->commit.revision,
		.main = rg_record_ref(op->main_next), .hint = op->commit.hint, .change = op->change, .asked_at = rg__monotonic_us() };
	rg_record_ref(d->change.before);
	rg_record_ref(d->change.after);
	rg__overlay_bucket *b = rg__overlay_lock(op->o, rg__key_hash(key));
	if (b->n_doubts >= RG__OVERLAY_DOUBTS_MAX)
		drop_spare(op->o, b, key);
	bool room = b->n_doubts < RG__OVERLAY_DOUBTS_MAX;
	if (room) {
		d->next = b->doubts;
		b->doubts = *out = d;
		b->n_doubts++;
		atomic_fetch_add(&op->o->n_doubts, 1);
	}
	pthread_mutex_unlock(&b->lock);
	if (!room)
		free_doubt(d);
	return room ? RG_OK : RG_EFULL;
}

/* The unfinished doubt of the key, or that of @p own. An old one is dropped when @p main is given and does not tell its outcome. */
rg__doubt *rg__doubt_find(rg__overlay *o, const rg_key *key, const rg_revision *own, const rg_fetched *main)
{
	if (atomic_load(&o->n_doubts) == 0)
		return NULL;
	rg__overlay_bucket *b = rg__overlay_lock(o, rg__key_hash(key));
	rg__doubt **at = &b->doubts, *d;

	while ((d = *at) != NULL) {
		if (!rg_key_equal(&d->key, key) || (d->verdict == RG__DOUBT_DONE && !rg_revision_equal(&d->revision, own))) {
			at = &d->next;
			continue;
		}
		d->verdict = verdict_by(d, main);
		if (!main || d->verdict != RG__DOUBT_OPEN || !rg__doubt_is_old(d))
			break;
		take_out(o, b, at);
	}
	pthread_mutex_unlock(&b->lock);
	return d;
}

void rg__doubt_judge(rg__overlay *o, rg__doubt *d, int verdict)
{
	rg__overlay_bucket *b = rg__overlay_lock(o, rg__key_hash(&d->key));

	d->verdict = verdict;
	d->asked_at = rg__monotonic_us();
	pthread_mutex_unlock(&b->lock);
}

void rg__doubt_drop(rg__overlay *o, rg__doubt *d)
{
	rg__overlay_bucket *b = rg__overlay_lock(o, rg__key_hash(&d->key));
	rg__doubt **at = &b->doubts;

	while (*at != d)
		at = &(*at)->next;
	take_out(o, b, at);
	pthread_mutex_unlock(&b->lock);
}

rg_status rg__doubt_finish(rg__overlay *o, rg__doubt *d, bool keep)
{
	bool landed = d->verdict != RG__DOUBT_REFUSED;
	rg_status st = d->verdict == RG__DOUBT_DONE ? RG_OK : rg__change_end(o, &d->key, &d->revision, &d->change, landed);

	if (st == RG_OK && landed && keep)
		rg__doubt_judge(o, d, RG__DOUBT_DONE);
	else if (st == RG_OK)
		rg__doubt_drop(o, d);
	return st;
}

/*
 * Selects the local part that goes with the revision of main: with the commit in doubt or without it. If main has moved on, the local part
 * is shown as it stands. @return whether the doubt can be finished now.
 */
bool rg__doubt_show(rg__overlay *o, const rg_key *key, const rg_fetched *main, rg__local *local)
{
	int verdict = RG__DOUBT_OPEN;

	if (atomic_load(&o->n_doubts) == 0)
		return false;
	rg__overlay_bucket *b = rg__overlay_lock(o, rg__key_hash(key));
	const rg__doubt *d = b->doubts;

	while (d && (d->verdict == RG__DOUBT_DONE || !rg_key_equal(&d->key, key)))
		d = d->next;
	if (d)
		verdict = verdict_by(d, main);
	if (verdict != RG__DOUBT_OPEN || (d && main && rg_revision_equal(&d->base, &main->base))) {
		rg_record_unref(local->record);
		local->record = rg_record_ref(verdict == RG__DOUBT_LANDED ? d->change.after : d->change.before);
	}
	pthread_mutex_unlock(&b->lock);
	return verdict != RG__DOUBT_OPEN;
}
