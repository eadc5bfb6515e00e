/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "engine/events.h"

/* What was told, a letter an AoR event. */
static void note(void *user, const rg_event *event)
{
	char *told = user;
	char letter[2] = { event->kind == RG_EVENT_AOR_INSERT ? 'I' : event->kind == RG_EVENT_AOR_DELETE ? 'D' : '\0', '\0' };

	strcat(told, letter);
}

typedef struct stage {
	char told[32];
	rg__events *events;
	rg_subscription *all;
	rg_plan *deletion, *insertion;
	rg__batch *gone, *come;
	rg_revision zero, first, second, third;
} stage;

/* A binding lapses, which deletes its record; and one comes where nothing is any more. Both commits are under way. */
static void set_up(stage *s)
{
	world w = new_world();

	*s = (stage){ .first.b = { 1 }, .second.b = { 2 }, .third.b = { 3 } };
	s->events = rg__events_new();
	cr_assert_not_null(s->events);
	cr_assert_eq(rg__events_subscribe(s->events, RG_EVENT_ALL, note, s->told, NULL, &s->all), RG_OK);
	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;expires=60" }), 200);
	cr_assert_eq(rg__prune_expired(w.record, NULL, w.now + 61000, &s->second, &s->deletion), RG_OK);
	cr_assert_null(rg_plan_next(s->deletion));
	s->insertion = rg__plan_ref(w.plan);
	s->gone = rg__batch_new(s->events, s->deletion, &s->first, NULL, &s->second);
	s->come = rg__batch_new(s->events, s->insertion, &s->zero, NULL, &s->third);
	end_world(&w);
}

static void tear_down(stage *s)
{
	rg_subscription_end(s->all);
	rg_plan_unref(s->deletion);
	rg_plan_unref(s->insertion);
	rg__events_unref(s->events);
}

Test(events, what_came_after_a_deletion_is_told_after_it)
{
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "");
	rg__batch_settle(s.events, s.gone, true);
	cr_expect_str_eq(s.told, "DI");
	tear_down(&s);
}

Test(events, a_deletion_that_did_not_land_holds_nothing_back_for_good)
{
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.come, true);
	rg__batch_settle(s.events, s.gone, false);
	cr_expect_str_eq(s.told, "I");
	tear_down(&s);
}

Test(events, a_deletion_announced_later_is_not_waited_for)
{
	rg_revision fourth = { { 4 } };
	rg__batch *later;
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.gone, true);
	later = rg__batch_new(s.events, s.deletion, &s.third, NULL, &fourth);
	rg__batch_settle(s.events, later, true);
	cr_expect_str_eq(s.told, "D");
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "DID");
	tear_down(&s);
}

Test(events, a_change_that_another_was_built_on_is_told_though_its_store_said_that_it_failed)
{
	rg_revision fourth = { { 4 } }, fifth = { { 5 } };
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.gone, true);
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "DI");
	rg__batch *first = rg__batch_new(s.events, s.insertion, &s.zero, NULL, &fourth);
	rg__batch *second = rg__batch_new(s.events, s.deletion, &fourth, NULL, &fifth);
	rg__batch_settle(s.events, second, true);
	cr_expect_str_eq(s.told, "DI", "it waits for the change it was built on");
	rg__batch_settle(s.events, first, false);
	cr_expect_str_eq(s.told, "DIID");
	tear_down(&s);
}

/* A record in two parts: each commit of one part alone names the other's revision as it was. */
typedef struct parts {
	char told[32];
	rg__events *events;
	rg_subscription *all;
	rg_plan *inserts, *deletes;
	rg_revision zero, r[6];
} parts;

static void set_up_parts(parts *p)
{
	world w = new_world();

	*p = (parts){ .r = { { { 1 } }, { { 2 } }, { { 3 } }, { { 4 } }, { { 5 } }, { { 6 } } } };
	p->events = rg__events_new();
	cr_assert_eq(rg__events_subscribe(p->events, RG_EVENT_ALL, note, p->told, NULL, &p->all), RG_OK);
	flags(&w, "memory-only");
	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;expires=60" }), 200);
	cr_assert_eq(rg__prune_expired(w.record, NULL, w.now + 61000, &p->r[1], &p->deletes), RG_OK);
	p->inserts = rg__plan_ref(w.plan);
	end_world(&w);
}

