/* SPDX-License-Identifier: MIT */
/* A watch over both parts is a watch on each; its end is told when both have ended. */
#include "overlay/overlay.h"
#include <stdlib.h>

typedef struct rg__overlay_watch {
	rg__overlay *o;
	struct rg__overlay_watch *prev, *next;
	rg_watch_cb changed;
	void *user;
	void *of_main, *of_local;
	atomic_bool main_ended, local_ended, ending;
	atomic_bool quiet; /* being made: nobody is to be told */
	atomic_uint left;  /* inner watches that have not ended, and whoever makes it, and the end */
} watch;

static void let_go(watch *w)
{
	if (atomic_fetch_sub(&w->left, 1) != 1)
		return;
	if (!atomic_load(&w->quiet))
		w->changed(w->user, RG_ECANCELED);
	free(w);
}

static void take_out(watch *w)
{
	pthread_mutex_lock(&w->o->lock);
	if (w->next)
		w->next->prev = w->prev;
	*(w->prev ? &w->prev->next : &w->o->watches) = w->next;
	pthread_mutex_unlock(&w->o->lock);
}

static void end_inner(rg_store *store, void *handle)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);

	ops->unwatch(self, handle);
}

/* Whoever ends it first ends what is left of it. */
static void end(watch *w)
{
	if (atomic_exchange(&w->ending, true))
		return;
	take_out(w);
	if (!atomic_exchange(&w->main_ended, true))
		end_inner(w->o->main, w->of_main);
	if (!atomic_exchange(&w->local_ended, true))
		end_inner(w->o->local, w->of_local);
	let_go(w);
}

static void part_changed(watch *w, rg_status status, atomic_bool *ended)
{
	if (status != RG_ECANCELED) {
		if (!atomic_load(&w->quiet))
			w->changed(w->user, status);
		return;
	}
	/* One part's watch was lost: the rest is not worth much. */
	if (!atomic_exchange(ended, true))
		end(w);
	let_go(w);
}

static void main_changed(void *user, rg_status status)
{
	part_changed(user, status, &((watch *)user)->main_ended);
}

static void local_changed(void *user, rg_status status)
{
	part_changed(user, status, &((watch *)user)->local_ended);
}

static rg_status begin_inner(rg_store *store, const rg_key *key, rg_watch_cb changed, watch *w, void **handle)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);

	return ops->watch(self, key, changed, w, handle);
}

static watch *watch_new(rg__overlay *o, rg_watch_cb changed, void *user)
{
	watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->o = o;
	w->changed = changed;
	w->user = user;
	atomic_init(&w->quiet, true);
	atomic_init(&w->left, 4);
	pthread_mutex_lock(&o->lock);
	w->next = o->watches;
	if (w->next)
		w->next->prev = w;
	o->watches = w;
	pthread_mutex_unlock(&o->lock);
	return w;
}

/* An inner watch that never was. */
static void never_began(watch *w, atomic_bool *ended)
{
	atomic_store(ended, true);
	let_go(w);
}

rg_status rg__overlay_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	rg__overlay *o = self;
	watch *w = watch_new(o, changed, user);

	if (!w)
		return RG_ENOMEM;
	rg_status st = begin_inner(o->local, key, local_changed, w, &w->of_local);
	if (st != RG_OK)
		never_began(w, &w->local_ended);
	else
		st = begin_inner(o->main, key, main_changed, w, &w->of_main);
	if (st != RG_OK) {
		never_began(w, &w->main_ended);
		end(w);
	} else if (atomic_load(&w->ending)) {
		st = RG_ESTORE; /* lost as soon as it was made */
	} else {
		*handle = w;
		atomic_store(&w->quiet, false);
	}
	let_go(w);
	return st;
}

void rg__overlay_unwatch(void *self, void *handle)
{
	(void)self;
	end(handle);
}

void rg__overlay_end_watches(rg__overlay *o)
{
	while (o->watches)
		end(o->watches);
}
