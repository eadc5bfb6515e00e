/* SPDX-License-Identifier: MIT */
/* Decides on a well-formed REGISTER, given the bindings of its AoR (RFC 3261 §10.3 steps 6 to 8). */
#include "decide/merge.h"
#include "model/model.h"
#include "message/message.h"
#include "rules/rules.h"

/* Up to this many bindings need no allocation. */
enum { FEW = 3 };

bool rg__merge_open(rg__merge *m, rg__scratch *scratch, void *room, size_t size, uint32_t n)
{
	if (!rg__scratch_open(scratch, room, size, n * (size_t)RG__MERGE_EACH + 1))
		return false;
	m->contacts = rg__scratch_take(scratch, n * sizeof *m->contacts);
	m->entries = rg__scratch_take(scratch, n * sizeof *m->entries);
	m->ranks = rg__scratch_take(scratch, n * sizeof *m->ranks);
	m->room = rg__scratch_take(scratch, n * sizeof *m->room);
	m->changes = rg__scratch_take(scratch, n * sizeof *m->changes);
	m->kept = rg__scratch_take(scratch, n * sizeof *m->kept);
	m->listed = rg__scratch_take(scratch, n * sizeof *m->listed);
	m->outcomes = rg__scratch_take(scratch, n * sizeof *m->outcomes);
	return true;
}

void rg__merge_load(rg__merge *m)
{
	m->n = rg_record_contact_count(m->record);
	for (uint32_t i = 0; i < m->n; i++) {
		rg__entry *e = &m->entries[i];
		rg__held held;

		rg__record_held(m->record, i, &held);
		rg__matchable_unread(&e->match, held.uri, held.callid, held.instance, held.reg_id);
		e->rank = (rg__rank){ .id = held.id, .modified = held.modified, .created = held.created, .q = held.q };
		e->expires = held.expires;
		e->request_hash = held.request_hash;
		e->cseq = held.cseq;
		e->own = RG__NOBODY;
		e->before = (uint16_t)i;
		e->gone = 0;
		e->given = e->changed = e->regenerated = false;
		e->lapsed = held.expires <= m->now;
	}
}

void rg__merge_view(rg__merge *m)
{
	rg__merge_load(m);
	for (uint32_t i = 0; i < m->n; i++)
		m->entries[i].given = rg__record_contact(m->record, i, &m->contacts[i]) == RG_OK;
}

/* The ways in which a binding is searched, best first: where several rules may match it, by the first of them, and then by any; each time
 * first among those with the octets of the Contact. */
enum { FIRST_AND_OCTETS, FIRST_RULE, ANY_AND_OCTETS, ANY_RULE };

/* The binding that a Contact means: of several the one with the same octets, else the newest. @p gone searches among the bindings that this
 * request removed. */
static uint32_t find_binding(rg__merge *m, rg__matchable *wanted, bool gone)
{
	const rg__matching *matching = &m->reg->set->matching;
	uint32_t best = RG__NOBODY;

	for (int how = wanted->by == RG__BY_MODE ? ANY_AND_OCTETS : FIRST_AND_OCTETS; how <= ANY_RULE && best == RG__NOBODY; how++) {
		bool octets = how == FIRST_AND_OCTETS || how == ANY_AND_OCTETS;

		for (uint32_t i = 0; i < m->n; i++) {
			rg__entry *e = &m->entries[i];

			if (e->lapsed || (e->gone != 0) != gone || (octets && !rg__eq(e->match.text, wanted->text)))
				continue;
			bool same = octets && rg__octets_match(matching, wanted, &e->match);
			if (!same && (how <= FIRST_RULE ? !rg__matches_first(matching, wanted, &e->match) : !rg__matches(matching, wanted, &e->match)))
				continue;
			if (best == RG__NOBODY || rg__rank_age(&e->rank, &m->entries[best].rank) > 0)
				best = i;
		}
	}
	return best;
}

enum { FRESH, REPEATED, STALE };

