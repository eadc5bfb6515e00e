/* SPDX-License-Identifier: MIT */
/* The header section of a message → the values that a registrar and a reply need. */
#include "wire/wire.h"
#include <stdlib.h>

/* Who needs a header well-formed: every request, REGISTER alone, or nobody. */
enum { EVERY, REGISTER, NOBODY };

/* X(id, name in lower case, its first and its last letter, whether it is a list, who needs it, the reason when one that may occur once stands
 * there again). */
#define HEADERS(X) \
	X(VIA, "via", 'v', 'a', true, EVERY, RG_R_FINE) \
	X(FROM, "from", 'f', 'm', false, EVERY, RG_R_PARSE) \
	X(TO, "to", 't', 'o', false, EVERY, RG_R_PARSE) \
	X(CALL_ID, "call-id", 'c', 'd', false, EVERY, RG_R_PARSE) \
	X(CSEQ, "cseq", 'c', 'q', false, EVERY, RG_R_PARSE) \
	X(LENGTH, "content-length", 'c', 'h', false, EVERY, RG_R_PARSE) \
	X(CONTACT, "contact", 'c', 't', true, REGISTER, RG_R_FINE) \
	X(EXPIRES, "expires", 'e', 's', false, REGISTER, RG_R_PARSE_EXP) \
	X(PATH, "path", 'p', 'h', true, REGISTER, RG_R_FINE) \
	X(REQUIRE, "require", 'r', 'e', true, REGISTER, RG_R_FINE) \
	X(USER_AGENT, "user-agent", 'u', 't', false, NOBODY, RG_R_FINE) \
	X(SUPPORTED, "supported", 's', 'd', true, NOBODY, RG_R_FINE) \
	X(ALLOW, "allow", 'a', 'w', true, NOBODY, RG_R_FINE) \
	X(ROUTE, "route", 'r', 'e', true, NOBODY, RG_R_FINE) \
	X(FEATURE_CAPS, "feature-caps", 'f', 's', true, NOBODY, RG_R_FINE)

/* X(id, compact form, the same as a letter), RFC 3261 §7.3.3. */
#define COMPACT_FORMS(X) \
	X(VIA, "v", 'v') X(FROM, "f", 'f') X(TO, "t", 't') X(CALL_ID, "i", 'i') X(LENGTH, "l", 'l') X(CONTACT, "m", 'm') X(SUPPORTED, "k", 'k')

#define ROW_ID(id, ...) ROW_##id,
enum { HEADERS(ROW_ID) };

