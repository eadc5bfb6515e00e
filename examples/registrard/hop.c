/* SPDX-License-Identifier: MIT */
/* Builds one outgoing copy of a request: RFC 3261 §16.6. */
#include <inttypes.h>
#include <string.h>

#include "breadth.h"
#include "flows.h"
#include "fork.h"
#include "header.h"
#include "route.h"

/* FNV-1a in two lanes under a random key, so that nobody outside can predict a branch parameter. */
static void digest_add(uint64_t lane[2], const char *text)
{
	for (const unsigned char *p = (const unsigned char *)(text ? text : ""); *p; p++) {
		lane[0] = (lane[0] ^ *p) * UINT64_C(0x100000001b3);
		lane[1] = (lane[1] + *p) * UINT64_C(0x9e3779b97f4a7c15);
	}
	lane[0] = (lane[0] ^ 256) * UINT64_C(0x100000001b3);
}

static void digest_url(uint64_t lane[2], const url_t *url)
{
	digest_add(lane, url->url_scheme);
	digest_add(lane, url->url_user);
	digest_add(lane, url->url_host);
	digest_add(lane, url->url_port);
	digest_add(lane, url->url_params);
}

void hop_digest(const struct server *server, const sip_t *sip, char digest[17])
{
	uint64_t lane[2] = { server->loop_key[0], server->loop_key[1] };
	char cseq[16];

	snprintf(cseq, sizeof cseq, "%" PRIu32, sip->sip_cseq->cs_seq);
	digest_url(lane, sip->sip_request->rq_url);
	for (const sip_route_t *route = sip->sip_route; route; route = route->r_next)
		digest_url(lane, route->r_url);
	digest_add(lane, sip->sip_call_id->i_id);
	digest_add(lane, sip->sip_from->a_tag);
	digest_add(lane, sip->sip_to->a_tag);
	digest_add(lane, cseq);
	lane[0] ^= lane[1] >> 29;
	snprintf(digest, 17, "%016" PRIx64, (lane[0] ^ server->loop_key[1]) * UINT64_C(0x9e3779b97f4a7c15));
}

/* Step 2: sets the target's Request-URI. */
static int set_request_uri(msg_t *msg, sip_t *sip, const char *uri)
{
	su_home_t *home = msg_home(msg);
	const sip_request_t *old = sip->sip_request;
	sip_request_t *rq = sip_request_create(home, old->rq_method, old->rq_method_name, URL_STRING_MAKE(uri), NULL);

	return rq && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)rq) >= 0 ? 0 : -1;
}

/* Step 3. A request with Max-Forwards 0 was refused when it came in. */
static int count_forward(msg_t *msg, sip_t *sip)
{
	su_home_t *home = msg_home(msg);
	unsigned long left = sip->sip_max_forwards ? sip->sip_max_forwards->mf_count - 1 : 70;
	sip_max_forwards_t *mf = sip_max_forwards_format(home, "%lu", left);

	return mf && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)mf) >= 0 ? 0 : -1;
}

/* RFC 3327 §5.3: a Path is the Route set of the binding. It precedes the Route of the request. */
static int push_path(msg_t *msg, sip_t *sip, rg_str path)
{
	su_home_t *home = msg_home(msg);
	sip_route_t *route = NULL, *all = NULL, **end = &all;
	rg_str value;

	while (rg_path_next(&path, &value)) {
		char *text = su_strndup(home, value.p, value.n);

		if (!text || !(route = sip_route_make(home, text)))
			return -1;
		for (*end = route; *end; end = &(*end)->r_next)
			continue;
	}
	if (!all)
		return 0;
	*end = sip->sip_route ? sip_route_dup(home, sip->sip_route) : NULL;
	while (sip->sip_route)
		sip_header_remove(msg, sip, (sip_header_t *)sip->sip_route);
	return sip_add_dup(msg, sip, (sip_header_t *)all);
}

/* Step 6: a strict router gets its own URI as the Request-URI, and the Request-URI as the last Route. */
static int suit_strict_router(msg_t *msg, sip_t *sip)
{
	su_home_t *home = msg_home(msg);
	sip_route_t last[1], *first = sip->sip_route;
	char *uri;

	if (!first || sip_route_is_loose(first))
		return 0;
	sip_route_init(last);
	*last->r_url = *sip->sip_request->rq_url;
	uri = url_as_string(home, first->r_url);
	sip_route_remove(msg, sip);
	if (!uri || sip_add_dup(msg, sip, (sip_header_t *)last) < 0)
		return -1;
	return set_request_uri(msg, sip, uri);
}

void hops_share(struct hop *hops, size_t n, const sip_t *sip)
{
	size_t breadth = breadth_of(sip), at_once = 0, index = 0;

	for (size_t i = 0; i < n; i++)
		at_once += (size_t)(hops[i].fallback_of == UINT32_MAX && !hops[i].loops);
	at_once = at_once < breadth ? at_once : breadth;
	for (size_t i = 0; i < n; i++)
		if (hops[i].fallback_of == UINT32_MAX)
			hops[i].breadth = hops[i].loops || index == at_once ? 0 : breadth_share(breadth, at_once, index++);
	/* A fallback starts after its principal ended, and takes over that share. */
	for (size_t i = 0; i < n; i++)
		if (hops[i].fallback_of < n && !hops[i].loops)
			hops[i].breadth = hops[hops[i].fallback_of].breadth;
}

/* Sets the header that names the socket on which the request came in (base specification §1.4.8). A value from the sender is removed. */
static int tell_socket(const struct server *server, msg_t *msg, sip_t *sip, const tport_t *in)
{
	const char *header = server->args->socket_header;
	char *name = header && in ? route_socket_name(msg_home(msg), in) : NULL;
	char room[RG_SOCKET_ROOM + 1];
	rg_str value;

	if (!header)
		return 0;
	if (!name || rg_socket_header(rg_str_from(name), room, sizeof room - 1, &value) != RG_OK)
		return header_set(msg, sip, header, NULL);
	room[value.n] = '\0';
	return header_set(msg, sip, header, room);
}

/* Requests that create or refresh a dialog (RFC 3261 §16.6 step 4). */
static int makes_dialog(const sip_t *sip)
{
	switch (sip->sip_request->rq_method) {
	case sip_method_invite:
	case sip_method_subscribe:
	case sip_method_refer:
	case sip_method_notify:
	case sip_method_update:
		return 1;
	default:
		return 0;
	}
}

tport_t *hop_socket(const struct server *server, const struct hop *hop)
{
	tport_t *flow = flows_find(server->flows, hop->flow);

	if (hop->flow.n)
		return flow ? tport_parent(flow) : NULL;
	return route_socket_to(server, hop->next, hop->socket);
}

msg_t *hop_message(struct server *server, msg_t *request, tport_t *in, const struct hop *hop)
{
	msg_t *msg = msg_copy(request);
	sip_t *sip = sip_object(msg);
	tport_t *out = hop_socket(server, hop);

	if (!sip || !out || (hop->uri && set_request_uri(msg, sip, hop->uri) < 0) || count_forward(msg, sip) < 0 ||
		breadth_set(msg, sip, hop->breadth) < 0 || tell_socket(server, msg, sip, in) < 0 || push_path(msg, sip, hop->path) < 0 ||
		(makes_dialog(sip) && in && route_record(server, msg, sip, in, out) < 0) || suit_strict_router(msg, sip) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}