/* RFC 3261 §10.3 step 7: within one Call-ID only a higher CSeq changes anything. The same REGISTER repeated changes nothing. */
static int compare_age(const rg__register *reg, rg_str callid, uint32_t cseq, uint64_t fingerprint)
{
	bool same = reg->cseq == cseq && reg->fingerprint == fingerprint;

	/* The main registrar may grant something else when it answers the same REGISTER again. */
	if (reg->cseq > cseq || !rg__eq(reg->request->callid, callid) || (same && reg->cached))
		return FRESH;
	return same ? REPEATED : STALE;
}

/* Compares the CSeq of the request with a binding of the record. */
static int age_by_binding(const rg__merge *m, const rg__entry *e)
{
	return compare_age(m->reg, e->match.callid, e->cseq, e->request_hash);
}

/* Compares the CSeq of the request with the remembered removals of a Contact's binding; @p wanted NULL: of all bindings, for `*`. */
static int age_by_removals(rg__merge *m, rg__matchable *wanted)
{
	int verdict = FRESH;
	rg_removal r;

	for (uint32_t i = 0; rg__record_removal(m->record, i, &r) == RG_OK; i++) {
		int age = compare_age(m->reg, r.callid, r.cseq, r.request_hash);
		rg__matchable gone;

		if (age == FRESH || !rg__removal_fresh(&r, m->now))
			continue;
		rg__matchable_unread(&gone, r.uri, r.callid, r.instance, r.reg_id);
		if (wanted && !rg__matches(&m->reg->set->matching, wanted, &gone))
			continue;
		if (age == REPEATED)
			return REPEATED;
		verdict = STALE;
	}
	return verdict;
}

/* These bits of an id number the bindings that were made in the same millisecond. The other bits are random. */
enum { ID_TURN_BITS = 10 };

/* The id orders bindings of equal times. Its first bits make that the order of registration. */
static uint64_t id_turn(const rg__merge *m)
{
	uint64_t turn = 0, most = (1u << ID_TURN_BITS) - 1;

	for (uint32_t i = 0; i < m->n; i++) {
		uint64_t taken = m->entries[i].rank.id >> (64 - ID_TURN_BITS);

		if (m->entries[i].rank.created == m->now && taken >= turn)
			turn = taken + 1;
	}
	return (turn < most ? turn : most) << (64 - ID_TURN_BITS);
}

static uint64_t new_id(const rg__merge *m, uint32_t contact)
{
	uint64_t turn = id_turn(m);

	for (uint32_t attempt = 0;; attempt++) {
		uint64_t id = turn | rg__draw(m->seed, RG__DRAW_ID, contact, attempt) >> ID_TURN_BITS;
		uint32_t i = 0;

		while (i < m->n && m->entries[i].rank.id != id)
			i++;
		if (id != 0 && i == m->n)
			return id;
	}
}

static int64_t granted(const rg__merge *m, uint32_t k)
{
	int64_t seconds = m->reg->wanted[k].expires;

	if (m->reg->set->expires_max_deviation <= 0)
		return seconds;
	seconds = rg__expires_deviate(seconds, m->reg->set, rg__draw(m->seed, RG__DRAW_DEVIATION, k, 0));
	return rg__expires_raised(seconds, rg__register_least(m->reg, &m->reg->wanted[k]));
}

/* A reg-id that does not apply counts as absent (RFC 5626 §6). */
static uint32_t flow_of(const rg__wanted *w)
{
	return w->outbound ? w->reg_id : 0;
}

static void matchable_at(const rg__merge *m, uint32_t k, rg__matchable *out)
{
	const rg__wanted *w = &m->reg->wanted[k];

	rg__matchable_read(out, &w->uri, m->reg->request->callid, w->instance, flow_of(w));
	out->by = w->by;
}

