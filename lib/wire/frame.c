/* SPDX-License-Identifier: MIT */
/* Where the first message of a stream ends. */
#include "wire/wire.h"

/* In `n` of rg_wire_frame(), beside the length of a message of which the header section is complete. */
#define COMPLETE_HEAD (SIZE_MAX ^ SIZE_MAX >> 1)

static rg_status cannot_frame(rg_error *why, rg_status status, const char *text)
{
	return rg_error_set(why, status, rg_str_from(text));
}

/* RFC 5626 §4.4.1: two line ends are a ping. One between messages is passed over (RFC 3261 §7.5). 0: it is not told apart yet. */
static size_t keep_alive(rg_str bytes)
{
	if (bytes.n >= 4)
		return memcmp(bytes.p, "\r\n\r\n", 4) == 0 ? 4 : 2;
	return bytes.n == 3 && bytes.p[2] != '\r' ? 2 : 0;
}

/* Finds the end of the header section from @p from on. 0: it has not arrived. */
static size_t head_end(rg_str bytes, size_t from)
{
	const char *at = memmem(bytes.p + from, bytes.n - from, "\r\n\r\n", 4);

	return at ? (size_t)(at - bytes.p) + 4 : 0;
}

/* RFC 3261 §18.3: a message on a stream needs a Content-Length. False: there is none, or several, or it is malformed. */
static bool find_length(rg_str head, size_t *length)
{
	const char *end = head.p + head.n, *p;
	rg__wire_controls controls = rg__wire_controls_of(head.p, end);
	rg__wire_line line;
	bool found = false;

	for (p = rg__wire_line_take(head.p, &controls, &line); p && end - p > 2;) {
		p = rg__wire_line_take(p, &controls, &line);
		if (!p || !line.name.p)
			continue;
		if (!rg__wire_same_name(line.name, RG_STR("content-length")) && !rg__wire_same_name(line.name, RG_STR("l")))
			continue;
		if (found || !rg__wire_length_read(line.value, length))
			return false;
		found = true;
	}
	return found && p;
}

static rg_status frame_message(rg_str bytes, size_t max, size_t *n, rg_error *why)
{
	size_t seen = *n, head, body;
	rg__wire_start start;

	*n = 0;
	if (seen & COMPLETE_HEAD) {
		*n = seen & ~COMPLETE_HEAD;
	} else {
		head = head_end(bytes, seen < bytes.n ? seen : 0);
		if (head == 0 && bytes.n >= max)
			return cannot_frame(why, RG_ELIMIT, "the header section is longer than max");
		if (head == 0) {
			*n = bytes.n > 3 ? bytes.n - 3 : 0;
			return RG_PENDING;
		}
		rg__wire_start_read(bytes, &start);
		if (start.kind == RG__WIRE_NO_SIP)
			return cannot_frame(why, RG_EFORMAT, "the stream holds no SIP message");
		if (!find_length((rg_str){ bytes.p, head }, &body))
			return cannot_frame(why, RG_EFORMAT, "the message has no Content-Length, or the header section is malformed");
		if (head > max || body > max - head)
			return cannot_frame(why, RG_ELIMIT, "the message is longer than max");
		*n = head + body;
	}
	if (*n <= bytes.n)
		return RG_OK;
	*n |= COMPLETE_HEAD;
	return RG_PENDING;
}

rg_status rg_wire_frame(rg_str bytes, size_t max, size_t *n, rg_error *why)
{
	if (!n)
		return cannot_frame(why, RG_EINVAL, "n is NULL");
	if (bytes.n == 0)
		return RG_PENDING;
	if (bytes.p[0] == '\r' && (bytes.n == 1 || bytes.p[1] == '\n')) {
		*n = keep_alive(bytes);
		return *n > 0 ? RG_OK : RG_PENDING;
	}
	return frame_message(bytes, max < COMPLETE_HEAD ? max : COMPLETE_HEAD - 1, n, why);
}
