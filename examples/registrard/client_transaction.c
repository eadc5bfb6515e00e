/* SPDX-License-Identifier: MIT */
/* Client transactions: RFC 3261 §17.1, with Timer C of §16.8, and RFC 6026 §7.2. */
#include <stdlib.h>
#include <string.h>

#include "intake.h"
#include "transaction_parts.h"

/* A transaction that has ended has no state. */
enum uac_state {
	UAC_CALLING,    /* or Trying: no response */
	UAC_PROCEEDING, /* a provisional one */
	UAC_ACCEPTED,   /* INVITE: a 2xx */
	UAC_COMPLETED   /* another final one */
};

enum uac_cancel_state {
	CANCEL_NONE,
	CANCEL_WANTED, /* waits for the first provisional response */
	CANCEL_SENT
};

/* Texts from which ACK and CANCEL are made, because a parsed message takes ten times the room. */
struct follow_up {
	char *head; /* the start line without its method, and all headers up to the number in CSeq; NULL = not an INVITE */
	char *to;   /* the line of the request's To */
};

struct uac {
	struct transaction t;
	struct table_entry by_peer;
	enum uac_state state;
	enum uac_cancel_state cancel;
	int is_invite;
	int is_stream;
	int interval; /* Timer A or E */
	int give_up;  /* the status to report when the timer `end` is due; 0 = it cancels first */
	struct peer to;
	char *bytes;  /* what is repeated: the request, later the ACK; NULL = nothing */
	size_t n_bytes;
	struct follow_up follow_up; /* until the final response */
	char *reason; /* of the CANCEL that waits; NULL = none */
	struct transaction_id cancel_id;
	uac_cb *done;
	void *user;
};

static struct uac *uac_of(struct transaction *t)
{
	return (struct uac *)t;
}

static void uac_identify(const struct transactions *all, const char *branch, const char *method, struct transaction_id *id)
{
	crypto_generichash_state state;

	id_begin(all, &state);
	id_lower(&state, branch);
	id_text(&state, method);
	id_end(&state, id);
}

/* A stream is known by its connection, anything else by socket and address. */
static uint64_t peer_hash(const struct transactions *all, const struct peer *peer)
{
	unsigned char text[sizeof(uint64_t) + sizeof(rg_addr)] = { 0 }, out[crypto_shorthash_BYTES];
	uint64_t number = peer->connection ? peer->connection : peer->socket, hash;

	memcpy(text, &number, sizeof number);
	if (!peer->connection)
		memcpy(text + sizeof number, &peer->addr, sizeof peer->addr);
	crypto_shorthash(out, text, sizeof text, all->peer_key);
	memcpy(&hash, out, sizeof hash);
	return hash;
}

static int same_peer(const struct peer *a, const struct peer *b)
{
	if (a->connection || b->connection)
		return a->connection == b->connection;
	return a->socket == b->socket && memcmp(&a->addr, &b->addr, sizeof a->addr) == 0;
}

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static void uac_account(struct uac *uac)
{
	transaction_keeps(&uac->t, uac->n_bytes + length_of(uac->follow_up.head) + length_of(uac->follow_up.to));
}

/* Takes over the bytes that it repeats from here on. */
static void uac_keep(struct uac *uac, char *bytes, size_t n)
{
	free(uac->bytes);
	uac->bytes = bytes;
	uac->n_bytes = n;
	uac_account(uac);
}

static void follow_up_free(struct follow_up *texts)
{
	free(texts->head);
	free(texts->to);
	*texts = (struct follow_up){ 0 };
}

static int uac_repeat(struct uac *uac)
{
	return uac->bytes ? transport_send(uac->t.all->server->transport, &uac->to, uac->bytes, uac->n_bytes) : 0;
}

/* Ends it without a response. The callback comes last: it may do anything. */
static void uac_fail(struct uac *uac, int status)
{
	transaction_enter(&uac->t);
	transaction_end(&uac->t);
	if (uac->done)
		uac->done(uac->user, status, NULL);
	transaction_leave(&uac->t);
}

