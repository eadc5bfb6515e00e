/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods.h"

/* @return where the next @p n octets go, or NULL. */
static char *text_room(struct text *text, size_t n)
{
	size_t room = text->room ? text->room : 512;
	char *more;

	while (room - text->n < n)
		room *= 2;
	if (room > text->room) {
		more = realloc(text->p, room);
		if (!more) {
			text->failed = 1;
			return NULL;
		}
		text->p = more;
		text->room = room;
	}
	return text->p + text->n;
}

void text_add(struct text *text, rg_str octets)
{
	char *to = text_room(text, octets.n);

	if (to && octets.n) {
		memcpy(to, octets.p, octets.n);
		text->n += octets.n;
	}
}

void text_format(struct text *text, const char *format, ...)
{
	char line[512];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (n >= 0 && (size_t)n < sizeof line)
		text_add(text, (rg_str){ line, (size_t)n });
	else
		text->failed = 1;
}

static void add_word(struct text *text, const char *word)
{
	text_add(text, rg_str_from(word));
}

size_t utf8_length(const char *octets, size_t n)
{
	const unsigned char *p = (const unsigned char *)octets;
	size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Not in its shortest form, a surrogate, above U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return length;
}

static int is_utf8(rg_str octets)
{
	size_t n;

	for (size_t i = 0; i < octets.n; i += n) {
		n = utf8_length(octets.p + i, octets.n - i);
		if (n == 0)
			return 0;
	}
	return 1;
}

/* Writes one octet. Of ISO 8859-1 each octet above 127 is the code point of that value, two octets in UTF-8. */
static char *put_octet(char *to, unsigned char c, int latin1)
{
	if (c == '"' || c == '\\')
		*to++ = '\\';
	if (c < ' ' || c == 0x7f)
		return to + sprintf(to, "\\u%04x", c);
	if (c >= 0x80 && latin1) {
		*to++ = (char)(0xc0 | c >> 6);
		c = 0x80 | (c & 0x3f);
	}
	*to++ = (char)c;
	return to;
}

void json_string(struct text *text, rg_str octets)
{
	char *to;
	int latin1;

	if (!octets.p) {
		add_word(text, "null");
		return;
	}
	to = text_room(text, 6 * octets.n + 3); /* sprintf() ends with a NUL */
	if (!to)
		return;
	latin1 = !is_utf8(octets);
	*to++ = '"';
	for (size_t i = 0; i < octets.n; i++)
		to = put_octet(to, (unsigned char)octets.p[i], latin1);
	*to++ = '"';
	text->n = (size_t)(to - text->p);
}

/* The separator and name of a member. The first member of an object has `{` before its name. */
static void member(struct text *text, const char *name)
{
	add_word(text, ",\"");
	add_word(text, name);
	add_word(text, "\":");
}

static void string_member(struct text *text, const char *name, rg_str value)
{
	member(text, name);
	json_string(text, value);
}

static void number_member(struct text *text, const char *name, int64_t value)
{
	text_format(text, ",\"%s\":%" PRId64, name, value);
}

/* A number, or null when there is none. */
static void optional_member(struct text *text, const char *name, int is_there, int64_t value)
{
	if (is_there) {
		number_member(text, name, value);
		return;
	}
	member(text, name);
	add_word(text, "null");
}

static void path_member(struct text *text, rg_str path)
{
	const char *separator = "[";
	rg_str value;

	member(text, "path");
	while (rg_path_next(&path, &value)) {
		add_word(text, separator);
		json_string(text, value);
		separator = ",";
	}
	add_word(text, *separator == '[' ? "[]" : "]");
}

static void methods_member(struct text *text, uint32_t methods)
{
	char names[METHODS_ROOM];

	if (methods != RG_METHODS_ALL)
		methods_print(methods, names);
	string_member(text, "methods", methods == RG_METHODS_ALL ? (rg_str){ NULL, 0 } : rg_str_from(names));
}

static void q_member(struct text *text, int32_t q)
{
	if (q < 0)
		optional_member(text, "q", 0, 0);
	else
		text_format(text, ",\"q\":%d.%03d", q / 1000, q % 1000);
}

/* Seconds left, rounded up, so that a live binding never shows 0. */
static int64_t seconds_left(rg_time expires, rg_time now)
{
	return expires <= now ? 0 : (expires - now - 1) / 1000 + 1;
}

