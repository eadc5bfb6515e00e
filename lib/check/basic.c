/* SPDX-License-Identifier: MIT */
/* Fetch and commit: the compare-and-swap map itself. */
#include "check/check.h"

static const rg_revision zero;

static void absent_key(rg__check *ck)
{
	rg__check_label name;
	rg__check_answer *a = rg__check_fetch(ck, rg__check_name(&name, RG__CHECK_DOMAIN, 1));

	rg__check_that(ck, a->found.record == NULL, "an empty store holds a record");
	rg__check_that(ck, rg_revision_is_zero(&a->found.base), "the base of a key that never was is not zero");
}

static void inserted(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision r;
	rg__check_answer *a;
	rg_contact c;

	rg_contact_init(&c, sizeof c);
	s.cseq = 77;
	r = rg__check_new(ck, &s);
	rg__check_holds(ck, &s.key, &r);
	a = rg__check_fetch(ck, &s.key);
	if (!a->found.record)
		return;
	rg__check_that(ck, rg_record_contact_count(a->found.record) == 1 && rg_record_contact(a->found.record, 0,
		&c) == RG_OK && c.cseq == 77 &&
		c.expires == 5000 && rg__check_eq(c.next_hop, s.tags[0]) && rg__check_eq(c.uri, RG_STR("sip:phone@192.0.2.9")),
		"the record came back with another content");
}

static void replaced(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG__CHECK_ABSENT);
	rg_revision r = rg__check_new(ck, &s);

	for (int i = 0; i < 20; i++) {
		r = rg__check_put(ck, &s, &r);
		rg__check_holds(ck, &s.key, &r);
	}
}

static void conflicts(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision wrong = rg__check_mint(ck), first, second;

	rg__check_conflict(ck, &s, &wrong, &zero, false);
	rg__check_conflict(ck, &s, &wrong, &zero, true);
	first = rg__check_new(ck, &s);
	rg__check_conflict(ck, &s, &zero, &first, false);
	rg__check_conflict(ck, &s, &wrong, &first, false);
	rg__check_conflict(ck, &s, &wrong, &first, true);
	second = rg__check_put(ck, &s, &first);
	rg__check_conflict(ck, &s, &first, &second, false);
	rg__check_conflict(ck, &s, &first, &second, true);
	/* A difference in one bit is enough. */
	wrong = second;
	wrong.b[15] ^= 1;
	rg__check_conflict(ck, &s, &wrong, &second, false);
}

static void deleted_key(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision first = rg__check_new(ck, &s), del = rg__check_drop(ck, &s.key, &first), base;
	rg__check_answer *a = rg__check_fetch(ck, &s.key);

	base = a->found.base;
	rg__check_that(ck, !a->found.record, "a deleted record is still there");
	rg__check_that(ck, rg_revision_is_zero(&base) || rg_revision_equal(&base, &del),
		"the base of a deleted key is neither zero nor the revision of its deletion");
	rg__check_conflict(ck, &s, &first, &zero, false);
	first = rg__check_put(ck, &s, &base);
	rg__check_holds(ck, &s.key, &first);
}

/* rg_record_decode() refuses control characters in a key, since no REGISTER leaves any. A store that keeps records as rg_record_encode()
 * writes them cannot return these; a store in the memory of the process can. */
static bool may_return(const rg__check *ck, const rg_key *key)
{
	for (size_t i = 0; i < key->user.n; i++) {
		if ((unsigned char)key->user.p[i] < ' ')
			return (ck->ops->traits & (RG_STORE_INLINE | RG_STORE_SHARED)) == RG_STORE_INLINE;
	}
	return true;
}

