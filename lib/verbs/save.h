/* SPDX-License-Identifier: MIT */
/* The front ends that all forms of save go through. */
#ifndef RG__SAVE_H
#define RG__SAVE_H

#include "verbs/message.h"

/* What is asked, and where the answer goes. */
typedef struct rg__save_asked {
	const rg_request *request;
	const rg_upstream *upstream; /* NULL unless the main registrar has answered */
	const rg_save_options *options;
	rg_save_cb done;             /* of the completion form */
	rg_response **out;           /* of the blocking form; at the message level both may be NULL */

	/* The message level: applies a response to the message. Returns @p status, or an error of its own. NULL = the data level. */
	rg_status (*apply)(rg_op *op, const rg_msg *msg, rg_status status, rg_response *response);
	rg__msg_in *message;
} rg__save_asked;

rg_status rg__save_block(rg_registrar *reg, const rg__save_asked *asked, rg_error *why);
rg_status rg__save_start(rg_registrar *reg, const rg__save_asked *asked, void *user, rg_free_cb free_user, rg_op **handle, rg_error *why);

#endif
