/* SPDX-License-Identifier: MIT */
/* What changes the generation of an instance, and with it makes its temporary GRUUs void (RFC 5627 §5.1). */
#include "policy_kit.h"
#include "rules/rules.h"

#define X ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\""
#define X_UPPER ";+sip.instance=\"<urn:uuid:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6>\""
#define Y ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""
#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"
#define C "<sip:c@192.0.2.9>"
#define OFF ";expires=0"

static const char urn_x[] = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", urn_y[] = "urn:uuid:00000000-0000-1000-8000-000a95a0e128";

/* The generation of an instance; 0 = it has no live binding. */
static uint64_t generation(world *w, const char *instance)
{
	uint64_t found = 0;
	rg_contact c = { .struct_size = sizeof c };

	for (uint32_t i = 0; rg_record_contact(w->record, i, &c) == RG_OK; i++) {
		if (c.expires <= w->now || !rg__same_instance(c.instance, rg_str_from(instance)))
			continue;
		cr_expect(found == 0 || found == c.generation, "two bindings of an instance differ");
		found = c.generation;
	}
	return found;
}

/* A REGISTER after the ones before it, and what it makes of the generations of X and Y: Same, Other, none (-). */
typedef struct step {
	const char *contact[3], *callid, *fate;
	int later; /* seconds after the step before */
} step;

enum { STEPS = 5 };

static const struct {
	const char *what;
	step steps[STEPS];
} cases[] = {
	{ "a refresh keeps it", { { { A X }, "1", "O-" }, { { A X }, "1", "S-" } } },
	{ "the case of a UUID does not count", { { { A X }, "1", "O-" }, { { A X_UPPER }, "1", "S-" } } },
	{ "another Call-ID redraws it", { { { A X }, "1", "O-" }, { { A X }, "2", "O-" }, { { A X }, "1", "O-" } } },
	{ "a second flow takes it over", { { { A X }, "1", "O-" }, { { B X }, "1", "S-" } } },
	{ "a second flow takes it over whatever its Call-ID", { { { A X }, "1", "O-" }, { { B X }, "2", "S-" }, { { C X_UPPER }, "3", "S-" } } },
	{ "another Call-ID of one flow redraws it for all",
		{ { { A X, B X }, "1", "O-" }, { { B X }, "2", "O-" }, { { A X }, "1", "S-" }, { { C X }, "3", "S-" } } },
	{ "a new flow beside one that another Call-ID updates",
		{ { { A X }, "1", "O-" }, { { B X, A X }, "2", "O-" }, { { A X, C X }, "3", "O-" } } },
	{ "the end of one flow keeps it", { { { A X, B X }, "1", "O-" }, { { A X OFF }, "1", "S-" }, { { B X OFF }, "1", "--" } } },
	{ "the end of one flow keeps it whatever the Call-ID", { { { A X, B X }, "1", "O-" }, { { A X OFF }, "2", "S-" } } },
	{ "the end of the last flow ends it for good", { { { A X }, "1", "O-" }, { { A X OFF }, "1", "--" }, { { A X }, "1", "O-" } } },
	{ "an expired flow counts as gone", { { { A X ";expires=100" }, "1", "O-" }, { { A X }, "1", "O-", 101 } } },
	{ "an expired flow beside a live one",
		{ { { A X ";expires=100" }, "1", "O-" }, { { B X ";expires=200" }, "1", "S-" }, { { A X }, "1", "S-", 101 } } },
	{ "an expired flow of another Call-ID decides nothing",
		{ { { A X ";expires=100" }, "2", "O-" }, { { B X ";expires=200" }, "1", "S-" }, { { A X }, "1", "S-", 101 } } },
	{ "a change of address within one Call-ID", { { { A X }, "1", "O-" }, { { A X OFF, B X }, "1", "S-" }, { { C X, B X OFF }, "1", "S-" } } },
	{ "a change of address with another Call-ID", { { { A X }, "1", "O-" }, { { A X OFF, B X }, "2", "O-" }, { { C X, B X OFF }, "3", "O-" } } },
	{ "instances have nothing to do with each other",
		{ { { A X, B Y }, "1", "OO" }, { { A X }, "2", "OS" }, { { B Y OFF }, "1", "S-" }, { { B Y }, "1", "SO" } } },
	{ "a binding that goes over to a live instance",
		{ { { A X, B Y }, "1", "OO" }, { { A Y }, "1", "-S" }, { { A X }, "1", "OS" } } },
	{ "a binding that goes over with another Call-ID takes both with it",
		{ { { A X, B X, C Y }, "1", "OO" }, { { A Y }, "2", "OS" } } },
	{ "a binding that loses its instance and gets it again", { { { A X }, "1", "O-" }, { { A }, "1", "--" }, { { A X }, "1", "O-" } } },
	{ "`*` ends it", { { { A X, B X }, "1", "O-" }, { { "*" }, "1", "--" }, { { A X }, "1", "O-" } } },
};

