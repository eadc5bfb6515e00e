/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"
#include <glib.h>
#include <rgstr/glib.h>

void (*const loop_wakeup)(void *glue, rg_time next) = rg_glib_source_wakeup;
void (*const loop_unref)(void *glue) = rg_glib_source_unref;

void loop_open(loop *l)
{
	*l = (loop){ .own = g_main_context_new(), .glue = rg_glib_source_new() };
	cr_assert_gt(g_source_attach(l->glue, l->own), 0);
}

void *loop_ref(loop *l)
{
	return g_source_ref(l->glue);
}

void loop_stop(loop *l)
{
	g_source_destroy(l->glue);
	g_source_unref(l->glue);
}

void loop_close(loop *l)
{
	if (l->other) {
		g_source_destroy(l->other);
		g_source_unref(l->other);
	}
	g_main_context_unref(l->own);
}

static gboolean count_turn(gpointer turns)
{
	++*(int *)turns;
	return G_SOURCE_CONTINUE;
}

void loop_other(loop *l, int *turns)
{
	l->other = g_idle_source_new();
	g_source_set_priority(l->other, G_PRIORITY_DEFAULT);
	g_source_set_callback(l->other, count_turn, turns, NULL);
	g_source_attach(l->other, l->own);
}

static gboolean end_wait(gpointer over)
{
	*(gboolean *)over = TRUE;
	return G_SOURCE_REMOVE;
}

void loop_turn(loop *l, int32_t ms)
{
	gboolean over = FALSE;

	if (ms == 0) {
		g_main_context_iteration(l->own, FALSE);
		return;
	}
	GSource *wait = g_timeout_source_new((guint)ms);
	g_source_set_callback(wait, end_wait, &over, NULL);
	g_source_attach(wait, l->own);
	g_main_context_iteration(l->own, TRUE);
	g_source_destroy(wait);
	g_source_unref(wait);
}

rg_status loop_tick(loop *l, rg_registrar *registrar, uint32_t limit)
{
	return rg_glib_source_tick(l->glue, registrar, limit);
}

rg_status loop_watch(loop *l, rg_store *store, int32_t descriptor, rg_drive_cb drive)
{
	return rg_glib_source_watch(l->glue, store, descriptor, drive);
}
