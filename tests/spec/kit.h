/* SPDX-License-Identifier: MIT */
/*
 * The specification's table: a row a name of the base specification, and the row is its test. A row reads as the sentence it holds the
 * library to: what a host does through the public API, and what comes back as text to compare.
 */
#ifndef SPEC_KIT_H
#define SPEC_KIT_H

#include <criterion/criterion.h>
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <rgstr/sofia.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Contacts that rows speak of, and what is found when the first of them is all there is, or nobody. */
#define A "<sip:a@192.0.2.1>"
#define B "<sip:b@192.0.2.2>"
#define C "<sip:c@192.0.2.3>"
#define AS_A "1 sip:a@192.0.2.1"
#define NOBODY "-1 404"

typedef struct row {
	const char *kind, *name, *section;
} row;

enum { ROOMS = 8, ROOM = 4096 };

/* A host of the library, with a clock of its own, over a memory store. Each row has one to itself. */
typedef struct host {
	rg_time now;
	rg_config *config;
	rg_store *store;
	rg_registrar *reg;
	rg_response *response; /* of the last save */
	rg_targets *targets;   /* of the last lookup */
	int cseq;              /* of the last REGISTER */
	int warnings;          /* lines of log of that level */
	int room;
	char rooms[ROOMS][ROOM]; /* what was printed last */
} host;

void host_open(host *h);
void host_close(host *h);
void host_over(host *h, rg_store *store); /* starts anew over this store, with all defaults; takes the reference */
rg_store *broken_store(void); /* answers nothing but errors */

/* A row of the table: its place in it, and the test that it is. `h` is the row's host. */
#define ROW_AS(kind, id, name, at) \
	static const row row_##kind##_##id = { #kind, name, at }; \
	__attribute__((used, section("spec_rows"))) static const row *const listed_##kind##_##id = &row_##kind##_##id; \
	static void kind##_##id(host *h); \
	Test(spec, kind##_##id) \
	{ \
		host h; \
\
		host_open(&h); \
		kind##_##id(&h); \
		host_close(&h); \
	} \
	static void kind##_##id(host *h)
#define ROW(kind, id, at) ROW_AS(kind, id, #id, at)

#define IS(got, want) \
	do { \
		const char *got_ = (got); \
		cr_expect_str_eq(got_, (want), "%s is %s", #got, got_); \
	} while (0)

/* Sets a parameter of the running registrar, as a modparam line does; NULL unsets it. */
void set(host *h, const char *name, const char *value);

/* The values of a parameter in effect: its default, the specification's example, which it has afterwards, and one it cannot have. */
void takes(host *h, const char *name, const char *usual, const char *example, const char *bad);

/* A REGISTER; what is left out is that of an ordinary one of alice's, and CSeq is always the next. Of each header one line. */
typedef struct said {
	const char *contact; /* NULL: a query */
	const char *flags;   /* of save */
	const char *to, *from, *callid, *expires, *path, *supported, *user_agent, *allow, *caps;
	const char *domain, *aor, *tag, *received, *attr, *socket, *socket_header, *transport, *flow;
	uint32_t bits;
} said;

/* "200" and the Contact values it lists, or the code and what P-Registrar-Error says. */
#define SAVE(...) save(h, (said){ __VA_ARGS__ })
const char *save(host *h, said s);
const char *header(host *h, const char *name); /* its values, joined by commas; "" for none */

/* A request to route; what is left out is that of an INVITE to alice. A reply has no Request-URI. */
typedef struct asked {
	int none; /* so that nothing need be said */
	const char *uri, *flags, *method, *aor, *branch[4];
	uint32_t bits;
} asked;

/* The result code and the URIs of the targets in order, or the result code and the SIP code that goes with it. */
#define FOUND(...) found(h, (asked){ 0, __VA_ARGS__ })
const char *found(host *h, asked a);
rg_target target(host *h, uint32_t index); /* of the last lookup */

const char *text(host *h, rg_str s);                                               /* "-" when it is absent */
const char *filled(host *h, const char *before, size_t n, const char *after);       /* with n letters in between */
rg_query query(const char *aor);
const char *answered(host *h, rg_status status, rg_answer **answer);                /* "yes" and the URIs, or "no"; releases it */
int64_t statistic(host *h, const char *name);

/* A message of a host that runs Sofia-SIP and has host variables. */
typedef struct post {
	rg_sofia_message sofia;
	rg_sofia_source source;
	rg_msg msg;
	const char *name, *value; /* the one host variable that has a value */
	char set[512];            /* those that were set: "name[index]=value;" each */
} post;

#define REGISTER_TEXT(cseq, more) \
	"REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:alice@example.org>;tag=1\r\n" \
	"To: <sip:alice@example.org>\r\nCall-ID: c1\r\nCSeq: " #cseq " REGISTER\r\n" more "Content-Length: 0\r\n\r\n"

#define INVITE_TEXT(more) \
	"INVITE sip:alice@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2\r\nFrom: <sip:bob@example.org>;tag=3\r\n" \
	"To: <sip:alice@example.org>\r\nCall-ID: c9\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n" more "Content-Length: 0\r\n\r\n"

void post_open(post *p, const char *bytes);
void post_close(post *p);
const char *posted(host *h, post *p, const char *flags); /* saves the message: the code of the response */
void routed(host *h, post *p, const char *flags);        /* looks it up, and applies what was found to it */
const char *sent(host *h, post *p);                      /* the message as it goes out */

#endif
