/* SPDX-License-Identifier: MIT */
/* Compares two answers. What may differ, and why, stands in one table. */
#include "pair.h"
#include "raw.h"
#include <rgstr/reply.h>
#include <rgstr/sofia.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NONE ((rg_str){ NULL, 0 })

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The line of a reply that begins with @p name, with its line end. */
static rg_str line_of(const answer *a, const char *name)
{
	for (char *p = a->reply, *end; p && (end = strstr(p, "\r\n")) != NULL && end > p; p = end + 2) {
		if (strncmp(p, name, strlen(name)) == 0)
			return (rg_str){ p, (size_t)(end + 2 - p) };
	}
	return NONE;
}

static rg_str value_of(rg_str line, const char *name)
{
	size_t n = strlen(name);

	return line.n >= n + 2 ? (rg_str){ line.p + n, line.n - n - 2 } : NONE;
}

static void drop_line(answer *a, rg_str line)
{
	char *p = (char *)line.p;

	if (!p)
		return;
	memmove(p, p + line.n, strlen(p + line.n) + 1);
	a->n -= line.n;
}

static bool is_refusal(const answer *a)
{
	return a->status == RG_OK && a->reply && answer_code(a) >= 400;
}

/* The tag that was added to To: what follows the last `;tag=` of its line, when that is 16 hexadecimal digits. */
static rg_str added_tag(const answer *a)
{
	rg_str to = line_of(a, "To: ");
	char *tag = to.n >= 27 ? (char *)to.p + to.n - 18 : NULL;

	if (!tag || memcmp(tag - 5, ";tag=", 5) != 0 || strspn(tag, "0123456789abcdef") != 16)
		return NONE;
	return (rg_str){ tag, 16 };
}

/* Does a To of the request have the tag? */
static bool is_from_sender(const question *q, rg_str tag)
{
	rg_str head = raw_head_of(q->bytes), value;
	bool found = false;
	char room[4096];

	for (const char *p = NULL; !found && (p = raw_find_line(head, p, "To", 't')) != NULL;)
		found = raw_read_line(head, p, room, sizeof room, &value) && raw_has_text(value, tag);
	return found;
}

static bool excuse_tag(const question *q, answer *left, answer *right, verdict *v)
{
	rg_str a = added_tag(left), b = added_tag(right);

	(void)v;
	if (!a.p || !b.p || rg_str_equal(a, b) || is_from_sender(q, a) || is_from_sender(q, b))
		return false;
	memset((char *)a.p, '#', a.n);
	memset((char *)b.p, '#', b.n);
	return true;
}

/* What Sofia reads of From, To, Call-ID and CSeq, and a save would refuse, wire leaves out of a refusal. */
static bool excuse_left_out(const question *q, answer *left, answer *right, verdict *v)
{
	static const struct { const char *name; bool (*is_sound)(rg_str); } copied[] = { { "From: ", raw_is_sound_address }, { "To: ",
		raw_is_sound_address },
		{ "CSeq: ", raw_is_sound_cseq }, { "Call-ID: ", raw_is_sound_call_id } };
	bool found = false;

	(void)q;
	(void)v;
	for (size_t i = 0; i < 4 && is_refusal(left) && is_refusal(right); i++) {
		rg_str line = line_of(left, copied[i].name), value = value_of(line, copied[i].name);
		if (!line.p || line_of(right, copied[i].name).p || copied[i].is_sound(value))
			continue;
		drop_line(left, line);
		found = true;
	}
	return found;
}

/* The first Via with more than 64 commas. */
static rg_str long_via(const answer *a)
{
	for (char *p = a->reply, *end; p && (end = strstr(p, "\r\n")) != NULL && end > p; p = end + 2) {
		rg_str line = { p, (size_t)(end + 2 - p) };
		if (strncmp(p, "Via: ", 5) == 0 && raw_commas_in(line) > 64)
			return line;
	}
	return NONE;
}

/* In a refusal, what wire copies and Sofia does not: it reads no CSeq of a method that begins as a known one does, judges URIs of other
 * schemes by rules of these schemes, and of a message that it does not parse as a whole takes no line with more than 64 commas. The URIs of
 * From and To wire judges in a REGISTER alone, and where it has only salvaged lines. */
