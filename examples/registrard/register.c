/* SPDX-License-Identifier: MIT */
/* Handles REGISTER: the adaptor reads it, the library decides, and the answer goes out as text. */
#include <rgstr/sofia.h>
#include <sofia-sip/msg_header.h>
#include <string.h>

#include "flows.h"
#include "header.h"
#include "intake.h"
#include "log.h"
#include "transport.h"

enum { RECEIVED_ROOM = 64 + sizeof "sip:;transport=udp" };

/* One REGISTER until it is answered. It needs no server transaction: the library gives an exact repeat the same answer (RFC 3261 §10.3),
 * so no state is kept for 32 seconds. */
struct registration {
	struct table_entry waiting; /* in server->registers, while it waits for the store or for a name */
	struct server *server;
	struct peer from;
	msg_t *msg;
	rg_msg_ops ops;       /* of the adaptor, with a `reply` of its own */
	rg_sofia_source source;
	rg_sofia_message message;
	char received[RECEIVED_ROOM]; /* the source as a URI */
	enum flow_kind kind;  /* how its bindings depend on the connection */
	char flow[FLOW_ROOM]; /* name of the connection */
	int silent;           /* it was answered, or needs no answer */
	int otherwise;        /* status of the answer when the library gives none */
};

/* Outbound (RFC 5626) applies to a phone that asks for it. */
static int asks_for_outbound(const sip_contact_t *contact)
{
	for (; contact; contact = contact->m_next)
		if (msg_header_find_param(contact->m_common, "reg-id=") && msg_header_find_param(contact->m_common, "+sip.instance="))
			return 1;
	return 0;
}

/* Whether a phone says how to wake it. Then its bindings must outlive its connection, or nobody would wake it. */
static int asks_for_push(const sip_contact_t *contact)
{
	for (; contact; contact = contact->m_next)
		if (url_has_param(contact->m_url, "pn-prid"))
			return 1;
	return 0;
}

/* Without outbound no binding ends with its connection, and no Contact is read. */
static enum flow_kind kind_of(const struct args *args, su_home_t *home, const sip_t *sip)
{
	int outbound = 0, push = 0;

	for (const sip_unknown_t *line = NULL; args->outbound && (line = header_next(sip, "Contact", line)) != NULL;) {
		const sip_contact_t *contacts = line->un_value ? sip_contact_make(home, line->un_value) : NULL;

		outbound = outbound || asks_for_outbound(contacts);
		push = push || (args->wakes && asks_for_push(contacts));
	}
	return !outbound ? FLOW_SOFT : push ? FLOW_PUSHED : FLOW_HARD;
}

/* A proxy's connection tells nothing about the phones behind it. */
static void fill_flow(const struct server *server, struct registration *registration)
{
	const sip_t *sip = sip_object(registration->msg);

	if (!registration->from.connection || !sip->sip_via || sip->sip_via->v_next || header_find(sip, "Path"))
		return;
	registration->kind = kind_of(server->args, msg_home(registration->msg), sip);
	flow_print(server, registration->kind, registration->from.connection, registration->flow);
	registration->source.flow = rg_str_from(registration->flow);
}

/* Fills in what only the transport knows. registrard has two host variables, if the configuration names them: the source of the request
 * (received_avp), and whether it came over a connection (tcp_persistent_flag). */
static void fill_source(struct server *server, struct registration *registration)
{
	const struct args *args = server->args;
	const struct peer *from = &registration->from;
	const struct local *local = transport_local(server->transport, from->socket);
	rg_sofia_source *source = &registration->source;
	char room[64];

	rg_sofia_source_init(source, sizeof *source);
	source->source = from->addr;
	source->transport = rg_str_from(local->proto);
	source->domain = rg_str_from(args->domain);
	source->socket = rg_str_from(local->name);
	if (args->received_avp.n) {
		rg_str printed = rg_addr_print(&from->addr, room, sizeof room);

		snprintf(registration->received, sizeof registration->received, "sip:%.*s;transport=%s", (int)printed.n, printed.p, local->proto);
		source->received = rg_str_from(registration->received);
	}
	if (args->tcp_persistent_flag.n && from->connection)
		source->flags |= RG_REQUEST_TCP_PERSISTENT;
	fill_flow(server, registration);
}

/* The member of the adaptor. */
static rg_status reply(void *self, void *message, rg_response *response)
{
	struct registration *registration = self;
	const rg_header *headers;
	rg_status status;
	uint32_t n;

	(void)message;
	registration->silent = rg_response_no_reply(response);
	if (registration->silent)
		return RG_OK;
	status = rg_response_headers(response, &headers, &n);
	if (status != RG_OK)
		return status;
	registration->silent = intake_answer_with(registration->server, registration->msg, &registration->from, rg_response_code(response),
		headers, n) == 0;
	return registration->silent ? RG_OK : RG_ENOMEM;
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

	if (status == RG_ECANCELED)
		registration->otherwise = 503; /* at the end of registrard */
	mind_connection(registration, response);
	rg_response_free(response);
}

/* Runs last in every case, and answers what is still unanswered. */
static void release(void *user)
{
	struct registration *registration = user;
	const struct registration *r = registration;

	if (!r->silent)
		intake_answer(r->server, r->msg, &r->from, r->otherwise, "Retry-After", r->otherwise == 503 ? RETRY_AFTER : NULL);
	table_remove(&registration->server->registers, &registration->waiting);
	msg_destroy(registration->msg);
	free(registration);
}

static int same_sender(const struct peer *a, const struct peer *b)
{
	return a->socket == b->socket && a->connection == b->connection && a->addr.port == b->addr.port && rg_addr_match(&a->addr, &b->addr);
}

/* A client repeats a REGISTER that waits for the store or for a name. The answer to the first copy is that to all. Over a store that answers
 * at once the table is empty. */
static int is_waiting(const struct server *server, const sip_t *sip, const struct peer *from)
{
	const struct table_entry *entry = server->registers.n ? table_first(&server->registers, intake_digest(server, sip)) : NULL;

	for (; entry; entry = table_next(entry))
		if (same_sender(&((const struct registration *)entry)->from, from))
			return 1;
	return 0;
}

void register_request(struct server *server, msg_t *msg, sip_t *sip, const struct peer *from)
{
	struct registration *registration;
	rg_msg rgmsg;

	if (is_waiting(server, sip, from)) {
		server->counts.repeated_registers++;
		msg_destroy(msg);
		return;
	}
	registration = calloc(1, sizeof *registration);
	if (!registration) {
		intake_answer(server, msg, from, 500, NULL, NULL);
		msg_destroy(msg);
		return;
	}
	registration->server = server;
	registration->msg = msg;
	registration->from = *from;
	registration->otherwise = 500;
	registration->ops = *rg_sofia_msg_ops();
	registration->ops.reply = reply;
	fill_source(server, registration);
	rg_sofia_message_init(&registration->message, sizeof registration->message);
	registration->message.msg = msg;
	registration->message.source = &registration->source;
	rgmsg = (rg_msg){ &registration->ops, registration, &registration->message };
	rg_status status = rg_save_msg_async(server->registrar, &rgmsg, server->args->save, done, registration, release, NULL, server->why);
	if (status == RG_PENDING)
		table_add(&server->registers, &registration->waiting, intake_digest(server, sip));
	if (status == RG_OK || status == RG_PENDING)
		return;
	/* Nothing was decided and no callback runs: the client gets a 500, and the operator the words. */
	log_line(server->log, RG_LOG_ERROR, "a REGISTER is not handled: %s", rg_error_text(server->why).p);
	release(registration);
}
