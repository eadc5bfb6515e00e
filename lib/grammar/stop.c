/* SPDX-License-Identifier: MIT */
#include "grammar/stop.h"
#include "grammar/chars.h"
#include "grammar/header.h"
#include <stdlib.h>

/* Does the parser take this text? */
typedef bool reads_text(rg_str text);

/* Continuations: a prefix can be continued to a good text if one of these does so. Each ends in NULL. */
static const char *const uri_endings[] = { "", "a", "1", ":a", "p:a", "ip:a", "sip:a", "@a", "=a", "a=", "=", "41", "1@a", "41@a",
	"]", "1]", ":]", "::]", "1.1]", "1.1.1]", NULL };
static const char *const address_endings[] = { "", "a", ">", "a>", "<a>", "\"<a>", "\"", "a\"", "a\"<a>", "=a", "]", "1]", ":]", "::]",
	NULL };
static const char *const callid_endings[] = { "", "a", NULL };
static const char *const cseq_endings[] = { "", "a", " a", "1 a", NULL };
static const char *const q_endings[] = { "", "0", NULL };

/* Reads the first @p n octets of @p text with each ending; @p room has place for both. */
static bool continues(rg_str text, size_t n, char *room, reads_text *reads, const char *const *endings)
{
	if (n > 0)
		memcpy(room, text.p, n);
	for (; *endings; endings++) {
		size_t more = strlen(*endings);

		memcpy(room + n, *endings, more);
		if (reads((rg_str){ room, n + more }))
			return true;
	}
	return false;
}

/* A prefix of what can be continued can be continued too, so the place is found by halving. */
static size_t stop_of(rg_str text, reads_text *reads, const char *const *endings)
{
	size_t good = 0, bad = text.n + 1;

	if (reads(text))
		return RG__NO_STOP;
	char *room = malloc(text.n + 16);
	if (!room)
		return RG__NO_STOP;
	while (bad - good > 1) {
		size_t middle = good + (bad - good) / 2;

		if (continues(text, middle, room, reads, endings))
			good = middle;
		else
			bad = middle;
	}
	free(room);
	return good;
}

static bool reads_uri(rg_str text)
{
	rg__uri uri;

	return rg__uri_parse(text, &uri) == RG_OK;
}

static bool reads_address(rg_str text)
{
	rg__name_addr na;

	return rg__name_addr_parse(text, &na) == RG_OK;
}

static bool reads_cseq(rg_str text)
{
	uint32_t number;
	rg_str method;

	return rg__cseq_parse(text, &number, &method) == RG_OK;
}

static bool reads_q(rg_str text)
{
	int32_t q;

	return rg__q_parse(text, &q) == RG_OK;
}

size_t rg__uri_stop(rg_str text)
{
	return stop_of(text, reads_uri, uri_endings);
}

size_t rg__address_stop(rg_str text)
{
	rg__name_addr na;

	if (rg__name_addr_parse(text, &na) != RG_OK)
		return stop_of(text, reads_address, address_endings);
	size_t at = rg__uri_stop(na.uri);
	return at == RG__NO_STOP ? at : (size_t)(na.uri.p - text.p) + at;
}

size_t rg__callid_stop(rg_str text)
{
	return stop_of(text, rg__is_callid, callid_endings);
}

size_t rg__cseq_stop(rg_str text)
{
	return stop_of(text, reads_cseq, cseq_endings);
}

size_t rg__q_stop(rg_str text)
{
	return stop_of(text, reads_q, q_endings);
}

size_t rg__digits_stop(rg_str text)
{
	size_t digits = rg__span(text, 0, RG__C_DIGIT);

	return digits == text.n && digits > 0 ? RG__NO_STOP : digits;
}
