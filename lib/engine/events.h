/* SPDX-License-Identifier: MIT */
/* Subscriptions, and the order in which they are told. */
#ifndef RG__EVENTS_H
#define RG__EVENTS_H

#include <rgstr/registrar.h>
#include "decide/decide.h"

typedef struct rg__events rg__events;

/* The events of one commit. From before the commit is issued until they are told or dropped. */
typedef struct rg__batch rg__batch;

rg__events *rg__events_new(void); /* NULL: out of memory */
void rg__events_unref(rg__events *events);

/* Is anybody listening? One relaxed load. */
bool rg__events_wanted(const rg__events *events);

/*
 * Announces that a commit is about to be issued. A reference to @p plan is taken. @p local_base: of an overlay; NULL = the store is none.
 * NULL: out of memory.
 */
rg__batch *rg__batch_new(rg__events *events, rg_plan *plan, const rg_revision *base, const rg_revision *local_base,
	const rg_revision *revision);

/* True when a later commit built on this one: it landed, whatever the store says. */
bool rg__batch_proved(rg__events *events, const rg__batch *batch);

/* It landed, or not. Delivers what is free to go, unless another thread is at it. */
void rg__batch_settle(rg__events *events, rg__batch *batch, bool landed);

uint64_t rg__events_told(rg__events *events); /* calls of subscribers so far */

rg_status rg__events_subscribe(rg__events *events, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

#endif
