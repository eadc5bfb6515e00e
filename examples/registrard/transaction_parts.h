/* SPDX-License-Identifier: MIT */
/* What server and client transactions share: identity, timers, lifetime. For the files of the transactions alone. */
#ifndef REGISTRARD_TRANSACTION_PARTS_H
#define REGISTRARD_TRANSACTION_PARTS_H

#include "queue.h"
#include "table.h"
#include "transaction.h"
#include "trim.h"

enum {
	TIMER_100 = 3500, /* Timer E reaches T2 (RFC 4320 §4.1) */
	TIMER_C = 181000, /* more than three minutes (RFC 3261 §16.6 step 11) */
	LINGER_EACH = 8,          /* transactions that only wait for retransmissions, for each of --max-calls */
	LINGER_BYTES_EACH = 8192, /* bytes that these keep, for each of --max-calls */
	IN_USE_BYTES = 16 * 1024 * 1024, /* bytes that all others keep, and for each of --max-calls; past them no call begins */
	IN_USE_BYTES_EACH = 16384,
	TRIM_FROM = 100,          /* fewer transactions leave nothing that is worth giving back */
	N_DURATIONS = 11
};

struct transaction;

/* A timer runs for one of few durations. Timers of one duration are due in the order in which they were set. */
struct timer {
	struct queue_entry in_queue; /* while it runs */
	int64_t due;
	struct transaction *of;
};

/* What server and client transactions do differently. */
struct transaction_kind {
	void (*resend)(struct transaction *t); /* the timer `resend` is due */
	void (*expire)(struct transaction *t); /* the timer `end` is due */
	void (*clear)(struct transaction *t);  /* frees what it holds, when it ends */
};

/* Identity: a keyed digest of all that RFC 3261 §17.1.3 and §17.2.3 compare. Nobody without the key can find two texts with one digest,
 * so the texts need not be kept. */
struct transaction_id {
	unsigned char bytes[16];
};

/* The first member of struct uas and struct uac. It ends when its state machine does. Its memory lasts until its user has let go of it, too,
 * and until no function works on it. */
struct transaction {
	struct queue_entry in_queue; /* of those in use, or of the lingering */
	struct transactions *all;
	const struct transaction_kind *kind;
	struct table *table;
	struct table_entry by_id;
	struct transaction_id id;
	struct timer resend, end;
	size_t kept;   /* bytes kept for retransmissions */
	unsigned busy; /* functions at work on it */
	int held;      /* its user has a pointer to it */
	int lingers;
	int ended;
};

struct transactions {
	struct server *server;
	struct alarm_clock *clock;
	int64_t alarm; /* the time to which the clock is set; INT64_MAX = none */
	int ticking;
	struct table servers, clients;
	struct table by_peer;            /* clients without a final response */
	struct queue in_use, lingering;   /* the oldest first */
	size_t n, n_lingering, lingering_bytes, in_use_bytes;
	struct trim trim;                /* of n */
	struct queue timers[N_DURATIONS]; /* of each duration */
	unsigned char id_key[crypto_generichash_KEYBYTES];
	unsigned char peer_key[crypto_shorthash_KEYBYTES];
};

/* Starts a timer anew. @param duration  one of the table of durations. */
void timer_set(struct transactions *all, struct timer *timer, int duration);
void timer_stop(struct timer *timer);

/* Enters a zeroed transaction, with its user's pointer. */
void transaction_start(struct transactions *all, struct transaction *t, const struct transaction_kind *kind, struct table *table,
	const struct transaction_id *id);
struct transaction *transaction_find(const struct table *table, const struct transaction_id *id);

/* The state machine is at its end. */
void transaction_end(struct transaction *t);

/* Between these the memory stays. */
void transaction_enter(struct transaction *t);
void transaction_leave(struct transaction *t);

/* Its user lets go of it. It goes on for the other end, as one of a limited number. */
void transaction_release(struct transaction *t);

/* Accounts for the bytes that it keeps. */
void transaction_keeps(struct transaction *t, size_t n);

/* The digest of an identity, part by part. NULL differs from the empty text. */
void id_begin(const struct transactions *all, crypto_generichash_state *state);
void id_text(crypto_generichash_state *state, const char *text);
void id_lower(crypto_generichash_state *state, const char *text);
void id_end(crypto_generichash_state *state, struct transaction_id *id);

/* @return 1 when the local socket is one of a stream. */
int peer_is_stream(const struct server *server, const struct peer *peer);

/* Puts a Via for the local socket on top. @return 0, or -1. */
int push_via(const struct server *server, msg_t *msg, const struct peer *to, const char *branch);

#endif
