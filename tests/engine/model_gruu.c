/* SPDX-License-Identifier: MIT */
/* GRUUs: those in a 200 are held against the naive model, and kept to be looked up at any later time. */
#include "model.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* The value of a parameter of a Contact, without the quotes. */
static rg_str quoted(rg_str line, const char *param)
{
	const char *at = line.n ? memmem(line.p, line.n, param, strlen(param)) : NULL;
	if (!at)
		return (rg_str){ NULL, 0 };
	at += strlen(param);
	return (rg_str){ at, (size_t)((const char *)memchr(at, '"', (size_t)(line.p + line.n - at)) - at) };
}

static void keep_gruu(world *w, uint32_t who, int instance, rg_str text)
{
	uint32_t at = w->n_kept < KEPT ? w->n_kept++ : dice(w, KEPT);
	subject *s = &w->kept[at];
	*s = (subject){ .who = who, .is_gruu = true, .gruu = { instance, true, w->aors[who].eras[instance] } };
	if (text.n >= sizeof s->uri)
		fail(w, "a GRUU is too long");
	memcpy(s->uri, text.p, text.n);
}

static bool ends_with(rg_str s, const char *end)
{
	return s.n > strlen(end) && memcmp(s.p + s.n - strlen(end), end, strlen(end)) == 0;
}

void compare_gruus(world *w, uint32_t who, const naive_request *r, rg_response *response)
{
	char public[96];
	rg_contact c = { .struct_size = sizeof c };
	for (uint32_t i = 0; i < rg_response_contact_count(response); i++) {
		rg_response_contact(response, i, &c);
		rg_str line = rg_response_header(response, RG_STR("Contact"), i);
		rg_str pub = quoted(line, ";pub-gruu=\""), temp = quoted(line, ";temp-gruu=\"");
		int instance = c.instance.n ? c.instance.p[c.instance.n - 2] - '0' : 0;
		bool gets = w->rules.gruu && r->says_gruu && instance;
		if ((pub.n != 0) != gets || (temp.n != 0) != gets)
			fail(w, "a Contact has GRUUs, or has none");
		if (!gets)
			continue;
		int n = snprintf(public, sizeof public, "sip:user%u@example.org;gr=urn:uuid:000%d", who, instance);
		if (pub.n != (size_t)n || strncasecmp(pub.p, public, pub.n) != 0)
			fail(w, "another public GRUU");
		if (!ends_with(temp, "@example.org;gr"))
			fail(w, "a temporary GRUU of another form");
		keep_gruu(w, who, instance, temp);
		w->given++;
	}
}

void name_user(uint32_t who, subject *s)
{
	*s = (subject){ .who = who };
	snprintf(s->uri, sizeof s->uri, "sip:user%u@example.org", who);
}

static void draw_public(world *w, uint32_t who, subject *s)
{
	static const char *const forms[] = { "sip:user%u@example.org;gr=urn:uuid:000%d", "sip:us%%65r%u@EXAMPLE.org.:5070;x=1;GR=URN:UUID:%%3000%d",
		"sip:user%u@else.where;gr=urn:uuid:000%d" };
	uint32_t form = dice(w, 8) < 6 ? dice(w, 2) : 2;
	/* One of them no phone has. */
	*s = (subject){ .who = who, .is_gruu = true, .nobody = form == 2, .gruu = { 1 + (int)dice(w, NAIVE_PHONES), false, 0 } };
	snprintf(s->uri, sizeof s->uri, forms[form], who, s->gruu.instance);
}

/* Another letter, or another host. */
static void forge(world *w, subject *s)
{
	uint32_t n = (uint32_t)strcspn(s->uri, "@"), at = 4 + dice(w, n - 4);
	s->nobody = true;
	if (dice(w, 3))
		s->uri[at] = s->uri[at] == 'A' ? 'B' : 'A';
	else
		strcpy(s->uri + n, dice(w, 2) ? "@else.where;gr" : "@phones.example.org;gr");
}

static void escape_one(world *w, subject *s)
{
	uint32_t at = 4 + dice(w, (uint32_t)strcspn(s->uri, "@") - 4);
	char rest[URI_ROOM];
	strcpy(rest, s->uri + at + 1);
	snprintf(s->uri + at, sizeof s->uri - at, "%%%02X%s", (unsigned char)s->uri[at], rest);
}

/* A user, a phone of his, or any GRUU that was ever given. */
void draw_subject(world *w, uint32_t who, subject *s)
{
	uint32_t what = w->rules.gruu ? dice(w, 10) : 0;
	if (what < 5 || (what > 6 && w->n_kept == 0)) {
		name_user(who, s);
	} else if (what < 7) {
		draw_public(w, who, s);
	} else {
		*s = w->kept[dice(w, w->n_kept)];
		if (what == 8)
			escape_one(w, s);
		else if (what == 9)
			forge(w, s);
	}
}

bool names_as_much(const subject *earlier, const subject *s)
{
	if (earlier->who != s->who || !earlier->is_gruu)
		return earlier->who == s->who;
	if (!s->is_gruu || earlier->gruu.instance != s->gruu.instance)
		return false;
	return !earlier->gruu.temporary || (s->gruu.temporary && s->gruu.era == earlier->gruu.era);
}

void compare_refused(world *w)
{
	rg_statistics *stats = NULL;
	int64_t refused = -1;
	if (rg_read_statistics(w->reg, RG_STR("location"), &stats, NULL) != RG_OK)
		fail(w, "rg_read_statistics returned an error");
	rg_statistics_find(stats, RG_STR("tokens_refused"), &refused);
	rg_statistics_free(stats);
	if (refused != w->refused)
		fail(w, "another number of tokens was refused");
}
