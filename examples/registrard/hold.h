/* SPDX-License-Identifier: MIT */
/* Requests that wait for phones to be woken by a push (RFC 8599). */
#ifndef REGISTRARD_HOLD_H
#define REGISTRARD_HOLD_H

#include "server.h"

/* All requests of a server that wait. */
struct holds;

/* @return NULL when out of memory or descriptors. */
struct holds *holds_new(struct server *server);

/* Frees it, after all calls and after the registrar. NULL is accepted. */
void holds_free(struct holds *all);

/* The wait of one call. */
struct hold;

/* Lets a call wait for the devices that its lookup woke. Each that comes back becomes a branch (see targets_join()), never before this
 * function returns. The targets stay the caller's. @return 0 when the call waits or was cancelled; -1 when it cannot wait, as an ACK. */
int hold_targets(struct call *call, rg_targets *targets);

/* Forwards a request in a dialog, after a wait if the device that its pn-purr names is asleep: to where this device is, or to the hop that was
 * kept (see call_keep_hop()). An ACK does not wait for a device. */
void hold_purr(struct call *call);

/* The call waits no longer, and nothing comes from the wait. Does nothing for a call that does not wait. */
void hold_end(struct call *call);

#endif
