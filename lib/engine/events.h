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

/* Announces a commit before it is issued. Takes a reference to @p plan. @p overlay: the record has two parts. NULL: out of memory. */
rg__batch *rg__batch_new(rg__events *events, rg_plan *plan, const rg_key *key, const rg_commit *commit, bool overlay);

/* True when a commit that was built on this one landed: then this one landed, too, whatever the store says. */
bool rg__batch_proved(rg__events *events, const rg__batch *batch);

/* The commit landed, or did not. Delivers the batches that need not wait, unless another thread is delivering. */
void rg__batch_settle(rg__events *events, rg__batch *batch, bool landed);

uint64_t rg__events_told(rg__events *events); /* the calls of subscribers so far */

rg_status rg__events_subscribe(rg__events *events, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

#endif
