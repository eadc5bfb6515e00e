/* SPDX-License-Identifier: MIT */
/* The constants of the public headers by name. tests/headers/constants.c holds the table to the headers. */
#include "text/text.h"
#include <rgstr/constants.h>
#include <rgstr/registrar.h>
#include <rgstr/reply.h>

#define ROW(constant) { #constant, constant }

static const struct {
	const char *name;
	int64_t value;
} constants[] = {
	/* types.h */
	ROW(RG_TIME_NEVER),
	/* status.h */
	ROW(RG_OK), ROW(RG_PENDING), ROW(RG_EINVAL), ROW(RG_ENOMEM), ROW(RG_ENOENT), ROW(RG_ENOTSUP), ROW(RG_ECANCELED), ROW(RG_ETIMEOUT),
	ROW(RG_ESTORE), ROW(RG_ECONFLICT), ROW(RG_EUNKNOWN), ROW(RG_EFULL), ROW(RG_ELIMIT), ROW(RG_EFORMAT), ROW(RG_ECONTRACT),
	/* record.h */
	ROW(RG_METHOD_INVITE), ROW(RG_METHOD_ACK), ROW(RG_METHOD_BYE), ROW(RG_METHOD_CANCEL), ROW(RG_METHOD_REGISTER),
	ROW(RG_METHOD_OPTIONS), ROW(RG_METHOD_PRACK), ROW(RG_METHOD_UPDATE), ROW(RG_METHOD_INFO), ROW(RG_METHOD_SUBSCRIBE),
	ROW(RG_METHOD_NOTIFY), ROW(RG_METHOD_REFER), ROW(RG_METHOD_MESSAGE), ROW(RG_METHOD_PUBLISH), ROW(RG_METHOD_OTHER),
	ROW(RG_CONTACT_LOCAL), ROW(RG_CONTACT_PN), ROW(RG_CONTACT_OUTBOUND), ROW(RG_CONTACT_WOKEN), ROW(RG_LATENCY_NONE),
	ROW(RG_METHODS_ALL), ROW(RG_REMOVAL_KEEP), ROW(RG_REMOVALS_MAX), ROW(RG_RECORD_BYTES_MAX), ROW(RG_TEXT_OPAQUE),
	/* request.h */
	ROW(RG_REQUEST_REPLY), ROW(RG_REQUEST_NOT_LOCAL), ROW(RG_REQUEST_FORBIDDEN), ROW(RG_REQUEST_TCP_PERSISTENT),
	ROW(RG_REQUEST_HAS_BRANCH_FLAGS), ROW(RG_BRANCHES_MAX), ROW(RG_SOCKET_ROOM),
	/* response.h */
	ROW(RG_R_FINE), ROW(RG_R_INTERNAL), ROW(RG_R_INV_CSEQ), ROW(RG_R_AOR_LEN), ROW(RG_R_AOR_PARSE), ROW(RG_R_INV_EXP), ROW(RG_R_INV_Q),
	ROW(RG_R_PARSE), ROW(RG_R_TO_MISS), ROW(RG_R_CID_MISS), ROW(RG_R_CS_MISS), ROW(RG_R_PARSE_EXP), ROW(RG_R_PARSE_CONT),
	ROW(RG_R_STAR_EXP), ROW(RG_R_STAR_CONT), ROW(RG_R_UNESCAPE), ROW(RG_R_TOO_MANY), ROW(RG_R_CONTACT_LEN), ROW(RG_R_CALLID_LEN),
	ROW(RG_R_PARSE_PATH), ROW(RG_R_PATH_UNSUP), ROW(RG_R_PNS_UNSUP), ROW(RG_R_MIN_EXPIRES), ROW(RG_R_STORE), ROW(RG_R_REQUIRE),
	ROW(RG_R_OB_REQUIRED), ROW(RG_R_OB_EDGE), ROW(RG_R_DOMAIN), ROW(RG_R_FORBIDDEN), ROW(RG_R_FROM_MISS), ROW(RG_R_LOOP),
	ROW(RG_R_OB_MULTI), ROW(RG_R_SIPS), ROW(RG_R_TOO_LARGE), ROW(RG_R_SCHEME), ROW(RG_LOOKUP_FOUND), ROW(RG_LOOKUP_PUSHED),
	ROW(RG_LOOKUP_NONE), ROW(RG_LOOKUP_METHOD), ROW(RG_LOOKUP_ERROR),
	/* config.h */
	ROW(RG_PARAM_INT), ROW(RG_PARAM_BOOL), ROW(RG_PARAM_TEXT), ROW(RG_PARAM_ENUM),
	/* policy.h */
	ROW(RG_EVENT_AOR_INSERT), ROW(RG_EVENT_AOR_DELETE), ROW(RG_EVENT_CONTACT_INSERT), ROW(RG_EVENT_CONTACT_UPDATE),
	ROW(RG_EVENT_CONTACT_DELETE), ROW(RG_EVENT_CONTACT_EXPIRE), ROW(RG_EVENT_CONTACT_REFRESH), ROW(RG_EVENT_LATENCY_UPDATE),
	ROW(RG_EVENT_ALL), ROW(RG_OUTCOME_INSERTED), ROW(RG_OUTCOME_UPDATED), ROW(RG_OUTCOME_REMOVED), ROW(RG_OUTCOME_REPEATED),
	ROW(RG_OUTCOME_IGNORED),
	/* store.h */
	ROW(RG_STORE_INLINE), ROW(RG_STORE_THREAD_SAFE), ROW(RG_STORE_SHARED), ROW(RG_STORE_OVERLAY), ROW(RG_OP_BLOCKING),
	ROW(RG_FETCH_FRESH),
	/* env.h */
	ROW(RG_LOG_ERROR), ROW(RG_LOG_WARNING), ROW(RG_LOG_INFO), ROW(RG_LOG_DEBUG),
	/* stats.h */
	ROW(RG_STATISTICS_LABELS_MAX),
	/* federation.h */
	ROW(RG_HOMES_MAX),
	/* reply.h */
	ROW(RG_TO_KEY_BYTES),
};

enum { N_CONSTANTS = sizeof constants / sizeof *constants };

uint32_t rg_constant_count(void)
{
	return N_CONSTANTS;
}

rg_status rg_constant_get(uint32_t index, const char **name, int64_t *value)
{
	bool there = name && value && index < N_CONSTANTS;

	if (name)
		*name = there ? constants[index].name : NULL;
	if (value)
		*value = there ? constants[index].value : 0;
	if (!name || !value)
		return RG_EINVAL;
	return there ? RG_OK : RG_ENOENT;
}

rg_status rg_constant(rg_str name, int64_t *value)
{
	if (!value)
		return RG_EINVAL;
	*value = 0;
	for (uint32_t i = 0; i < N_CONSTANTS; i++) {
		if (rg__eq(name, rg_str_from(constants[i].name))) {
			*value = constants[i].value;
			return RG_OK;
		}
	}
	return RG_ENOENT;
}
