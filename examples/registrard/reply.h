/* SPDX-License-Identifier: MIT */
/* What goes back upstream, and the state of a call that it is chosen from. */
#ifndef REGISTRARD_REPLY_H
#define REGISTRARD_REPLY_H

#include "flows.h"
#include "fork.h"

/* One copy of the request. */
struct branch {
	struct call *call;
	struct hop hop;      /* lives in home */
	su_home_t *home;
	nta_outgoing_t *orq; /* NULL before it starts and after its final response */
	struct watch watch;  /* of the flow it went over */
	int lost;            /* that flow has ended */
	msg_t *response;     /* its final response; NULL when we made it up */
	int status;          /* of it; 0 = none yet */
	int started;
	int answered;        /* provisionally, at least */
	int cancelled;       /* to be cancelled, as soon as it has answered */
	int cancel_sent;
};

struct call {
	struct server *server;
	struct call *next;
	nta_incoming_t *irq;  /* NULL once the final response is out */
	msg_t *msg;
	tport_t *in;          /* our socket it came in on */
	sip_method_t method;
	struct branch *branches;
	size_t n;
	int answered;         /* a final response went upstream */
	int busy;             /* how many of us are at work on it: Sofia tells of a broken connection at once, in the middle of a send */
	int cancelled;        /* by a CANCEL from upstream */
	su_timer_t *timer;    /* how long a cancelled branch is waited for */
};

/* Forwards a response upstream, our Via removed. Takes no reference. */
void reply_forward(struct call *call, msg_t *response);

/* The same for the latest provisional response of a client transaction. */
void reply_forward_early(struct call *call, nta_outgoing_t *orq);

/* Sends the best of the branches' final responses (RFC 3261 §16.7 steps 6 and 7). */
void reply_best(struct call *call);

/* CANCEL for a request that was sent (RFC 3261 §9.1); NULL when memory is short. */
msg_t *cancel_message(nta_agent_t *agent, const sip_t *sent);

/* The address to send to as text: the hop's, with the transport spelled out. @return 0, or -1 if there is no room. */
int hop_address(const url_t *next, const tport_t *out, char *room, size_t size);

#endif
