/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#include "decide/homes.h"
#include "page.h"

#define HOUR 3600000

/* A record of homes between two publications. */
typedef struct site_world {
	world w;
	rg_key key;
	rg_revision revision;
	int what;
} site_world;

static site_world new_sites(void)
{
	return (site_world){ .w = new_world(), .key = { RG_STR("location@homes"), RG_STR("alice"), RG_STR("example.com") } };
}

static void take_plan(site_world *s)
{
	cr_expect_eq(rg_plan_event_count(s->w.plan), 0);
	if (!rg_plan_commits(s->w.plan))
		return;
	rg_record *next = rg_record_ref(rg_plan_next(s->w.plan));
	rg_record_unref(s->w.record);
	s->w.record = next;
}

/* True when there was something to commit. */
static bool say(site_world *s, const char *home, bool present)
{
	rg__buf uri = { 0 }, tag = { 0 };

	cr_assert_eq(rg__home_read(rg_str_from(home), &uri, &tag), RG_OK);
	rg__publication p = { .key = &s->key, .home = { uri.p, uri.n }, .tag = { tag.p, tag.n }, .present = present, .now = s->w.now,
		.until = s->w.now + HOUR };
	s->revision.b[15]++;
	rg_plan_free(s->w.plan);
	cr_assert_eq(rg__homes_plan(s->w.record, &p, &s->revision, &s->what, &s->w.plan), RG_OK);
	take_plan(s);
	rg__buf_free(&uri);
	rg__buf_free(&tag);
	return rg_plan_commits(s->w.plan);
}

static const char *others(site_world *s, const char *own)
{
	uint32_t at = 0;
	rg_str home;

	s->w.text[0] = 0;
	while (rg__homes_next(s->w.record, rg_str_from(own), s->w.now, &at, &home))
		append(&s->w, " ", home);
	return s->w.text;
}

Test(homes, a_home_is_a_sip_uri_or_a_host)
{
	static const struct {
		const char *given, *uri, *tag;
	} cases[] = {
		{ "10.0.0.1", "sip:10.0.0.1", "10.0.0.1:5060" }, { " 10.0.0.1:5070 ", "sip:10.0.0.1:5070", "10.0.0.1:5070" },
		{ "East.Example.net", "sip:East.Example.net", "east.example.net:5060" }, { "east:5080", "sip:east:5080", "east:5080" },
		{ "[2001:db8::1]:5070", "sip:[2001:db8::1]:5070", "[2001:db8::1]:5070" },
		{ "2001:DB8::1", "sip:[2001:DB8::1]", "[2001:db8::1]:5060" },
		{ "sips:east.example.net;transport=tcp", "sips:east.example.net;transport=tcp", "east.example.net:5061" },
		{ "3402000000:5070", "sip:3402000000:5070", "3402000000:5070" }, { "my_pc", "sip:my_pc", "my_pc:5060" }, { "10.0.1", NULL, NULL },
		{ "", NULL, NULL }, { "sip:", NULL, NULL }, { "<sip:a>", NULL, NULL }, { "10.0.0.1:99999", NULL, NULL }, { "a b", NULL, NULL },
		{ "http://east", NULL, NULL }, { "sip:east?subject=x", NULL, NULL }, { "east\r\nX: y", NULL, NULL }, { "10.0.0.300", NULL, NULL },
	};
	world w = new_world();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg__buf uri = { 0 }, tag = { 0 };

		cr_expect_eq(rg__home_read(rg_str_from(cases[i].given), &uri, &tag), cases[i].uri ? RG_OK : RG_EINVAL, "'%s'", cases[i].given);
		if (cases[i].uri) {
			same_text(put(&w, (rg_str){ uri.p, uri.n }), cases[i].uri);
			same_text(put(&w, (rg_str){ tag.p, tag.n }), cases[i].tag);
		}
		rg__buf_free(&uri);
		rg__buf_free(&tag);
	}
	end_world(&w);
}

Test(homes, the_domain_of_homes_ends_in_its_suffix)
{
	cr_expect(rg__homes_domain(RG_STR("location@homes")));
	cr_expect(rg__homes_domain(RG_STR("@homes")));
	cr_expect_not(rg__homes_domain(RG_STR("location")));
	cr_expect_not(rg__homes_domain(RG_STR("homes")));
	cr_expect_not(rg__homes_domain(RG_STR("location@homes2")));
	cr_expect_not(rg__homes_domain(RG__ABSENT));
}