static void octets(rg__check *ck)
{
	static const char longest[300] = { 'x', 'x', 0, 'x' };
	const rg_key keys[] = {
		{ RG_STR("d"), RG_STR("ab"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a"), RG_STR("bc") },
		{ RG_STR("da"), RG_STR("b"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("abc"), RG_STR("") },
		{ RG_STR("d"), RG_STR(""), RG_STR("abc") },
		{ RG_STR(""), RG_STR("dabc"), RG_STR("") },
		{ RG_STR("d"), RG_STR("AB"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a:b"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a"), RG_STR("b:c") },
		{ RG_STR("d"), RG_STR("a@b"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a\0b"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a\0"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("a"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("\xff\xfe\x80"), RG_STR("c") },
		{ RG_STR("d"), RG_STR("\r\n*1\r\n{x}"), RG_STR("c") },
		{ RG_STR("d"), RG_STR(" "), RG_STR("c") },
		{ RG_STR("d"), { longest, 300 }, RG_STR("c") },
		{ RG_STR("d"), { longest, 299 }, RG_STR("c") },
	};
	enum { N = sizeof keys / sizeof *keys };
	rg_revision r[N];
	rg__check_walk w = { .kind = RG__CHECK_SCAN, .limit = 3, .domain = RG_STR("d") };
	rg_str cursor = RG__CHECK_ABSENT;
	uint32_t n = 0;

	for (int i = 0; i < N; i++) {
		rg__check_draft s = rg__check_sample(&keys[i], 5000 + i, RG_STR("tag"));

		r[i] = rg__check_new(ck, &s);
	}
	for (int i = 0; i < N; i++) {
		if (may_return(ck, &keys[i]))
			rg__check_holds(ck, &keys[i], &r[i]);
	}
	do {
		rg__check_answer *a = rg__check_page(ck, &w, cursor);

		n += a->n;
		cursor = a->cursor;
	} while (rg__check_ok(ck) && cursor.p);
	rg__check_that(ck, n >= N - 2, "a scan gave %u of %d keys with odd octets", n, N - 2);
	for (int i = 0; i < N; i++) {
		rg__check_drop(ck, &keys[i], &r[i]);
		rg__check_holds(ck, &keys[i], &zero);
		if (i + 1 < N && may_return(ck, &keys[i + 1]))
			rg__check_holds(ck, &keys[i + 1], &r[i + 1]);
	}
}

/* Arguments are borrowed for the call, so the caller may change them as soon as it returned. */
static void borrowed(rg__check *ck)
{
	rg__check_label name, again;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision r = rg__check_new(ck, &s);

	memset(name.user, '?', sizeof name.user);
	rg__check_holds(ck, rg__check_name(&again, RG__CHECK_DOMAIN, 1), &r);
}

/* The caller owns a fetched record, even after the key was deleted. */
static void outlives(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	rg_revision r = rg__check_new(ck, &s);
	rg__check_answer *a = rg__check_fetch(ck, &s.key);

	rg__check_drop(ck, &s.key, &r);
	rg__check_that(ck, a->found.record && rg_revision_equal(rg_record_revision(a->found.record), &r), "a fetched record changed");
}

struct inner {
	rg__check *ck;
	rg__check_draft sample;
	uint32_t calls;
};

static void commit_inside(struct inner *in)
{
	rg__check_label name;

	in->calls++;
	in->sample.key = *rg__check_name(&name, RG__CHECK_DOMAIN, 100 + in->calls);
	rg__check_new(in->ck, &in->sample);
}

static void on_fetch(void *tok, rg_status status, const rg_fetched *found)
{
	(void)status;
	rg_record_unref(found ? found->record : NULL);
	commit_inside(tok);
}

static void on_page(void *tok, rg_status status, const rg_keys *page)
{
	(void)status;
	(void)page;
	commit_inside(tok);
}

/* The callback of each member commits. Only for inline stores: another store may complete these calls later or never. */
static void reentered(rg__check *ck)
{
	rg__check_label name;
	rg__check_draft s = rg__check_sample(rg__check_name(&name, RG__CHECK_DOMAIN, 1), 5000, RG_STR("192.0.2.1:5060"));
	struct inner in = { ck, s, 0 };

	if (!(ck->ops->traits & RG_STORE_INLINE))
		return;
	rg__check_new(ck, &s);
	ck->ops->fetch(ck->self, &s.key, RG_OP_BLOCKING, on_fetch, &in);
	const rg_str domain = RG__CHECK_DOMAIN, start = RG__CHECK_ABSENT;
	ck->ops->find(ck->self, &domain, &s.tags[0], &start, 10, RG_OP_BLOCKING, on_page, &in);
	ck->ops->scan(ck->self, &domain, &start, 10, RG_OP_BLOCKING, on_page, &in);
	ck->ops->due(ck->self, 9000, &start, 10, RG_OP_BLOCKING, on_page, &in);
	rg__check_that(ck, in.calls == 4, "%u of 4 callbacks came before their call returned", in.calls);
}

const rg__check_case rg__check_basic[] = {
	{ "an absent key is fetched as none", absent_key },
	{ "what was committed is fetched", inserted },
	{ "a commit on the current revision replaces", replaced },
	{ "a commit on another revision conflicts, says what is there, and changes nothing", conflicts },
	{ "a deleted key is absent and can be filled again", deleted_key },
	{ "keys are octets, and their parts are kept apart", octets },
	{ "what is handed to a call is borrowed for the call", borrowed },
	{ "a fetched record outlives its key", outlives },
	{ "callbacks may call the store", reentered },
	{ NULL, NULL },
};
