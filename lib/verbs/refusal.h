/* SPDX-License-Identifier: MIT */
/* The line of log about a refused REGISTER. */
#ifndef RG__REFUSAL_H
#define RG__REFUSAL_H

#include <rgstr/registrar.h>
#include "register/register.h"

/* @p key  the AoR, as far as it was read; NULL = not at all. Call it when the host wants RG_LOG_DEBUG, with no lock held. */
void rg__log_refusal(const rg_env *env, const rg_request *request, const rg_key *key, int32_t reason, const rg__spot *spot);

#endif
