/* SPDX-License-Identifier: MIT */
#include "message/reasons.h"
#include <rgstr/response.h>
#include <string.h>

static const struct {
	const char *name;
	int32_t code;
	const char *text;
} reasons[RG__REASON_COUNT] = {
#define REASON_ROW(name, value, code, statistic, text) [value] = { #name, code, text },
	RG__REASON_MAP(REASON_ROW)
#undef REASON_ROW
};

enum {
#define REASON_PLACE(name, value, code, statistic, text) PLACE_##name,
	RG__REASON_MAP(REASON_PLACE)
#undef REASON_PLACE
};

#define REASON_IN_PLACE(name, value, code, statistic, text) \
	_Static_assert(PLACE_##name == (value) && name == (value), "row i of the reasons is number i, as in the enumeration");
RG__REASON_MAP(REASON_IN_PLACE)
#undef REASON_IN_PLACE

static const struct {
	int32_t code;
	const char *phrase;
} phrases[] = {
	{ 100, "Trying" }, { 180, "Ringing" }, { 181, "Call Is Being Forwarded" }, { 182, "Queued" }, { 183, "Session Progress" },
	{ 200, "OK" }, { 202, "Accepted" }, { 300, "Multiple Choices" }, { 301, "Moved Permanently" }, { 302, "Moved Temporarily" },
	{ 305, "Use Proxy" }, { 380, "Alternative Service" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 402, "Payment Required" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 407, "Proxy Authentication Required" }, { 408, "Request Timeout" }, { 410, "Gone" },
	{ 413, "Request Entity Too Large" }, { 414, "Request-URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Unsupported URI Scheme" }, { 420, "Bad Extension" }, { 421, "Extension Required" }, { 423, "Interval Too Brief" },
	{ 430, "Flow Failed" },                       /* RFC 5626 §11.6 */
	{ 439, "First Hop Lacks Outbound Support" }, /* RFC 5626 §11.6 */
	{ 480, "Temporarily Unavailable" }, { 481, "Call/Transaction Does Not Exist" }, { 482, "Loop Detected" },
	{ 483, "Too Many Hops" }, { 484, "Address Incomplete" }, { 485, "Ambiguous" }, { 486, "Busy Here" },
	{ 487, "Request Terminated" }, { 488, "Not Acceptable Here" }, { 491, "Request Pending" }, { 493, "Undecipherable" },
	{ 500, "Server Internal Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Server Time-out" }, { 505, "Version Not Supported" }, { 513, "Message Too Large" },
	{ 555, "Push Notification Service Not Supported" }, /* RFC 8599 */
	{ 600, "Busy Everywhere" }, { 603, "Decline" }, { 604, "Does Not Exist Anywhere" }, { 606, "Not Acceptable" },
};

int32_t rg_reason_count(void)
{
	return RG__REASON_COUNT;
}

const char *rg_reason_name(int32_t reason)
{
	return reason >= 0 && reason < RG__REASON_COUNT ? reasons[reason].name + strlen("RG_R_") : NULL;
}

int32_t rg_reason_code(int32_t reason)
{
	return reason >= 0 && reason < RG__REASON_COUNT ? reasons[reason].code : 0;
}

const char *rg_reason_text(int32_t reason)
{
	return reason >= 0 && reason < RG__REASON_COUNT ? reasons[reason].text : NULL;
}

const char *rg_sip_phrase(int32_t code)
{
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		if (phrases[i].code == code)
			return phrases[i].phrase;
	}
	return "Unknown";
}
