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

rg__answer rg__refuse(int32_t reason, const rg__save_settings *set, const rg__register *reg, rg_time now)
{
	rg__answer answer = { .no_reply = set->no_reply, .now = now, .retry_after = set->retry_after, .min_expires = set->min_expires };

	answer.reason = reason;
	answer.code = refusal_code(reason, set);
	if (reg && reg->min_expires > 0)
		answer.min_expires = reg->min_expires;
	if (reg) {
		answer.unsupported = reg->unsupported;
		/* The reply of the main registrar goes to the client, whatever is decided here. */
		answer.rewrites = reg->rewrites;
		answer.n_rewrites = reg->n_rewrites;
	}
	/* Base specification, path-strict: the 420 carries the received Path. */
	if (reg && reason == RG_R_PATH_UNSUP)
		answer.path = reg->path;
	if (reason == RG_R_OB_REQUIRED) /* RFC 3261 §21.4.16 */
		answer.require = RG_STR("outbound");
	return answer;
}

rg_status rg__refusal(int32_t reason, const rg_config *config, const rg_save_options *options, const rg__register *reg, rg_time now,
	rg_response **out)
{
	rg__save_settings set;

	rg__save_settings_of(config, options, &set);
	if (reg)
		set.no_reply = reg->set.no_reply;
	rg__answer answer = rg__refuse(reason, &set, reg, now);
	void *room = malloc(rg__response_size(&answer));

	*out = room ? rg__response_put(&answer, room, NULL, NULL) : NULL;
	return room ? RG_OK : RG_ENOMEM;
}
