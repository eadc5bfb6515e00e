/* SPDX-License-Identifier: MIT */
/* Who is a target, and whose device must be woken first (RFC 8599). */
#include "policy_kit.h"

#include "route/route.h"
#include "route/wakes.h"

#define PN ";pn-provider=apns;pn-prid=x;pn-param=y"

/* A binding sip:<name>@192.0.2.1. */
typedef struct one {
	const char *name;
	bool plain;
	int q;                /* thousandths; 0 = none */
	int64_t ago;          /* milliseconds since its REGISTER */
	const char *instance; /* NULL = none */
	const char *user_agent, *path, *scheme, *params; /* NULL = none, none, sip, PN */
	uint32_t latency, methods; /* 0 = not measured, all */
} one;

enum { MOST = 12 };

/* The bindings until the first without a name; their ids are 1, 2 … */
static void put_bindings(world *w, const one *ones)
{
	const rg_key key = { RG_STR("location"), RG_STR("alice"), RG_STR("example.com") };
	const rg_revision revision = { .b = { 1 } };
	static char uris[MOST][128];
	rg_contact c[MOST];
	uint32_t n = 0;

	for (; ones[n].name; n++) {
		const one *o = &ones[n];

		snprintf(uris[n], sizeof uris[n], "%s:%s@192.0.2.1%s", o->scheme ? o->scheme : "sip", o->name, o->params ? o->params : PN);
		rg_contact_init(&c[n], sizeof *c);
		c[n].id = n + 1;
		c[n].uri = rg_str_from(uris[n]);
		c[n].flags = o->plain ? 0 : RG_CONTACT_PN;
		c[n].created = c[n].modified = w->now - o->ago;
		c[n].expires = w->now + 600000;
		c[n].q = o->q > 0 ? o->q : -1;
		c[n].instance = rg_str_from(o->instance);
		c[n].user_agent = rg_str_from(o->user_agent);
		c[n].path = rg_str_from(o->path);
		c[n].latency = o->latency > 0 ? o->latency : RG_LATENCY_NONE;
		c[n].methods = o->methods > 0 ? o->methods : RG_METHODS_ALL;
	}
	rg_record_unref(w->record);
	cr_assert_eq(rg_record_new(&key, &revision, c, n, NULL, 0, RG__ABSENT, &w->record), RG_OK);
}

#define BINDINGS(world_, ...) put_bindings(world_, (const one[]){ __VA_ARGS__, { NULL } })

static void append_name(world *w, const char *before, rg_str uri)
{
	rg__uri parsed;

	cr_assert_eq(rg__uri_parse(uri, &parsed), RG_OK);
	append(w, before, parsed.user);
}

/* "result/code a b<0 | c d": the targets, each with the place of its principal, and whose devices are to be woken. */
static const char *told(world *w, rg_targets *targets)
{
	char principal[16];
	rg_target t = { .struct_size = sizeof t };
	rg_contact c = { .struct_size = sizeof c };
	uint32_t i = 0;

	snprintf(w->text, sizeof w->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		append_name(w, " ", t.uri);
		snprintf(principal, sizeof principal, "<%u", t.fallback_of);
		append(w, "", rg_str_from(t.fallback_of != UINT32_MAX ? principal : ""));
	}
	cr_expect_eq(rg_targets_count(targets), i);
	append(w, "", rg_str_from(rg_targets_wake_count(targets) > 0 ? " |" : ""));
	for (i = 0; rg_targets_wake_contact(targets, i, &c) == RG_OK; i++)
		append_name(w, " ", c.uri);
	cr_expect_eq(rg_targets_wake_count(targets), i);
	rg_targets_free(targets);
	return w->text;
}

static rg_targets *targets_of(world *w, const char *method, const char *flag_text, const char *uri)
{
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = rg_str_from(method);
	r.request_uri = rg_str_from(uri);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flag_text), &options, NULL), RG_OK, "%s", flag_text);
	cr_assert_eq(rg_select(w->record, &r, w->config, options, w->now, &targets, NULL), RG_OK);
	rg_lookup_options_unref(options);
	return targets;
}

static rg_targets *targets_for(world *w, const char *flag_text, const char *uri)
{
	return targets_of(w, "INVITE", flag_text, uri);
}

static const char *select_with(world *w, const char *flag_text)
{
	return told(w, targets_for(w, flag_text, "sip:alice@example.com"));
}