/* Writes everything that a REGISTER says about a binding: all that rg__record_kept() does not. */
static void write_binding(const rg__merge *m, uint32_t k, rg_contact *c)
{
	const rg__register *reg = m->reg;
	const rg__wanted *w = &reg->wanted[k];
	const rg_request *r = reg->request;

	c->uri = w->uri.text;
	c->params = w->params;
	c->instance = w->instance;
	c->callid = r->callid;
	c->path = reg->path;
	c->received = w->received;
	c->socket = reg->socket;
	c->flow = r->flow;
	c->user_agent = reg->user_agent;
	c->attr = r->attr;
	c->ownership_tag = r->ownership_tag;
	c->next_hop = w->next_hop;
	c->addrs = w->addrs;
	c->n_addrs = w->n_addrs;
	c->cseq = reg->cseq;
	c->modified = m->now;
	c->flags &= ~(uint32_t)(RG_CONTACT_WOKEN | RG_CONTACT_OUTBOUND | RG_CONTACT_LOCAL | RG_CONTACT_PN);
	c->flags |= (w->outbound ? RG_CONTACT_OUTBOUND : 0) | (reg->set->memory_only ? RG_CONTACT_LOCAL : 0);
	c->expires = rg__expires_at(m->now, granted(m, k));
	c->wake = 0;
	if (w->asks == RG__PN_WAKE) {
		c->flags |= RG_CONTACT_PN;
		c->wake = rg__sub_sat(c->expires, rg__mul_sat(reg->set->push->trigger, 1000));
	}
	c->request_hash = reg->fingerprint;
	c->q = w->q;
	c->reg_id = flow_of(w);
	c->methods = w->methods;
	if (r->flags & RG_REQUEST_HAS_BRANCH_FLAGS)
		c->branch_flags = r->branch_flags;
	/* Base specification, path-received: the client is behind a NAT as long as its Path says so. */
	else if (reg->set->path_received)
		c->branch_flags &= ~reg->set->nat_bflag;
	if (reg->path_received_n > 0)
		c->branch_flags |= reg->set->nat_bflag;
}

/* An empty binding behind the others. */
static void add_binding(rg__merge *m, uint32_t k)
{
	rg_contact *c = &m->contacts[m->n];
	rg__entry *e = &m->entries[m->n];

	rg_contact_init(c, sizeof *c);
	c->id = new_id(m, k);
	c->created = m->now;
	*e = (rg__entry){ .before = RG__NO_BINDING, .own = RG__NOBODY, .rank = { .id = c->id, .created = c->created } };
	m->n++;
}

static void set_binding(rg__merge *m, uint32_t at, uint32_t k)
{
	rg_contact *c = &m->contacts[at];
	rg__entry *e = &m->entries[at];

	if (at == m->n)
		add_binding(m, k);
	else if (!e->given)
		rg__record_kept(m->record, e->before, c);
	write_binding(m, k, c);
	if (rg__eq(e->match.callid, c->callid) && rg__eq(e->match.instance, c->instance)) {
		c->callid = e->match.callid; /* rg__record_next() need not compare what the record has */
		c->instance = c->instance.n > 0 ? e->match.instance : RG__ABSENT;
	} else {
		c->generation = rg__draw_generation(m->seed, k, false, rg_record_revision(m->record));
		e->regenerated = m->regenerates = true;
	}
	if (e->own != RG__NOBODY)
		m->outcomes[e->own] = RG_OUTCOME_IGNORED;
	rg__matchable_read(&e->match, &m->reg->wanted[k].uri, c->callid, c->instance, c->reg_id);
	e->rank.modified = c->modified;
	e->own = k;
	e->until = c->expires;
	e->gone = 0;
	e->given = e->changed = true;
	m->outcomes[k] = e->before == RG__NO_BINDING ? RG_OUTCOME_INSERTED : RG_OUTCOME_UPDATED;
}

/* A Contact with expiry zero. */
static void drop_binding(rg__merge *m, uint32_t at, uint32_t k, rg__matchable *wanted)
{
	rg__entry *e;

	m->outcomes[k] = RG_OUTCOME_IGNORED;
	if (at == RG__NOBODY)
		return;
	e = &m->entries[at];
	if (e->own != RG__NOBODY) {
		/* Two Contacts of one request mean one binding: a removal undoes an earlier Contact only if it names the same URI. */
		if (!rg__same_uri(wanted, &e->match))
			return;
		m->outcomes[e->own] = RG_OUTCOME_IGNORED;
		e->own = RG__NOBODY;
	}
	e->gone = RG__GONE_REQUEST;
	if (e->before != RG__NO_BINDING)
		m->outcomes[k] = RG_OUTCOME_REMOVED;
}

