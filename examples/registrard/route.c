/* SPDX-License-Identifier: MIT */
#include "route.h"

#include <sofia-sip/hostdomain.h>
#include <string.h>
#include <strings.h>

#include "place.h"

int route_is_ours(const struct server *server, const url_t *url)
{
	uint16_t port = port_read(url->url_port);
	const struct local *local;
	rg_addr addr;

	if (!port || (url->url_type != url_sip && url->url_type != url_sips) || !url->url_host)
		return 0;
	for (size_t i = 0; (local = transport_local(server->transport, i)) != NULL; i++)
		if (local->addr.port == port && host_cmp(local->host, url->url_host) == 0)
			return 1;
	if (rg_addr_parse(rg_str_from(url->url_host), &addr) != RG_OK)
		return 0;
	addr.port = port;
	return transport_is_local(server->transport, &addr);
}

static url_t place_of(const sip_via_t *via)
{
	url_t url = { .url_type = url_sip };

	url.url_host = via->v_host;
	url.url_port = via->v_port;
	return url;
}

int route_is_sender(const sip_t *sip, const url_t *url)
{
	url_t sender;

	if (!sip->sip_via || !sip->sip_via->v_host || !url->url_host)
		return 0;
	sender = place_of(sip->sip_via);
	return host_cmp(sender.url_host, url->url_host) == 0 && port_read(sender.url_port) == port_read(url->url_port);
}

int route_is_our_via(const struct server *server, const sip_via_t *via)
{
	url_t url = place_of(via);

	return route_is_ours(server, &url);
}

/* The transport that a URI names. @return 0 when it names none; then it is UDP (RFC 3263 §4.1). */
static int transport_of(const url_t *url, char proto[16])
{
	if (uri_param(url, "transport", proto, 16))
		return 1;
	strcpy(proto, "udp");
	return 0;
}

int route_is_same_place(const url_t *a, const url_t *b)
{
	char x[16], y[16];

	transport_of(a, x);
	transport_of(b, y);
	return a->url_host && b->url_host && host_cmp(a->url_host, b->url_host) == 0 &&
		port_read(a->url_port) == port_read(b->url_port) && strcasecmp(x, y) == 0;
}

const char *route_transport(const struct server *server, const url_t *url)
{
	const struct local *local, *first = transport_local(server->transport, 0);
	char proto[16];
	int named = transport_of(url, proto);

	if (url->url_type != url_sip)
		return NULL;
	for (size_t i = 0; (local = transport_local(server->transport, i)) != NULL; i++)
		if (strcasecmp(local->proto, proto) == 0)
			return local->proto;
	/* Without a UDP socket, a URI that names no transport gets another one. */
	return named || !first ? NULL : first->proto;
}

/* @param proto  NULL = any. */
static int find_socket(const struct server *server, uint8_t family, const char *proto, rg_str name, size_t *socket)
{
	const struct local *local;
	int found = 0;

	for (size_t i = 0; (local = transport_local(server->transport, i)) != NULL; i++) {
		int named = rg_str_equal(rg_str_from(local->name), name);

		if (local->addr.family != family || (proto && strcasecmp(local->proto, proto) != 0) || (found && !named))
			continue;
		*socket = i;
		found = 1;
		if (named)
			break;
	}
	return found ? 0 : -1;
}

int route_peer(const struct server *server, const url_t *url, const rg_addr *addr, rg_str socket, struct peer *to)
{
	char proto[16];
	int named = transport_of(url, proto);

	*to = (struct peer){ .addr = *addr };
	if (find_socket(server, addr->family, proto, socket, &to->socket) == 0)
		return 0;
	return named ? -1 : find_socket(server, addr->family, NULL, socket, &to->socket);
}

/* Over a stream, rport is the port from which the client connected, and nobody listens there. */
int route_via_peer(const struct server *server, const sip_via_t *via, struct peer *to)
{
	const char *proto = strrchr(via->v_protocol, '/');
	const char *host = via->v_received ? via->v_received : via->v_host;
	int is_udp = proto && strcasecmp(proto + 1, "udp") == 0;
	const char *port = is_udp && via->v_rport && *via->v_rport ? via->v_rport : via->v_port;
	rg_addr addr;

	if (!proto || !host || rg_addr_parse(rg_str_from(host), &addr) != RG_OK || (addr.port = port_read(port)) == 0)
		return -1;
	*to = (struct peer){ .addr = addr };
	return find_socket(server, addr.family, proto + 1, (rg_str){ NULL, 0 }, &to->socket);
}

enum route_of route_strip(const struct server *server, msg_t *msg, sip_t *sip, struct way *way)
{
	enum route_of result = ROUTE_NONE;

	for (; sip->sip_route && route_is_ours(server, sip->sip_route->r_url); sip_route_remove(msg, sip)) {
		const char *user = sip->sip_route->r_url->url_user;

		/* A phone may put its outbound proxy, this server, in front of the Route of the dialog. */
		if (!user || !*user)
			result = result == ROUTE_NONE ? ROUTE_OURS : result;
		else if (way_open(server, sip, user, way) < 0)
			result = ROUTE_FORGED;
		else if (result != ROUTE_FORGED)
			result = ROUTE_PROVEN;
	}
	return result;
}

static int record(const struct server *server, msg_t *msg, sip_t *sip, size_t socket, const struct way *way)
{
	const struct local *local = transport_local(server->transport, socket);
	char token[TOKEN_ROOM];
	sip_record_route_t *rr;

	way_seal(server, sip, way, token);
	rr = sip_record_route_format(msg_home(msg), "<sip:%s@%s:%s%s;lr>", token, local->host, local->port,
		local->is_stream ? ";transport=tcp" : "");
	return rr && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)rr) >= 0 ? 0 : -1;
}

int route_record(const struct server *server, msg_t *msg, sip_t *sip, size_t in, const struct way *sender, size_t out,
	const struct way *target)
{
	return record(server, msg, sip, in, sender) < 0 || record(server, msg, sip, out, target) < 0 ? -1 : 0;
}
