/* SPDX-License-Identifier: MIT */
/* The running registrard: one thread, one su_root, one registrar. */
#ifndef REGISTRARD_SERVER_H
#define REGISTRARD_SERVER_H

#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>
#include <sodium.h>

#include "args.h"
#include "counts.h"
#include "queue.h"
#include "table.h"
#include "trim.h"

struct server;
struct alarm_clock;
struct call;
struct control;
struct holds;
struct intake;
struct log;
struct peer;
struct push;
struct redis;
struct resolver;
struct transactions;
struct transport;

#define SU_ROOT_MAGIC_T struct server

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_wait.h>

/* The stores that may be on a Redis server, by their arguments. */
enum { REDIS_STORE, REDIS_FEDERATE, REDIS_STORES };

struct server {
	const struct args *args;
	su_root_t *root;
	struct intake *intake;
	struct transport *transport;
	struct transactions *transactions;
	struct resolver *resolver;
	rg_registrar *registrar;
	rg_error *why; /* of the last call of the library that failed */
	struct log *log;
	rg_sofia_loop *loop; /* ticks the registrar, and drives its stores */
	struct redis *redis[REDIS_STORES]; /* NULL = this store is memory, or there is none */
	struct control *control;
	struct holds *holds;         /* those that wait for a phone to wake */
	struct push *push;
	struct table registers;      /* those that wait for the store or for a name, by what copies have in common */
	struct queue calls;          /* requests being forwarded */
	struct queue answered_calls; /* those that only wait for another 2xx, the oldest first */
	struct alarm_clock *calls_alarm;
	size_t n_calls;             /* both */
	struct trim trim_calls;
	struct queue removals; /* of bindings whose connection has ended */
	size_t n_removals;     /* all, those that the store works on among them */
	int64_t removals_from; /* when the next one is tried; in the past unless the store fails */
	struct alarm_clock *removals_alarm;
	struct counts counts;
	char flow_prefix[2 * 16 + 1];                        /* random: names of flows start with it */
	unsigned char loop_key[crypto_shorthash_KEYBYTES];   /* random: key of the branch parameters */
	unsigned char tag_key[crypto_shorthash_KEYBYTES];    /* random: key of the tags in To */
	unsigned char route_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES]; /* random: key of the Route tokens */
};

/* @return 0, or the exit status after an error line on stderr. */
int server_start(struct server *server, const struct args *args);

/* Runs until SIGTERM or SIGINT. @return 0, or the exit status after an error line on stderr. */
int server_run(struct server *server);

/* Frees everything, also after a failed start. */
void server_stop(struct server *server);

/* The handlers by kind of message. Each takes over @p msg. The message is complete: it has a Via, and all but a REGISTER have From, To,
 * Call-ID and CSeq. */
void register_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from);
void redirect_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from);
void proxy_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from);
void proxy_response(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from);

#endif
