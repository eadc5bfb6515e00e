/* SPDX-License-Identifier: MIT */
#include "raw.h"
#include <rgstr/reply.h>
#include <string.h>
#include <strings.h>

#define NONE ((rg_str){ NULL, 0 })

bool raw_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool raw_has_text(rg_str bytes, rg_str part)
{
	return part.n > 0 && bytes.n >= part.n && memmem(bytes.p, bytes.n, part.p, part.n) != NULL;
}

uint32_t raw_commas_in(rg_str s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',';
	return n;
}

/* Start line and headers, without the empty line. */
rg_str raw_head_of(rg_str bytes)
{
	while (bytes.n > 1 && memcmp(bytes.p, "\r\n", 2) == 0) /* RFC 3261 §7.5 */
		bytes.p += 2, bytes.n -= 2;
	const char *blank = bytes.n > 4 ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;

	return (rg_str){ bytes.p, blank ? (size_t)(blank - bytes.p) : bytes.n };
}

static bool is_called(const char *p, const char *end, const char *name, char compact)
{
	size_t n = strlen(name);
	size_t named = (size_t)(end - p) > n && strncasecmp(p, name, n) == 0 ? n : compact && end - p > 1 && (*p | 0x20) == compact ? 1 : 0;

	return named > 0 && (p[named] == ':' || raw_is_blank(p[named]) || p[named] == '\r');
}

/* The first line from @p at on that has the header @p name, or its compact form. NULL: there is none. */
const char *raw_find_line(rg_str head, const char *at, const char *name, char compact)
{
	const char *end = head.p + head.n;

	for (at = at ? at : head.p; at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL;) {
		if (is_called(++at, end, name, compact))
			return at;
	}
	return NULL;
}

uint32_t raw_count_lines(rg_str bytes, const char *name, char compact)
{
	rg_str head = raw_head_of(bytes);
	uint32_t found = 0;

	for (const char *p = NULL; (p = raw_find_line(head, p, name, compact)) != NULL;)
		found++;
	return found;
}

rg_str raw_folded_line(rg_str head, const char *p)
{
	const char *end = head.p + head.n, *lf = p;

	do
		lf = memchr(lf, '\n', (size_t)(end - lf));
	while (lf && ++lf < end && raw_is_blank(*lf));
	return (rg_str){ p, (size_t)((lf ? lf : end) - p) };
}

/* The value of the header line at @p p, without folds, in @p room of @p size octets. False: there is none, or no room. */
bool raw_read_line(rg_str head, const char *p, char *room, size_t size, rg_str *value)
{
	const char *end = head.p + head.n, *colon = p ? memchr(p, ':', (size_t)(end - p)) : NULL;
	size_t n = 0;

	for (p = colon ? colon + 1 : end; p < end && n < size; p++) {
		if (*p == '\r' || *p == '\n') {
			if (end - p < 3 || !raw_is_blank(p[2]))
				break;
			while (p + 1 < end && (raw_is_blank(p[1]) || p[1] == '\r' || p[1] == '\n'))
				p++;
			room[n++] = ' ';
			continue;
		}
		room[n++] = *p;
	}
	while (n > 0 && raw_is_blank(room[n - 1]))
		n--;
	size_t from = 0;
	while (from < n && raw_is_blank(room[from]))
		from++;
	*value = (rg_str){ room + from, n - from };
	return colon && n < size;
}

/* A continuation line of nothing but white space, which is continued itself. */
bool raw_has_blank_continuation(rg_str head)
{
	for (size_t i = 2; i < head.n; i++) {
		size_t k = i;
		if (head.p[i - 1] != '\n')
			continue;
		while (k < head.n && raw_is_blank(head.p[k]))
			k++;
		if (k > i && k + 2 < head.n && head.p[k] == '\r' && head.p[k + 1] == '\n' && raw_is_blank(head.p[k + 2]))
			return true;
	}
	return false;
}

static const char *after_quoted(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/* The URI of From or To: between <>, or without them up to the first parameter. */
static rg_str uri_of(rg_str value)
{
	const char *end = value.p + value.n, *open = value.p;

	while (open < end && *open != '<')
		open = *open == '"' ? after_quoted(open, end) : open + 1;
	bool bracketed = open < end;
	const char *from = bracketed ? open + 1 : value.p, *to = from;
	while (to < end && *to != (bracketed ? '>' : ';'))
		to++;
	while (!bracketed && to > from && raw_is_blank(to[-1]))
		to--;
	return (rg_str){ from, (size_t)(to - from) };
}

bool raw_is_sound_address(rg_str value)
{
	static const uint8_t key[RG_TO_KEY_BYTES];
	rg_request request;
	rg_target target;
	size_t n;

	rg_request_init(&request, sizeof request);
	rg_target_init(&target, sizeof target);
	request.to_header = value;
	target.uri = uri_of(value);
	return rg_to_header(&request, NONE, key, NULL, 0, &n) == RG_OK && rg_contact_header(&target, NULL, 0, &n) == RG_OK;
}

bool raw_is_sound_cseq(rg_str value)
{
	size_t digits = 0, blanks = 0, token = 0;

	while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	while (digits + blanks < value.n && (value.p[digits + blanks] == ' ' || value.p[digits + blanks] == '\t'))
		blanks++;
	while (digits + blanks + token < value.n && !memchr(" \t$\"(),/:;<=>?@[\\]{}\0", value.p[digits + blanks + token], 21) &&
		(signed char)value.p[digits + blanks + token] > 0)
		token++;
	return digits > 0 && blanks > 0 && token > 0 && digits + blanks + token == value.n;
}

/* word [ "@" word ] */
bool raw_is_sound_call_id(rg_str value)
{
	const char *at = value.n > 0 ? memchr(value.p, '@', value.n) : NULL;
	bool sound = value.n > 0 && at != value.p && at != value.p + value.n - 1;

	for (size_t i = 0; i < value.n && sound; i++)
		sound = value.p + i == at || (value.p[i] > ' ' && value.p[i] < 0x7f && !strchr("@,;=&#$^|", value.p[i]));
	return sound;
}

bool raw_has_other_scheme(rg_str value)
{
	rg_str uri = uri_of(value);

	return !(uri.n > 4 && strncasecmp(uri.p, "sip:", 4) == 0) && !(uri.n > 5 && strncasecmp(uri.p, "sips:", 5) == 0);
}

/* Is the Request-URI one by the grammar of the library? */
bool raw_has_sound_uri(rg_str bytes)
{
	const char *lf = bytes.n > 0 ? memchr(bytes.p, '\n', bytes.n) : NULL, *from = lf ? memchr(bytes.p, ' ',
		(size_t)(lf - bytes.p)) : NULL;
	const char *to = from ? memrchr(from, ' ', (size_t)(lf - from)) : NULL;
	rg_target target;
	size_t n;

	rg_target_init(&target, sizeof target);
	if (!to || to <= from)
		return false;
	target.uri = (rg_str){ from + 1, (size_t)(to - from - 1) };
	return rg_contact_header(&target, NULL, 0, &n) == RG_OK;
}
