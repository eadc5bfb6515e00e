/* SPDX-License-Identifier: MIT */
/* A watch on an overlay is a watch on each of its stores. Its end is told when both have ended. */
#include "overlay/overlay.h"
#include <stdlib.h>

typedef struct rg__overlay_watch overlay_watch;

typedef struct watch_side {
	overlay_watch *watch;
	rg_store *store;
	void *handle;
	atomic_bool ended; /* by its store, or by unwatch */
} watch_side;

struct rg__overlay_watch {
	rg__overlay *o;
	overlay_watch *prev, *next;
	rg_watch_cb changed;
	void *user;
	watch_side sides[2]; /* local, main */
	atomic_bool ending;
	atomic_bool quiet; /* it is being made: nothing is told */
	atomic_uint refs;  /* one for each side until its last call, one while it is made, one until it is ended */
};

static void unref_watch(overlay_watch *w)
{
	if (atomic_fetch_sub(&w->refs, 1) != 1)
		return;
	if (!atomic_load(&w->quiet))
		w->changed(w->user, RG_ECANCELED);
	free(w);
}

/* Only the first call has an effect. */
static void end_watch(overlay_watch *w)
{
	if (atomic_exchange(&w->ending, true))
		return;
	pthread_mutex_lock(&w->o->watch_lock);
	if (w->next)
		w->next->prev = w->prev;
	*(w->prev ? &w->prev->next : &w->o->watches) = w->next;
	pthread_mutex_unlock(&w->o->watch_lock);
	for (int i = 0; i < 2; i++) {
		void *self;
		const rg_store_ops *ops = rg_store_members(w->sides[i].store, &self);

		if (!atomic_exchange(&w->sides[i].ended, true))
			ops->unwatch(self, w->sides[i].handle);
	}
	unref_watch(w);
}

static void side_changed(void *user, rg_status status)
{
	watch_side *side = user;
	overlay_watch *w = side->watch;

	if (status != RG_ECANCELED) {
		if (!atomic_load(&w->quiet))
			w->changed(w->user, status);
		return;
	}
	/* The store has ended it. The other side alone would miss changes. */
	if (!atomic_exchange(&side->ended, true))
		end_watch(w);
	unref_watch(w);
}

static overlay_watch *new_watch(rg__overlay *o, rg_watch_cb changed, void *user)
{
	overlay_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->o = o;
	w->changed = changed;
	w->user = user;
	w->sides[0] = (watch_side){ .watch = w, .store = o->local };
	w->sides[1] = (watch_side){ .watch = w, .store = o->main };
	atomic_init(&w->quiet, true);
	atomic_init(&w->refs, 4);
	pthread_mutex_lock(&o->watch_lock);
	w->next = o->watches;
	if (w->next)
		w->next->prev = w;
	o->watches = w;
	pthread_mutex_unlock(&o->watch_lock);
	return w;
}

rg_status rg__overlay_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	overlay_watch *w = new_watch(self, changed, user);
	rg_status st = w ? RG_OK : RG_ENOMEM;

	for (int i = 0; w && i < 2; i++) {
		watch_side *side = &w->sides[i];
		const rg_store_ops *ops = rg_store_members(side->store, &self);

		if (st == RG_OK)
			st = ops->watch(self, key, side_changed, side, &side->handle);
		if (st != RG_OK) {
			atomic_store(&side->ended, true);
			unref_watch(w);
		}
	}
	if (!w)
		return st;
	if (st == RG_OK && atomic_load(&w->ending))
		st = RG_ESTORE; /* lost as soon as it was made */
	if (st == RG_OK) {
		*handle = w;
		atomic_store(&w->quiet, false);
	} else {
		end_watch(w);
	}
	unref_watch(w);
	return st;
}

void rg__overlay_unwatch(void *self, void *handle)
{
	(void)self;
	end_watch(handle);
}

void rg__overlay_end_watches(rg__overlay *o)
{
	while (o->watches)
		end_watch(o->watches);
}