void json_contact(struct text *text, const rg_contact *contact, rg_time now)
{
	add_word(text, "{\"uri\":");
	json_string(text, contact->uri);
	q_member(text, contact->q);
	number_member(text, "expires", seconds_left(contact->expires, now));
	string_member(text, "callid", contact->callid);
	number_member(text, "cseq", contact->cseq);
	path_member(text, contact->path);
	string_member(text, "received", contact->received);
	string_member(text, "socket", contact->socket);
	string_member(text, "user_agent", contact->user_agent);
	methods_member(text, contact->methods);
	string_member(text, "instance", contact->instance);
	optional_member(text, "reg_id", contact->reg_id != 0, contact->reg_id);
	string_member(text, "attr", contact->attr);
	string_member(text, "flow", contact->flow);
	string_member(text, "ownership_tag", contact->ownership_tag);
	number_member(text, "branch_flags", contact->branch_flags);
	optional_member(text, "latency", contact->latency != RG_LATENCY_NONE, contact->latency);
	number_member(text, "flags", contact->flags);
	number_member(text, "last_modified", contact->modified / 1000);
	add_word(text, "}");
}

/* Writes an object without its end. */
static void event_members(struct text *text, const rg_event *event)
{
	const rg_contact *contact = event->after ? event->after : event->before;
	const char *name = rg_event_name(event->kind);

	text_format(text, "{\"event\":\"%s\"", name ? name : "UNKNOWN");
	string_member(text, "aor", event->aor);
	member(text, "contact");
	if (contact)
		json_contact(text, contact, event->at);
	else
		add_word(text, "null");
	string_member(text, "reason", event->reason);
	string_member(text, "callid", event->callid);
	number_member(text, "at", event->at / 1000);
}

void json_event(struct text *text, const rg_event *event)
{
	event_members(text, event);
	add_word(text, "}\n");
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* The next octet, unescaped. A percent sign without two digits stays what it is. */
static char next_octet(rg_str text, size_t *at)
{
	int high = text.p[*at] == '%' && *at + 2 < text.n ? hex_digit(text.p[*at + 1]) : -1;
	int low = high >= 0 ? hex_digit(text.p[*at + 2]) : -1;
	char plain = low >= 0 ? (char)(high << 4 | low) : text.p[*at];

	*at += low >= 0 ? 3 : 1;
	return plain;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

/* Compares without regard to case and escapes, as the library does (RFC 3261 §19.1.4). */
static int is_named(rg_str name, const char *wanted)
{
	for (size_t i = 0; i < name.n; wanted++)
		if (lower(next_octet(name, &i)) != *wanted || !*wanted)
			return 0;
	return !*wanted;
}

/* Finds the value of a parameter of a SIP URI; absent = there is no such parameter, or it has no value. A user may have semicolons, so the
 * parameters begin after the host. */
static rg_str find_param(rg_str uri, const char *name)
{
	const char *at = uri.n ? memchr(uri.p, '@', uri.n) : NULL, *end = uri.p + uri.n, *p = at ? at : uri.p;

	for (const char *next, *equals; p < end; p = next) {
		for (next = p + 1; next < end && *next != ';' && *next != '?'; next++)
			continue;
		equals = *p == ';' ? memchr(p, '=', (size_t)(next - p)) : NULL;
		if (equals && is_named((rg_str){ p + 1, (size_t)(equals - p) - 1 }, name))
			return (rg_str){ equals + 1, (size_t)(next - equals) - 1 };
		if (next < end && *next == '?')
			break;
	}
	return (rg_str){ NULL, 0 };
}

/* @param fold  what is done to each octet; NULL = nothing. */
static void unescaped_member(struct text *text, const char *name, rg_str value, char (*fold)(char))
{
	char *plain = value.n ? malloc(value.n) : NULL;
	size_t n = 0;

	if (!plain) {
		text->failed |= value.n > 0;
		string_member(text, name, value);
		return;
	}
	for (size_t i = 0; i < value.n; n++) {
		plain[n] = next_octet(value, &i);
		plain[n] = fold ? fold(plain[n]) : plain[n];
	}
	string_member(text, name, (rg_str){ plain, n });
	free(plain);
}

void json_wakeup(struct text *text, const rg_event *event)
{
	const rg_contact *contact = event->after ? event->after : event->before;
	rg_str uri = contact ? contact->uri : (rg_str){ NULL, 0 };

	event_members(text, event);
	/* In lower case, so that a gateway can compare it: case means nothing in it. */
	unescaped_member(text, "provider", find_param(uri, "pn-provider"), lower);
	unescaped_member(text, "prid", find_param(uri, "pn-prid"), NULL);
	unescaped_member(text, "param", find_param(uri, "pn-param"), NULL);
	add_word(text, "}\n");
}

void json_failure(struct text *text, const char *why)
{
	add_word(text, "{\"error\":");
	json_string(text, rg_str_from(why));
	add_word(text, "}\n");
}
