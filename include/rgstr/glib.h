/* SPDX-License-Identifier: MIT */
/**
 * @file glib.h
 * A registrar on an event loop of GLib (library librgstr-glib): one GSource ticks it, follows env.wakeup, and drives the stores that answer
 * from an event loop.
 *
 * 1. rg_glib_source_new() makes the source. It does not attach it.
 * 2. rg_registrar_new() gets rg_glib_source_wakeup() as env.wakeup and the source as env.user. A host with a `user` of its own calls
 *    rg_glib_source_wakeup() from its wakeup function.
 * 3. rg_glib_source_tick() names the registrar, and rg_glib_source_watch() a store, for instance with rg_redis_store_descriptor() and
 *    rg_redis_store_drive().
 * 4. g_source_attach() starts it, on any GMainContext. g_source_set_priority() and g_source_set_can_recurse() are the host's to call, and
 *    g_source_set_callback() is not.
 *
 * The source never blocks the loop. A tick that left work is followed by another one in the next iteration, after the other sources of this
 * priority. The wait for a tick is measured on the monotonic clock, at most 10 seconds at a time, so a clock that is set forward delays a
 * tick by at most 10 seconds, and one that is set back by nothing.
 *
 * **Ownership.** The source holds a reference to the registrar and to its stores. g_source_destroy() drops them, also within a callback that
 * the source runs, and so does the end of the GMainContext. The registrar may call wakeup until it calls env.free, so the source must live
 * as long: `env.user = g_source_ref(source)` with rg_glib_source_unref() as env.free ensures it.
 *
 * **End.** A commit that is in flight needs a store that is driven. A host that does not want to leave it undecided calls
 * rg_registrar_shutdown() and rg_glib_source_tick() with NULL, drops its reference, and lets the loop run until env.free is called.
 *
 * **Threads.** rg_glib_source_wakeup() may be called on any thread, the other functions before the source is attached or on the thread that
 * runs its context. As with all of GLib, the process ends when there is no memory for a GSource.
 */
#ifndef RGSTR_GLIB_H
#define RGSTR_GLIB_H

#include <rgstr/registrar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A source of events: GSource of <glib.h>. */
struct _GSource;

/** Makes a source that drives nothing yet. @return the source, owned by the caller: g_source_unref(). */
RG_API struct _GSource *rg_glib_source_new(void);

/** g_source_unref() with the type of env.free. NULL is accepted. */
RG_API void rg_glib_source_unref(void *source);

/** The next tick is due at @p next: env.wakeup. @param source  a source of rg_glib_source_new(). NULL is accepted. Any thread. */
RG_API void rg_glib_source_wakeup(void *source, rg_time next);

/**
 * Lets the source tick a registrar, for the first time in the next iteration.
 * @param registrar  takes the place of the one before. A reference is taken. NULL = none. @param limit  as for rg_registrar_tick().
 * @return RG_OK; RG_EINVAL: there is no source, or it is destroyed.
 */
RG_API rg_status rg_glib_source_tick(struct _GSource *source, rg_registrar *registrar, uint32_t limit);

/**
 * Lets the source drive a store. It may drive several.
 * @param store  a reference is taken. @param descriptor  is readable when the store is to be driven; it belongs to the store.
 * @param drive  drives the store.
 * @return RG_OK; RG_EINVAL: an argument is missing, the descriptor is negative, or the source is destroyed; RG_ENOMEM.
 */
RG_API rg_status rg_glib_source_watch(struct _GSource *source, rg_store *store, int32_t descriptor, rg_drive_cb drive);

#ifdef __cplusplus
}
#endif
#endif
