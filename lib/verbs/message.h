/* SPDX-License-Identifier: MIT */
/* The message level of the verbs: the request is read through the host's adaptor, and the result is applied to the host's message. */
#ifndef RG__MESSAGE_VERB_H
#define RG__MESSAGE_VERB_H

#include "engine/engine.h"

/* The message that a result is applied to. */
typedef struct rg__msg_ref {
	rg_msg msg;
	char *variable; /* name of the host variable that takes values; NULL = none */
} rg__msg_ref;

/* A message that a verb is given. */
typedef struct rg__msg_in {
	rg_request request;
	rg__msg_ref ref;
	bool read; /* false: `prepare` of the verb reads it, under the ticket of the operation */
} rg__msg_in;

/* Have the members of the adaptor a size that is accepted, and are the mandatory ones there? RG_EINVAL: no. */
rg_status rg__msg_check(const rg_msg *msg, const char *name, rg_error *why);

/* Takes a message that is to be read. @p name says that there is no message. @p wrong says what is wrong with another one, RG_EINVAL;
 * NULL = nothing. RG_EINVAL: the adaptor lacks a mandatory member. */
rg_status rg__msg_begin(rg_registrar *reg, const rg_msg *msg, const char *name, const char *wrong, rg__msg_in *in, rg_error *why);

/* Reads it. @p param, RG__P_…, names the host variable; -1 = none. */
rg_status rg__msg_read(rg__msg_in *in, const rg_config *config, int param, rg_error *why);

/* Both, under the current configuration. */
rg_status rg__msg_open(rg_registrar *reg, const rg_msg *msg, const char *name, const char *wrong, int param, rg__msg_in *in, rg_error *why);

/* Releases it, after an error of rg__msg_begin() or rg__msg_open() too. Returns @p status. */
rg_status rg__msg_close(rg__msg_in *in, rg_status status);

/* For `prepare` of a verb: the operation takes over the message. NULL: the data level, which has none. */
static inline void rg__msg_take(rg__msg_ref *from, rg__msg_ref *to)
{
	if (!from)
		return;
	*to = *from;
	from->variable = NULL;
}

/* Sets value @p index of the host variable. It is no error that there is none, or that the adaptor cannot set any. */
rg_status rg__msg_set_attr(const rg__msg_ref *ref, uint32_t index, rg_str attr);

#endif
