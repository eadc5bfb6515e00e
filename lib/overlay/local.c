/* SPDX-License-Identifier: MIT */
/* The local part of a key, its tombstone, and the two steps in which a commit changes it. */
#include "overlay/overlay.h"
#include "model/model.h"

/* Bits that make derived revisions from that of a commit. Its first eight bytes are random, so no other commit has a derived one. */
enum { AHEAD = 0x80, UNDONE = 0x40 };

enum { TOMBSTONE_KEEP = 60 * 1000000 }; /* microseconds */

static void put_tombstone(rg__overlay *o, const rg_key *key, const rg_revision *revision)
{
	uint64_t hash = rg__key_hash(key);
	rg__overlay_bucket *b = rg__overlay_lock(o, hash);
	rg__tombstone *t = &b->tombstones[b->next_tombstone++ % RG__OVERLAY_TOMBSTONES];
	int64_t now = rg__monotonic_us();

	if (t->until > now)
		b->floor = *t;
	*t = (rg__tombstone){ .key_hash = hash, .revision = *revision, .until = now + TOMBSTONE_KEEP };
	atomic_store(&o->last_tombstone, t->until);
	pthread_mutex_unlock(&b->lock);
}

/* The last tombstone of the key, else the last one of the bucket that was overwritten early, else zero. */
static rg_revision find_tombstone(rg__overlay *o, const rg_key *key)
{
	int64_t last = atomic_load(&o->last_tombstone), now = last ? rg__monotonic_us() : 0;
	rg_revision found = { { 0 } };

	if (last <= now)
		return found;
	uint64_t hash = rg__key_hash(key);
	rg__overlay_bucket *b = rg__overlay_lock(o, hash);
	const rg__tombstone *t = NULL;

	for (uint32_t i = 1; i <= RG__OVERLAY_TOMBSTONES && (!t || t->key_hash != hash); i++)
		t = &b->tombstones[(b->next_tombstone - i) % RG__OVERLAY_TOMBSTONES];
	if (t->key_hash != hash)
		t = &b->floor;
	if (t->until > now)
		found = t->revision;
	pthread_mutex_unlock(&b->lock);
	return found;
}

rg_status rg__local_fetch(rg__overlay *o, const rg_key *key, rg__local *out)
{
	rg__call call;

	*out = (rg__local){ 0 };
	rg__call_init(&call, o->local, NULL);
	rg_status st = rg__call_fetch(&call, key, RG_FETCH_FRESH);
	if (st != RG_OK)
		return st < 0 ? st : RG_ECONTRACT;
	out->record = call.found.record;
	out->stored = call.found.base;
	out->revision = out->record ? *rg_record_revision(out->record) : find_tombstone(o, key);
	return RG_OK;
}

static rg_status write_part(rg__overlay *o, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next)
{
	rg_commit c = { .struct_size = sizeof c, .base = *base, .revision = *own, .next = next };
	rg__call call;

	rg__call_init(&call, o->local, NULL);
	rg_status st = rg__call_commit(&call, key, &c);
	rg_record_unref(call.found.record);
	if (st == RG_OK)
		atomic_fetch_add(&o->writes, 1);
	return st <= 0 ? st : RG_ECONTRACT;
}

/* The tombstone is put before the record is removed, so that every fetch finds one of the two. */
rg_status rg__local_write(rg__overlay *o, const rg_key *key, const rg_revision *base, const rg_revision *own, const rg_record *next)
{
	if (!next)
		put_tombstone(o, key, own);
	return write_part(o, key, base, own, next);
}

/* Writes the addition, together with @p under unless that is NULL. If a removal follows, the revision is a derived one, so that the part has
 * the commit's own in the end. */
static rg_status write_addition(rg__overlay *o, const rg_key *key, const rg_revision *own, rg__local_change *change, const rg_record *under)
{
	rg_revision revision = *own;
	rg_record *ahead = NULL;
	rg_status st = RG_OK;

	if (change->removes) {
		revision.b[0] ^= AHEAD;
		st = rg__lay_over(key, &revision, under, change->after, &ahead);
	}
	if (st == RG_OK)
		st = rg__local_write(o, key, &change->stands, &revision, ahead ? ahead : change->after);
	if (st == RG_OK)
		change->stands = revision;
	rg_record_unref(ahead);
	return st;
}

/* The removed and the added bindings may be too large together, though each part fits. Then the removal is written early. A fetch shows the
 * part as it was, which the doubt holds; only if main moves on while the outcome is unknown does it show the new part alone. */
rg_status rg__change_begin(rg__overlay *o, const rg_key *key, const rg_revision *own, rg__local_change *change)
{
	if (!change->adds)
		return RG_OK;
	rg_status st = write_addition(o, key, own, change, change->before);
	return change->removes && st == RG_ELIMIT ? write_addition(o, key, own, change, NULL) : st;
}

/* Rule (d). If there was no local part before, the deletion leaves no tombstone: the base is the same again as before the commit. */
static rg_status undo_addition(rg__overlay *o, const rg_key *key, const rg_revision *own, const rg__local_change *change)
{
	rg_revision undone = *own;
	rg_record *again = NULL;

	undone.b[0] ^= UNDONE;
	rg_status st = change->before ? rg__lay_over(key, &undone, change->before, NULL, &again) : RG_OK;
	if (st == RG_OK)
		st = write_part(o, key, &change->stands, &undone, again);
	rg_record_unref(again);
	return st;
}

/* After a conflict nothing is left to do: the current local part was built on the one that this would change. */
rg_status rg__change_end(rg__overlay *o, const rg_key *key, const rg_revision *own, const rg__local_change *change, bool landed)
{
	rg_status st = RG_OK;

	if (landed && change->removes)
		st = rg__local_write(o, key, &change->stands, own, change->after);
	else if (!landed && change->adds)
		st = undo_addition(o, key, own, change);
	return st == RG_ECONFLICT ? RG_OK : st;
}
