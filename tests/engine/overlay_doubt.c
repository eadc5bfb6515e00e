/* SPDX-License-Identifier: MIT */
/* The rules that keep an overlay right when main does not say what became of a commit; lib/overlay/overlay.h has them. */
#include "overlay_bench.h"
#include "overlay/overlay.h"

/* Rule (a). */
Test(overlay_doubt, a_local_part_that_went_is_the_base_for_a_minute)
{
	bench b;

	bench_open(&b);
	seen empty = look(&b);
	cr_expect_eq(put(&b, 1, &empty, "X"), RG_OK);
	seen there = look(&b);
	cr_expect_eq(put(&b, 2, &there, ""), RG_OK);
	seen gone = look(&b), answer;
	const rg_revision removal = rev(2);
	cr_expect(rg_revision_equal(&gone.found.local_base, &removal));
	answer = put_under(&b, &pair_alice, 3, &empty, "Y");
	cr_expect_eq(answer.status, RG_ECONFLICT, "zero is not the base");
	cr_expect(rg_revision_equal(&answer.found.local_base, &removal), "and the conflict says what is");
	cr_expect_eq(put(&b, 4, &there, "Y"), RG_ECONFLICT, "nor is what went");
	clock_ahead += MINUTE;
	seen forgotten = look(&b);
	cr_expect(rg_revision_is_zero(&forgotten.found.local_base));
	cr_expect_eq(put(&b, 5, &gone, "Y"), RG_ECONFLICT);
	cr_expect_eq(put(&b, 6, &forgotten, "Y"), RG_OK);
	there = look(&b);
	cr_expect_eq(put(&b, 7, &there, "z"), RG_OK);
	gone = look(&b);
	cr_expect_str_eq(gone.text, "z");
	const rg_revision move = rev(7);
	cr_expect(rg_revision_equal(&gone.found.local_base, &move), "a record of main carries it, too");
	cr_expect_eq(put(&b, 8, &gone, "zA"), RG_OK);
	cr_expect_str_eq(look(&b).text, "Az");
	bench_close(&b);
}

Test(overlay_doubt, a_tombstone_that_loses_its_place_counts_all_the_same)
{
	const seen nothing = { 0 };
	uint32_t number = 0;
	char name[32], other[32];
	bench b;

	bench_open_over(&b, NULL);
	rg_key first = key_in_bucket(name, sizeof name, &number, 7);
	seen s = put_under(&b, &first, 1, &nothing, "X");
	cr_expect_eq(s.status, RG_OK);
	s.found.local_base = rev(1);
	cr_expect_eq(put_under(&b, &first, 2, &s, "").status, RG_OK);
	for (int i = 0; i < RG__OVERLAY_TOMBSTONES + 3; i++) {
		rg_key key = key_in_bucket(other, sizeof other, &number, 7);

		b.ops->fetch(b.self, &key, 0, on_answer, &s);
		cr_assert_eq(s.status, RG_OK);
		cr_assert_eq(put_under(&b, &key, 3, &s, "X").status, RG_OK, "key %d", i);
		s.found.local_base = rev(3);
		cr_assert_eq(put_under(&b, &key, (uint8_t)(10 + i), &s, "").status, RG_OK);
	}
	cr_expect_eq(put_under(&b, &first, 5, &nothing, "X").status, RG_ECONFLICT, "nobody knows that it never was here");
	b.ops->fetch(b.self, &first, 0, on_answer, &s);
	cr_expect_eq(put_under(&b, &first, 6, &s, "X").status, RG_OK);
	bench_close(&b);
}

/* Rule (b). */
Test(overlay_doubt, a_commit_that_landed_is_seen_as_a_whole_and_its_resend_is_answered_without_main)
{
	bench b;
	seen s = move_both(&b, REMOTE_LANDS);

	cr_expect_str_eq(look(&b).text, "Xy");
	expect_local(&b, 1);
	uint32_t asked = b.main.commits;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK, "as often as it comes");
	cr_expect_eq(b.main.commits, asked);
	cr_expect_str_eq(look(&b).text, "Xy");
	bench_close(&b);
}

Test(overlay_doubt, one_that_did_not_land_is_not_seen_until_its_resend_does)
{
	bench b;
	seen s = move_both(&b, REMOTE_LOSES);

	cr_expect_str_eq(look(&b).text, "xY");
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	cr_expect_str_eq(look(&b).text, "Xy");
	expect_local(&b, 1);
	cr_expect_eq(b.main.leaks, 0);
	bench_close(&b);
}

