/* SPDX-License-Identifier: MIT */
/* Connections that bindings depend on, and what becomes of both when one ends: RFC 5626. */
#ifndef REGISTRARD_FLOWS_H
#define REGISTRARD_FLOWS_H

#include "server.h"

/* Somebody who is to be told when a connection ends. */
struct watch {
	tport_t *tport; /* NULL while nothing is watched */
	int id;
	void (*lost)(void *user);
	void *user;
};

/*
 * Waits for the end of a connection: closed by the peer, reset, or closed by us. @p lost is then called once, in the middle of what
 * Sofia does about it, and @p tport is not to be used any more after that. @return 0, or -1 when it has ended, or memory is short.
 */
int watch_start(struct watch *watch, tport_t *tport, void (*lost)(void *user), void *user);

/* Waits no longer. Harmless on one that never did, or was told. */
void watch_stop(struct watch *watch);

/* All flows of a server, each with a name that no other flow has or had, before the last restart either. */
struct flows;

/* @return NULL when there are no random numbers, or memory is short. */
struct flows *flows_new(struct server *server);

/* Forgets them all; the bindings stay. NULL is accepted. */
void flows_free(struct flows *flows);

/*
 * The name of the flow that a connection is, and from now on its bindings go when it ends. Borrowed, until it does.
 * @return absent when there is no telling when it ends: it is no connection, or none any more, or memory is short.
 */
rg_str flows_name(struct flows *flows, tport_t *tport);

/* The connection that is a flow; NULL when it has ended, or nothing can be sent on it any more. */
tport_t *flows_find(const struct flows *flows, rg_str name);

/* Removes the bindings of a flow that has ended. */
void flows_remove(struct flows *flows, rg_str name);

#endif
