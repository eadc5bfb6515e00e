/* SPDX-License-Identifier: MIT */
/* What server and client transactions share. */
#include "transaction_parts.h"

#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "intake.h"

/* All durations for which a timer runs, in milliseconds. */
static const int durations[N_DURATIONS] = { 0, T1, 2 * T1, 4 * T1, TIMER_100, T2, T4, 2 * T2, 4 * T2, T_END, TIMER_C };

static void clock_set(struct transactions *all)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < N_DURATIONS; i++) {
		const struct timer *first = queue_first(&all->timers[i]);

		if (first && first->due < due)
			due = first->due;
	}
	/* An alarm that is too early does no harm. */
	if (due < all->alarm) {
		all->alarm = due;
		alarm_clock_set(all->clock, due);
	}
}

void timer_stop(struct timer *timer)
{
	queue_remove(&timer->in_queue);
}

/* Runs what is due. */
static void on_ring(void *user)
{
	struct transactions *all = user;
	int64_t now = alarm_clock_now();

	all->alarm = INT64_MAX;
	all->ticking = 1;
	for (size_t i = 0; i < N_DURATIONS; i++) {
		struct timer *timer;

		while ((timer = queue_first(&all->timers[i])) != NULL && timer->due <= now) {
			struct transaction *t = timer->of;

			timer_stop(timer);
			transaction_enter(t);
			if (timer == &t->resend)
				t->kind->resend(t);
			else
				t->kind->expire(t);
			transaction_leave(t);
		}
	}
	all->ticking = 0;
	clock_set(all);
	trim_after(&all->trim, all->n);
}

struct transactions *transactions_new(struct server *server)
{
	struct transactions *all = calloc(1, sizeof *all);

	if (!all)
		return NULL;
	all->server = server;
	all->trim.from = TRIM_FROM;
	all->alarm = INT64_MAX;
	if (sodium_init() < 0 || table_init(&all->servers) < 0 || table_init(&all->clients) < 0 || table_init(&all->by_peer) < 0 ||
		!(all->clock = alarm_clock_new(server->root, on_ring, all))) {
		transactions_free(all);
		return NULL;
	}
	randombytes_buf(all->id_key, sizeof all->id_key);
	randombytes_buf(all->peer_key, sizeof all->peer_key);
	return all;
}

static void free_queue(struct queue *queue)
{
	struct transaction *t;

	while ((t = queue_first(queue)) != NULL) {
		t->held = 1;
		transaction_end(t);
		queue_remove(&t->in_queue);
		free(t);
	}
}

void transactions_free(struct transactions *all)
{
	if (!all)
		return;
	all->ticking = 1;
	free_queue(&all->in_use);
	free_queue(&all->lingering);
	alarm_clock_free(all->clock);
	table_deinit(&all->servers);
	table_deinit(&all->clients);
	table_deinit(&all->by_peer);
	free(all);
}

size_t transactions_count(const struct transactions *all)
{
	return all->n;
}

int transactions_have_room(const struct transactions *all)
{
	return all->in_use_bytes < IN_USE_BYTES + all->server->args->max_calls * IN_USE_BYTES_EACH;
}

void timer_set(struct transactions *all, struct timer *timer, int duration)
{
	size_t i = 0;

	while (i < N_DURATIONS - 1 && durations[i] != duration)
		i++;
	timer->due = alarm_clock_now() + duration;
	queue_add(&all->timers[i], &timer->in_queue);
	if (!all->ticking)
		clock_set(all);
}

static uint64_t id_hash(const struct transaction_id *id)
{
	uint64_t hash;

	memcpy(&hash, id->bytes, sizeof hash);
	return hash;
}

void transaction_start(struct transactions *all, struct transaction *t, const struct transaction_kind *kind, struct table *table,
	const struct transaction_id *id)
{
	t->all = all;
	t->kind = kind;
	t->table = table;
	t->id = *id;
	t->resend.of = t->end.of = t;
	t->held = 1;
	table_add(table, &t->by_id, id_hash(id));
	queue_add(&all->in_use, &t->in_queue);
	all->n++;
	trim_note(&all->trim, all->n);
}

struct transaction *transaction_find(const struct table *table, const struct transaction_id *id)
{
	for (struct table_entry *e = table_first(table, id_hash(id)); e; e = table_next(e)) {
		struct transaction *t = (struct transaction *)((char *)e - offsetof(struct transaction, by_id));

		if (memcmp(&t->id, id, sizeof *id) == 0)
			return t;
	}
	return NULL;
}

