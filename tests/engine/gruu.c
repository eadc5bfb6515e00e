/* SPDX-License-Identifier: MIT */
/* GRUUs (RFC 5627) of a registrar: the secret that seals them, and what a reload does to them. */
#include "allocations.h"
#include "pair.h"
#include "sites.h"
#include <stdio.h>

static rg_config *config_of(const char *disable_gruu, const char *secret)
{
	rg_config *config;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("disable_gruu"), rg_str_from(disable_gruu), NULL), RG_OK);
	if (secret)
		cr_assert_eq(rg_config_set(config, RG_STR("gruu_secret"), rg_str_from(secret), NULL), RG_OK);
	return config;
}

static void reload(kit *k, const char *disable_gruu, const char *secret)
{
	rg_config *config = config_of(disable_gruu, secret);

	cr_assert_eq(rg_registrar_configure(k->reg, config, NULL), RG_OK);
	rg_config_free(config);
}

static int warnings(const kit *k)
{
	int n = 0;

	for (const char *at = k->log; (at = strstr(at, "gruu_secret is unset")) != NULL; at++)
		n++;
	return n;
}

Test(gruu, a_random_secret_is_warned_of_once_and_only_with_gruu_on)
{
	kit k;

	kit_open(&k, INLINE);
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "0", "secret");
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "1", NULL);
	cr_expect_eq(warnings(&k), 0, "%s", k.log);
	reload(&k, "0", NULL);
	reload(&k, "0", NULL);
	cr_expect_eq(warnings(&k), 1, "%s", k.log);
	kit_close(&k);
}

#define X ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\""
#define Y ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>\""
#define PUBLIC "sip:alice@example.org;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

/* Registers a Contact; its temporary GRUU, which the caller frees; NULL = it got none. */
static char *register_with(kit *k, const rg_save_options *options, const char *aor, const char *contact, const char *callid, int cseq)
{
	static const rg_str supported = { "gruu", 4 };
	phone p = { .aor = aor, .contact = contact, .callid = callid, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;
	char *found = NULL;

	kit_request(&p, &request);
	request.supported = &supported;
	request.n_supported = 1;
	cr_assert_eq(rg_save(k->reg, &request, options, &response, NULL), RG_OK);
	cr_assert_eq(rg_response_code(response), 200);
	rg_str value = rg_response_header(response, RG_STR("Contact"), 0), mark = RG_STR(";temp-gruu=\"");
	const char *at = value.n > 0 ? memmem(value.p, value.n, mark.p, mark.n) : NULL;

	if (at) {
		at += mark.n;
		found = strndup(at, (size_t)((const char *)memchr(at, '"', (size_t)(value.p + value.n - at)) - at));
	}
	rg_response_free(response);
	return found;
}

static char *register_gruu(kit *k, const char *aor, const char *contact, const char *callid, int cseq)
{
	return register_with(k, NULL, aor, contact, callid, cseq);
}

/* The result and the code of a lookup, then URIs of targets with their branches. */
static const char *found_by(kit *k, const char *uri, const char *aor, const char *flags, const char *branch)
{
	static char text[1024];
	rg_lookup_options *options = NULL;
	rg_targets *targets = NULL;
	rg_target t = { .struct_size = sizeof t };
	rg_str line = rg_str_from(branch);
	rg_request request;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(uri);
	request.aor = rg_str_from(aor);
	request.branches = &line;
	request.n_branches = branch != NULL;
	cr_assert_eq(rg_lookup_options_new(rg_str_from(flags), &options, NULL), RG_OK);
	cr_assert_eq(rg_lookup(k->reg, &request, options, &targets, NULL), RG_OK);
	int n = snprintf(text, sizeof text, "%d/%d", rg_targets_result(targets), rg_targets_code(targets));
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, " %.*s(%d)%.*s", (int)t.uri.n, t.uri.p, t.branch, (int)t.home.n,
			t.home.p ? t.home.p : "");
	rg_targets_free(targets);
	rg_lookup_options_unref(options);
	return text;
}

static const char *found(kit *k, const char *uri, const char *flags, const char *branch)
{
	return found_by(k, uri, NULL, flags, branch);
}

