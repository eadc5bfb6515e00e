/* SPDX-License-Identifier: MIT */
/* Decides where a request goes: RFC 3261 §16.3 to §16.5. */
#include <string.h>
#include <strings.h>

#include "flows.h"
#include "fork.h"
#include "lookup.h"
#include "reply.h"
#include "route.h"

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

/* @return the status to refuse with, or 0. */
static int validate(const struct server *server, const sip_t *sip)
{
	if (sip->sip_error)
		return 400;
	if (sip->sip_request->rq_method == sip_method_cancel)
		return 481; /* nta would have found a transaction to cancel */
	/* A request that registrard sent to itself carries its Via and comes from the address there. This stops a Contact that points to
	 * registrard. */
	if (sip->sip_via && !sip->sip_via->v_received && route_is_our_via(server, sip->sip_via))
		return 482;
	if (sip->sip_max_forwards && sip->sip_max_forwards->mf_count == 0)
		return 483;
	if (sip->sip_proxy_require)
		return 420;
	return has_looped(server, sip) ? 482 : 0;
}

/* Evaluates the Route values that name this server. Only a Route from our Record-Route proves a dialog. Another one outside a dialog
 * comes from a phone that has registrard as its outbound proxy, and means no more. Inside a dialog it would make registrard an open
 * relay. @return the status to refuse with, or 0; then @p next is the next hop, or NULL when the Request-URI decides. */
static int follow_route(const struct server *server, msg_t *msg, sip_t *sip, const url_t **next)
{
	enum route_of ours = route_strip(server, msg, sip);

	*next = NULL;
	if (!sip->sip_to->a_tag || ours == ROUTE_NONE)
		return sip->sip_route ? 403 : 0;
	if (ours == ROUTE_OURS)
		return 403;
	if (sip->sip_route)
		*next = sip->sip_route->r_url;
	else if (!route_is_ours(server, sip->sip_request->rq_url))
		*next = sip->sip_request->rq_url;
	return 0;
}

/* An ACK has no transaction in which to forward it (RFC 3261 §16.11). */
static void send_ack(struct server *server, msg_t *request, tport_t *in, const struct hop *hop)
{
	msg_t *msg = hop_message(server, request, in, hop);
	tport_t *out = hop_socket(server, hop);
	tport_t *flow = flows_find(server->flows, hop->flow);
	char next[1100];

	/* nta_msg_tsend() would do the same, but leaks a message that cannot be sent. */
	if (!msg || hop_address(hop->next, out, next, sizeof next) < 0 ||
		!nta_outgoing_mcreate(server->agent, NULL, NULL, (url_string_t *)next, msg, NTATAG_STATELESS(1),
			TAG_IF(flow, NTATAG_TPORT(flow)), TAG_IF(flow, TPTAG_REUSE(1)),
			TAG_IF(!flow && tport_ident(out), TPTAG_IDENT(tport_ident(out))), TAG_END()))
		msg_destroy(msg);
}

/* Whether another site sent the request. That site looks in all other homes of the user itself. Without this check two sites that each
 * believe the user to be at the other would send a request to and fro. */
static int is_from_home(const sip_t *sip, const rg_targets *targets, su_home_t *home)
{
	rg_target target;

	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		const url_t *url = target.home.n ? url_make(home, su_strndup(home, target.home.p, target.home.n)) : NULL;

		if (url && route_is_sender(sip, url))
			return 1;
	}
	return 0;
}

/* Converts targets to hops. A target that is this server is not sent to: several of them would multiply a request at each turn, and any
 * client that may register could create them (RFC 5393 §3). The hops borrow from targets and home. @return the number of hops; fewer
 * than targets when out of memory. */