static world push_world(void)
{
	world w = new_world();

	set(&w, "pn_enable", "1");
	return w;
}

/* What a wait asks. */
static const char *select_inside(world *w, const rg__lookup_settings *settings)
{
	rg_targets *targets = NULL;
	rg_request r;

	rg_request_init(&r, sizeof r);
	r.method = RG_STR("INVITE");
	r.request_uri = RG_STR("sip:alice@example.com");
	cr_assert_eq(rg__select(w->record, &r, settings, w->now, &targets), RG_OK);
	return told(w, targets);
}

Test(wakes, while_push_is_off_nobody_is_asleep)
{
	world w = new_world();

	BINDINGS(&w, { "a" }, { "b", .plain = true });
	same_text(select_with(&w, ""), "1/0 a b");
	set(&w, "pn_skip_pn_interval", "10");
	same_text(select_with(&w, ""), "1/0 a b");
	end_world(&w);
}

Test(wakes, nobody_is_woken_for_an_ack)
{
	world w = push_world();
	rg_targets *targets;
	rg_target t = { .struct_size = sizeof t };

	BINDINGS(&w, { "a", .ago = 1000 }, { "b", .plain = true });
	same_text(told(&w, targets_of(&w, "ACK", "", "sip:alice@example.com")), "1/0 a b");
	targets = targets_of(&w, "ACK", "", "sip:alice@example.com");
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	same_text(put(&w, t.uri), "sip:a@192.0.2.1");
	rg_targets_free(targets);
	end_world(&w);
}

Test(wakes, a_device_that_sleeps_is_no_target)
{
	world w = push_world();

	BINDINGS(&w, { "a" });
	same_text(select_with(&w, ""), "2/480 | a");
	BINDINGS(&w, { "a", .q = 100 }, { "b", .plain = true }, { "c", .q = 900 }, { "d", .plain = true, .q = 500 });
	same_text(select_with(&w, ""), "1/0 d b | c a");
	end_world(&w);
}

Test(wakes, all_that_sleep_are_woken_whatever_their_number)
{
	world w = push_world();

	BINDINGS(&w, { "a" }, { "b" }, { "c" }, { "d" }, { "e" }, { "f" }, { "g" }, { "h" }, { "i" }, { "j" });
	same_text(select_with(&w, ""), "2/480 | a b c d e f g h i j");
	end_world(&w);
}

Test(wakes, only_the_live_ones)
{
	world w = push_world();

	BINDINGS(&w, { "a" });
	w.now += 600000;
	same_text(select_with(&w, ""), "-1/404");
	end_world(&w);
}

Test(wakes, a_device_is_awake_for_a_while_after_its_register)
{
	static const struct { const char *interval; int64_t ago; bool awake; } rows[] = {
		{ "0", 0, false }, { "0", 1, false }, { "10", 0, true }, { "10", 10000, true }, { "10", 10001, false },
		{ "10", -10000, true }, { "10", -10001, false }, { "4294967295", 4294967295000, true }, { "4294967295", 4294967295001, false },
		{ "10", START, false }, { "10", START - INT64_MAX, false },
	};
	world w = push_world();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		set(&w, "pn_skip_pn_interval", rows[i].interval);
		BINDINGS(&w, { "a", .ago = rows[i].ago });
		cr_expect_str_eq(select_with(&w, ""), rows[i].awake ? "1/0 a" : "2/480 | a", "row %zu", i);
	}
	end_world(&w);
}

Test(wakes, no_branches_wakes_only_the_best)
{
	world w = push_world();

	BINDINGS(&w, { "a", .q = 100 }, { "b", .plain = true, .q = 500 }, { "c", .q = 900 }, { "d", .q = 800 });
	same_text(select_with(&w, "no-branches"), "2/480 | c");
	BINDINGS(&w, { "a", .q = 100 }, { "b", .plain = true, .q = 500 });
	same_text(select_with(&w, "no-branches"), "1/0 b");
	end_world(&w);
}