#define ROW_OF(id, name, first, last, is_list, needed, reason) \
	[ROW_##id] = { .list = is_list, .index = RG__WIRE_##id, .needed_by = needed, .repeated = reason },
static const struct wire_header {
	bool list;
	uint8_t index, needed_by;
	int32_t repeated;
} rows[] = { HEADERS(ROW_OF) };

#define LETTER_OF(id, form, letter) [ROW_##id] = letter,
static const char compact_forms[sizeof rows / sizeof rows[0]] = { COMPACT_FORMS(LETTER_OF) }; /* 0 = none */

/* A hash of length, first and last letter, whose case does not reach it. It has no collision among the names above; the compiler reports
 * one. */
#define SLOT(n, first, last) (((n) + 8 * (first) + 2 * (last)) & 63)

#define SLOT_OF(id, name, first, last, ...) [SLOT(sizeof(name) - 1, first, last)] = ROW_##id,
#define COMPACT_SLOT_OF(id, form, letter) [SLOT(1, letter, letter)] = ROW_##id,
static const uint8_t slots[64] = { HEADERS(SLOT_OF) COMPACT_FORMS(COMPACT_SLOT_OF) };

#define TEXT_OF(id, name, first, last, ...) [SLOT(sizeof(name) - 1, first, last)] = name ":",
#define COMPACT_TEXT_OF(id, form, letter) [SLOT(1, letter, letter)] = form ":",
static const char texts[64][sizeof(rg__sixteen)] = { HEADERS(TEXT_OF) COMPACT_FORMS(COMPACT_TEXT_OF) };

static inline const struct wire_header *known_header(rg_str name)
{
	unsigned slot = name.n ? SLOT(name.n, (unsigned char)name.p[0], (unsigned char)name.p[name.n - 1]) : 0;
	size_t n = name.n < sizeof texts[0] ? name.n : 0;

	return n && texts[slot][n] == ':' && rg__wire_same_name(name, (rg_str){ texts[slot], n }) ? &rows[slots[slot]] : NULL;
}

/* The same in one step where the colon is near. One bit makes letters small. Of the octets of a name and the colon only '-' and ':' may so
 * come from others, CR and SUB, and a line has no lone CR and no SUB. A line is not the first one, so an octet stands before it. */
static inline const struct wire_header *header_of_line(const rg__wire_line *line)
{
	const rg_str name = line->name;

	if (line->head == 0)
		return known_header(name);
	const unsigned slot = SLOT(name.n, (unsigned char)name.p[0], (unsigned char)name.p[(ptrdiff_t)name.n - 1]);
	const uint32_t same = rg__wire_marks((rg__sixteen)((rg__wire_sixteen(name.p) | 0x20) == rg__wire_sixteen(texts[slot])));

	return (~same & line->head) == 0 ? &rows[slots[slot]] : NULL;
}

static void set_wire_defect(rg__wire_message *m, int32_t reason)
{
	if (m->defect == RG_R_FINE)
		m->defect = reason;
}

static void set_row_defect(rg__wire_message *m, const struct wire_header *row, int32_t reason)
{
	if (row->needed_by == EVERY || (row->needed_by == REGISTER && m->start.kind == RG__WIRE_SAVE))
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
		while (i + 1 < s.n && rg__wire_is_lws(s.p[i + 1]))
			i++;
		*to++ = ' ';
	}
	rg_str out = { m->unfolded_end, (size_t)(to - m->unfolded_end) };
	m->unfolded_end = to;
	return out;
}

static bool take_room(rg__wire_message *m)
{
	rg_str *lines = malloc(RG_WIRE_MAX_LINES * sizeof *lines);
	if (!lines)
		return false;
	memcpy(lines, m->own, sizeof m->own);
	m->lines = lines;
	return true;
}

static inline bool grow_lines(rg__wire_message *m)
{
	return m->n_lines < RG__WIRE_OWN_LINES || m->lines != m->own || take_room(m);
}

/* Puts a line behind those of its header, and so in front of others. */
static void insert_list_line(rg__wire_message *m, int list, rg_str value)
{
	const uint16_t at = (uint16_t)(m->first[list] + m->n[list]++);

	memmove(m->lines + at + 1, m->lines + at, (size_t)(m->n_lines++ - at) * sizeof *m->lines);
	for (int i = 0; i < RG__WIRE_LISTS; i++)
		m->first[i] += m->n[i] && m->first[i] >= at;
	m->lines[at] = value;
}

/* The lines of one header stand together. */
static inline bool add_list_line(rg__wire_message *m, int list, rg_str value)
{
	if (!grow_lines(m))
		return false;
	if (m->n[list] > 0) {
		insert_list_line(m, list, value);
		return true;
	}
	m->first[list] = (uint16_t)m->n_lines;
	m->n[list] = 1;
	m->lines[m->n_lines++] = value;
	return true;
}

/* What the registrar itself checks in a REGISTER is not checked here. */
enum {
	CHECKED_IN_REGISTER = 1 << RG__WIRE_CSEQ | 1 << RG__WIRE_LENGTH,
	CHECKED_IN_OTHERS = CHECKED_IN_REGISTER | 1 << RG__WIRE_CALL_ID | 1 << RG__WIRE_FROM | 1 << RG__WIRE_TO
};

/* The reason why a value that is checked is malformed. */
static int32_t single_fault(rg__wire_message *m, int single, rg_str value)
{
	bool tagged;

	if (single == RG__WIRE_CSEQ)
		return rg__wire_cseq_fault(value, m->start.method, &m->cseq);
	if (single == RG__WIRE_LENGTH)
		return rg__wire_length_read(value, &m->stated) ? RG_R_FINE : RG_R_PARSE;
	if (single == RG__WIRE_CALL_ID)
		return rg__wire_call_id_is_sound(value) ? RG_R_FINE : RG_R_PARSE;
	return rg__wire_address_read(value, &tagged) ? RG_R_FINE : single == RG__WIRE_TO ? RG_R_AOR_PARSE : RG_R_PARSE;
}

