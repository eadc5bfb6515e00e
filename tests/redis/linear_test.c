/* SPDX-License-Identifier: MIT */
/* The checker gets histories that are right, and the same with one thing wrong. */
#include "linear.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 2048, STEP = 1000, HISTORIES = 15, LENGTH = 300 };

/* A registrar that does one thing after another, each at its moment, and writes the history. */
typedef struct scene {
	act acts[ROOM];
	told told[ROOM];
	history h;
	rg_record *record;
	uint64_t clock, dice;
	char why[4096];
} scene;

static scene *scene_new(uint64_t seed)
{
	scene *s = calloc(1, sizeof *s);

	s->h.acts = s->acts;
	s->h.told = s->told;
	s->dice = seed * 2654435761u + 1;
	s->clock = STEP;
	return s;
}

static void scene_free(scene *s)
{
	rg_record_unref(s->record);
	free(s);
}

static uint32_t roll(scene *s, uint32_t below)
{
	s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->dice >> 33) % below;
}

static void tell_events(scene *s, const act *a, const rg_plan *plan)
{
	rg_event e = { .struct_size = sizeof e };

	for (uint32_t i = 0; rg_plan_event(plan, i, &e) == RG_OK; i++) {
		told *t = &s->told[s->h.n_told++];

		*t = (told){ .node = a->node, .aor = a->aor };
		told_from(&e, t);
	}
}

static void apply(scene *s, act *a, rg_plan *plan)
{
	rg_record *next = NULL;

	cr_assert_eq(rg_plan_apply(plan, s->record, &next, NULL), RG_OK);
	rg_record_unref(s->record);
	s->record = next;
	a->removed = rg_plan_affected_count(plan);
	tell_events(s, a, plan);
	if (act_registers(a)) {
		a->code = rg_response_code(rg_plan_response(plan));
		seen_in_response(rg_plan_response(plan), a->seen);
	}
	rg_plan_free(plan);
}

/* Does what @p like says, and writes it down. */
static act *does(scene *s, act like)
{
	act *a = &s->acts[s->h.n_acts++];
	uint8_t seed[32] = { 7 };
	act_text text;
	rg_request request;
	rg_remove_filter filter;
	rg_plan *plan = NULL;

	*a = like;
	a->tag = s->h.n_acts;
	a->now = 1700000000000 + (rg_time)(s->clock / STEP);
	a->begin = s->clock;
	a->end = s->clock + STEP / 2;
	s->clock += STEP;
	memcpy(seed, &a->tag, sizeof a->tag);
	if (act_registers(a)) {
		act_request(a, &text, &request);
		cr_assert_eq(rg_merge(s->record, &request, NULL, NULL, a->now, seed, &plan, NULL), RG_OK);
		apply(s, a, plan);
	} else if (a->kind == ACT_WIPE) {
		rg_record_unref(s->record);
		s->record = NULL;
	} else if (act_writes(a)) {
		act_filter(a, &text, &filter);
		cr_assert_eq(rg_prune(s->record, &filter, NULL, a->now, seed, &plan, NULL), RG_OK);
		apply(s, a, plan);
	} else {
		seen_in_record(s->record, a->seen);
	}
	return a;
}

static act *sets(scene *s, uint16_t node, uint8_t uri, uint32_t cseq)
{
	return does(s, (act){ .kind = ACT_SET, .node = node, .uris = { uri }, .cseq = cseq });
}

static act *asks(scene *s, uint16_t node)
{
	return does(s, (act){ .kind = ACT_ASK, .node = node });
}

static act *loses_answer(act *a)
{
	a->end = 0;
	a->status = RG_ESTORE;
	a->code = 0;
	return a;
}

static int judge(scene *s)
{
	return linear_check(&s->h, s->why, sizeof s->why);
}

static void expect(scene *s, int result)
{
	int got = judge(s);

	cr_expect_eq(got, result, "%s", s->why);
	scene_free(s);
}

