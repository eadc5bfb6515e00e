/* SPDX-License-Identifier: MIT */
/* The response context of a forwarded request: RFC 3261 §16.7, and §16.10 for CANCEL. */
#include "fork.h"

#include <string.h>

#include "reply.h"
#include "route.h"

static void branch_final(struct branch *branch, int status);

/* Sends CANCEL for an INVITE with a provisional response (RFC 3261 §9.1): same branch, same hop, same connection. */
static void send_cancel(struct branch *branch)
{
	nta_agent_t *agent = branch->call->server->agent;
	msg_t *request = nta_outgoing_getrequest(branch->orq);
	tport_t *tport = nta_outgoing_transport(branch->orq);
	msg_t *msg = cancel_message(agent, sip_object(request));

	branch->cancel_sent = 1;
	/* nta_outgoing_tcancel() does not fit: over a reliable transport it drops the INVITE at once, and then nothing acknowledges the 487. */
	if (msg && !nta_outgoing_mcreate(agent, NULL, NULL, (url_string_t *)nta_outgoing_route_uri(branch->orq), msg, NTATAG_USER_VIA(1),
			   NTATAG_BRANCH_KEY(nta_outgoing_branch(branch->orq)), NTATAG_TPORT(tport), TAG_END()))
		msg_destroy(msg);
	tport_unref(tport);
	msg_destroy(request);
}

static void branch_cancel(struct branch *branch)
{
	if (!branch->orq || branch->status >= 200)
		return;
	branch->cancelled = 1;
	if (branch->answered && !branch->cancel_sent)
		send_cancel(branch);
}

static void cancel_others(struct call *call)
{
	if (call->method == sip_method_invite)
		for (size_t i = 0; i < call->n; i++)
			branch_cancel(&call->branches[i]);
}

/* Frees a call with no branch in flight and no response to send. */
static void call_free(struct call *call)
{
	struct call **at = &call->server->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->server->n_calls--;
	for (size_t i = 0; i < call->n; i++) {
		struct branch *branch = &call->branches[i];

		watch_stop(&branch->watch);
		if (branch->orq)
			nta_outgoing_destroy(branch->orq);
		msg_destroy(branch->response);
		su_home_unref(branch->home);
	}
	if (call->irq)
		nta_incoming_destroy(call->irq);
	if (call->timer)
		su_timer_destroy(call->timer);
	tport_unref(call->in);
	msg_destroy(call->msg);
	free(call->branches);
	free(call);
}

static int is_pending(const struct branch *branch)
{
	return branch->orq && branch->status < 200;
}

/* A branch that was cancelled before its first response may never respond, because its phone may be gone. */
static int is_awaited(const struct branch *branch)
{
	return is_pending(branch) && !(branch->cancelled && !branch->answered);
}

static size_t count(const struct call *call, int (*is)(const struct branch *branch))
{
	size_t n = 0;

	for (size_t i = 0; i < call->n; i++)
		n += (size_t)is(&call->branches[i]);
	return n;
}

/* Sends the best response when no awaited branch is left, and frees the call when no pending branch is left (RFC 3261 §16.7 steps 5–8).
 * Every change of a call runs between call_enter() and call_leave(); the outermost call_leave() acts on the result. */
static void call_leave(struct call *call)
{
	if (call->busy == 1 && count(call, is_awaited) == 0 && call->irq && !call->answered) {
		call->answered = 1;
		reply_best(call);
	}
	if (--call->busy)
		return;
	if (call->answered && call->irq) {
		nta_incoming_destroy(call->irq);
		call->irq = NULL;
	}
	if (count(call, is_pending) == 0)
		call_free(call);
}

static void call_enter(struct call *call)
{
	call->busy++;
}

static int on_response(struct branch *branch, nta_outgoing_t *orq, const sip_t *sip);

/* RFC 5626 §5.3: the response to a request sent over a flow comes over the same flow or never. */
static void lose_branches(struct call *call)
{
	call_enter(call);
	for (size_t i = 0; i < call->n; i++)
		if (call->branches[i].lost && is_pending(&call->branches[i]))
			branch_final(&call->branches[i], 430);
	call_leave(call);
}

static int has_lost(const struct call *call)
{
	for (size_t i = 0; i < call->n; i++)
		if (call->branches[i].lost && is_pending(&call->branches[i]))
			return 1;
	return 0;
}

static void on_lost(struct server *server, su_timer_t *timer, su_timer_arg_t *arg)
{
	(void)timer;
	(void)arg;
	for (struct call *call = server->calls, *next; call; call = next) {
		next = call->next;
		if (has_lost(call))
			lose_branches(call);
	}
}

