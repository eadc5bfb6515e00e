/* SPDX-License-Identifier: MIT */
/* The framing of raw bytes: where the header section ends, and whether Sofia may be shown it at all. */
#include "sofia/sofia.h"
#include <stdlib.h>

/* Length of the line end at @p p: 2, 1 for an LF alone where that will do, 0 = none, -1 = a lone CR or LF, or a CR cut off at the end. */
static int line_end(const char *p, const char *end, bool lf_only)
{
	if (*p == '\n')
		return lf_only ? 1 : -1;
	if (*p != '\r')
		return 0;
	return end - p > 1 && p[1] == '\n' ? 2 : -1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 3261 §7: lines end in CRLF, an empty one ends the header section. What Sofia takes for a line end besides (a lone CR), and what ends
 * its strings early (NUL), never gets as far as Sofia. */
void rg__sofia_frame_scan(rg_str bytes, size_t max_bytes, rg__sofia_frame *frame)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	uint32_t lines = 0, commas = 0;

	frame->defect = RG_R_TOO_LARGE;
	if (bytes.n > max_bytes)
		return;
	frame->defect = RG_R_PARSE;
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c > ',' && c != 0x7f)
			continue;
		commas += c == ',';
		if (c >= ' ' && c <= ',')
			continue;
		int n = line_end(p, end, frame->lf_only);
		if (n < 0 || (n == 0 && c != '\t'))
			return;
		if (n == 0)
			continue;
		p += n - 1;
		/* RFC 3261 §7.2: the start line is never folded; Sofia would pass over the white space. */
		if (++lines == 1 && p + 1 < end && is_space(p[1]))
			return;
		if (lines > RG_SOFIA_MAX_LINES + 1 || commas > RG_SOFIA_MAX_COMMAS) {
			frame->defect = RG_R_TOO_LARGE;
			return;
		}
		n = p + 1 < end ? line_end(p + 1, end, frame->lf_only) : 0;
		if (n > 0) {
			frame->head = (size_t)(p + 1 + n - bytes.p);
			frame->defect = RG_R_FINE;
			return;
		}
	}
}

/* The next logical line from @p at on, continuation lines included, with its line end. Absent at the end of the whole ones. */
static rg_str next_line(rg_str bytes, size_t *at, bool lf_only)
{
	const char *start = bytes.p + *at, *end = bytes.p + bytes.n, *p = start;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			return RG__NONE;
		p = lf + 1;
		if (p < end && !is_space(*p)) {
			*at = (size_t)(p - bytes.p);
			return (rg_str){ start, (size_t)(p - start) };
		}
	}
	/* What was to follow may have been its continuation: a last line is whole only when it is the empty one. */
	*at = bytes.n;
	return start < end && (p - start == 2 || (lf_only && p - start == 1)) ? (rg_str){ start, (size_t)(p - start) } : RG__NONE;
}

/* Every line end of a line that is copied has to be a real one, and nothing else in it a control character. */
static bool line_is_sound(rg_str line, bool lf_only)
{
	enum { COMMAS = 64 };
	const char *end = line.p + line.n;
	uint32_t commas = 0;

	for (const char *p = line.p; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		int n = line_end(p, end, lf_only);
		if (n < 0 || (n == 0 && ((c < ' ' && c != '\t') || c == 0x7f)))
			return false;
		if (n > 0)
			p += n - 1;
		commas += c == ',';
	}
	return commas <= COMMAS;
}

/* What a reply copies (RFC 3261 §8.2.6.2). */
static bool is_copied(const char *line)
{
	msg_hclass_t *const copied[] = { sip_via_class, sip_from_class, sip_to_class, sip_call_id_class, sip_cseq_class };
	isize_t at = 0;
	const msg_href_t *ref = msg_find_hclass(sip_default_mclass(), line, &at);

	for (int i = 0; ref && at > 0 && i < 5; i++) {
		if (ref->hr_class == copied[i])
			return true;
	}
	return false;
}

/* Of several that may stand once only Sofia takes the first: which is right nobody knows, and the request is refused anyway. */
msg_t *rg__sofia_frame_salvage(rg_str bytes, bool lf_only)
{
	enum { ROOM = 4096 }; /* of what is copied; a reply need not be longer to be understood */
	static const char start[] = "REGISTER sip:salvaged.invalid SIP/2.0\r\n";
	char *text = malloc(ROOM + 3);
	size_t at = 0, n = sizeof start - 1;
	msg_t *msg = NULL;

	if (!text)
		return NULL;
	memcpy(text, start, n);
	next_line(bytes, &at, lf_only);
	for (uint32_t lines = 0; lines < RG_SOFIA_MAX_LINES; lines++) {
		rg_str line = next_line(bytes, &at, lf_only);
		if (!line.p || line.p[0] == '\r' || line.p[0] == '\n')
			break;
		if (n + line.n > ROOM || !line_is_sound(line, lf_only))
			continue;
		memcpy(text + n, line.p, line.n);
		text[n + line.n] = '\0';
		if (is_copied(text + n))
			n += line.n;
	}
	memcpy(text + n, "\r\n", 2);
	msg = msg_make(sip_default_mclass(), MSG_FLG_EXTRACT_COPY, text, (ssize_t)(n + 2));
	free(text);
	return msg;
}

rg_str rg__sofia_frame_start_line(rg_str bytes, size_t max_bytes)
{
	size_t n = bytes.n < max_bytes ? bytes.n : max_bytes;
	const char *lf = n > 0 ? memchr(bytes.p, '\n', n) : NULL;

	if (!lf)
		return RG__NONE;
	n = (size_t)(lf - bytes.p);
	if (n > 0 && bytes.p[n - 1] == '\r')
		n--;
	return (rg_str){ bytes.p, n };
}