Test(homes, what_agrees_is_not_committed_again)
{
	site_world s = new_sites();

	cr_expect(say(&s, "10.0.0.1", true));
	cr_expect_eq(s.what, RG__HOME_PUT);
	cr_expect_eq(rg_record_deadline(s.w.record), s.w.now + HOUR);
	cr_expect_not(say(&s, "10.0.0.1", true));
	cr_expect_eq(s.what, RG__HOME_KEPT);
	s.w.now += HOUR / 4;
	cr_expect_not(say(&s, "10.0.0.1", true), "a quarter of its life is not over yet");
	s.w.now += 1;
	cr_expect(say(&s, "10.0.0.1", true));
	cr_expect_eq(s.what, RG__HOME_PUT);
	cr_expect_eq(rg_record_deadline(s.w.record), s.w.now + HOUR);
	cr_expect(say(&s, "10.0.0.1", false));
	cr_expect_eq(s.what, RG__HOME_TAKEN);
	cr_expect_null(s.w.record, "the last one takes the record with it");
	cr_expect_not(say(&s, "10.0.0.1", false));
	cr_expect_eq(s.what, RG__HOME_KEPT);
	end_world(&s.w);
}

Test(homes, sites_do_not_touch_one_another)
{
	site_world s = new_sites();

	say(&s, "10.0.0.1", true);
	s.w.now += 1000;
	say(&s, "sip:west.example.net:5070", true);
	say(&s, "10.0.0.3", true);
	same_text(others(&s, "sip:10.0.0.1"), "sip:west.example.net:5070 sip:10.0.0.3");
	same_text(others(&s, "sip:WEST.example.net:5070"), "sip:10.0.0.1 sip:10.0.0.3");
	s.w.now += HOUR / 2;
	cr_expect(say(&s, "10.0.0.1", true));
	same_text(others(&s, "sip:nobody"), "sip:10.0.0.1 sip:west.example.net:5070 sip:10.0.0.3");
	cr_expect(say(&s, "sip:WEST.example.net:5070", false));
	same_text(others(&s, "sip:nobody"), "sip:10.0.0.1 sip:10.0.0.3");
	end_world(&s.w);
}

Test(homes, lapsed_homes_are_not_seen_and_go_with_whoever_comes)
{
	site_world s = new_sites();

	say(&s, "10.0.0.1", true);
	s.w.now += HOUR / 2;
	say(&s, "10.0.0.2", true);
	s.w.now += HOUR / 2;
	same_text(others(&s, "sip:nobody"), "sip:10.0.0.2");
	cr_expect_eq(rg_record_contact_count(s.w.record), 2);
	cr_expect(say(&s, "10.0.0.3", false), "it says nothing of itself, and still");
	cr_expect_eq(s.what, RG__HOME_KEPT);
	cr_expect_eq(rg_record_contact_count(s.w.record), 1);
	s.w.now += HOUR / 2;
	rg_plan_free(s.w.plan);
	cr_assert_eq(rg__homes_prune(s.w.record, s.w.now, &s.revision, &s.w.plan), RG_OK);
	cr_expect(rg_plan_commits(s.w.plan));
	cr_expect_null(rg_plan_next(s.w.plan));
	cr_expect_eq(rg_plan_event_count(s.w.plan), 0);
	rg_plan_free(s.w.plan);
	cr_assert_eq(rg__homes_prune(s.w.record, s.w.now - 1, &s.revision, &s.w.plan), RG_OK);
	cr_expect_not(rg_plan_commits(s.w.plan));
	end_world(&s.w);
}

Test(homes, a_clock_that_was_set_back_leaves_no_entry_for_ever)
{
	site_world s = new_sites();

	say(&s, "10.0.0.1", true);
	s.w.now -= 365LL * 86400000;
	cr_expect(say(&s, "10.0.0.1", true));
	cr_expect_eq(rg_record_deadline(s.w.record), s.w.now + HOUR);
	s.w.now -= HOUR / 2;
	cr_expect_not(say(&s, "10.0.0.1", true), "another node's clock may be a little ahead");
	end_world(&s.w);
}

Test(homes, an_entry_more_than_a_life_beyond_what_is_said_now_is_renewed)
{
	site_world s = new_sites();

	say(&s, "10.0.0.1", true);
	s.w.now -= HOUR;
	cr_expect_not(say(&s, "10.0.0.1", true), "another node's clock may be a life ahead");
	s.w.now -= 1;
	cr_expect(say(&s, "10.0.0.1", true));
	cr_expect_eq(s.what, RG__HOME_PUT);
	cr_expect_eq(rg_record_deadline(s.w.record), s.w.now + HOUR);
	end_world(&s.w);
}

/* As another site could write it. */
static void have(site_world *s, const char *uri, size_t n, rg_time expires)
{
	rg_contact c = { .struct_size = sizeof c };

	rg_contact_init(&c, sizeof c);
	c.id = 1;
	c.uri = (rg_str){ uri, n };
	c.callid = RG_STR("home");
	c.next_hop = RG_STR("x:1");
	c.expires = expires;
	rg_record_unref(s->w.record);
	cr_assert_eq(rg_record_new(&s->key, &s->revision, &c, 1, NULL, 0, RG__ABSENT, &s->w.record), RG_OK);
}

