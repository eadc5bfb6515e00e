/* SPDX-License-Identifier: MIT */
/*
 * The connections ("links") of a store. All of them have the same way from nothing to ready; what a loss means differs with the use:
 * - main: all calls of the completion form, pipelined. Its state is the state of the store.
 * - watch: subscriptions; opened at the first one.
 * - blocking: a call of the blocking form has one to itself. rg__redis_wait() drives it, and so does the host's loop, where there is one.
 *
 * A callback may call anything. The main link is opened and closed only by the event loop, by an answer of options.resolve and by destroy,
 * the other links also by calls and by wait. `epoch` changes with each opening and closing: after a
 * callback it tells whether the link still has the same connection.
 */
#ifndef REDIS_LINKS_H
#define REDIS_LINKS_H

#include "redis_store.h"

enum { LINK_MAIN, LINK_WATCH, LINK_BLOCKING, LINKS = LINK_BLOCKING + 16 };
enum { TROUBLE_SIZE = 256, ADDRESSES = 8, GREETING_MAX = 16, REFUSALS = 8 };

#define NO_TIME INT64_MAX

typedef struct rg__redis_request rg__redis_request;

enum rg__redis_stage {
	STAGE_NONE,     /* no connection */
	STAGE_NAMING,   /* waits for the addresses of the host */
	STAGE_OPENING,  /* connect() is under way */
	STAGE_GREETING, /* waits for the answers to the greeting */
	STAGE_READY
};

/* Back-off: the next attempt is made at `until`. */
typedef struct rg__redis_backoff {
	int64_t until; /* NO_TIME: no attempt is planned */
	uint32_t delay;
} rg__redis_backoff;

typedef struct rg__redis_link {
	rg__redis *store;
	redisContext *context; /* of link.c alone; NULL = none */
	redisReplyObjectFunctions functions; /* those of hiredis with a bound on arrays */
	const redisReplyObjectFunctions *plain; /* those of hiredis */
	int fd; /* -1 = none */
	uint32_t index, epoch;
	enum rg__redis_stage stage;
	uint32_t watched; /* the events that the loop was told */
	int64_t started;  /* when the attempt began; times are those of rg__redis_clock() */
	int64_t ready_at;
	uint32_t tried;   /* addresses, in this attempt */
	bool fruitful;    /* the server has answered a call on this connection */
	uint8_t fruitless; /* connections in a row that ended early, without an answer to a call */
	void *tls;        /* an SSL of OpenSSL, which `context` owns; NULL = none */
	bool flushing;    /* TLS: hiredis has bytes left to write */
	bool more;        /* the last read filled its room */
	size_t incomplete; /* bytes of the reply that is not complete */
	char broken[TROUBLE_SIZE]; /* why it must be closed; "" = it need not */
	char said[TROUBLE_SIZE];   /* an error within the greeting that did not end it */
	rg__redis_backoff backoff; /* of the watch link, and of all blocking links in that of the first */

	/* In the order of the wire. `unsent` is the first one that is not wholly sent, from byte `unsent_at`. The greeting is sent before, and
	 * is not in the list. */
	rg__redis_request *first, *last, *unsent, *greeting;
	uint8_t greeting_kinds[GREETING_MAX];
	size_t unsent_at;
	uint32_t n;
	size_t bytes;
} rg__redis_link;

/* A kind of error reply that was logged. */
typedef struct rg__redis_refusal {
	char word[24]; /* the first one of the text, perhaps cut; "" = free */
	int64_t again; /* when it may be logged again */
} rg__redis_refusal;

typedef struct rg__redis_resolver rg__redis_resolver;
typedef struct rg__redis_channel rg__redis_channel;

/* A walk over the subscriptions of a channel under way; they nest. */
typedef struct rg__redis_telling {
	struct rg__redis_telling *outer;
	rg__redis_subscription *next;
} rg__redis_telling;