#define FINDS(kit_, uri, want) \
	do { \
		const char *got_ = found(kit_, uri, "", NULL); \
		cr_expect_str_eq(got_, want, "%s: %s", uri, got_); \
	} while (0)

Test(gruu, lives_through_a_reload_while_its_secret_does)
{
	kit k;

	kit_open(&k, INLINE);
	cr_expect_null(register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 1));
	reload(&k, "0", NULL);
	char *by_chance = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 2);
	reload(&k, "0", NULL);
	FINDS(&k, by_chance, "1/0 sip:a@192.0.2.1(-1)"); /* the registrar has drawn its secret once */
	reload(&k, "0", "old");
	FINDS(&k, by_chance, "-1/404");
	char *old = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 3);
	reload(&k, "0", "new, old");
	FINDS(&k, old, "1/0 sip:a@192.0.2.1(-1)");
	reload(&k, "0", "new");
	FINDS(&k, old, "-1/404");
	FINDS(&k, PUBLIC, "1/0 sip:a@192.0.2.1(-1)");
	reload(&k, "0", NULL);
	FINDS(&k, by_chance, "1/0 sip:a@192.0.2.1(-1)");
	free(by_chance);
	free(old);
	kit_close(&k);
}

Test(gruu, any_node_with_the_secret_opens_it)
{
	kit k, same, other;

	kit_open(&k, INLINE);
	kit_init(&same);
	kit_open_over(&same, rg_store_ref(k.memory));
	kit_init(&other);
	kit_open_over(&other, rg_store_ref(k.memory));
	reload(&k, "0", "secret");
	reload(&same, "0", "newer,secret");
	reload(&other, "0", NULL);
	char *gruu = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, "c1", 1);

	FINDS(&same, gruu, "1/0 sip:a@192.0.2.1(-1)");
	FINDS(&other, gruu, "-1/404");
	free(register_gruu(&same, "alice", "<sip:b@192.0.2.2>" X, "c2", 1)); /* a second flow, by the other node */
	FINDS(&k, gruu, "1/0 sip:b@192.0.2.2(-1) sip:a@192.0.2.1(-1)");
	free(register_gruu(&same, "alice", "<sip:b@192.0.2.2>" X, "c3", 1));
	FINDS(&k, gruu, "-1/404");
	free(gruu);
	kit_close(&k);
	kit_close(&same);
	kit_close(&other);
}

Test(gruu, ends_with_the_last_flow_and_at_its_expiry)
{
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	char *first = register_gruu(&k, "alice", "<sip:a@192.0.2.1>;expires=100" X, NULL, 1);

	free(register_gruu(&k, "alice", "<sip:b@192.0.2.2>;expires=200" X, NULL, 2));
	k.now += 150000;
	kit_tick(&k);
	FINDS(&k, first, "1/0 sip:b@192.0.2.2(-1)");
	k.now += 100000;
	FINDS(&k, first, "-1/404"); /* expired, and not removed yet */
	FINDS(&k, PUBLIC, "-1/480");
	kit_tick(&k);
	char *second = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 3);
	FINDS(&k, first, "-1/404");
	FINDS(&k, second, "1/0 sip:a@192.0.2.1(-1)");
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@192.0.2.1>;expires=0", 4), 200);
	FINDS(&k, second, "-1/404");
	free(first);
	free(second);
	kit_close(&k);
}

Test(gruu, refused_tokens_are_counted)
{
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	char *gruu = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, "c1", 1);

	FINDS(&k, gruu, "1/0 sip:a@192.0.2.1(-1)");
	FINDS(&k, "sip:nobody@example.org", "-1/404");
	FINDS(&k, "sip:alice@example.org;gr=urn:x:1", "-1/480");
	cr_expect_eq(kit_stat(&k, "tokens_refused"), 0);
	FINDS(&k, "sip:forged@example.org;gr", "-1/404");
	cr_expect_eq(kit_stat(&k, "tokens_refused"), 1);
	free(register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, "c2", 1));
	FINDS(&k, gruu, "-1/404"); /* void */
	cr_expect_eq(kit_stat(&k, "tokens_refused"), 2);
	found(&k, "sip:alice@example.org", "branch", "sip:forged@example.org;gr");
	cr_expect_eq(kit_stat(&k, "tokens_refused"), 3);
	free(gruu);
	kit_close(&k);
}