/* Rule (c). */
Test(overlay_doubt, the_next_commit_asks_main_about_it_first)
{
	bench b;
	seen s = move_both(&b, REMOTE_LOSES), t = look(&b);
	uint32_t asked = b.main.commits;

	seen answer = put_under(&b, &pair_alice, 3, &t, "xYq");
	cr_expect_eq(answer.status, RG_ECONFLICT);
	cr_expect_str_eq(answer.text, "Xy", "it landed when it was asked about");
	cr_expect_eq(b.main.commits, asked + 1);
	cr_expect_eq(put(&b, 4, &answer, "Xyq"), RG_OK);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK, "the resend comes later");
	cr_expect_eq(b.main.commits, asked + 2);
	cr_expect_str_eq(look(&b).text, "qXy");
	bench_close(&b);
}

Test(overlay_doubt, while_its_outcome_stays_unknown_no_commit_is_built_on_it)
{
	bench b;
	seen s = move_both(&b, REMOTE_LOSES), t = look(&b);

	b.fate = REMOTE_LOSES;
	cr_expect_eq(put(&b, 3, &t, "xYq"), RG_ESTORE, "it did not happen");
	b.fate = REMOTE_REFUSES;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_EUNKNOWN, "a refusal is of that sending alone");
	cr_expect_str_eq(look(&b).text, "xY");
	b.fate = REMOTE_LANDS;
	cr_expect_eq(put(&b, 3, &t, "xYq"), RG_ESTORE);
	b.fate = REMOTE_REFUSES;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_EUNKNOWN);
	cr_expect_str_eq(look(&b).text, "Xy");
	b.fate = REMOTE_DOES;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	bench_close(&b);
}

Test(overlay_doubt, where_main_moved_on_nothing_is_lost_and_the_resend_tells)
{
	bench b;
	seen s = move_both(&b, REMOTE_LANDS);

	put_elsewhere(&b, 3, "yz");
	cr_expect_str_eq(look(&b).text, "Xyz");
	expect_local(&b, 2);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	expect_local(&b, 1);
	cr_expect_str_eq(look(&b).text, "Xyz");
	bench_close(&b);
	s = move_both(&b, REMOTE_LOSES);
	put_elsewhere(&b, 3, "xz");
	cr_expect_str_eq(look(&b).text, "xYz", "%s", look(&b).text);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_ECONFLICT);
	expect_local(&b, 1);
	cr_expect_str_eq(look(&b).text, "xYz");
	bench_close(&b);
}

Test(overlay_doubt, a_binding_removed_since_is_not_added_again)
{
	bench b;

	bench_open(&b);
	seen s = look(&b);
	cr_expect_eq(put(&b, 1, &s, "xy"), RG_OK);
	s = look(&b);
	b.fate = REMOTE_LANDS;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_EUNKNOWN);
	b.fate = REMOTE_DOES;
	seen t = look(&b);
	cr_expect_eq(put(&b, 3, &t, "y"), RG_OK);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	cr_expect_str_eq(look(&b).text, "y");
	expect_local(&b, 0);
	bench_close(&b);
}

/* Rule (d). */
static void refuse(bool conflict, bool undo_fails)
{
	bench b;

	bench_open(&b);
	seen s = look(&b), now;
	cr_expect_eq(put(&b, 1, &s, "xY"), RG_OK);
	s = look(&b);
	b.fate = conflict ? REMOTE_DOES : REMOTE_REFUSES;
	b.overtaken = conflict ? "xw" : NULL;
	b.of_local.after = 1; /* the addition */
	b.of_local.times = undo_fails;
	cr_expect_eq(put(&b, 2, &s, "XYz"), conflict ? RG_ECONFLICT : RG_ESTORE);
	b.of_local.after = 0;
	expect_local(&b, undo_fails ? 2 : 1);
	now = look(&b);
	cr_expect_str_eq(now.text, conflict ? "wxY" : "xY");
	expect_local(&b, 1);
	b.fate = REMOTE_DOES;
	cr_expect_not(rg_revision_equal(&now.found.local_base, &s.found.local_base), "under a fresh revision");
	s.found.base = now.found.base;
	cr_expect_eq(put(&b, 3, &s, "xYq"), RG_ECONFLICT);
	cr_expect_eq(put(&b, 4, &now, "xYq"), RG_OK);
	bench_close(&b);
}

Test(overlay_doubt, when_main_refuses_for_certain_the_addition_is_undone)
{
	for (int bits = 0; bits < 4; bits++)
		refuse(bits & 1, bits & 2);
}

