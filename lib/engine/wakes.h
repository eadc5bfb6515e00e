/* SPDX-License-Identifier: MIT */
/* The wake-ups of devices whose bindings are about to expire: the work behind the claim that a tick commits (decide.h). */
#ifndef RG__WAKES_H
#define RG__WAKES_H

#include "engine/op.h"

/* Begins to mark the wake-ups whose claims were delivered as sent, those of @p limit claims at most. Returns when to call again. */
rg_time rg__wakes_mark(rg_registrar *reg, uint32_t limit);

/* Forgets the claims that were delivered: another registrar takes their wake-ups over once they have lapsed. */
void rg__wakes_drop(rg_registrar *reg);

/* A commit landed: counts the wake-ups that it makes, those that a REGISTER answers, and those that end with their binding. */
void rg__wakes_count(rg_op *op);

#endif