/* nta may be working on this very transaction, which must not be destroyed meanwhile. So the branch ends in a timer. */
static void on_flow_lost(void *user)
{
	struct branch *branch = user;

	branch->lost = 1;
	su_timer_set_interval(branch->call->server->lost, on_lost, branch->call->server, 0);
}

/* When a connection breaks, Sofia would resend the request over a new one, which is not the flow. TPTAG_REUSE forbids that. */
static void send_branch(struct branch *branch, msg_t *msg, tport_t *out, const char *next)
{
	struct call *call = branch->call;
	tport_t *flow = flows_find(call->server->flows, branch->hop.flow);
	char digest[17], key[64];

	hop_digest(call->server, call_sip(call), digest);
	snprintf(key, sizeof key, "z9hG4bK%s.%08x%08x", digest, (unsigned)su_random(), (unsigned)su_random());
	branch->orq = nta_outgoing_mcreate(call->server->agent, on_response, branch, (url_string_t *)next, msg, NTATAG_BRANCH_KEY(key),
		TAG_IF(flow, NTATAG_TPORT(flow)), TAG_IF(flow, TPTAG_REUSE(1)),
		TAG_IF(!flow && tport_ident(out), TPTAG_IDENT(tport_ident(out))), TAG_END());
	if (branch->orq && flow)
		watch_start(&branch->watch, flow, on_flow_lost, branch);
}

/* The status of a branch that could not be sent. */
static int unsent_status(const struct branch *branch, const tport_t *out)
{
	if (branch->hop.loops)
		return 482;
	if (!branch->hop.breadth)
		return 440;
	return branch->hop.flow.n && !out ? 430 : 503;
}

static void branch_start(struct branch *branch)
{
	struct call *call = branch->call;
	struct server *server = call->server;
	msg_t *msg = branch->hop.breadth ? hop_message(server, call->msg, call->in, &branch->hop) : NULL;
	tport_t *out = hop_socket(server, &branch->hop);
	char next[1100];

	branch->started = 1;
	if (msg && hop_address(branch->hop.next, out, next, sizeof next) == 0)
		send_branch(branch, msg, out, next);
	if (branch->orq)
		return;
	msg_destroy(msg);
	branch_final(branch, unsent_status(branch, out));
}

/* Only these failures start a fallback (RFC 5626 §7). A transport failure counts as 503 (RFC 3261 §16.9). */
static int gives_way(const struct branch *branch)
{
	return branch->status == 408 || branch->status == 430 || (branch->status == 503 && !branch->response);
}

static void start_fallback(const struct branch *failed)
{
	struct call *call = failed->call;
	size_t index = (size_t)(failed - call->branches);
	size_t principal = failed->hop.fallback_of == UINT32_MAX ? index : failed->hop.fallback_of;

	for (size_t i = 0; i < call->n; i++)
		if (!call->branches[i].started && call->branches[i].hop.fallback_of == principal) {
			branch_start(&call->branches[i]);
			return;
		}
}

/* Keeps the final response, if it came from the network, and destroys the transaction. */
static void take_response(struct branch *branch)
{
	msg_t *response = nta_outgoing_getresponse(branch->orq);
	const sip_t *sip = sip_object(response);

	watch_stop(&branch->watch);
	if (sip && !nta_sip_is_internal(sip) && sip->sip_status->st_status >= 200)
		branch->response = response;
	else
		msg_destroy(response);
	nta_outgoing_destroy(branch->orq);
	branch->orq = NULL;
}

/* Ends a branch with its final response. @p status is also given for a response that did not come from the network. */
static void branch_final(struct branch *branch, int status)
{
	struct call *call = branch->call;

	take_response(branch);
	/* Sofia may notice a broken connection first, and report 503. */
	branch->status = branch->hop.flow.n && status == 503 && !branch->response ? 430 : status;
	if (status < 300 && !call->answered) {
		call->answered = 1;
		reply_forward(call, branch->response);
		cancel_others(call);
	} else if (status < 300 && call->method == sip_method_invite) {
		/* Each 2xx creates a dialog of its own, and goes upstream however late it comes (RFC 3261 §16.7 step 5). */
		proxy_response(call->server, branch->response, sip_object(branch->response));
		branch->response = NULL;
	} else if (status >= 600) {
		cancel_others(call);
	} else if (!call->answered && !call->cancelled && gives_way(branch)) {
		start_fallback(branch);
	}
}

static int on_response(struct branch *branch, nta_outgoing_t *orq, const sip_t *sip)
{
	struct call *call = branch->call;
	int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(orq);

	call_enter(call);
	branch->answered = 1;
	if (status >= 200)
		branch_final(branch, status);
	else if (branch->cancelled && !branch->cancel_sent)
		send_cancel(branch);
	else if (status > 100 && !call->answered && call->irq)
		reply_forward_early(call, orq);
	call_leave(call);
	return 0;
}

