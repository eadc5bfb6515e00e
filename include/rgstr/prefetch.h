/* SPDX-License-Identifier: MIT */
/**
 * @file prefetch.h
 * Hints about the users whose records a host needs next.
 *
 * With a million users, a save or a lookup over a store in memory mostly waits for that memory. A host that has several requests at hand
 * can tell of all of them first: the memory of the later ones then arrives while the earlier ones are decided. Some 32 at once are enough;
 * with hundreds, the first ones leave the caches of the processor before they are used.
 *
 * A hint changes no result, and nothing has to follow it.
 */
#ifndef RGSTR_PREFETCH_H
#define RGSTR_PREFETCH_H

#include <rgstr/op.h>
#include <rgstr/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Tells the store that these keys will be fetched soon: rg_store_ops.prefetch. It does nothing over a store without this member, and
 * with a NULL argument. Any thread if the store is RG_STORE_THREAD_SAFE.
 * @param keys  the keys, borrowed for the call. They may be unknown, or given twice. @param n  their number; may be 0.
 */
RG_API void rg_prefetch(rg_registrar *registrar, const rg_key *keys, uint32_t n);

/**
 * As rg_prefetch(), for AoRs as requests name them: by the value of To for a REGISTER, by the Request-URI for a lookup.
 * @param domain  name of the table; absent = "location". @param aors  AoRs, each in a form that request.h lists, borrowed for the call.
 * What is absent, malformed or too long, as a temporary GRUU is, is passed over. @param n  their number; may be 0.
 */
RG_API void rg_prefetch_aors(rg_registrar *registrar, rg_str domain, const rg_str *aors, uint32_t n);

#ifdef __cplusplus
}
#endif
#endif