static size_t hops_of(const struct server *server, const sip_t *sip, const rg_targets *targets, su_home_t *home, struct hop *hops)
{
	int from_home = is_from_home(sip, targets, home);
	size_t n = 0;
	rg_target target;

	for (; rg_targets_get(targets, (uint32_t)n, &target) == RG_OK; n++) {
		struct hop *hop = &hops[n];

		*hop = (struct hop){
			.uri = su_strndup(home, target.uri.p, target.uri.n),
			.next = url_make(home, su_strndup(home, target.next_hop.p, target.next_hop.n)),
			.path = target.path,
			.socket = target.socket,
			.flow = target.flow,
			.fallback_of = target.fallback_of,
		};
		/* fallback_of counts targets, so a target that cannot be sent to keeps its index and fails there. */
		hop->loops = hop->next && (route_is_ours(server, hop->next) || (target.home.n && from_home));
		if (!hop->next)
			hop->next = url_make(home, "invalid:");
		if (!hop->uri || !hop->next)
			break;
	}
	return n;
}

static void on_targets(void *user, rg_status status, rg_targets *targets)
{
	struct call *call = user;
	size_t n = status == RG_OK ? rg_targets_count(targets) : 0;
	struct hop *hops = n ? calloc(n, sizeof *hops) : NULL;
	su_home_t home[1] = { SU_HOME_INIT(home) };
	int code = targets ? rg_targets_code(targets) : 500;

	su_home_init(home);
	if (n && (!hops || hops_of(call_server(call), call_sip(call), targets, home, hops) < n))
		call_answer(call, SIP_500_INTERNAL_SERVER_ERROR);
	else if (n)
		call_fork(call, hops, n);
	else if (code == 405)
		call_not_allowed(call, lookup_allow(call_server(call), home, call_sip(call)));
	else
		call_answer(call, code ? code : 404, NULL);
	su_home_deinit(home);
	free(hops);
	rg_targets_unref(targets);
}

/* The hop of a request in a dialog. Its Request-URI is the Contact of one phone. Behind a NAT that URI is not reachable, but the binding
 * with this URI states how to reach the phone. Without such a binding the URI itself is the next hop. A binding with a Path is skipped:
 * its proxy would be in the dialog's Route if it wanted to stay on the path. Borrows from all arguments. */
static struct hop peer_hop(const struct server *server, const sip_t *sip, const rg_targets *targets, su_home_t *home)
{
	struct hop hop = { .next = sip->sip_request->rq_url, .fallback_of = UINT32_MAX };
	const char *asked = url_as_string(home, hop.next);
	rg_target target;

	for (uint32_t i = 0; asked && targets && rg_targets_get(targets, i, &target) == RG_OK; i++) {
		const url_t *uri = url_make(home, su_strndup(home, target.uri.p, target.uri.n));
		const url_t *next = url_make(home, su_strndup(home, target.next_hop.p, target.next_hop.n));
		const char *text = uri ? url_as_string(home, uri) : NULL;

		/* Both are compared as Sofia prints them, so that an escape that Sofia resolves makes no difference. */
		if (!text || strcmp(text, asked) != 0 || !next || target.path.n || route_is_ours(server, next))
			continue;
		hop.next = next;
		hop.socket = target.socket;
		hop.flow = target.flow;
		break;
	}
	return hop;
}

static void on_peer(void *user, rg_status status, rg_targets *targets)
{
	struct call *call = user;
	su_home_t home[1] = { SU_HOME_INIT(home) };
	struct hop hop;

	su_home_init(home);
	hop = peer_hop(call_server(call), call_sip(call), status == RG_OK ? targets : NULL, home);
	call_fork(call, &hop, 1);
	su_home_deinit(home);
	rg_targets_unref(targets);
}

/* An ACK of a 2xx during its lookup. */
struct ack {
	struct server *server;
	msg_t *msg;
	tport_t *in;
};

static void ack_free(struct ack *ack)
{
	tport_unref(ack->in);
	msg_destroy(ack->msg);
	free(ack);
}

