/* SPDX-License-Identifier: MIT */
#include "grammar/uri.h"
#include <criterion/criterion.h>

static bool compare(const char *a, const char *b, const rg_str *without, uint32_t n)
{
	rg__uri x, y;

	cr_assert_eq(rg__uri_parse(rg_str_from(a), &x), RG_OK, "%s", a);
	cr_assert_eq(rg__uri_parse(rg_str_from(b), &y), RG_OK, "%s", b);
	bool equal = rg__uri_equal_without(&x, &y, without, n);
	cr_expect_eq(rg__uri_equal_without(&y, &x, without, n), equal, "not symmetric: %s %s", a, b);
	cr_expect(rg__uri_equal(&x, &x) && rg__uri_equal(&y, &y));
	return equal;
}

static void all_equal(const char *const (*pairs)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect(compare(pairs[i][0], pairs[i][1], NULL, 0), "%s should equal %s", pairs[i][0], pairs[i][1]);
}

static void all_differ(const char *const (*pairs)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_not(compare(pairs[i][0], pairs[i][1], NULL, 0), "%s should differ from %s", pairs[i][0], pairs[i][1]);
}

#define EQUAL(...) \
	static const char *const pairs[][2] = { __VA_ARGS__ }; \
	all_equal(pairs, sizeof pairs / sizeof pairs[0])
#define DIFFER(...) \
	static const char *const pairs[][2] = { __VA_ARGS__ }; \
	all_differ(pairs, sizeof pairs / sizeof pairs[0])

Test(uri_equal, the_rfcs_equal_pairs_are_equal) /* RFC 3261 §19.1.4 */
{
	EQUAL({ "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5" },
		{ "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on" },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com" },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x" });
}

Test(uri_equal, the_rfcs_different_pairs_differ) /* RFC 3261 §19.1.4 */
{
	DIFFER({ "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp" }, { "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp" },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting" },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4" });
}

Test(uri_equal, equality_is_not_transitive)
{
	cr_expect(compare("sip:c@h;security=on", "sip:c@h", NULL, 0));
	cr_expect(compare("sip:c@h", "sip:c@h;security=off", NULL, 0));
	cr_expect_not(compare("sip:c@h;security=on", "sip:c@h;security=off", NULL, 0));
}

Test(uri_equal, port_in_one_only_makes_them_differ)
{
	DIFFER({ "sip:a@h:5060", "sip:a@h" }, { "sips:a@h:5061", "sips:a@h" }, { "sip:a@h:5060", "sip:a@h:5061" });
}

Test(uri_equal, scheme_user_and_password_are_told_apart)
{
	DIFFER({ "sip:a@h", "sips:a@h" }, { "sip:a@h", "sip:A@h" }, { "sip:a@h", "sip:h" }, { "sip:a:b@h", "sip:a@h" },
		{ "sip:a:b@h", "sip:a:B@h" }, { "sip:a:@h", "sip:a@h" },
		{ "sip:a;b@h", "sip:a%3Bb@h" }, { "sip:a%40b@h", "sip:a%41b@h" });
}

Test(uri_equal, escapes_that_need_not_be_are_no_difference)
{
	EQUAL({ "sip:%61:%62@h;%78=%79?%7a=%31", "sip:a:b@h;x=y?z=1" }, { "sip:a%3bb@h", "sip:a%3Bb@h" },
		{ "sip:h;%74ransport=%54CP", "sip:h;transport=tcp" });
}

Test(uri_equal, one_host_is_one_host_however_it_is_written)
{
	EQUAL({ "sip:a@Example.com", "sip:a@eXAMPLE.COM." }, { "sip:[2001:DB8::1]", "sip:[2001:db8:0:0::0:1]" },
		{ "sip:[::ffff:192.0.2.1]", "sip:192.0.2.1" });
	cr_expect_not(compare("sip:[::1]", "sip:[::2]", NULL, 0));
	cr_expect_not(compare("sip:192.0.2.1", "sip:192.0.2.10", NULL, 0));
	cr_expect_not(compare("sip:a.example", "sip:b.example", NULL, 0));
	cr_expect_not(compare("sip:[::1]:5060", "sip:[::1]:5061", NULL, 0));
}

Test(uri_equal, some_params_in_one_only_make_them_differ)
{
	DIFFER({ "sip:h", "sip:h;transport=udp" }, { "sip:h", "sip:h;user=ip" }, { "sip:h", "sip:h;ttl=1" }, { "sip:h", "sip:h;method=INVITE" },
		{ "sip:h", "sip:h;maddr=h" }, { "sip:h", "sip:h;gr" }, { "sip:h", "sip:h;gr=x" }, { "sip:h;gr", "sip:h;gr=x" },
		{ "sip:h;a;z", "sip:h;a;TTL=1;z" }, { "sip:h", "sip:h;%74tl=1" });
}