static void tear_down_parts(parts *p)
{
	rg_subscription_end(p->all);
	rg_plan_unref(p->inserts);
	rg_plan_unref(p->deletes);
	rg__events_unref(p->events);
}

Test(events, a_commit_of_the_local_part_waits_for_the_one_that_left_the_local_revision)
{
	parts p;

	set_up_parts(&p);
	rg__batch *first = rg__batch_new(p.events, p.inserts, &p.r[5], &p.zero, &p.r[0]);
	rg__batch *second = rg__batch_new(p.events, p.deletes, &p.r[5], &p.r[0], &p.r[1]);
	rg__batch_settle(p.events, second, true);
	cr_expect_str_eq(p.told, "");
	cr_expect(rg__batch_proved(p.events, first));
	rg__batch_settle(p.events, first, true);
	cr_expect_str_eq(p.told, "ID");
	tear_down_parts(&p);
}

Test(events, a_commit_of_both_parts_waits_for_both)
{
	for (int order = 0; order < 2; order++) {
		parts p;

		set_up_parts(&p);
		rg__batch *main = rg__batch_new(p.events, p.inserts, &p.r[5], &p.r[4], &p.r[0]);
		rg__batch *local = rg__batch_new(p.events, p.inserts, &p.r[5], &p.r[4], &p.r[2]);
		rg__batch *both = rg__batch_new(p.events, p.deletes, &p.r[0], &p.r[2], &p.r[1]);
		rg__batch_settle(p.events, both, true);
		rg__batch_settle(p.events, order ? main : local, true);
		cr_expect_str_eq(p.told, "I");
		rg__batch_settle(p.events, order ? local : main, true);
		cr_expect_str_eq(p.told, "IID");
		tear_down_parts(&p);
	}
}

Test(events, what_came_after_the_deletion_of_one_part_is_told_after_it_though_the_other_stayed)
{
	parts p;

	set_up_parts(&p);
	rg__batch *gone = rg__batch_new(p.events, p.deletes, &p.r[5], &p.r[0], &p.r[1]);
	rg__batch *come = rg__batch_new(p.events, p.inserts, &p.r[5], &p.zero, &p.r[2]);
	rg__batch_settle(p.events, come, true);
	cr_expect_str_eq(p.told, "");
	rg__batch_settle(p.events, gone, true);
	cr_expect_str_eq(p.told, "DI");
	tear_down_parts(&p);
}

/* What was told of contacts: one that came, and one that lapsed. */
static void note_contact(void *user, const rg_event *event)
{
	strcat(user, event->kind == RG_EVENT_CONTACT_INSERT ? "+" : event->kind == RG_EVENT_CONTACT_EXPIRE ? "-" : "");
}

Test(events, what_came_after_the_local_part_was_emptied_is_told_after_it)
{
	world w = new_world();
	rg_subscription *contacts;
	rg_plan *lapse = NULL;
	char told[8] = "";
	parts p;

	set_up_parts(&p);
	cr_assert_eq(rg__events_subscribe(p.events, RG_EVENT_ALL, note_contact, told, NULL, &contacts), RG_OK);
	flags(&w, "memory-only");
	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;expires=60" }), 200);
	flags(&w, "");
	cr_assert_eq(save(&w, .contact = { "<sip:b@192.0.2.1>" }, .cseq = "2 REGISTER"), 200);
	cr_assert_eq(rg__prune_expired(w.record, NULL, w.now + 61000, &p.r[1], &lapse), RG_OK);
	cr_assert_not_null(rg_plan_next(lapse), "the other part stays");
	rg__batch *gone = rg__batch_new(p.events, lapse, &p.r[5], &p.r[0], &p.r[1]);
	rg__batch *come = rg__batch_new(p.events, p.inserts, &p.r[5], &p.zero, &p.r[2]);
	rg__batch_settle(p.events, come, true);
	cr_expect_str_eq(told, "");
	rg__batch_settle(p.events, gone, true);
	cr_expect_str_eq(told, "-+");
	rg_plan_unref(lapse);
	rg_subscription_end(contacts);
	tear_down_parts(&p);
	end_world(&w);
}
