/* SPDX-License-Identifier: MIT */
/**
 * @file op.h
 * A registrar and its operations in flight.
 */
#ifndef RGSTR_OP_H
#define RGSTR_OP_H

#include <rgstr/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A registrar. It is reference-counted. */
typedef struct rg_registrar rg_registrar;

/** A handle of an operation in flight. The `op` that a completion form hands out is owned by the caller; on an error it is NULL. */
typedef struct rg_op rg_op;

/**
 * Cancels an operation. An operation that has not completed completes with RG_ECANCELED before this returns; its commit, if one is in
 * flight, is undecided and continues. It does nothing for an operation that has completed, and for NULL. Any thread.
 */
RG_API void rg_op_cancel(rg_op *op);

/** Releases the handle. The operation continues. NULL is accepted. Any thread. */
RG_API void rg_op_free(rg_op *op);

#ifdef __cplusplus
}
#endif
#endif