Test(wakes, filters_and_order_are_those_of_targets)
{
	world w = push_world();

	BINDINGS(&w, { "slow", .latency = 90000 }, { "old", .user_agent = "Old/1" }, { "fast", .latency = 10 }, { "new", .user_agent = "New/2" },
		{ "mute", .methods = 1u << RG_METHOD_MESSAGE });
	same_text(select_with(&w, "method-filtering"), "2/480 | slow old fast new");
	same_text(select_with(&w, "ua-filtering=/^New/"), "2/480 | new");
	same_text(select_with(&w, "ua-filtering=/^Newest/"), "-1/480");
	same_text(select_with(&w, "max-ping-latency=1000"), "2/480 | old fast new mute");
	same_text(select_with(&w, "sort-by-latency"), "2/480 | fast slow old new mute");
	BINDINGS(&w, { "mute", .methods = 1u << RG_METHOD_MESSAGE });
	same_text(select_with(&w, "method-filtering"), "-2/405");
	set(&w, "desc_time_order", "1");
	BINDINGS(&w, { "a", .ago = 2 }, { "b", .ago = 1 });
	same_text(select_with(&w, ""), "2/480 | b a");
	BINDINGS(&w, { "a" }, { "s", .scheme = "sips" });
	same_text(told(&w, targets_for(&w, "", "sips:alice@example.com")), "2/480 | s");
	end_world(&w);
}

#define X .instance = "<urn:x:1>"
#define Y .instance = "<urn:x:2>"

Test(wakes, of_an_instance_the_binding_modified_last_decides)
{
	world w = push_world();

	/* Its other flows, awake or not, are no way around its sleep. */
	BINDINGS(&w, { "a", X, .ago = 1 }, { "b", X, .plain = true, .ago = 2 }, { "c", X, .ago = 3 }, { "d", Y, .plain = true });
	same_text(select_with(&w, ""), "1/0 d | a");
	/* It is awake: the plain flows stand in for it. */
	BINDINGS(&w, { "a", X, .plain = true, .ago = 1 }, { "b", X, .ago = 2 }, { "c", X, .plain = true, .ago = 3 }, { "d", Y, .ago = 4 });
	same_text(select_with(&w, ""), "1/0 a c<0 | d");
	/* Fallbacks keep to their principal where a device before it goes to the wakes. */
	BINDINGS(&w, { "s", .q = 900 }, { "a", X, .plain = true, .q = 500, .ago = 1 }, { "b", X, .plain = true, .ago = 2 },
		{ "c", Y, .plain = true, .ago = 1 }, { "d", Y, .plain = true, .ago = 2 });
	same_text(select_with(&w, ""), "1/0 a b<0 c d<2 | s");
	end_world(&w);
}

Test(wakes, a_public_gruu_wakes_its_instance_alone)
{
	world w = push_world();

	set(&w, "disable_gruu", "0");
	BINDINGS(&w, { "a", X }, { "b", Y }, { "c" }, { "d", .plain = true });
	same_text(told(&w, targets_for(&w, "", "sip:alice@example.com;gr=urn:x:2")), "2/480 | b");
	same_text(told(&w, targets_for(&w, "", "sip:alice@example.com;gr=urn:x:3")), "-1/480");
	end_world(&w);
}

Test(wakes, who_came_back_after_a_record_is_awake_whatever_the_clock_says)
{
	world w = push_world();
	rg__lookup_settings settings = { .pn = true, .max_ping_latency = -1 };

	BINDINGS(&w, { "a", .ago = 11 }, { "b", .ago = 10 }, { "c", .ago = -9 });
	rg_record *before = w.record;

	w.record = NULL;
	BINDINGS(&w, { "a", .ago = 12 }, { "b", .ago = 10 }, { "c", .ago = -9 }, { "d", .ago = 100 });
	settings.asleep_in = before;
	same_text(select_inside(&w, &settings), "1/0 d a | b c");
	settings.asleep_in = NULL;
	same_text(select_inside(&w, &settings), "2/480 | d a b c");
	rg_record_unref(before);
	end_world(&w);
}

Test(wakes, the_device_of_one_binding_is_awake_with_all_its_flows)
{
	world w = push_world();
	rg__lookup_settings settings = { .pn = true, .max_ping_latency = -1, .only_binding = 2 };

	BINDINGS(&w, { "a" }, { "b" }, { "c", .plain = true });
	same_text(select_inside(&w, &settings), "1/0 b");
	BINDINGS(&w, { "a", X, .ago = 1 }, { "b", .instance = "urn:x:1", .ago = 9 }, { "c", Y }, { "d", X, .ago = 5, .plain = true }, { "e" });
	same_text(select_inside(&w, &settings), "1/0 a d<0 b<0");
	settings.no_branches = true;
	same_text(select_inside(&w, &settings), "1/0 a");
	settings.only_binding = 77;
	same_text(select_inside(&w, &settings), "-1/480");
	end_world(&w);
}