static bool excuse_copied(const question *q, answer *left, answer *right, verdict *v)
{
	static const char *const copied[] = { "From: ", "To: ", "Call-ID: ", "CSeq: " };
	bool found = false;

	(void)q;
	(void)v;
	while (is_refusal(left) && is_refusal(right) && !long_via(left).p && long_via(right).p) {
		bool topmost = long_via(right).p == line_of(right, "Via: ").p;
		drop_line(right, long_via(right));
		found = true;
		if (topmost) { /* then another one is the topmost on the left, and says where the request came from */
			drop_line(left, line_of(left, "Via: "));
			drop_line(right, line_of(right, "Via: "));
		}
	}
	for (size_t i = 0; i < 4 && is_refusal(left) && is_refusal(right); i++) {
		rg_str line = line_of(right, copied[i]), value = value_of(line, copied[i]);
		if (!line.p || line_of(left, copied[i]).p)
			continue;
		bool unread = i < 2 && (raw_has_other_scheme(value) || (left->targets && !raw_is_sound_address(value)));
		if (raw_commas_in(value) <= 64 && !unread && i != 3)
			continue;
		drop_line(right, line);
		found = true;
	}
	return found;
}

/* A header that may occur once, and stands there twice: Sofia copies the first one that it can read, wire the first one, if a save could
 * read it. */
static bool excuse_second(const question *q, answer *left, answer *right, verdict *v)
{
	static const struct { const char *name; char compact; } copied[] = { { "From", 'f' }, { "To", 't' }, { "Call-ID", 'i' }, { "CSeq",
		0 } };
	bool found = false;
	char name[16];

	(void)v;
	for (size_t i = 0; i < 4 && is_refusal(left) && is_refusal(right); i++) {
		snprintf(name, sizeof name, "%s: ", copied[i].name);
		rg_str a = line_of(left, name), b = line_of(right, name);
		if (rg_str_equal(a, b) || raw_count_lines(q->bytes, copied[i].name, copied[i].compact) < 2)
			continue;
		drop_line(left, a);
		drop_line(right, line_of(right, name));
		found = true;
	}
	return found;
}

/* Sofia reads some Vias that rg_via_header() refuses, and prints what it read; wire sends them back as they came. */
static bool excuse_odd_via(const question *q, answer *left, answer *right, verdict *v)
{
	static char room[70000];
	rg_str head = raw_head_of(q->bytes), line, value;
	bool odd = false;
	size_t n;

	(void)v;
	for (const char *p = NULL; !odd && (p = raw_find_line(head, p, "Via", 'v')) != NULL;)
		odd = raw_read_line(head, p, room, sizeof room, &value) && rg_via_header(value, NULL, NULL, 0, &n, NULL) != RG_OK;
	if (!odd || !line_of(left, "Via: ").p || !line_of(right, "Via: ").p)
		return false;
	while ((line = line_of(left, "Via: ")).p)
		drop_line(left, line);
	while ((line = line_of(right, "Via: ")).p)
		drop_line(right, line);
	return true;
}

/* Blanks beside a comma, which @p at becomes. */
static bool skip_separator(rg_str s, size_t *at)
{
	size_t i = *at;

	while (i < s.n && raw_is_blank(s.p[i]))
		i++;
	if (i == s.n || s.p[i] != ',')
		return false;
	for (i++; i < s.n && raw_is_blank(s.p[i]);)
		i++;
	*at = i;
	return true;
}

/* The topmost Vias, when they differ in blanks around one comma alone. */
static bool excuse_separator(const question *q, answer *left, answer *right, verdict *v)
{
	rg_str a = line_of(left, "Via: "), b = line_of(right, "Via: ");
	size_t i = 0, k = 0;

	(void)q;
	(void)v;
	if (!a.p || !b.p || rg_str_equal(a, b))
		return false;
	while (i < a.n && k < b.n && a.p[i] == b.p[k])
		i++, k++;
	while (i > 0 && (raw_is_blank(a.p[i - 1]) || a.p[i - 1] == ','))
		i--, k--;
	if (!skip_separator(a, &i) || !skip_separator(b, &k) || a.n - i != b.n - k || memcmp(a.p + i, b.p + k, a.n - i) != 0)
		return false;
	drop_line(left, a);
	drop_line(right, b);
	return true;
}

static rg_str reason_of(const answer *a)
{
	return value_of(line_of(a, "P-Registrar-Error: "), "P-Registrar-Error: ");
}

static bool is_reason(rg_str text, int32_t reason)
{
	return rg_str_equal(text, rg_str_from(rg_reason_text(reason)));
}

