/* SPDX-License-Identifier: MIT */
/* GRUUs (RFC 5627) by the pure decisions: what a 200 gives, and what a lookup of it yields. */
#include "policy_kit.h"
#include "rules/rules.h"

#define URN_X "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
#define URN_Y "urn:uuid:00000000-0000-1000-8000-000a95a0e128"
#define X ";+sip.instance=\"<" URN_X ">\""
#define Y ";+sip.instance=\"<" URN_Y ">\""
#define A "<sip:a@192.0.2.7>"
#define B "<sip:b@192.0.2.8>"
#define C "<sip:c@192.0.2.9>"
#define PUBLIC "sip:alice@example.com;gr=" URN_X
#define SUPPORTED .supported = { "gruu" }

static world gruu_world(void)
{
	world w = new_world();

	set(&w, "disable_gruu", "0");
	set(&w, "gruu_secret", "first, second");
	return w;
}

/* The URI in a parameter of Contact @p index of the last 200; NULL = there is none. */
static char *gruu_of(world *w, uint32_t index, const char *param)
{
	const char *value = header_at(w, "Contact", index), *at = strstr(value, param);

	if (!at)
		return NULL;
	at += strlen(param);
	cr_assert(at[0] == '=' && at[1] == '"', "%s", value);
	return strndup(at + 2, strcspn(at + 2, "\""));
}

static char *temporary(world *w, uint32_t index)
{
	return gruu_of(w, index, ";temp-gruu");
}

/* A request to look up. */
typedef struct asked {
	const char *uri, *flags, *aor, *domain, *route[3], *method;
} asked;

/* The targets of a URI: result and code, then URIs, and behind a fallback a `<`. */
static const char *look_up_as(world *w, asked a)
{
	rg_str routes[3];
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_request r;
	rg_target t = { .struct_size = sizeof t };

	rg_request_init(&r, sizeof r);
	r.method = or_else(a.method, "INVITE");
	r.request_uri = rg_str_from(a.uri);
	r.aor = rg_str_from(a.aor);
	r.domain = rg_str_from(a.domain);
	r.routes = routes;
	r.n_routes = lines(a.route, routes);
	cr_assert_eq(rg_lookup_options_new(rg_str_from(a.flags ? a.flags : ""), &options, NULL), RG_OK);
	cr_assert_eq(rg_select(w->record, &r, w->config, options, w->now, &targets, NULL), RG_OK, "%s", a.uri);
	snprintf(w->text, sizeof w->text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++) {
		append(w, " ", t.uri);
		if (t.fallback_of != UINT32_MAX)
			append(w, "<", RG_STR(""));
		if (t.path.n > 0)
			append(w, " by ", t.path);
		if (!rg_str_equal(t.next_hop, t.uri))
			append(w, " hop ", t.next_hop);
		cr_expect(rg_str_equal(t.aor, RG_STR("alice@example.com")), "%.*s", (int)t.aor.n, t.aor.p);
	}
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return w->text;
}

#define look_up(world_, ...) look_up_as(world_, (asked){ __VA_ARGS__ })

