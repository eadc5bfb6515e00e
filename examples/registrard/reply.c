/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <string.h>

#include "header.h"
#include "intake.h"

/* Sofia knows no phrase for these. */
static const char *phrase_of(int status)
{
	return status == 430 ? "Flow Failed" : status == 440 ? "Max-Breadth Exceeded" : NULL;
}

void reply_own(struct call *call, int status, const char *name, const char *value)
{
	msg_t *reply = call->uas ? intake_reply(call->server, call_sip(call), status, phrase_of(status)) : NULL;

	call->status = status;
	if (status == 503 && !name) {
		name = "Retry-After";
		value = RETRY_AFTER;
	}
	if (!reply)
		return;
	if (name && header_add(reply, sip_object(reply), name, value) < 0)
		msg_destroy(reply);
	else
		uas_send(call->uas, reply);
}

/* A 2xx that comes after another final response, as when the phone was picked up at the moment of a CANCEL, goes past the transaction. */
static void send_upstream(struct call *call, msg_t *msg, int status)
{
	struct peer to = intake_reply_peer(call_sip(call), &call->from);

	if (call->status < 300)
		uas_send(call->uas, msg);
	else
		intake_send_reply(call->server, msg, &to);
	if (status >= 200 && !call->status)
		call->status = status;
}

void reply_forward(struct call *call, msg_t *response)
{
	msg_t *msg = response ? msg_copy(response) : NULL;
	sip_t *sip = sip_object(msg);
	int status = sip ? sip->sip_status->st_status : 500;

	if (call->status && (status >= 300 || call->method != sip_method_invite)) {
		msg_destroy(msg);
		return;
	}
	if (sip && sip_via_remove(msg, sip) && sip->sip_via) {
		send_upstream(call, msg, status);
		return;
	}
	msg_destroy(msg);
	/* No Via is left, so this is no response to the forwarded request. */
	if (status >= 200 && !call->status)
		reply_own(call, 502, NULL, NULL);
}

/* Lower is better: 6xx, then the lowest class, and among the 4xx those that help the client to correct the request (RFC 3261 §16.7 step
 * 6). A branch that timed out ranks lower, and one that was never sent or lost its flow ranks lowest. */
static int rank(int status)
{
	switch (status) {
	case 401:
	case 407:
	case 415:
	case 420:
	case 484:
		return 400;
	case 408:
		return 498;
	case 430:
	case 440:
	case 482:
		return 499;
	default:
		return status >= 600 ? 0 : status >= 400 && status < 500 ? 401 : status;
	}
}

static const struct branch *best_of(const struct call *call)
{
	const struct branch *best = NULL;

	for (size_t i = 0; i < call->n; i++)
		if (call->branches[i]->status >= 300 && (!best || rank(call->branches[i]->status) < rank(best->status)))
			best = call->branches[i];
	return best;
}

/* @return 0, or -1 when out of memory. */
static int copy_headers(msg_t *msg, const sip_t *from, const char *name)
{
	for (const sip_unknown_t *header = NULL; (header = header_next(from, name, header)) != NULL;)
		if (header_add(msg, sip_object(msg), name, header->un_value ? header->un_value : "") < 0)
			return -1;
	return 0;
}

/* RFC 3261 §16.7 step 7: a challenge carries the challenges of all branches. */
static void add_challenges(const struct call *call, const struct branch *best, msg_t *msg)
{
	for (size_t i = 0; i < call->n; i++) {
		const struct branch *branch = call->branches[i];
		const sip_t *other = branch->response ? sip_object(branch->response) : NULL;

		if (branch == best || !other || (branch->status != 401 && branch->status != 407))
			continue;
		if (copy_headers(msg, other, "WWW-Authenticate") < 0 || copy_headers(msg, other, "Proxy-Authenticate") < 0)
			return;
	}
}

void reply_best(struct call *call)
{
	const struct branch *best = best_of(call);
	int status = best ? best->status : 408;
	msg_t *msg;

	/* The caller cancelled before any phone declined, so the response says that. */
	if (call->cancelled && (status == 408 || status == 430 || status == 503))
		status = 487;
	/* RFC 3261 §16.7 step 6: a hop that is overloaded or unreachable does not make this server unavailable. */
	if (status == 503)
		status = 500;
	/* What a phone itself says counts for more than a phone that did not wake, and this for more than one that was not reached. */
	if (call->unwoken && !call->cancelled && (!best || rank(best->status) > rank(call->unwoken)))
		status = call->unwoken;
	if (!best || !best->response || status != best->status) {
		reply_own(call, status, NULL, NULL);
		return;
	}
	msg = status == 401 || status == 407 ? msg_copy(best->response) : NULL;
	if (msg)
		add_challenges(call, best, msg);
	reply_forward(call, msg ? msg : best->response);
	msg_destroy(msg);
}