/* The lines of a header, and of those of its name that follow it. NULL when out of memory. */
static char *lines_of(const void *first, int all)
{
	size_t size = 512, n = 0;
	char *text = malloc(size);

	for (const sip_header_t *h = first; text && h; h = all ? (const sip_header_t *)h->sh_next : NULL) {
		issize_t more = sip_header_e(text + n, (isize_t)(size - n), h, 0);
		char *larger;

		if (more >= 0 && (size_t)more >= size - n) {
			size = n + (size_t)more + 1;
			if ((larger = realloc(text, size)) == NULL)
				return free(text), NULL;
			text = larger;
			more = sip_header_e(text + n, (isize_t)(size - n), h, 0);
		}
		if (more < 0 || (size_t)more >= size - n)
			return free(text), NULL;
		n += (size_t)more;
	}
	if (text)
		text[n] = '\0';
	return text;
}

/* @param bytes  of the INVITE. @return 0, or -1 when out of memory. */
static int follow_up_make(struct follow_up *texts, const sip_t *sip, const char *bytes, size_t n)
{
	char *via = lines_of(sip->sip_via, 0), *route = lines_of(sip->sip_route, 1), *from = lines_of(sip->sip_from, 0);
	char *call_id = lines_of(sip->sip_call_id, 0), *forwards = lines_of(sip->sip_max_forwards, 0);
	const char *uri = memchr(bytes, ' ', n), *end = memchr(bytes, '\n', n);

	texts->to = lines_of(sip->sip_to, 0);
	if (!texts->to || !via || !route || !from || !call_id || !forwards || !uri || !end || end < uri ||
		asprintf(&texts->head, "%.*s%s%s%s%s%sCSeq: %lu", (int)(end - uri), uri + 1, via, route, from, call_id, forwards,
			(unsigned long)sip->sip_cseq->cs_seq) < 0)
		texts->head = NULL;
	free(via);
	free(route);
	free(from);
	free(call_id);
	free(forwards);
	if (!texts->head)
		follow_up_free(texts);
	return texts->head ? 0 : -1;
}

/* RFC 3261 §9.1, §17.1.1.3. @param to  the line of To. @param reason  RFC 3326; NULL = none. */
static char *follow_up_write(const struct uac *uac, const char *method, const char *to, const char *reason, size_t *n)
{
	char *text;
	int length = uac->follow_up.head && to ? asprintf(&text, "%s %s %s\r\n%s%s%s%sContent-Length: 0\r\n\r\n", method,
		uac->follow_up.head, method, to, reason ? "Reason: " : "", reason ? reason : "", reason ? "\r\n" : "") : -1;

	*n = length < 0 ? 0 : (size_t)length;
	return length < 0 ? NULL : text;
}

static const struct transaction_kind uac_kind;

/* A request whose bytes it takes over, also on failure. NULL when out of memory. */
static struct uac *uac_start(struct transactions *all, const struct transaction_id *id, char *bytes, size_t n, const struct peer *to)
{
	struct uac *uac = calloc(1, sizeof *uac);

	if (!uac)
		return free(bytes), NULL;
	uac->is_stream = peer_is_stream(all->server, to);
	uac->interval = T1;
	uac->to = *to;
	uac->bytes = bytes;
	uac->n_bytes = n;
	transaction_start(all, &uac->t, &uac_kind, &all->clients, id);
	return uac;
}

/* Sends the request for the first time. A failure is reported from the loop. */
static void uac_send(struct uac *uac)
{
	struct transactions *all = uac->t.all;

	uac->give_up = uac_repeat(uac) < 0 ? 503 : 408;
	if (uac->is_stream)
		uac_keep(uac, NULL, 0);
	uac_account(uac);
	/* Timer B or F. */
	timer_set(all, &uac->t.end, uac->give_up == 503 ? 0 : T_END);
	if (uac->give_up == 503)
		return;
	table_add(&all->by_peer, &uac->by_peer, peer_hash(all, &uac->to));
	if (!uac->is_stream)
		timer_set(all, &uac->t.resend, uac->interval);
}