/* Frees the memory when nothing needs it. */
static void transaction_sweep(struct transaction *t)
{
	if (!t->ended || t->held || t->busy)
		return;
	queue_remove(&t->in_queue);
	free(t);
}

/* The account of what it keeps. */
static size_t *bytes_of(const struct transaction *t)
{
	return t->lingers ? &t->all->lingering_bytes : &t->all->in_use_bytes;
}

void transaction_end(struct transaction *t)
{
	if (t->ended)
		return;
	t->ended = 1;
	t->kind->clear(t);
	*bytes_of(t) -= t->kept;
	t->kept = 0;
	timer_stop(&t->resend);
	timer_stop(&t->end);
	table_remove(t->table, &t->by_id);
	t->all->n--;
	t->all->n_lingering -= (size_t)t->lingers;
	queue_add(&t->all->in_use, &t->in_queue);
	t->lingers = 0;
	transaction_sweep(t);
}

void transaction_enter(struct transaction *t)
{
	t->busy++;
}

void transaction_leave(struct transaction *t)
{
	t->busy--;
	transaction_sweep(t);
}

/* Beyond the limits the oldest end early, which costs a retransmission its answer. @p spared lives on. */
static void linger_trim(struct transactions *all, const struct transaction *spared)
{
	size_t calls = all->server->args->max_calls;
	struct transaction *t;

	while (all->n_lingering > calls * LINGER_EACH || all->lingering_bytes > calls * LINGER_BYTES_EACH) {
		t = queue_first(&all->lingering);
		if (t == spared)
			t = queue_next(&all->lingering, &spared->in_queue);
		if (!t)
			return;
		transaction_end(t);
	}
}

void transaction_keeps(struct transaction *t, size_t n)
{
	*bytes_of(t) += n - t->kept;
	t->kept = n;
	if (t->lingers)
		linger_trim(t->all, t);
}

void transaction_release(struct transaction *t)
{
	struct transactions *all = t->all;

	t->held = 0;
	if (t->ended) {
		transaction_sweep(t);
		return;
	}
	*bytes_of(t) -= t->kept;
	t->lingers = 1;
	all->n_lingering++;
	*bytes_of(t) += t->kept;
	queue_add(&all->lingering, &t->in_queue);
	linger_trim(all, t);
}

void id_begin(const struct transactions *all, crypto_generichash_state *state)
{
	crypto_generichash_init(state, all->id_key, sizeof all->id_key, sizeof(struct transaction_id));
}

/* A NUL ends each part. NULL is told from "" by a line feed, which no part of a message contains. */
void id_text(crypto_generichash_state *state, const char *text)
{
	if (text)
		crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
	else
		crypto_generichash_update(state, (const unsigned char *)"\n", 2);
}

void id_lower(crypto_generichash_state *state, const char *text)
{
	unsigned char room[64];

	while (text && *text) {
		size_t n = 0;

		for (; *text && n < sizeof room; text++)
			room[n++] = (unsigned char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
		crypto_generichash_update(state, room, n);
	}
	crypto_generichash_update(state, (const unsigned char *)"", 1);
}

void id_end(crypto_generichash_state *state, struct transaction_id *id)
{
	crypto_generichash_final(state, id->bytes, sizeof id->bytes);
}

int peer_is_stream(const struct server *server, const struct peer *peer)
{
	const struct local *local = transport_local(server->transport, peer->socket);

	return local && local->is_stream;
}

int push_via(const struct server *server, msg_t *msg, const struct peer *to, const char *branch)
{
	const struct local *local = transport_local(server->transport, to->socket);
	sip_t *sip = sip_object(msg);
	sip_via_t *via;

	if (!local || !sip)
		return -1;
	via = sip_via_format(msg_home(msg), "%s %s:%s;branch=%s%s", local->is_stream ? sip_transport_tcp : sip_transport_udp, local->host,
		local->port, branch, local->is_stream ? "" : ";rport");
	return via && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)via) >= 0 ? 0 : -1;
}

void send_stateless(struct server *server, msg_t *request, struct peer *to, const char *branch)
{
	size_t n = 0;
	char *bytes = request && push_via(server, request, to, branch) == 0 ? intake_bytes(request, &n) : NULL;

	if (bytes)
		transport_send(server->transport, to, bytes, n);
	free(bytes);
	msg_destroy(request);
}
