/* SPDX-License-Identifier: MIT */
/* What stands between received bytes and nta: limits before Sofia parses, and REGISTERs that nta would not hand over. */
#ifndef REGISTRARD_INTAKE_H
#define REGISTRARD_INTAKE_H

#include "server.h"

/* @return a message class for the agent, to be released with free() after it; NULL when memory is short. */
msg_mclass_t *intake_new(void);

/* @return 1 when there is more to a request than was parsed: it is to be refused. */
int intake_is_cut(const sip_t *sip);

/* Shows a REGISTER as it was received. @return 1 when it lacks what nta needs to make a response. */
int intake_restore(sip_t *sip);

#endif