/* Of several faults Sofia's parser finds that of a header first. Both refuse, and nothing is stored. */
static bool excuse_other_fault(const question *q, answer *left, answer *right, verdict *v)
{
	static const int32_t defects[] = { RG_R_PARSE, RG_R_AOR_PARSE, RG_R_PARSE_CONT, RG_R_PARSE_PATH, RG_R_PARSE_EXP, RG_R_INV_CSEQ,
		RG_R_TO_MISS,
		RG_R_FROM_MISS, RG_R_CID_MISS, RG_R_CS_MISS, RG_R_CALLID_LEN, RG_R_TOO_LARGE };
	rg_str a = reason_of(left), b = reason_of(right);

	(void)q;
	if (!is_refusal(left) || !is_refusal(right) || !a.p || !b.p)
		return false;
	for (size_t i = 0; i < sizeof defects / sizeof *defects; i++)
		v->refused |= is_reason(a, defects[i]) || is_reason(b, defects[i]);
	return v->refused && !rg_str_equal(a, b);
}

static bool refuses(const answer *a)
{
	return a->status == RG_EINVAL || a->code >= 400 || (!a->reply && !a->targets); /* the last with the save flag no-reply */
}

static bool excuse_commas(const question *q, answer *left, answer *right, verdict *v)
{
	rg_str head = raw_head_of(q->bytes);

	(void)right;
	bool long_via = false;
	for (const char *p = NULL; (p = raw_find_line(head, p, "Via", 'v')) != NULL;) {
		long_via |= raw_commas_in(raw_folded_line(head, p)) > 64;
	}
	return v->apart = (raw_commas_in(head) > RG_SOFIA_MAX_COMMAS && refuses(left)) || (long_via && left->status == RG_EINVAL);
}

/* The header section has too many lines, and a line of it is malformed: the one adaptor says the one, the other one the other. */
static bool excuse_lines(const question *q, answer *left, answer *right, verdict *v)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < q->bytes.n; i++)
		lines += q->bytes.p[i] == '\n';
	return v->apart = lines > RG_SOFIA_MAX_LINES && left->status == right->status && left->targets && right->targets &&
		((left->code == 413 && right->code == 400) || (left->code == 400 && right->code == 413));
}

/* Do the lines that end within the first @p most octets have a Via? */
static bool has_early_via(rg_str head, size_t most)
{
	if (head.n > most)
		head.n = most;
	while (head.n > 0 && head.p[head.n - 1] != '\n')
		head.n--;
	return raw_find_line(head, NULL, "Via", 'v') != NULL;
}

/* What a refusal copies of a message that is not parsed, and all that the 405 of librgstr-sofia copies, has a room of 4096 octets. A Via
 * that has no room there is none to reply to. */
static bool excuse_room(const question *q, answer *left, answer *right, verdict *v)
{
	enum { ROOM = 4096 };
	rg_str head = raw_head_of(q->bytes);
	bool no_via = left->status == RG_EINVAL && refuses(right) && !has_early_via(head, ROOM);

	bool cut = left->targets && left->status == right->status && left->code == right->code && left->code >= 400 &&
		same_text(left->targets, right->targets);

	return v->apart = head.n > ROOM && right->targets && (cut || no_via);
}

static bool excuse_far_via(const question *q, answer *left, answer *right, verdict *v)
{
	enum { SALVAGED = 65535 };

	/* a line is complete only when something follows it */
	return v->apart = q->bytes.n > SALVAGED && left->status == RG_EINVAL && refuses(right) &&
		!has_early_via(raw_head_of(q->bytes), SALVAGED - 1);
}

static bool excuse_blank_continuation(const question *q, answer *left, answer *right, verdict *v)
{
	(void)right;
	return v->apart = raw_has_blank_continuation(raw_head_of(q->bytes)) && refuses(left);
}

/* Of other methods nobody reads Call-ID, and the URIs of From and To. Sofia judges the URIs by its grammar, wire Call-ID alone. */
static bool excuse_unread(const question *q, answer *left, answer *right, verdict *v)
{
	static const struct { const char *name; char compact; bool (*is_sound)(rg_str); } unread[] = { { "From", 'f', raw_is_sound_address },
		{ "To", 't', raw_is_sound_address }, { "Call-ID", 'i', raw_is_sound_call_id } };
	rg_str head = raw_head_of(q->bytes), value;
	char room[4096];
	bool odd = false;

	for (size_t i = 0; i < 3 && left->targets && right->targets && !odd; i++)
		odd = raw_read_line(head, raw_find_line(head, NULL, unread[i].name, unread[i].compact), room, sizeof room, &value) &&
			(!unread[i].is_sound(value) ||
			(i < 2 && raw_has_other_scheme(value)));
	return v->apart = odd && left->status == right->status && (left->code == 400) != (right->code == 400);
}

