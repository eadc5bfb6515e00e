/* SPDX-License-Identifier: MIT */
/* Filters received bytes before nta: limits before Sofia parses, and REGISTERs that nta would refuse itself. */
#ifndef REGISTRARD_INTAKE_H
#define REGISTRARD_INTAKE_H

#include "server.h"

/* @return a message class for the agent; free() it after the agent. NULL when out of memory. */
msg_mclass_t *intake_new(void);

/* @return 1 when the request was cut at a limit, and must be refused. */
int intake_is_cut(const sip_t *sip);

/* Removes the stand-ins of a REGISTER. @return 1 when it lacks a header that nta needs to build a response. */
int intake_restore(sip_t *sip);

#endif
