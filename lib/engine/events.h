/* SPDX-License-Identifier: MIT */
/* Subscriptions, and the order of their events. */
#ifndef RG__EVENTS_H
#define RG__EVENTS_H

#include <rgstr/registrar.h>
#include "decide/decide.h"

typedef struct rg__events rg__events;

/* The events of one commit, from before the commit is issued until they are delivered or dropped. */
typedef struct rg__batch rg__batch;

rg__events *rg__events_new(void); /* NULL: out of memory */
void rg__events_unref(rg__events *events);

/* Is there a subscription? One relaxed load. */
bool rg__events_wanted(const rg__events *events);

/*
 * Announces a commit before it is issued. Takes a reference to @p plan. @p local_base: of an overlay; NULL = the store is no overlay.
 * NULL: out of memory.
 */
rg__batch *rg__batch_new(rg__events *events, rg_plan *plan, const rg_revision *base, const rg_revision *local_base,
	const rg_revision *revision);

/* True when a later commit was built on this one: then this one landed, whatever the store says. */
bool rg__batch_proved(rg__events *events, const rg__batch *batch);

/* The commit landed, or did not. Delivers the batches that need not wait, unless another thread is delivering. */
void rg__batch_settle(rg__events *events, rg__batch *batch, bool landed);

uint64_t rg__events_told(rg__events *events); /* the calls of subscribers so far */

rg_status rg__events_subscribe(rg__events *events, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

#endif