static void take_step(world *w, size_t at, int n, uint64_t known[2], uint64_t all[2][STEPS])
{
	const step *s = &cases[at].steps[n];
	const char *instances[] = { urn_x, urn_y };
	char cseq[20];

	snprintf(cseq, sizeof cseq, "%d REGISTER", n + 1);
	w->now += s->later * 1000;
	cr_expect_eq(save(w, .contact = { s->contact[0], s->contact[1], s->contact[2] }, .callid = s->callid, .cseq = cseq,
		.expires = strcmp(s->contact[0], "*") == 0 ? "0" : NULL), 200, "%s, step %d", cases[at].what, n);
	for (int i = 0; i < 2; i++) {
		uint64_t got = generation(w, instances[i]);
		char fate = got == 0 ? '-' : got == known[i] ? 'S' : 'O';

		cr_expect_eq(fate, s->fate[i], "%s, step %d: instance %d has %c", cases[at].what, n, i, fate);
		for (int k = 0; k < n && fate == 'O'; k++)
			cr_expect_neq(got, all[i][k], "%s, step %d: an old generation is back", cases[at].what, n);
		known[i] = all[i][n] = got;
	}
}

Test(generation, lives_as_long_as_the_instance_under_one_call_id)
{
	for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
		world w = new_world();
		uint64_t known[2] = { 0 }, all[2][STEPS];

		for (int n = 0; n < STEPS && cases[at].steps[n].fate; n++)
			take_step(&w, at, n, known, all);
		cr_expect(generation(&w, urn_x) == 0 || generation(&w, urn_x) != generation(&w, urn_y), "%s", cases[at].what);
		end_world(&w);
	}
}

Test(generation, a_binding_without_instance_has_its_own)
{
	world w = new_world();

	save(&w, .contact = { A, B });
	uint64_t a = binding(&w, 0).generation, b = binding(&w, 1).generation;

	cr_expect_neq(a, b);
	save(&w, .contact = { A }, .callid = "other");
	cr_expect_neq(binding(&w, 0).generation, a);
	cr_expect_eq(binding(&w, 1).generation, b);
	end_world(&w);
}

Test(generation, a_binding_that_only_gets_another_generation_has_no_event)
{
	world w = new_world();

	save(&w, .contact = { A X, B X });
	uint64_t was = binding(&w, 0).generation;

	save(&w, .contact = { B X }, .callid = "other");
	cr_expect_neq(binding(&w, 0).generation, was);
	cr_expect_eq(binding(&w, 0).generation, binding(&w, 1).generation);
	same_text(events(&w), "CONTACT_UPDATE");
	cr_expect_eq(binding(&w, 0).modified, w.now);
	same_text(put(&w, binding(&w, 0).callid), "call-1");
	end_world(&w);
}

/* A device that makes room for its new address. */
Test(generation, survives_an_eviction_within_one_call_id)
{
	world w = new_world();

	set(&w, "max_contacts", "1");
	flags(&w, "force-registration");
	save(&w, .contact = { A X });
	uint64_t was = generation(&w, urn_x);

	cr_expect_eq(save(&w, .contact = { B X }, .cseq = "2 REGISTER"), 200);
	same_text(bindings(&w), "sip:b@192.0.2.8");
	cr_expect_eq(generation(&w, urn_x), was);
	cr_expect_eq(save(&w, .contact = { C X }, .callid = "other"), 200);
	cr_expect_neq(generation(&w, urn_x), was);
	end_world(&w);
}