static bool excuse_unread_uri(const question *q, answer *left, answer *right, verdict *v)
{
	rg_str s = q->bytes;

	while (s.n > 1 && memcmp(s.p, "\r\n", 2) == 0)
		s.p += 2, s.n -= 2;
	return v->apart = left->targets && right->targets && left->code == 400 && right->code != 400 &&
		(right->code == 416 || !raw_has_sound_uri(s));
}

static bool excuse_method(const question *q, answer *left, answer *right, verdict *v)
{
	const char *space = q->bytes.n > 0 ? memchr(q->bytes.p, ' ', q->bytes.n) : NULL;
	rg_str method = { q->bytes.p, space ? (size_t)(space - q->bytes.p) : 0 };

	return v->apart = q->look_up && (raw_has_text(method, RG_STR("+")) || raw_has_text(method, RG_STR("`"))) && left->code == 400 &&
		right->status == RG_OK;
}

static bool excuse_dollar(const question *q, answer *left, answer *right, verdict *v)
{
	(void)left;
	return v->apart = raw_has_text(raw_head_of(q->bytes), RG_STR("$")) && refuses(right);
}

static bool excuse_unread_path(const question *q, answer *left, answer *right, verdict *v)
{
	bool a = is_refusal(left) && is_reason(reason_of(left), RG_R_PARSE_PATH), b = is_refusal(right) && is_reason(reason_of(right),
		RG_R_PARSE_PATH);

	return v->apart = !q->reads_path && left->status == right->status && a != b;
}

/* A Contact or From of a scheme whose URIs Sofia takes apart. */
static bool excuse_other_scheme(const question *q, answer *left, answer *right, verdict *v)
{
	static const char *const schemes[] = { "http:", "https:", "mailto:", "tel:", "urn:" };
	rg_str head = raw_head_of(q->bytes);
	bool other = false;

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		other |= raw_has_text(head, rg_str_from(schemes[i]));
	return v->apart = other && right->status == RG_OK && (is_reason(reason_of(left), RG_R_PARSE_CONT) || is_reason(reason_of(left),
		RG_R_PARSE) ||
		(!left->reply && !right->reply));
}

/* A row a difference. `excuse` looks for it, and makes both answers equal in this one respect, or says in the verdict that the two go
 * apart; false: it is not there. */
static const struct row {
	const char *name, *reason;
	bool (*excuse)(const question *q, answer *left, answer *right, verdict *v);
} rows[] = {
	{ "To tag", "RFC 3261 §8.2.6.2 leaves the choice to the server. Both derive 16 digits from the request, by a hash each.",
		excuse_tag },
	{ "line left out", "A refusal copies no line that a save would refuse. Sofia's grammar is wider.", excuse_left_out },
	{ "line copied",
		"In a refusal Sofia's adaptor copies no CSeq of a method that only begins as a known one, no From or To with a "
		"malformed URI, and of a message that Sofia does not parse no line with more than 64 commas.", excuse_copied },
	{ "header twice", "RFC 3261 §20: the request is refused in any case. Which of the two goes back does not matter.", excuse_second },
	{ "odd Via", "Where rg_via_header() refuses a Via, Sofia's adaptor prints what Sofia read. Wire knows only the text.",
		excuse_odd_via },
	{ "separator", "rg_via_header() puts a comma and a space behind the first value of the topmost Via; wire leaves what stood there.",
		excuse_separator },
	{ "another fault",
		"Sofia parses a Contact, Path and Require before the library has looked at domain, rights and extensions; wire hands them "
		"over as they are, and the library refuses in the order of RFC 3261 §10.3.", excuse_other_fault },
	{ "commas",
		"RG_SOFIA_MAX_COMMAS, and 64 in a line of a message that Sofia does not parse: Sofia needs stack in proportion to the commas. Wire "
		"does not.", excuse_commas },
	{ "lines", "Of a message with too many lines, one of them malformed, one adaptor finds the one fault first, the other one the other.",
		excuse_lines },
	{ "room",
		"Of more than 4096 octets, what the 405 of librgstr-sofia copies ends at its room, and so does what wire salvages. Without room for "
		"a Via there is no reply.", excuse_room },
	{ "far Via", "Of a message that Sofia does not parse, its adaptor salvages 65535 octets: a Via behind them is none to reply to.",
		excuse_far_via },
	{ "blank continuation", "Sofia reads no list with a continuation line that is blank, and other headers yes. Wire undoes each fold.",
		excuse_blank_continuation },
	{ "unread",
		"To requests of other methods Call-ID and the URIs of From and To mean nothing. Sofia judges the URIs by its grammar, which is not "
		"that of the library, and no Call-ID; wire judges Call-ID and no URI.", excuse_unread },
	{ "unread URI",
		"A lookup ignores port, parameters and headers of the Request-URI, also malformed ones, and what follows another scheme "
		"(request.h). Sofia reads no request line with them.", excuse_unread_uri },
	{ "other scheme", "The library takes a URI of another scheme as it is; Sofia refuses some.", excuse_other_scheme },
	{ "method", "Sofia reads no method with + or `, which RFC 3261 §25.1 has among the characters of a token.", excuse_method },
	{ "dollar", "Sofia takes $ for a character of a token; RFC 3261 §25.1 does not.", excuse_dollar },
	{ "unread Path", "A Path that no flag asks for is not read (request.h). Sofia has parsed it before the flags are known.",
		excuse_unread_path },
};

