/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"
#define C "<sip:c@192.0.2.9>"

Test(merge, a_new_binding_says_what_the_request_said)
{
	world w = new_world();
	rg_contact c = { .struct_size = sizeof c };

	w.now = START + 5;
	cr_expect_eq(save(&w, .contact = { A ";q=0.7;x=1" }, .expires = "600", .callid = "abc@host", .cseq = "47 REGISTER",
		.received = "sip:192.0.2.1:5070", .socket = "udp:192.0.2.9:5060", .attr = "blue", .flow = "f1", .user_agent = "UA/1",
		.tag = "east", .flags = RG_REQUEST_HAS_BRANCH_FLAGS, .branch_flags = 6), 200);
	same_text(outcomes(&w), "I");
	same_text(events(&w), "AOR_INSERT CONTACT_INSERT");
	c = binding(&w, 0);
	cr_expect_neq(c.id, 0);
	cr_expect_eq(c.created, START + 5);
	cr_expect_eq(c.modified, START + 5);
	cr_expect_eq(c.expires, START + 5 + 600000);
	cr_expect_eq(c.cseq, 47);
	cr_expect_eq(c.q, 700);
	cr_expect_eq(c.branch_flags, 6);
	cr_expect_eq(c.latency, RG_LATENCY_NONE);
	same_text(put(&w, c.callid), "abc@host");
	same_text(put(&w, c.params), ";x=1");
	same_text(put(&w, c.received), "sip:192.0.2.1:5070");
	same_text(put(&w, c.socket), "udp:192.0.2.9:5060");
	same_text(put(&w, c.attr), "blue");
	same_text(put(&w, c.flow), "f1");
	same_text(put(&w, c.user_agent), "UA/1");
	same_text(put(&w, c.ownership_tag), "east");
	same_text(put(&w, c.next_hop), "192.0.2.1:5070");
	end_world(&w);
}

Test(merge, a_refresh_keeps_what_the_binding_is_and_replaces_what_it_says)
{
	world w = new_world();
	rg_contact after = { .struct_size = sizeof after };

	save(&w, .contact = { A ";x=1" }, .received = "sip:192.0.2.1", .attr = "blue", .flags = RG_REQUEST_HAS_BRANCH_FLAGS, .branch_flags = 6);
	w.now += 9000;
	cr_expect_eq(save(&w, .contact = { A ";y=1" }, .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "U");
	same_text(events(&w), "CONTACT_UPDATE");
	after = binding(&w, 0);
	cr_expect_eq(after.created, START);
	cr_expect_eq(after.modified, START + 9000);
	cr_expect_eq(after.expires, START + 9000 + 3600000);
	cr_expect_eq(after.branch_flags, 6);
	cr_expect_eq(after.received.n, 0);
	cr_expect_eq(after.attr.n, 0);
	same_text(put(&w, after.params), ";y=1");
	same_text(put(&w, after.next_hop), "192.0.2.7:5060");
	end_world(&w);
}

Test(merge, id_stays_and_generation_changes_with_the_call_id)
{
	world w = new_world();
	uint64_t id, generation;

	save(&w, .contact = { A });
	id = binding(&w, 0).id;
	generation = binding(&w, 0).generation;
	save(&w, .contact = { A }, .cseq = "2 REGISTER");
	cr_expect_eq(binding(&w, 0).id, id);
	cr_expect_eq(binding(&w, 0).generation, generation);
	save(&w, .contact = { A }, .callid = "rebooted");
	cr_expect_eq(binding(&w, 0).id, id);
	cr_expect_neq(binding(&w, 0).generation, generation);
	end_world(&w);
}

Test(merge, the_same_arguments_give_the_same_decision)
{
	world w = new_world(), v = new_world();

	save(&w, .contact = { A, B });
	save(&v, .contact = { A, B });
	cr_expect_eq(binding(&w, 0).id, binding(&v, 0).id);
	cr_expect_eq(binding(&w, 1).id, binding(&v, 1).id);
	cr_expect_neq(binding(&w, 0).id, binding(&w, 1).id);
	cr_expect(rg_revision_equal(rg_record_revision(w.record), rg_record_revision(v.record)));
	cr_expect_not(rg_revision_is_zero(rg_record_revision(w.record)));
	end_world(&w);
	end_world(&v);
}

Test(merge, an_id_is_never_given_twice)
{
	world w = new_world();
	uint8_t seed[32];

	memcpy(seed, w.seed, sizeof seed);
	save(&w, .contact = { A });
	memcpy(w.seed, seed, sizeof seed);
	save(&w, .contact = { B }, .cseq = "2 REGISTER");
	cr_expect_neq(binding(&w, 0).id, binding(&w, 1).id);
	end_world(&w);
}

Test(merge, a_query_lists_and_commits_nothing)
{
	world w = new_world();

	cr_expect_eq(save(&w, .expires = "0"), 200);
	same_text(header(&w, "Contact"), "");
	save(&w, .contact = { A ";q=1", B });
	cr_expect_eq(save(&w, .cseq = "1 REGISTER"), 200);
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(listed(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	same_text(events(&w), "");
	flags(&w, "only-request-contacts");
	save(&w, .cseq = "1 REGISTER");
	same_text(listed(&w), "");
	end_world(&w);
}

Test(merge, own_contacts_come_first_in_request_order_then_the_rest_in_lookup_order)
{
	world w = new_world();

	save(&w, .contact = { A ";q=0.1", B ";q=0.9", C });
	w.now += 1000;
	save(&w, .contact = { C ";q=0", "<sip:d@192.0.2.1>;q=0.3" }, .cseq = "2 REGISTER");
	same_text(listed(&w), "sip:c@192.0.2.9 sip:d@192.0.2.1 sip:b@192.0.2.8 sip:a@192.0.2.7");
	flags(&w, "only-request-contacts");
	save(&w, .contact = { "<sip:d@192.0.2.1>", A ";q=0.2" }, .cseq = "3 REGISTER");
	same_text(listed(&w), "sip:d@192.0.2.1 sip:a@192.0.2.7");
	end_world(&w);
}

Test(merge, within_a_call_id_only_a_higher_cseq_changes_anything)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	cr_expect_eq(save(&w, .contact = { A ";x=1" }, .cseq = "5 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "4 REGISTER"), 400);
	cr_expect_not(rg_plan_commits(w.plan));
	cr_expect_eq(save(&w, .contact = { A ";expires=0" }, .cseq = "4 REGISTER"), 400);
	set(&w, "cseq_code", "500");
	set(&w, "retry_after", "7");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "4 REGISTER"), 500);
	same_text(header(&w, "Retry-After"), "7");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "1 REGISTER", .callid = "rebooted"), 200);
	cr_expect_eq(binding(&w, 0).cseq, 1);
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "2 REGISTER", .callid = "rebooted"), 200);
	end_world(&w);
}

