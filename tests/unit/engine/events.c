/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "engine/events.h"

#define OWN(n) { { [8] = n } } /* revisions of one registrar: the first halves are equal */

static rg__batch *announce(rg__events *events, rg_plan *plan, const rg_revision *base, const rg_revision *local_base,
	const rg_revision *revision)
{
	rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.org") };
	rg_commit commit = { .struct_size = sizeof commit, .base = *base, .revision = *revision, .next = rg_plan_next(plan) };

	if (local_base)
		commit.local_base = *local_base;
	rg__batch *batch = rg__batch_new(events, plan, &key, &commit, local_base != NULL);
	cr_assert_not_null(batch);
	return batch;
}

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

	*s = (stage){ .first = OWN(1), .second = OWN(2), .third = OWN(3) };
	s->events = rg__events_new();
	cr_assert_not_null(s->events);
	cr_assert_eq(rg__events_subscribe(s->events, RG_EVENT_ALL, note, s->told, NULL, &s->all), RG_OK);
	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;expires=60" }), 200);
	cr_assert_eq(rg__prune_expired(w.record, NULL, NULL, w.now + 61000, &s->second, &s->deletion), RG_OK);
	cr_assert_null(rg_plan_next(s->deletion));
	s->insertion = rg__plan_ref(w.plan);
	s->gone = announce(s->events, s->deletion, &s->first, NULL, &s->second);
	s->come = announce(s->events, s->insertion, &s->zero, NULL, &s->third);
	end_world(&w);
}

static void tear_down(stage *s)
{
	rg_subscription_free(s->all);
	rg_plan_free(s->deletion);
	rg_plan_free(s->insertion);
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
	rg_revision fourth = OWN(4);
	rg__batch *later;
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.gone, true);
	later = announce(s.events, s.deletion, &s.third, NULL, &fourth);
	rg__batch_settle(s.events, later, true);
	cr_expect_str_eq(s.told, "D");
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "DID");
	tear_down(&s);
}

Test(events, a_change_that_another_was_built_on_is_told_though_its_store_said_that_it_failed)
{
	rg_revision fourth = OWN(4), fifth = OWN(5);
	stage s;

	set_up(&s);
	rg__batch_settle(s.events, s.gone, true);
	rg__batch_settle(s.events, s.come, true);
	cr_expect_str_eq(s.told, "DI");
	rg__batch *first = announce(s.events, s.insertion, &s.zero, NULL, &fourth);
	rg__batch *second = announce(s.events, s.deletion, &fourth, NULL, &fifth);
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

	*p = (parts){ .r = { OWN(1), OWN(2), OWN(3), OWN(4), OWN(5), OWN(6) } };
	p->events = rg__events_new();
	cr_assert_eq(rg__events_subscribe(p->events, RG_EVENT_ALL, note, p->told, NULL, &p->all), RG_OK);
	flags(&w, "memory-only");
	cr_assert_eq(save(&w, .contact = { "<sip:a@192.0.2.1>;expires=60" }), 200);
	cr_assert_eq(rg__prune_expired(w.record, NULL, NULL, w.now + 61000, &p->r[1], &p->deletes), RG_OK);
	p->inserts = rg__plan_ref(w.plan);
	end_world(&w);
}

static void tear_down_parts(parts *p)
{
	rg_subscription_free(p->all);
	rg_plan_free(p->inserts);
	rg_plan_free(p->deletes);
	rg__events_unref(p->events);
}

Test(events, a_commit_of_the_local_part_waits_for_the_one_that_left_the_local_revision)
{
	parts p;

	set_up_parts(&p);
	rg__batch *first = announce(p.events, p.inserts, &p.r[5], &p.zero, &p.r[0]);
	rg__batch *second = announce(p.events, p.deletes, &p.r[5], &p.r[0], &p.r[1]);
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
		rg__batch *main = announce(p.events, p.inserts, &p.r[5], &p.r[4], &p.r[0]);
		rg__batch *local = announce(p.events, p.inserts, &p.r[5], &p.r[4], &p.r[2]);
		rg__batch *both = announce(p.events, p.deletes, &p.r[0], &p.r[2], &p.r[1]);
		rg__batch_settle(p.events, both, true);
		rg__batch_settle(p.events, order ? main : local, true);
		cr_expect_str_eq(p.told, order ? "I" : "", "the earlier one may have landed first");
		rg__batch_settle(p.events, order ? local : main, true);
		cr_expect_str_eq(p.told, "IID");
		tear_down_parts(&p);
	}
}