/* While main is asked the local part changes. */
static rg_status change_local_part(void *user)
{
	bench *b = user;

	if (b->interrupts == 0)
		return RG_OK;
	int left = b->interrupts - 1;
	b->interrupts = 0;
	seen s = look(b);
	b->interrupted++;
	cr_expect_eq(put(b, (uint8_t)(50 + b->interrupted), &s, b->interrupted % 2 ? "xYq" : "xY"), RG_OK);
	b->interrupts = left;
	return RG_OK;
}

Test(overlay_doubt, a_fetch_that_sees_torn_parts_looks_again_and_says_so_in_the_end)
{
	for (int times = 1; times < 10; times++) {
		bench b;

		bench_open(&b);
		seen s = look(&b);
		cr_expect_eq(put(&b, 1, &s, "xY"), RG_OK);
		b.main.fetching = change_local_part;
		b.interrupts = times;
		s = look(&b);
		cr_expect_eq(s.status, RG_OK);
		cr_expect_eq(s.found.partial, times >= 4, "after %d", times);
		cr_expect_eq(b.interrupted, times < 4 ? times : 4);
		b.interrupts = 0;
		cr_expect_eq(look(&b).found.partial, 0);
		bench_close(&b);
	}
}

Test(overlay_doubt, after_a_minute_main_is_not_asked_and_a_fetch_tells_what_became_of_it)
{
	for (int landed = 0; landed < 2; landed++) {
		bench b;
		seen s = move_both(&b, landed ? REMOTE_LANDS : REMOTE_LOSES);
		uint32_t asked = b.main.commits;

		(void)s;
		clock_ahead += MINUTE;
		expect_local(&b, 2);
		s = look(&b);
		cr_expect_str_eq(s.text, landed ? "Xy" : "xY");
		expect_local(&b, 1);
		cr_expect_eq(b.main.commits, asked);
		cr_expect_eq(put(&b, 3, &s, "xY"), RG_OK);
		cr_expect_eq(b.main.commits, asked + 1);
		bench_close(&b);
	}
}

Test(overlay_doubt, where_main_moved_on_an_old_one_is_dropped_as_it_stands)
{
	bench b;

	move_both(&b, REMOTE_LOSES);
	put_elsewhere(&b, 3, "xz");
	clock_ahead += MINUTE;
	uint32_t asked = b.main.commits;
	seen s = look(&b);
	cr_expect_str_eq(s.text, "xYz");
	cr_expect_eq(put(&b, 4, &s, "xYzQ"), RG_OK);
	cr_expect_eq(b.main.commits, asked + 1, "this one alone was sent");
	cr_expect_str_eq(look(&b).text, "QxYz");
	expect_local(&b, 2);
	bench_close(&b);
}

Test(overlay_doubt, a_commit_that_comes_after_a_minute_first_asks_main_what_it_has)
{
	for (int landed = 0; landed < 2; landed++) {
		bench b;
		seen s = move_both(&b, landed ? REMOTE_LANDS : REMOTE_LOSES), answer;
		uint32_t asked = b.main.commits;

		b.fate = REMOTE_DOES;
		clock_ahead += MINUTE;
		answer = put_under(&b, &pair_alice, 3, &s, "xYq");
		cr_expect_eq(answer.status, RG_ECONFLICT);
		cr_expect_str_eq(answer.text, landed ? "Xy" : "xY");
		expect_local(&b, 1);
		cr_expect_eq(b.main.commits, asked, "it is not sent again");
		cr_expect_eq(put(&b, 4, &answer, "xYq"), RG_OK);
		cr_expect_str_eq(look(&b).text, "qxY");
		bench_close(&b);
	}
}

static rg_status no_answer_of_main(void *user)
{
	(void)user;
	return RG_ETIMEOUT;
}

Test(overlay_doubt, while_main_does_not_answer_an_old_one_stays)
{
	bench b;
	seen s = move_both(&b, REMOTE_LANDS);

	b.fate = REMOTE_DOES;
	clock_ahead += MINUTE;
	b.main.fetching = no_answer_of_main;
	cr_expect_eq(put(&b, 3, &s, "xYq"), RG_ESTORE);
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_EUNKNOWN, "nothing is known of it yet");
	expect_local(&b, 2);
	b.main.fetching = NULL;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	expect_local(&b, 1);
	bench_close(&b);
}

