/* SPDX-License-Identifier: MIT */
/* Lines for the host's log. */
#ifndef RG__LOG_H
#define RG__LOG_H

#include <rgstr/registrar.h>
#include "text/text.h"

/* printf-like; control characters come out as `?`. Nothing when the host takes no log. Call it with no lock held. */
void rg__log(const rg_env *env, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
