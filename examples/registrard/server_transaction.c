/* SPDX-License-Identifier: MIT */
/* Server transactions: RFC 3261 §17.2, RFC 6026 §7.1, RFC 4320 §4.1. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "intake.h"
#include "place.h"
#include "transaction_parts.h"

/* A transaction that has ended has no state. */
enum uas_state {
	UAS_WAITING,   /* Trying, or Proceeding: no final response */
	UAS_ACCEPTED,  /* INVITE: a 2xx was sent */
	UAS_COMPLETED, /* another final response was sent */
	UAS_CONFIRMED  /* INVITE: and acknowledged */
};

struct uas {
	struct transaction t;
	enum uas_state state;
	int is_invite;
	int is_stream;
	int is_slow;       /* not INVITE: Timer E of the client has reached T2 */
	int interval;      /* Timer G */
	struct peer to;    /* where responses go */
	rg_addr return_to; /* where they go when the connection has ended (RFC 3261 §18.2.2) */
	msg_t *request;    /* not INVITE: until the final response, for a 100 */
	char *last;        /* the response to repeat, of t.kept bytes; NULL = none */
	char *tag;         /* in To of the last response; NULL = none */
	void (*cancelled)(void *user, const sip_t *cancel);
	void *user;
};

static struct uas *uas_of(struct transaction *t)
{
	return (struct uas *)t;
}

/* RFC 3261 §17.2.3. The cookie alone makes no branch unique. */
static int has_branch(const sip_via_t *via)
{
	return via->v_branch && strncasecmp(via->v_branch, "z9hG4bK", 7) == 0 && via->v_branch[7] != '\0';
}

/* @param method  that of the request which creates the transaction. @param to_tag  its tag in To; without a branch it is compared. */
static void uas_identify(const struct transactions *all, const sip_t *sip, const char *method, const char *to_tag,
	struct transaction_id *id)
{
	const sip_via_t *via = sip->sip_via;
	const url_t *url = sip->sip_request->rq_url;
	crypto_generichash_state state;
	char seq[16];

	id_begin(all, &state);
	id_lower(&state, via->v_host);
	id_text(&state, sip_via_port(via, NULL));
	id_text(&state, method);
	if (has_branch(via)) {
		id_text(&state, "branch");
		id_lower(&state, via->v_branch);
		id_end(&state, id);
		return;
	}
	id_text(&state, "no branch");
	id_text(&state, via->v_protocol);
	id_text(&state, via->v_branch);
	id_text(&state, url->url_scheme);
	id_text(&state, url->url_user);
	id_text(&state, url->url_host);
	id_text(&state, url->url_port);
	id_text(&state, url->url_path);
	id_text(&state, url->url_params);
	id_text(&state, url->url_headers);
	id_text(&state, to_tag);
	id_text(&state, sip->sip_from->a_tag);
	id_text(&state, sip->sip_call_id->i_id);
	snprintf(seq, sizeof seq, "%lu", (unsigned long)sip->sip_cseq->cs_seq);
	id_text(&state, seq);
	id_end(&state, id);
}

static void uas_deliver(struct uas *uas, const char *bytes, size_t n)
{
	struct transport *transport = uas->t.all->server->transport;
	struct peer again = { .socket = uas->to.socket, .addr = uas->return_to };

	if (transport_send(transport, &uas->to, bytes, n) == 0)
		return;
	if (uas->is_stream && !transport_is_open(transport, uas->to.connection) && transport_send(transport, &again, bytes, n) == 0)
		uas->to = again;
}

static void uas_repeat(struct uas *uas)
{
	if (uas->last)
		uas_deliver(uas, uas->last, uas->t.kept);
}

/* Takes over the bytes. NULL = it repeats nothing from here on. */
static void uas_keep(struct uas *uas, char *bytes, size_t n)
{
	free(uas->last);
	uas->last = bytes;
	transaction_keeps(&uas->t, n);
}