/* Without memory for the CANCEL the time limit alone remains. */
static void uac_send_cancel(struct uac *uac)
{
	size_t n;
	char *bytes = follow_up_write(uac, "CANCEL", uac->follow_up.to, uac->reason, &n);
	struct uac *cancel = bytes ? uac_start(uac->t.all, &uac->cancel_id, bytes, n, &uac->to) : NULL;

	free(uac->reason);
	uac->reason = NULL;
	uac->cancel = CANCEL_SENT;
	timer_set(uac->t.all, &uac->t.end, T_END);
	if (!cancel)
		return;
	uac_send(cancel);
	uac_release(cancel);
}

static void uac_resend(struct transaction *t)
{
	struct uac *uac = uac_of(t);

	if (uac_repeat(uac) < 0) {
		uac_fail(uac, 503);
		return;
	}
	uac->interval *= 2;
	if (!uac->is_invite && (uac->interval > T2 || uac->state == UAC_PROCEEDING))
		uac->interval = T2;
	/* After 16 s the next of an INVITE would be due after Timer B. */
	if (uac->interval < T_END)
		timer_set(t->all, &t->resend, uac->interval);
}

static void uac_expire(struct transaction *t)
{
	struct uac *uac = uac_of(t);

	if (uac->state >= UAC_ACCEPTED) {
		transaction_end(t);
	} else if (uac->give_up) {
		uac_fail(uac, uac->give_up);
	} else {
		/* Timer C (RFC 3261 §16.8). A 2xx that crosses the CANCEL still counts. */
		uac->give_up = 408;
		uac_send_cancel(uac);
	}
}

static void uac_clear(struct transaction *t)
{
	struct uac *uac = uac_of(t);

	table_remove(&t->all->by_peer, &uac->by_peer);
	follow_up_free(&uac->follow_up);
	free(uac->bytes);
	free(uac->reason);
	uac->bytes = uac->reason = NULL;
}

static const struct transaction_kind uac_kind = { .resend = uac_resend, .expire = uac_expire, .clear = uac_clear };

struct uac *uac_new(struct transactions *all, msg_t *request, const struct peer *to, const char *branch, uac_cb *done, void *user)
{
	const sip_t *sip = sip_object(request);
	int is_invite = sip && sip->sip_request->rq_method == sip_method_invite;
	struct follow_up texts = { 0 };
	struct transaction_id id;
	struct uac *uac = NULL;
	size_t n = 0;
	char *bytes = push_via(all->server, request, to, branch) == 0 ? intake_bytes(request, &n) : NULL;

	if (bytes && (!is_invite || follow_up_make(&texts, sip, bytes, n) == 0)) {
		uac_identify(all, branch, sip->sip_request->rq_method_name, &id);
		uac = uac_start(all, &id, bytes, n, to);
		bytes = NULL;
	}
	free(bytes);
	msg_destroy(request);
	if (!uac)
		return follow_up_free(&texts), NULL;
	uac_identify(all, branch, "CANCEL", &uac->cancel_id);
	uac->follow_up = texts;
	uac->is_invite = is_invite;
	uac->done = done;
	uac->user = user;
	uac_send(uac);
	return uac;
}

const struct peer *uac_peer(const struct uac *uac)
{
	return &uac->to;
}

void uac_cancel(struct uac *uac, const char *reason)
{
	if (uac->t.ended || !uac->is_invite || uac->state >= UAC_ACCEPTED || uac->cancel != CANCEL_NONE)
		return;
	uac->cancel = CANCEL_WANTED;
	uac->reason = reason ? strdup(reason) : NULL;
	/* A folded value becomes one line. */
	for (char *p = uac->reason; p && *p; p++)
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	if (uac->state != UAC_PROCEEDING)
		return;
	uac->give_up = 487;
	uac_send_cancel(uac);
}

void uac_release(struct uac *uac)
{
	uac->done = NULL;
	transaction_release(&uac->t);
}