Test(events, what_came_after_the_deletion_of_one_part_is_told_after_it_though_the_other_stayed)
{
	parts p;

	set_up_parts(&p);
	rg__batch *gone = announce(p.events, p.deletes, &p.r[5], &p.r[0], &p.r[1]);
	rg__batch *come = announce(p.events, p.inserts, &p.r[5], &p.zero, &p.r[2]);
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
	cr_assert_eq(rg__prune_expired(w.record, NULL, NULL, w.now + 61000, &p.r[1], &lapse), RG_OK);
	cr_assert_not_null(rg_plan_next(lapse), "the other part stays");
	rg__batch *gone = announce(p.events, lapse, &p.r[5], &p.r[0], &p.r[1]);
	rg__batch *come = announce(p.events, p.inserts, &p.r[5], &p.zero, &p.r[2]);
	rg__batch_settle(p.events, come, true);
	cr_expect_str_eq(told, "");
	rg__batch_settle(p.events, gone, true);
	cr_expect_str_eq(told, "-+");
	rg_plan_free(lapse);
	rg_subscription_free(contacts);
	tear_down_parts(&p);
	end_world(&w);
}

/* The commits of one AoR, a letter each: its binding is <sip:LETTER@192.0.2.1>. */
typedef struct line {
	char told[64];
	rg__events *events;
	rg_subscription *all;
	rg__batch *batches[26];
	rg_plan *plans[26];
} line;

static void note_binding(void *user, const rg_event *event)
{
	char *told = user;

	if (event->kind == RG_EVENT_CONTACT_INSERT)
		strncat(told, event->after->uri.p + 4, 1);
}

static void set_up_line(line *l)
{
	char contact[] = "<sip:?@192.0.2.1>";

	*l = (line){ .events = rg__events_new() };
	cr_assert_eq(rg__events_subscribe(l->events, RG_EVENT_ALL, note_binding, l->told, NULL, &l->all), RG_OK);
	for (int i = 0; i < 26; i++) {
		world w = new_world();

		contact[5] = (char)('A' + i);
		cr_assert_eq(save(&w, .contact = { contact }), 200);
		l->plans[i] = rg__plan_ref(w.plan);
		end_world(&w);
	}
}

static void tear_down_line(line *l)
{
	for (int i = 0; i < 26; i++)
		rg_plan_free(l->plans[i]);
	rg_subscription_free(l->all);
	rg__events_unref(l->events);
}

/* '0' = nothing, a letter = a commit, '*' = a commit of another registrar */
static rg_revision revision_of(char name)
{
	rg_revision r = { { 0 } };

	if (name == '*')
		r.b[0] = 1;
	if (name != '0')
		r.b[8] = (uint8_t)name;
	return r;
}

static void announce_in_line(line *l, char name, char base)
{
	rg_revision from = revision_of(base), to = revision_of(name);

	l->batches[name - 'A'] = announce(l->events, l->plans[name - 'A'], &from, NULL, &to);
}

/* "X<Y": X, built on Y, is announced. "X+": it is known that X landed. "X-": that it did not. */
static void play(line *l, const char *steps)
{
	for (; *steps; steps += strspn(steps, " ")) {
		if (steps[1] == '<') {
			announce_in_line(l, steps[0], steps[2]);
			steps += 3;
		} else {
			rg__batch_settle(l->events, l->batches[steps[0] - 'A'], steps[1] == '+');
			steps += 2;
		}
	}
}

Test(events, of_one_aor_come_in_the_order_in_which_their_commits_can_have_landed)
{
	static const struct {
		const char *steps, *before, *last, *told;
	} cases[] = {
		{ "A<0 B<A C<B C+ B+", "", "A+", "ABC" },
		{ "A<0 A+ B<A C<B D<C C+ E<0 E+", "A", "B+ D+", "ABCDE" },          /* D deletes, and has no events of its own in life */
		{ "A<0 B<0 B+ C<B A+", "", "C+", "BCA" },                            /* A is performed late, after C deleted B */
		{ "A<0 B<0 B+ C<B C+", "", "A+", "BCA" },
		{ "A<0 B<0 B+ C<B A+", "", "C-", "AB" },
		{ "A<0 C<A C+ B<0 B+", "", "A+", "ACB" },                            /* B came after C deleted A */
		{ "A<0 C<A B<0 D<B D+ B+ C+", "", "A+", "ACBD" },
		{ "A<0 B<0 D<B C<A C+ A+ D+", "", "B+", "BDAC" },                    /* of two deletions, D was announced first */
		{ "A<0 B<0 B+", "", "A-", "B" },
		{ "A<0 B<0 A+", "", "B-", "A" },
		{ "A<0 A+ B<A C<* C+", "A", "B+", "ABC" },                           /* another registrar changed the record between B and C */
		{ "A<0 C<* C+", "", "A+", "AC" },
		{ "A<0 C<* C+", "", "A-", "C" },
		{ "Z<0 Z+ A<0 B<Z B+ C<B C+", "Z", "A+", "ZBCA" },                   /* A was decided before Z was there */
		{ "A<0 B<A B+", "", "A-", "AB" },
		{ "A<0 B<0 A+ C<0 B-", "A", "C-", "A" },                             /* C was announced after A landed */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		line l;

		set_up_line(&l);
		play(&l, cases[i].steps);
		cr_expect_str_eq(l.told, cases[i].before, "%s", cases[i].steps);
		play(&l, cases[i].last);
		cr_expect_str_eq(l.told, cases[i].told, "%s %s", cases[i].steps, cases[i].last);
		tear_down_line(&l);
	}
}

