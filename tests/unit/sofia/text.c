/* SPDX-License-Identifier: MIT */
/* Replies as text, for a host that sends bytes itself. */
#include "play.h"
#include <stdbool.h>

Test(sofia_text, as_text_is_that_of_the_message)
{
	static const rg_header more[] = { { { "X-More", 6 }, { "1", 1 } } };
	round r = play(HEAD "v: SIP/2.0/UDP h;branch=b;rport, SIP/2.0/TCP i;branch=c\r\n" REST "\r\n", "192.0.2.7:4000", "mine", NULL);
	rg_response *response = rg_plan_response(r.plan);
	const rg_header *headers;
	char room[1024];
	size_t n = 0, again = 0;
	uint32_t count;

	r.message.source = &r.source; /* it has moved */
	cr_assert_eq(rg_response_headers(response, &headers, &count), RG_OK);
	cr_assert_eq(rg_sofia_reply_text(&r.message, 200, NULL, headers, count, room, sizeof room, &n), RG_OK);
	cr_expect_eq(n, strlen(r.text));
	cr_expect_eq(memcmp(room, r.text, n), 0, "%.*s", (int)n, room);
	for (size_t size = 0; size < n; size++) {
		memset(room, '#', sizeof room);
		cr_assert_eq(rg_sofia_reply_text(&r.message, 200, NULL, headers, count, size ? room : NULL, size, &again), RG_OK);
		cr_assert_eq(again, n);
		cr_assert_eq(memcmp(room, r.text, size), 0);
		cr_assert_eq(room[size], '#', "%zu", size);
	}
	cr_assert_eq(rg_sofia_reply_text(&r.message, 302, "Gone Away", more, 1, room, sizeof room, &n), RG_OK);
	cr_expect_eq(strncmp(room, "SIP/2.0 302 Gone Away\r\n", 23), 0);
	room[n] = '\0';
	cr_expect_not_null(strstr(room, "\r\nX-More: 1\r\nContent-Length: 0\r\n\r\n"), "%s", room);
	over(&r);
}

Test(sofia_text, as_text_takes_no_line_end_from_its_host)
{
	static const rg_header fine[] = { { { "X", 1 }, { "1", 1 } } };
	static const struct {
		int32_t code;
		const char *phrase, *tag;
		rg_header header;
	} wrong[] = {
		{ 99, NULL, NULL, { { "X", 1 }, { "1", 1 } } },
		{ 700, NULL, NULL, { { "X", 1 }, { "1", 1 } } },
		{ 200, "O\rK", NULL, { { "X", 1 }, { "1", 1 } } },
		{ 200, "a longer phrase\n", NULL, { { "X", 1 }, { "1", 1 } } },
		{ 200, NULL, "a\nb", { { "X", 1 }, { "1", 1 } } },
		{ 200, NULL, NULL, { { "X\n", 2 }, { "1", 1 } } },
		{ 200, NULL, NULL, { { "X", 1 }, { "1\r\nEvil: 1", 10 } } },
		{ 200, NULL, NULL, { { NULL, 0 }, { "1", 1 } } },
	};
	round r = play(HEAD "Via: SIP/2.0/UDP h;branch=b\r\n" REST "\r\n", NULL, NULL, NULL);
	char room[1024];
	size_t n;

	r.message.source = &r.source;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		n = 7;
		r.message.to_tag = rg_str_from(wrong[i].tag);
		cr_expect_eq(rg_sofia_reply_text(&r.message, wrong[i].code, wrong[i].phrase, &wrong[i].header, 1, room, sizeof room, &n), RG_EINVAL,
			"%zu", i);
		cr_expect_eq(n, 0);
	}
	r.message.to_tag = rg_str_from(NULL);
	cr_expect_eq(rg_sofia_reply_text(&r.message, 200, NULL, NULL, 1, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_sofia_reply_text(&r.message, 200, NULL, NULL, 0, NULL, 1, &n), RG_EINVAL);
	cr_expect_eq(rg_sofia_reply_text(NULL, 200, NULL, NULL, 0, room, sizeof room, &n), RG_EINVAL);
	cr_expect_eq(rg_sofia_reply_text(&r.message, 200, NULL, fine, 1, room, sizeof room, &n), RG_OK);
	over(&r);
}

Test(sofia_text, a_control_character_is_found_wherever_it_stands)
{
	round r = play(HEAD "Via: SIP/2.0/UDP h;branch=b\r\n" REST "\r\n", NULL, NULL, NULL);
	char value[40], room[1024];
	size_t n;

	r.message.source = &r.source;
	for (size_t length = 1; length < sizeof value; length++)
		for (size_t at = 0; at < length; at++)
			for (int c = 0; c < 256; c++) {
				const rg_header header = { { "X", 1 }, { value, length } };
				const bool bad = (c < ' ' && c != '\t') || c == 0x7f;

				memset(value, c & 1 ? 0xff : '!', length);
				value[at] = (char)c;
				cr_assert_eq(rg_sofia_reply_text(&r.message, 200, NULL, &header, 1, room, sizeof room, &n), bad ? RG_EINVAL : RG_OK,
					"%d at %zu of %zu", c, at, length);
			}
	over(&r);
}
