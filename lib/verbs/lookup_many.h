/* SPDX-License-Identifier: MIT */
/* A lookup of several records (flags `branch` and `global`): each is fetched and selected on its own, then they are joined. */
#ifndef RG__LOOKUP_WIDE_H
#define RG__LOOKUP_WIDE_H

#include "message/message.h"
#include "engine/engine.h"

typedef struct rg__wide rg__wide;

/* May a lookup with these options, NULL = none, be of several records? */
bool rg__wide_wanted(const rg_lookup_options *options);

/* RG_OK, or why it cannot be: RG_EINVAL for too many branches, RG_ENOTSUP when the blocking form could not wait. */
rg_status rg__wide_check(rg_registrar *reg, const rg_lookup_options *options, const rg_request *request, bool blocking);

/* The AoRs that are looked up. @p op is that of the lookup; request and settings are borrowed for as long as it lives. */
rg_status rg__wide_new(rg_op *op, const rg_request *request, const rg__lookup_settings *settings, rg__wide **out);
void rg__wide_free(rg__wide *wide);

/* Those of the verb. */
bool rg__wide_next(rg__wide *wide);
rg_status rg__wide_decide(rg__wide *wide);
bool rg__wide_done(rg__wide *wide, rg_status status);

/* What all of it came to, whatever the operation did: called once, maybe while another thread still goes on with it. */
rg_status rg__wide_answer(rg__wide *wide, rg_status status, rg_targets **out);

#endif
