/* SPDX-License-Identifier: MIT */
/* The header section of a message → the values that a registrar and a reply need. */
#include "wire/wire.h"
#include <stdlib.h>

/* Who needs a header well-formed: every request, REGISTER alone, or nobody. */
enum { EVERY, REGISTER, NOBODY };

static const struct header_row {
	rg_str name;
	char compact; /* RFC 3261 §7.3.3; 0 = none */
	bool list;
	uint8_t index, needed_by;
	int32_t repeated; /* the reason when a header that may occur once stands there again */
} rows[] = {
	{ { "Via", 3 }, 'v', true, RG__WIRE_VIA, EVERY, 0 },
	{ { "From", 4 }, 'f', false, RG__WIRE_FROM, EVERY, RG_R_PARSE },
	{ { "To", 2 }, 't', false, RG__WIRE_TO, EVERY, RG_R_PARSE },
	{ { "Call-ID", 7 }, 'i', false, RG__WIRE_CALL_ID, EVERY, RG_R_PARSE },
	{ { "CSeq", 4 }, 0, false, RG__WIRE_CSEQ, EVERY, RG_R_PARSE },
	{ { "Contact", 7 }, 'm', true, RG__WIRE_CONTACT, REGISTER, 0 },
	{ { "Expires", 7 }, 0, false, RG__WIRE_EXPIRES, REGISTER, RG_R_PARSE_EXP },
	{ { "Content-Length", 14 }, 'l', false, RG__WIRE_LENGTH, EVERY, RG_R_PARSE },
	{ { "User-Agent", 10 }, 0, false, RG__WIRE_USER_AGENT, NOBODY, RG_R_FINE },
	{ { "Supported", 9 }, 'k', true, RG__WIRE_SUPPORTED, NOBODY, 0 },
	{ { "Allow", 5 }, 0, true, RG__WIRE_ALLOW, NOBODY, 0 },
	{ { "Path", 4 }, 0, true, RG__WIRE_PATH, REGISTER, 0 },
	{ { "Require", 7 }, 0, true, RG__WIRE_REQUIRE, REGISTER, 0 },
	{ { "Route", 5 }, 0, true, RG__WIRE_ROUTE, NOBODY, 0 },
	{ { "Feature-Caps", 12 }, 0, true, RG__WIRE_FEATURE_CAPS, NOBODY, 0 },
};

static const struct header_row *row_of(rg_str name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (name.n == 1 ? rows[i].compact && (name.p[0] | 0x20) == rows[i].compact : rg__wire_same_name(name, rows[i].name))
			return &rows[i];
	}
	return NULL;
}

static void set_wire_defect(rg__wire_message *m, int32_t reason)
{
	if (m->defect == RG_R_FINE)
		m->defect = reason;
}

static void set_row_defect(rg__wire_message *m, const struct header_row *row, int32_t reason)
{
	if (row->needed_by == EVERY || (row->needed_by == REGISTER && m->start.verdict == RG__WIRE_SAVE))
		set_wire_defect(m, reason);
}

/* RFC 3261 §7.3.1: a line end and the white space after it count as one space. White space before the line end stays. One buffer holds all
 * folded values: each octet of the message is unfolded once, and once more by rg__wire_message_find(). */
static rg_str unfold_value(rg__wire_message *m, rg_str s)
{
	if (!m->unfolded)
		m->unfolded = m->unfolded_end = malloc(2 * m->size);
	char *to = m->unfolded_end;
	if (!to)
		return RG__WIRE_NONE;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\r') {
			*to++ = s.p[i];
			continue;
		}
		while (i + 1 < s.n && rg__wire_is(s.p[i + 1], RG__WIRE_LWS))
			i++;
		*to++ = ' ';
	}
	rg_str out = { m->unfolded_end, (size_t)(to - m->unfolded_end) };
	m->unfolded_end = to;
	return out;
}

static bool grow(rg__wire_message *m)
{
	if (m->n_lines < RG__WIRE_OWN_LINES || m->lines != m->own)
		return true;
	rg_str *lines = malloc(RG_WIRE_MAX_LINES * sizeof *lines);
	if (!lines)
		return false;
	memcpy(lines, m->own, sizeof m->own);
	m->lines = lines;
	return true;
}

/* The lines of one header stand together, so a line that comes later may have to be put in front of others. */
static bool take_list(rg__wire_message *m, int list, rg_str value)
{
	if (!grow(m))
		return false;
	uint16_t at = m->n[list] ? (uint16_t)(m->first[list] + m->n[list]) : m->n_lines;
	if (at < m->n_lines) {
		memmove(m->lines + at + 1, m->lines + at, (size_t)(m->n_lines - at) * sizeof *m->lines);
		for (int i = 0; i < RG__WIRE_LISTS; i++)
			m->first[i] += m->n[i] && m->first[i] >= at;
	}
	if (m->n[list] == 0)
		m->first[list] = at;
	m->lines[at] = value;
	m->n[list]++;
	m->n_lines++;
	return true;
}

/* RFC 3261 §20: a header that may occur only once. A second one could contradict the first, so it is refused. */
static void take_single(rg__wire_message *m, const struct header_row *row, rg_str value)
{
	if (m->singles[row->index].p)
		set_row_defect(m, row, row->repeated);
	else
		m->singles[row->index] = value;
}

static bool take_line(rg__wire_message *m, const rg__wire_line *line)
{
	const struct header_row *row = line->name.p ? row_of(line->name) : NULL;
	rg_str value = line->value;

	if (!row) {
		/* Faults in headers that the library does not read are ignored (RFC 3261 §16.3 step 1). */
		if (!line->name.p)
			set_wire_defect(m, RG_R_PARSE);
		return true;
	}
	if (line->folded && !(value = unfold_value(m, value)).p)
		return false;
	if (row->list)
		return take_list(m, row->index, value);
	take_single(m, row, value);
	return true;
}

