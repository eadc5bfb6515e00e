/* SPDX-License-Identifier: MIT */
/* Builds one outgoing copy of a request: RFC 3261 §16.6. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "breadth.h"
#include "fork.h"
#include "header.h"
#include "route.h"

/* Folds one more text into a digest, under a random key, so that nobody outside can predict a branch parameter. */
static void digest_add(const struct server *server, unsigned char digest[crypto_shorthash_BYTES], const char *text)
{
	unsigned char both[2 * crypto_shorthash_BYTES];

	text = text ? text : "";
	memcpy(both, digest, crypto_shorthash_BYTES);
	crypto_shorthash(both + crypto_shorthash_BYTES, (const unsigned char *)text, strlen(text), server->loop_key);
	crypto_shorthash(digest, both, sizeof both, server->loop_key);
}

static void digest_url(const struct server *server, unsigned char digest[crypto_shorthash_BYTES], const url_t *url)
{
	digest_add(server, digest, url->url_scheme);
	digest_add(server, digest, url->url_user);
	digest_add(server, digest, url->url_host);
	digest_add(server, digest, url->url_port);
	digest_add(server, digest, url->url_params);
}

void hop_digest(const struct server *server, const sip_t *sip, char text[17])
{
	unsigned char digest[crypto_shorthash_BYTES] = { 0 };
	char cseq[16];

	snprintf(cseq, sizeof cseq, "%" PRIu32, sip->sip_cseq->cs_seq);
	digest_url(server, digest, sip->sip_request->rq_url);
	for (const sip_route_t *route = sip->sip_route; route; route = route->r_next)
		digest_url(server, digest, route->r_url);
	digest_add(server, digest, sip->sip_call_id->i_id);
	digest_add(server, digest, sip->sip_from->a_tag);
	digest_add(server, digest, sip->sip_to->a_tag);
	digest_add(server, digest, cseq);
	sodium_bin2hex(text, 17, digest, sizeof digest);
}

/* What only this server can compute: a keyed digest of the start of a branch parameter, and of the Via below. */
static void print_proof(const struct server *server, const char *start, const sip_via_t *below, char text[17])
{
	unsigned char digest[crypto_shorthash_BYTES] = { 0 };

	digest_add(server, digest, start);
	digest_add(server, digest, below->v_protocol);
	digest_add(server, digest, below->v_host);
	digest_add(server, digest, below->v_port);
	digest_add(server, digest, below->v_received);
	digest_add(server, digest, below->v_rport);
	sodium_bin2hex(text, 17, digest, sizeof digest);
}

void hop_branch(const struct server *server, const sip_t *sip, char branch[BRANCH_ROOM])
{
	char digest[17], text[17];
	unsigned char random[8];
	size_t n;

	hop_digest(server, sip, digest);
	randombytes_buf(random, sizeof random);
	sodium_bin2hex(text, sizeof text, random, sizeof random);
	n = (size_t)snprintf(branch, BRANCH_ROOM, "z9hG4bK%s.%s", digest, text);
	print_proof(server, branch, sip->sip_via, branch + n + 1);
	branch[n] = '.';
}

