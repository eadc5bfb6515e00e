/* SPDX-License-Identifier: MIT */
/* What the engine's tests share: a registrar with a clock, a log and an ear, and REGISTERs made to measure. */
#ifndef KIT_H
#define KIT_H

#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "shims.h"

typedef struct kit {
	rg_time now;
	rg_time woken;      /* what env.wakeup said last; 0 = nothing */
	uint32_t wakeups;
	char log[4096];     /* every line, each with a LF */
	char events[4096];  /* "KIND aor uri cseq;" each */
	bool freed;         /* env.free was called */
	rg_env env;
	rg_store *memory;   /* of kit_store() */
	rg_store *store;    /* what the registrar is over */
	deferred *deferred; /* when it is */
	rg_registrar *reg;
	rg_subscription *subscription;
} kit;

enum { INLINE, DEFERRED };

/* A store of the kind that the program is about (store_memory.c, ../redis/store_redis.c): inline, so that shims go over it. */
rg_store *kit_store(void);
rg_store *kit_store_bare(rg_store *store); /* the same, as a registrar has it without a shim */

/* Over a store of that kind, inline or deferred. kit_open_over(): over a shim, whose reference is taken. */
void kit_init(kit *k);
void kit_open(kit *k, int how);
void kit_open_over(kit *k, rg_store *store);
void kit_listen(kit *k);
void kit_close(kit *k);

typedef struct phone {
	const char *aor; /* "alice" */
	const char *contact; /* Contact value; NULL = a query */
	const char *callid; /* NULL = "c1" */
	int cseq;
	rg_str line; /* used by the kit */
	char to[128], cseq_text[32];
} phone;

void kit_request(phone *p, rg_request *out);

/* Blocking. @return the code of the response, or the status when there is none. */
int kit_save(kit *k, const char *aor, const char *contact, int cseq);
rg_status kit_save_status(kit *k, const char *aor, const char *contact, int cseq, int *code);
int kit_targets(kit *k, const char *aor); /* number of targets; the status when it is an error */

/* What came of an operation of the completion form. */
typedef struct outcome {
	int called, freed;
	rg_status status;
	int code;       /* of a response, or of targets */
	uint32_t n;     /* removed, found, given */
	kit *k;
	rg_op *op;
	int32_t stop_after; /* of a walk; 0 = never */
	char cursor[512];
	size_t cursor_n;
	char seen[1024];
	void (*then)(struct outcome *o); /* called from within the callback */
} outcome;

void kit_saved(void *user, rg_status status, rg_response *response);
void kit_looked_up(void *user, rg_status status, rg_targets *targets);
void kit_removed(void *user, rg_status status, uint32_t n);
void kit_answered(void *user, rg_status status, rg_answer *answer);
int32_t kit_each(void *user, const rg_record *record);
void kit_each_done(void *user, rg_status status, const rg_str *cursor);
void kit_counted(void *user, rg_status status, rg_statistics *stats);
void kit_freed(void *user);

rg_status kit_save_async(kit *k, const char *aor, const char *contact, int cseq, outcome *o);
int64_t kit_stat(kit *k, const char *name);
rg_time kit_tick(kit *k);

#endif
