/* SPDX-License-Identifier: MIT */
/* Header values, RFC 3261 §20 and §25.1: lists, name-addr, header parameters, tokens. */
#ifndef RG__HEADER_H
#define RG__HEADER_H

#include "grammar/uri.h"

/* Takes the next comma-separated value off @p rest, and trims it. A comma inside quotes or <> separates nothing.
 * 1: a value, which may be empty ("a,,b" has an empty one); 0: the end, @p rest was absent; -1: an unclosed quote or bracket.
 * After the last value @p rest is absent. */
int rg__list_next(rg_str *rest, rg_str *value);

/* Whether every value of all lines is a token or empty. */
bool rg__is_token_list(const rg_str *lines, uint32_t n);

typedef struct rg__name_addr {
	rg_str display; /* as written; absent when there is none */
	rg_str uri;     /* without <> */
	rg_str params;  /* header parameters, from the first ';' on; absent when there are none */
	bool bracketed;
} rg__name_addr;

/* Header parameters. Only the first `n` rows are ever written. */
typedef struct rg__params {
	uint32_t n;
	rg__param row[RG__PARAMS_MAX];
} rg__params;

/* Reads `name-addr / addr-spec` with parameters, and checks the syntax of display name, brackets and parameters, but not of the URI.
 * Without <> every ;param is a header parameter, and a ',' or '?' in the URI is refused (RFC 3261 §20). RG_EINVAL. */
rg_status rg__name_addr_parse(rg_str value, rg__name_addr *out);

/* rg__name_addr_parse() that also returns the parameters. */
rg_status rg__name_addr_read(rg_str value, rg__name_addr *out, rg__params *params);

/* rg__list_next() and rg__name_addr_read() at once. @p good: the value is well-formed. Else @p out and @p params are of no use. */
int rg__name_addr_next(rg_str *rest, rg_str *value, rg__name_addr *out, rg__params *params, bool *good);

/* Reads the next header parameter; @p rest starts at a ';' or is absent. 1: a parameter; 0: the end; -1: malformed (`;;`, a bad token,
 * an unclosed quote, text directly after a quoted string). LWS around ';' and '=' is allowed. */
int rg__param_next(rg_str *rest, rg__param *out);

/* The content of a quoted string as written, without the quotes. Any other value is returned unchanged. */
rg_str rg__unquote(rg_str value);

bool rg__is_token(rg_str s);   /* RFC 3261 `token`, at least one octet */
bool rg__is_callid(rg_str s);  /* RFC 3261 `callid` */

/* "4711 REGISTER" → number (below 2^31) and method. RG_EINVAL. */
rg_status rg__cseq_parse(rg_str value, uint32_t *number, rg_str *method);

/* qvalue → 0 to 1000. RG_EINVAL. */
rg_status rg__q_parse(rg_str value, int32_t *q);

/* 0 to 1000 → qvalue in the fewest digits, in @p room. */
enum { RG__Q_ROOM = 5 };
rg_str rg__q_print(int32_t q, char room[RG__Q_ROOM]);

#endif