/* A later Contact sets the binding that an earlier one removed: the earlier one is ignored. */
static void overrule_removal(rg__merge *m, uint32_t at, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++) {
		rg__matchable earlier;

		matchable_at(m, i, &earlier);
		if (m->outcomes[i] == RG_OUTCOME_REMOVED && rg__matches(&m->reg->set->matching, &earlier, &m->entries[at].match))
			m->outcomes[i] = RG_OUTCOME_IGNORED;
	}
}

/* Compares the CSeq of the request with the binding that one of its Contacts means. */
static int age_of(rg__merge *m, rg__matchable *wanted, uint32_t at)
{
	int age = rg_record_removal_count(m->record) > 0 ? age_by_removals(m, wanted) : FRESH;

	if (age == FRESH && at != RG__NOBODY && m->entries[at].own == RG__NOBODY)
		age = age_by_binding(m, &m->entries[at]);
	return age;
}

static int32_t apply_contact(rg__merge *m, uint32_t k)
{
	rg__matchable wanted;
	uint32_t at;

	if (m->reg->wanted[k].moot) {
		m->outcomes[k] = RG_OUTCOME_IGNORED;
		return RG_R_FINE;
	}
	matchable_at(m, k, &wanted);
	at = find_binding(m, &wanted, false);
	if (age_of(m, &wanted, at) == STALE)
		return RG_R_INV_CSEQ;
	if (m->reg->wanted[k].expires == 0) {
		drop_binding(m, at, k, &wanted);
		return RG_R_FINE;
	}
	if (at == RG__NOBODY && (at = find_binding(m, &wanted, true)) != RG__NOBODY)
		overrule_removal(m, at, k);
	set_binding(m, at == RG__NOBODY ? m->n : at, k);
	return RG_R_FINE;
}

/* True when a binding or a removal says that this request was acted on before. */
static bool acted_on(const rg__merge *m)
{
	uint32_t removals = rg_record_removal_count(m->record);
	rg_removal r;

	for (uint32_t i = 0; i < m->n; i++) {
		if (!m->entries[i].lapsed && age_by_binding(m, &m->entries[i]) == REPEATED)
			return true;
	}
	for (uint32_t i = 0; i < removals && rg__record_removal(m->record, i, &r) == RG_OK; i++) {
		if (rg__removal_fresh(&r, m->now) && compare_age(m->reg, r.callid, r.cseq, r.request_hash) == REPEATED)
			return true;
	}
	return false;
}

/* True when a later Contact of the request dropped what Contact @p k had set: drop_binding(). */
static bool dropped_later(const rg__merge *m, uint32_t k, rg__matchable *wanted)
{
	for (uint32_t i = k + 1; i < m->reg->n; i++) {
		rg__matchable later;

		matchable_at(m, i, &later);
		if (m->reg->wanted[i].expires == 0 && rg__matches(&m->reg->set->matching, wanted, &later) && rg__same_uri(wanted, &later))
			return true;
	}
	return false;
}

/* True when somebody removed the binding that Contact @p k of a repeated request had set. Such a removal has the Call-ID, CSeq and hash of
 * the request. A removal by a later Contact of the request itself has them too, but does not count. */
static bool was_removed(rg__merge *m, uint32_t k, rg__matchable *wanted, uint32_t at)
{
	if (m->reg->wanted[k].expires == 0 || (at != RG__NOBODY && age_by_binding(m, &m->entries[at]) == REPEATED))
		return false;
	return age_by_removals(m, wanted) == REPEATED && !dropped_later(m, k, wanted);
}

/* A request that was acted on is a repeat as a whole: bindings that lapsed since, or that it set twice, are not set again. It is out of
 * order if a newer request has changed the binding of one of its Contacts, or somebody has removed it. */
static int32_t apply_repeat(rg__merge *m)
{
	for (uint32_t k = 0; k < m->reg->n; k++) {
		rg__matchable wanted;

		matchable_at(m, k, &wanted);
		uint32_t at = find_binding(m, &wanted, false);

		if (age_of(m, &wanted, at) == STALE || was_removed(m, k, &wanted, at))
			return RG_R_INV_CSEQ;
		m->outcomes[k] = RG_OUTCOME_REPEATED;
		if (at == RG__NOBODY || m->reg->wanted[k].expires == 0)
			continue;
		m->entries[at].own = k;
		m->entries[at].until = m->entries[at].expires;
	}
	return RG_R_FINE;
}