int hop_made_via(const struct server *server, const sip_via_t *via)
{
	char start[BRANCH_ROOM], proof[17];
	const char *dot = via->v_branch ? strrchr(via->v_branch, '.') : NULL;
	size_t n = dot ? (size_t)(dot - via->v_branch) : BRANCH_ROOM;

	if (n >= sizeof start || !via->v_next)
		return 0;
	memcpy(start, via->v_branch, n);
	start[n] = '\0';
	print_proof(server, start, via->v_next, proof);
	return strcmp(proof, dot + 1) == 0;
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

/* A Path value without its display name: that decides nothing, and Sofia refuses some. The library takes no value without a `<`. */
static rg_str without_name(rg_str value)
{
	bool quoted = false;
	size_t at = 0;

	for (; at < value.n && (quoted || value.p[at] != '<'); at++) {
		if (value.p[at] == '"')
			quoted = !quoted;
		else if (quoted && value.p[at] == '\\')
			at++;
	}
	return at < value.n ? (rg_str){ value.p + at, value.n - at } : value;
}

/* RFC 3327 §5.3: a Path is the Route set of the binding. It precedes the Route of the request. */
static int push_path(msg_t *msg, sip_t *sip, rg_str path)
{
	su_home_t *home = msg_home(msg);
	sip_route_t *route = NULL, *all = NULL, **end = &all;
	rg_str value;

	while (rg_path_next(&path, &value)) {
		value = without_name(value);
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

struct shares shares_of(const sip_t *sip, const struct hop *hops, size_t n, size_t later)
{
	struct shares shares = { .breadth = breadth_of(sip), .n = later };

	for (size_t i = 0; i < n; i++)
		shares.n += (size_t)(hops[i].fallback_of == UINT32_MAX && !hops[i].loops);
	shares.n = shares.n < shares.breadth ? shares.n : shares.breadth;
	return shares;
}

void hops_share(struct hop *hops, size_t n, struct shares *shares)
{
	for (size_t i = 0; i < n; i++)
		if (hops[i].fallback_of == UINT32_MAX)
			hops[i].breadth =
				hops[i].loops || shares->given == shares->n ? 0 : breadth_share(shares->breadth, shares->n, shares->given++);
	/* A fallback starts after its principal ended, and takes over that share. */
	for (size_t i = 0; i < n; i++)
		if (hops[i].fallback_of < n && !hops[i].loops)
			hops[i].breadth = hops[hops[i].fallback_of].breadth;
}

/* Sets the header that names the socket on which the request came in (base specification §1.4.8). A value from the sender is removed. */
static int tell_socket(const struct server *server, msg_t *msg, sip_t *sip, size_t in)
{
	const char *header = server->args->socket_header;
	char room[RG_SOCKET_ROOM + 1];
	rg_str value;

	if (!header)
		return 0;
	if (rg_socket_header(rg_str_from(transport_local(server->transport, in)->name), room, sizeof room - 1, &value) != RG_OK)
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

/* How the target is reached again. A Route set leads to it through other proxies, which are in the Route of the dialog if they want to. */
static struct way way_of_target(const struct server *server, const sip_t *sip, const struct hop *hop, const struct peer *to)
{
	const url_t *uri = sip->sip_request->rq_url;
	struct way way = { .kind = WAY_URI };

	if (hop->in_dialog)
		return hop->way;
	if (hop->path.n || sip->sip_route)
		return way;
	way = (struct way){ WAY_URI, *to, way_host(server, uri) };
	if (hop->way.kind == WAY_HARD)
		way.kind = WAY_HARD;
	else if (to->connection)
		way.kind = WAY_SOFT;
	else if (!route_is_same_place(hop->next, uri))
		way.kind = WAY_ADDRESS;
	/* The URI leads to the phone when its connection has ended, too. */
	if (way.kind == WAY_SOFT && route_is_same_place(hop->next, uri))
		way.to.addr = (rg_addr){ 0 };
	return way;
}

static int record_route(const struct server *server, msg_t *msg, size_t in, const struct way *back, const struct hop *hop,
	const struct peer *to)
{
	sip_t *sip = sip_object(msg);
	struct way target;

	if (!makes_dialog(sip))
		return 0;
	target = way_of_target(server, sip, hop, to);
	return route_record(server, msg, sip, in, back, to->socket, &target);
}

msg_t *hop_message(const struct server *server, msg_t *request, const struct peer *from, const struct way *back, const struct hop *hop,
	const struct peer *to)
{
	msg_t *msg = msg_copy(request);
	sip_t *sip = sip_object(msg);

	if (!sip || (hop->uri && set_request_uri(msg, sip, hop->uri) < 0) || count_forward(msg, sip) < 0 ||
		breadth_set(msg, sip, hop->breadth) < 0 || tell_socket(server, msg, sip, from->socket) < 0 ||
		record_route(server, msg, from->socket, back, hop, to) < 0 || push_path(msg, sip, hop->path) < 0 ||
		suit_strict_router(msg, sip) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}