Test(gruu, a_200_has_both_for_each_binding_with_an_instance)
{
	world w = gruu_world();

	cr_expect_eq(save(&w, .contact = { A X ";q=0.5", B, C ";+sip.instance=\"urn:x:a%b c;d\"" }, SUPPORTED,
		.to = "Alice <sip:%61lice@Example.com:5070;x=1>;y=2"), 200);
	char *public = gruu_of(&w, 0, ";pub-gruu"), *third = gruu_of(&w, 2, ";pub-gruu"), *temp = temporary(&w, 0);

	same_text(public, "sip:%61lice@Example.com;gr=" URN_X);
	same_text(third, "sip:%61lice@Example.com;gr=urn:x:a%25b%20c%3Bd");
	cr_assert(strncmp(temp, "sip:", 4) == 0 && strstr(temp, "@Example.com;gr") == temp + strlen(temp) - strlen("@Example.com;gr"), "%s",
		temp);
	cr_expect_eq(strspn(temp + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 140, "%s", temp);
	cr_expect_null(strstr(header_at(&w, "Contact", 1), "gruu"));
	cr_expect_null(strstr(header(&w, "Supported"), "gruu"));
	cr_expect_null(strstr(header(&w, "Require"), "gruu"));
	free(public);
	free(third);
	free(temp);
	end_world(&w);
}

Test(gruu, who_gets_none)
{
	static const spec none[] = {
		{ .contact = { A X } },
		{ .contact = { A X }, .supported = { "path", "gruuu" } },
		{ .contact = { A X }, .supported = { "gruu\x01" } },
		{ .contact = { A ";reg-id=1" }, SUPPORTED },
		{ .contact = { A ";+sip.instance=abc" }, SUPPORTED },
		{ .contact = { A ";+sip.instance=\"<urn:x:1\"" }, SUPPORTED },
		{ .contact = { A ";+sip.instance=\"a\tb\"" }, SUPPORTED },
		{ .contact = { A ";+sip.instance=\"<<x>>\"" }, SUPPORTED },
		{ .contact = { A X }, SUPPORTED, .to = "<tel:+15551234>", .aor = "sip:alice@example.com" },
		{ .contact = { A X }, SUPPORTED, .to = "<urn:x:y>", .aor = "sip:alice@example.com" },
	};
	world w = gruu_world();

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		cr_expect_eq(save_spec(&w, none[i]), 200, "%zu", i);
		cr_expect_null(strstr(header(&w, "Contact"), "gruu"), "%zu: %s", i, header(&w, "Contact"));
		rg_record_unref(w.record);
		w.record = NULL;
	}
	set(&w, "disable_gruu", "1");
	save(&w, .contact = { A X }, SUPPORTED);
	cr_expect_null(strstr(header(&w, "Contact"), "gruu"));
	end_world(&w);
}

Test(gruu, a_client_may_require_it_when_it_is_on)
{
	world w = gruu_world();

	cr_expect_eq(save(&w, .contact = { A X }, .require = { "gruu" }), 200);
	cr_expect_not_null(strstr(header(&w, "Contact"), "temp-gruu"));
	set(&w, "disable_gruu", "1");
	cr_expect_eq(save(&w, .contact = { A X }, .require = { "gruu" }, .cseq = "2 REGISTER"), 420);
	same_text(header(&w, "Unsupported"), "gruu");
	end_world(&w);
}

Test(gruu, of_a_sips_aor_is_sips)
{
	world w = gruu_world();

	save(&w, .contact = { A X }, SUPPORTED, .to = "<sips:alice@example.com>");
	char *public = gruu_of(&w, 0, ";pub-gruu"), *temp = temporary(&w, 0);

	same_text(public, "sips:alice@example.com;gr=" URN_X);
	cr_expect_eq(strncmp(temp, "sips:", 5), 0);
	same_text(look_up(&w, temp), "-1/480"); /* RFC 3261 §26.2.2: the Contact is none of sips */
	save(&w, .contact = { "<sips:a@192.0.2.7>" X }, SUPPORTED, .to = "<sips:alice@example.com>", .request_uri = "sips:example.com",
		.cseq = "2 REGISTER");
	same_text(look_up(&w, temp), "1/0 sips:a@192.0.2.7");
	same_text(look_up(&w, public), "1/0 sips:a@192.0.2.7");
	save(&w, .contact = { B X }, SUPPORTED, .cseq = "3 REGISTER");
	cr_expect_str_eq(look_up(&w, "sip:alice@example.com", .aor = PUBLIC), "1/0 sip:b@192.0.2.8 sips:a@192.0.2.7< sip:a@192.0.2.7<", "%s", w.text);
	same_text(look_up(&w, "sip:alice@example.com", .aor = temp), "1/0 sips:a@192.0.2.7");
	same_text(look_up(&w, "sip:alice@example.com", .aor = public), "1/0 sips:a@192.0.2.7");
	same_text(look_up(&w, "sips:alice@example.com", .aor = PUBLIC), "1/0 sips:a@192.0.2.7");
	same_text(look_up(&w, "sip:alice@example.com", .aor = "sips:alice@example.com"),
		"1/0 sip:b@192.0.2.8 sips:a@192.0.2.7< sip:a@192.0.2.7<");
	free(public);
	free(temp);
	end_world(&w);
}

