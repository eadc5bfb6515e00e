/* SPDX-License-Identifier: MIT */
/* Responses sent upstream, and the state of a call from which they are chosen. */
#ifndef REGISTRARD_REPLY_H
#define REGISTRARD_REPLY_H

#include "flows.h"
#include "fork.h"

/* One copy of the request. */
struct branch {
	struct call *call;
	struct hop hop;      /* its texts live in home */
	su_home_t *home;
	nta_outgoing_t *orq; /* NULL before it starts and after its final response */
	struct watch watch;  /* watches the flow that carried it */
	int lost;            /* that flow has ended */
	msg_t *response;     /* final response; NULL when it did not come from the network */
	int status;          /* final status; 0 = none yet */
	int started;
	int answered;        /* at least provisionally */
	int cancelled;       /* to be cancelled, after its first response */
	int cancel_sent;
};

struct call {
	struct server *server;
	struct call *next;
	nta_incoming_t *irq;  /* NULL once the final response is out */
	msg_t *msg;
	tport_t *in;          /* local socket on which it came in */
	sip_method_t method;
	struct branch *branches;
	size_t n;
	int answered;         /* a final response went upstream */
	int busy;             /* depth of nested call_enter(): Sofia may report a broken connection from within a send */
	int cancelled;        /* by a CANCEL from upstream */
	su_timer_t *timer;    /* limits the wait for cancelled branches */
};

/* Forwards a response upstream without the topmost Via. Takes no reference. */
void reply_forward(struct call *call, msg_t *response);

/* The same for the latest provisional response of a client transaction. */
void reply_forward_early(struct call *call, nta_outgoing_t *orq);

/* Sends the best of the branches' final responses (RFC 3261 §16.7 steps 6 and 7). */
void reply_best(struct call *call);

/* CANCEL for a sent request (RFC 3261 §9.1). NULL when out of memory. */
msg_t *cancel_message(nta_agent_t *agent, const sip_t *sent);

/* The address of a hop as text, with explicit transport. @return 0, or -1 if it does not fit. */
int hop_address(const url_t *next, const tport_t *out, char *room, size_t size);

#endif
