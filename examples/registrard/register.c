/* SPDX-License-Identifier: MIT */
/* Handles REGISTER: the adaptor reads it, the library decides, the transaction layer answers. */
#include <rgstr/sofia.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <string.h>

#include "flows.h"
#include "intake.h"
#include "route.h"

/* Sofia counts milliseconds in 32 bits, and takes the largest value as unlimited. */
enum { IDLE_MAX = 4294967 };

/* One REGISTER until it is answered. It needs no server transaction: the library gives an exact repeat the same answer (RFC 3261 §10.3),
 * so no state is kept for 32 seconds. */
struct registration {
	struct server *server;
	tport_t *tport; /* the transport that received it and sends the answer */
	msg_t *msg;
	rg_sofia_source source;
	rg_sofia_message message;
	char *received; /* value of $avp(rcv) */
	char *socket;
	char *flow;     /* name of the flow that carried it; NULL = none */
	int incomplete; /* it lacks a header that nta needs to build a response */
	int silent; /* it was answered, or needs no answer */
};

/* The host variables of registrard: the source of the request (base specification, received_avp), and whether it came over a connection
 * (tcp_persistent_flag). */
static rg_status get_var(void *user, rg_str name, rg_str *value)
{
	const struct registration *registration = user;

	if (rg_str_equal(name, RG_STR("$avp(rcv)")))
		*value = rg_str_from(registration->received);
	else if (rg_str_equal(name, RG_STR("$flag(TCP_PERSIST)")))
		*value = registration->tport && tport_is_secondary(registration->tport) ? RG_STR("1") : RG_STR("0");
	else
		return RG_ENOENT;
	return RG_OK;
}

static rg_addr address_of(const su_sockaddr_t *from)
{
	rg_addr addr = { .port = ntohs(from->su_port) };

	if (from->su_family == AF_INET) {
		addr.family = 4;
		memcpy(addr.ip, &from->su_sin.sin_addr, 4);
	} else if (from->su_family == AF_INET6) {
		addr.family = 6;
		memcpy(addr.ip, &from->su_sin6.sin6_addr, 16);
	}
	return addr;
}

/* Outbound (RFC 5626) applies to a phone that asks for it and is directly connected. A proxy's connection tells nothing about the phones
 * behind it. Any other phone is reached at its Contact, whatever happens to its connection. */
static int asks_for_flow(const struct server *server, const sip_t *sip)
{
	rg_str mode = { NULL, 0 };

	if (rg_config_get(server->args->config, RG_STR("outbound_mode"), &mode) != RG_OK || rg_str_equal(mode, RG_STR("off")) ||
		!sip->sip_via || sip->sip_via->v_next || sip->sip_path)
		return 0;
	for (const sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next)
		if (msg_header_find_param(contact->m_common, "reg-id=") && msg_header_find_param(contact->m_common, "+sip.instance="))
			return 1;
	return 0;
}

/* Copies the name, because the connection may end before there is an answer. @return 0, or -1 when out of memory. */
static int fill_flow(struct server *server, struct registration *registration)
{
	rg_str name = { NULL, 0 };

	if (asks_for_flow(server, sip_object(registration->msg)))
		name = flows_name(server->flows, registration->tport);
	if (name.n)
		registration->flow = su_strndup(msg_home(registration->msg), name.p, name.n);
	registration->source.flow = rg_str_from(registration->flow);
	return name.n && !registration->flow ? -1 : 0;
}

/* Fills in what only the transport knows. @return 0, or -1 when out of memory. */
static int fill_source(struct server *server, struct registration *registration, const tport_t *socket)
{
	su_home_t *home = msg_home(registration->msg);
	const tp_name_t *name = tport_name(socket);
	rg_addr addr = address_of(msg_addr(registration->msg));
	char room[64];
	rg_str printed = rg_addr_print(&addr, room, sizeof room);

	registration->received = su_sprintf(home, "sip:%.*s;transport=%s", (int)printed.n, printed.p, name->tpn_proto);
	registration->socket = route_socket_name(home, socket);
	if (!registration->received || !registration->socket)
		return -1;
	rg_sofia_source_init(&registration->source, sizeof registration->source);
	registration->source.source = addr;
	registration->source.transport = rg_str_from(name->tpn_proto);
	registration->source.domain = rg_str_from(server->args->domain);
	registration->source.socket = rg_str_from(registration->socket);
	return fill_flow(server, registration);
}

