/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"
#include "route/route.h"

static rg_targets *targets_of(world *w, const char *flag_text)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.request_uri = RG_STR("sip:alice@example.com");
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flag_text), &options, NULL), RG_OK);
	cr_assert_eq(rg_select(w->record, &r, w->config, options, w->now, &targets, NULL), RG_OK);
	rg_lookup_options_unref(options);
	return targets;
}

Test(targets, method_lr_and_headers_have_no_place_in_a_request_uri)
{
	static const struct {
		const char *registered, *target;
	} cases[] = {
		{ "sip:a@192.0.2.7", "sip:a@192.0.2.7" },
		{ "sip:a@192.0.2.7?subject=x&y=z", "sip:a@192.0.2.7" },
		{ "sip:a@192.0.2.7;method=INVITE", "sip:a@192.0.2.7" },
		{ "sip:a@192.0.2.7;lr;transport=tcp;METHOD=BYE;ob?h=1", "sip:a@192.0.2.7;transport=tcp;ob" },
		{ "sip:a@192.0.2.7;LR=on", "sip:a@192.0.2.7" },
		{ "sip:a@192.0.2.7;maddr=192.0.2.8;line=2", "sip:a@192.0.2.7;maddr=192.0.2.8;line=2" },
		{ "sip:a;lr@192.0.2.7:5070;x=1", "sip:a;lr@192.0.2.7:5070;x=1" },
		{ "sip:a?b@192.0.2.7;lr", "sip:a?b@192.0.2.7" },
		{ "http://a/?lr;method=x", "http://a/?lr;method=x" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = new_world();
		char contact[128];
		rg_targets *targets;
		rg_target t = { .struct_size = sizeof t };

		snprintf(contact, sizeof contact, "<%s>", cases[i].registered);
		cr_assert_eq(save(&w, .contact = { contact, "<sip:z@192.0.2.7?x=1>;q=0" }), 200, "%s", contact);
		targets = targets_of(&w, "");
		cr_assert_eq(rg_targets_get(targets, 1, &t), RG_OK);
		same_text(put(&w, t.uri), cases[i].target);
		same_text(put(&w, t.next_hop), cases[i].target);
		cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
		same_text(put(&w, t.uri), "sip:z@192.0.2.7");
		rg_targets_free(targets);
		end_world(&w);
	}
}

Test(targets, method_lr_and_headers_go_wherever_they_stand)
{
	static const char *const parts[] = { ";lr", ";Lr", ";method=x", ";METHOD=x", "?a=b", ";x;lr", ";lr?a=b" };
	const rg_str pad = RG_STR("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst");

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		for (size_t n = 1; n < pad.n; n++) {
			world w = new_world();
			char contact[192], kept[192];
			rg_targets *targets;
			rg_target t = { .struct_size = sizeof t };
			const char *rest = strncmp(parts[i], ";x", 2) == 0 ? ";x" : "";
			bool last = n % 2 || strchr(parts[i], '?');

			/* The part moves from the start to the end of a URI whose length changes, too. */
			snprintf(contact, sizeof contact, "<sip:%.*s%s%s%.*s>", (int)n, pad.p, parts[i], last ? "" : ";", last ? 0 : (int)(pad.n - n), pad.p);
			snprintf(kept, sizeof kept, "sip:%.*s%s%s%.*s", (int)n, pad.p, rest, last ? "" : ";", last ? 0 : (int)(pad.n - n), pad.p);
			cr_assert_eq(save(&w, .contact = { contact }), 200, "%s", contact);
			targets = targets_of(&w, "");
			cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
			same_text(put(&w, t.uri), kept);
			rg_targets_free(targets);
			end_world(&w);
		}
	}
}

