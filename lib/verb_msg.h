/* SPDX-License-Identifier: MIT */
/* Layer 5: what the verbs on messages share. */
#ifndef RG__VERB_MSG_H
#define RG__VERB_MSG_H

#include "registrar.h"

/* Has the adaptor what it must have? */
bool rg__msg_is_whole(const rg_registrar *reg, const rg_msg *msg);

/* Reads the message under the configuration of the moment. @p value, unless it is NULL, becomes the text of parameter @p param, to be
 * freed, and is left alone where that has none. */
rg_status rg__msg_read(rg_registrar *reg, const rg_msg *msg, rg_request *out, int param, char **value);

#endif