static void add_checked(rg__wire_message *m, const struct wire_header *row, rg_str value)
{
	int32_t fault = single_fault(m, row->index, value);

	m->singles[row->index] = value;
	if (fault != RG_R_FINE)
		set_row_defect(m, row, fault);
	if (fault != RG_R_FINE && (row->index != RG__WIRE_CSEQ || fault == RG_R_INV_CSEQ))
		m->withheld |= 1u << row->index;
}

/* RFC 3261 §20: a header that may occur only once. A second one could contradict the first, so it is refused. */
static inline void add_single(rg__wire_message *m, const struct wire_header *row, rg_str value)
{
	if (m->singles[row->index].p)
		set_row_defect(m, row, row->repeated);
	else if (m->checked >> row->index & 1)
		add_checked(m, row, value);
	else
		m->singles[row->index] = value;
}

/* A Via line with a malformed value is none to reply to. */
static bool take_vias(rg__wire_message *m, rg_str value)
{
	rg__wire_via further;
	uint32_t n = rg__wire_via_read(value, m->n_vias == 0 ? &m->via : &further);

	if (n == 0) {
		set_wire_defect(m, RG_R_PARSE);
		return true;
	}
	m->n_vias += n;
	return add_list_line(m, RG__WIRE_VIA, value);
}

/* A token. An ordinary name is read in one step. */
static inline bool is_name(const rg__wire_line *line)
{
	if (line->head > 1) {
		const uint32_t plain = rg__wire_marks(rg__wire_mark_plain(rg__wire_sixteen(line->name.p)));
		if ((~plain & line->head >> 1) == 0)
			return true;
	}
	return rg__wire_is_token(line->name);
}

RG__WIRE_INLINE bool take_line(rg__wire_message *m, const rg__wire_line *line)
{
	const struct wire_header *row = header_of_line(line);
	rg_str value = line->value;

	if (!row) {
		/* Faults in headers that the library does not read are ignored (RFC 3261 §16.3 step 1). */
		if (!is_name(line))
			set_wire_defect(m, RG_R_PARSE);
		return true;
	}
	if (line->folded && !(value = unfold_value(m, value)).p)
		return false;
	if (!row->list) {
		add_single(m, row, value);
		return true;
	}
	if (row->index == RG__WIRE_VIA)
		return take_vias(m, value);
	if (row->index == RG__WIRE_PATH && !rg__wire_path_is_sound(value)) /* also where no flag asks for a Path */
		set_row_defect(m, row, RG_R_PARSE_PATH);
	return add_list_line(m, row->index, value);
}

static void begin_message(rg__wire_message *m, rg_str bytes)
{
	memset(m, 0, offsetof(rg__wire_message, start));
	m->lines = m->own;
	m->size = bytes.n;
	m->checked = m->start.kind == RG__WIRE_SAVE ? CHECKED_IN_REGISTER : CHECKED_IN_OTHERS;
}

