/* SPDX-License-Identifier: MIT */
/* Decides where a request goes: RFC 3261 §16.3 to §16.5. */
#include <string.h>
#include <strings.h>

#include "breadth.h"
#include "fork.h"
#include "header.h"
#include "hold.h"
#include "intake.h"
#include "lookup.h"
#include "reply.h"
#include "route.h"
#include "targets.h"

/* RFC 3261 §16.3 item 4: a request that came this way before, unchanged, would loop forever. */
static int has_looped(const struct server *server, const sip_t *sip)
{
	char digest[17];

	hop_digest(server, sip, digest);
	for (const sip_via_t *via = sip->sip_via; via; via = via->v_next)
		if (via->v_branch && strncasecmp(via->v_branch, "z9hG4bK", 7) == 0 && strncmp(via->v_branch + 7, digest, 16) == 0)
			return 1;
	return 0;
}

/* A request that registrard sent to itself carries its Via. The machine has more addresses than are listed, as 127.0.0.2, 0.0.0.0 and those
 * of multicast groups, so the Via proves it. One without proof must come from the address there. */
static int comes_from_us(const struct server *server, const sip_via_t *via, const struct peer *from)
{
	rg_addr addr, source = from->addr;

	if (hop_made_via(server, via))
		return 1;
	source.port = 0;
	return route_is_our_via(server, via) && rg_addr_parse(rg_str_from(via->v_host), &addr) == RG_OK && rg_addr_match(&addr, &source);
}

/* @return the status to refuse with, or 0. */
static int validate(const struct server *server, const sip_t *sip, const struct peer *from)
{
	if (sip->sip_request->rq_method == sip_method_cancel)
		return 481; /* the transaction layer has found no transaction to cancel */
	if (comes_from_us(server, sip->sip_via, from))
		return 482;
	if (sip->sip_max_forwards && sip->sip_max_forwards->mf_count == 0)
		return 483;
	if (header_find(sip, "Proxy-Require"))
		return 420;
	return has_looped(server, sip) ? 482 : 0;
}

/* Evaluates the Route values that name this server. Only a Route from our Record-Route proves a dialog. Another one outside a dialog
 * comes from a phone that has registrard as its outbound proxy, and means no more. Inside a dialog it would make registrard an open
 * relay. @return the status to refuse with, or 0; then the hop has a `next`, or none when the Request-URI is to be looked up. */
static int follow_route(const struct server *server, msg_t *msg, sip_t *sip, struct hop *hop)
{
	const url_t *uri = sip->sip_request->rq_url;
	struct way way;
	enum route_of ours = route_strip(server, msg, sip, &way);

	*hop = (struct hop){ .fallback_of = UINT32_MAX };
	if (!sip->sip_to->a_tag || ours == ROUTE_NONE)
		return sip->sip_route ? 403 : 0;
	if (ours != ROUTE_PROVEN)
		return 403;
	hop->in_dialog = 1;
	if (sip->sip_route) {
		hop->next = sip->sip_route->r_url;
	} else if (way_holds(server, &way, uri)) {
		hop->next = uri;
		hop->way = way;
	} else if (!route_is_ours(server, uri)) {
		hop->next = uri;
	}
	return 0;
}

/* A user of another domain may be longer than those here, which is 400. */
static int names_nobody_here(int code)
{
	return code == 404 || code == 400;
}

/* Forwards a request that has a hop of its dialog, after its device woke. @return 0 when there is no such hop. */
static int go_on_in_dialog(struct call *call)
{
	if (!call->otherwise.next)
		return 0;
	hold_purr(call);
	return 1;
}

static void on_allow(void *user, const char *allow)
{
	call_answer(user, 405, allow);
}

/* The caller may have cancelled while the store was asked. */
static void refuse_targets(struct call *call, int code)
{
	if (call->cancelled)
		call_answer(call, 487, NULL);
	else if (code == 405)
		lookup_allow(call_server(call), call_sip(call), on_allow, call);
	else if (!names_nobody_here(code) || !go_on_in_dialog(call))
		call_answer(call, code, NULL);
}

/* A store may answer late, when what was let in meanwhile has used up the room for copies. An ACK keeps none. */
static int has_room_for(const struct call *call)
{
	return call_sip(call)->sip_request->rq_method == sip_method_ack || transactions_have_room(call_server(call)->transactions);
}

static void on_targets(void *user, rg_status status, rg_targets *targets)
{
	struct call *call = user;
	size_t n = status == RG_OK ? rg_targets_count(targets) : 0;
	size_t asleep = status == RG_OK ? rg_targets_wake_count(targets) : 0;
	/* A request that may have no branch waits for none (RFC 5393 §5.3.3.1). */
	int is_spent = asleep && breadth_of(call_sip(call)) == 0;

	if (is_spent || (asleep && hold_targets(call, targets) < 0))
		asleep = 0;
	if (!n && !asleep) {
		refuse_targets(call, is_spent ? 440 : lookup_refusal(status, targets));
	} else if (!has_room_for(call)) {
		call_server(call)->counts.refused_calls++;
		call_answer(call, 503, NULL);
	} else if (targets_fork(call, targets, asleep) < 0) {
		call_answer(call, 500, NULL);
	}
	rg_targets_free(targets);
}

/* Whether a request in a dialog may be for a GRUU of ours, which leads to where the device is now (RFC 5627 §6.1). Only the location service
 * tells our GRUUs from those of others: these go the way of the dialog. */
static int may_name_device(const struct server *server, const sip_t *sip, const struct hop *hop)
{
	return hop->in_dialog && server->args->has_gruus && url_has_param(sip->sip_request->rq_url, "gr");
}

void proxy_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	int is_ack = sip->sip_request->rq_method == sip_method_ack;
	int status = is_ack && intake_made_tag(server, sip) ? 481 : validate(server, sip, from);
	struct hop hop;
	struct call *call;

	if (!status)
		status = follow_route(server, msg, sip, &hop);
	if (!status && !hop.next)
		status = lookup_check(server, sip);
	if (!status && !(is_ack ? call_has_room_for_ack(server) : call_make_room(server))) {
		server->counts.refused_calls++;
		status = 503;
	}
	if (status) {
		lookup_refuse(server, msg, sip, from, status);
		return;
	}
	call = call_new(server, msg, sip, from);
	if (!call)
		return;
	if (hop.next)
		call_keep_hop(call, &hop);
	if (hop.next && !may_name_device(server, sip, &hop))
		go_on_in_dialog(call);
	else if (lookup_start(server, msg, on_targets, call) < 0)
		call_answer(call, 500, NULL);
}

/* A response without a transaction. Only a 2xx to an INVITE is forwarded (RFC 3261 §16.7 step 5, §16.11), and only to where its INVITE came
 * from: without a proof it would go wherever its sender wants (RFC 6026 drops it for this). */
void proxy_response(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	int status = sip->sip_status->st_status;
	struct peer to;

	(void)from;
	if (status >= 200 && status < 300 && sip->sip_cseq->cs_method == sip_method_invite && hop_made_via(server, sip->sip_via) &&
		route_via_peer(server, sip->sip_via->v_next, &to) == 0 &&
		!transport_is_local(server->transport, &to.addr) && sip_via_remove(msg, sip)) {
		intake_send_reply(server, msg, &to);
		return;
	}
	server->counts.stray_responses++;
	msg_destroy(msg);
}
