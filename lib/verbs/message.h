/* SPDX-License-Identifier: MIT */
/* What the verbs on messages share. */
#ifndef RG__VERB_MSG_H
#define RG__VERB_MSG_H

#include "engine/engine.h"

/* Has the adaptor what it must have? */
bool rg__msg_is_whole(const rg_registrar *reg, const rg_msg *msg);

/* Reads the message under the configuration of the moment. @p value, unless it is NULL, becomes the text of parameter @p param, to be
 * freed, and is left alone where that has none. */
rg_status rg__msg_read(rg_registrar *reg, const rg_msg *msg, rg_request *out, int param, char **value);

/* The completion form of a verb on a message, under way: the first member of the verb's own struct, which has the callback. */
typedef struct rg__msg_call {
	rg_msg msg;
	char *avp; /* host variable that a parameter names; NULL = none */
	void *user;
	rg_free_cb free_user;
} rg__msg_call;

/* Makes one of @p size bytes and reads its message. @p param names the variable; -1 = none. @p out points to a pointer to the verb's own
 * struct. On an error there is nothing to release. */
rg_status rg__msg_call_new(rg_registrar *reg, const rg_msg *msg, size_t size, int param, void *user, rg_free_cb free_user,
	rg_request *request, void *out);
void rg__msg_call_free(void *call);         /* with the caller's user data */
void rg__msg_call_drop(rg__msg_call *call); /* one that did not start: the user data is still the caller's */

/* Sets value @p index of host variable @p avp, NULL = none. An adaptor that cannot set any has said all there is to say. */
rg_status rg__msg_tell_attr(const rg_msg *msg, const char *avp, uint32_t index, rg_str attr);

#endif
