/* SPDX-License-Identifier: MIT */
/* Class 5: more than there is room for. What is past a limit is refused by the code that fits, without being read to its end. */
#include "kit.h"
#include <sys/mman.h>
#include <unistd.h>

#define A "<sip:a@192.0.2.7>"

static const char alice[] = "sip:alice@example.com";

/* Each limit: `before`, as often `unit` as just fits, `after`. */
enum field { CONTACT, RECEIVED, CALLID, ATTR, TO, PATH, FLOW };

static const struct limit {
	const char *parameter, *value; /* NULL = the default */
	enum field field;
	const char *before, *unit, *after;
	size_t fits;
	int32_t code;
	const char *reason;
} limits[] = {
	{ 0, 0, CONTACT, A, ", <sip:b@192.0.2.7>", "", 31, 413, "TOO_LARGE" },
	{ "max_request_contacts", "1", CONTACT, A, ", <sip:b@192.0.2.7>", "", 0, 413, "TOO_LARGE" },
	{ "max_request_contacts", "1024", CONTACT, A, ", <sip:b@192.0.2.7>", "", 1023, 413, "TOO_LARGE" },
	{ 0, 0, CONTACT, "<sip:", "a", "@192.0.2.7>", 255 - 14, 400, "CONTACT_LEN" },
	{ 0, 0, CONTACT, "<sip:a@192.0.2.7;x=", "a", ">", 255 - 18, 400, "CONTACT_LEN" },
	{ 0, 0, CONTACT, "<x:", "a", ">", 253, 400, "CONTACT_LEN" },
	{ 0, 0, CONTACT, "sip:", "a", "@192.0.2.7", 255 - 14, 400, "CONTACT_LEN" },
	{ "max_contact_len", "15", CONTACT, "<sip:", "a", "@192.0.2.7>", 1, 400, "CONTACT_LEN" },
	{ "pn_enable", "1", CONTACT, "<sip:a@192.0.2.7;x=", "a", ">", 2048 - 18, 400, "CONTACT_LEN" },
	{ 0, 0, RECEIVED, "sip:192.0.2.1;x=", "a", "", 255 - 16, RG_EINVAL, "rg_request.received has " },
	{ "max_received_len", "13", RECEIVED, "sip:192.0.2.", "1", "", 1, RG_EINVAL, "rg_request.received has " },
	{ 0, 0, CALLID, "", "a", "", 255, 400, "CALLID_LEN" },
	{ 0, 0, CALLID, "a@", "b", "", 253, 400, "CALLID_LEN" },
	{ "max_callid_len", "1", CALLID, "", "a", "", 1, 400, "CALLID_LEN" },
	{ 0, 0, ATTR, "", "a", "", 1024, RG_EINVAL, "rg_request.attr has " },
	{ "max_attr_len", "0", ATTR, "", "a", "", 0, RG_EINVAL, "rg_request.attr has " },
	{ 0, 0, FLOW, "", "a", "", 255, RG_EINVAL, "rg_request.flow has " },
	{ 0, 0, PATH, "<sip:p.example.com;lr>", ", <sip:p.example.com;lr>", "", 15, 413, "TOO_LARGE" },
	{ "max_paths", "1", PATH, "<sip:p.example.com;lr>", ", <sip:p.example.com;lr>", "", 0, 413, "TOO_LARGE" },
	{ 0, 0, TO, "<sip:", "a", "@example.com>", 64, 400, "AOR_LEN" },
	{ 0, 0, TO, "<sip:", "%61", "@example.com>", 64, 400, "AOR_LEN" },
	{ 0, 0, TO, "<sip:alice@", "a", ".example.com>", 64 - 12, 400, "AOR_LEN" },
	{ 0, 0, TO, "<sip:alice@", "a", ".example.com.>", 64 - 12, 400, "AOR_LEN" },
	{ "max_username_len", "1", TO, "<sip:", "a", "@example.com>", 1, 400, "AOR_LEN" },
	{ "max_username_len", "1024", TO, "<sip:", "a", "@example.com>", 256 - 12, 400, "AOR_LEN" },
	{ "max_domain_len", "1024", TO, "<sip:alice@", "a", ".example.com>", 256 - 6 - 12, 400, "AOR_LEN" },
};