_Static_assert(sizeof rows / sizeof *rows <= sizeof(((tally *)NULL)->excused) / sizeof(uint64_t), "each row is counted");

const char *allowed_name(uint32_t row)
{
	return row < sizeof rows / sizeof *rows ? rows[row].name : NULL;
}

/* The lines that a reply copies from the request (RFC 3261 §8.2.6.2): their number of octets. They stand behind the status line. */
static const char *copied_lines(const answer *a, size_t *n)
{
	static const char *const names[] = { "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: " };
	const char *from = a->reply ? strstr(a->reply, "\r\n") : NULL, *p = from ? from + 2 : NULL;

	*n = 0;
	for (size_t i = 0; p && i < sizeof names / sizeof *names;) {
		if (strncmp(p, names[i], strlen(names[i])) == 0)
			p = strstr(p, "\r\n") + 2;
		else
			i++;
	}
	if (from)
		*n = (size_t)(p - from - 2);
	return from ? from + 2 : NULL;
}

static bool same_copied(const answer *left, const answer *right)
{
	size_t n, m;
	const char *a = copied_lines(left, &n), *b = copied_lines(right, &m);

	return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

static bool is_cancel(const question *q)
{
	rg_str s = q->bytes;

	while (s.n > 1 && memcmp(s.p, "\r\n", 2) == 0)
		s.p += 2, s.n -= 2;
	return s.n > 7 && memcmp(s.p, "CANCEL ", 7) == 0;
}

/* Of a lookup librgstr-sofia makes no reply. Its 405 shows the lines that a reply copies. A CANCEL belongs to a request, and gets a code of
 * its own (RFC 3261 §16.10). */
static const char *compare_lookup_reply(const question *q, const answer *left, const answer *right)
{
	int32_t code = is_cancel(q) ? 481 : right->code;
	bool waits = strncmp(right->targets, "result: PUSHED\n", 15) == 0; /* the host waits for the devices before it answers */

	if (right->reply && (right->code == 0 || answer_code(right) != code))
		return "a reply beside targets, or of another code";
	if (!right->reply && right->code != 0 && left->reply && !waits)
		return "no reply to a request without targets";
	if (right->reply && !same_copied(left, right))
		return "the reply copies other lines";
	return NULL;
}

static const char *compare_answers(const question *q, const answer *left, const answer *right, const verdict *v)
{
	if (left->status != right->status)
		return "the statuses differ";
	if (v->refused && is_refusal(left) && is_refusal(right))
		return same_copied(left, right) ? NULL : "the replies copy other lines";
	if (left->code != right->code)
		return "the codes differ";
	if (!same_text(left->targets, right->targets))
		return "the targets differ";
	if (q->look_up && left->targets)
		return compare_lookup_reply(q, left, right);
	if (left->n != right->n || (left->reply && right->reply && memcmp(left->reply, right->reply, left->n) != 0) ||
		!left->reply != !right->reply)
		return "the replies differ";
	return NULL;
}

bool allowed_apart(const question *q, answer *left, answer *right, tally *t)
{
	verdict v = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows && !v.apart; i++)
		t->excused[i] += rows[i].excuse(q, left, right, &v);
	return v.apart;
}

const char *allowed_difference(const question *q, answer *left, answer *right, tally *t, verdict *v)
{
	const char *found = NULL;

	*v = (verdict){ 0 };
	for (size_t i = 0; i < sizeof rows / sizeof *rows && (found = compare_answers(q, left, right, v)) != NULL && !v->apart; i++)
		t->excused[i] += rows[i].excuse(q, left, right, v);
	return v->apart ? NULL : compare_answers(q, left, right, v);
}

/* The row `another fault`, where both found the same one. */
bool allowed_question(const answer *left, const answer *right, bool silent)
{
	return (is_refusal(left) && is_refusal(right)) || (silent && !left->reply && !right->reply);
}