/* A GRUU among branches, and beside its AoR or another device of it. */
Test(gruu, as_a_branch)
{
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	char *x = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, "c1", 1);

	free(register_gruu(&k, "alice", "<sip:b@192.0.2.2>" Y, "c1", 2));
	free(register_gruu(&k, "bob", "<sip:bob@192.0.2.3>", "c1", 3));
	const struct {
		const char *uri, *branch, *want;
	} cases[] = {
		{ "sip:bob@example.org", x, "1/0 sip:bob@192.0.2.3(-1) sip:a@192.0.2.1(0)" },
		{ "sip:bob@example.org", PUBLIC, "1/0 sip:bob@192.0.2.3(-1) sip:a@192.0.2.1(0)" },
		{ "sip:bob@example.org", "sip:forged@example.org;gr", "1/0 sip:bob@192.0.2.3(-1)" },
		{ "sip:alice@example.org", x, "1/0 sip:a@192.0.2.1(-1) sip:b@192.0.2.2(-1)" },
		{ PUBLIC, x, "1/0 sip:a@192.0.2.1(-1)" },
		{ PUBLIC, "sip:alice@example.org;gr=urn:uuid:00000000-0000-1000-8000-000a95a0e128", "1/0 sip:a@192.0.2.1(-1) sip:b@192.0.2.2(0)" },
		{ "sip:nobody@example.org", "sip:alice@example.org;gr=urn:x:1", "-1/480" },
		{ "sip:nobody@example.org", PUBLIC ";", "-1/400" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = found(&k, cases[i].uri, "branch", cases[i].branch);

		cr_expect_str_eq(got, cases[i].want, "%zu: %s", i, got);
	}
	free(x);
	kit_close(&k);
}

/* Another site gets a GRUU as it is, and only if the device is not here. */
Test(gruu, at_other_sites)
{
	rg_store *shared = shared_new();
	kit east, west;

	kit_open(&east, INLINE);
	kit_open(&west, INLINE);
	reload(&east, "0", "secret");
	reload(&west, "0", "secret");
	federate(&east, shared, EAST);
	federate(&west, shared, WEST);
	char *x = register_gruu(&east, "alice", "<sip:a@192.0.2.1>" X, NULL, 1), want[400];

	free(register_gruu(&west, "alice", "<sip:b@192.0.2.2>" Y, NULL, 1));
	settle(&east);
	settle(&west);
	cr_expect_str_eq(found(&east, x, "global", NULL), "1/0 sip:a@192.0.2.1(-1)");
	snprintf(want, sizeof want, "1/0 %s(-1)sip:" EAST, x);
	cr_expect_str_eq(found(&west, x, "global", NULL), want);
	cr_expect_str_eq(found(&west, PUBLIC, "global", NULL), "1/0 " PUBLIC "(-1)sip:" EAST);
	free(x);
	kit_close(&east);
	kit_close(&west);
	rg_store_unref(shared);
}

static rg_status look_up_short(kit *k, rg_request *request, int nth)
{
	rg_targets *targets = NULL;

	request->method = RG_STR("INVITE");
	allocations_fail(nth);
	rg_status st = rg_lookup(k->reg, request, NULL, &targets, NULL);
	bool failed = allocations_fail(0) == 0;

	cr_expect(failed ? st == RG_OK || st == RG_ENOMEM : st == RG_OK, "allocation %d: %s", nth, rg_status_name(st));
	if (st == RG_OK)
		cr_expect_eq(rg_targets_count(targets), 1, "allocation %d: %d", nth, rg_targets_code(targets));
	rg_targets_free(targets);
	return failed ? RG_ENOMEM : RG_OK;
}

static rg_status save_short(kit *k, rg_request *request, int nth)
{
	rg_response *response = NULL;

	allocations_fail(nth);
	rg_status st = rg_save(k->reg, request, NULL, &response, NULL);
	bool failed = allocations_fail(0) == 0;

	cr_expect(failed ? st == RG_OK || st == RG_ENOMEM : st == RG_OK, "allocation %d: %s", nth, rg_status_name(st));
	if (st == RG_OK)
		cr_expect_eq(rg_response_code(response), 403, "allocation %d", nth);
	rg_response_free(response);
	return failed ? RG_ENOMEM : RG_OK;
}