static void swap_told(scene *s, uint32_t i, uint32_t k)
{
	told kept = s->told[i];

	s->told[i] = s->told[k];
	s->told[k] = kept;
}

static void drop_told(scene *s, uint32_t i)
{
	memmove(&s->told[i], &s->told[i + 1], (--s->h.n_told - i) * sizeof *s->told);
}

Test(linear, one_after_another_is_right)
{
	scene *s = scene_new(1);

	asks(s, 0);
	sets(s, 0, 0, 1);
	sets(s, 1, 1, 2);
	asks(s, 2);
	does(s, (act){ .kind = ACT_UNSET, .uris = { 0 }, .cseq = 3 });
	does(s, (act){ .kind = ACT_REMOVE_ALL, .node = 2 });
	asks(s, 1);
	cr_expect_eq(s->h.n_told, 6, "%u", s->h.n_told);
	expect(s, LINEAR_GOOD);
}

Test(linear, operations_at_once_may_stand_in_the_other_order)
{
	scene *s = scene_new(1);
	act *later = NULL;

	sets(s, 0, 0, 1);
	later = sets(s, 1, 1, 2);
	later->begin = s->acts[0].begin;
	s->acts[0].end = later->end;
	cr_expect_eq(judge(s), LINEAR_GOOD, "%s", s->why);
	expect(s, LINEAR_GOOD);
}

Test(linear, a_stale_read_is_wrong)
{
	scene *s = scene_new(1);
	act *read = asks(s, 1);

	sets(s, 0, 0, 1);
	read->begin = s->clock;
	read->end = s->clock + 1;
	expect(s, LINEAR_WRONG);
}

Test(linear, a_read_of_what_was_not_yet_written_is_wrong)
{
	scene *s = scene_new(1);
	act *write = sets(s, 0, 0, 1);

	asks(s, 1);
	write->begin = s->clock;
	write->end = s->clock + 1;
	expect(s, LINEAR_WRONG);
}

Test(linear, a_lost_update_is_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	rg_record *before = rg_record_ref(s->record);
	sets(s, 1, 1, 2);
	rg_record_unref(s->record);
	s->record = before;
	asks(s, 2);
	expect(s, LINEAR_WRONG);
}

Test(linear, two_commits_on_one_base_are_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	rg_record *before = rg_record_ref(s->record);
	act *one = sets(s, 1, 1, 2);
	rg_record_unref(s->record);
	s->record = before;
	act *two = sets(s, 2, 2, 3);
	two->begin = one->begin;
	one->end = two->end;
	expect(s, LINEAR_WRONG);
}

Test(linear, an_event_that_is_missing_is_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	sets(s, 0, 0, 2);
	drop_told(s, 2);
	expect(s, LINEAR_WRONG);
}

Test(linear, an_event_told_twice_is_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	s->told[s->h.n_told] = s->told[s->h.n_told - 1];
	s->h.n_told++;
	expect(s, LINEAR_WRONG);
}

Test(linear, events_of_another_node_are_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	s->told[1].node = 1;
	expect(s, LINEAR_WRONG);
}

Test(linear, events_out_of_order_are_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	sets(s, 0, 0, 2);
	sets(s, 0, 0, 3);
	swap_told(s, 2, 3);
	expect(s, LINEAR_WRONG);
}

/* The creation by node 0 was sent again, and landed after node 0 had written on top of what node 1 made and removed. */
Test(linear, a_creation_that_was_sent_again_may_be_told_first)
{
	for (int resends = 0; resends < 2; resends++) {
		scene *s = scene_new(1);

		sets(s, 1, 0, 1);
		sets(s, 0, 1, 2);
		does(s, (act){ .kind = ACT_REMOVE_ALL, .node = 1 });
		act *late = sets(s, 0, 2, 3);

		late->begin = 1;
		memmove(&s->told[2 + 2], &s->told[2], (s->h.n_told - 2 - 2) * sizeof *s->told);
		for (uint32_t i = 0; i < 2; i++)
			s->told[2 + i] = (told){ .kind = i ? RG_EVENT_CONTACT_INSERT : RG_EVENT_AOR_INSERT, .after = i ? late->tag : 0, .uri = i ? 2 : 0 };
		s->h.resends = resends;
		expect(s, resends ? LINEAR_GOOD : LINEAR_WRONG);
	}
}