Test(wakes, what_wakes_a_device_is_kept_from_the_request_uri)
{
	static const struct { const char *params, *uri; bool plain; } rows[] = {
		{ ";pn-provider=apns;pn-prid=x;pn-param=y;transport=tls;line=1", "sip:a@192.0.2.1;transport=tls;line=1", false },
		{ ";ob;PN-Provider=fcm;pn-purr=z;pn-other", "sip:a@192.0.2.1;ob", false },
		{ ";pn-provider=apns;pn-prid=x;lr?h=1", "sip:a@192.0.2.1", false },
		{ ";pn-provider=apns;%70n-prid=x;p%4e%2dparam=y;a=%70n-", "sip:a@192.0.2.1;a=%70n-", false },
		{ ";pnx=1;pn=2;p=3;xpn-=4;pn-=5", "sip:a@192.0.2.1;pnx=1;pn=2;p=3;xpn-=4", false },
		{ ";pn-provider=apns;pn-prid=x;lr", "sip:a@192.0.2.1;pn-provider=apns;pn-prid=x", true }, /* handled upstream */
	};
	world w = push_world();
	rg_target t = { .struct_size = sizeof t };

	set(&w, "pn_skip_pn_interval", "10");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		BINDINGS(&w, { "a", .params = rows[i].params, .plain = rows[i].plain });
		rg_targets *targets = targets_for(&w, "", "sip:alice@example.com");

		cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
		same_text(put(&w, t.uri), rows[i].uri);
		same_text(put(&w, t.next_hop), rows[i].uri);
		rg_targets_free(targets);
	}
	set(&w, "pn_enable", "0");
	BINDINGS(&w, { "a" });
	rg_targets *targets = targets_for(&w, "", "sip:alice@example.com");
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	same_text(put(&w, t.uri), "sip:a@192.0.2.1" PN);
	rg_targets_free(targets);
	end_world(&w);
}

Test(wakes, a_wake_is_the_binding_as_registered_and_outlives_the_record)
{
	world w = push_world();
	rg_contact c = { .struct_size = sizeof c };

	BINDINGS(&w, { "a", X, .path = "<sip:p1;lr>", .q = 500 });
	rg_targets *targets = targets_for(&w, "", "sip:alice@example.com");
	rg_record_unref(w.record);
	w.record = NULL;
	cr_assert_eq(rg_targets_wake_contact(targets, 0, &c), RG_OK);
	cr_expect_eq(c.struct_size, sizeof c);
	cr_expect(c.id == 1 && c.flags == RG_CONTACT_PN && c.q == 500);
	same_text(put(&w, c.uri), "sip:a@192.0.2.1" PN);
	same_text(put(&w, c.path), "<sip:p1;lr>");
	cr_expect_eq(rg_targets_wake_contact(targets, 1, &c), RG_ENOENT);
	cr_expect(c.id == 0 && !c.uri.p);
	rg_targets_free(targets);
	end_world(&w);
}

Test(wakes, no_list_has_none)
{
	rg_contact c = { .struct_size = sizeof c };
	rg_targets *targets = NULL;

	cr_expect_eq(rg_targets_wake_count(NULL), 0);
	cr_expect_eq(rg_targets_wake_contact(NULL, 0, &c), RG_ENOENT);
	cr_assert_eq(rg__targets_failed(RG_LOOKUP_ERROR, 503, &targets), RG_OK);
	cr_expect_eq(rg_targets_wake_count(targets), 0);
	cr_expect_eq(rg_targets_wake_contact(targets, 0, &c), RG_ENOENT);
	rg_targets_free(targets);
}

/* What the engine reads is in the form of what it tells: a record, and indexes in it. */
Test(wakes, are_indexes_in_their_record)
{
	world w = push_world();
	rg__wakes wakes;

	BINDINGS(&w, { "a", .q = 100 }, { "b", .plain = true }, { "c", .q = 900 });
	rg_targets *targets = targets_for(&w, "", "sip:alice@example.com");

	cr_assert(rg__targets_wakes(targets, 0, &wakes));
	cr_expect(wakes.record == w.record && wakes.n == 2 && wakes.indexes[0] == 2 && wakes.indexes[1] == 0);
	cr_expect_not(rg__targets_wakes(targets, 1, &wakes));
	rg_targets_free(targets);
	end_world(&w);
}
