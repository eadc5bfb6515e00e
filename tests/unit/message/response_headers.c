/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

#define A "<sip:a@192.0.2.7>"

/* The headers as lines, which is what rg_response_print() prints. */
static size_t join_headers(rg_response *r, char *room, size_t size)
{
	const rg_header *headers;
	size_t at = 0;
	uint32_t n;

	cr_assert_eq(rg_response_headers(r, &headers, &n), RG_OK);
	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(room + at, size - at, "%.*s: %.*s\r\n", (int)headers[i].name.n, headers[i].name.p, (int)headers[i].value.n,
			headers[i].value.p);
	return at;
}

Test(response_headers, what_is_printed_is_the_headers_as_lines)
{
	world w = new_world();
	char printed[2048], joined[2048];

	set(&w, "service_route", "<sip:edge.example.com;lr>");
	set(&w, "disable_gruu", "1");
	save(&w, .contact = { A ";q=0.5;x=\"y\"", "<sip:b@192.0.2.8>;expires=60" }, .received = "sip:192.0.2.1");
	size_t n = rg_response_print(rg_plan_response(w.plan), printed, sizeof printed - 1);
	printed[n] = '\0';
	same_text(printed,
		"Contact: " A ";q=0.5;expires=3600;received=\"sip:192.0.2.1\";x=\"y\"\r\n"
		"Contact: <sip:b@192.0.2.8>;expires=60;received=\"sip:192.0.2.1\"\r\n"
		"Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
		"Service-Route: <sip:edge.example.com;lr>\r\n");
	cr_assert_eq(join_headers(rg_plan_response(w.plan), joined, sizeof joined), n);
	cr_expect_arr_eq(joined, printed, n);
	end_world(&w);
}

Test(response_headers, a_refusal_is_printed_with_its_reason)
{
	world w = new_world();
	char printed[256];

	save(&w, .contact = { "<sip:" });
	size_t n = rg_response_print(rg_plan_response(w.plan), printed, sizeof printed - 1);
	printed[n] = '\0';
	same_text(printed, "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nP-Registrar-Error: Contact parse error\r\n");
	end_world(&w);
}

Test(response_headers, a_buffer_that_is_too_small_is_not_overrun_and_the_length_is_told)
{
	world w = new_world();
	char whole[256];

	save(&w, .contact = { A });
	size_t n = rg_response_print(rg_plan_response(w.plan), whole, sizeof whole);
	cr_assert_leq(n, sizeof whole);
	for (size_t size = 0; size <= n; size++) {
		char *room = malloc(size + 1);

		room[size] = '#';
		cr_expect_eq(rg_response_print(rg_plan_response(w.plan), room, size), n);
		cr_expect_eq(room[size], '#');
		cr_expect(size < n || memcmp(room, whole, n) == 0);
		free(room);
	}
	cr_expect_eq(rg_response_print(rg_plan_response(w.plan), NULL, 100), n);
	cr_expect_eq(rg_response_print(NULL, whole, sizeof whole), 0);
	end_world(&w);
}
