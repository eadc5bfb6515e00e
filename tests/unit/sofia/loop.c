/* SPDX-License-Identifier: MIT */
#include "loop/loop.h"
#include <rgstr/sofia.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

void (*const loop_wakeup)(void *glue, rg_time next) = rg_sofia_loop_wakeup;
void (*const loop_unref)(void *glue) = rg_sofia_loop_unref;

typedef struct other_wait {
	int fd, index;
	int *turns;
} other_wait;

void loop_open(loop *l)
{
	rg_sofia_loop *glue;

	cr_assert_eq(su_init(), 0);
	*l = (loop){ .own = su_root_create(NULL) };
	cr_assert_not_null(l->own);
	cr_assert_eq(rg_sofia_loop_new(l->own, &glue, NULL), RG_OK);
	l->glue = glue;
}

void *loop_ref(loop *l)
{
	return rg_sofia_loop_ref(l->glue);
}

void loop_stop(loop *l)
{
	rg_sofia_loop_stop(l->glue);
	rg_sofia_loop_unref(l->glue);
}

void loop_close(loop *l)
{
	other_wait *other = l->other;

	if (other) {
		su_root_deregister(l->own, other->index);
		close(other->fd);
		free(other);
	}
	su_root_destroy(l->own);
	su_deinit();
}

static int count_turn(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	(void)magic, (void)wait;
	++*((other_wait *)arg)->turns;
	return 0;
}

void loop_other(loop *l, int *turns)
{
	other_wait *other = malloc(sizeof *other);
	su_wait_t wait[1] = { SU_WAIT_INIT };

	*other = (other_wait){ .fd = eventfd(1, EFD_CLOEXEC), .turns = turns };
	cr_assert_eq(su_wait_create(wait, other->fd, SU_WAIT_IN), 0);
	other->index = su_root_register(l->own, wait, count_turn, (su_wakeup_arg_t *)other, 0);
	cr_assert_gt(other->index, 0);
	l->other = other;
}

void loop_turn(loop *l, int32_t ms)
{
	su_root_step(l->own, ms);
}

rg_status loop_tick(loop *l, rg_registrar *registrar, uint32_t limit)
{
	return rg_sofia_loop_tick(l->glue, registrar, limit);
}

rg_status loop_watch(loop *l, rg_store *store, int32_t descriptor, rg_drive_cb drive)
{
	return rg_sofia_loop_watch(l->glue, store, descriptor, drive);
}
