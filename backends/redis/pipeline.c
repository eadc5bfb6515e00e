/* SPDX-License-Identifier: MIT */
/* Requests: made, queued in the order of the wire, answered in this order. */
#include "layout.h"
#include "links.h"

#include <stdlib.h>
#include <string.h>

/* Reads of one link in a row, so that no link keeps the others from their turn; bytes that may wait in one link. */
enum { READS_IN_A_ROW = 32, COUNT_SIZE = 13, EVALSHA_SIZE = 60 };
static const size_t queue_bytes_max = (size_t)64 << 20;

/* "*12\r\n", "$5\r\n" */
static char *put_count(char *at, char mark, size_t count)
{
	*at++ = mark;
	at = rg__redis_put_number(at, count);
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

static char *put_argument(char *at, const char *bytes, size_t n)
{
	at = rg__redis_put(put_count(at, '$', n), (rg_str){ bytes, n });
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

static char *put_command(const rg__redis_request *q, char *at, const rg__redis_command *c, struct rg__redis_part *part)
{
	part->at = (uint32_t)(at - q->text);
	part->script = c->script;
	at = put_count(at, '*', (size_t)c->argc + (c->script ? 2 : 0));
	if (c->script) {
		at = put_argument(at, "EVALSHA", 7);
		at = put_argument(at, c->script->sha, 40);
	}
	part->rest = (uint32_t)(at - q->text);
	for (int i = 0; i < c->argc; i++)
		at = put_argument(at, c->argv[i], c->lens[i]);
	return at;
}

/* At least what a command takes: each number counts as ten digits. */
static size_t command_size(const rg__redis_command *c)
{
	size_t n = COUNT_SIZE + EVALSHA_SIZE;

	for (int i = 0; i < c->argc; i++)
		n += COUNT_SIZE + c->lens[i] + 2;
	return n;
}

static rg__redis_request *request_of(size_t n, size_t room)
{
	if (room > UINT32_MAX)
		return NULL;
	rg__redis_request *q = malloc(sizeof *q + n * sizeof *q->parts + room);
	if (!q)
		return NULL;
	memset(q, 0, sizeof *q);
	q->n = q->again = (uint32_t)n;
	q->text = (char *)(q->parts + n);
	return q;
}

rg__redis_request *rg__redis_request_new(const rg__redis_command *commands, uint32_t n)
{
	size_t room = 0;

	for (uint32_t i = 0; i < n; i++)
		room += command_size(&commands[i]);
	rg__redis_request *q = request_of(n, room);
	if (!q)
		return NULL;
	char *at = q->text;
	for (uint32_t i = 0; i < n; i++)
		at = put_command(q, at, &commands[i], &q->parts[i]);
	q->len = (size_t)(at - q->text);
	return q;
}

/* The rest of a request, with its scripts as text. */
static rg__redis_request *with_scripts(const rg__redis_request *old, uint32_t from)
{
	size_t room = old->len;

	for (uint32_t i = from; i < old->n; i++)
		room += old->parts[i].script ? old->parts[i].script->n + 64 : 0;
	rg__redis_request *q = request_of(old->n - from, room);
	if (!q)
		return NULL;
	char *at = q->text;
	for (uint32_t i = from; i < old->n; i++) {
		const struct rg__redis_part *part = &old->parts[i];
		size_t end = i + 1 < old->n ? old->parts[i + 1].at : old->len;
		size_t head = part->script ? part->rest - EVALSHA_SIZE : end;

		q->parts[i - from].at = (uint32_t)(at - q->text);
		q->parts[i - from].script = part->script;
		at = rg__redis_put(at, (rg_str){ old->text + part->at, head - part->at });
		if (!part->script)
			continue;
		at = put_argument(at, "EVAL", 4);
		at = put_argument(at, part->script->text, part->script->n);
		at = rg__redis_put(at, (rg_str){ old->text + part->rest, end - part->rest });
	}
	q->len = (size_t)(at - q->text);
	q->base = old->base + from;
	q->done = old->done;
	q->user = old->user;
	q->tok = old->tok;
	q->since = old->since;
	q->writes = old->writes;
	q->written = old->written;
	q->repeats = old->repeats;
	q->whole = true;
	return q;
}

void rg__redis_send_from(rg__redis_link *l, rg__redis_request *q)
{
	l->unsent = q;
	l->unsent_at = q ? rg__redis_rest_at(q) : 0;
}

void rg__redis_append(rg__redis_link *l, rg__redis_request *q)
{
	q->next = NULL;
	if (l->last)
		l->last->next = q;
	else
		l->first = q;
	l->last = q;
	l->n++;
	l->bytes += q->len;
	if (l->stage == STAGE_READY && !l->unsent)
		rg__redis_send_from(l, q);
}

/* Takes a request out of the list. @param previous  the one before it; NULL = it is the first. */
static void unlink_request(rg__redis_link *l, rg__redis_request *q, rg__redis_request *previous)
{
	*(previous ? &previous->next : &l->first) = q->next;
	if (l->last == q)
		l->last = previous;
	if (l->unsent == q)
		rg__redis_send_from(l, q->next);
	l->n--;
	l->bytes -= q->len;
}

void rg__redis_drop_first(rg__redis_link *l)
{
	unlink_request(l, l->first, NULL);
}

rg__redis_request *rg__redis_take_all(rg__redis_link *l)
{
	rg__redis_request *list = l->first;

	l->first = l->last = l->unsent = NULL;
	l->n = 0;
	l->bytes = 0;
	return list;
}

/* Ends a request for its caller, who may call anything: the request may be gone after the first callback. */
static void complete(rg__redis *r, rg__redis_request *q, rg_status status)
{
	rg__redis_reply_cb done = q->done;
	uint32_t from = q->base + q->delivered, end = q->base + q->n;
	void *user = q->user;

	if (!done)
		return;
	if (q->writes && q->written)
		status = RG_EUNKNOWN;
	q->done = NULL;
	r->links->in_flight--;
	for (uint32_t i = from; i < end; i++)
		done(user, i, status, NULL);
}

void rg__redis_complete_all(rg__redis *r, rg__redis_request *list, rg_status status)
{
	rg__redis_hold(r);
	for (rg__redis_request *next; list; list = next) {
		next = list->next;
		complete(r, list, status);
		free(list);
	}
	rg__redis_release(r);
}

void rg__redis_rewind(rg__redis_link *l)
{
	rg__redis_request *list = rg__redis_take_all(l);

	for (rg__redis_request *next, *q = list; q; q = next) {
		next = q->next;
		if (!q->done) {
			free(q); /* canceled */
			continue;
		}
		l->store->counters.repeated += q->begun;
		q->repeats += q->begun;
		q->begun = false;
		q->answered = q->delivered;
		q->again = q->n;
		rg__redis_append(l, q);
	}
}

static bool is_error(const redisReply *reply, const char *code)
{
	size_t n = strlen(code);

	return reply->type == REDIS_REPLY_ERROR && reply->len >= n && memcmp(reply->str, code, n) == 0;
}

rg_status rg__redis_error_status(const redisReply *error)
{
	return is_error(error, "OOM") ? RG_EFULL : RG_ESTORE;
}

/* Logs an error reply. Breaks the link when it is of no use any more. */
static void note_error(rg__redis_link *l, const redisReply *reply)
{
	/* After these the connection is of no use: the server may be another one by now, or asks for a password. */
	static const char *const useless[] = { "READONLY", "MASTERDOWN", "NOAUTH" };
	char text[TROUBLE_SIZE];

	if (reply->type != REDIS_REPLY_ERROR)
		return;
	rg__redis_clean(text, sizeof text, reply->str, reply->len);
	rg__redis_refused(l->store, text);
	for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
		if (is_error(reply, useless[i]))
			rg__redis_break(l, text);
}

/* Sends the part of a request that met no script again. Frees the request. */
static void send_again(rg__redis_link *l, rg__redis_request *old)
{
	rg__redis *r = l->store;
	rg__redis_request *q = with_scripts(old, old->again);

	r->counters.noscript_reloads++;
	if (q) {
		free(old);
		rg__redis_append(l, q);
		return;
	}
	old->next = NULL;
	old->written = old->repeats > 0; /* what met no script was not executed, this time */
	rg__redis_complete_all(r, old, RG_ENOMEM);
}

/* Whether a command that writes may have been executed by an earlier connection, and this error does not tell: the server refused the command
 * before it ran. Where memory is short, the script runs, and sees whether it ran before. */
static bool fate_is_open(const rg__redis_request *q, const redisReply *reply)
{
	return q->writes && q->repeats > 0 && reply->type == REDIS_REPLY_ERROR && !is_error(reply, "OOM");
}

/* After the callback neither the request nor the link is touched: both may be gone. */
static void deliver(rg__redis_link *l, const redisReply *reply)
{
	rg__redis *r = l->store;
	rg__redis_request *q = l->first;

	if (!q || !q->begun) {
		rg__redis_break(l, "the server answered what was not asked");
		return;
	}
	uint32_t i = q->answered++, index = q->base + i;
	bool last = q->answered == q->n;
	if (q->again == q->n && q->parts[i].script && !q->whole && is_error(reply, "NOSCRIPT"))
		q->again = i;
	bool given = q->done && i < q->again, open = fate_is_open(q, reply);
	l->fruitful = true;
	rg__redis_reply_cb done = q->done;
	void *user = q->user;

	if (given)
		q->delivered = i + 1;
	if (last) {
		rg__redis_drop_first(l);
		if (q->done && q->again < q->n) {
			send_again(l, q);
		} else {
			r->links->in_flight -= q->done != NULL;
			free(q);
		}
	}
	if (!given)
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		note_error(l, reply);
	rg__redis_link *outer = r->links->answering;
	r->links->answering = l;
	done(user, index, open ? RG_EUNKNOWN : RG_OK, open ? NULL : reply);
	r->links->answering = outer;
}

/* False: a callback has closed the connection. */
static bool deliver_all(rg__redis_link *l)
{
	uint32_t epoch = l->epoch;

	while (l->broken[0] == '\0') {
		redisReply *reply = rg__redis_link_reply(l);
		if (!reply)
			return true;
		if (l->stage == STAGE_GREETING)
			rg__redis_greeted(l, l->greeting->answered++, reply);
		else if (l->index == LINK_WATCH)
			rg__redis_pushed(l, reply);
		else
			deliver(l, reply);
		rg__redis_link_free_reply(reply);
		if (l->epoch != epoch)
			return false;
	}
	return true;
}

bool rg__redis_pull(rg__redis_link *l)
{
	rg__redis *r = l->store;
	bool same = true;

	rg__redis_hold(r);
	for (int i = 0; same && i < READS_IN_A_ROW && l->broken[0] == '\0' && rg__redis_link_read(l); i++) {
		bool more = l->more;
		same = deliver_all(l);
		if (!more)
			break;
	}
	rg__redis_release(r);
	return same;
}

static void send_now(rg__redis *r, rg__redis_link *l, rg__redis_request *q)
{
	int64_t due = q->since + r->url.timeout;

	rg__redis_append(l, q);
	if (l->stage == STAGE_READY && !(r->links->driving && l->index == LINK_MAIN) && l->unsent == q)
		rg__redis_link_write(l);
	if (due < r->links->armed)
		rg__redis_arm(r, due);
}

static rg_status refuse(rg__redis *r, rg_status status)
{
	r->counters.refused++;
	return status;
}

rg_status rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok)
{
	rg__redis_link *l = rg__redis_main(r);

	if (r->dead || n == 0)
		return RG_ESTORE;
	if (flags & RG_OP_BLOCKING) {
		rg_status status = rg__redis_block(r, &l);
		if (status != RG_OK)
			return refuse(r, status);
	} else if (r->links->state == RG_REDIS_DOWN) {
		return refuse(r, RG_ESTORE);
	}
	if (l->n >= r->url.inflight || l->bytes > queue_bytes_max)
		return refuse(r, RG_EFULL);
	rg__redis_request *q = rg__redis_request_new(commands, n);
	if (!q)
		return RG_ENOMEM;
	q->done = done;
	q->user = user;
	q->tok = tok;
	q->writes = writes;
	q->since = rg__redis_clock();
	r->links->in_flight++;
	if (verb < RG__REDIS_VERBS_END)
		r->counters.round_trips[verb]++;
	send_now(r, l, q);
	return RG_PENDING;
}

bool rg__redis_find_tok(rg__redis_link *l, const void *tok)
{
	for (const rg__redis_request *q = l->first; q; q = q->next)
		if (q->done && q->tok == tok)
			return true;
	return false;
}

/* @return false when the call is not on this link. After the callback the link may be another one, or gone. */
static bool cancel_on(rg__redis_link *l, const void *tok)
{
	rg__redis_request *previous = NULL, *q = l->first;

	while (q && !(q->done && q->tok == tok)) {
		previous = q;
		q = q->next;
	}
	if (!q)
		return false;
	if (q->begun) {
		/* Its answer is still to come. A blocking link would wait for it, with nobody to drive it. */
		if (l->index == LINK_MAIN) {
			complete(l->store, q, RG_ECANCELED);
			return true;
		}
		rg__redis_link_close(l);
		q = rg__redis_take_all(l);
	} else {
		unlink_request(l, q, previous);
		q->next = NULL;
	}
	rg__redis_complete_all(l->store, q, RG_ECANCELED);
	return true;
}

void rg__redis_cancel(void *self, void *tok)
{
	rg__redis *r = self;

	rg__redis_hold(r);
	for (uint32_t i = 0; i < LINKS && !r->dead; i++)
		if (i != LINK_WATCH && cancel_on(&r->links->link[i], tok))
			break;
	rg__redis_release(r);
}