Test(linear, a_wrong_count_of_removed_bindings_is_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	does(s, (act){ .kind = ACT_REMOVE_ALL })->removed = 2;
	expect(s, LINEAR_WRONG);
}

Test(linear, a_refusal_without_a_reason_is_wrong)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 2);
	cr_expect_eq(sets(s, 1, 0, 1)->code, 400);
	cr_expect_eq(judge(s), LINEAR_GOOD, "%s", s->why);
	s->acts[1].cseq = 3;
	expect(s, LINEAR_WRONG);
}

Test(linear, a_lost_answer_may_have_been_a_commit)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	loses_answer(sets(s, 1, 1, 2));
	asks(s, 2);
	expect(s, LINEAR_GOOD);
}

Test(linear, a_commit_without_an_answer_is_told_once)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	loses_answer(sets(s, 1, 1, 2));
	asks(s, 2);
	s->told[s->h.n_told] = s->told[s->h.n_told - 1];
	s->h.n_told++;
	cr_expect_eq(judge(s), LINEAR_WRONG, "told twice");
	s->h.n_told -= 2;
	expect(s, LINEAR_WRONG);
}

Test(linear, a_commit_without_an_answer_may_come_late)
{
	scene *s = scene_new(1);
	act *lost = loses_answer(sets(s, 1, 1, 2));

	does(s, (act){ .kind = ACT_REMOVE_ALL, .node = 2 });
	asks(s, 2);
	lost->begin = STEP / 2;
	cr_expect_eq(judge(s), LINEAR_GOOD, "%s", s->why);
	scene_free(s);
	s = scene_new(1);
	asks(s, 2);
	loses_answer(sets(s, 1, 1, 2))->begin = 1;
	expect(s, LINEAR_GOOD);
}

Test(linear, a_commit_without_an_answer_that_is_undone_is_wrong)
{
	scene *s = scene_new(1);

	loses_answer(sets(s, 1, 1, 2));
	asks(s, 2);
	rg_record_unref(s->record);
	s->record = NULL;
	asks(s, 2);
	expect(s, LINEAR_WRONG);
}

Test(linear, a_commit_without_an_answer_may_be_none)
{
	scene *s = scene_new(1);
	act *none = loses_answer(sets(s, 1, 1, 2));

	s->h.n_told = 0;
	memset(none->seen, 0, sizeof none->seen);
	rg_record_unref(s->record);
	s->record = NULL;
	asks(s, 0);
	expect(s, LINEAR_GOOD);
}

Test(linear, what_was_refused_at_once_never_happens)
{
	scene *s = scene_new(1);

	loses_answer(sets(s, 1, 1, 2))->refused = true;
	expect(s, LINEAR_WRONG);
}

Test(linear, only_a_killed_node_may_lack_its_last_events)
{
	for (int killed = 0; killed < 2; killed++) {
		scene *s = scene_new(1);

		sets(s, 0, 0, 1);
		sets(s, 1, 0, 2);
		s->h.n_told--;
		s->h.killed[1] = killed;
		expect(s, killed ? LINEAR_GOOD : LINEAR_WRONG);
	}
	scene *s = scene_new(1);

	sets(s, 1, 0, 1);
	sets(s, 1, 0, 2);
	drop_told(s, 0);
	s->h.killed[1] = true;
	expect(s, LINEAR_WRONG);
}

Test(linear, what_a_wipe_took_does_not_come_back)
{
	scene *s = scene_new(1);

	sets(s, 0, 0, 1);
	rg_record *before = rg_record_ref(s->record);
	does(s, (act){ .kind = ACT_WIPE });
	asks(s, 1);
	sets(s, 1, 1, 2);
	asks(s, 1);
	cr_expect_eq(judge(s), LINEAR_GOOD, "%s", s->why);
	rg_record_unref(s->record);
	s->record = before;
	sets(s, 0, 1, 3);
	expect(s, LINEAR_WRONG);
}

