/* SPDX-License-Identifier: MIT */
#include "text/text.h"
#include <arpa/inet.h>

static inline unsigned digit_at(rg_str s, size_t at) /* above 9: there is none */
{
	return at < s.n ? (unsigned)(unsigned char)s.p[at] - '0' : 10;
}

/* Reads up to three digits without a leading zero; returns the index after them. A value above 255: there is none. */
static inline size_t read_octet(rg_str s, size_t at, unsigned *octet)
{
	unsigned value = digit_at(s, at), digit;

	*octet = value <= 9 ? value : 256;
	if (value == 0 || value > 9 || (digit = digit_at(s, at + 1)) > 9)
		return at + 1;
	*octet = value = value * 10 + digit;
	if ((digit = digit_at(s, at + 2)) > 9)
		return at + 2;
	*octet = value * 10 + digit;
	return at + 3;
}

size_t rg__ip4_read(rg_str s, size_t at, uint8_t ip[4])
{
	unsigned octet;

	for (int part = 0; part < 4; part++, at++) {
		at = read_octet(s, at, &octet);
		if (octet > 255 || (part < 3 && (at >= s.n || s.p[at] != '.')))
			return 0;
		ip[part] = (uint8_t)octet;
	}
	return at - 1;
}

bool rg__ip4_parse(rg_str s, rg_addr *out)
{
	*out = (rg_addr){ 0 };
	if (s.n == 0 || rg__ip4_read(s, 0, out->ip) != s.n) {
		memset(out->ip, 0, sizeof out->ip);
		return false;
	}
	out->family = 4;
	return true;
}

bool rg__ip6_parse(rg_str s, rg_addr *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN]; /* the longest text of an address fits */

	*out = (rg_addr){ 0 };
	if (s.n < 2 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (strlen(text) != s.n || inet_pton(AF_INET6, text, out->ip) != 1) {
		*out = (rg_addr){ 0 };
		return false;
	}
	out->family = 6;
	if (memcmp(out->ip, mapped, sizeof mapped) == 0) {
		memmove(out->ip, out->ip + 12, 4);
		memset(out->ip + 4, 0, 12);
		out->family = 4;
	}
	return true;
}

static bool parse_port(rg_str s, uint16_t *port)
{
	uint64_t value;

	if (rg__parse_uint(s, 65536, &value) != RG_OK || value == 0 || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* Splits into the address and the port, which may be absent. */
static bool split_port(rg_str text, rg_str *ip, rg_str *port)
{
	*ip = text;
	*port = RG__ABSENT;
	if (text.n > 0 && text.p[0] == '[') {
		const char *close = memchr(text.p, ']', text.n);
		if (!close)
			return false;
		size_t at = (size_t)(close - text.p);
		*ip = rg__sub(text, 1, at);
		if (at + 1 == text.n)
			return true;
		*port = rg__sub(text, at + 2 <= text.n ? at + 2 : text.n, text.n);
		return text.p[at + 1] == ':';
	}
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	size_t at = colon ? (size_t)(colon - text.p) : text.n;
	if (colon && !memchr(colon + 1, ':', text.n - at - 1)) { /* a second colon makes it IPv6 */
		*ip = rg__sub(text, 0, at);
		*port = rg__sub(text, at + 1, text.n);
	}
	return true;
}

rg_status rg_addr_parse(rg_str text, rg_addr *out)
{
	rg_str ip, port;
	uint16_t number = 0;

	if (!out)
		return RG_EINVAL;
	*out = (rg_addr){ 0 };
	if (!split_port(text, &ip, &port) || (port.p && !parse_port(port, &number)))
		return RG_EINVAL;
	bool bracketed = text.n > 0 && text.p[0] == '[';
	if (bracketed || !rg__ip4_parse(ip, out)) {
		if (!rg__ip6_parse(ip, out))
			return RG_EINVAL;
	}
	out->port = number;
	return RG_OK;
}

static char *addr_put_number(char *at, unsigned value, unsigned base)
{
	unsigned top = 1;

	while (value / top >= base)
		top *= base;
	for (; top > 0; top /= base)
		*at++ = "0123456789abcdef"[value / top % base];
	return at;
}

static char *put_ip4(char *at, const uint8_t *ip)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		at = addr_put_number(at, ip[i], 10);
	}
	return at;
}

/* RFC 5952 §4.2: finds the longest run of two or more zero groups, and the first of several equally long ones. */
static void longest_zeros(const unsigned groups[8], int *from, int *to)
{
	*from = *to = -1;
	for (int i = 0; i < 8; i++) {
		int end = i;
		while (end < 8 && groups[end] == 0)
			end++;
		if (end - i >= 2 && end - i > *to - *from) {
			*from = i;
			*to = end;
		}
		i = end > i ? end - 1 : i;
	}
}

/* The text is part of keys, so it must be the same everywhere. C libraries differ in when inet_ntop() prints the last 32 bits as IPv4. */
static char *put_ip6(char *at, const uint8_t *ip)
{
	unsigned groups[8];
	int from, to;

	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
	longest_zeros(groups, &from, &to);
	for (int i = 0; i < 8; i++) {
		if (i == from) {
			*at++ = ':';
			*at++ = ':';
			i = to - 1;
			continue;
		}
		if (i > 0 && i != to)
			*at++ = ':';
		at = addr_put_number(at, groups[i], 16);
	}
	return at;
}

rg_str rg_addr_print(const rg_addr *addr, char *room, size_t size)
{
	char text[64], *at = text;

	if (!addr || !room || (addr->family != 4 && addr->family != 6))
		return RG__ABSENT;
	bool bracketed = addr->family == 6 && addr->port != 0;
	if (bracketed)
		*at++ = '[';
	at = addr->family == 4 ? put_ip4(at, addr->ip) : put_ip6(at, addr->ip);
	if (bracketed)
		*at++ = ']';
	if (addr->port != 0) {
		*at++ = ':';
		at = addr_put_number(at, addr->port, 10);
	}
	size_t n = (size_t)(at - text);
	if (n > size)
		return RG__ABSENT;
	memcpy(room, text, n);
	return (rg_str){ room, n };
}

int32_t rg_addr_match(const rg_addr *a, const rg_addr *b)
{
	if (!a || !b || a->family == 0 || !rg__same_ip(a, b))
		return 0;
	return a->port == b->port || a->port == 0 || b->port == 0;
}
