/* SPDX-License-Identifier: MIT */
#include "wire/wire.h"

enum { MOST_START = 65535 }; /* octets of a start line, where no config is at hand */

static bool begins_with_sip(rg_str s)
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

static bool is_method(rg_str method, const char *name, size_t n)
{
	return method.n == n && memcmp(method.p, name, n) == 0;
}

/* Letter case matters in a method (RFC 3261 §7.1), not in a version. */
static int32_t start_kind(rg_str line, rg_str method, rg_str version)
{
	bool known = version.n == 7 && memcmp(version.p, "SIP/2.0", 7) == 0;

	if (known && is_method(method, "REGISTER", 8))
		return RG__WIRE_SAVE;
	if (begins_with_sip(line))
		return RG__WIRE_RESPONSE;
	if (!rg__wire_is_token(method) || !begins_with_sip(version))
		return RG__WIRE_NO_SIP;
	known = known || rg__wire_same_name(version, RG_STR("SIP/2.0"));
	if (is_method(method, "ACK", 3))
		return known ? RG__WIRE_ACK : RG__WIRE_RESPONSE; /* one of another version gets nothing, as a response */
	if (!known)
		return RG__WIRE_VERSION;
	if (is_method(method, "REGISTER", 8))
		return RG__WIRE_SAVE;
	return is_method(method, "CANCEL", 6) ? RG__WIRE_CANCEL : RG__WIRE_OTHER;
}

static const char *first_space(rg_str line)
{
	if (line.n > 9 && memcmp(line.p, "REGISTER ", 9) == 0)
		return line.p + 8;
	return line.n > 0 ? memchr(line.p, ' ', line.n) : NULL;
}

/* Request-Line, RFC 3261 §7.1: method, one space, Request-URI, one space, version. */
void rg__wire_start_read(rg_str bytes, rg__wire_start *start)
{
	rg_str line = first_line(bytes);
	const char *end = line.p ? line.p + line.n : NULL, *first = first_space(line), *last = end;

	*start = (rg__wire_start){ .kind = bytes.n == 0 ? RG__WIRE_KEEP_ALIVE : RG__WIRE_NO_SIP }; /* RFC 5626 §4.4.1 */
	if (line.n > 8 && memcmp(end - 8, " SIP/2.0", 8) == 0)
		last = end - 7;
	while (first && last[-1] != ' ')
		last--;
	if (!first || last == first + 1)
		return;
	start->method = (rg_str){ line.p, (size_t)(first - line.p) };
	start->uri = (rg_str){ first + 1, (size_t)(last - first - 2) };
	start->kind = start_kind(line, start->method, (rg_str){ last, (size_t)(end - last) });
}
