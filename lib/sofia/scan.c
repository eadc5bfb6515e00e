/* SPDX-License-Identifier: MIT */
/* Frames raw bytes: finds the end of the header section, and decides whether Sofia may parse it. */
#include "sofia/sofia.h"
#include <stdlib.h>

/* Length of the line end at @p p: 2, or 1 for an LF alone if that is allowed; 0: no line end; -1: a lone CR or LF, or a CR as the last
 * octet. */
static int line_end(const char *p, const char *end, bool lf_only)
{
	if (*p == '\n')
		return lf_only ? 1 : -1;
	if (*p != '\r')
		return 0;
	return end - p > 1 && p[1] == '\n' ? 2 : -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The number of commas; of more than @p most, one more than that. */
static uint32_t count_commas(rg_str line, uint32_t most)
{
	const char *p = line.p, *end = line.p + line.n;
	uint32_t n = 0;

	for (; n <= most && p < end && (p = memchr(p, ',', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

/* RFC 3261 §7: lines end in CRLF, and an empty line ends the header section. Sofia also takes a lone CR for a line end, and a NUL ends
 * its strings early; a message with either never reaches Sofia. */
void rg__sofia_frame_scan(rg_str bytes, size_t max_bytes, rg__sofia_frame *frame)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n, *lf;
	uint32_t lines = 0, commas = 0;

	frame->defect = RG_R_TOO_LARGE;
	if (bytes.n > max_bytes)
		return;
	frame->defect = RG_R_PARSE;
	for (; p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL; p = lf + 1) {
		bool crlf = lf > p && lf[-1] == '\r';
		rg_str line = { p, (size_t)(lf - p) - crlf };

		if ((!crlf && !frame->lf_only) || rg__sofia_has_bad_octet(line))
			return;
		/* RFC 3261 §7.2: the start line cannot be folded; Sofia would skip the white space. */
		if (++lines == 1 && lf + 1 < end && is_blank(lf[1]))
			return;
		commas += count_commas(line, RG_SOFIA_MAX_COMMAS - commas);
		if (lines > RG_SOFIA_MAX_LINES + 1 || commas > RG_SOFIA_MAX_COMMAS) {
			frame->defect = RG_R_TOO_LARGE;
			return;
		}
		int n = lf + 1 < end ? line_end(lf + 1, end, frame->lf_only) : 0;
		if (n > 0) {
			frame->head = (size_t)(lf + 1 + n - bytes.p);
			frame->defect = RG_R_FINE;
			return;
		}
	}
}

/* The next logical line from @p at on, with continuation lines and line end. Absent when no complete line is left. */
static rg_str next_line(rg_str bytes, size_t *at, bool lf_only)
{
	const char *start = bytes.p + *at, *end = bytes.p + bytes.n, *p = start;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			return RG__NONE;
		p = lf + 1;
		if (p < end && !is_blank(*p)) {
			*at = (size_t)(p - bytes.p);
			return (rg_str){ start, (size_t)(p - start) };
		}
	}
	/* Text that is missing here may have continued the line, so of last lines only the empty one is complete. */
	*at = bytes.n;
	return start < end && (p - start == 2 || (lf_only && p - start == 1)) ? (rg_str){ start, (size_t)(p - start) } : RG__NONE;
}

/* A line may be copied only if all its line ends are valid and it has no other control character. */
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

/* The headers that a reply copies (RFC 3261 §8.2.6.2). */
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

/* Of a header that may occur only once Sofia takes the first. Any choice will do, since the request is refused. */
msg_t *rg__sofia_frame_salvage(rg_str bytes, bool lf_only)
{
	enum { ROOM = 4096 }; /* limit of the copied text; no honest reply needs more */
	static const char start[] = "REGISTER sip:salvaged.invalid SIP/2.0\r\n";
	char *text = malloc(sizeof start + ROOM + 2);
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
		if (n + line.n > sizeof start - 1 + ROOM || !line_is_sound(line, lf_only))
			continue;
		memcpy(text + n, line.p, line.n);
		text[n + line.n] = '\0';
		if (is_copied(text + n))
			n += line.n;
	}
	memcpy(text + n, "\r\n", 2);
	msg = rg__sofia_make(sip_default_mclass(), (rg_str){ text, n + 2 });
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
