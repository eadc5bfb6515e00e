/* SPDX-License-Identifier: MIT */
/* Host names asked about through env.resolve, once each. */
#ifndef RG__RESOLVE_H
#define RG__RESOLVE_H

#include <rgstr/registrar.h>
#include <stdbool.h>

typedef struct rg__resolver rg__resolver;

/* For @p n names, which must outlive it. NULL: out of memory. */
rg__resolver *rg__resolver_new(rg_op *op, const rg_str *hosts, uint32_t n);
void rg__resolver_free(rg__resolver *r);

/* Asks. True: all is answered, or will not be. False: the operation goes on when it is, maybe on another thread already. In the blocking
 * form an answer not given at once counts as none. */
bool rg__resolver_ask(rg__resolver *r, bool blocking);

/* Waits no longer for what was not answered. False: it was not waiting. */
bool rg__resolver_expire(rg__resolver *r);

/* What was found; borrowed. */
const rg_resolved *rg__resolver_found(const rg__resolver *r, uint32_t *n);

#endif