/* A query and a repeat are REGISTERs too. */
Test(gruu, each_REGISTER_gets_a_fresh_temporary_one_and_the_old_ones_stay_valid)
{
	world w = gruu_world();
	char *temp[4];

	save(&w, .contact = { A X, B Y }, SUPPORTED);
	temp[0] = temporary(&w, 0);
	save(&w, .contact = { A X, B Y }, SUPPORTED);
	same_text(outcomes(&w), "RR");
	temp[1] = temporary(&w, 0);
	save(&w, SUPPORTED);
	temp[2] = temporary(&w, 0);
	save(&w, .contact = { A X }, SUPPORTED, .cseq = "2 REGISTER");
	temp[3] = temporary(&w, 0);
	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < i; k++)
			cr_expect_str_neq(temp[i], temp[k]);
		same_text(look_up(&w, temp[i]), "1/0 sip:a@192.0.2.7");
	}
	for (int i = 0; i < 4; i++)
		free(temp[i]);
	end_world(&w);
}

Test(gruu, the_same_seed_gives_the_same_token)
{
	world w = gruu_world(), v = gruu_world();

	save(&w, .contact = { A X }, SUPPORTED);
	save(&v, .contact = { A X }, SUPPORTED);
	char *one = temporary(&w, 0), *other = temporary(&v, 0);

	same_text(one, other);
	free(one);
	free(other);
	end_world(&w);
	end_world(&v);
}

Test(gruu, a_lookup_yields_the_one_instance_with_its_flows)
{
	world w = gruu_world();

	save(&w, .contact = { A X, B Y, C X }, SUPPORTED);
	char *temp = temporary(&w, 0), *of_y = temporary(&w, 1);

	same_text(look_up(&w, temp), "1/0 sip:c@192.0.2.9 sip:a@192.0.2.7<");
	same_text(look_up(&w, of_y), "1/0 sip:b@192.0.2.8");
	same_text(look_up(&w, PUBLIC), "1/0 sip:c@192.0.2.9 sip:a@192.0.2.7<");
	same_text(look_up(&w, "sip:%61lice@EXAMPLE.com;x=1;GR=URN:UUID:F81D4FAE-7DEC-11D0-A765-00A0C91E6BF%36"),
		"1/0 sip:c@192.0.2.9 sip:a@192.0.2.7<");
	same_text(look_up(&w, PUBLIC, .flags = "no-branches"), "1/0 sip:c@192.0.2.9");
	same_text(look_up(&w, "sip:alice@example.com"), "1/0 sip:b@192.0.2.8 sip:c@192.0.2.9 sip:a@192.0.2.7<");
	same_text(look_up(&w, "sip:nobody@example.org", .aor = PUBLIC), "1/0 sip:c@192.0.2.9 sip:a@192.0.2.7<");
	same_text(look_up(&w, "sip:nobody@example.org", .aor = "alice@example.com;gr=" URN_Y), "1/0 sip:b@192.0.2.8");
	same_text(look_up(&w, "sip:nobody@example.org", .aor = of_y), "1/0 sip:b@192.0.2.8");
	save(&w, .contact = { A X ";methods=\"BYE\"", C X ";methods=\"BYE\"" }, SUPPORTED, .cseq = "2 REGISTER");
	same_text(look_up(&w, temp, .flags = "method-filtering"), "-2/405");
	free(temp);
	free(of_y);
	end_world(&w);
}