/* RFC 3261 §9.1: a transaction without a final response 64*T1 after CANCEL counts as cancelled. */
static void on_cancel_timeout(struct server *server, su_timer_t *timer, su_timer_arg_t *arg)
{
	struct call *call = arg;

	(void)server;
	(void)timer;
	call_enter(call);
	for (size_t i = 0; i < call->n; i++)
		if (is_pending(&call->branches[i]))
			branch_final(&call->branches[i], 487);
	call_leave(call);
}

/* nta has answered the CANCEL already. Also called for an ACK, and without a request when no ACK came. */
static int on_cancel(struct call *call, nta_incoming_t *irq, const sip_t *sip)
{
	(void)irq;
	if (!sip || !sip->sip_request || sip->sip_request->rq_method != sip_method_cancel || call->cancelled)
		return 0;
	call->cancelled = 1;
	call_enter(call);
	cancel_others(call);
	call->timer = su_timer_create(su_root_task(call->server->root), 64 * NTA_SIP_T1);
	if (call->timer)
		su_timer_set(call->timer, on_cancel_timeout, call);
	call_leave(call);
	return 0;
}

struct call *call_new(struct server *server, msg_t *msg, sip_t *sip)
{
	struct call *call = calloc(1, sizeof *call);
	msg_t *own = msg_ref_create(msg);

	if (!call || !(call->irq = nta_incoming_create(server->agent, NULL, msg, sip, TAG_END()))) {
		free(call);
		nta_msg_treply(server->agent, own, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
		return NULL;
	}
	call->server = server;
	call->msg = own;
	call->method = sip->sip_request->rq_method;
	call->in = tport_ref(route_socket_of(server, msg));
	call->next = server->calls;
	server->calls = call;
	server->n_calls++;
	nta_incoming_bind(call->irq, on_cancel, call);
	if (call->method == sip_method_invite)
		nta_incoming_treply(call->irq, SIP_100_TRYING, TAG_END());
	return call;
}

struct server *call_server(const struct call *call)
{
	return call->server;
}

sip_t *call_sip(const struct call *call)
{
	return sip_object(call->msg);
}

msg_t *call_msg(const struct call *call)
{
	return call->msg;
}

void call_answer(struct call *call, int status, const char *phrase)
{
	nta_incoming_treply(call->irq, status, phrase, TAG_END());
	call_free(call);
}

void call_not_allowed(struct call *call, const char *allow)
{
	nta_incoming_treply(call->irq, SIP_405_METHOD_NOT_ALLOWED, SIPTAG_ALLOW_STR(allow), TAG_END());
	call_free(call);
}

/* Copies what the hop borrows: fallbacks start after the targets were freed. */
static int branch_init(struct branch *branch, struct call *call, const struct hop *hop)
{
	struct hop *own = &branch->hop;

	branch->call = call;
	branch->home = su_home_new(sizeof *branch->home);
	if (!branch->home)
		return -1;
	*own = *hop;
	own->uri = hop->uri ? su_strdup(branch->home, hop->uri) : NULL;
	own->next = url_hdup(branch->home, hop->next);
	own->path.p = hop->path.p ? su_strndup(branch->home, hop->path.p, hop->path.n) : NULL;
	own->socket.p = hop->socket.p ? su_strndup(branch->home, hop->socket.p, hop->socket.n) : NULL;
	own->flow.p = hop->flow.p ? su_strndup(branch->home, hop->flow.p, hop->flow.n) : NULL;
	return !own->next || !own->uri != !hop->uri || !own->path.p != !hop->path.p || !own->socket.p != !hop->socket.p ||
			!own->flow.p != !hop->flow.p ? -1 : 0;
}

void call_fork(struct call *call, struct hop *hops, size_t n)
{
	hops_share(hops, n, call_sip(call));
	call->branches = calloc(n, sizeof *call->branches);
	for (size_t i = 0; call->branches && i < n; i++) {
		call->n = i + 1;
		if (branch_init(&call->branches[i], call, &hops[i]) < 0)
			break;
	}
	if (call->n < n) {
		call_answer(call, SIP_500_INTERNAL_SERVER_ERROR);
		return;
	}
	call_enter(call);
	for (size_t i = 0; i < n; i++)
		if (hops[i].fallback_of == UINT32_MAX)
			branch_start(&call->branches[i]);
	call_leave(call);
}

void call_abandon(struct call *call)
{
	if (call->irq && !call->answered)
		nta_incoming_treply(call->irq, SIP_503_SERVICE_UNAVAILABLE, TAG_END());
	call_free(call);
}