/* The Request-URI is an AoR, so the ACK goes where the INVITE would go now. */
static void on_ack_targets(void *user, rg_status status, rg_targets *targets)
{
	struct ack *ack = user;
	size_t n = status == RG_OK ? rg_targets_count(targets) : 0;
	struct hop *hops = n ? calloc(n, sizeof *hops) : NULL;
	su_home_t home[1] = { SU_HOME_INIT(home) };

	su_home_init(home);
	n = hops ? hops_of(ack->server, sip_object(ack->msg), targets, home, hops) : 0;
	hops_share(hops, n, sip_object(ack->msg));
	for (size_t i = 0; i < n; i++)
		if (hops[i].breadth)
			send_ack(ack->server, ack->msg, ack->in, &hops[i]);
	su_home_deinit(home);
	free(hops);
	rg_targets_unref(targets);
	ack_free(ack);
}

static void on_ack_peer(void *user, rg_status status, rg_targets *targets)
{
	struct ack *ack = user;
	su_home_t home[1] = { SU_HOME_INIT(home) };
	struct hop hop;

	su_home_init(home);
	hop = peer_hop(ack->server, sip_object(ack->msg), status == RG_OK ? targets : NULL, home);
	hops_share(&hop, 1, sip_object(ack->msg));
	if (hop.breadth)
		send_ack(ack->server, ack->msg, ack->in, &hop);
	su_home_deinit(home);
	rg_targets_unref(targets);
	ack_free(ack);
}

static void look_up_ack(struct server *server, msg_t *msg, int in_dialog)
{
	struct ack *ack = calloc(1, sizeof *ack);
	rg_lookup_cb done = in_dialog ? on_ack_peer : on_ack_targets;

	if (!ack)
		return;
	*ack = (struct ack){ server, msg_ref_create(msg), tport_ref(route_socket_of(server, msg)) };
	if ((in_dialog ? lookup_peer : lookup_start)(server, msg, done, ack) < 0)
		done(ack, RG_EINVAL, NULL);
}

static void proxy_ack(struct server *server, msg_t *msg, const url_t *next, int in_dialog)
{
	struct hop hop = { .next = next, .fallback_of = UINT32_MAX };

	hops_share(&hop, 1, sip_object(msg));
	if (!next || in_dialog)
		look_up_ack(server, msg, in_dialog);
	else if (hop.breadth)
		send_ack(server, msg, route_socket_of(server, msg), &hop);
	msg_destroy(msg);
}

void proxy_request(struct server *server, msg_t *msg, sip_t *sip)
{
	int status = validate(server, sip);
	const url_t *next = NULL;
	struct call *call;
	int in_dialog;

	if (!status)
		status = follow_route(server, msg, sip, &next);
	if (!status && !next)
		status = lookup_check(server, sip);
	if (status) {
		lookup_refuse(server, msg, sip, status);
		return;
	}
	/* The next hop is the other side itself. */
	in_dialog = next == sip->sip_request->rq_url;
	if (sip->sip_request->rq_method == sip_method_ack) {
		proxy_ack(server, msg, next, in_dialog);
		return;
	}
	/* A request beyond the limit gets no transaction. The ACK of its refusal is treated like that of a 2xx, and the phone ignores it. */
	if (server->n_calls >= server->args->max_calls) {
		nta_msg_treply(server->agent, msg, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR("5"), TAG_END());
		return;
	}
	call = call_new(server, msg, sip);
	if (call && in_dialog) {
		if (lookup_peer(server, msg, on_peer, call) < 0)
			on_peer(call, RG_EINVAL, NULL);
	} else if (call && next) {
		struct hop hop = { .next = next, .fallback_of = UINT32_MAX };

		call_fork(call, &hop, 1);
	} else if (call && lookup_start(server, msg, on_targets, call) < 0) {
		call_answer(call, SIP_500_INTERNAL_SERVER_ERROR);
	}
}

/* A response without a transaction. Only a further 2xx to an INVITE is forwarded (RFC 3261 §16.7 step 5). */
void proxy_response(struct server *server, msg_t *msg, sip_t *sip)
{
	int status = sip->sip_status->st_status;

	if (status >= 200 && status < 300 && sip->sip_cseq->cs_method == sip_method_invite && sip->sip_via && sip->sip_via->v_next &&
		route_is_our_via(server, sip->sip_via))
		nta_msg_tsend(server->agent, msg, NULL, TAG_END());
	else
		msg_destroy(msg);
}
