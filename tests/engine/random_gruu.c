/* SPDX-License-Identifier: MIT */
#include "random.h"
#include <stdio.h>

enum { INSTANCES = 2 };

/* The value of a Contact parameter, without its quotes; absent when there is none. */
static rg_str quoted(rg_str line, const char *param)
{
	const char *at = line.n > 0 ? memmem(line.p, line.n, param, strlen(param)) : NULL;

	if (!at)
		return (rg_str){ NULL, 0 };
	at += strlen(param);
	return (rg_str){ at, (size_t)((const char *)memchr(at, '"', (size_t)(line.p + line.n - at)) - at) };
}

static void keep_gruu(const call *c, const rg_contact *contact, rg_str uri)
{
	given *g = &w.given[w.n_given++ % GIVEN];

	if (uri.n >= sizeof g->uri)
		wrong("a GRUU is too long", c->verb);
	*g = (given){ .cell = c->cell, .names = { .kind = NAMES_TEMPORARY, .instance = hash_text(contact->instance),
		.generation = contact->generation } };
	memcpy(g->uri, uri.p, uri.n);
}

void keep_gruus(const call *c, rg_response *response)
{
	rg_contact contact = { .struct_size = sizeof contact };

	for (uint32_t i = 0; rg_response_contact(response, i, &contact) == RG_OK; i++) {
		rg_str line = rg_response_header(response, RG_STR("Contact"), i);
		rg_str public = quoted(line, ";pub-gruu=\""), temporary = quoted(line, ";temp-gruu=\"");
		bool gets = c->gets_gruus && contact.instance.n > 0;

		if (line.n == 0)
			return; /* there was no memory to render it */
		if ((public.n > 0) != gets || (temporary.n > 0) != gets)
			wrong(gets ? "a binding gets no GRUUs" : "a binding gets GRUUs", c->verb);
		if (gets)
			keep_gruu(c, &contact, temporary);
	}
}

static cell *in_other_domain(const cell *c)
{
	const rg_key key = { strcmp(c->domain, "other") == 0 ? RG_STR("location") : RG_STR("other"), rg_str_from(c->user), rg_str_from(c->host) };

	return cell_of(&key);
}

/* Another letter, another host of ours or of somebody else's, another table. */
static void forge(given *g)
{
	uint32_t n = (uint32_t)strcspn(g->uri, "@"), at = 4 + dice(n - 4), how = dice(8);

	g->names.kind = NAMES_NOBODY;
	if (how < 4)
		g->uri[at] = g->uri[at] == 'A' ? 'B' : 'A';
	else if (how < 6)
		strcpy(g->uri + n, how == 4 ? "@ours.example.org;gr" : "@example.com;gr");
	else
		g->cell = in_other_domain(g->cell);
}

bool draw_gruu(cell *of, given *g)
{
	uint32_t how = w.has_gruu ? dice(8) : 0, which = dice(INSTANCES + 1);
	char instance[32];
	int n = snprintf(instance, sizeof instance, "<urn:uuid:0%u>", which);

	if (how < 3 || (how > 4 && w.n_given == 0))
		return false;
	*g = (given){ .cell = of, .names = { .kind = NAMES_PUBLIC, .instance = hash_text((rg_str){ instance, (size_t)n }) } };
	snprintf(g->uri, sizeof g->uri, "sip:%s@example.org;gr=urn:uuid:0%u", of->user, which);
	if (how > 4)
		*g = w.given[dice(w.n_given < GIVEN ? w.n_given : GIVEN)];
	if (how == 7)
		forge(g);
	return true;
}

void check_named(const call *c, const rg_targets *targets)
{
	uint64_t ids[MOST];
	uint32_t n = 0, all = rg_targets_count(targets);
	int32_t code = rg_targets_code(targets);
	rg_target t = { .struct_size = sizeof t };

	if (c->names.kind == NAMES_NOBODY && (all > 0 || code != 404))
		wrong("a GRUU that was not given names somebody", c->verb);
	if (all == 0 && code != 404 && !(c->names.kind == NAMES_PUBLIC && code == 480) && code != 503)
		wrong("a GRUU without targets has another code", c->verb);
	for (uint32_t i = 0; i < all && n < MOST; i++) {
		rg_targets_get(targets, i, &t);
		if (t.binding_id && hash_text(t.instance) != c->names.instance)
			wrong("a GRUU leads to another device", c->verb);
		if (t.binding_id)
			ids[n++] = t.binding_id;
	}
	if (n < MOST)
		check_listed_by_gruu(c, ids, n, rg_targets_partial(targets));
}
