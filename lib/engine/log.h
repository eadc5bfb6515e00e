/* SPDX-License-Identifier: MIT */
/* Lines for the host's log. */
#ifndef RG__LOG_H
#define RG__LOG_H

#include <rgstr/registrar.h>
#include "text/text.h"

/* Like printf. Control characters become `?`. Does nothing without env.log. Call it with no lock held. */
void rg__log(const rg_env *env, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
