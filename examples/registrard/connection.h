/* SPDX-License-Identifier: MIT */
/* What connection.c, the bytes of one connection, and connections.c, all of them and their limits, share. */
#ifndef REGISTRARD_CONNECTION_H
#define REGISTRARD_CONNECTION_H

#include "alarm_clock.h"
#include "queue.h"
#include "sockets.h"
#include "trim.h"

struct connection {
	struct queue_entry in_queue;      /* the idlest first */
	struct connections *all;
	struct peer peer;               /* with its number */
	int fd, index, mask;            /* what the loop waits for */
	unsigned opened : 1;            /* by this server */
	unsigned connecting : 1;
	unsigned spoken : 1;            /* a whole message came, or this server opened it */
	unsigned half : 1;              /* one empty line came since the last message or ping */
	unsigned closing : 1;           /* ends when its output is out */
	unsigned listed : 1;            /* in the tree by address */
	unsigned kept : 1;              /* idle_ms comes from connection_keep() */
	unsigned ended : 1;             /* its descriptor is closed, and its end is to be reported */
	unsigned reading : 1;           /* its frames are being taken from `in` */
	char *in, *out;
	size_t n_in, room_in, n_sent, n_out, room_out;
	struct frame_scan scan;
	int64_t active;                 /* when something was last received or taken, by alarm_clock_now() */
	int64_t since;                  /* when it was made, and later when the incomplete frame in `in` began */
	int64_t idle_ms;                /* how long it may be idle; 0 = for ever */
};

struct connections {
	struct transport *transport;
	struct queue silent, spoken, ended; /* without a whole message so far, with one, and over */
	void *by_number, *by_address;      /* trees: all, and those that this server opened */
	void *sources;                     /* tree: how many of them an address has opened */
	size_t n;
	size_t room;                       /* bytes of all buffers */
	struct trim trim;                  /* of the room */
	uint64_t last_number;
	int spare;                         /* a descriptor to release when accept() finds none left */
	int sweeping;                      /* the timer runs */
	struct alarm_clock *sweep, *reap;
};

/* Moves a connection to the end of the queue that its state says. */
void connection_enlist(struct connection *connection);

/* Bytes that the other end has not taken yet. */
size_t connection_waiting(const struct connection *connection);

/* The callback of the loop. */
int connection_ready(struct server *server, su_wait_t *wait, su_wakeup_arg_t *arg);

/* Closes the descriptor at once. The end is reported from the loop, so that no caller of a send finds its state changed. */
void connection_end(struct connection *connection);

/* From now on it is not found by its address. */
void connection_unlist(struct connection *connection);

/* Frees its buffers. */
void connection_empty(struct connection *connection);

/* Counts a buffer that changes its size. All buffers together are limited; past that, those connections end whose buffers have waited the
 * longest, and @p spared does not. @return 0 when that makes too little room. */
int connections_take_room(struct connection *spared, size_t old, size_t size);

/* Takes a connection that has ended out of all counts and trees, and has its end reported. */
void connections_forget(struct connection *connection);

#endif