Test(targets, a_target_tells_all_and_outlives_the_record)
{
	world w = new_world();
	rg_targets *targets;
	uint64_t id;
	rg_target t = { .struct_size = sizeof t };

	save(&w, .contact = { "<sip:a@192.0.2.7>;q=0.5;+sip.instance=\"<urn:x:1>\"" }, .received = "sip:192.0.2.1:5070",
		.socket = "udp:192.0.2.9:5060", .attr = "blue", .flow = "f1", .flags = RG_REQUEST_HAS_BRANCH_FLAGS, .branch_flags = 6);
	id = binding(&w, 0).id;
	targets = targets_of(&w, "to-branches-only");
	rg_record_unref(w.record);
	w.record = NULL;
	cr_expect_eq(rg_targets_count(targets), 1);
	cr_expect(rg_targets_branches_only(targets));
	cr_expect_not(rg_targets_partial(targets));
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	cr_expect_eq(t.struct_size, sizeof t);
	cr_expect_eq(t.q, 500);
	cr_expect_eq(t.binding_id, id);
	cr_expect_eq(t.branch_flags, 6);
	cr_expect_eq(t.latency, RG_LATENCY_NONE);
	cr_expect_eq(t.branch, -1);
	cr_expect_eq(t.fallback_of, UINT32_MAX);
	same_text(put(&w, t.uri), "sip:a@192.0.2.7");
	same_text(put(&w, t.next_hop), "sip:192.0.2.1:5070");
	same_text(put(&w, t.received), "sip:192.0.2.1:5070");
	same_text(put(&w, t.socket), "udp:192.0.2.9:5060");
	same_text(put(&w, t.attr), "blue");
	same_text(put(&w, t.flow), "f1");
	same_text(put(&w, t.instance), "<urn:x:1>");
	same_text(put(&w, t.aor), "alice@example.com");
	cr_expect_eq(rg_targets_get(targets, 1, &t), RG_ENOENT);
	rg_targets_free(targets);
	end_world(&w);
}

Test(targets, a_fallback_names_its_principal_and_is_a_target_like_any)
{
	world w = new_world();
	rg_targets *targets;
	rg_target t = { .struct_size = sizeof t };

	save(&w, .contact = { "<sip:a@192.0.2.7?x=1>;q=0.5;+sip.instance=\"<urn:x:1>\"" }, .flow = "f1", .callid = "one");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.7;lr>;+sip.instance=\"<urn:x:1>\"" }, .flow = "f2", .callid = "two");
	targets = targets_of(&w, "");
	cr_assert_eq(rg_targets_count(targets), 2);
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	cr_expect_eq(t.fallback_of, UINT32_MAX);
	same_text(put(&w, t.uri), "sip:b@192.0.2.7");
	same_text(put(&w, t.flow), "f2");
	cr_assert_eq(rg_targets_get(targets, 1, &t), RG_OK);
	cr_expect_eq(t.fallback_of, 0);
	cr_expect_eq(t.q, 500);
	same_text(put(&w, t.uri), "sip:a@192.0.2.7");
	same_text(put(&w, t.flow), "f1");
	same_text(put(&w, t.instance), "<urn:x:1>");
	rg_targets_free(targets);
	targets = targets_of(&w, "no-branches");
	cr_expect_eq(rg_targets_count(targets), 1);
	rg_targets_free(targets);
	end_world(&w);
}

Test(targets, nothing_is_asked_of_no_targets)
{
	rg_target t = { .struct_size = sizeof t };

	rg_targets_free(NULL);
	cr_expect_eq(rg_targets_result(NULL), RG_LOOKUP_ERROR);
	cr_expect_eq(rg_targets_count(NULL), 0);
	cr_expect_eq(rg_targets_get(NULL, 0, &t), RG_ENOENT);
	cr_expect_not(rg_targets_branches_only(NULL));
}

Test(targets, a_failed_lookup_has_a_code)
{
	rg_targets *targets = NULL;

	cr_assert_eq(rg__targets_failed(RG_LOOKUP_ERROR, 503, &targets), RG_OK);
	cr_expect_eq(rg_targets_result(targets), RG_LOOKUP_ERROR);
	cr_expect_eq(rg_targets_code(targets), 503);
	rg_targets_free(targets);
}
