/* SPDX-License-Identifier: MIT */
/* SIP URIs, RFC 3261 §19.1 and §25.1. Zero-copy: everything is a slice of the text. */
#ifndef RG__URI_H
#define RG__URI_H

#include "text/text.h"

enum { RG__SCHEME_SIP = 1, RG__SCHEME_SIPS = 2, RG__SCHEME_OTHER = 3 };
enum { RG__HOST_NAME = 1, RG__HOST_IP4 = 2, RG__HOST_IP6 = 3 };

typedef struct rg__uri {
	rg_str text;     /* all of it */
	rg_str user;     /* as written, escapes and all, without password; absent when there is no '@' */
	rg_str password; /* absent when there is none */
	rg_str host;     /* as written, IPv6 in brackets */
	rg_str params;   /* from the first ';' on, without headers; absent when there are none */
	rg_str headers;  /* after '?'; absent when there are none */
	rg_addr addr;    /* when the host is an address; port as stated */
	uint16_t port;   /* 0 = not stated */
	uint8_t scheme;
	uint8_t host_kind;
	uint8_t n_params; /* at most RG__PARAMS_MAX */
} rg__uri;

typedef struct rg__param {
	rg_str name;
	rg_str value; /* as written, quotes and escapes included; absent when there is no '=' */
} rg__param;

/* The most parameters, or headers, that one URI or header value may have: what comparing them costs stays in bounds. */
#define RG__PARAMS_MAX 128

/* Validates sip: and sips: in full; of other schemes only scheme and `text` are set. RG_EINVAL if it is no URI. */
rg_status rg__uri_parse(rg_str text, rg__uri *out);

/* The same for a URI without its scheme, which is taken to be sip. */
rg_status rg__uri_parse_bare(rg_str text, rg__uri *out);

/* RFC 3261 §19.1.4; URIs of other schemes are equal octet by octet. */
bool rg__uri_equal(const rg__uri *a, const rg__uri *b);

/* The same, with the URI parameters named in @p without (a list of names) left out of the comparison. */
bool rg__uri_equal_without(const rg__uri *a, const rg__uri *b, const rg_str *without, uint32_t n);

/* Walks URI parameters: @p rest starts as uri.params. False at the end. */
bool rg__uri_param_next(rg_str *rest, rg__param *out);
bool rg__uri_param(const rg__uri *uri, rg_str name, rg_str *value); /* by name, case-insensitive; the value is absent for a bare one */

bool rg__is_sips(rg_str uri); /* by its scheme alone */

/* The port in effect: as stated, else 5061 for sips or transport=tls/wss, else 5060. */
uint16_t rg__uri_port(const rg__uri *uri);

/* Writes a hop as the store's tag has it: `ip:port` canonical, or `host:port` in lower case without trailing dot. Appends to @p b. */
void rg__uri_hop(const rg__uri *uri, rg__buf *b);

/* Equal as parts of a URI are (RFC 3261 §19.1.4): an octet equals its escape, unless it is a reserved one. */
bool rg__same(rg_str a, rg_str b);
bool rg__same_nocase(rg_str a, rg_str b);
int rg__order(rg_str a, rg_str b); /* some order that agrees with rg__same() */
int rg__order_nocase(rg_str a, rg_str b);
uint32_t rg__hash_nocase(rg_str s); /* the same for what rg__same_nocase() finds equal */

/* RFC 3261 §25.1 `hostname`, one trailing dot allowed. A last label of digits only is refused: it could be nothing but an address. */
bool rg__is_hostname(rg_str s);

/* Names seen so far, to find the one that comes twice. `escapes`: names of URI parameters, where an octet equals its escape. */
typedef struct rg__names {
	uint32_t n;
	bool escapes, escaped; /* `escaped`: one of them has an escape */
	uint64_t bits[4]; /* by a hash of the name, so that of many most are compared with no other */
	rg_str name[RG__PARAMS_MAX];
} rg__names;

static inline void rg__names_init(rg__names *names, bool escapes) /* leaves the large array alone */
{
	names->n = 0;
	names->escapes = escapes;
	names->escaped = false;
}

bool rg__names_add(rg__names *names, rg_str name); /* false: seen before, or too many */

/* %-unescapes @p s into @p room (at least s.n bytes), in place allowed. RG_EINVAL for a bad escape, and for a result with a control
 * character, NUL included. */
rg_status rg__unescape(rg_str s, char *room, size_t *n);

/* Writes an octet of a user, %-escaped when it is outside RFC 3261 `unreserved / user-unreserved`; returns 1 or 3. */
size_t rg__escape_octet(char c, char out[3]);

#endif