Test(merge, an_exact_repeat_changes_nothing_and_is_answered)
{
	world w = new_world();
	spec s = { .contact = { A ";expires=100, " B }, .expires = "200", .path = { "<sip:p.example;lr>" } };

	save_spec(&w, s);
	w.now += 10500;
	cr_expect_eq(save_spec(&w, s), 200);
	same_text(outcomes(&w), "RR");
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(events(&w), "");
	same_text(listed(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	cr_expect_eq(answered(&w), 89);
	s.expires = "201";
	cr_expect_eq(save_spec(&w, s), 400);
	s.expires = "200";
	s.path[0] = "<sip:q.example;lr>";
	cr_expect_eq(save_spec(&w, s), 400);
	end_world(&w);
}

Test(merge, one_contact_that_fails_fails_the_request)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	cr_expect_eq(save(&w, .contact = { B, A, C }, .cseq = "3 REGISTER"), 400);
	same_text(bindings(&w), "sip:a@192.0.2.7");
	same_text(outcomes(&w), "");
	end_world(&w);
}

Test(merge, zero_expiry_removes_and_nothing_there_is_no_error)
{
	world w = new_world();

	save(&w, .contact = { A, B });
	cr_expect_eq(save(&w, .contact = { A, C }, .expires = "0", .cseq = "2 REGISTER"), 200);
	same_text(outcomes(&w), "DG");
	same_text(events(&w), "CONTACT_DELETE:request");
	same_text(listed(&w), "sip:b@192.0.2.8");
	cr_expect_eq(save(&w, .contact = { B ";expires=0" }, .cseq = "3 REGISTER"), 200);
	same_text(events(&w), "CONTACT_DELETE:request AOR_DELETE");
	same_text(header(&w, "Contact"), "");
	cr_expect_eq(rg_record_weight(w.record), 0);
	cr_expect_eq(save(&w, .contact = { C ";expires=0" }, .cseq = "4 REGISTER"), 200);
	cr_expect_not(rg_plan_commits(w.plan));
	end_world(&w);
}

Test(merge, a_star_takes_all_or_fails_as_a_whole)
{
	world w = new_world();

	save(&w, .contact = { A }, .cseq = "5 REGISTER");
	save(&w, .contact = { B }, .cseq = "9 REGISTER", .callid = "other");
	cr_expect_eq(save(&w, .contact = { "*" }, .expires = "0", .cseq = "5 REGISTER"), 400);
	cr_expect_eq(reason(&w), RG_R_INV_CSEQ);
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	cr_expect_eq(save(&w, .contact = { "*" }, .expires = "0", .cseq = "6 REGISTER"), 200);
	same_text(outcomes(&w), "D");
	same_text(events(&w), "CONTACT_DELETE:star CONTACT_DELETE:star AOR_DELETE");
	same_text(listed(&w), "");
	end_world(&w);
}

Test(merge, a_star_on_nothing_is_fine)
{
	world w = new_world();

	cr_expect_eq(save(&w, .contact = { "*" }, .expires = "0"), 200);
	cr_expect_not(rg_plan_commits(w.plan));
	same_text(outcomes(&w), "G");
	end_world(&w);
}

Test(merge, an_expired_binding_blocks_nothing_and_goes_with_the_next_commit)
{
	world w = new_world();

	save(&w, .contact = { A ";expires=60", B }, .cseq = "5 REGISTER");
	w.now += 60000;
	save(&w, .cseq = "6 REGISTER");
	same_text(listed(&w), "sip:b@192.0.2.8");
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	cr_expect_eq(save(&w, .contact = { A }, .cseq = "1 REGISTER"), 200);
	same_text(outcomes(&w), "I");
	same_text(events(&w), "CONTACT_EXPIRE CONTACT_INSERT");
	same_text(bindings(&w), "sip:b@192.0.2.8 sip:a@192.0.2.7");
	end_world(&w);
}

Test(merge, two_contacts_for_one_binding_the_later_wins)
{
	world w = new_world();

	flags(&w, "matching-mode=instance");
	save(&w, .contact = { A ";+sip.instance=\"<urn:x:1>\"", B ";+sip.instance=\"<urn:x:1>\"" });
	same_text(outcomes(&w), "GI");
	same_text(bindings(&w), "sip:b@192.0.2.8");
	same_text(events(&w), "AOR_INSERT CONTACT_INSERT");
	save(&w, .contact = { C ";+sip.instance=\"<urn:x:1>\"", B ";+sip.instance=\"<urn:x:1>\";expires=0" }, .cseq = "2 REGISTER");
	same_text(outcomes(&w), "UG");
	same_text(bindings(&w), "sip:c@192.0.2.9");
	end_world(&w);
}

Test(merge, a_removal_undoes_an_earlier_contact_of_the_request_only_by_its_own_uri)
{
	world w = new_world();

	save(&w, .contact = { A, "<sip:%61@192.0.2.7>;expires=0" });
	same_text(outcomes(&w), "GG");
	cr_expect_not(rg_plan_commits(w.plan));
	save(&w, .contact = { A });
	save(&w, .contact = { A ";x", A ";expires=0" }, .cseq = "2 REGISTER");
	same_text(outcomes(&w), "GD");
	same_text(events(&w), "CONTACT_DELETE:request AOR_DELETE");
	end_world(&w);
}

Test(merge, removed_and_set_again_in_one_request_is_an_update)
{
	world w = new_world();
	uint64_t id;

	save(&w, .contact = { A });
	id = binding(&w, 0).id;
	save(&w, .contact = { A ";expires=0", A }, .cseq = "2 REGISTER");
	same_text(outcomes(&w), "GU");
	same_text(events(&w), "CONTACT_UPDATE");
	cr_expect_eq(binding(&w, 0).id, id);
	end_world(&w);
}

Test(merge, a_record_too_large_is_refused_and_one_that_shrinks_is_not)
{
	world w = new_world();
	char ua[256];

	memset(ua, 'u', 255);
	ua[255] = '\0';
	cr_expect_eq(save(&w, .contact = { A, B }, .user_agent = ua), 200);
	set(&w, "max_record_bytes", "512");
	cr_expect_eq(save(&w, .contact = { C }, .user_agent = ua, .cseq = "2 REGISTER"), 413);
	cr_expect_eq(reason(&w), RG_R_TOO_LARGE);
	same_text(bindings(&w), "sip:a@192.0.2.7 sip:b@192.0.2.8");
	cr_expect_eq(save(&w, .contact = { A ";expires=0" }, .cseq = "3 REGISTER"), 200);
	end_world(&w);
}

Test(merge, more_bindings_than_a_record_can_hold_are_refused)
{
	world w = new_world();
	char contact[300], cseq[32];
	int32_t code = 200;
	int i = 0;

	for (; i < 2000 && code == 200; i++) {
		snprintf(contact, sizeof contact, "<sip:user-%d@192.0.2.7>;x=%0200d", i, i);
		snprintf(cseq, sizeof cseq, "%d REGISTER", i + 1);
		code = save(&w, .contact = { contact }, .cseq = cseq);
	}
	cr_expect_eq(code, 413);
	cr_expect_eq((int)rg_record_contact_count(w.record), i - 1);
	cr_expect_leq(rg_record_size(w.record), (size_t)RG_RECORD_BYTES_MAX);
	end_world(&w);
}

Test(merge, arguments_are_checked)
{
	world w = new_world();
	spec_room room;
	rg_request r = request_of(&(spec){ .contact = { A } }, &room);
	rg_plan *plan = NULL;

	cr_expect_eq(rg_merge(NULL, NULL, NULL, NULL, 0, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_eq(rg_merge(NULL, &r, NULL, NULL, 0, NULL, &plan, NULL), RG_EINVAL);
	cr_expect_eq(rg_merge(NULL, &r, NULL, NULL, 0, w.seed, NULL, NULL), RG_EINVAL);
	save(&w, .contact = { A });
	r.to_header = RG_STR("<sip:bob@example.com>");
	cr_expect_eq(rg_merge(w.record, &r, NULL, NULL, 0, w.seed, &plan, NULL), RG_EINVAL);
	cr_expect_null(plan);
	end_world(&w);
}

Test(merge, a_config_that_contradicts_itself_is_refused)
{
	for (size_t i = 0; i < CONTRADICTIONS; i++) {
		world w = new_world();
		spec_room room;
		rg_request r = request_of(&(spec){ .contact = { A } }, &room);
		rg_plan *plan = NULL;
		rg_upstream up;

		rg_upstream_init(&up, sizeof up);
		up.code = 200;
		cr_expect_eq(rg_merge_reply(NULL, &r, &up, w.config, NULL, w.now, w.seed, &plan, NULL), RG_OK);
		rg_plan_free(plan);
		contradict(&w, i);
		plan = (rg_plan *)&w;
		cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL, "case %zu", i);
		cr_expect_null(plan);
		plan = (rg_plan *)&w;
		cr_expect_eq(rg_merge_reply(NULL, &r, &up, w.config, NULL, w.now, w.seed, &plan, NULL), RG_EINVAL, "case %zu", i);
		cr_expect_null(plan);
		end_world(&w);
	}
}

Test(merge, a_clock_that_steps_never_answers_more_than_was_granted)
{
	world w = new_world();
	const rg_time year = 365LL * 86400000;

	save(&w, .contact = { A ";expires=600" });
	w.now -= year;
	save(&w, .method = NULL);
	cr_expect_eq(answered(&w), 600);
	cr_expect_eq(save(&w, .contact = { B }, .cseq = "2 REGISTER"), 200);
	w.now += 2 * year;
	save(&w, .method = NULL);
	same_text(listed(&w), "");
	w.now = INT64_MAX - 10;
	cr_expect_eq(save(&w, .contact = { C }, .cseq = "3 REGISTER"), 200);
	w.now = INT64_MIN;
	cr_expect_eq(save(&w, .contact = { C }, .cseq = "4 REGISTER"), 200);
	end_world(&w);
}

Test(merge, flags_of_a_call_are_marked_on_the_response)
{
	world w = new_world();

	flags(&w, "no-reply");
	cr_expect_eq(save(&w, .contact = { A }), 200);
	cr_expect(rg_response_no_reply(rg_plan_response(w.plan)));
	cr_expect_eq(save(&w, .contact = { "<sip:" }), 400);
	cr_expect(rg_response_no_reply(rg_plan_response(w.plan)));
	end_world(&w);
}

Test(merge, memory_only_marks_what_a_register_writes_and_nothing_else)
{
	world w = new_world();
	rg_contact c = { .struct_size = sizeof c };

	save(&w, .contact = { "<sip:a@192.0.2.1>" });
	flags(&w, "memory-only");
	save(&w, .contact = { "<sip:b@192.0.2.1>" }, .cseq = "2 REGISTER");
	for (uint32_t i = 0; i < 2; i++) {
		cr_expect_eq(rg_record_contact(w.record, i, &c), RG_OK);
		cr_expect_eq(c.flags & RG_CONTACT_LOCAL, c.uri.p[4] == 'b' ? RG_CONTACT_LOCAL : 0);
	}
	flags(&w, "");
	save(&w, .contact = { "<sip:b@192.0.2.1>" }, .cseq = "3 REGISTER");
	for (uint32_t i = 0; i < 2; i++) {
		cr_expect_eq(rg_record_contact(w.record, i, &c), RG_OK);
		cr_expect_eq(c.flags & RG_CONTACT_LOCAL, 0, "a refresh without the flag clears it");
	}
	end_world(&w);
}