static void uac_provisional(struct uac *uac, int status)
{
	struct transaction *t = &uac->t;
	int first = uac->state == UAC_CALLING;

	uac->state = UAC_PROCEEDING;
	if (!uac->is_invite)
		return;
	if (first) {
		timer_stop(&t->resend);
		uac_keep(uac, NULL, 0);
		uac->give_up = 0;
	}
	if (uac->cancel == CANCEL_WANTED) {
		uac->give_up = 487;
		uac_send_cancel(uac);
	}
	if (uac->cancel == CANCEL_NONE && (first || status > 100))
		timer_set(t->all, &t->end, TIMER_C);
}

/* The first final response. */
static void uac_complete(struct uac *uac, int status, const sip_t *sip)
{
	struct transaction *t = &uac->t;
	char *to = NULL, *ack = NULL;
	size_t n = 0;

	timer_stop(&t->resend);
	table_remove(&t->all->by_peer, &uac->by_peer);
	uac->state = uac->is_invite && status < 300 ? UAC_ACCEPTED : UAC_COMPLETED;
	if (uac->is_invite && status >= 300) {
		to = sip->sip_to ? lines_of(sip->sip_to, 0) : NULL;
		ack = follow_up_write(uac, "ACK", to ? to : uac->follow_up.to, NULL, &n);
	}
	free(to);
	follow_up_free(&uac->follow_up);
	uac_keep(uac, ack, n);
	uac_repeat(uac);
	/* Timer M, D or K. */
	if (uac->state == UAC_COMPLETED && uac->is_stream)
		transaction_end(t);
	else
		timer_set(t->all, &t->end, uac->is_invite ? T_END : T4);
}

/* @return 1 when the response is for the user. */
static int uac_take(struct uac *uac, int status, const sip_t *sip)
{
	if (uac->t.ended || status < 100)
		return 0;
	switch (uac->state) {
	case UAC_CALLING:
	case UAC_PROCEEDING:
		if (status < 200)
			uac_provisional(uac, status);
		else
			uac_complete(uac, status, sip);
		return 1;
	case UAC_ACCEPTED:
		return status >= 200 && status < 300;
	case UAC_COMPLETED:
		if (status >= 300)
			uac_repeat(uac);
		return 0;
	}
	return 0;
}

int transactions_response(struct transactions *all, msg_t *msg, const sip_t *sip, const struct peer *from)
{
	struct transaction_id id;
	struct transaction *t;
	struct uac *uac;
	int status = sip->sip_status->st_status, is_ours = 1;

	(void)from;
	if (!sip->sip_via || !sip->sip_via->v_branch || !sip->sip_cseq)
		return 0;
	uac_identify(all, sip->sip_via->v_branch, sip->sip_cseq->cs_method_name, &id);
	t = transaction_find(&all->clients, &id);
	if (!t)
		return 0;
	uac = uac_of(t);
	transaction_enter(t);
	if (uac_take(uac, status, sip)) {
		/* A callee repeats its 2xx until it gets an ACK from end to end, so a 2xx that nobody waits for must not be absorbed. */
		is_ours = uac->done || !uac->is_invite || status < 200 || status >= 300;
		if (uac->done)
			uac->done(uac->user, status, msg);
	}
	transaction_leave(t);
	if (is_ours)
		msg_destroy(msg);
	return is_ours;
}

/* Collected first: a callback may begin another transaction with this peer. */
static void peer_lost(struct transactions *all, const struct peer *peer)
{
	struct table_entry *lost = NULL, *next;

	for (struct table_entry *e = table_first(&all->by_peer, peer_hash(all, peer)); e; e = next) {
		struct uac *uac = (struct uac *)((char *)e - offsetof(struct uac, by_peer));

		next = table_next(e);
		if (same_peer(&uac->to, peer))
			table_move(e, &lost);
	}
	while (lost)
		uac_fail((struct uac *)((char *)lost - offsetof(struct uac, by_peer)), 503);
}

void transactions_closed(struct transactions *all, uint64_t connection)
{
	struct peer peer = { .connection = connection };

	if (connection)
		peer_lost(all, &peer);
}

void transactions_unreachable(struct transactions *all, const struct peer *to)
{
	struct peer peer = { .socket = to->socket, .addr = to->addr };

	peer_lost(all, &peer);
}
