/* SPDX-License-Identifier: MIT */
/* A registrar in the simplest words there are: arrays, linear search, URIs compared as text. What the library must agree with. */
#ifndef NAIVE_H
#define NAIVE_H

#include <rgstr/registrar.h>
#include <stdbool.h>

enum { NAIVE_MAX = 64, NAIVE_EVENTS = 256 };

/* What the push parameters in a URI are: none; a provider alone without a value; the token of a device, 1 to 9; one of an unknown provider. */
enum { PUSH_NONE = 0, PUSH_ASKS = 10, PUSH_UNKNOWN = 11 };

/* How long before the end of a binding its device is woken, and the shortest lifetime that this allows, in seconds. */
enum { PUSH_TRIGGER = 120, PUSH_LEAST = 127 };

typedef struct naive_contact {
	char uri[64];
	int64_t expires; /* asked for; -1 = not stated */
	int32_t q;       /* -1 = not stated */
	int instance;    /* number of the phone; 0 = not stated */
	uint32_t reg_id; /* 0 = not stated */
	uint32_t flow;   /* the reg-id where outbound applies, found by naive_policy() */
	int push;        /* PUSH_…; of its URI */
} naive_contact;

typedef struct naive_request {
	char callid[16];
	uint32_t cseq;
	bool star;
	uint32_t n;
	naive_contact contacts[8];
	int allow, agent; /* bits of methods, number of a make; 0 = not stated */
	int path;      /* number of the edge it came through; 0 = straight from the phone */
	bool local, header; /* memory-only; it has a socket header */
	bool ob;       /* that edge keeps flows */
	bool says_path, says_outbound;
	uint64_t what; /* equal for two requests with equal contacts, and only for those */
} naive_request;

typedef struct naive_binding {
	char uri[64], callid[16];
	uint32_t cseq, latency, turn; /* turn: of those made at one time, in which it was */
	int32_t q;
	int instance, allow, agent, path;
	int received;        /* number of the edge that said so; 0 = none */
	bool local, header;  /* kept here; its socket is that of the header */
	uint32_t flow;       /* 0 = none */
	rg_time expires, modified, created;
	uint64_t what, granted; /* granted: seconds, when this request granted it; else 0 */
	bool own;
	int push;            /* PUSH_…; of its URI */
	bool wakes, woken;   /* its device is to be woken; it was */
} naive_binding;

typedef struct naive_event {
	uint32_t kind;
	char uri[64]; /* "" for the AoR's own */
} naive_event;

typedef struct naive_rules {
	int64_t default_expires, min_expires, max_expires, max_contacts;
	bool force, only_request, newest_first;
	int eviction; /* 0 oldest, 1 soonest-expiry, 2 lowest-q */
	int path;     /* 0 ignored, 1 off, 2 lazy, 3 strict */
	int outbound; /* 0 off, 1 on, 2 required */
	bool path_received, socket_header, push;
} naive_rules;

typedef struct naive_aor {
	naive_binding bindings[NAIVE_MAX], gone[NAIVE_MAX];
	uint32_t n, n_gone, made;
} naive_aor;

typedef struct naive_answer {
	int32_t reason;
	bool requires_outbound, offers_push;
	int shows_path; /* number of the edge; 0 = none */
	uint32_t n;
	naive_binding contacts[NAIVE_MAX]; /* the request's own first, in its order, then the rest; of those the order is not told */
	uint32_t n_own, n_events;
	naive_event events[NAIVE_EVENTS];
} naive_answer;

typedef struct naive_flags {
	bool no_branches, by_method, by_agent, by_latency;
	int method, agent;       /* of the request; of the filter */
	int64_t max_latency;     /* -1 = any */
} naive_flags;

typedef struct naive_target {
	naive_binding binding;
	uint32_t fallback_of;
} naive_target;

typedef struct naive_targets {
	int32_t result, code;
	uint32_t n;
	naive_target targets[NAIVE_MAX];
} naive_targets;

bool naive_same_address(const char *a, const char *b); /* of two URIs, whatever their push parameters */

/* What Path, Outbound and Push say before any binding is looked at: a reason, or which Contacts are flows, and what a 200 shows. */
int32_t naive_policy(naive_request *request, const naive_rules *rules, naive_answer *out);
void naive_lookup(const naive_aor *aor, const naive_flags *flags, const naive_rules *rules, rg_time now, naive_targets *out);
void naive_latency(naive_aor *aor, const char *uri, uint32_t microseconds, rg_time now, naive_answer *out, uint32_t *changed);
void naive_save(naive_aor *aor, naive_request *request, const naive_rules *rules, rg_time now, naive_answer *out);
void naive_expire(naive_aor *aor, rg_time now, naive_answer *out);
void naive_remove(naive_aor *aor, const char *uri, rg_time now, naive_answer *out, uint32_t *removed);
uint32_t naive_live(const naive_aor *aor, rg_time now, naive_binding *out);

#endif