/* RFC 3261 §10.3 step 6: `*` removes all bindings, or fails as a whole. */
static int32_t apply_star(rg__merge *m)
{
	int age = age_by_removals(m, NULL);

	m->outcomes[0] = age == REPEATED ? RG_OUTCOME_REPEATED : RG_OUTCOME_IGNORED;
	for (uint32_t i = 0; i < m->n && age == FRESH; i++) {
		if (!m->entries[i].lapsed && age_by_binding(m, &m->entries[i]) != FRESH)
			age = STALE;
	}
	if (age != FRESH)
		return age == STALE ? RG_R_INV_CSEQ : RG_R_FINE;
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->entries[i].lapsed)
			continue;
		m->entries[i].gone = RG__GONE_STAR;
		m->outcomes[0] = RG_OUTCOME_REMOVED;
	}
	return RG_R_FINE;
}

static rg_status apply_request(rg__merge *m, int32_t *reason)
{
	*reason = RG_R_FINE;
	if (m->reg->n == 0)
		return RG_OK;
	if (m->reg->star || acted_on(m)) {
		*reason = m->reg->star ? apply_star(m) : apply_repeat(m);
		return RG_OK;
	}
	for (uint32_t k = 0; k < m->reg->n; k++) {
		*reason = apply_contact(m, k);
		if (*reason != RG_R_FINE)
			return RG_OK;
	}
	rg_status status = rg__merge_limit(m, reason);

	if (m->regenerates && status == RG_OK && *reason == RG_R_FINE)
		rg__merge_generations(m);
	return status;
}

static bool anything_changed(const rg__merge *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->gone != 0 ? e->before != RG__NO_BINDING : e->changed)
			return true;
	}
	return false;
}

/* Lists the bindings of a 200: those of the request in its order, then the others in lookup order. @p committed: by their indexes in the
 * next record. */
static uint32_t list_bindings(rg__merge *m, bool committed)
{
	uint32_t n = 0, rest = 0;

	for (uint32_t k = 0; k < m->reg->n; k++) {
		for (uint32_t i = 0; i < m->n; i++) {
			const rg__entry *e = &m->entries[i];

			if (e->own == k && e->gone == 0 && !e->lapsed)
				m->listed[n++] = committed ? e->after : e->before;
		}
	}
	if (m->reg->set->only_request_contacts)
		return n;
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->own == RG__NOBODY && e->gone == 0 && !e->lapsed) {
			m->ranks[rest] = e->rank;
			m->ranks[rest++].index = committed ? e->after : e->before;
		}
	}
	rg__rank_sort(m->ranks, rest, m->room, m->reg->set->desc_time_order);
	for (uint32_t i = 0; i < rest; i++)
		m->listed[n++] = m->ranks[i].index;
	return n;
}

static rg_status plan_refusal(const rg__merge *m, int32_t reason, rg_plan **out)
{
	rg__answer answer;
	rg__extras extras;

	rg__refuse(reason, m->reg->set, m->reg, m->now, &answer, &extras);
	return rg__plan_new(&(rg__draft){ .before = m->record, .now = m->now, .revision = m->revision, .answer = &answer }, out);
}

/* The 200 and the plan around it. Takes the reference to @p next. */
static rg_status plan_acceptance(rg__merge *m, bool commits, rg_record *next, rg_plan **out)
{
	const rg__register *reg = m->reg;
	rg__answer answer = { .record = commits ? next : m->record, .listed = m->listed, .n_listed = list_bindings(m, commits) };
	/* With all members, or compilers clear the struct first, by a slow string instruction. */
	rg__draft draft = { .before = m->record, .next = next, .commits = commits, .claims = false, .revision = m->revision, .answer = &answer,
		.callid = commits ? reg->request->callid : RG__ABSENT, .reason = RG__ABSENT, .now = m->now, .affected = 0,
		.outcomes = m->outcomes, .n_outcomes = reg->n, .changes = m->changes, .n_changes = commits ? rg__merge_changes(m) : 0 };

	return rg__merge_accept(m, &draft, &answer, out);
}

