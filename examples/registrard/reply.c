/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <string.h>

void reply_forward(struct call *call, msg_t *response)
{
	msg_t *msg = msg_copy(response);
	sip_t *sip = sip_object(msg);
	int status = sip ? sip->sip_status->st_status : 500;

	if (sip && sip_via_remove(msg, sip) && sip->sip_via) {
		nta_incoming_mreply(call->irq, msg);
		return;
	}
	msg_destroy(msg);
	/* No Via is left, so this is no response to the forwarded request. */
	if (status >= 200)
		nta_incoming_treply(call->irq, 502, "Bad Gateway", TAG_END());
}

void reply_forward_early(struct call *call, nta_outgoing_t *orq)
{
	msg_t *response = nta_outgoing_getresponse(orq);

	reply_forward(call, response);
	msg_destroy(response);
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
		if (call->branches[i].status >= 300 && (!best || rank(call->branches[i].status) < rank(best->status)))
			best = &call->branches[i];
	return best;
}

/* RFC 3261 §16.7 step 7: a challenge carries the challenges of all branches. */
static void add_challenges(const struct call *call, const struct branch *best, msg_t *msg)
{
	sip_t *sip = sip_object(msg);

	for (size_t i = 0; i < call->n; i++) {
		const struct branch *branch = &call->branches[i];
		const sip_t *other = branch->response ? sip_object(branch->response) : NULL;

		if (branch == best || !other || (branch->status != 401 && branch->status != 407))
			continue;
		if (other->sip_www_authenticate)
			sip_add_dup(msg, sip, (sip_header_t *)other->sip_www_authenticate);
		if (other->sip_proxy_authenticate)
			sip_add_dup(msg, sip, (sip_header_t *)other->sip_proxy_authenticate);
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
	if (!best || !best->response || status != best->status) {
		nta_incoming_treply(call->irq, status, status == 440 ? "Max-Breadth Exceeded" : NULL, TAG_END());
		return;
	}
	msg = status == 401 || status == 407 ? msg_dup(best->response) : NULL;
	if (msg)
		add_challenges(call, best, msg);
	reply_forward(call, msg ? msg : best->response);
	msg_destroy(msg);
}

msg_t *cancel_message(nta_agent_t *agent, const sip_t *sent)
{
	msg_t *msg = nta_msg_create(agent, 0);
	su_home_t *home = msg_home(msg);
	sip_via_t via[1];
	sip_request_t *rq;
	sip_cseq_t *cseq;

	if (!msg || !sent || !sent->sip_via)
		return msg_destroy(msg), NULL;
	*via = *sent->sip_via;
	via->v_next = NULL;
	rq = sip_request_create(home, SIP_METHOD_CANCEL, (url_string_t *)sent->sip_request->rq_url, NULL);
	cseq = sip_cseq_create(home, sent->sip_cseq->cs_seq, SIP_METHOD_CANCEL);
	if (!rq || !cseq ||
		sip_add_tl(msg, sip_object(msg), SIPTAG_REQUEST(rq), SIPTAG_VIA(via), SIPTAG_ROUTE(sent->sip_route), SIPTAG_FROM(sent->sip_from),
			SIPTAG_TO(sent->sip_to), SIPTAG_CALL_ID(sent->sip_call_id), SIPTAG_CSEQ(cseq), SIPTAG_MAX_FORWARDS(sent->sip_max_forwards),
			TAG_END()) < 0)
		return msg_destroy(msg), NULL;
	return msg;
}

int hop_address(const url_t *next, const tport_t *out, char *room, size_t size)
{
	char maddr[256];
	const char *host = next->url_host;
	int n;

	if (!out || !host)
		return -1;
	if (url_param(next->url_params, "maddr", maddr, sizeof maddr) > 1)
		host = maddr;
	n = snprintf(room, size, "sip:%s%s%s;transport=%s", host, next->url_port ? ":" : "", next->url_port ? next->url_port : "",
		tport_name(out)->tpn_proto);
	return n > 0 && (size_t)n < size ? 0 : -1;
}