/* RFC 4320 §4.1: a client over datagrams is told to wait once it repeats its request every T2, and any client by that time. */
static void uas_send_trying(struct uas *uas)
{
	uas->is_slow = 1;
	if (!uas->last)
		uas_send(uas, intake_reply(uas->t.all->server, sip_object(uas->request), 100, NULL));
}

static void uas_resend(struct transaction *t)
{
	struct uas *uas = uas_of(t);

	if (!uas->is_invite) {
		uas_send_trying(uas);
		return;
	}
	uas_repeat(uas);
	uas->interval = uas->interval * 2 < T2 ? uas->interval * 2 : T2;
	timer_set(t->all, &t->resend, uas->interval);
}

static void uas_clear(struct transaction *t)
{
	struct uas *uas = uas_of(t);

	msg_destroy(uas->request);
	free(uas->last);
	free(uas->tag);
	uas->request = NULL;
	uas->last = uas->tag = NULL;
}

static const struct transaction_kind uas_kind = { .resend = uas_resend, .expire = transaction_end, .clear = uas_clear };

struct uas *uas_new(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from,
	void (*cancelled)(void *user, const sip_t *cancel), void *user)
{
	struct uas *uas = calloc(1, sizeof *uas);
	struct transaction_id id;
	uint16_t port = port_read(sip->sip_via->v_port);

	if (!uas)
		return NULL;
	uas->is_invite = sip->sip_request->rq_method == sip_method_invite;
	uas->is_stream = peer_is_stream(all->server, from);
	uas->interval = T1;
	uas->to = intake_reply_peer(sip, from);
	uas->return_to = from->addr;
	uas->return_to.port = port ? port : PORT_DEFAULT;
	uas->request = uas->is_invite ? NULL : msg_ref_create(msg);
	uas->cancelled = cancelled;
	uas->user = user;
	uas_identify(all, sip, sip->sip_request->rq_method_name, sip->sip_to->a_tag, &id);
	transaction_start(all, &uas->t, &uas_kind, &all->servers, &id);
	if (!uas->is_invite)
		timer_set(all, &uas->t.resend, TIMER_100);
	return uas;
}

/* In Accepted each 2xx goes out, because several phones may have answered. A 1xx to another request than an INVITE makes it slower, not
 * faster (RFC 4320 §4.1). */
static int uas_may_send(const struct uas *uas, int status)
{
	if (uas->t.ended || status < 100)
		return 0;
	if (uas->state == UAS_ACCEPTED)
		return status >= 200 && status < 300;
	if (uas->state != UAS_WAITING)
		return 0;
	return uas->is_invite || status >= 200 || (status == 100 && (uas->is_stream || uas->is_slow));
}

/* A final response was sent. */
static void uas_complete(struct uas *uas, int status)
{
	struct transaction *t = &uas->t;
	int absorbs = uas->is_invite || !uas->is_stream;

	msg_destroy(uas->request);
	uas->request = NULL;
	timer_stop(&t->resend);
	uas->state = uas->is_invite && status < 300 ? UAS_ACCEPTED : UAS_COMPLETED;
	if (uas->state == UAS_ACCEPTED)
		uas_keep(uas, NULL, 0);
	else if (uas->is_invite && !uas->is_stream)
		timer_set(t->all, &t->resend, uas->interval); /* Timer G */
	/* Timer L, H or J. */
	if (absorbs)
		timer_set(t->all, &t->end, T_END);
	else
		transaction_end(t);
}

static void uas_remember_tag(struct uas *uas, const sip_t *reply)
{
	free(uas->tag);
	uas->tag = reply->sip_to && reply->sip_to->a_tag ? strdup(reply->sip_to->a_tag) : NULL;
}