static rg_status decide_register(rg__merge *m, rg_plan **out)
{
	const rg__register *reg = m->reg;
	rg__remover by = { reg->request->callid, reg->cseq, reg->fingerprint };
	rg_record *next = NULL;
	rg_status status;
	int32_t reason;

	rg__merge_load(m);
	status = apply_request(m, &reason);
	if (status != RG_OK)
		return status;
	if (reason != RG_R_FINE)
		return plan_refusal(m, reason, out);
	if (!anything_changed(m))
		return plan_acceptance(m, false, NULL, out);
	status = rg__merge_next(m, &reg->key, &by, &next);
	if (status == RG_OK)
		status = rg__record_within(next, m->record, (uint64_t)reg->set->max_record_bytes);
	if (status == RG_OK)
		return plan_acceptance(m, true, next, out);
	rg_record_unref(next);
	return status == RG_ELIMIT ? plan_refusal(m, RG_R_TOO_LARGE, out) : status;
}

rg_status rg__register_merge(const rg__register *reg, const rg_record *record, rg__dictionary *dictionary, rg_time now,
	const uint8_t seed[32], const rg_revision *revision, rg_plan **out)
{
	_Alignas(rg_contact) char few[FEW * RG__MERGE_EACH + 1];
	rg__merge m = { .reg = reg, .record = record, .dictionary = dictionary, .revision = revision, .now = now, .seed = seed };
	rg__scratch scratch;

	*out = NULL;
	if (reg->reason != RG_R_FINE)
		return plan_refusal(&m, reg->reason, out);
	if (!rg__merge_open(&m, &scratch, few, sizeof few, rg_record_contact_count(record) + reg->n))
		return RG_ENOMEM;
	rg_status status = decide_register(&m, out);
	rg__scratch_close(&scratch);
	return status;
}

/* Decides on a register, and frees it. */
static rg_status merge_once(rg__register *reg, const rg_record *record, rg_time now, const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	rg_revision revision = rg__draw_revision(seed, rg_record_revision(record));
	rg_status status;
	rg_key key;

	rg_record_key(record, &key);
	if (record && reg->reason == RG_R_FINE && !rg_key_equal(&key, &reg->key))
		status = rg__fail(why, RG_EINVAL, "record belongs to another AoR than the request");
	else if ((status = rg__register_merge(reg, record, NULL, now, seed, &revision, out)) == RG_EINVAL)
		rg__fail(why, status, "gruu_secret is unset, but the response has a %s to seal", reg->gives_gruus ? "temporary GRUU" : "PURR");
	rg__register_free(reg);
	return status;
}

static rg_status begin_merge(const rg_request *request, const rg_config *config, const uint8_t seed[32], rg_plan **out, rg_request *view,
	rg_error *why)
{
	rg_status st = rg__pure_begin(config, seed, out, why);

	if (st == RG_OK)
		st = rg__request_open(request, view, why);
	return st == RG_OK ? rg__homes_spared(view->domain, why) : st;
}

rg_status rg_merge(const rg_record *record, const rg_request *request, const rg_config *config, const rg_save_options *options,
	rg_time now, const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	rg__register *reg;
	rg_request view;
	rg_status status = begin_merge(request, config, seed, out, &view, why);

	if (status == RG_OK)
		status = rg__register_read(&view, config, options, NULL, &reg, why);
	if (status == RG_OK)
		status = merge_once(reg, record, now, seed, out, why);
	return rg__pure_end(status, why);
}

rg_status rg_merge_reply(const rg_record *record, const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg_time now, const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	rg__register *reg;
	rg_upstream answer;
	rg_request view;
	rg_status status = begin_merge(request, config, seed, out, &view, why);

	if (status == RG_OK)
		status = rg__upstream_open(upstream, &answer, why);
	if (status == RG_OK)
		status = rg__register_read_answered(&view, &answer, config, options, &reg, why);
	if (status == RG_OK)
		status = merge_once(reg, record, now, seed, out, why);
	return rg__pure_end(status, why);
}