/* An instance that no URI can have as it stands: every octet outside pvalue is escaped. */
Test(gruu, a_lookup_unescapes_the_instance)
{
	static const char *const instances[] = { "urn:x:1", "<urn:x:1>", "a b", "a;b=c", "a%41b", "a@b?c", "\xc3\xa9", "<a>b>", "a/b[c]:&+$", "%2525",
		"urn:uuid:f81d4fae.7dec.11d0.a765.00a0c91e6bf6", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bfg" };
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof instances / sizeof *instances; i++) {
		world w = gruu_world();
		char contact[100], all[200] = "sip:alice@example.com;gr=", *to = all + strlen(all);
		size_t n = strlen(instances[i]);
		bool framed = instances[i][0] == '<' && instances[i][n - 1] == '>';

		snprintf(contact, sizeof contact, A ";+sip.instance=\"%s\"", instances[i]);
		cr_expect_eq(save(&w, .contact = { contact, B ";+sip.instance=\"aAb\"" }, SUPPORTED), 200, "%s", contact);
		char *public = gruu_of(&w, 0, ";pub-gruu"), *temp = temporary(&w, 0);

		cr_expect_str_eq(look_up(&w, public), "1/0 sip:a@192.0.2.7", "%s: %s", public, w.text);
		cr_expect_str_eq(look_up(&w, temp), "1/0 sip:a@192.0.2.7", "%s", instances[i]);
		for (size_t k = framed; k < n - framed; k++) {
			*to++ = '%';
			*to++ = hex[(unsigned char)instances[i][k] >> 4];
			*to++ = hex[instances[i][k] & 15];
		}
		same_text(look_up(&w, all), "1/0 sip:a@192.0.2.7");
		free(public);
		free(temp);
		end_world(&w);
	}
}

Test(gruu, that_names_nobody)
{
	world w = gruu_world();

	same_text(look_up(&w, PUBLIC), "-1/404"); /* no such AoR */
	save(&w, .contact = { A X ";expires=100" }, SUPPORTED);
	char *temp = temporary(&w, 0);

	same_text(look_up(&w, "sip:alice@example.com;gr=" URN_Y), "-1/480");
	same_text(look_up(&w, "sip:alice@example.com;gr=%00"), "-1/404");
	same_text(look_up(&w, "sip:alice@example.com;gr"), "-1/404");
	same_text(look_up(&w, "sip:example.com;gr"), "-1/404");
	w.now += 100000;
	same_text(look_up(&w, PUBLIC), "-1/480");
	same_text(look_up(&w, temp), "-1/404");
	save(&w, .contact = { A X ";expires=100" }, SUPPORTED, .cseq = "2 REGISTER");
	same_text(look_up(&w, PUBLIC), "1/0 sip:a@192.0.2.7");
	same_text(look_up(&w, temp), "-1/404");
	save(&w, .contact = { A X ";expires=0" }, SUPPORTED, .cseq = "3 REGISTER");
	same_text(look_up(&w, PUBLIC), "-1/480");
	free(temp);
	end_world(&w);
}

/* With what cannot be read left out, these would name all devices. */
Test(gruu, a_malformed_one_never_stands_for_its_aor)
{
	static const char *const bad[] = { PUBLIC ";", PUBLIC ";;x", PUBLIC ";gr=1", PUBLIC ";x=\"", "sip:alice@example.com;gr=;x",
		"sip:alice@example.com:99999;gr=x", "sip:alice@example.com;GR;=", "sip:alice@example.com;x=;gr?a=b",
		"sip:alice@example.com;%67r=x;;", "sip:alice@example.com;g%52;x=" };
	world w = gruu_world();

	save(&w, .contact = { A X, B Y }, SUPPORTED);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_str_eq(look_up(&w, bad[i]), "-1/400", "%s: %s", bad[i], w.text);
		cr_expect_str_eq(look_up(&w, "sip:h", .aor = bad[i]), "-1/400", "aor %s: %s", bad[i], w.text);
	}
	same_text(look_up(&w, "sip:alice@example.com;grr=1;"), "1/0 sip:a@192.0.2.7 sip:b@192.0.2.8");
	same_text(look_up(&w, "tel:+1;gr"), "-1/416");
	end_world(&w);
}

