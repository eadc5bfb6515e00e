/* SPDX-License-Identifier: MIT */
/* The response context of a forwarded request: RFC 3261 §16.7, and §16.10 for CANCEL. */
#include "fork.h"

#include <string.h>

#include "alarm_clock.h"
#include "header.h"
#include "hold.h"
#include "intake.h"
#include "reply.h"
#include "route.h"

static void branch_free(struct branch *branch)
{
	resolver_end(branch->question);
	if (branch->uac)
		uac_release(branch->uac);
	msg_destroy(branch->response);
	su_home_unref(branch->home);
	free(branch);
}

/* Frees a call with no branch in flight and no response to send. */
static void call_free(struct call *call)
{
	struct server *server = call->server;

	hold_end(call);
	queue_remove(&call->in_queue);
	server->n_calls--;
	for (size_t i = 0; i < call->n; i++)
		branch_free(call->branches[i]);
	if (call->uas)
		uas_release(call->uas);
	msg_destroy(call->msg);
	free(call->branches);
	free(call);
	trim_after(&server->trim_calls, server->n_calls);
}

static int is_pending(const struct branch *branch)
{
	return (branch->uac || branch->question) && !branch->status;
}

/* A branch that was cancelled before its first response may never respond, because its phone may be gone. */
static int is_awaited(const struct branch *branch)
{
	return is_pending(branch) && !(branch->cancelled && !branch->answered);
}

static int is_ringing(const struct branch *branch)
{
	return is_pending(branch) && branch->rings;
}

static size_t count(const struct call *call, int (*is)(const struct branch *branch))
{
	size_t n = 0;

	for (size_t i = 0; i < call->n; i++)
		n += (size_t)is(call->branches[i]);
	return n;
}

int call_rings(const struct call *call)
{
	return count(call, is_ringing) > 0;
}

void calls_expire(void *user)
{
	struct server *server = user;
	int64_t now = alarm_clock_now();
	struct call *call;

	while ((call = queue_first(&server->answered_calls)) != NULL && call->until <= now)
		call_free(call);
	if (call)
		alarm_clock_set(server->calls_alarm, call->until);
}

/* @return 1 when the call is kept, because a phone may repeat its 2xx. */
static int waits_for_more(struct call *call)
{
	struct server *server = call->server;

	if (call->until)
		return 1;
	if (call->method != sip_method_invite || call->status < 200 || call->status >= 300)
		return 0;
	call->until = alarm_clock_now() + T_END;
	if (!queue_first(&server->answered_calls))
		alarm_clock_set(server->calls_alarm, call->until);
	queue_add(&server->answered_calls, &call->in_queue);
	return 1;
}

void call_enter(struct call *call)
{
	call->busy++;
}

/* Sends the best response when no awaited branch is left and none may come, and frees the call when no pending one is (RFC 3261 §16.7
 * steps 5–8). */
void call_leave(struct call *call)
{
	if (call->busy == 1 && !call->hold && count(call, is_awaited) == 0 && call->uas && !call->status)
		reply_best(call);
	if (--call->busy || call->hold || count(call, is_pending) > 0 || waits_for_more(call))
		return;
	call_free(call);
}

/* A phone that sleeps gets nothing when it wakes. */
static void cancel_all(struct call *call, const char *reason)
{
	hold_end(call);
	if (call->method == sip_method_invite)
		for (size_t i = 0; i < call->n; i++)
			branch_cancel(call->branches[i], reason);
}

/* A phone that rang in vain shows a missed call unless it is told that another one answered (RFC 3326 §2). */
static void cancel_others(struct call *call, int status)
{
	const char *phrase = status < 300 ? "Call completed elsewhere" : sip_status_phrase(status);
	char reason[128];

	snprintf(reason, sizeof reason, "SIP;cause=%d;text=\"%s\"", status < 300 ? 200 : status, phrase ? phrase : "Declined elsewhere");
	cancel_all(call, reason);
}

/* Only these failures start a fallback (RFC 5626 §7). A transport failure counts as 503 (RFC 3261 §16.9). */
static int gives_way(const struct branch *branch)
{
	return branch->status == 408 || branch->status == 430 || (branch->status == 503 && !branch->response);
}

static void start_fallback(const struct branch *failed)
{
	struct call *call = failed->call;
	size_t principal = failed->hop.fallback_of == UINT32_MAX ? failed->index : failed->hop.fallback_of;

	for (size_t i = 0; i < call->n; i++)
		if (!call->branches[i]->started && call->branches[i]->hop.fallback_of == principal) {
			branch_start(call->branches[i]);
			return;
		}
}

void branch_final(struct branch *branch, int status)
{
	struct call *call = branch->call;

	branch->status = status;
	if (branch->uac && (call->method != sip_method_invite || status >= 300)) {
		uac_release(branch->uac);
		branch->uac = NULL;
	}
	if (status < 300) {
		/* Each 2xx to an INVITE creates a dialog of its own, and goes upstream however late it comes (RFC 3261 §16.7 step 5). */
		reply_forward(call, branch->response);
		cancel_others(call, status);
	} else if (status >= 600) {
		cancel_others(call, status);
	} else if (!call->status && !call->cancelled && gives_way(branch)) {
		start_fallback(branch);
	}
}