static act draw(scene *s)
{
	static const uint8_t kinds[] = { ACT_SET, ACT_SET, ACT_SET, ACT_SET, ACT_UNSET, ACT_SWAP, ACT_STAR, ACT_REMOVE_ONE, ACT_REMOVE_ALL, ACT_ASK,
		ACT_ASK, ACT_LOOKUP };
	act a = { .kind = kinds[roll(s, sizeof kinds)], .node = (uint16_t)roll(s, 4), .callid = (uint8_t)roll(s, CALLIDS) };

	a.uris[0] = (uint8_t)roll(s, URIS);
	a.uris[1] = (uint8_t)((a.uris[0] + 1 + roll(s, URIS - 1)) % URIS);
	a.cseq = s->h.n_acts * 2 + roll(s, 8);
	return a;
}

/* Intervals that overlap those of several neighbours, lost answers, and a node that is killed at the end. */
static scene *random_scene(uint64_t seed)
{
	scene *s = scene_new(seed);

	for (int i = 0; i < LENGTH; i++) {
		act *a = does(s, draw(s));
		uint64_t early = roll(s, 4 * STEP);

		a->end = a->begin + roll(s, 4 * STEP) + 1;
		a->begin = a->begin > early ? a->begin - early : 0;
		if (roll(s, 20) == 0)
			loses_answer(a);
	}
	return s;
}

Test(linear, random_histories_are_right)
{
	for (uint64_t seed = 1; seed <= HISTORIES; seed++)
		expect(random_scene(seed), LINEAR_GOOD);
}

/* Each takes a history that is right and spoils one thing; @return whether it found one to spoil. */
static bool spoil_seen(scene *s)
{
	for (uint32_t i = LENGTH / 2; i < LENGTH; i++) {
		act *a = &s->acts[i];

		if (act_known(a) && (!act_registers(a) || a->code == 200) && a->kind != ACT_REMOVE_ALL && a->kind != ACT_REMOVE_ONE && a->seen[2]) {
			a->seen[2]--;
			return true;
		}
	}
	return false;
}

static bool spoil_told(scene *s)
{
	drop_told(s, s->h.n_told / 2);
	return true;
}

static bool double_told(scene *s)
{
	uint32_t i = s->h.n_told / 2;

	memmove(&s->told[i + 1], &s->told[i], (s->h.n_told++ - i) * sizeof *s->told);
	return true;
}

/* A commit that nobody asked for. */
static bool spoil_act(scene *s)
{
	for (uint32_t i = LENGTH / 2; i < LENGTH; i++) {
		act *a = &s->acts[i];

		if (a->kind == ACT_SET && a->code == 200 && a->seen[a->uris[0]] == a->tag) {
			a->kind = ACT_ASK;
			return true;
		}
	}
	return false;
}

static bool delay_read(scene *s)
{
	for (uint32_t i = LENGTH / 2; i < LENGTH - 40; i++) {
		act *a = &s->acts[i];

		if (a->kind == ACT_ASK && act_known(a) && a->seen[0]) {
			a->begin += 40 * STEP;
			a->end += 40 * STEP;
			return true;
		}
	}
	return false;
}

Test(linear, random_histories_with_one_thing_wrong_are_wrong)
{
	static bool (*const spoils[])(scene *s) = { spoil_seen, spoil_told, double_told, spoil_act, delay_read };

	for (uint32_t how = 0; how < sizeof spoils / sizeof *spoils; how++) {
		int done = 0;

		for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
			scene *s = random_scene(seed);
			bool spoiled = spoils[how](s);
			int got = judge(s);

			done += spoiled;
			cr_expect(!spoiled || got == LINEAR_WRONG, "spoil %u of history %u is not seen: %d", how, (unsigned)seed, got);
			scene_free(s);
		}
		cr_expect_gt(done, HISTORIES / 2, "spoil %u", how);
	}
}
