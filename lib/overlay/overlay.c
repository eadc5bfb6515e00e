/* SPDX-License-Identifier: MIT */
/* The store made of two, as a store: what it is made of, and its members. */
#include "overlay/overlay.h"
#include <stdlib.h>

static void destroy(void *self)
{
	rg__overlay *o = self;

	rg__overlay_end_watches(o);
	for (int i = 0; i < RG__OVERLAY_BUCKETS; i++) {
		while (o->buckets[i].halves)
			rg__half_drop(o, o->buckets[i].halves);
	}
	rg_store_unref(o->main);
	rg_store_unref(o->local);
	rg__overlay_release(o);
}

/* Waits go by a clock that nobody sets. */
static bool init_locks(rg__overlay *o)
{
	pthread_condattr_t by;

	if (pthread_condattr_init(&by) != 0)
		return false;
	bool good = pthread_condattr_setclock(&by, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&o->moved, &by) == 0;
	pthread_condattr_destroy(&by);
	if (!good)
		return false;
	if (pthread_mutex_init(&o->lock, NULL) == 0)
		return true;
	pthread_cond_destroy(&o->moved);
	return false;
}

static rg__overlay *overlay_new(rg_store *main, rg_store *local)
{
	rg__overlay *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	if (!init_locks(o)) {
		free(o);
		return NULL;
	}
	atomic_init(&o->refs, 1);
	o->main = rg_store_ref(main);
	o->local = rg_store_ref(local);
	return o;
}

/* Only what both stores can be asked. */
static rg_store_ops members_of(const rg_store *main, const rg_store *local)
{
	uint32_t of_main = rg_store_traits(main);
	void *self;
	const rg_store_ops *m = rg_store_members(main, &self), *l = rg_store_members(local, &self);
	rg_store_ops ops = { .struct_size = sizeof ops, .name = "overlay", .fetch = rg__overlay_fetch, .commit = rg__overlay_commit,
		.due = rg__overlay_due, .find = rg__overlay_find, .scan = rg__overlay_scan, .destroy = destroy };

	ops.traits = RG_STORE_OVERLAY | (of_main & (RG_STORE_INLINE | RG_STORE_SHARED)) |
		(of_main & rg_store_traits(local) & RG_STORE_THREAD_SAFE);
	if (m->count && l->count)
		ops.count = rg__overlay_count;
	if (m->watch && l->watch) {
		ops.watch = rg__overlay_watch;
		ops.unwatch = rg__overlay_unwatch;
	}
	if (!(of_main & RG_STORE_INLINE)) {
		ops.wait = m->wait ? rg__overlay_wait : NULL;
		ops.cancel = rg__overlay_cancel;
	}
	return ops;
}

rg_status rg_store_overlay(rg_store *main, rg_store *local, rg_store **out, rg_error *why)
{
	if (!out)
		return rg__fail(why, RG_EINVAL, "there is no place for the store");
	*out = NULL;
	if (!main || !local || main == local)
		return rg__fail(why, RG_EINVAL, "an overlay is made of two stores");
	if (!(rg_store_traits(local) & RG_STORE_INLINE))
		return rg__fail(why, RG_EINVAL, "the local store %s is not inline: it is to be this node's memory", rg__store_name(local));
	if (rg_store_traits(local) & RG_STORE_SHARED)
		return rg__fail(why, RG_EINVAL, "the local store %s is shared: it is to be this node's memory", rg__store_name(local));
	rg_store_ops ops = members_of(main, local);
	rg__overlay *o = overlay_new(main, local);
	if (!o)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	rg_status st = rg_store_new(&ops, o, out, why);
	if (st != RG_OK)
		destroy(o);
	return st;
}
