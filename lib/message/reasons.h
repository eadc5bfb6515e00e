/* SPDX-License-Identifier: MIT */
/*
 * The table of reasons: X(name, value, SIP code, statistic, text). The enumeration is in <rgstr/response.h>. The values have no gaps: a
 * table in the order of the rows does not compile otherwise.
 */
#ifndef RG__REASONS_H
#define RG__REASONS_H

#define RG__REASON_MAP(X) \
	X(RG_R_FINE, 0, 200, "accepted_regs", "No problem") \
	X(RG_R_INTERNAL, 1, 500, "rejects_internal", "Server Internal Error") \
	X(RG_R_INV_CSEQ, 2, 400, "rejects_inv_cseq", "Invalid CSeq number") \
	X(RG_R_AOR_LEN, 3, 400, "rejects_aor_len", "Address Of Record too long") \
	X(RG_R_AOR_PARSE, 4, 400, "rejects_aor_parse", "Error while parsing AOR") \
	X(RG_R_INV_EXP, 5, 400, "rejects_inv_exp", "Invalid expires param in contact") \
	X(RG_R_INV_Q, 6, 400, "rejects_inv_q", "Invalid q param in contact") \
	X(RG_R_PARSE, 7, 400, "rejects_parse", "Message parse error") \
	X(RG_R_TO_MISS, 8, 400, "rejects_to_miss", "To header not found") \
	X(RG_R_CID_MISS, 9, 400, "rejects_cid_miss", "Call-ID header not found") \
	X(RG_R_CS_MISS, 10, 400, "rejects_cs_miss", "CSeq header not found") \
	X(RG_R_PARSE_EXP, 11, 400, "rejects_parse_exp", "Expires parse error") \
	X(RG_R_PARSE_CONT, 12, 400, "rejects_parse_cont", "Contact parse error") \
	X(RG_R_STAR_EXP, 13, 400, "rejects_star_exp", "* used in contact and expires is not zero") \
	X(RG_R_STAR_CONT, 14, 400, "rejects_star_cont", "* used in contact and more than 1 contact") \
	X(RG_R_UNESCAPE, 15, 400, "rejects_unescape", "Error while unescaping username") \
	X(RG_R_TOO_MANY, 16, 503, "rejects_too_many", "Too many registered contacts") \
	X(RG_R_CONTACT_LEN, 17, 400, "rejects_contact_len", "Contact/received too long") \
	X(RG_R_CALLID_LEN, 18, 400, "rejects_callid_len", "Callid too long") \
	X(RG_R_PARSE_PATH, 19, 400, "rejects_parse_path", "Path parse error") \
	X(RG_R_PATH_UNSUP, 20, 420, "rejects_path_unsup", "No support for found Path indicated") \
	X(RG_R_PNS_UNSUP, 21, 555, "rejects_pns_unsup", "Push Notification Service Not Supported") \
	X(RG_R_MIN_EXPIRES, 22, 423, "rejects_min_expires", "Interval Too Brief") \
	X(RG_R_STORE, 23, 503, "rejects_store", "Location store unavailable") \
	X(RG_R_REQUIRE, 24, 420, "rejects_require", "Extension not supported") \
	X(RG_R_OB_REQUIRED, 25, 421, "rejects_ob_required", "Extension Required") \
	X(RG_R_OB_EDGE, 26, 439, "rejects_ob_edge", "First Hop Lacks Outbound Support") \
	X(RG_R_DOMAIN, 27, 404, "rejects_domain", "Not responsible for this address") \
	X(RG_R_FORBIDDEN, 28, 403, "rejects_forbidden", "Not authorized for this address") \
	X(RG_R_FROM_MISS, 29, 400, "rejects_from_miss", "From header not found") \
	X(RG_R_LOOP, 30, 403, "rejects_loop", "Contact would loop") \
	X(RG_R_OB_MULTI, 31, 400, "rejects_ob_multi", "More than one contact with reg-id") \
	X(RG_R_SIPS, 32, 400, "rejects_sips", "sips contact needs a sips request and path") \
	X(RG_R_TOO_LARGE, 33, 413, "rejects_too_large", "Request exceeds a limit") \
	X(RG_R_SCHEME, 34, 416, "rejects_scheme", "Unsupported URI Scheme")

/* The number of reasons. */
#define RG__REASON_ONE(name, value, code, statistic, text) + 1
enum { RG__REASON_COUNT = 0 RG__REASON_MAP(RG__REASON_ONE) };
#undef RG__REASON_ONE

#endif
