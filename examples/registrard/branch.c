/* SPDX-License-Identifier: MIT */
/* One copy of a request on its way: where it is sent, and what is tried next when that fails (RFC 3263 §4.3). */
#include <string.h>

#include "place.h"
#include "reply.h"
#include "route.h"

/* The status of a branch that was sent nowhere. */
static int unsent_status(const struct branch *branch)
{
	if (branch->hop.loops)
		return 482;
	return branch->hop.way.kind == WAY_HARD ? 430 : 503;
}

static void on_response(void *user, int status, msg_t *response);

/* Sends the branch to the first place that takes it. */
static void branch_send(struct branch *branch)
{
	struct call *call = branch->call;
	struct server *server = call->server;
	char key[BRANCH_ROOM];

	while (branch->n_tried < branch->n_tries) {
		struct peer *to = &branch->tries[branch->n_tried++];
		msg_t *msg = hop_message(server, call->msg, &call->from, &call->back, &branch->hop, to);

		if (!msg)
			continue;
		hop_branch(server, call_sip(call), key);
		if (call->method == sip_method_ack) {
			send_stateless(server, msg, to, key);
			branch->status = 200;
			return;
		}
		branch->uac = uac_new(server->transactions, msg, to, key, on_response, branch);
		if (branch->uac)
			return;
	}
	branch_final(branch, unsent_status(branch));
}

/* A phone without outbound is reached over the connection on which it registered, if this leads to where its next hop is. */
static void try_connection(struct branch *branch, const rg_addr *addr)
{
	const struct server *server = branch->call->server;
	const struct hop *hop = &branch->hop;
	const char *proto = route_transport(server, hop->next);
	const struct local *local;
	struct peer over;

	if (hop->way.kind != WAY_SOFT || branch->n_tries || !transport_peer(server->transport, hop->way.to.connection, &over))
		return;
	local = transport_local(server->transport, over.socket);
	if (local && proto && strcmp(local->proto, proto) == 0 && is_same_ip(over.addr, *addr))
		branch->tries[branch->n_tries++] = over;
}

static void on_resolved(void *user, const rg_addr *addrs, size_t n)
{
	struct branch *branch = user;
	struct server *server = branch->call->server;
	const struct hop *hop = &branch->hop;

	call_enter(branch->call);
	/* What was let in meanwhile may have used up the room for copies. */
	if (branch->question && branch->call->method != sip_method_ack && !transactions_have_room(server->transactions))
		n = 0;
	branch->question = NULL;
	for (size_t i = 0; i < n; i++)
		try_connection(branch, &addrs[i]);
	for (size_t i = 0; i < n && branch->n_tries < sizeof branch->tries / sizeof *branch->tries; i++) {
		if (transport_is_local(server->transport, &addrs[i]))
			branch->hop.loops = 1;
		else if (route_peer(server, hop->next, &addrs[i], hop->socket, &branch->tries[branch->n_tries]) == 0)
			branch->n_tries++;
	}
	branch->hop.loops = branch->hop.loops && branch->n_tries == 0;
	branch_send(branch);
	call_leave(branch->call);
}

static void branch_resolve(struct branch *branch)
{
	const struct server *server = branch->call->server;
	const url_t *next = branch->hop.next;
	const char *proto = route_transport(server, next);
	char maddr[256];
	const char *host = next->url_host;

	if (uri_param(next, "maddr", maddr, sizeof maddr))
		host = maddr;
	if (!proto || !host || !*host)
		branch_final(branch, 503);
	else
		branch->question = resolver_ask(server->resolver, host, next->url_port, proto, on_resolved, branch);
}

/* Fills in the places that are known without a look-up. @return 0 when there are none, and the next hop must be looked up. */
static int knows_way(struct branch *branch)
{
	const struct transport *transport = branch->call->server->transport;
	const struct way *way = &branch->hop.way;
	struct peer *at = branch->tries;

	if (way->kind == WAY_HARD || (way->kind == WAY_SOFT && branch->hop.in_dialog))
		at += transport_peer(transport, way->to.connection, at);
	if ((way->kind == WAY_ADDRESS || way->kind == WAY_SOFT) && way->to.addr.family)
		*at++ = (struct peer){ .socket = way->to.socket, .addr = way->to.addr };
	branch->n_tries = (size_t)(at - branch->tries);
	return branch->n_tries > 0 || way->kind == WAY_HARD;
}

void branch_start(struct branch *branch)
{
	branch->started = 1;
	if (!branch->hop.breadth)
		branch_final(branch, branch->hop.loops ? 482 : 440);
	else if (knows_way(branch))
		branch_send(branch);
	else
		branch_resolve(branch);
}

/* Another address is tried only for a request that reached nobody. */
static int tries_next(const struct branch *branch, int status, const msg_t *response)
{
	return branch->n_tried < branch->n_tries && !branch->answered && !branch->cancelled && !branch->call->status &&
		(status == 503 || (status == 408 && !response));
}

static void on_response(void *user, int status, msg_t *response)
{
	struct branch *branch = user;
	struct call *call = branch->call;

	call_enter(call);
	if (status < 200) {
		branch->answered = 1;
		branch->rings |= status > 100;
		if (status > 100 && !call->status)
			reply_forward(call, response);
	} else if (branch->status) {
		reply_forward(call, response);
	} else if (tries_next(branch, status, response)) {
		uac_release(branch->uac);
		branch->uac = NULL;
		branch_send(branch);
	} else {
		branch->response = response ? msg_ref_create(response) : NULL;
		/* RFC 5626 §5.3: the response to a request sent over a flow comes over the same flow or never. */
		branch_final(branch, status == 503 && !response && branch->hop.way.kind == WAY_HARD ? 430 : status);
	}
	call_leave(call);
}

void branch_cancel(struct branch *branch, const char *reason)
{
	if (branch->status)
		return;
	branch->cancelled = 1;
	if (branch->question) {
		resolver_end(branch->question);
		branch->question = NULL;
		branch_final(branch, 487);
	} else if (branch->uac) {
		uac_cancel(branch->uac, reason);
	}
}