/* A host in upper case takes an allocation of its own. */
Test(gruu, a_shortage_of_memory_is_no_answer_about_it)
{
	static const char *const contacts[] = { "<sip:bob@EXAMPLE.org;gr=urn:x:1>", "<sip:alice@EXAMPLE.org>" };
	char uri[400], contact[404];
	rg_request request;
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	char *temp = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 1);
	snprintf(uri, sizeof uri, "%.*s@EXAMPLE.org;gr", (int)strcspn(temp, "@"), temp);
	rg_request_init(&request, sizeof request);
	request.request_uri = rg_str_from(uri);
	int nth = 1;
	while (nth < 100 && look_up_short(&k, &request, nth) == RG_ENOMEM)
		nth++;
	cr_expect(nth > 3 && nth < 100, "%d", nth);
	snprintf(contact, sizeof contact, "<%s>", uri);
	for (size_t i = 0; i < 3; i++) {
		phone p = { .aor = "alice", .contact = i < 2 ? contacts[i] : contact, .cseq = 2 };

		kit_request(&p, &request);
		for (nth = 1; nth < 100 && save_short(&k, &request, nth) == RG_ENOMEM;)
			nth++;
		cr_expect(nth > 1 && nth < 100, "%zu: %d", i, nth);
	}
	free(temp);
	kit_close(&k);
}

static int32_t is_example(void *user, const rg_str *host)
{
	(void)user;
	return rg_str_equal(*host, RG_STR("example.org"));
}

/* Without use_domain no host is part of an AoR. */
Test(gruu, of_a_host_that_is_not_local_names_nobody)
{
	for (int use_domain = 0; use_domain < 2; use_domain++) {
		for (int knows = 0; knows < 2; knows++) {
			rg_config *config = config_of("0", "secret");
			char moved[400];
			kit k;

			kit_init(&k);
			k.env.is_local = knows ? is_example : NULL;
			kit_open_over(&k, rg_store_ref(k.memory));
			cr_assert_eq(rg_config_set_int(config, RG_STR("use_domain"), use_domain, NULL), RG_OK);
			cr_assert_eq(rg_registrar_configure(k.reg, config, NULL), RG_OK);
			rg_config_free(config);
			char *gruu = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 1);
			FINDS(&k, gruu, "1/0 sip:a@192.0.2.1(-1)");
			FINDS(&k, "sip:alice@EXAMPLE.org.;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "1/0 sip:a@192.0.2.1(-1)");
			const char *here = knows || use_domain ? "-1/404" : "1/0 sip:a@192.0.2.1(-1)";
			FINDS(&k, "sip:alice@else.where;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", here);
			cr_expect_str_eq(found_by(&k, "sip:x@example.org", "alice@else.where;gr=urn:x:1", "", NULL),
				knows || use_domain ? "-1/404" : "-1/480");
			cr_expect_eq(kit_stat(&k, "tokens_refused"), 0, "a public one has no token");
			snprintf(moved, sizeof moved, "%.*s@else.where;gr", (int)strcspn(gruu, "@"), gruu);
			FINDS(&k, moved, here);
			cr_expect_eq(kit_stat(&k, "tokens_refused"), knows || use_domain);
			cr_expect_str_eq(found(&k, "sip:alice@else.where;gr=urn:x:1", "branch", gruu), "1/0 sip:a@192.0.2.1(0)");
			cr_expect_eq(found(&k, "sip:alice@else.where", "", NULL)[0], use_domain ? '-' : '1', "no GRUU");
			free(gruu);
			kit_close(&k);
		}
	}
}