/* A store of one record that performs commits, and answers them, when it likes. */
typedef struct shadow {
	char current;    /* the commit that left what is there; '0' = nothing */
	bool is_there;
	int n;           /* commits so far */
	struct {
		char base;
		bool deletes, performed, landed, answered;
	} commits[26];
	char landed[64]; /* in this order */
} shadow;

static void perform(shadow *s, int i)
{
	char name[2] = { (char)('A' + i), '\0' };

	s->commits[i].performed = true;
	if (s->commits[i].base != s->current)
		return;
	s->commits[i].landed = true;
	s->current = s->commits[i].deletes ? '0' : name[0];
	strcat(s->landed, name);
}

/* A commit is built on what a fetch sees, which may be a while ago. */
static void commit_something(line *l, shadow *s, uint32_t draw, char seen)
{
	int i = s->n++;

	s->commits[i].base = seen;
	s->commits[i].deletes = seen != '0' && draw % 2;
	announce_in_line(l, (char)('A' + i), seen);
}

static void play_at_random(line *l, shadow *s, uint32_t seed)
{
	char seen = '0';

	for (int left = 26; left > 0;) {
		seed = seed * 1664525 + 1013904223;
		uint32_t what = seed >> 16 & 3, draw = seed >> 18;
		int i = s->n ? (int)(draw / 2 % (uint32_t)s->n) : 0;

		if (what == 0 && draw % 4)
			seen = s->current;
		else if (what <= 1 && s->n < 26)
			commit_something(l, s, draw, seen);
		else if (s->n > 0 && !s->commits[i].performed)
			perform(s, i);
		else if (s->n > 0 && !s->commits[i].answered && what == 3) {
			s->commits[i].answered = true;
			rg__batch_settle(l->events, l->batches[i], s->commits[i].landed);
			left--;
		}
	}
}

Test(events, of_one_aor_come_in_commit_order_whatever_the_store_does_in_time)
{
	static line l;
	size_t told = 0;

	set_up_line(&l);
	for (uint32_t seed = 1; seed <= 2000; seed++) {
		shadow s = { .current = '0' };

		l.told[0] = '\0';
		play_at_random(&l, &s, seed);
		cr_expect_str_eq(l.told, s.landed, "seed %u", seed);
		told += strlen(l.told);
	}
	cr_expect_gt(told, 10000, "many commits land");
	tear_down_line(&l);
}

/* A binding of a device, to be woken. */
static rg_plan *wake_up(world *w)
{
	rg_plan *plan = NULL;

	cr_assert_eq(save(w, .contact = { "<sip:a@192.0.2.1>" }), 200);
	cr_assert_eq(rg__wake(w->record, (uint16_t[]){ 0 }, 1, RG_STR("ini-INVITE"), RG_STR("call-9"), w->now, &plan), RG_OK);
	return plan;
}

/* The kinds of event, a letter each; tells of another wake-up from within the first. */
typedef struct listener {
	char told[16];
	rg__events *events;
	rg_plan *more;
	bool left;
} listener;

static void note_wake_up(void *user, const rg_event *event)
{
	listener *l = user;
	rg_plan *more = l->more;

	strcat(l->told, event->kind == RG_EVENT_CONTACT_REFRESH ? "W" : event->kind == RG_EVENT_CONTACT_INSERT ? "+" : "");
	l->more = NULL;
	if (more)
		cr_expect_eq(rg__events_tell(l->events, more, &l->left), RG_OK);
}

Test(events, of_no_commit_are_told_behind_those_in_the_queue)
{
	rg_revision zero = { { 0 } }, first = OWN(1);
	listener l = { .events = rg__events_new() };
	world w = new_world(), other = new_world();
	rg_subscription *all;
	rg_plan *plan = wake_up(&w);
	bool left = true;

	cr_expect_eq(rg__events_tell(l.events, plan, &left), RG_OK);
	cr_expect_not(left, "nobody listens");
	cr_assert_eq(rg__events_subscribe(l.events, RG_EVENT_ALL, note_wake_up, &l, NULL, &all), RG_OK);
	cr_assert_eq(save(&other, .contact = { "<sip:b@192.0.2.1>", "<sip:c@192.0.2.1>" }), 200);
	rg__batch *batch = announce(l.events, other.plan, &zero, NULL, &first);
	cr_expect_eq(rg__events_tell(l.events, plan, &left), RG_OK);
	cr_expect_str_eq(l.told, "W", "it waits for no commit");
	l.more = plan;
	rg__batch_settle(l.events, batch, true);
	cr_expect_str_eq(l.told, "W++W", "the batch that is being told comes first");
	cr_expect_not(l.left, "the thread that delivers goes on");
	rg_plan_free(plan);
	rg_subscription_free(all);
	rg__events_unref(l.events);
	end_world(&w);
	end_world(&other);
}
