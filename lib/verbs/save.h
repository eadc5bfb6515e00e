/* SPDX-License-Identifier: MIT */
/* The front ends of save, for those on messages. */
#ifndef RG__SAVE_H
#define RG__SAVE_H

#include "verbs/message.h"

/* What is asked, and where the answer goes. */
typedef struct rg__save_asked {
	const rg_request *request;
	const rg_upstream *upstream; /* NULL unless the main registrar has answered */
	const rg_save_options *options;
	rg_save_cb done;             /* or, in the blocking form, */
	rg_response **out;           /* at the message level either may be NULL */

	/* The message level: applies the response, NULL = none, to the message. Returns @p status, or its own error. */
	rg_status (*apply)(const rg_msg *msg, rg_status status, rg_response *response);
	rg__msg_ref *message;
} rg__save_asked;

rg_status rg__save_block(rg_registrar *reg, const rg__save_asked *asked);
rg_status rg__save_start(rg_registrar *reg, const rg__save_asked *asked, void *user, rg_free_cb free_user, rg_op **handle);

#endif