struct rg__redis_links {
	rg__redis_link link[LINKS];
	uint32_t state; /* RG_REDIS_… */
	rg_time since;
	bool was_ready; /* ever */
	rg__redis_backoff backoff;
	rg__redis_link *answering; /* whose reply is being delivered */
	uint32_t in_flight;
	char trouble[TROUBLE_SIZE], logged[TROUBLE_SIZE];
	rg__redis_refusal refusals[REFUSALS];
	char data_set[37];          /* UUID that the server had; "" = not known */
	char *name;                 /* for CLIENT SETNAME */
	char *address;              /* without user and password */

	rg_addr addresses[ADDRESSES]; /* of the host; none for a unix socket */
	uint32_t n_addresses, good;   /* `good`: the one that answered last */
	bool named;                   /* the host is a name, which options.resolve resolves */
	rg__redis_resolver *resolver;

	int epoll, timer; /* -1 in the first way */
	bool driving;     /* within drive or ready: what is sent meanwhile is written at the end */
	bool kicked;      /* something waits for the next drive */
	int64_t armed;    /* the time that the timer or options.deadline was set to */

	rg__redis_channel **buckets; /* of channels.c */
	unsigned char channel_key[16]; /* of their hash */
	uint32_t n_buckets, n_channels;
	rg__redis_telling *telling;
	int64_t expected_since; /* an answer of the watch link is expected since then; NO_TIME = none is */
	int64_t ping_at;
};

static inline rg__redis_link *rg__redis_main(const rg__redis *r)
{
	return &r->links->link[LINK_MAIN];
}

/* store.c */
rg__redis *rg__redis_of(const rg_store *store); /* NULL: it is another store */

/* report.c */
/* Makes any bytes fit for a log. */
void rg__redis_clean(char *to, size_t size, const char *text, size_t n);
/* Notes why a link is closed or not made; logged when it is another one than last time. */
void rg__redis_trouble(rg__redis *r, int32_t level, const char *text);
/* Notes an error reply. Of one kind the log gets a line a minute, and of all kinds as many as are remembered. @param text  clean */
void rg__redis_refused(rg__redis *r, const char *text);
void rg__redis_set_state(rg__redis *r, uint32_t state);

/* link.c: all that touches hiredis and the socket. */
bool rg__redis_link_open(rg__redis_link *l, const rg_addr *to, char *why, size_t size); /* begins to connect; NULL = to the unix socket */
bool rg__redis_link_opened(rg__redis_link *l, char *why, size_t size); /* after it became writable */
bool rg__redis_prepare_reader(rg__redis_link *l); /* bounds what the reader of its context makes of replies */
void rg__redis_link_close(rg__redis_link *l);
/* Writes what can be written. Sets `broken`. */
void rg__redis_link_write(rg__redis_link *l);
/* Reads once. False: nothing was there, or it is broken. */
bool rg__redis_link_read(rg__redis_link *l);
redisReply *rg__redis_link_reply(rg__redis_link *l); /* the next one that is complete; NULL: none. Sets `broken` */
void rg__redis_link_free_reply(redisReply *reply);
uint32_t rg__redis_link_wants(const rg__redis_link *l); /* RG_REDIS_READ | … */
void rg__redis_break(rg__redis_link *l, const char *why); /* it is closed at the next occasion */

/* tls.c; tls_none.c where hiredis has none */
extern const bool rg__redis_has_tls;
bool rg__redis_tls_begin(rg__redis_link *l, char *why, size_t size);
bool rg__redis_tls_append(rg__redis_link *l, const char *bytes, size_t n); /* to what waits in hiredis. Sets `broken` */
void rg__redis_tls_flush(rg__redis_link *l);                               /* writes what can be written. Sets `broken` */
bool rg__redis_tls_read(rg__redis_link *l);                                /* as rg__redis_link_read() */
bool rg__redis_tls_waits_to_write(const rg__redis_link *l);