static int32_t send_limit(site *s, const struct limit *l, size_t n)
{
	const char *t = repeated(s, l->before, l->unit, n, l->after);
	spec what = { .contact = { A } };

	switch (l->field) {
	case CONTACT: what.contact[0] = t; break;
	case RECEIVED: what.received = t; break;
	case CALLID: what.callid = t; break;
	case ATTR: what.attr = t; break;
	case TO: what.to = t; break;
	case PATH: what.path[0] = t; break;
	case FLOW: what.flow = t; break;
	}
	return send_spec(s, what);
}

Test(exhaustion, each_limit_lets_in_what_fits_and_refuses_one_more)
{
	static const size_t excess[] = { 1, 2, 100, 100000 };

	for (size_t i = 0; i < ROWS(limits); i++) {
		const struct limit *l = &limits[i];
		site *s = new_site();

		if (l->parameter)
			configure(s, l->parameter, l->value);
		for (size_t k = 0; k < ROWS(excess); k++) {
			cr_expect_eq(send_limit(s, l, l->fits + excess[k]), l->code, "row %zu, %zu too many: %s", i, excess[k], why(s));
			cr_expect_eq(strncmp(why(s), l->reason, strlen(l->reason)), 0, "row %zu, %zu too many: %s", i, excess[k], why(s));
		}
		cr_expect_eq(records(s), 0);
		cr_expect_eq(send_limit(s, l, l->fits), 200, "row %zu: %s", i, why(s));
		end_site(s);
	}
}

static int32_t send_params(site *s, uint32_t n, bool in_uri)
{
	char *params = malloc(16 * (size_t)n + 1), *to = params;
	int32_t code;

	cr_assert_not_null(params);
	*params = '\0';
	for (uint32_t i = 0; i < n; i++)
		to += sprintf(to, ";x%u", i);
	code = send(s, .contact = { text(s, in_uri ? "<sip:a@192.0.2.7%s>" : A "%s", params) });
	free(params);
	return code;
}

Test(exhaustion, parameters_are_counted_before_they_are_kept)
{
	static const struct { const char *limit; uint32_t n; int32_t code; } rows[] = { { NULL, 32, 200 }, { NULL, 33, 413 },
		{ NULL, 128, 413 }, { NULL, 129, 400 },
		{ NULL, 100000, 400 }, { "0", 0, 200 }, { "0", 1, 413 }, { "1", 1, 200 }, { "1", 2, 413 }, { "128", 128, 200 },
			{ "128", 129, 400 } };

	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		site *s = new_site();
		int32_t code;

		configure(s, "max_contact_len", "16384");
		if (rows[i / 2].limit)
			configure(s, "max_contact_params", rows[i / 2].limit);
		code = send_params(s, rows[i / 2].n, i % 2);
		cr_expect_eq(code, rows[i / 2].code, "%u %s: %d %s", rows[i / 2].n, i % 2 ? "of the URI" : "of the header", code, why(s));
		end_site(s);
	}
}

static int32_t send_lines(site *s, const char *contact, uint32_t n_contacts, const char *path, uint32_t n_paths)
{
	uint32_t most = n_contacts > n_paths ? n_contacts : n_paths;
	rg_str *contacts = calloc(most, sizeof *contacts), *paths = calloc(most, sizeof *paths);
	spec what = { .contact = { A } };
	spec_room room;
	rg_request r = request_of(&what, &room);
	int32_t code;

	cr_assert(contacts && paths);
	for (uint32_t i = 0; i < most; i++) {
		contacts[i] = rg_str_from(contact);
		paths[i] = rg_str_from(path);
	}
	r.contacts = contacts;
	r.n_contacts = n_contacts;
	r.paths = paths;
	r.n_paths = n_paths;
	code = send_request(s, &r);
	free(contacts);
	free(paths);
	return code;
}

