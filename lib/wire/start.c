/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

enum { MOST_START = 65535 }; /* octets of a start line, where no config is at hand */

static bool starts_with_sip(rg_str s)
{
	return s.n > 4 && rg__wire_same_name((rg_str){ s.p, 4 }, RG_STR("SIP/"));
}

static rg_str first_line(rg_str bytes)
{
	size_t n = bytes.n < MOST_START ? bytes.n : MOST_START;
	const char *lf = n > 0 ? memchr(bytes.p, '\n', n) : NULL;

	if (!lf)
		return RG__WIRE_NONE;
	n = (size_t)(lf - bytes.p);
	if (n > 0 && bytes.p[n - 1] == '\r')
		n--;
	return (rg_str){ bytes.p, n };
}

static int32_t verdict_on(rg_str line, const rg__wire_start *start, rg_str version)
{
	if (starts_with_sip(line))
		return RG__WIRE_IGNORE; /* a reply gets no reply */
	if (!rg__wire_is_token(start->method) || !starts_with_sip(version))
		return RG__WIRE_NO_SIP;
	if (rg_str_equal(start->method, RG_STR("ACK")))
		return RG__WIRE_IGNORE; /* RFC 3261 §17: an ACK gets no reply */
	if (!rg__wire_same_name(version, RG_STR("SIP/2.0")))
		return RG__WIRE_VERSION; /* RFC 3261 §21.5.6 */
	return rg_str_equal(start->method, RG_STR("REGISTER")) ? RG__WIRE_SAVE : RG__WIRE_OTHER;
}

/* Request-Line, RFC 3261 §7.1: method, one space, Request-URI, one space, version. */
void rg__wire_start_read(rg_str bytes, rg__wire_start *start)
{
	rg_str line = first_line(bytes);
	const char *first = line.n > 0 ? memchr(line.p, ' ', line.n) : NULL, *last = line.n > 0 ? memrchr(line.p, ' ', line.n) : NULL;

	*start = (rg__wire_start){ .verdict = bytes.n == 0 ? RG__WIRE_IGNORE : RG__WIRE_NO_SIP }; /* RFC 5626 §4.4.1 keep-alive */
	if (!first || first == last)
		return;
	start->method = (rg_str){ line.p, (size_t)(first - line.p) };
	start->uri = (rg_str){ first + 1, (size_t)(last - first - 1) };
	start->verdict = verdict_on(line, start, (rg_str){ last + 1, (size_t)(line.p + line.n - last - 1) });
}