static void begin_message(rg__wire_message *m, rg_str bytes, const rg__wire_start *start)
{
	memset(m, 0, offsetof(rg__wire_message, own));
	m->lines = m->own;
	m->size = bytes.n;
	m->start = *start;
}

/* RG_R_FINE, or the reason why the framing is invalid. */
static int32_t read_lines(rg__wire_message *m, rg_str bytes)
{
	const char *end = bytes.p + bytes.n, *p = bytes.p;
	rg__wire_line line;
	uint32_t ends = 0;

	p = rg__wire_line_take(p, end, &line);
	if (!p || line.folded) /* RFC 3261 §7.2: the start line cannot be folded */
		return RG_R_PARSE;
	while (p < end) {
		if (end - p > 1 && p[0] == '\r' && p[1] == '\n') {
			m->body = (rg_str){ p + 2, (size_t)(end - p - 2) };
			return RG_R_FINE;
		}
		p = rg__wire_line_take(p, end, &line);
		if (!p)
			return RG_R_PARSE;
		ends += line.ends;
		if (ends > RG_WIRE_MAX_LINES)
			return RG_R_TOO_LARGE;
		if (!take_line(m, &line))
			return RG_R_INTERNAL;
	}
	return RG_R_PARSE;
}

/* Are there Vias, and how many? */
static rg_status check_vias(rg__wire_message *m)
{
	for (uint16_t i = 0; i < m->n[RG__WIRE_VIA]; i++)
		m->n_vias = (uint16_t)(m->n_vias + rg__wire_value_count(m->lines[m->first[RG__WIRE_VIA] + i]));
	return m->n_vias > 0 ? RG_OK : RG_EINVAL;
}

/* RFC 3261 §8.1.1: the mandatory headers. */
static void check_headers(rg__wire_message *m)
{
	static const struct { uint8_t index; int32_t reason; } needed[] = {
		{ RG__WIRE_TO, RG_R_TO_MISS }, { RG__WIRE_FROM, RG_R_FROM_MISS }, { RG__WIRE_CALL_ID, RG_R_CID_MISS },
		{ RG__WIRE_CSEQ, RG_R_CS_MISS },
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		if (!m->singles[needed[i].index].p)
			set_wire_defect(m, needed[i].reason);
	}
	/* RFC 3261 §8.1.1.5 */
	if (m->singles[RG__WIRE_CSEQ].p && !rg__wire_cseq_fits(m->singles[RG__WIRE_CSEQ], m->start.method))
		set_wire_defect(m, RG_R_PARSE);
	if (m->singles[RG__WIRE_LENGTH].p && !rg__wire_length_fits(m->singles[RG__WIRE_LENGTH], m->body.n))
		set_wire_defect(m, RG_R_PARSE);
}

rg_status rg__wire_message_read(rg_str bytes, size_t max, const rg__wire_start *start, rg__wire_message *m)
{
	begin_message(m, bytes, start);
	int32_t defect = bytes.n > max ? RG_R_TOO_LARGE : read_lines(m, bytes);
	if (defect == RG_R_INTERNAL)
		return RG_ENOMEM;
	if (defect != RG_R_FINE) {
		rg__wire_message_clear(m);
		rg_status status = rg__wire_message_salvage(bytes, start, m);
		m->defect = defect;
		return status;
	}
	check_headers(m);
	return check_vias(m);
}

static bool is_copied(const struct header_row *row)
{
	return row && (row->list ? row->index == RG__WIRE_VIA : row->index <= RG__WIRE_CSEQ);
}

/* Of a header that may occur only once the first is taken. Any choice will do, since the request is refused. */
rg_status rg__wire_message_salvage(rg_str bytes, const rg__wire_start *start, rg__wire_message *m)
{
	enum { ROOM = 4096, MOST_OCTETS = 65535 }; /* ROOM: of the copied text; no honest reply needs more */
	const char *end = bytes.p + (bytes.n < MOST_OCTETS ? bytes.n : MOST_OCTETS), *lf = memchr(bytes.p, '\n', (size_t)(end - bytes.p));
	rg__wire_line line;
	size_t n = 0;

	begin_message(m, bytes, start);
	const char *p = lf ? lf + 1 : end;
	for (uint32_t lines = 0; lines < RG_WIRE_MAX_LINES; lines++) {
		const char *from = p;
		p = rg__wire_line_salvage(p, end, &line);
		if (!p)
			break;
		if (n + (size_t)(p - from) > ROOM || !is_copied(row_of(line.name)))
			continue;
		n += (size_t)(p - from);
		if (!take_line(m, &line))
			return RG_ENOMEM;
	}
	return check_vias(m);
}

rg_str rg__wire_message_find(rg_str bytes, rg_str name, rg__wire_message *m)
{
	const char *end = bytes.p + bytes.n, *p = bytes.p;
	rg__wire_line line;

	for (p = rg__wire_line_take(p, end, &line); p && p < end; ) {
		p = rg__wire_line_take(p, end, &line);
		if (p && line.name.p && rg__wire_same_name(line.name, name))
			return line.folded ? unfold_value(m, line.value) : line.value;
	}
	return RG__WIRE_NONE;
}

void rg__wire_message_clear(rg__wire_message *m)
{
	if (m->lines && m->lines != m->own)
		free(m->lines);
	free(m->unfolded);
	m->lines = m->own;
	m->unfolded = NULL;
}
