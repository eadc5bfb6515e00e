/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <rgstr/glib.h>
#include <stdbool.h>
#include <stdlib.h>

/* The longest wait for a tick, in milliseconds: the registrar's clock may be set meanwhile. */
enum { LONGEST_WAIT = 10000 };

typedef struct glib_store {
	struct glib_store *next;
	rg_store *store;
	rg_drive_cb drive;
	gpointer tag; /* of its descriptor in the source */
} glib_store;

typedef struct glib_source {
	GSource base; /* first, so that a GSource is one of these */

	GMutex lock;  /* for the next two, and for setting the ready time */
	rg_time due;  /* when the next tick is due by the registrar's clock, as far as ticks and wakeups said since the last tick began */
	bool gone;    /* the source is destroyed, so its context may be gone as well */

	/* Only the thread of the context uses the rest. */
	gint64 until; /* end of the wait for the tick, by the monotonic clock, in microseconds */
	rg_registrar *registrar;
	uint32_t limit;
	bool finalized;
	glib_store *stores;
} glib_source;

/* Wakes the loop. It computes the wait itself, because the clock is that of the registrar, which another thread may be releasing. */
void rg_glib_source_wakeup(void *source, rg_time next)
{
	glib_source *self = source;

	if (!self)
		return;
	g_mutex_lock(&self->lock);
	if (next < self->due && !self->gone) {
		self->due = next;
		g_source_set_ready_time(&self->base, 0);
	}
	g_mutex_unlock(&self->lock);
}

/* Whether the wait is over by one of the clocks. The next tick then takes note of all that was said before. */
static bool begin_source_tick(glib_source *self)
{
	rg_time now = rg_registrar_now(self->registrar);

	g_mutex_lock(&self->lock);
	bool begins = self->due <= now || (self->due != RG_TIME_NEVER && self->until <= g_get_monotonic_time());
	if (begins) {
		self->due = RG_TIME_NEVER;
		self->until = G_MAXINT64;
	}
	g_mutex_unlock(&self->lock);
	return begins;
}

/* Waits for the next tick. A wait that is under way gets no longer, although the clock may have been set back. */
static void wait_for_source_tick(glib_source *self, rg_time next)
{
	rg_time now = rg_registrar_now(self->registrar);
	gint64 clock = g_get_monotonic_time();

	g_mutex_lock(&self->lock);
	if (next < self->due)
		self->due = next;
	if (self->due != RG_TIME_NEVER) {
		rg_time wait = self->due <= now ? 0 : MIN(self->due - now, LONGEST_WAIT);

		self->until = MIN(self->until, clock + wait * 1000);
	}
	g_source_set_ready_time(&self->base, self->registrar && self->due != RG_TIME_NEVER ? self->until : -1);
	g_mutex_unlock(&self->lock);
}

static void tick_if_due(glib_source *self)
{
	rg_time next = RG_TIME_NEVER;

	if (begin_source_tick(self))
		rg_registrar_tick(self->registrar, self->limit, &next);
	if (!g_source_is_destroyed(&self->base))
		wait_for_source_tick(self, next);
}

static gboolean dispatch_source(GSource *source, GSourceFunc callback, gpointer user)
{
	glib_source *self = (glib_source *)source;

	(void)callback, (void)user;
	for (const glib_store *s = self->stores; s && !g_source_is_destroyed(source); s = s->next) {
		if (g_source_query_unix_fd(source, s->tag))
			s->drive(s->store);
	}
	if (g_source_is_destroyed(source))
		return G_SOURCE_REMOVE;
	tick_if_due(self);
	return G_SOURCE_CONTINUE;
}

/* The registrar goes first: it may call wakeup, and its stores may call it. */
static void let_go(glib_source *self)
{
	rg_registrar *registrar = self->registrar;

	g_mutex_lock(&self->lock);
	self->gone = true;
	g_mutex_unlock(&self->lock);
	self->registrar = NULL;
	rg_registrar_unref(registrar);
	while (self->stores) {
		glib_store *first = self->stores;

		self->stores = first->next;
		rg_store_unref(first->store);
		free(first);
	}
}

/* GLib releases the callback of a source that is destroyed, once no dispatch of the source is under way. */
static void on_source_destroyed(gpointer data)
{
	glib_source *self = data;

	if (!self->finalized)
		let_go(self);
}

/* Without a g_source_destroy() before, GLib releases the callback after this. */
static void finalize_source(GSource *source)
{
	glib_source *self = (glib_source *)source;

	let_go(self);
	self->finalized = true;
	g_mutex_clear(&self->lock);
}

static gboolean never_called(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

struct _GSource *rg_glib_source_new(void)
{
	static const GSourceFuncs functions = { .dispatch = dispatch_source, .finalize = finalize_source };
	GSource *source = g_source_new((GSourceFuncs *)&functions, sizeof(glib_source)); /* which only reads the functions */
	glib_source *self = (glib_source *)source;

	g_mutex_init(&self->lock);
	self->due = RG_TIME_NEVER;
	self->until = G_MAXINT64;
	g_source_set_name(source, "rgstr");
	g_source_set_callback(source, never_called, self, on_source_destroyed);
	return source;
}

void rg_glib_source_unref(void *source)
{
	if (source)
		g_source_unref(source);
}

rg_status rg_glib_source_tick(struct _GSource *source, rg_registrar *registrar, uint32_t limit)
{
	glib_source *self = (glib_source *)source;

	if (!source || g_source_is_destroyed(source))
		return RG_EINVAL;
	rg_registrar *before = self->registrar;
	self->registrar = rg_registrar_ref(registrar);
	self->limit = limit;
	rg_glib_source_wakeup(self, INT64_MIN);
	rg_registrar_unref(before);
	return RG_OK;
}

rg_status rg_glib_source_watch(struct _GSource *source, rg_store *store, int32_t descriptor, rg_drive_cb drive)
{
	glib_source *self = (glib_source *)source;

	if (!source || !store || descriptor < 0 || !drive || g_source_is_destroyed(source))
		return RG_EINVAL;
	glib_store *s = malloc(sizeof *s);
	if (!s)
		return RG_ENOMEM;
	*s = (glib_store){ .next = self->stores, .store = rg_store_ref(store), .drive = drive };
	s->tag = g_source_add_unix_fd(source, descriptor, G_IO_IN | G_IO_HUP | G_IO_ERR);
	self->stores = s;
	return RG_OK;
}
