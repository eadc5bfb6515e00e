/* SPDX-License-Identifier: MIT */
/* Connections on which bindings depend, and their ends: RFC 5626. */
#ifndef REGISTRARD_FLOWS_H
#define REGISTRARD_FLOWS_H

#include "server.h"

/* Reports the end of a connection to `lost`. */
struct watch {
	tport_t *tport; /* NULL while no connection is watched */
	int id;
	void (*lost)(void *user);
	void *user;
};

/* Waits for the end of a connection: the peer closed or reset it, or registrard closed it. Then @p lost is called once, from within
 * Sofia, and @p tport must not be used any more. @return 0, or -1 when the connection has ended or when out of memory. */
int watch_start(struct watch *watch, tport_t *tport, void (*lost)(void *user), void *user);

/* Stops waiting. Does nothing for a watch that never started or has reported already. */
void watch_stop(struct watch *watch);

/* All flows of a server. No two flows ever have the same name, even across restarts. */
struct flows;

/* @return NULL without random bytes, or when out of memory. */
struct flows *flows_new(struct server *server);

/* Frees all flows. Their bindings stay. NULL is accepted. */
void flows_free(struct flows *flows);

/* The name of the flow of a connection; from now on its bindings are removed when the connection ends. Borrowed until then. @return
 * absent when the end cannot be noticed: the transport is no connection, the connection has ended, or out of memory. */
rg_str flows_name(struct flows *flows, tport_t *tport);

/* The connection of a flow. NULL: it has ended, or can no longer send. */
tport_t *flows_find(const struct flows *flows, rg_str name);

/* Removes the bindings of a flow that has ended. */
void flows_remove(struct flows *flows, rg_str name);

#endif