/* RG_R_FINE, or the reason why the framing is invalid. */
static int32_t read_header_section(rg__wire_message *m, rg_str bytes)
{
	const char *end = bytes.p + bytes.n, *p;
	rg__wire_controls controls = rg__wire_controls_of(bytes.p, end);
	rg__wire_line line;
	uint32_t ends = 0;

	p = rg__wire_line_end(&controls, &line);
	if (!p || line.folded) /* RFC 3261 §7.2: the start line cannot be folded */
		return RG_R_PARSE;
	p += 2;
	while (p < end) {
		if (*p == '\r') {
			if (end - p < 2 || p[1] != '\n')
				return RG_R_PARSE;
			m->body = (rg_str){ p + 2, (size_t)(end - p - 2) };
			return RG_R_FINE;
		}
		p = rg__wire_line_take(p, &controls, &line);
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
	if (m->singles[RG__WIRE_LENGTH].p && m->stated > m->body.n) /* RFC 3261 §18.3 */
		set_wire_defect(m, RG_R_PARSE);
}

rg_status rg__wire_message_read(rg_str bytes, size_t max, rg__wire_message *m)
{
	begin_message(m, bytes);
	int32_t defect = bytes.n > max ? RG_R_TOO_LARGE : read_header_section(m, bytes);
	if (defect == RG_R_INTERNAL)
		return RG_ENOMEM;
	if (defect != RG_R_FINE) {
		rg__wire_message_clear(m);
		rg_status status = rg__wire_message_salvage(bytes, m);
		m->defect = defect;
		return status;
	}
	check_headers(m);
	return m->n_vias > 0 ? RG_OK : RG_EINVAL;
}

static bool goes_into_reply(const struct wire_header *row)
{
	return row && (row->list ? row->index == RG__WIRE_VIA : row->index <= RG__WIRE_CSEQ);
}

/* Of a header that may occur only once the first is taken. Any choice will do, since the request is refused. */
rg_status rg__wire_message_salvage(rg_str bytes, rg__wire_message *m)
{
	enum { ROOM = 4096, MOST_OCTETS = 65535 }; /* ROOM: of the copied text; no honest reply needs more */
	const char *end = bytes.p + (bytes.n < MOST_OCTETS ? bytes.n : MOST_OCTETS), *lf = memchr(bytes.p, '\n', (size_t)(end - bytes.p));
	uint32_t lines = RG_WIRE_MAX_LINES;
	rg__wire_line line;
	size_t n = 0;

	begin_message(m, bytes);
	for (const char *p = lf ? lf + 1 : end;;) {
		p = rg__wire_line_salvage(p, end, &lines, &line);
		if (!p)
			break;
		const size_t octets = (size_t)(p - line.name.p);
		if (n + octets > ROOM || !goes_into_reply(known_header(line.name)))
			continue;
		n += octets;
		if (!take_line(m, &line))
			return RG_ENOMEM;
	}
	return m->n_vias > 0 ? RG_OK : RG_EINVAL;
}

/* A name that an operator can give, of a header that a client may send in its compact form. */
static char compact_of(rg_str name)
{
	static const struct { rg_str name; char compact; } others[] = {
		{ { "Subject", 7 }, 's' }, { { "Content-Type", 12 }, 'c' }, { { "Content-Encoding", 16 }, 'e' }, { { "Event", 5 }, 'o' },
		{ { "Refer-To", 8 }, 'r' }, { { "Referred-By", 11 }, 'b' }, { { "Allow-Events", 12 }, 'u' }, { { "Session-Expires", 15 }, 'x' },
		{ { "Accept-Contact", 14 }, 'a' }, { { "Reject-Contact", 14 }, 'j' }, { { "Request-Disposition", 19 }, 'd' },
	};
	const struct wire_header *row = known_header(name);

	for (size_t i = 0; !row && i < sizeof others / sizeof others[0]; i++) {
		if (rg__wire_same_name(name, others[i].name))
			return others[i].compact;
	}
	return row ? compact_forms[row - rows] : 0;
}

static bool is_called(rg_str given, rg_str name, char compact)
{
	return given.p && (rg__wire_same_name(given, name) || (given.n == 1 && (given.p[0] | 0x20) == compact));
}

rg_status rg__wire_message_find(rg_str bytes, rg_str name, rg__wire_message *m, rg_str *value)
{
	const char *end = m->body.p ? m->body.p - 2 : bytes.p, *p = bytes.p;
	const char compact = compact_of(name);
	rg__wire_line line;

	*value = RG__WIRE_NONE;
	if (p == end)
		return RG_OK; /* the framing is invalid, and the message refused */
	rg__wire_controls controls = rg__wire_controls_of(p, end);
	for (p = rg__wire_line_take(p, &controls, &line); p && p < end;) {
		p = rg__wire_line_take(p, &controls, &line);
		if (!p || !is_called(line.name, name, compact))
			continue;
		*value = line.folded ? unfold_value(m, line.value) : line.value;
		return value->p ? RG_OK : RG_ENOMEM;
	}
	return RG_OK;
}

void rg__wire_message_clear(rg__wire_message *m)
{
	if (m->lines && m->lines != m->own)
		free(m->lines);
	free(m->unfolded);
	m->lines = m->own;
	m->unfolded = NULL;
}
