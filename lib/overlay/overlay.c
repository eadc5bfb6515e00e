/* SPDX-License-Identifier: MIT */
/* The overlay as a store: rg_store_overlay(), its members and its end. */
#include "overlay/overlay.h"
#include <stdlib.h>

static void destroy_overlay(void *self)
{
	rg__overlay *o = self;

	rg__overlay_end_watches(o);
	for (int i = 0; i < RG__OVERLAY_BUCKETS; i++)
		rg__doubts_free(&o->buckets[i]);
	rg_store_unref(o->main);
	rg_store_unref(o->local);
	rg__overlay_release(o);
}

static bool init_locks(rg__overlay *o)
{
	int n = 0;

	if (pthread_mutex_init(&o->watch_lock, NULL) != 0)
		return false;
	while (n < RG__OVERLAY_BUCKETS && pthread_mutex_init(&o->buckets[n].lock, NULL) == 0)
		n++;
	if (n == RG__OVERLAY_BUCKETS)
		return true;
	while (n-- > 0)
		pthread_mutex_destroy(&o->buckets[n].lock);
	pthread_mutex_destroy(&o->watch_lock);
	return false;
}

static rg__overlay *new_overlay(rg_store *main, rg_store *local)
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

/* Optional members are present if both stores have them. For `prefetch` one store is enough, and for `approach` main. */
static rg_store_ops members_over(const rg_store *main, const rg_store *local)
{
	uint32_t of_main = rg_store_traits(main);
	void *self;
	const rg_store_ops *m = rg_store_members(main, &self), *l = rg_store_members(local, &self);
	rg_store_ops ops = { .struct_size = sizeof ops, .name = "overlay", .fetch = rg__overlay_fetch, .commit = rg__overlay_commit,
		.due = rg__overlay_due, .find = rg__overlay_find, .scan = rg__overlay_scan, .destroy = destroy_overlay };

	ops.traits = RG_STORE_OVERLAY | (of_main & (RG_STORE_INLINE | RG_STORE_SHARED)) |
		(of_main & rg_store_traits(local) & RG_STORE_THREAD_SAFE);
	if (m->count && l->count)
		ops.count = rg__overlay_count;
	if (m->watch && l->watch) {
		ops.watch = rg__overlay_watch;
		ops.unwatch = rg__overlay_unwatch;
	}
	if (m->prefetch || l->prefetch)
		ops.prefetch = rg__overlay_prefetch;
	ops.approach = m->approach ? rg__overlay_approach : NULL;
	if (!(of_main & RG_STORE_INLINE)) {
		ops.wait = m->wait ? rg__overlay_wait : NULL;
		ops.cancel = rg__overlay_cancel;
	}
	return ops;
}

rg_status rg_store_overlay(rg_store *main, rg_store *local, rg_store **out, rg_error *why)
{
	if (!out)
		return rg__fail(why, RG_EINVAL, "out is NULL");
	*out = NULL;
	if (!main || !local)
		return rg__fail(why, RG_EINVAL, "%s is NULL", main ? "local_store" : "main_store");
	if (main == local)
		return rg__fail(why, RG_EINVAL, "main_store and local_store are one: an overlay is made of two stores");
	if (!(rg_store_traits(local) & RG_STORE_INLINE))
		return rg__fail(why, RG_EINVAL, "the local store %s is not inline: it is to be this node's memory", rg__store_name(local));
	if (rg_store_traits(local) & RG_STORE_SHARED)
		return rg__fail(why, RG_EINVAL, "the local store %s is shared: it is to be this node's memory", rg__store_name(local));
	/* It would put these bindings into its own local part, and ask for the base of that part, which is not kept here. */
	if (rg_store_traits(local) & RG_STORE_OVERLAY)
		return rg__fail(why, RG_EINVAL, "the local store %s is an overlay: it is to be this node's memory", rg__store_name(local));
	rg_store_ops ops = members_over(main, local);
	rg__overlay *o = new_overlay(main, local);
	if (!o)
		return rg__fail(why, RG_ENOMEM, "out of memory");
	rg_status st = rg_store_new(&ops, o, out, why);
	if (st != RG_OK)
		destroy_overlay(o);
	return st;
}
