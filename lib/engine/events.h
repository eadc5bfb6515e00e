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

/* Is there a subscription to this kind of event? Takes the lock. */
bool rg__events_heard(rg__events *events, uint32_t kind);

/* Announces a commit before it is issued. Takes a reference to @p plan. @p overlay: the record has two parts. NULL: out of memory. */
rg__batch *rg__batch_new(rg__events *events, rg_plan *plan, const rg_key *key, const rg_commit *commit, bool overlay);

/* True when a commit that was built on this one landed: then this one landed, too, whatever the store says. */
bool rg__batch_proved(rg__events *events, const rg__batch *batch);

/* A commit delivers so many batches at most: a subscriber that is slower than the commits of other threads does not keep a verb for long. */
enum { RG__DELIVERED_BY_A_COMMIT = 64 };

/* The commit landed, or did not. Queues the batches that need not wait, and delivers from the queue, unless another thread is delivering.
 * True: a tick is needed, as batches are left that no thread delivers, or claims of wake-ups were delivered. */
bool rg__batch_settle(rg__events *events, rg__batch *batch, bool landed);

/* Delivers at most @p limit batches, unless another thread is delivering. True: as rg__batch_settle(). */
bool rg__events_deliver(rg__events *events, uint32_t limit, uint32_t *delivered);

/* From its begin to its end, a tick answers for the claims that are delivered, so that none of them asks for another tick. It takes them
 * after the end. */
void rg__events_tick_begin(rg__events *events);
void rg__events_tick_end(rg__events *events);

/* Takes the first claim of wake-ups (rg__plan_claims()) that was delivered and is to be marked as sent. NULL: there is none. */
rg__batch *rg__claim_take(rg__events *events);
rg_plan *rg__claim_plan(const rg__batch *claim);
void rg__claim_return(rg__events *events, rg__batch *claim); /* it could not be marked: it is to be taken again */
void rg__claim_free(rg__batch *claim);

/* Queues the events of a plan that no commit carries, behind those in the queue, and delivers as rg__batch_settle() does. Takes a reference to
 * @p plan. Without a subscription it does nothing. @p left: as rg__batch_settle(). RG_ENOMEM: nothing is queued. */
rg_status rg__events_tell(rg__events *events, rg_plan *plan, bool *left);

/* The calls of subscribers so far, and the batches in the queue. */
void rg__events_count(rg__events *events, int64_t *told, int64_t *queued);

rg_status rg__events_subscribe(rg__events *events, uint32_t mask, rg_event_cb event, void *user, rg_free_cb free_user,
	rg_subscription **out);

#endif
