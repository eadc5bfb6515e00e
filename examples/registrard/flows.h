/* SPDX-License-Identifier: MIT */
/* The names by which bindings know connections. */
#ifndef REGISTRARD_FLOWS_H
#define REGISTRARD_FLOWS_H

#include "dialog.h"
#include "server.h"

/* Room for a name: 128 random bits of this process, a dash, a letter, and a number in hex. No connection ever had the name of another, also
 * not before the last restart. */
enum { FLOW_ROOM = 2 * 16 + 2 + 16 + 1 };

/* How often a removal is tried, once a second at most. After this hour most of its bindings have expired by themselves. */
enum { FLOW_FAILURES_MAX = 3600 };

/* How bindings depend on their connection; the letter in its name. */
enum flow_kind {
	FLOW_HARD = 'h',   /* they end with it (RFC 5626) */
	FLOW_PUSHED = 'p', /* they outlive it: a phone that sleeps has none, and opens another one when a push wakes it (RFC 8599) */
	FLOW_SOFT = 's'    /* the phone is also reached over another connection to its next hop */
};

/* Prints the name of a connection. */
void flow_print(const struct server *server, enum flow_kind kind, uint64_t connection, char name[FLOW_ROOM]);

/* The way that a name stands for: WAY_SOFT for FLOW_SOFT, else WAY_HARD. A connection of an earlier process has ended. */
struct way flow_read(const struct server *server, rg_str name);

/* Removes the bindings of an outbound connection that has ended. */
void flow_remove(struct server *server, uint64_t connection);

/* Goes on with removals, when server->removals_alarm rings. @param user  the server. */
void flow_removals_go_on(void *user);

/* Gives up the removals that wait. */
void flow_removals_free(struct server *server);

/* The same for any connection. Without outbound there is nothing to remove. */
void flow_closed(struct server *server, uint64_t connection);

#endif