void uas_send(struct uas *uas, msg_t *reply)
{
	const sip_t *sip = reply ? sip_object(reply) : NULL;
	int status = sip && sip->sip_status ? sip->sip_status->st_status : 0;
	size_t n = 0;
	char *bytes = uas_may_send(uas, status) ? intake_bytes(reply, &n) : NULL;

	if (bytes) {
		uas_remember_tag(uas, sip);
		uas_deliver(uas, bytes, n);
	}
	if (bytes && uas->state == UAS_WAITING) {
		uas_keep(uas, bytes, n);
		bytes = NULL;
		if (status >= 200)
			uas_complete(uas, status);
	}
	free(bytes);
	msg_destroy(reply);
}

void uas_release(struct uas *uas)
{
	struct transaction *t = &uas->t;

	if (uas->state == UAS_WAITING)
		transaction_end(t);
	transaction_release(t);
}

/* The ACK of a response that is no 2xx. Outside a dialog its tag in To is that of the response; with a branch this is not compared. */
static struct uas *uas_of_ack(const struct transactions *all, const sip_t *sip)
{
	const char *tag = sip->sip_to->a_tag;
	struct transaction_id id;
	struct transaction *t;
	const char *sent;

	uas_identify(all, sip, "INVITE", tag, &id);
	t = transaction_find(&all->servers, &id);
	if (t || has_branch(sip->sip_via) || !tag)
		return t ? uas_of(t) : NULL;
	uas_identify(all, sip, "INVITE", NULL, &id);
	t = transaction_find(&all->servers, &id);
	sent = t ? uas_of(t)->tag : NULL;
	return sent && strcmp(sent, tag) == 0 ? uas_of(t) : NULL;
}

/* @return 0 when the ACK is one of a 2xx, which goes to the phone (RFC 6026 §7.1). */
static int uas_acknowledged(struct uas *uas)
{
	struct transaction *t = &uas->t;

	if (uas->state == UAS_ACCEPTED)
		return 0;
	if (uas->state != UAS_COMPLETED)
		return 1;
	uas->state = UAS_CONFIRMED;
	timer_stop(&t->resend);
	uas_keep(uas, NULL, 0);
	/* Timer I. */
	if (uas->is_stream)
		transaction_end(t);
	else
		timer_set(t->all, &t->end, T4);
	return 1;
}

/* RFC 3261 §9.2. A repeated CANCEL is answered again. */
static void uas_cancel(struct uas *uas, const sip_t *cancel, const struct peer *from)
{
	struct server *server = uas->t.all->server;
	msg_t *reply = intake_reply(server, cancel, 200, NULL);
	struct peer to = intake_reply_peer(cancel, from);
	void (*cancelled)(void *user, const sip_t *cancel) = uas->cancelled;
	sip_t *sip = reply ? sip_object(reply) : NULL;

	if (sip && sip->sip_to && uas->tag) {
		msg_header_remove_param(sip->sip_to->a_common, "tag");
		sip_to_tag(msg_home(reply), sip->sip_to, uas->tag);
	}
	intake_send_reply(server, reply, &to);
	uas->cancelled = NULL;
	if (cancelled && uas->state == UAS_WAITING && !uas->t.ended)
		cancelled(uas->user, cancel);
}

int transactions_request(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from)
{
	sip_method_t method = sip->sip_request->rq_method;
	int is_cancel = method == sip_method_cancel;
	const char *name = is_cancel ? "INVITE" : sip->sip_request->rq_method_name;
	struct transaction_id id;
	struct transaction *t;
	struct uas *uas;

	if (method == sip_method_ack) {
		uas = uas_of_ack(all, sip);
		if (!uas || !uas_acknowledged(uas))
			return 0;
		msg_destroy(msg);
		return 1;
	}
	uas_identify(all, sip, name, sip->sip_to->a_tag, &id);
	t = transaction_find(&all->servers, &id);
	if (!t)
		return 0;
	transaction_enter(t);
	if (is_cancel)
		uas_cancel(uas_of(t), sip, from);
	else
		uas_repeat(uas_of(t));
	transaction_leave(t);
	msg_destroy(msg);
	return 1;
}
