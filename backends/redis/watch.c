/* SPDX-License-Identifier: MIT */
/* A watch is a subscription to the channel of its key. The calls of one watch never overlap: a change while `changed` runs makes it run
 * again, and an end during the call is told after it. */
#include "ops.h"

#include <stdlib.h>

struct rg__redis_watcher {
	rg__redis *r;
	rg__redis_watcher *prev, *next;
	rg__redis_subscription *subscription;
	rg_watch_cb changed;
	void *user;
	bool busy, again, ended;
};

static void watcher_end(rg__redis_watcher *w)
{
	w->changed(w->user, RG_ECANCELED);
	free(w);
}

static void on_message(void *user)
{
	rg__redis_watcher *w = user;
	if (w->busy) {
		w->again = true;
		return;
	}
	w->busy = true;
	do {
		w->again = false;
		w->changed(w->user, RG_OK);
	} while (w->again && !w->ended);
	w->busy = false;
	if (w->ended)
		watcher_end(w);
}

rg_status rg__redis_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	rg__redis *r = self;
	rg__redis_names names;
	r->counters.calls[RG__REDIS_WATCH]++;
	rg_status status = rg__redis_names_of(r->url.prefix, r->url.buckets, key, &names);
	if (status != RG_OK)
		return status;
	rg__redis_watcher *w = calloc(1, sizeof *w);
	if (w) {
		*w = (rg__redis_watcher){ .r = r, .next = r->ops->watchers, .changed = changed, .user = user };
		status = rg__redis_subscribe(r, names.channel.p, names.channel.n, on_message, w, &w->subscription);
	}
	rg__redis_names_free(&names);
	if (!w || status != RG_OK) {
		free(w);
		return w ? status : RG_ENOMEM;
	}
	if (w->next)
		w->next->prev = w;
	r->ops->watchers = w;
	*handle = w;
	return RG_OK;
}

static void watcher_close(rg__redis_watcher *w)
{
	rg__redis *r = w->r;
	*(w->prev ? &w->prev->next : &r->ops->watchers) = w->next;
	if (w->next)
		w->next->prev = w->prev;
	rg__redis_unsubscribe(r, w->subscription);
	w->ended = true;
	if (!w->busy)
		watcher_end(w);
}

void rg__redis_unwatch(void *self, void *handle)
{
	(void)self;
	watcher_close(handle);
}

void rg__redis_watchers_end(rg__redis *r)
{
	while (r->ops && r->ops->watchers)
		watcher_close(r->ops->watchers);
}
