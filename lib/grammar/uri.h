/* SPDX-License-Identifier: MIT */
/* SIP URIs, RFC 3261 §19.1 and §25.1. Nothing is copied: every part is a slice of the text. */
#ifndef RG__URI_H
#define RG__URI_H

#include "text/text.h"

enum { RG__SCHEME_SIP = 1, RG__SCHEME_SIPS = 2, RG__SCHEME_OTHER = 3 };
enum { RG__HOST_NAME = 1, RG__HOST_IP4 = 2, RG__HOST_IP6 = 3 };

typedef struct rg__uri {
	rg_str text;     /* the whole URI */
	rg_str user;     /* as written with escapes, without password; absent without '@' */
	rg_str password; /* absent when there is none */
	rg_str host;     /* as written, IPv6 in brackets */
	rg_str params;   /* from the first ';' on, without headers; absent when there are none */
	rg_str headers;  /* after '?'; absent when there are none */
	rg_addr addr;    /* when the host is an address; its port is the stated one */
	uint16_t port;   /* 0 = not stated */
	uint8_t scheme;
	uint8_t host_kind;
	uint8_t n_params; /* at most RG__PARAMS_MAX */
	bool user_escaped; /* the user has an escape */
} rg__uri;

typedef struct rg__param {
	rg_str name;
	rg_str value; /* as written, quotes and escapes included; absent when there is no '=' */
} rg__param;

/* The most parameters, or headers, that one URI or header value may have. It bounds the cost of comparing them. */
#define RG__PARAMS_MAX 128

/* Validates sip: and sips: completely. Of other schemes only `scheme` and `text` are set. RG_EINVAL: not a URI. The text of a URI of any
 * scheme has no stray octet (rg__has_stray_octet()), so that it may be printed between < and >. */
rg_status rg__uri_parse(rg_str text, rg__uri *out);

/* rg__uri_parse() that is quicker for a URI of an IPv4 address without a user, and slower for others. */
rg_status rg__uri_parse_hop(rg_str text, rg__uri *out);

/* Reads whom a URI names: scheme, user and host. A URI with malformed password, port, parameters or headers names its user all the same;
 * these are then left out of @p out. RG_EINVAL: user or host cannot be read. */
rg_status rg__uri_read_address(rg_str text, rg__uri *out);

/* True of a URI with an octet that could end it where it is printed: a blank, a control character, `<`, `>` or `"`. */
bool rg__has_stray_octet(rg_str uri);

/* rg__uri_parse() for a URI without its scheme, which is taken to be sip. */
rg_status rg__uri_parse_bare(rg_str text, rg__uri *out);

/* RFC 3261 §19.1.4. URIs of other schemes are compared octet by octet. */
bool rg__uri_equal(const rg__uri *a, const rg__uri *b);

/* rg__uri_equal() without the URI parameters that @p without, a list of names, leaves out. */
bool rg__uri_equal_without(const rg__uri *a, const rg__uri *b, const rg_str *without, uint32_t n);

/* Reads the next URI parameter; @p rest starts as uri.params. False at the end. */
bool rg__uri_param_next(rg_str *rest, rg__param *out);
bool rg__uri_param(const rg__uri *uri, rg_str name, rg_str *value); /* case-insensitive; the value of a parameter without '=' is absent */

static inline bool rg__is_sips(rg_str uri) /* looks at the scheme only */
{
	return uri.n >= 5 && uri.p[4] == ':' && rg__eq_nocase(rg__sub(uri, 0, 4), RG_STR("sips"));
}

/* The port in effect: the stated one, else 5061 for sips or transport=tls/wss, else 5060. */
uint16_t rg__uri_port(const rg__uri *uri);

/* Appends a hop to @p b in the form of the store's tags: `ip:port` in canonical form, or `host:port` in lower case without trailing dot. */
void rg__uri_hop(const rg__uri *uri, rg__buf *b);

/* This hop as it stands in the URI; absent when the URI does not have it in that form. */
rg_str rg__uri_hop_slice(const rg__uri *uri);

/* Compare parts of a URI (RFC 3261 §19.1.4): an octet equals its escape, unless it is reserved. */
bool rg__same(rg_str a, rg_str b);
bool rg__same_nocase(rg_str a, rg_str b);
int rg__order(rg_str a, rg_str b); /* any total order in which rg__same() means equal */
int rg__order_nocase(rg_str a, rg_str b);
uint32_t rg__hash_nocase(rg_str s); /* equal for texts that rg__same_nocase() finds equal */

/* RFC 3261 §25.1 `hostname`, one trailing dot allowed, and beside it `_` and a single label of digits. */
bool rg__is_hostname(rg_str s);

/* Whether a host name can be one of the DNS. A `_` or a number alone is compared as text only: resolvers take a number for an address. */
bool rg__is_dns_name(rg_str s);

/* The names of a list so far, to find duplicates. `escapes`: these are names of URI parameters, where an octet equals its escape, and one has
 * an escape. */
typedef struct rg__names {
	uint32_t n;
	bool escapes, escaped; /* `escaped`: a name so far has an escape */
	uint64_t bits[4]; /* set by a hash of each name, so that in a long list most names need no comparison */
	rg_str name[RG__PARAMS_MAX];
} rg__names;

/* Up to this many names, comparing them costs less than their hashes. */
enum { RG__NAMES_FEW = 8 };

static inline void rg__names_init(rg__names *names, bool escapes) /* does not touch the large array */
{
	names->n = 0;
	names->escapes = escapes;
	names->escaped = false;
}

/* Adds a name of at least one octet. False: a duplicate, or too many names. */
bool rg__names_add(rg__names *names, rg_str name);

/* What tells of most short lists of names without an escape that no name occurs twice: a bit for length and first letter of each. */
typedef struct rg__shapes {
	uint64_t bits;
	bool collide; /* two names have the same bit: rg__names decides */
} rg__shapes;

static inline void rg__shapes_add(rg__shapes *shapes, rg_str name)
{
	uint64_t shape = (uint64_t)1 << ((name.n * 11 + ((unsigned char)name.p[0] | 0x20)) & 63);

	shapes->collide |= (shapes->bits & shape) != 0;
	shapes->bits |= shape;
}

/* Unescapes @p s into @p room, which has at least s.n bytes and may be @p s itself. RG_EINVAL for a malformed escape, and for a result
 * with a control character, NUL included. */
rg_status rg__unescape(rg_str s, char *room, size_t *n);

/* Writes one octet of a user, escaped when it is outside RFC 3261 `unreserved / user-unreserved`. Returns 1 or 3. */
size_t rg__escape_octet(char c, char out[3]);

#endif