/* A memory store says nothing of deletions. */
static void delete_main_part(const char *before, const char *after, bool alone)
{
	faulty of_main = { .calls = CALL_COMMIT, .status = RG_EUNKNOWN, .lands = true };
	bench b;

	bench_open_over(&b, &of_main);
	seen s = look(&b), t;
	cr_expect_eq(put(&b, 1, &s, before), RG_OK);
	s = t = look(&b);
	of_main.times = 1;
	cr_expect_eq(put(&b, 2, &s, after), RG_EUNKNOWN);
	clock_ahead += MINUTE;
	uint32_t asked = of_main.seen;
	t.found.base = (rg_revision){ { 0 } };
	cr_expect_eq(put(&b, 3, &t, "Q"), alone ? RG_OK : RG_ECONFLICT, "decided on the local part as it was");
	cr_expect_str_eq(look(&b).text, alone ? "Q" : after);
	cr_expect_eq(put(&b, 2, &s, after), RG_OK, "the resend comes late");
	cr_expect_str_eq(look(&b).text, alone ? "Q" : after);
	cr_expect_eq(of_main.seen, asked);
	bench_close(&b);
}

Test(overlay_doubt, an_old_deletion_has_landed_where_main_has_nothing)
{
	delete_main_part("xY", "", false);
	delete_main_part("xY", "Y", false);
	delete_main_part("xY", "XY", false);
	delete_main_part("x", "", true);
}

Test(overlay_doubt, an_old_insertion_has_not_landed_where_main_has_nothing)
{
	faulty of_main = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN };
	bench b;
	seen s = { 0 };

	bench_open_over(&b, &of_main);
	cr_expect_eq(put(&b, 1, &s, "xY"), RG_EUNKNOWN);
	clock_ahead += MINUTE;
	cr_expect_str_eq(look(&b).text, "");
	expect_local(&b, 0);
	bench_close(&b);
}

Test(overlay_doubt, a_guess_of_main_does_not_undo_an_old_one)
{
	faulty of_main = { .calls = CALL_COMMIT, .times = 1, .status = RG_EUNKNOWN, .lands = true, .guesses = true };
	bench b;
	seen s = { 0 };

	bench_open_over(&b, &of_main);
	cr_expect_eq(put(&b, 1, &s, "xY"), RG_EUNKNOWN);
	clock_ahead += MINUTE;
	b.ops->fetch(b.self, &pair_alice, 0, on_answer, &s);
	cr_expect_eq(s.found.authoritative, 0);
	expect_local(&b, 1);
	cr_expect_str_eq(look(&b).text, "xY");
	bench_close(&b);
}

Test(overlay_doubt, there_is_room_for_so_many_and_the_next_is_refused_before_main_is_asked)
{
	faulty of_main = { .calls = CALL_COMMIT, .times = -1, .status = RG_EUNKNOWN };
	char name[32];
	uint32_t number = 0;
	bench b;
	const seen nothing = { 0 };
	seen s;

	bench_open_over(&b, &of_main);
	for (int i = 0; i < RG__OVERLAY_DOUBTS_MAX; i++) {
		rg_key key = key_in_bucket(name, sizeof name, &number, 9);

		cr_expect_eq(put_under(&b, &key, 1, &nothing, "xY").status, RG_EUNKNOWN);
	}
	uint32_t asked = of_main.seen;
	rg_key last = key_in_bucket(name, sizeof name, &number, 9);
	cr_expect_eq(put_under(&b, &last, 2, &nothing, "xY").status, RG_EFULL);
	cr_expect_eq(of_main.seen, asked);
	expect_local(&b, RG__OVERLAY_DOUBTS_MAX);
	of_main.times = 0;
	cr_expect_eq(put_under(&b, &last, 3, &nothing, "Y").status, RG_OK, "of one part alone there is no doubt");
	clock_ahead += MINUTE;
	last = key_in_bucket(name, sizeof name, &number, 9);
	cr_expect_eq(put_under(&b, &last, 4, &nothing, "xY").status, RG_OK, "the table does not stay full");
	/* One that is only kept for its resend gives its place, too. */
	of_main.times = -1;
	of_main.lands = true;
	for (int i = 0; i < 2 * RG__OVERLAY_DOUBTS_MAX; i++) {
		rg_key key = key_in_bucket(name, sizeof name, &number, 9);

		cr_expect_eq(put_under(&b, &key, 5, &nothing, "xY").status, RG_EUNKNOWN, "key %d", i);
		b.ops->fetch(b.self, &key, 0, on_answer, &s);
		cr_expect_str_eq(s.text, "xY");
	}
	bench_close(&b);
}