/* pipeline.c */
struct rg__redis_request {
	rg__redis_request *next;
	rg__redis_reply_cb done; /* NULL: canceled, or nobody waits */
	void *user, *tok;
	int64_t since;
	uint32_t n, base;   /* commands; the index of the first one in the caller's count */
	uint32_t answered;  /* by this connection */
	uint32_t delivered; /* to the caller */
	uint32_t again;     /* the first command that met no script: from there on it is sent again; n = none */
	bool writes;
	bool begun;   /* a byte of it was handed to this connection */
	bool written; /* a byte of it was handed to any connection */
	bool whole;   /* it has scripts as text */
	uint8_t repeats; /* connections that were lost after it was begun */
	char *text;
	size_t len;
	struct rg__redis_part {
		uint32_t at, rest; /* the command, and what follows EVALSHA and the digest, in `text` */
		const rg__redis_script *script;
	} parts[];
};

/* Where the first command that was not delivered begins in `text`. */
static inline size_t rg__redis_rest_at(const rg__redis_request *q)
{
	return q->parts[q->delivered].at;
}

rg__redis_request *rg__redis_request_new(const rg__redis_command *commands, uint32_t n); /* NULL: out of memory, or above 4 GiB */
void rg__redis_append(rg__redis_link *l, rg__redis_request *q);
void rg__redis_drop_first(rg__redis_link *l); /* of the list; it is not freed */
bool rg__redis_pull(rg__redis_link *l); /* reads and delivers. False: a callback has closed the connection */
void rg__redis_rewind(rg__redis_link *l); /* for another connection: all that is left is sent from its start */
/* What is sent next: @p q and those after it, from the first command that was not delivered; NULL = nothing. */
void rg__redis_send_from(rg__redis_link *l, rg__redis_request *q);
rg__redis_request *rg__redis_take_all(rg__redis_link *l); /* the list, taken off */
void rg__redis_complete_all(rg__redis *r, rg__redis_request *list, rg_status status); /* RG_EUNKNOWN where it may have happened */
bool rg__redis_find_tok(rg__redis_link *l, const void *tok);

/* greet.c */
rg__redis_request *rg__redis_greeting(rg__redis_link *l); /* NULL: out of memory */
void rg__redis_greeted(rg__redis_link *l, uint32_t index, const redisReply *reply);

/* reconnect.c */
void rg__redis_attempt(rg__redis_link *l);
void rg__redis_open(rg__redis_link *l); /* the addresses are known */
void rg__redis_event(rg__redis_link *l, uint32_t events);
void rg__redis_ready(rg__redis_link *l); /* the greeting was answered */
void rg__redis_lost(rg__redis_link *l, const char *why);
void rg__redis_times(rg__redis_link *l); /* does what is due */
int64_t rg__redis_due_at(const rg__redis_link *l);
void rg__redis_backoff_next(rg__redis_backoff *b);
void rg__redis_count_timeouts(rg__redis *r, const rg__redis_request *list);

/* block.c */
rg_status rg__redis_block(rg__redis *r, rg__redis_link **out); /* a link for one call */
void rg__redis_block_lost(rg__redis_link *l, bool again, const char *why);

/* loop.c */
rg_status rg__redis_loop_new(rg__redis *r);
void rg__redis_loop_close(rg__redis *r);
void rg__redis_interest(rg__redis_link *l); /* tells the loop what the link waits for */
void rg__redis_arm(rg__redis *r, int64_t at); /* wakes up at that time at the latest */
void rg__redis_rearm(rg__redis *r);
void rg__redis_kick(rg__redis *r);

/* resolve.c */
rg_status rg__redis_resolve_new(rg__redis *r, rg_error *why);
void rg__redis_resolve(rg__redis *r); /* asks; addresses may be there when it returns */
void rg__redis_resolve_close(rg__redis *r);

/* channels.c */
void rg__redis_pushed(rg__redis_link *l, const redisReply *reply); /* what came on the watch link */
void rg__redis_resubscribe(rg__redis_link *l);
void rg__redis_ping(rg__redis_link *l);
void rg__redis_channels_free(rg__redis *r);

#endif
