/* SPDX-License-Identifier: MIT */
/* Lines for the host's log. */
#ifndef RG__LOG_H
#define RG__LOG_H

#include <rgstr/registrar.h>
#include "text/text.h"

/* Does the host want lines of this level? Ask before work that only a line needs. */
static inline bool rg__log_wants(const rg_env *env, int32_t level)
{
	return env->log && (env->log_level == 0 || level <= env->log_level);
}

/* Like printf. Control characters become `?`. Does nothing when the host does not want it. Call it with no lock held. */
void rg__log(const rg_env *env, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
