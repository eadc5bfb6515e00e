/* SPDX-License-Identifier: MIT */
/* An event loop of a library with the glue that puts a registrar on it: what glib/loop.c and sofia/loop.c have in common for loop/drive.c. */
#ifndef RG_TEST_LOOP_H
#define RG_TEST_LOOP_H

#include <criterion/criterion.h>
#include <rgstr/registrar.h>

typedef struct loop {
	void *own;   /* the event loop of the library */
	void *glue;  /* the glue; also env.user */
	void *other; /* something else that is always ready */
} loop;

void loop_open(loop *l);
void loop_close(loop *l);            /* after loop_stop() */
void loop_turn(loop *l, int32_t ms); /* one iteration, which waits at most so long */
void loop_other(loop *l, int *turns); /* counts the turns of something else that is always ready */

/* The functions of the library. */
extern void (*const loop_wakeup)(void *glue, rg_time next);
extern void (*const loop_unref)(void *glue);
void *loop_ref(loop *l);
void loop_stop(loop *l);             /* ends the glue and gives the reference of loop_open() back */
rg_status loop_tick(loop *l, rg_registrar *registrar, uint32_t limit);
rg_status loop_watch(loop *l, rg_store *store, int32_t descriptor, rg_drive_cb drive);

#endif