/* nta would complete the response from the request, which lacks these headers. Sending it as a forwarded response removes one Via, so
 * one is added. */
static void send_as_it_is(const struct registration *registration, msg_t *reply)
{
	sip_t *sip = sip_object(reply);
	sip_via_t via[1] = { *sip->sip_via };

	via->v_next = NULL;
	if (sip_add_dup(reply, sip, (sip_header_t *)via) < 0)
		msg_destroy(reply);
	else
		nta_msg_tsend(registration->server->agent, reply, NULL, NTATAG_TPORT(registration->tport), TAG_END());
}

/* A shorter lifetime must not cut the connection from another binding that relies on it. */
static void keep_for(tport_t *connection, uint32_t seconds)
{
	unsigned wanted = (seconds < IDLE_MAX ? seconds : IDLE_MAX) * 1000, now = 0, usual = 0;

	tport_get_params(connection, TPTAG_IDLE_REF(now), TAG_END());
	tport_get_params(tport_parent(connection), TPTAG_IDLE_REF(usual), TAG_END());
	if (now == usual || now < wanted)
		tport_set_params(connection, TPTAG_IDLE(wanted), TAG_END());
}

/* Applies the answer to the connection that carried the request. */
static void mind_connection(const struct registration *registration, const rg_response *response)
{
	struct flows *flows = registration->server->flows;
	uint32_t seconds = rg_response_connection_lifetime(response);

	/* The connection ended before the decision, when there was no binding to remove yet. */
	if (registration->flow && !flows_find(flows, rg_str_from(registration->flow)))
		flows_remove(flows, rg_str_from(registration->flow));
	if (seconds)
		keep_for(registration->tport, seconds);
}

static void done(void *user, rg_status status, rg_response *response)
{
	struct registration *registration = user;
	msg_t *reply = registration->message.reply;

	(void)status;
	if (reply && registration->incomplete)
		send_as_it_is(registration, reply);
	else if (reply)
		nta_msg_mreply(registration->server->agent, reply, sip_object(reply), rg_response_code(response), rg_response_phrase(response),
			msg_ref_create(registration->msg), NTATAG_TPORT(registration->tport), TAG_END());
	mind_connection(registration, response);
	registration->silent = reply || (response && rg_response_no_reply(response));
	rg_response_unref(response);
}

/* Runs last in every case, and answers what is still unanswered. */
static void release(void *user)
{
	struct registration *registration = user;

	if (registration->silent || registration->incomplete)
		msg_destroy(registration->msg);
	else
		nta_msg_treply(registration->server->agent, registration->msg, SIP_500_INTERNAL_SERVER_ERROR, NTATAG_TPORT(registration->tport),
			TAG_END());
	tport_unref(registration->tport);
	free(registration);
}

void register_request(struct server *server, msg_t *msg, sip_t *sip)
{
	struct registration *registration = calloc(1, sizeof *registration);
	tport_t *socket = route_socket_of(server, msg);
	rg_msg rgmsg;

	if (!registration || !socket) {
		free(registration);
		nta_msg_treply(server->agent, msg, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
		return;
	}
	/* nta would copy it into the response, where it must not be (RFC 3261 §10.3). */
	while (sip->sip_record_route)
		sip_header_remove(msg, sip, (sip_header_t *)sip->sip_record_route);
	registration->incomplete = intake_restore(sip);
	registration->server = server;
	registration->msg = msg;
	registration->tport = tport_ref(tport_delivered_by(nta_agent_tports(server->agent), msg));
	if (fill_source(server, registration, socket) < 0) {
		release(registration);
		return;
	}
	rg_sofia_message_init(&registration->message, sizeof registration->message);
	registration->message.msg = msg;
	registration->message.source = &registration->source;
	registration->message.get_var = get_var;
	registration->message.user = registration;
	rgmsg = (rg_msg){ rg_sofia_msg_ops(), NULL, &registration->message };
	rg_save_msg_async(server->registrar, &rgmsg, server->args->save, done, registration, release, NULL);
}
