/* SPDX-License-Identifier: MIT */
/* The state of a call, and the responses that are chosen from it. For the files of calls alone. */
#ifndef REGISTRARD_REPLY_H
#define REGISTRARD_REPLY_H

#include "fork.h"
#include "resolver.h"
#include "transaction.h"

/* One copy of the request. */
struct branch {
	struct call *call;
	size_t index;              /* of it in the call */
	struct hop hop;            /* its texts live in home; fallback_of counts the branches of the call */
	su_home_t *home;
	struct question *question; /* the look-up of its next hop; NULL = none is under way */
	struct peer tries[1 + ADDRESSES_MAX]; /* where to send it, in order; the next one after a failure (RFC 3263 §4.3) */
	size_t n_tries, n_tried;
	struct uac *uac;           /* NULL before it starts, and after its final response unless that is a 2xx to an INVITE */
	msg_t *response;           /* final response; NULL when it did not come from the network */
	int status;                /* final status; 0 = none yet */
	int started;
	int answered;              /* at least provisionally */
	int rings;                 /* a provisional response above 100 came */
	int cancelled;             /* to be cancelled, after its first response */
};

struct call {
	struct queue_entry in_queue;
	struct server *server;
	struct uas *uas;      /* NULL: the request is an ACK */
	msg_t *msg;
	struct peer from;
	struct way back;      /* the way back to the sender */
	sip_method_t method;
	struct hop otherwise; /* where it goes when the location service does not know its target; `next` NULL = nowhere */
	struct branch **branches;
	size_t n;
	struct shares shares; /* of its breadth */
	struct hold *hold;    /* the wait for phones that sleep; NULL = it does not wait */
	int unwoken;          /* the status that stands for those which did not come back; 0 = all did */
	int status;           /* of the final response that went upstream; 0 = none yet */
	int busy;             /* depth of nested call_enter() */
	int cancelled;        /* by a CANCEL from upstream */
	int64_t until;        /* when the wait for another 2xx ends; 0 while a branch is pending */
};

/* Every change of a call runs between these. The outermost call_leave() acts on the result: it sends the best response, and frees the
 * call. */
void call_enter(struct call *call);
void call_leave(struct call *call);

/* @return 1 while a phone rings. */
int call_rings(const struct call *call);

/* Starts a branch: finds out where to send it, and sends it. It may end at once. */
void branch_start(struct branch *branch);

/* Ends a branch with its final status. */
void branch_final(struct branch *branch, int status);

/* Ends the look-up of a branch, or its transaction by CANCEL. @param reason  value of Reason (RFC 3326); NULL = none. */
void branch_cancel(struct branch *branch, const char *reason);

/* Sends a response of its own upstream. @param name  a header to add; NULL = none, or Retry-After in a 503. */
void reply_own(struct call *call, int status, const char *name, const char *value);

/* Forwards a response upstream without the topmost Via. Takes no reference. */
void reply_forward(struct call *call, msg_t *response);

/* Sends the best of the branches' final responses (RFC 3261 §16.7 steps 6 and 7). */
void reply_best(struct call *call);

#endif
