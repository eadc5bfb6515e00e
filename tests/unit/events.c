/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "events.h"

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
	s->gone = rg__batch_new(s->events, s->deletion, &s->first, &s->second);
	s->come = rg__batch_new(s->events, s->insertion, &s->zero, &s->third);
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
	later = rg__batch_new(s.events, s.deletion, &s.third, &fourth);
	rg__batch_settle(s.events, later, true);
	cr_expect_str_eq(s.told, "D");
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "DID");
	tear_down(&s);
}