/* RFC 3261 §25.1 `user-unreserved` has `;` and `=`. */
Test(gruu, a_user_with_gr_in_it_is_none)
{
	static const struct {
		const char *use_domain, *user, *key;
	} cases[] = {
		{ "1", "a;gr=x", "a;gr=x@example.com" }, { "0", "a;gr=x", "a;gr=x" }, { "0", "a;gr", "a;gr" }, { "0", "a;x=1", "a;x=1" },
		{ "1", "a;gr", "a;gr@example.com" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		world w = gruu_world();
		rg_targets *targets = NULL;
		rg_request r;
		rg__aor aor;
		char uri[64], to[66];

		set(&w, "use_domain", cases[i].use_domain);
		snprintf(uri, sizeof uri, "sip:%s@example.com", cases[i].user);
		snprintf(to, sizeof to, "<%s>", uri);
		cr_expect_eq(save(&w, .contact = { A X, B Y }, .to = to), 200);
		for (int by_key = 0; by_key < 2; by_key++) {
			rg_request_init(&r, sizeof r);
			r.method = RG_STR("INVITE");
			r.request_uri = rg_str_from(uri);
			r.aor = rg_str_from(by_key ? cases[i].key : NULL);
			cr_assert_eq(rg_select(w.record, &r, w.config, NULL, w.now, &targets, NULL), RG_OK, "%s", uri);
			cr_expect_eq(rg_targets_count(targets), 2, "%s by_key=%d: %d", uri, by_key, rg_targets_code(targets));
			rg_targets_free(targets);
		}
		cr_expect_eq(rg__query_aor(&r, RG__ABSENT, "aor", w.config, &aor, NULL), RG_OK, "%s", cases[i].key);
		cr_expect(rg_str_equal(aor.user, rg_str_from(cases[i].user)), "%s", cases[i].key);
		rg__aor_free(&aor);
		end_world(&w);
	}
}

Test(gruu, one_wrong_octet_of_a_token_and_it_names_nobody)
{
	world w = gruu_world();

	save(&w, .contact = { A X }, SUPPORTED);
	char *temp = temporary(&w, 0);

	for (size_t i = strlen("sip:"); temp[i] != '@'; i++) {
		char was = temp[i];

		temp[i] = was == 'A' ? 'B' : 'A';
		cr_expect_str_eq(look_up(&w, temp), "-1/404", "octet %zu", i);
		temp[i] = was;
	}
	same_text(look_up(&w, temp), "1/0 sip:a@192.0.2.7");
	free(temp);
	end_world(&w);
}

Test(gruu, a_token_counts_under_its_own_host_and_domain_only)
{
	world w = gruu_world();
	char elsewhere[300];

	save(&w, .contact = { A X }, SUPPORTED);
	char *temp = temporary(&w, 0);

	snprintf(elsewhere, sizeof elsewhere, "%.*s@example.org;gr", (int)strcspn(temp, "@"), temp);
	same_text(look_up(&w, elsewhere), "-1/404");
	same_text(look_up(&w, temp, .domain = "phones"), "-1/404");
	same_text(look_up(&w, temp, .domain = "location"), "1/0 sip:a@192.0.2.7");
	snprintf(elsewhere, sizeof elsewhere, "%.*s@EXAMPLE.com.:5070;x;gr", (int)strcspn(temp, "@"), temp);
	same_text(look_up(&w, elsewhere), "1/0 sip:a@192.0.2.7");
	set(&w, "case_sensitive", "0"); /* does not touch the token */
	same_text(look_up(&w, temp), "1/0 sip:a@192.0.2.7");
	free(temp);
	end_world(&w);
}

/* A host may save under another AoR than that of To: the token leads there, under the host that the phone knows. */
Test(gruu, of_an_aor_in_another_domain_than_To)
{
	static const char *const aors[] = { "sip:alice@example.com", "alice@example.com", "sip:alice@EXAMPLE.com." };
	char moved[400];

	for (size_t i = 0; i < sizeof aors / sizeof *aors; i++) {
		world w = gruu_world();

		cr_expect_eq(save(&w, .contact = { A X, B Y }, SUPPORTED, .to = "<sip:+15551234@Phones.example.org>", .aor = aors[i]), 200);
		char *temp = temporary(&w, 0);
		same_text(look_up(&w, temp), "1/0 sip:a@192.0.2.7");
		snprintf(moved, sizeof moved, "%.*s@phones.EXAMPLE.org.;gr", (int)strcspn(temp, "@"), temp);
		same_text(look_up(&w, moved), "1/0 sip:a@192.0.2.7");
		snprintf(moved, sizeof moved, "%.*s@example.com;gr", (int)strcspn(temp, "@"), temp);
		same_text(look_up(&w, moved), "-1/404");
		free(temp);
		end_world(&w);
	}
}

Test(gruu, under_a_prefix_of_the_realm)
{
	world w = gruu_world();

	set(&w, "realm_prefix", "sip.");
	save(&w, .contact = { A X }, SUPPORTED, .to = "<sip:alice@sip.example.com>");
	char *temp = temporary(&w, 0), *public = gruu_of(&w, 0, ";pub-gruu");

	same_text(public, "sip:alice@sip.example.com;gr=" URN_X);
	same_text(look_up(&w, public), "1/0 sip:a@192.0.2.7");
	same_text(look_up(&w, temp), "1/0 sip:a@192.0.2.7");
	free(temp);
	free(public);
	end_world(&w);
}

Test(gruu, secrets_rotate)
{
	world w = gruu_world();

	save(&w, .contact = { A X }, SUPPORTED);
	char *temp = temporary(&w, 0);

	set(&w, "gruu_secret", "third, first");
	same_text(look_up(&w, temp), "1/0 sip:a@192.0.2.7");
	set(&w, "gruu_secret", "third, second");
	same_text(look_up(&w, temp), "-1/404");
	cr_assert_eq(rg_config_unset(w.config, RG_STR("gruu_secret"), NULL), RG_OK);
	same_text(look_up(&w, temp), "-1/404");
	same_text(look_up(&w, PUBLIC), "1/0 sip:a@192.0.2.7");
	free(temp);
	end_world(&w);
}

Test(gruu, without_a_secret_a_decision_that_needs_a_token_fails)
{
	world w = new_world();
	spec s = { .contact = { A X }, SUPPORTED };
	spec_room room;
	rg_request r = request_of(&s, &room);
	rg_plan *plan = NULL;
	rg_error *why = rg_error_new();

	set(&w, "disable_gruu", "0");
	cr_expect_eq(rg_merge(NULL, &r, w.config, NULL, w.now, w.seed, &plan, why), RG_EINVAL);
	same_text(rg_error_text(why).p, "gruu_secret is unset, but the response has a temporary GRUU to seal");
	rg_error_free(why);
	cr_expect_null(plan);
	cr_expect_eq(save(&w, .contact = { A X }), 200);
	end_world(&w);
}

Test(gruu, disabled_a_uri_with_gr_is_that_of_its_aor)
{
	world w = gruu_world();

	save(&w, .contact = { A X, B Y }, SUPPORTED);
	char *temp = temporary(&w, 0);

	set(&w, "disable_gruu", "1");
	same_text(look_up(&w, PUBLIC), "1/0 sip:a@192.0.2.7 sip:b@192.0.2.8");
	set(&w, "max_username_len", "300");
	rg_record *record = w.record;
	w.record = NULL;
	same_text(look_up(&w, temp), "-1/404");
	w.record = record;
	free(temp);
	end_world(&w);
}

/* RFC 5627 §6.1. */
Test(gruu, a_path_gives_way_to_the_route_that_is_left)
{
	world w = gruu_world();

	flags(&w, "path-off");
	save(&w, .contact = { A X }, SUPPORTED, .path = { "<sip:edge.example.net;lr>" }, .received = "sip:192.0.2.1:5070");
	char *temp = temporary(&w, 0);
	const char *uris[] = { temp, PUBLIC };

	for (int i = 0; i < 2; i++) {
		same_text(look_up(&w, uris[i]), "1/0 sip:a@192.0.2.7 by <sip:edge.example.net;lr> hop sip:edge.example.net;lr");
		same_text(look_up(&w, uris[i], .route = { "\"P\" <sip:p1.example.com;lr>", "<sip:p2.example.com;lr>" }),
			"1/0 sip:a@192.0.2.7 hop sip:p1.example.com;lr");
		same_text(look_up(&w, uris[i], .route = { "<sip:p1.example.com;lr>, <sip:p2.example.com;lr>" }),
			"1/0 sip:a@192.0.2.7 hop sip:p1.example.com;lr");
		same_text(look_up(&w, uris[i], .route = { "<sip:" }), "1/0 sip:a@192.0.2.7 hop sip:192.0.2.1:5070");
	}
	same_text(look_up(&w, "sip:alice@example.com", .route = { "<sip:p1.example.com;lr>" }),
		"1/0 sip:a@192.0.2.7 by <sip:edge.example.net;lr> hop sip:edge.example.net;lr");
	free(temp);
	end_world(&w);
}

Test(gruu, as_a_Contact_is_refused)
{
	world w = gruu_world();
	char contact[400];

	save(&w, .contact = { A X }, SUPPORTED);
	char *temp = temporary(&w, 0);
	const char *user = temp + strlen("sip:");
	int n = (int)strcspn(user, "@");
	const struct {
		const char *format;
		int32_t code;
	} cases[] = {
		{ "<" PUBLIC ">%.*s", 403 }, { "<sip:bob@example.com;gr=urn:x:1>%.*s", 403 }, { "<sip:%.*s@example.com;gr>", 403 },
		{ "<sip:%.*s@EXAMPLE.COM.;x;gr>", 403 }, { "<sip:%.*s@elsewhere.example;gr>", 403 }, { "<sip:%.*s@192.0.2.1:5070;maddr=h;gr>", 403 },
		{ "<sip:x%.*s@example.com;gr>", 403 }, { "<sip:x%.*s@example.org;gr>", 200 }, { "<sip:bob@example.org;gr=urn:x:1>%.*s", 200 },
		{ "<sip:%.*s@example.com;gr>;expires=0", 200 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool uses = !strstr(cases[i].format, ">%.*s");

		snprintf(contact, sizeof contact, cases[i].format, uses ? n : 0, user);
		cr_expect_eq(save(&w, .contact = { contact }, .callid = "other"), cases[i].code, "%s", contact);
		if (cases[i].code == 403)
			cr_expect_eq(reason(&w), RG_R_LOOP, "%s", contact);
	}
	free(temp);
	end_world(&w);
}

/* In no comparison does a public GRUU equal its AoR, or that of another device. */
Test(gruu, a_Contact_with_gr_is_a_binding_of_its_own)
{
	world w = gruu_world();

	save(&w, .contact = { "<sip:bob@example.org>", "<sip:bob@example.org;gr=urn:x:1>", "<sip:bob@example.org;gr=urn:x:2>",
		"<sip:bob@example.org;gr>" });
	same_text(outcomes(&w), "IIII");
	save(&w, .contact = { "<sip:bob@example.org;x=1;gr=urn:x:1>" }, .cseq = "2 REGISTER");
	same_text(outcomes(&w), "U");
	end_world(&w);
}

Test(gruu, no_query_takes_it_for_its_aor)
{
	world w = gruu_world();
	static const char *const bad[] = { PUBLIC, "<" PUBLIC ">", "alice@example.com;gr=x", "sip:x@example.com;gr", PUBLIC ";;" };
	rg__aor aor;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(rg__query_aor(NULL, rg_str_from(bad[i]), "aor", w.config, &aor, NULL), RG_EINVAL, "%s", bad[i]);
		rg__aor_free(&aor);
	}
	cr_expect_eq(rg__query_aor(NULL, RG_STR("sip:alice@example.com;x=1"), "aor", w.config, &aor, NULL), RG_OK);
	rg__aor_free(&aor);
	set(&w, "disable_gruu", "1");
	cr_expect_eq(rg__query_aor(NULL, RG_STR(PUBLIC), "aor", w.config, &aor, NULL), RG_OK);
	rg__aor_free(&aor);
	end_world(&w);
}

Test(gruu, the_text_of_a_decision_leaves_the_token_out)
{
	world w = gruu_world();
	char room[4096];
	size_t n;

	save(&w, .contact = { B, A X, C Y }, SUPPORTED);
	char *temp = temporary(&w, 1), *first = strdup(decision(&w));

	cr_expect_not_null(strstr(first, ";temp-gruu=\"sip:TOKEN@example.com;gr\"\n"), "%s", first);
	cr_expect_null(strstr(first, temp), "%s", first);
	cr_assert_eq(rg_plan_text(w.plan, RG_TEXT_OPAQUE, room, sizeof room - 1, &n), RG_OK);
	room[n] = '\0';
	cr_expect_not_null(strstr(room, temp), "%s", room);
	cr_expect_null(strstr(room, "TOKEN"), "%s", room);
	rg_record_unref(w.record);
	w.record = NULL;
	save(&w, .contact = { B, A X, C Y }, SUPPORTED); /* with another seed */
	same_text(decision(&w), first);
	free(temp);
	free(first);
	end_world(&w);
}