Test(exhaustion, many_lines_are_as_many_values)
{
	static const char p[] = "<sip:p.example.com;lr>", two[] = A ", " A;
	site *s = new_site();

	cr_expect_eq(send_lines(s, A, 33, p, 0), 413);
	cr_expect_eq(send_lines(s, A, 100000, p, 0), 413);
	cr_expect_eq(send_lines(s, "", 100000, p, 0), 413);
	cr_expect_eq(send_lines(s, two, 17, p, 0), 413);
	cr_expect_eq(send_lines(s, A, 1, p, 17), 413);
	cr_expect_eq(send_lines(s, A, 1, p, 100000), 413);
	cr_expect_eq(send_lines(s, A, 1, "<sip:p.example.com;lr>, <sip:q.example.com;lr>", 9), 413);
	cr_expect_eq(records(s), 0);
	cr_expect_eq(send_lines(s, two, 16, p, 16), 200);
	cr_expect_str_eq(reached(s, alice), "sip:a@192.0.2.7");
	end_site(s);
}

Test(exhaustion, commas_are_values_too)
{
	static const char *const units[] = { ",", ", ", ",\t", ",<>", ",\"", ",<", ",*", ",<sip:a@192.0.2.7>", ",\"\\\"\"" };
	site *s = new_site();

	for (size_t i = 0; i < ROWS(units); i++) {
		int32_t code = send(s, .contact = { repeated(s, A, units[i], 10000, "") });

		cr_expect(code == 413 || code == 400, "%s: %d", units[i], code);
	}
	cr_expect_eq(send(s, .contact = { repeated(s, A, ",", 10000, "") }), 413);
	/* In quotes and in a URI they are not. */
	cr_expect_eq(send(s, .contact = { repeated(s, "\"", ",", 10000, "\" " A) }), 200, "%s", why(s));
	cr_expect_eq(send(s, .contact = { repeated(s, "<sip:", ",", 100, "@192.0.2.7>") }, .cseq = "2 REGISTER"), 200, "%s", why(s));
	end_site(s);
}

/* A text before whose end there is memory that must not be touched: who reads on is killed. */
typedef struct guarded {
	char *p;
	size_t n, pages;
} guarded;

static guarded guard(const char *text_)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = strlen(text_), pages = (n + page - 1) / page * page;
	guarded g = { .n = n, .pages = pages + page };

	g.p = mmap(NULL, g.pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(g.p, MAP_FAILED);
	memcpy(g.p + pages - n, text_, n);
	cr_assert_eq(mprotect(g.p + pages, page, PROT_NONE), 0);
	return g;
}

/* As if it went on for a gigabyte. */
static rg_str endless(const guarded *g)
{
	return (rg_str){ g->p + g->pages - (size_t)sysconf(_SC_PAGESIZE) - g->n, (size_t)1 << 30 };
}

static void refused_unread(const char *what, size_t field, const char *prefix, const char *reason)
{
	site *s = new_site();
	guarded g = guard(prefix);
	rg_str line = endless(&g);
	spec plain = { .contact = { A } };
	spec_room room;
	rg_request r = request_of(&plain, &room);

	if (field == offsetof(rg_request, contacts)) {
		r.contacts = &line;
	} else if (field == offsetof(rg_request, paths)) {
		r.paths = &line;
		r.n_paths = 1;
	} else {
		memcpy((char *)&r + field, &line, sizeof line);
	}
	cr_expect_neq(send_request(s, &r), 200, "%s", what);
	cr_expect_eq(strncmp(why(s), reason, strlen(reason)), 0, "%s: %s", what, why(s));
	munmap(g.p, g.pages);
	end_site(s);
}

#define FIELD(name) #name, offsetof(rg_request, name)

Test(exhaustion, what_is_past_a_limit_is_not_read)
{
	site *s = new_site();

	refused_unread(FIELD(contacts), repeated(s, A, ", " A, 32, ","), "TOO_LARGE");
	refused_unread(FIELD(contacts), repeated(s, "", ",", 33, ""), "TOO_LARGE");
	refused_unread(FIELD(paths), repeated(s, "<sip:p;lr>", ", <sip:p;lr>", 16, ","), "TOO_LARGE");
	refused_unread(FIELD(callid), "x", "CALLID_LEN");
	refused_unread(FIELD(received), "s", "rg_request.received has ");
	refused_unread(FIELD(attr), "x", "rg_request.attr has ");
	refused_unread(FIELD(flow), "x", "rg_request.flow has ");
	refused_unread(FIELD(socket), "x", "rg_request.socket has ");
	refused_unread(FIELD(ownership_tag), "x", "rg_request.ownership_tag has ");
	end_site(s);
}

