/* SPDX-License-Identifier: MIT */
/* Handles REGISTER: the adaptor reads it, the library decides. */
#include <rgstr/sofia.h>
#include <sofia-sip/msg_header.h>
#include <string.h>

#include "flows.h"
#include "intake.h"
#include "log.h"
#include "transport.h"

/* One REGISTER until it is answered. It needs no server transaction: the library gives an exact repeat the same answer (RFC 3261 §10.3),
 * so no state is kept for 32 seconds. */
struct registration {
	struct server *server;
	struct peer from;
	msg_t *msg;
	rg_sofia_source source;
	rg_sofia_message message;
	char *received;       /* the source as a URI */
	enum flow_kind kind;  /* how its bindings depend on the connection */
	char flow[FLOW_ROOM]; /* name of the connection */
	int silent;           /* it was answered, or needs no answer */
	int otherwise;        /* status of the answer when the library gives none */
};

/* The host variables of registrard, under the names that the configuration gives them: the source of the request (base specification,
 * received_avp), and whether it came over a connection (tcp_persistent_flag). */
static rg_status get_var(void *user, const rg_str *name, rg_str *value)
{
	const struct registration *registration = user;
	const struct args *args = registration->server->args;

	if (rg_str_equal(*name, args->received_avp))
		*value = rg_str_from(registration->received);
	else if (rg_str_equal(*name, args->tcp_persistent_flag))
		*value = registration->from.connection ? RG_STR("1") : RG_STR("0");
	else
		return RG_ENOENT;
	return RG_OK;
}

/* Outbound (RFC 5626) applies to a phone that asks for it. */
static int asks_for_outbound(const struct server *server, const sip_t *sip)
{
	rg_str mode = { NULL, 0 };

	if (rg_config_get(server->args->config, RG_STR("outbound_mode"), &mode) != RG_OK || rg_str_equal(mode, RG_STR("off")))
		return 0;
	for (const sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next)
		if (msg_header_find_param(contact->m_common, "reg-id=") && msg_header_find_param(contact->m_common, "+sip.instance="))
			return 1;
	return 0;
}

/* Whether a phone says how to wake it. Then its bindings must outlive its connection, or nobody would wake it. */
static int asks_for_push(const struct server *server, const sip_t *sip)
{
	int64_t enabled = 0;

	rg_config_get_int(server->args->config, RG_STR("pn_enable"), &enabled);
	for (const sip_contact_t *contact = sip->sip_contact; enabled && contact; contact = contact->m_next)
		if (url_has_param(contact->m_url, "pn-prid"))
			return 1;
	return 0;
}

/* A proxy's connection tells nothing about the phones behind it. */
static void fill_flow(const struct server *server, struct registration *registration)
{
	const sip_t *sip = sip_object(registration->msg);

	if (!registration->from.connection || !sip->sip_via || sip->sip_via->v_next || sip->sip_path)
		return;
	registration->kind = !asks_for_outbound(server, sip) ? FLOW_SOFT : asks_for_push(server, sip) ? FLOW_PUSHED : FLOW_HARD;
	flow_print(server, registration->kind, registration->from.connection, registration->flow);
	registration->source.flow = rg_str_from(registration->flow);
}

/* Fills in what only the transport knows. @return 0, or -1 when out of memory. */
static int fill_source(struct server *server, struct registration *registration)
{
	const struct local *local = transport_local(server->transport, registration->from.socket);
	char room[64];
	rg_str printed = rg_addr_print(&registration->from.addr, room, sizeof room);

	registration->received =
		su_sprintf(msg_home(registration->msg), "sip:%.*s;transport=%s", (int)printed.n, printed.p, local->proto);
	if (!registration->received)
		return -1;
	rg_sofia_source_init(&registration->source, sizeof registration->source);
	registration->source.source = registration->from.addr;
	registration->source.transport = rg_str_from(local->proto);
	registration->source.domain = rg_str_from(server->args->domain);
	registration->source.socket = rg_str_from(local->name);
	fill_flow(server, registration);
	return 0;
}

/* Applies the answer to the connection that carried the request. */
static void mind_connection(const struct registration *registration, const rg_response *response)
{
	struct server *server = registration->server;
	uint64_t connection = registration->from.connection;
	uint32_t seconds = rg_response_connection_lifetime(response);

	/* The connection ended before the decision, when there was no binding to remove yet. */
	if (registration->kind == FLOW_HARD && !transport_is_open(server->transport, connection))
		flow_remove(server, connection);
	if (seconds)
		transport_keep(server->transport, connection, seconds);
}

static void done(void *user, rg_status status, rg_response *response)
{
	struct registration *registration = user;
	struct peer to = intake_reply_peer(sip_object(registration->msg), &registration->from);
	msg_t *reply = registration->message.reply;

	if (status == RG_ECANCELED)
		registration->otherwise = 503; /* at the end of registrard */
	intake_send_reply(registration->server, reply, &to);
	mind_connection(registration, response);
	registration->silent = reply || (response && rg_response_no_reply(response));
	rg_response_free(response);
}

/* Runs last in every case, and answers what is still unanswered. */
static void release(void *user)
{
	struct registration *registration = user;

	if (!registration->silent)
		intake_answer(registration->server, registration->msg, &registration->from, registration->otherwise, NULL, NULL);
	msg_destroy(registration->msg);
	free(registration);
}

void register_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	struct registration *registration = calloc(1, sizeof *registration);
	rg_msg rgmsg;

	(void)sip;
	if (!registration) {
		intake_answer(server, msg, from, 500, NULL, NULL);
		msg_destroy(msg);
		return;
	}
	registration->server = server;
	registration->msg = msg;
	registration->from = *from;
	registration->otherwise = 500;
	if (fill_source(server, registration) < 0) {
		release(registration);
		return;
	}
	rg_sofia_message_init(&registration->message, sizeof registration->message);
	registration->message.msg = msg;
	registration->message.source = &registration->source;
	registration->message.get_var = get_var;
	registration->message.user = registration;
	rgmsg = (rg_msg){ rg_sofia_msg_ops(), NULL, &registration->message };
	rg_status status = rg_save_msg_async(server->registrar, &rgmsg, server->args->save, done, registration, release, NULL, server->why);
	if (status == RG_OK || status == RG_PENDING)
		return;
	/* Nothing was decided and no callback runs: the client gets a 500, and the operator the words. */
	log_line(server->log, RG_LOG_ERROR, "a REGISTER is not handled: %s", rg_error_text(server->why).p);
	release(registration);
}