/* Fills the room for doubts of a bucket with those of other keys. */
static void fill_room(bench *b, uint32_t *number, bool done)
{
	const seen nothing = { 0 };
	char name[32];
	seen s;

	for (int i = 0; i < RG__OVERLAY_DOUBTS_MAX; i++) {
		rg_key key = key_in_bucket(name, sizeof name, number, 9);

		cr_expect_eq(put_under(b, &key, 7, &nothing, "xY").status, RG_EUNKNOWN, "key %d", i);
		if (done)
			b->ops->fetch(b->self, &key, 0, on_answer, &s);
	}
}

static seen look_under(bench *b, const rg_key *key)
{
	seen s;

	b->ops->fetch(b->self, key, 0, on_answer, &s);
	return s;
}

Test(overlay_doubt, one_that_is_done_gives_its_place_before_one_that_is_old)
{
	faulty of_main = { .calls = CALL_COMMIT, .status = RG_EUNKNOWN, .lands = true };
	const seen nothing = { 0 };
	char name[32];
	uint32_t number = 0;
	bench b;

	bench_open_over(&b, &of_main);
	rg_key key = key_in_bucket(name, sizeof name, &number, 9);
	cr_expect_eq(put_under(&b, &key, 1, &nothing, "xY").status, RG_OK);
	seen s = look_under(&b, &key);
	of_main.times = -1;
	cr_expect_eq(put_under(&b, &key, 2, &s, "x").status, RG_EUNKNOWN);
	clock_ahead += MINUTE;
	fill_room(&b, &number, true);
	fill_room(&b, &number, true);
	cr_expect_str_eq(look_under(&b, &key).text, "x");
	bench_close(&b);
}

Test(overlay_doubt, a_resend_that_is_not_remembered_has_landed_where_main_is_at_its_revision)
{
	static const char *const next[] = { "x", "xY", "xYz" };

	for (int i = 0; i < 3; i++) {
		faulty of_main = { .calls = CALL_COMMIT, .status = RG_EUNKNOWN, .lands = true };
		const seen nothing = { 0 };
		char name[32];
		uint32_t number = 0;
		bench b;

		bench_open_over(&b, &of_main);
		rg_key key = key_in_bucket(name, sizeof name, &number, 9);
		cr_expect_eq(put_under(&b, &key, 1, &nothing, "xY").status, RG_OK);
		seen s = look_under(&b, &key);
		of_main.times = -1;
		cr_expect_eq(put_under(&b, &key, 2, &s, next[i]).status, RG_EUNKNOWN);
		clock_ahead += MINUTE;
		fill_room(&b, &number, false);
		uint32_t asked = of_main.seen;
		cr_expect_eq(put_under(&b, &key, 2, &s, next[i]).status, RG_OK, "%s", next[i]);
		cr_expect_eq(of_main.seen, asked);
		cr_expect_str_eq(look_under(&b, &key).text, next[i]);
		bench_close(&b);
	}
}

typedef struct insider {
	bench *b;
	int changes;
	bool inside;
	rg_status status[4];
} insider;

static void commit_within(void *user, rg_status status)
{
	insider *w = user;
	seen s;

	if (status != RG_OK || w->inside || w->changes == 4)
		return;
	w->inside = true;
	s = look(w->b);
	w->status[w->changes] = put(w->b, (uint8_t)(70 + w->changes), &s, "q");
	w->changes++;
	w->inside = false;
}

Test(overlay_doubt, no_commit_comes_between_the_two_parts_of_another)
{
	bench b;
	void *handle = NULL;

	bench_open_over(&b, NULL);
	insider w = { .b = &b, .inside = true };
	cr_assert_eq(b.ops->watch(b.self, &pair_alice, commit_within, &w, &handle), RG_OK);
	seen s = look(&b);
	cr_expect_eq(put(&b, 1, &s, "xY"), RG_OK);
	s = look(&b);
	w.inside = false;
	cr_expect_eq(put(&b, 2, &s, "Xy"), RG_OK);
	cr_expect_eq(w.changes, 3, "an addition, main, and a removal");
	for (int i = 0; i < 3; i++)
		cr_expect_eq(w.status[i], RG_ECONFLICT, "%d: %s", i, rg_strerror(w.status[i]));
	w.inside = true;
	cr_expect_str_eq(look(&b).text, "Xy");
	b.ops->unwatch(b.self, handle);
	bench_close(&b);
}