Test(exhaustion, a_user_agent_is_cut_between_two_characters)
{
	static const struct { const char *before, *unit; size_t n, kept; const char *limit; } rows[] = {
		{ "", "u", 255, 255, NULL }, { "", "u", 256, 255, NULL }, { "", "u", 1000000, 255, NULL }, { "", "\xc3\xa9", 200, 254, NULL },
			{ "u", "\xc3\xa9", 200, 255, NULL },
		{ "", "\xf0\x9f\x98\x80", 200, 252, NULL }, { "", "u", 10, 0, "0" }, { "", "\xc3\xa9", 10, 0, "1" }, { "", "\x80", 300, 0, NULL },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		site *s = new_site();
		rg_contact a = { .struct_size = sizeof a };

		if (rows[i].limit)
			configure(s, "max_user_agent_len", rows[i].limit);
		cr_assert_eq(send(s, .contact = { A }, .user_agent = repeated(s, rows[i].before, rows[i].unit, rows[i].n, "")), 200,
			"row %zu: %s", i, why(s));
		cr_assert_eq(rg_response_contact(s->response, 0, &a), RG_OK);
		cr_expect_eq(a.user_agent.n, rows[i].kept, "row %zu: %zu", i, a.user_agent.n);
		end_site(s);
	}
}

/* A binding with everything as long as it may be. */
static int32_t send_large(site *s, uint32_t number, uint32_t cseq)
{
	return send(s, .contact = { text(s, "<sip:%u%s@192.0.2.7>;x=%u", number, repeated(s, "", "a", 200, ""), cseq % 10) },
		.cseq = text(s, "%u REGISTER", cseq),
		.user_agent = repeated(s, "", "u", 255, ""), .attr = repeated(s, "", "t", 1024, ""), .flow = repeated(s, "", "f", 255, ""));
}

Test(exhaustion, a_record_grows_to_its_limit_and_no_further)
{
	static const char *const sizes[] = { "512", "4096", "65535" };

	for (size_t i = 0; i < ROWS(sizes); i++) {
		site *s = new_site();
		uint32_t n = 0, live;

		configure(s, "max_record_bytes", sizes[i]);
		while (n < 1000 && send_large(s, n, n + 1) == 200)
			n++;
		cr_expect_str_eq(why(s), "TOO_LARGE");
		cr_expect_eq(rg_response_code(s->response), 413);
		cr_expect_lt(n, 1000);
		cr_expect_eq(n > 0, i > 0, "the first has no room for one");
		live = (uint32_t)registered(s, alice, NULL);
		cr_expect_eq(live, n);
		for (uint32_t k = 0; k < n; k++)
			cr_expect_eq(send_large(s, k, 1000 + k), 200, "a refresh of %u", k);
		cr_expect_eq(send(s, .contact = { "*" }, .expires = "0", .cseq = "9999 REGISTER"), 200, "%s", why(s));
		cr_expect_eq(registered(s, alice, NULL), 0);
		end_site(s);
	}
}

Test(exhaustion, one_request_too_large_for_a_record_stores_none_of_it)
{
	site *s = new_site();
	spec what = { .expires = "600" };

	configure(s, "max_contact_len", "16384");
	for (int i = 0; i < 32; i++)
		what.contact[i] = text(s, "<sip:%d%s@192.0.2.7>", i, repeated(s, "", "a", 4000, ""));
	cr_expect_eq(send_spec(s, what), 413);
	cr_expect_eq(records(s), 0);
	what.contact[8] = NULL;
	cr_expect_eq(send_spec(s, what), 200);
	what.cseq = "2 REGISTER";
	what.contact[8] = text(s, "<sip:8%s@192.0.2.7>", repeated(s, "", "a", 4000, ""));
	what.contact[0] = text(s, "%s;expires=0", what.contact[0]);
	what.attr = repeated(s, "", "t", 1024, "");
	what.contact[9] = NULL;
	cr_expect_eq(send_spec(s, what), 200, "%s", why(s));
	end_site(s);
}