Test(homes, what_no_operator_may_write_is_no_target)
{
	static const char bad[][40] = { "http://x/", "*", "", "sip:x?Route=%3csip:evil%3e", "sip:evil\r\nX: y", "sip:evil\t", "sip:a b",
		"tel:1",
		"sip:x;maddr=evil\r\n", "sip:x;y=\x7f", "<sip:x>", "10.0.0.2" };
	site_world s = new_sites();

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		have(&s, bad[i], strlen(bad[i]), s.w.now + HOUR);
		cr_expect_str_empty(others(&s, "sip:10.0.0.1"), "%zu", i);
	}
	have(&s, "sip:e\0vil", 9, s.w.now + HOUR);
	cr_expect_str_empty(others(&s, "sip:10.0.0.1"));
	have(&s, "sips:x:5071;transport=tcp", 25, s.w.now + HOUR);
	same_text(others(&s, "sip:10.0.0.1"), "sips:x:5071;transport=tcp");
	end_world(&s.w);
}

Test(homes, what_would_outlive_any_entry_is_not_seen_and_goes)
{
	site_world s = new_sites();
	rg_time month = 30LL * 24 * HOUR;

	have(&s, "sip:x", 5, s.w.now + month + HOUR);
	same_text(others(&s, "sip:10.0.0.1"), "sip:x");
	have(&s, "sip:x", 5, s.w.now + month + HOUR + 1);
	cr_expect_str_empty(others(&s, "sip:10.0.0.1"));
	have(&s, "sip:x", 5, INT64_MAX);
	cr_expect_str_empty(others(&s, "sip:10.0.0.1"));
	cr_expect(say(&s, "10.0.0.1", true));
	cr_expect_eq(rg_record_contact_count(s.w.record), 1);
	have(&s, "sip:x", 5, INT64_MAX);
	rg_plan_free(s.w.plan);
	cr_assert_eq(rg__homes_prune(s.w.record, s.w.now, &s.revision, &s.w.plan), RG_OK);
	cr_expect(rg_plan_commits(s.w.plan) && !rg_plan_next(s.w.plan));
	end_world(&s.w);
}

Test(homes, a_home_is_found_by_its_tag_and_travels)
{
	site_world s = new_sites();
	rg_record *back = NULL;
	uint8_t *bytes;
	rg_contact c = { .struct_size = sizeof c };
	size_t n;

	say(&s, "East.example.net", true);
	say(&s, "10.0.0.2:5070", true);
	cr_assert_eq(rg_record_tag_count(s.w.record), 2);
	same_text(put(&s.w, rg_record_tag(s.w.record, 0)), "east.example.net:5060");
	same_text(put(&s.w, rg_record_tag(s.w.record, 1)), "10.0.0.2:5070");
	cr_assert_eq(rg_record_encode(s.w.record, &bytes, &n), RG_OK);
	cr_assert_eq(rg_record_decode(bytes, n, &back, NULL), RG_OK);
	rg_mem_free(bytes);
	rg_record_unref(s.w.record);
	s.w.record = back;
	same_text(others(&s, "sip:10.0.0.1"), "sip:East.example.net sip:10.0.0.2:5070");
	cr_assert_eq(rg_record_contact(back, 0, &c), RG_OK);
	cr_expect(c.id != 0 && c.expires == s.w.now + HOUR && c.q == -1);
	end_world(&s.w);
}

Test(homes, only_live_bindings_want_a_home)
{
	world w = new_world();

	cr_expect_not(rg__homes_wanted(NULL, w.now));
	save(&w, .contact = { "<sip:a@192.0.2.1>;expires=100" });
	cr_expect(rg__homes_wanted(w.record, w.now));
	cr_expect_not(rg__homes_wanted(w.record, w.now + 100000));
	save(&w, .contact = { "<sip:a@192.0.2.1>;expires=0" }, .cseq = "2 REGISTER");
	cr_expect_not(rg__homes_wanted(w.record, w.now), "a record that only remembers removals");
	end_world(&w);
}

Test(homes, an_entry_is_that_of_the_page_on_the_format)
{
	char *text = page_text(), *at = text, *block = page_block(&at, "homes"), *line;
	uint32_t n = 0;

	for (; (line = page_line(&block)) != NULL; n++) {
		char home[64], uri[64];
		unsigned long long id;
		site_world s = new_sites();

		cr_assert_eq(sscanf(line, "%63s %63s %llx", home, uri, &id), 3, "%s", line);
		cr_expect(say(&s, home, true));
		rg_contact c = binding(&s.w, 0);
		cr_expect_str_eq(put(&s.w, c.uri), uri);
		cr_expect_eq(c.id, id, "%s: %016llx", line, (unsigned long long)c.id);
		cr_expect_str_eq(put(&s.w, c.callid), "home");
		cr_expect(c.cseq == 0 && c.generation == 0 && c.request_hash == 0 && !c.params.p && c.next_hop.n > 0);
		cr_expect(c.created == s.w.now && c.modified == s.w.now && c.expires == s.w.now + HOUR);
		end_world(&s.w);
	}
	cr_expect_geq(n, 4);
	free(text);
}
