/* SPDX-License-Identifier: MIT */
/* Resolves host names through env.resolve, each once. */
#ifndef RG__RESOLVE_H
#define RG__RESOLVE_H

#include <rgstr/registrar.h>
#include <stdbool.h>

typedef struct rg__resolver rg__resolver;

/* For @p n names, which must outlive it. NULL: out of memory. */
rg__resolver *rg__resolver_new(rg_op *op, const rg_str *hosts, uint32_t n);
void rg__resolver_free(rg__resolver *r);

/* Asks for all names. True: no answer is awaited. False: the last answer continues the operation, possibly on another thread already. In the
 * blocking form an answer that is not given at once counts as none. */
bool rg__resolver_ask(rg__resolver *r, bool blocking);

/* Ends the wait for the names that are not answered; names not asked for are left out. False: there was no wait, or it was ended before and
 * a call of env.resolve has not returned yet. */
bool rg__resolver_expire(rg__resolver *r);

/* The addresses found; borrowed. */
const rg_resolved *rg__resolver_found(const rg__resolver *r, uint32_t *n);

#endif