/* The transaction layer has answered the CANCEL already. */
static void on_cancel(void *user, const sip_t *cancel)
{
	struct call *call = user;
	su_home_t home[1] = { SU_HOME_INIT(home) };

	su_home_init(home);
	call_enter(call);
	call->cancelled = 1;
	cancel_all(call, header_join(home, cancel, "Reason"));
	call_leave(call);
	su_home_deinit(home);
}

struct call *call_new(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	struct call *call = calloc(1, sizeof *call);
	sip_method_t method = sip->sip_request->rq_method;

	if (call && method != sip_method_ack)
		call->uas = uas_new(server->transactions, msg, sip, from, on_cancel, call);
	if (!call || (!call->uas && method != sip_method_ack)) {
		free(call);
		intake_answer(server, msg, from, 500, NULL, NULL);
		msg_destroy(msg);
		return NULL;
	}
	call->server = server;
	call->msg = msg;
	call->method = method;
	call->from = *from;
	call->back = way_of_sender(server, sip, from);
	queue_add(&server->calls, &call->in_queue);
	server->n_calls++;
	trim_note(&server->trim_calls, server->n_calls);
	if (method == sip_method_invite)
		uas_send(call->uas, intake_reply(server, sip, SIP_100_TRYING));
	call_enter(call);
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

void call_answer(struct call *call, int status, const char *allow)
{
	hold_end(call);
	if (!call->status)
		reply_own(call, status, allow ? "Allow" : NULL, allow);
	call_leave(call);
}

/* Copies what the hop borrows: fallbacks start after the targets were freed. */
static int branch_init(struct branch *branch, const struct hop *hop)
{
	struct hop *own = &branch->hop;

	branch->home = su_home_new(sizeof *branch->home);
	if (!branch->home)
		return -1;
	*own = *hop;
	own->uri = hop->uri ? su_strdup(branch->home, hop->uri) : NULL;
	own->next = url_hdup(branch->home, hop->next);
	own->path.p = hop->path.p ? su_strndup(branch->home, hop->path.p, hop->path.n) : NULL;
	own->socket.p = hop->socket.p ? su_strndup(branch->home, hop->socket.p, hop->socket.n) : NULL;
	return !own->next || !own->uri != !hop->uri || !own->path.p != !hop->path.p || !own->socket.p != !hop->socket.p ? -1 : 0;
}

/* @param first  index of the first hop that was given with it. NULL when out of memory. */
static struct branch *branch_new(struct call *call, const struct hop *hop, size_t first)
{
	struct branch *branch = calloc(1, sizeof *branch);

	if (!branch)
		return NULL;
	if (branch_init(branch, hop) < 0) {
		branch_free(branch);
		return NULL;
	}
	branch->call = call;
	branch->index = call->n;
	if (hop->fallback_of != UINT32_MAX)
		branch->hop.fallback_of += (uint32_t)first;
	return branch;
}

/* Adds all hops, or none. @return 0 or -1. */
static int branches_add(struct call *call, const struct hop *hops, size_t n)
{
	size_t first = call->n;
	struct branch **all = n ? realloc(call->branches, (first + n) * sizeof *all) : call->branches, *branch = NULL;

	if (all)
		call->branches = all;
	for (size_t i = 0; all && i < n && (branch = branch_new(call, &hops[i], first)) != NULL; i++)
		all[call->n++] = branch;
	if (n == 0 || branch)
		return 0;
	while (call->n > first)
		branch_free(call->branches[--call->n]);
	return -1;
}

/* All copies of an ACK go out at once: nothing tells that one has failed. @return 0 or -1. */
static int branches_begin(struct call *call, struct hop *hops, size_t n)
{
	size_t first = call->n;

	hops_share(hops, n, &call->shares);
	if (branches_add(call, hops, n) < 0)
		return -1;
	for (size_t i = 0; i < n && !call->cancelled; i++)
		if (!call->branches[first + i]->started && (hops[i].fallback_of == UINT32_MAX || call->method == sip_method_ack))
			branch_start(call->branches[first + i]);
	return 0;
}

void call_fork(struct call *call, struct hop *hops, size_t n, size_t later)
{
	call->shares = shares_of(call_sip(call), hops, n, later);
	if (branches_begin(call, hops, n) < 0)
		call_answer(call, 500, NULL);
	else
		call_leave(call);
}

void call_join(struct call *call, struct hop *hops, size_t n)
{
	call_enter(call);
	if (transactions_have_room(call->server->transactions))
		branches_begin(call, hops, n);
	call_leave(call);
}

void call_keep_hop(struct call *call, const struct hop *hop)
{
	call->otherwise = *hop;
}

void call_fork_otherwise(struct call *call)
{
	struct hop hop = call->otherwise;

	call_fork(call, &hop, 1, 0);
}

int call_make_room(struct server *server)
{
	struct call *oldest = queue_first(&server->answered_calls);

	if (server->n_calls >= server->args->max_calls && oldest)
		call_free(oldest);
	return server->n_calls < server->args->max_calls && transactions_have_room(server->transactions);
}

int call_has_room_for_ack(const struct server *server)
{
	return server->n_calls < 2 * server->args->max_calls;
}

void call_abandon(struct call *call)
{
	if (call->uas && !call->status)
		reply_own(call, 503, NULL, NULL);
	call_free(call);
}
