/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "message/message.h"
#include "route/route.h"

static rg_targets *select_alice(world *w, const char *method)
{
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(method);
	r.request_uri = RG_STR("sip:alice@example.com");
	cr_assert_eq(rg_select(w->record, &r, w->config, NULL, w->now, &targets, NULL), RG_OK);
	return targets;
}

static const char *routes(world *w, const char *method, uint32_t flags)
{
	rg_targets *targets = select_alice(w, method);
	size_t n;

	cr_assert_eq(rg_targets_text(targets, flags, w->text, sizeof w->text - 1, &n), RG_OK);
	w->text[n] = '\0';
	rg_targets_free(targets);
	return w->text;
}

Test(targets_text, tells_where_a_request_goes)
{
	world w = new_world();

	flags(&w, "path-lazy");
	save(&w, .contact = { "<sip:a@192.0.2.7;lr>;q=0.5;+sip.instance=\"<urn:x:1>\"" }, .path = { "<sip:p1;lr>", "<sip:p2;lr>" },
		.supported = { "path" }, .socket = "udp:192.0.2.1:5060", .attr = "line\xe2\x80\xa8""feed", .branch_flags = 6,
		.flags = RG_REQUEST_HAS_BRANCH_FLAGS, .callid = "one");
	w.now += 1000;
	save(&w, .contact = { "<sip:b@192.0.2.7>;q=0.7;+sip.instance=\"<urn:x:1>\"" }, .received = "sip:192.0.2.9:5070", .flow = "f2",
		.callid = "two");
	ping(&w, "sip:b@192.0.2.7", 20000);
	same_text(routes(&w, "INVITE", 0),
		"result: FOUND\n"
		"target: 0\n"
		"  uri: sip:b@192.0.2.7\n"
		"  q: 700\n"
		"  next_hop: sip:192.0.2.9:5070\n"
		"  received: sip:192.0.2.9:5070\n"
		"  flow: f2\n"
		"  instance: <urn:x:1>\n"
		"  aor: alice@example.com\n"
		"  latency: 20000\n"
		"target: 1\n"
		"  uri: sip:a@192.0.2.7\n"
		"  q: 500\n"
		"  next_hop: sip:p1;lr\n"
		"  path: <sip:p1;lr>\n"
		"  path: <sip:p2;lr>\n"
		"  socket: udp:192.0.2.1:5060\n"
		"  attr: line\\xe2\\x80\\xa8feed\n"
		"  instance: <urn:x:1>\n"
		"  aor: alice@example.com\n"
		"  branch_flags: 6\n"
		"  fallback_of: 0\n");
	cr_expect_not_null(strstr(routes(&w, "INVITE", RG_TEXT_OPAQUE), "  binding_id: "));
	end_world(&w);
}

Test(targets_text, tells_why_a_request_goes_nowhere)
{
	world w = new_world();

	same_text(routes(&w, "INVITE", 0), "result: NONE\ncode: 404\n");
	end_world(&w);
}

Test(targets_text, tells_other_sites_and_branches_and_what_is_missing)
{
	static char text[1024];
	rg__part parts[2] = { { .uri = RG_STR("sip:alice@example.com"), .next_hop = RG_STR("sip:west.example.com"),
		.aor = RG_STR("alice@example.com"), .home = RG_STR("sip:west.example.com"), .branch = -1 },
		{ .uri = RG_STR("tel:+1"), .next_hop = RG_STR("tel:+1"), .branch = 3 } };
	rg__joint joint = { .branches_only = true, .partial = true };
	rg_targets *targets;
	size_t n;

	cr_assert_eq(rg__targets_join(&joint, parts, 2, &targets), RG_OK);
	cr_assert_eq(rg_targets_text(targets, RG_TEXT_OPAQUE, text, sizeof text - 1, &n), RG_OK);
	text[n] = '\0';
	cr_expect_str_eq(text,
		"result: FOUND\n"
		"partial: yes\n"
		"branches_only: yes\n"
		"target: 0\n"
		"  uri: sip:alice@example.com\n"
		"  next_hop: sip:west.example.com\n"
		"  aor: alice@example.com\n"
		"  home: sip:west.example.com\n"
		"target: 1\n"
		"  uri: tel:+1\n"
		"  next_hop: tel:+1\n"
		"  branch: 3\n");
	rg_targets_free(targets);
}

Test(targets_text, tells_which_devices_must_be_woken)
{
	static const char alice[] =
		"result: PUSHED\n"
		"code: 480\n"
		"wake: 0\n"
		"  aor: alice@example.com\n"
		"  uri: sip:a@192.0.2.7;pn-provider=apns;pn-prid=x;pn-param=y\n"
		"  callid: call-1\n"
		"  cseq: 1\n"
		"  created: 1700000000000\n"
		"  modified: 1700000000000\n"
		"  expires: 1700003600000\n"
		"  wake: 1700003480000\n"
		"  next_hop: 192.0.2.7:5060\n"
		"  flags: PN\n";
	rg__joint joint = { .result = RG_LOOKUP_NONE, .code = 404 };
	rg_targets *targets = NULL;
	world w = new_world();
	size_t n;

	set(&w, "pn_enable", "1");
	set(&w, "pn_providers", "apns");
	save(&w, .contact = { "<sip:a@192.0.2.7;pn-provider=apns;pn-prid=x;pn-param=y>" });
	same_text(routes(&w, "INVITE", 0), alice);

	/* In a list of several AoRs, all are counted. */
	rg__part parts[3] = { { .targets = select_alice(&w, "INVITE") }, { .uri = RG_STR("tel:+1"), .branch = 3 }, { .targets = select_alice(&w, "INVITE") } };
	cr_assert_eq(rg__targets_join(&joint, parts, 3, &targets), RG_OK);
	cr_assert_eq(rg_targets_text(targets, 0, w.text, sizeof w.text - 1, &n), RG_OK);
	w.text[n] = '\0';
	const char *first = strstr(w.text, "wake: 0\n"), *second = strstr(w.text, "wake: 1\n");
	cr_assert(first && second && strncmp(w.text, "result: FOUND\ntarget: 0\n", 24) == 0, "%s", w.text);
	cr_expect_str_eq(second + 8, strstr(alice, "  aor"));
	cr_expect_eq(strncmp(first + 8, second + 8, (size_t)(second - first) - 8), 0);
	rg_targets_free(targets);
	end_world(&w);
}

Test(targets_text, needs_targets_and_room)
{
	rg_targets *targets;
	char room[8];
	size_t n = 7;

	cr_assert_eq(rg__targets_failed(RG_LOOKUP_ERROR, 503, &targets), RG_OK);
	cr_expect_eq(rg_targets_text(NULL, 0, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_targets_text(targets, 0, NULL, 1, &n), RG_EINVAL);
	cr_expect_eq(rg_targets_text(targets, 0, room, sizeof room, NULL), RG_EINVAL);
	cr_expect_eq(rg_targets_text(targets, 0, room, sizeof room, &n), RG_OK);
	cr_expect_eq(n, strlen("result: ERROR\ncode: 503\n"));
	cr_expect_eq(memcmp(room, "result: ", sizeof room), 0);
	rg_targets_free(targets);
}