Test(uri_equal, other_params_count_only_when_both_have_them)
{
	EQUAL({ "sip:h;a=1;b=2", "sip:h;c=3;B=2" }, { "sip:h;x=AbC", "sip:h;x=aBc" }, { "sip:h;lr", "sip:h" }, { "sip:h;b;a", "sip:h;a;b" });
	cr_expect_not(compare("sip:h;a=1;x=1", "sip:h;x=2;b=1", NULL, 0));
	cr_expect_not(compare("sip:h;x=1", "sip:h;x", NULL, 0));
}

Test(uri_equal, headers_are_compared_as_a_set)
{
	EQUAL({ "sip:h?a=1&b=2&a=3", "sip:h?A=3&b=2&a=1" }, { "sip:h?a=%31", "sip:h?a=1" });
	cr_expect_not(compare("sip:h?a=1", "sip:h", NULL, 0));
	cr_expect_not(compare("sip:h?a=1", "sip:h?a=1&b=2", NULL, 0));
	cr_expect_not(compare("sip:h?a=1&a=1&b=1", "sip:h?a=1&b=1&b=1", NULL, 0));
	cr_expect_not(compare("sip:h?a=x", "sip:h?a=X", NULL, 0));
}

Test(uri_equal, other_schemes_compare_octet_by_octet)
{
	EQUAL({ "tel:+1", "tel:+1" });
	cr_expect_not(compare("tel:+1", "TEL:+1", NULL, 0));
	cr_expect_not(compare("tel:+1", "sip:a", NULL, 0));
	cr_expect_not(compare("urn:a%61", "urn:aa", NULL, 0));
}

Test(uri_equal, params_left_out_do_not_count)
{
	const rg_str without[] = { RG_STR("pn-prid"), RG_STR("maddr") };

	cr_expect(compare("sip:h;pn-prid=a;x=1", "sip:h;PN-prid=b;x=1", without, 2));
	cr_expect(compare("sip:h;maddr=a", "sip:h", without, 2));
	cr_expect_not(compare("sip:h;pn-prid=a;x=1", "sip:h;pn-prid=b;x=2", without, 2));
	cr_expect_not(compare("sip:h;pn-prid=a", "sip:h;pn-prid=b", NULL, 0));
}

Test(uri_equal, as_many_params_as_there_may_be_compare_in_any_order)
{
	rg__buf up = { 0 }, down = { 0 };
	rg__uri a, b;

	rg__buf_add_text(&up, "sip:h");
	rg__buf_add_text(&down, "sip:h");
	for (int i = 0; i < RG__PARAMS_MAX; i++) {
		rg__buf_add_text(&up, ";%70");
		rg__buf_add_int(&up, i);
		rg__buf_add_text(&down, ";P");
		rg__buf_add_int(&down, RG__PARAMS_MAX - 1 - i);
	}
	rg__buf_add_text(&up, "=x");
	cr_assert_eq(rg__uri_parse((rg_str){ up.p, up.n }, &a), RG_OK);
	cr_assert_eq(rg__uri_parse((rg_str){ down.p, down.n }, &b), RG_OK);
	cr_expect_not(rg__uri_equal(&a, &b));
	cr_assert_eq(rg__uri_parse((rg_str){ up.p, up.n - 2 }, &a), RG_OK);
	cr_expect(rg__uri_equal(&a, &b));
	rg__buf_free(&up);
	rg__buf_free(&down);
}

Test(uri_equal, params_both_start_with_are_passed_over_whole)
{
	static const char *const equal[][2] = {
		{ "sip:a@h;x=1;y", "sip:a@h;x=1" }, { "sip:a@h;x;y", "sip:a@h;x;z" }, { "sip:a@h;abcdefgh=1;y", "sip:a@h;abcdefgh=1;Y" },
		{ "sip:a@h;x=1;xy=2", "sip:a@h;x=1;x%79=2" }, { "sip:a@h;xa=1", "sip:a@h;xb=2" }, { "sip:a@h;x=1;a=2;b=3", "sip:a@h;x=1;b=3;a=2" },
		{ "sip:a@h;x", "sip:a@h;xy=1" },
	};
	static const char *const differ[][2] = {
		{ "sip:a@h;x=1;y=2", "sip:a@h;x=1;y=3" }, { "sip:a@h;x=1", "sip:a@h;x=12" }, { "sip:a@h;x", "sip:a@h;x=1" },
		{ "sip:a@h;abcdefgh=1;y=1", "sip:a@h;abcdefgh=1;Y=2" }, { "sip:a@h;x;ttl=1", "sip:a@h;x" }, { "sip:a@h;x", "sip:a@h;x;ttl=1" },
		{ "sip:a@h;ttl=1", "sip:a@h;ttl=12" }, { "sip:a@h;t=1;x=2", "sip:a@h;tt=1;x=3" },
	};

	all_equal(equal, sizeof equal / sizeof equal[0]);
	all_differ(differ, sizeof differ / sizeof differ[0]);
}
