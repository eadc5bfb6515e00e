/* SPDX-License-Identifier: MIT */
#include "decide/homes.h"
#include "model/model.h"
#include "decide/plan.h"
#include "message/message.h"
#include "rules/rules.h"
#include <stdlib.h>

bool rg__homes_domain(rg_str domain)
{
	rg_str suffix = RG__HOMES_SUFFIX;

	return domain.n >= suffix.n && rg__eq(rg__sub(domain, domain.n - suffix.n, domain.n), suffix);
}

rg_status rg__homes_spared(rg_str domain, rg_error *why)
{
	if (!rg__homes_domain(domain))
		return RG_OK;
	return rg__fail(why, RG_EINVAL, "rg_request.domain ends in @homes, which rg_registrar_federate() owns: '%.*s'", RG__SHOWN(domain));
}

/* True of a SIP or SIPS URI; false of `host:port`. */
static bool has_scheme(rg_str text)
{
	rg__uri uri;

	return rg__uri_parse(text, &uri) == RG_OK && uri.scheme != RG__SCHEME_OTHER;
}

/* Adds brackets to an IPv6 address without them; adds any other host as it is. */
static void add_host(rg__buf *uri, rg_str text)
{
	rg_addr addr;
	bool bare = text.n > 0 && text.p[0] != '[' && rg_addr_parse(text, &addr) == RG_OK && addr.family == 6;

	rg__buf_add_text(uri, bare ? "sip:[" : "sip:");
	rg__buf_add(uri, text);
	rg__buf_add_text(uri, bare ? "]" : "");
}

/* True of a SIP URI to route by: it has no headers, no control characters and no spaces. */
static bool is_home(rg_str text)
{
	rg__uri uri;

	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= 0x20 || text.p[i] == 0x7f)
			return false;
	}
	return rg__uri_parse(text, &uri) == RG_OK && uri.scheme != RG__SCHEME_OTHER && !uri.headers.p;
}

rg_status rg__home_read(rg_str text, rg__buf *uri, rg__buf *tag)
{
	rg_str trimmed = rg__trim(text), ignored;
	rg__uri read;

	if (has_scheme(trimmed))
		rg__buf_add(uri, trimmed);
	else
		add_host(uri, trimmed);
	if (uri->failed)
		return RG_ENOMEM;
	if (!is_home((rg_str){ uri->p, uri->n }) || rg__uri_parse((rg_str){ uri->p, uri->n }, &read) != RG_OK)
		return RG_EINVAL;
	rg__hop_tag(&read, tag, &ignored);
	return tag->failed ? RG_ENOMEM : RG_OK;
}

bool rg__homes_wanted(const rg_record *record, rg_time now)
{
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		if (c.expires > now)
			return true;
	}
	return false;
}

/* Sites may spell the same home in different ways. */
static bool same_home(rg_str a, rg_str b)
{
	rg__uri one, other;

	if (rg__eq(a, b))
		return true;
	return rg__uri_parse(a, &one) == RG_OK && rg__uri_parse(b, &other) == RG_OK && rg__uri_equal(&one, &other);
}

/* True when the entry has not expired and its expiry is plausible. A wrong clock or an attacker causes implausible ones. */
static bool entry_lives(rg_time expires, rg_time now)
{
	return expires > now && expires <= rg__add_sat(now, RG__HOME_LIFETIME_MOST + RG__HOME_CLOCK_AHEAD);
}

/* True of an entry that needs no renewal. An entry far beyond `until` was written before the clock was set back. */
static bool entry_agrees(rg_time expires, const rg__publication *say)
{
	int64_t life = say->until - say->now;

	return expires >= rg__add_sat(say->until, -(life / 4)) && expires <= rg__add_sat(say->until, life);
}

/* The homes of a record during a decision. */
typedef struct homes {
	rg_contact *contacts;
	uint32_t n;
	bool changed, put, had; /* had: there was a live entry of this home */
} homes;

static void put_entry(homes *h, const rg__publication *say)
{
	rg_contact *c = &h->contacts[h->n++];

	rg_contact_init(c, sizeof *c);
	c->id = rg__fingerprint(0, 1, say->home) | 1;
	c->uri = say->home;
	c->next_hop = say->tag;
	c->callid = RG_STR("home"); /* the codec refuses a contact without one */
	c->created = c->modified = say->now;
	c->expires = say->until;
	h->changed = h->put = true;
}

/* Keeps the place of the entry, so that the order of homes stays. */
static void renew_entry(homes *h, const rg_contact *c, const rg__publication *say)
{
	rg_contact kept = *c;

	if (!entry_agrees(c->expires, say)) {
		kept.expires = say->until;
		kept.modified = say->now;
		h->changed = h->put = true;
	}
	h->contacts[h->n++] = kept;
}

/* @p say NULL: only removes the entries that are not alive. */
static void collect_homes(homes *h, const rg_record *record, const rg__publication *say, rg_time now)
{
	bool placed = false;
	rg_contact c;

	for (uint32_t i = 0; rg__record_contact(record, i, &c) == RG_OK; i++) {
		bool own = say && same_home(c.uri, say->home);

		h->had |= own && entry_lives(c.expires, now);
		if (!entry_lives(c.expires, now) || (own && (placed || !say->present))) {
			h->changed = true;
			continue;
		}
		if (!own) {
			h->contacts[h->n++] = c;
			continue;
		}
		renew_entry(h, &c, say);
		placed = true;
	}
	if (say && say->present && !placed)
		put_entry(h, say);
}

static rg_status plan_homes(const rg_record *record, const rg_key *key, const rg__publication *say, rg_time now,
	const rg_revision *revision,
	int *what, rg_plan **out)
{
	homes h = { .contacts = malloc((rg_record_contact_count(record) + 1) * sizeof *h.contacts) };
	rg__draft draft = { .before = record, .revision = revision, .now = now };
	rg_status status = RG_OK;

	*out = NULL;
	if (!h.contacts)
		return RG_ENOMEM;
	collect_homes(&h, record, say, now);
	draft.commits = h.changed;
	if (h.changed && h.n > 0)
		status = rg__record_new(key, revision, h.contacts, h.n, NULL, 0, rg_record_extra(record), &draft.next);
	*what = h.put ? RG__HOME_PUT : say && !say->present && h.had ? RG__HOME_TAKEN : RG__HOME_KEPT;
	free(h.contacts);
	return status == RG_OK ? rg__plan_new(&draft, out) : status;
}

rg_status rg__homes_plan(const rg_record *record, const rg__publication *say, const rg_revision *revision, int *what, rg_plan **out)
{
	return plan_homes(record, say->key, say, say->now, revision, what, out);
}

rg_status rg__homes_prune(const rg_record *record, rg_time now, const rg_revision *revision, rg_plan **out)
{
	rg_key key;
	int what;

	rg_record_key(record, &key);
	return plan_homes(record, &key, NULL, now, revision, &what, out);
}

bool rg__homes_next(const rg_record *record, rg_str own, rg_time now, uint32_t *at, rg_str *home)
{
	rg_contact c;

	while (rg__record_contact(record, *at, &c) == RG_OK) {
		(*at)++;
		*home = c.uri;
		if (entry_lives(c.expires, now) && is_home(c.uri) && !same_home(c.uri, own))
			return true;
	}
	return false;
}
