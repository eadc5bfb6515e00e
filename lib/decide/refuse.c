/* SPDX-License-Identifier: MIT */
#include "decide/merge.h"
#include "message/message.h"
#include <stdlib.h>

static int32_t refusal_code(int32_t reason, const rg__save_settings *set)
{
	if (reason == RG_R_INV_CSEQ && set->cseq_code > 0)
		return (int32_t)set->cseq_code;
	if (reason == RG_R_TOO_MANY && set->too_many_code > 0)
		return (int32_t)set->too_many_code;
	return rg_reason_code(reason);
}

void rg__refuse(int32_t reason, const rg__save_settings *set, const rg__register *reg, rg_time now, rg__answer *answer, rg__extras *extras)
{
	*answer = (rg__answer){ .reason = reason, .code = refusal_code(reason, set), .now = now, .extras = extras, .no_reply = set->no_reply };
	*extras = (rg__extras){ .retry_after = set->retry_after, .min_expires = set->min_expires };
	if (reg && reg->min_expires > 0)
		extras->min_expires = reg->min_expires;
	if (reg) {
		extras->unsupported = reg->unsupported;
		/* The reply of the main registrar goes to the client, whatever is decided here. */
		extras->rewrites = reg->rewrites;
		extras->n_rewrites = reg->n_rewrites;
	}
	/* Base specification, path-strict: the 420 carries the received Path. */
	if (reg && reason == RG_R_PATH_UNSUP)
		extras->path = reg->path;
	if (reason == RG_R_OB_REQUIRED) /* RFC 3261 §21.4.16 */
		extras->require = RG_STR("outbound");
}

rg_status rg__refusal(int32_t reason, const rg_config *config, const rg_save_options *options, const rg__register *reg, rg_time now,
	rg_response **out)
{
	rg__save_settings set;

	rg__save_settings_of(config, options, &set);
	if (reg)
		set.no_reply = reg->set->no_reply;
	rg__answer answer;
	rg__extras extras;

	rg__refuse(reason, &set, reg, now, &answer, &extras);
	void *room = malloc(rg__response_size(&answer));

	*out = room ? rg__response_put(&answer, room, NULL, NULL) : NULL;
	return room ? RG_OK : RG_ENOMEM;
}
