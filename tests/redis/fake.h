/* SPDX-License-Identifier: MIT */
/*
 * A false Redis server on a unix socket, in the process of the test. It does something only within fake_turn(), so that a test decides what
 * has arrived when; fake_start_thread() does so all the time, for calls that block.
 */
#ifndef TESTS_REDIS_FAKE_H
#define TESTS_REDIS_FAKE_H

#include "redis_store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { FAKE_CONNECTIONS = 40, FAKE_ROOM = 1 << 16, FAKE_SEEN = 4096, FAKE_ARGS = 300 };

typedef struct fake_connection {
	int fd; /* -1 = free */
	bool subscribed;
	size_t in_n, out_n;
	char in[FAKE_ROOM], out[FAKE_ROOM];
} fake_connection;

typedef struct fake {
	char folder[64], path[96], address[256];
	int listener; /* -1 = nobody listens */
	fake_connection connections[FAKE_CONNECTIONS];
	uint32_t accepted, commands;
	size_t sent;           /* bytes, on the present connection */
	char seen[FAKE_SEEN];  /* the names of commands, each with a space: "CLIENT SET GET SCRIPT " */
	char last[256];        /* the arguments of the last command */

	/* What it does. All zero = it behaves. */
	const char *on, *say;  /* the raw reply to this command ("GET"), or to any ("*"); `say` NULL: none at all */
	int only;              /* so often; 0 = always */
	int spare;             /* the first ones are answered as usual */
	bool silent, trickle;  /* answers nothing; sends a byte a turn */
	bool deaf;             /* does not read */
	const char *hello;     /* sent on accept */
	size_t cut;            /* closes the connection when so many bytes were sent on it; 0 = never */
	int cuts;              /* connections that are cut; further ones are not */
	uint32_t close_after;  /* commands; 0 = never */
	int closes;
	char schema[96];       /* the value of the key, which SET sets */

	pthread_t thread;
	pthread_mutex_t lock;
	atomic_bool stop, threaded;
} fake;

fake *fake_new(void);
void fake_free(fake *f);
void fake_turn(fake *f);
void fake_listen(fake *f);
void fake_deny(fake *f);    /* nobody listens, and all connections are closed */
void fake_hang_up(fake *f); /* closes all connections */
void fake_say(fake *f, const char *raw); /* on the connections with subscriptions */
void fake_start_thread(fake *f);
void fake_stop_thread(fake *f);
uint32_t fake_open(const fake *f);

/* A store on it. */
typedef struct probe {
	fake *f;
	rg_store *store;
	rg__redis *r;
	char log[8192];
	uint32_t calls;                 /* callbacks */
	rg_status status[64];           /* by number of the call */
	uint32_t times[64];             /* callbacks of each call */
	char text[64][64];              /* reply of each call */
	uint32_t emptied;               /* calls of this option */
	void (*inside)(struct probe *p, uint32_t call); /* within each callback */
	rg_redis_options options;
	struct probe_call {
		struct probe *p;
		uint32_t n;
	} asked[64]; /* what the callbacks get */
} probe;

/* @param parameters  of the address, "timeout=100"; may be "". */
void probe_new(probe *p, fake *f, const char *parameters);
void probe_free(probe *p);
/* Sends `ECHO call<n>`; the store's callback fills in call @p n. */
rg_status probe_ask(probe *p, uint32_t n, bool writes, uint32_t flags);
rg_status probe_ask_script(probe *p, uint32_t n);
/* Drives both until call n has completed, or for @p ms. */
void probe_run(probe *p, uint32_t n, int ms);
void probe_until(probe *p, uint32_t connection, int ms); /* the state is this */
uint32_t probe_state(const probe *p);
const char *probe_trouble(const probe *p);
int64_t probe_count(const probe *p, const char *name);
void *probe_tok(probe *p, uint32_t n);

#endif
