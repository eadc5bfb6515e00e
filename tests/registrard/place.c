/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <criterion/criterion.h>
#include <string.h>

Test(place, a_port_is_a_number_from_1_to_65535)
{
	static const struct {
		const char *text;
		uint16_t port;
	} cases[] = {
		{ NULL, 5060 }, { "", 5060 }, { "1", 1 }, { "5061", 5061 }, { "05061", 5061 }, { "65535", 65535 }, { "0", 0 }, { "65536", 0 },
		{ "70596", 0 }, { "18446744073709556676", 0 }, { "4294972356", 0 }, { "-1", 0 }, { "+1", 0 }, { " 1", 0 }, { "1 ", 0 }, { "x", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(port_read(cases[i].text), cases[i].port, "%s", cases[i].text);
}

Test(place, a_parameter_that_does_not_fit_is_empty)
{
	static const struct {
		const char *params, *value;
		int there;
	} cases[] = {
		{ NULL, "", 0 }, { "lr", "", 0 }, { "p", "", 0 }, { "p=", "", 0 }, { "p=a", "a", 1 }, { "lr;P=abc;q=d", "abc", 1 },
		{ "p=abcd", "", 1 },
		{ "p=abcdefghijklmnopqrstuvwxyz", "", 1 }, { "pp=a", "", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		url_t url = { .url_params = cases[i].params };
		char room[4];

		memset(room, 'x', sizeof room);
		cr_expect_eq(uri_param(&url, "p", room, sizeof room), cases[i].there, "%s", cases[i].params);
		cr_expect_str_eq(room, cases[i].value, "%s", cases[i].params);
	}
}

Test(place, an_address_is_the_same_whatever_its_port)
{
	rg_addr a, b, six;

	rg_addr_parse(RG_STR("192.0.2.1:1"), &a);
	rg_addr_parse(RG_STR("192.0.2.1:2"), &b);
	rg_addr_parse(RG_STR("[2001:db8::1]:1"), &six);
	cr_expect(is_same_ip(a, b));
	cr_expect_not(is_same_ip(a, six));
	cr_expect_not(is_same_ip((rg_addr){ 0 }, (rg_addr){ 0 }));
	b.ip[3] = 2;
	cr_expect_not(is_same_ip(a, b));
}
