/* SPDX-License-Identifier: MIT */
/* What is peculiar to a GSource. loop/drive.c has what it shares with other loops. */
#include <criterion/criterion.h>
#include <glib.h>
#include <rgstr/glib.h>
#include <rgstr/memory.h>
#include <unistd.h>

typedef struct stage {
	rg_registrar *reg;
	GMainContext *context;
	GSource *source;
	int freed, driven, depth;
	rg_time now;
} stage;

static void stage_free(void *user)
{
	++((stage *)user)->freed;
}

static rg_time stage_now(void *user)
{
	return ((stage *)user)->now;
}

static void open_stage(stage *s)
{
	rg_env env = { .struct_size = sizeof env, .now = stage_now, .user = s, .free = stage_free };
	rg_store *store = NULL;

	*s = (stage){ .context = g_main_context_new(), .source = rg_glib_source_new(), .now = 1000 };
	cr_assert_eq(rg_memory_store_new(NULL, &store, NULL), RG_OK);
	cr_assert_eq(rg_registrar_new(NULL, store, &env, &s->reg, NULL), RG_OK);
	rg_store_unref(store);
	cr_assert_eq(rg_glib_source_tick(s->source, s->reg, 0), RG_OK);
	rg_registrar_unref(s->reg); /* the source has it */
}

Test(glib_source, the_end_of_its_context_ends_it)
{
	stage s;

	open_stage(&s);
	g_source_attach(s.source, s.context);
	g_source_unref(s.source);
	cr_expect_eq(s.freed, 0);
	g_main_context_unref(s.context);
	cr_expect_eq(s.freed, 1);
}

Test(glib_source, that_was_never_attached_ends_with_its_last_reference)
{
	stage s;

	open_stage(&s);
	rg_glib_source_unref(s.source);
	cr_expect_eq(s.freed, 1);
	g_main_context_unref(s.context);
}

static stage *recursive;

/* Runs the loop within a dispatch, as a modal dialog does. */
static void run_loop_within(rg_store *store)
{
	stage *s = recursive;

	(void)store;
	s->driven++;
	if (s->depth++ < 3)
		g_main_context_iteration(s->context, FALSE);
	s->depth--;
}

Test(glib_source, recurses_when_its_host_wants_that)
{
	rg_store *store = NULL;
	int fds[2];
	stage s;

	open_stage(&s);
	recursive = &s;
	cr_assert_eq(rg_memory_store_new(NULL, &store, NULL), RG_OK);
	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	cr_assert_eq(rg_glib_source_watch(s.source, store, fds[0], run_loop_within), RG_OK);
	rg_store_unref(store);
	g_source_attach(s.source, s.context);
	g_main_context_iteration(s.context, FALSE);
	cr_expect_eq(s.driven, 1);
	g_source_set_can_recurse(s.source, TRUE);
	g_main_context_iteration(s.context, FALSE);
	cr_expect_eq(s.driven, 1 + 4);
	g_source_destroy(s.source);
	g_source_unref(s.source);
	cr_expect_eq(s.freed, 1);
	g_main_context_unref(s.context);
	close(fds[0]);
	close(fds[1]);
}
