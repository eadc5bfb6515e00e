/* SPDX-License-Identifier: MIT */
#include "route.h"

#include <sofia-sip/hostdomain.h>
#include <string.h>
#include <strings.h>

static const char *port_of(const url_t *url)
{
	return url->url_port && *url->url_port ? url->url_port : "5060";
}

static int is_host(const tp_name_t *name, const char *host)
{
	return host_cmp(name->tpn_host, host) == 0 || (name->tpn_canon && host_cmp(name->tpn_canon, host) == 0);
}

int route_is_ours(const struct server *server, const url_t *url)
{
	if ((url->url_type != url_sip && url->url_type != url_sips) || !url->url_host)
		return 0;
	for (tport_t *tp = tport_primaries(nta_agent_tports(server->agent)); tp; tp = tport_next(tp))
		if (is_host(tport_name(tp), url->url_host) && strcmp(tport_name(tp)->tpn_port, port_of(url)) == 0)
			return 1;
	return 0;
}

int route_is_sender(const sip_t *sip, const url_t *url)
{
	url_t sender[1] = { URL_INIT_AS(sip) };

	if (!sip->sip_via || !sip->sip_via->v_host || !url->url_host)
		return 0;
	sender->url_port = sip->sip_via->v_port;
	return host_cmp(sip->sip_via->v_host, url->url_host) == 0 && strcmp(port_of(sender), port_of(url)) == 0;
}

int route_is_our_via(const struct server *server, const sip_via_t *via)
{
	url_t url[1] = { URL_INIT_AS(sip) };

	url->url_host = via->v_host;
	url->url_port = via->v_port;
	return route_is_ours(server, url);
}

tport_t *route_socket_of(const struct server *server, msg_t *msg)
{
	tport_t *tp = tport_delivered_by(nta_agent_tports(server->agent), msg);

	return tp && tport_is_secondary(tp) ? tport_parent(tp) : tp;
}

/* The transport that a URI selects. @return 0 when it selects none; then it is UDP (RFC 3263 §4.1). */
static int transport_of(const url_t *hop, char *proto, size_t size)
{
	if (url_param(hop->url_params, "transport", proto, size) > 0)
		return 1;
	strcpy(proto, "udp");
	return 0;
}

static int is_ip6(const char *host)
{
	return host_is_ip6_address(host) || host_is_ip6_reference(host);
}

static int fits(tport_t *tp, const url_t *hop, const char *proto)
{
	const tp_name_t *name = tport_name(tp);

	if ((proto && strcasecmp(name->tpn_proto, proto) != 0) || (hop->url_type == url_sips && !tport_has_tls(tp)))
		return 0;
	/* A host name may resolve to either family. */
	return !host_is_ip_address(hop->url_host) || is_ip6(name->tpn_canon) == is_ip6(hop->url_host);
}

char *route_socket_name(su_home_t *home, const tport_t *tp)
{
	const tp_name_t *name = tport_name(tp);

	return su_sprintf(home, "%s:%s:%s", name->tpn_proto, name->tpn_canon, name->tpn_port);
}

static int is_named(const tport_t *tp, rg_str socket)
{
	char *name = socket.n ? route_socket_name(NULL, tp) : NULL;
	int result = name && rg_str_equal(rg_str_from(name), socket);

	su_free(NULL, name);
	return result;
}

tport_t *route_socket_to(const struct server *server, const url_t *hop, rg_str socket)
{
	tport_t *primaries = tport_primaries(nta_agent_tports(server->agent));
	tport_t *first = NULL;
	char proto[16];
	int explicit = transport_of(hop, proto, sizeof proto);

	for (tport_t *tp = primaries; tp; tp = tport_next(tp)) {
		if (!fits(tp, hop, proto))
			continue;
		if (is_named(tp, socket))
			return tp;
		first = first ? first : tp;
	}
	/* Without a UDP socket, a URI that selects no transport gets another one. */
	for (tport_t *tp = primaries; tp && !first && !explicit; tp = tport_next(tp))
		if (fits(tp, hop, NULL))
			first = tp;
	return first;
}

enum { TOKEN_SIZE = 2 * crypto_shorthash_BYTES + 1 };

/* The user part of our Record-Route: a keyed hash of the Call-ID, so that it proves nothing in another dialog. */
static void make_token(const struct server *server, const sip_t *sip, char token[TOKEN_SIZE])
{
	const char *id = sip->sip_call_id->i_id;
	unsigned char hash[crypto_shorthash_BYTES];

	crypto_shorthash(hash, (const unsigned char *)id, strlen(id), server->route_key);
	sodium_bin2hex(token, TOKEN_SIZE, hash, sizeof hash);
}

enum route_of route_strip(const struct server *server, msg_t *msg, sip_t *sip)
{
	enum route_of result = ROUTE_NONE;
	char token[TOKEN_SIZE];

	make_token(server, sip, token);
	while (sip->sip_route && route_is_ours(server, sip->sip_route->r_url)) {
		const char *user = sip->sip_route->r_url->url_user;

		/* A phone may put its outbound proxy, this server, in front of the dialog's Route. */
		if (user && strlen(user) == TOKEN_SIZE - 1 && sodium_memcmp(user, token, TOKEN_SIZE - 1) == 0)
			result = ROUTE_PROVEN;
		else if (result == ROUTE_NONE)
			result = ROUTE_OURS;
		sip_route_remove(msg, sip);
	}
	return result;
}

static int record(const struct server *server, msg_t *msg, sip_t *sip, tport_t *tp)
{
	const tp_name_t *name = tport_name(tp);
	const char *transport = strcasecmp(name->tpn_proto, "udp") == 0 ? "" : ";transport=tcp";
	char token[TOKEN_SIZE];
	sip_record_route_t *rr;

	make_token(server, sip, token);
	rr = sip_record_route_format(msg_home(msg), "<sip:%s@%s:%s%s;lr>", token, name->tpn_canon, name->tpn_port, transport);
	return rr && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)rr) >= 0 ? 0 : -1;
}

int route_record(const struct server *server, msg_t *msg, sip_t *sip, tport_t *in, tport_t *out)
{
	if (in != out && record(server, msg, sip, in) < 0)
		return -1;
	return record(server, msg, sip, out);
}
