/* SPDX-License-Identifier: MIT */
/* The running registrard: one thread, one su_root, one nta agent, one registrar. */
#ifndef REGISTRARD_SERVER_H
#define REGISTRARD_SERVER_H

#include <jansson.h>
#include <rgstr/rgstr.h>
#include <sodium.h>

#include "args.h"

struct server;
struct call;
struct branch;
struct control;
struct flows;
struct watch;

#define SU_ROOT_MAGIC_T struct server
#define NTA_AGENT_MAGIC_T struct server
#define NTA_INCOMING_MAGIC_T struct call
#define NTA_OUTGOING_MAGIC_T struct branch
#define TP_CLIENT_T struct watch

#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>

struct server {
	const struct args *args;
	su_root_t *root;
	msg_mclass_t *intake; /* the agent's message class */
	nta_agent_t *agent;
	rg_registrar *registrar;
	su_timer_t *tick;
	struct control *control;
	struct flows *flows;
	su_timer_t *lost;     /* fires after a flow with calls on it has ended */
	struct call *calls;   /* requests being forwarded */
	size_t n_calls;
	uint64_t loop_key[2]; /* random: key of the branch parameters */
	unsigned char route_key[crypto_shorthash_KEYBYTES]; /* random: key of the Route tokens */
};

/* @return 0, or the exit status after an error line on stderr. */
int server_start(struct server *server, const struct args *args);

/* Runs until SIGTERM or SIGINT. @return 0, or the exit status after an error line on stderr. */
int server_run(struct server *server);

/* Frees everything, also after a failed start. */
void server_stop(struct server *server);

/* The handlers by kind of message. Each takes over @p msg. */
void register_request(struct server *server, msg_t *msg, sip_t *sip);
void redirect_request(struct server *server, msg_t *msg, sip_t *sip);
void proxy_request(struct server *server, msg_t *msg, sip_t *sip);
void proxy_response(struct server *server, msg_t *msg, sip_t *sip);

#endif