/* Of the AoR apart from the Request-URI, the scheme of a GRUU decides, and what it left is for a branch. */
Test(gruu, a_sips_one_apart_from_the_request_uri)
{
	static const char sips[] = "sips:alice@example.org;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	free(register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 1));
	cr_expect_str_eq(found_by(&k, "sip:x@example.org", PUBLIC, "", NULL), "1/0 sip:a@192.0.2.1(-1)");
	cr_expect_str_eq(found_by(&k, "sip:x@example.org", sips, "", NULL), "-1/480");
	cr_expect_str_eq(found_by(&k, "sip:x@example.org", sips, "branch", PUBLIC), "1/0 sip:a@192.0.2.1(0)");
	cr_expect_str_eq(found_by(&k, "sips:x@example.org", PUBLIC, "branch", PUBLIC), "1/0 sip:a@192.0.2.1(0)");
	cr_expect_str_eq(found_by(&k, "sips:x@example.org", "sip:alice@example.org", "branch", "sip:alice@example.org"),
		"1/0 sip:a@192.0.2.1(0)");
	kit_close(&k);
}

/* A flow that is kept here goes by the generation that another node gives its instance. */
Test(gruu, another_node_voids_that_of_a_memory_only_flow)
{
	pair p;
	kit other;

	pair_open(&p, INLINE);
	kit_init(&other);
	kit_open_over(&other, rg_store_ref(p.main));
	reload(&p.k, "0", "secret");
	reload(&other, "0", "secret");
	free(register_gruu(&p.k, "alice", "<sip:a@192.0.2.1>" X, "c1", 1));
	char *first = register_with(&p.k, p.memory_only, "alice", "<sip:b@192.0.2.2>" X, "c1", 2);
	char *of_another = register_with(&p.k, p.memory_only, "alice", "<sip:d@192.0.2.4>" Y, "c1", 3);
	FINDS(&p.k, first, "1/0 sip:b@192.0.2.2(-1) sip:a@192.0.2.1(-1)");
	p.k.now = other.now += 1000;
	char *second = register_gruu(&other, "alice", "<sip:a@192.0.2.1>" X, "c2", 1);

	FINDS(&p.k, first, "-1/404");
	FINDS(&p.k, second, "1/0 sip:a@192.0.2.1(-1) sip:b@192.0.2.2(-1)");
	FINDS(&p.k, of_another, "1/0 sip:d@192.0.2.4(-1)");
	free(register_with(&p.k, p.memory_only, "alice", "<sip:d@192.0.2.4>" Y, "c1", 4)); /* writes the local part with what was shown */
	free(register_gruu(&other, "alice", "<sip:a@192.0.2.1>;expires=0" X, "c2", 2));
	FINDS(&p.k, second, "1/0 sip:b@192.0.2.2(-1)");
	FINDS(&p.k, first, "-1/404");
	free(first);
	free(second);
	free(of_another);
	kit_close(&other);
	pair_close(&p);
}

/* RFC 3261 §19.1.4: what is not reserved equals its escape. */
Test(gruu, a_token_may_be_escaped)
{
	static const char *const wrong[] = { "sip:%%%02X%s@example.org;gr", "sip:%%3B%.0u%s@example.org;gr", "sip:%%g%.0u%s@example.org;gr",
		"sip:%%00%.0u%s@example.org;gr" };
	char uri[700] = "sip:";
	kit k;

	kit_open(&k, INLINE);
	reload(&k, "0", "secret");
	char *temp = register_gruu(&k, "alice", "<sip:a@192.0.2.1>" X, NULL, 1), *token;

	cr_assert_not_null(temp);
	token = temp + 4;
	size_t n = strcspn(token, "@");

	for (size_t i = 0; i < n; i++)
		snprintf(uri + 4 + 3 * i, sizeof uri - 4 - 3 * i, i % 2 ? "%%%02X" : "%%%02x", (unsigned char)token[i]);
	strcat(uri, "@example.org;gr");
	FINDS(&k, uri, "1/0 sip:a@192.0.2.1(-1)");
	snprintf(uri, sizeof uri, "<sip:%%%02x%s>", (unsigned char)token[0], token + 1);
	cr_expect_eq(kit_save(&k, "alice", uri, 2), 403, "%s", uri);
	token[n] = '\0';
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(uri, sizeof uri, wrong[i], (unsigned char)token[0] ^ 1u, token + 1);
		FINDS(&k, uri, i == 2 ? "-1/400" : "-1/404");
	}
	free(temp);
	kit_close(&k);
}