Test(exhaustion, bindings_that_stay_within_their_number)
{
	site *s = new_site();
	spec many = { .cseq = "2 REGISTER" };

	configure(s, "max_contacts", "5");
	for (int i = 0; i < 32; i++)
		many.contact[i] = text(s, "<sip:%d@192.0.2.7>", i);
	cr_expect_eq(send_spec(s, many), 503);
	cr_expect_str_eq(why(s), "TOO_MANY");
	flags(&s->w, "force-registration");
	cr_expect_eq(send_spec(s, many), 503);
	cr_expect_eq(records(s), 0);
	for (int i = 0; i < 40; i++) {
		s->w.now += 1;
		cr_expect_eq(send(s, .contact = { text(s, "<sip:%d@192.0.2.7>", i) }, .callid = text(s, "c%d", i)), 200);
	}
	cr_expect_str_eq(reached(s, alice), "sip:35@192.0.2.7 sip:36@192.0.2.7 sip:37@192.0.2.7 sip:38@192.0.2.7 sip:39@192.0.2.7");
	flags(&s->w, "");
	cr_expect_eq(send(s, .contact = { A }), 503);
	cr_expect_eq(send(s, .contact = { A }, .to = "<sip:bob@example.com>"), 200);
	end_site(s);
}

/* The memory that removals are kept in is no way to fill up a record. */
Test(exhaustion, setting_and_removing_for_ever_takes_no_more_room)
{
	site *s = new_site();
	uint64_t most = 0;

	for (int i = 0; i < 500; i++) {
		s->w.now += 10;
		cr_expect_eq(send(s, .contact = { text(s, "<sip:%03d@192.0.2.7>", i) }, .callid = text(s, "c%03d", i)), 200);
		cr_expect_eq(send(s, .contact = { "*" }, .expires = "0", .callid = text(s, "d%03d", i)), 200);
		if (i == 100)
			most = rg_memory_store_size(s->store);
	}
	cr_expect_leq(rg_memory_store_size(s->store), most);
	s->w.now += RG_REMOVAL_KEEP;
	tick(s, 0);
	cr_expect_eq(records(s), 0);
	end_site(s);
}

static int32_t send_user(site *s, uint32_t user, uint32_t cseq, const char *attr)
{
	return send(s, .to = text(s, "<sip:user%05u@example.com>", user), .contact = { A },
		.cseq = text(s, "%u REGISTER", cseq), .attr = attr);
}

Test(exhaustion, a_store_that_is_full_refuses_more_and_keeps_what_it_has)
{
	enum { BUDGET = 100000 };
	site *s = new_site_of(BUDGET);
	const char *room = repeated(s, "", "t", 100, ""), *more = repeated(s, "", "t", 1000, "");
	uint32_t n = 0;

	while (n < 2000 && send_user(s, n, 1, room) == 200)
		n++;
	cr_expect_eq(s->status, RG_ESTORE);
	cr_expect_eq(rg_response_code(s->response), 503);
	cr_expect_str_eq(why(s), "STORE");
	cr_assert_gt(n, 50);
	cr_expect_eq(records(s), n);
	for (uint32_t i = 0; i < n; i++) {
		cr_expect_eq(registered(s, text(s, "sip:user%05u@example.com", i), NULL), 1, "user %u is lost", i);
		cr_expect_eq(send_user(s, i, 2, room), 200, "a refresh of user %u", i);
	}
	/* A new AoR may have been refused for the table it would have made larger: what is left then holds a larger record or two. */
	uint32_t grown = 0;
	while (grown < 8 && send_user(s, grown, 3, more) == 200)
		grown++;
	cr_expect_lt(grown, 8, "what grows is refused");
	cr_expect_eq(s->status, RG_ESTORE);
	cr_expect_eq(rg_response_code(s->response), 503);
	cr_expect_leq(rg_memory_store_size(s->store), BUDGET);
	for (uint32_t i = 0; i <= grown; i++)
		cr_expect_eq(send_user(s, i, 4, ""), 200, "what shrinks is not");
	cr_expect_leq(rg_memory_store_size(s->store), BUDGET);
	/* Who leaves makes room. */
	for (uint32_t i = 0; i < n / 2; i++)
		cr_expect_eq(send(s, .to = text(s, "<sip:user%05u@example.com>", i), .contact = { A },
			.expires = "0", .cseq = "5 REGISTER"), 200, "user %u stays", i);
	s->w.now += RG_REMOVAL_KEEP;
	tick(s, 0);
	for (uint32_t i = 0; i < n / 4; i++)
		cr_expect_eq(send_user(s, 10000 + i, 1, room), 200, "no room again");
	s->w.now += DAY;
	tick(s, 0);
	cr_expect_eq(records(s), 0);
	end_site(s);
}

Test(exhaustion, a_store_that_is_full_for_one_is_not_for_a_removal)
{
	site *s = new_site_of(20000);
	uint32_t n = 0;

	while (n < 2000 && send_user(s, n, 1, NULL) == 200)
		n++;
	cr_assert_gt(n, 1);
	for (uint32_t i = 0; i < n; i++) {
		const char *user = text(s, "sip:user%05u@example.com", i);

		if (i % 3 == 0)
			cr_expect_eq(removed(s, user, NULL), 1);
		else
			cr_expect_eq(send(s, .to = text(s, "<%s>", user), .contact = { i % 3 == 1 ? "*" : A }, .expires = "0", .callid = "call-2"),
				200);
	}
	s->w.now += RG_REMOVAL_KEEP;
	tick(s, 0);
	cr_expect_eq(records(s), 0);
	end_site(s);
}

/* What is not held to a limit of its own is held to that of the record. */
Test(exhaustion, whatever_is_stored_is_bounded)
{
	site *s = new_site();
	const char *huge = repeated(s, "", "a", 1 << 20, "");

	cr_expect_neq(send(s, .contact = { A }, .tag = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .socket = huge), 200);
	cr_expect_neq(send(s, .contact = { text(s, A ";x=%s", huge) }), 200);
	cr_expect_neq(send(s, .contact = { text(s, A ";+sip.instance=\"<%s>\"", huge) }), 200);
	cr_expect_neq(send(s, .contact = { A }, .request_uri = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .from = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .to = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .aor = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .expires = huge), 200);
	cr_expect_neq(send(s, .contact = { A }, .cseq = huge), 200);
	cr_expect_eq(send(s, .contact = { A }, .require = { huge }), 420);
	cr_expect_eq(send(s, .contact = { A }, .supported = { huge }, .allow = { huge }), 200);
	cr_expect_lt(rg_memory_store_size(s->store), 65536);
	end_site(s);
}

Test(exhaustion, a_path_is_counted_before_it_is_read_and_bounded_by_its_record)
{
	site *s = new_site();
	const char *hop = "<sip:edge.example.com;lr;x=0123456789012345678901234567890123456789>";
	spec many = { .contact = { "<sip:a@192.0.2.1>" }, .supported = { "path" } };
	const char *long_hop = repeated(s, "<sip:edge.example.com;lr;x=", "0123456789abcdef", 4090, ">");

	flags(&s->w, "path-strict");
	for (int i = 0; i < 16; i++)
		many.path[i] = hop;
	cr_expect_eq(send_spec(s, many), 200);
	many.cseq = "2 REGISTER";
	many.path[16] = "not even a path";
	cr_expect_eq(send_spec(s, many), 413);
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>" }, .supported = { "path" }, .cseq = "3 REGISTER",
		.path = { repeated(s, hop, ", <sip:e;lr>", 15, "") }), 200);
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>" }, .supported = { "path" }, .cseq = "4 REGISTER",
		.path = { repeated(s, hop, ", <sip:e;lr>", 20000, "") }), 413);
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>" }, .supported = { "path" }, .cseq = "5 REGISTER", .path = { long_hop }), 413);
	cr_expect_str_eq(why(s), "TOO_LARGE");
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>" }, .supported = { "path" }, .cseq = "6 REGISTER",
		.path = { repeated(s, "<sip:e;lr;x=", "0123456789abcdef", 2000, ">") }), 200, "two bindings share one Path");
	end_site(s);
}

Test(exhaustion, option_tags_in_their_thousands_are_one_pass)
{
	site *s = new_site();
	const char *tags = repeated(s, "a", ",bbbbbbbbbbbbbbbb", 100000, ", outbound");

	configure(s, "outbound_mode", "on");
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>;+sip.instance=\"<x>\";reg-id=1" }, .supported = { tags }), 200);
	cr_expect_str_eq(put(&s->w, rg_response_header(s->response, RG_STR("Require"), 0)), "outbound");
	cr_expect_eq(send(s, .contact = { "<sip:a@192.0.2.1>" }, .require = { tags }, .cseq = "2 REGISTER"), 420);
	end_site(s);
}
