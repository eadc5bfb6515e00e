/* SPDX-License-Identifier: MIT */
/* Where a message ends in a stream. */
#include "kit.h"

enum { MAX = 1000 };

static const struct { const char *what, *text; int32_t status; size_t n; } cases[] = {
	{ "nothing", "", RG_PENDING, 0 },
	{ "a ping", "\r\n\r\nREG", RG_OK, 4 },
	{ "a line end between messages", "\r\nREGISTER", RG_OK, 2 },
	{ "half a ping", "\r\n\r", RG_PENDING, 0 },
	{ "a CR", "\r", RG_PENDING, 0 },
	{ "a message", REGISTER "Content-Length: 0\r\n\r\nREG", RG_OK, sizeof(REGISTER "Content-Length: 0\r\n\r\n") - 1 },
	{ "a message with a body", REGISTER "l: 3\r\n\r\nabcd", RG_OK, sizeof(REGISTER "l: 3\r\n\r\nabc") - 1 },
	{ "a folded length", REGISTER "Content-Length\r\n :\r\n\t3\r\n\r\nabcd", RG_OK, sizeof(REGISTER "Content-Length\r\n :\r\n\t3\r\n\r\nabc") - 1 },
	{ "a message with less body", REGISTER "l: 3\r\n\r\nab", RG_PENDING, 0 },
	{ "a response", "SIP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nx", RG_OK, sizeof "SIP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nx" - 1 },
	{ "half a header section", REGISTER, RG_PENDING, 0 },
	{ "no length", REGISTER "\r\n", RG_EFORMAT, 0 },
	{ "two lengths", REGISTER "l: 0\r\nl: 0\r\n\r\n", RG_EFORMAT, 0 },
	{ "a length that is none", REGISTER "l: x\r\n\r\n", RG_EFORMAT, 0 },
	{ "an empty length", REGISTER "l:\r\n\r\n", RG_EFORMAT, 0 },
	{ "a length past the limit", REGISTER "l: 1000\r\n\r\n", RG_ELIMIT, 0 },
	{ "an enormous length", REGISTER "l: 18446744073709551616\r\n\r\n", RG_ELIMIT, 0 },
	{ "a control character", REGISTER "X: \x01\r\nl: 0\r\n\r\n", RG_EFORMAT, 0 },
	{ "a lone LF", REGISTER "X: \nl: 0\r\n\r\n", RG_EFORMAT, 0 },
	{ "no SIP", "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", RG_EFORMAT, 0 },
};

Test(wire_frame, finds_the_end_of_what_stands_first)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const size_t size = strlen(cases[i].text);
		char *copy = malloc(size + 1);
		rg_error *why = rg_error_new();
		size_t n = 0;

		cr_assert(copy && why);
		memcpy(copy + 1, cases[i].text, size);
		cr_expect_eq(rg_wire_frame((rg_str){ copy + 1, size }, MAX, &n, why), cases[i].status, "%s", cases[i].what);
		if (cases[i].status != RG_PENDING)
			cr_expect_eq(n, cases[i].n, "%s: %zu", cases[i].what, n);
		cr_expect_eq(rg_error_status(why), cases[i].status < 0 ? cases[i].status : RG_OK, "%s", cases[i].what);
		rg_error_free(why);
		free(copy);
	}
}

/* However the octets arrive, the frames are the same. */
Test(wire_frame, a_stream_may_arrive_in_any_pieces)
{
	static const char stream[] = "\r\n\r\n" REGISTER "l: 5\r\n\r\n\r\n\r\n!\r\n" REGISTER "Content-Length: 0\r\n\r\n\r\n\r\nSIP/2.0 200 OK\r\nl: 2\r\n\r\nxy";
	static const size_t frames[] = { 4, sizeof(REGISTER "l: 5\r\n\r\n12345") - 1, 2, sizeof(REGISTER "Content-Length: 0\r\n\r\n") - 1, 4,
		sizeof "SIP/2.0 200 OK\r\nl: 2\r\n\r\nxy" - 1 };

	for (size_t piece = 1; piece < sizeof stream; piece++) {
		size_t at = 0, there = 0, n = 0, found = 0;

		while (at < sizeof stream - 1) {
			rg_status st = rg_wire_frame((rg_str){ stream + at, there - at }, MAX, &n, NULL);
			if (st == RG_OK) {
				cr_assert_lt(found, sizeof frames / sizeof frames[0]);
				cr_assert_eq(n, frames[found], "piece %zu, frame %zu: %zu", piece, found, n);
				at += n;
				found++;
				n = 0;
				continue;
			}
			cr_assert_eq(st, RG_PENDING, "piece %zu at %zu: %d", piece, at, st);
			cr_assert_lt(there, sizeof stream - 1, "piece %zu, frame %zu", piece, found);
			there = there + piece < sizeof stream - 1 ? there + piece : sizeof stream - 1;
		}
		cr_expect_eq(found, sizeof frames / sizeof frames[0]);
	}
}

Test(wire_frame, what_is_longer_than_the_limit_is_refused_when_it_is_full)
{
	char text[MAX + 1];
	size_t n = 0;

	memset(text, 'x', sizeof text);
	for (size_t size = 1; size < MAX; size++)
		cr_assert_eq(rg_wire_frame((rg_str){ text, size }, MAX, &n, NULL), RG_PENDING, "%zu", size);
	cr_expect_eq(rg_wire_frame((rg_str){ text, MAX }, MAX, &n, NULL), RG_ELIMIT);
	cr_expect_eq(n, 0);
	cr_expect_eq(rg_wire_frame((rg_str){ text, 1 }, MAX, NULL, NULL), RG_EINVAL);
}

/* A message that just fits, and one octet more. */
Test(wire_frame, the_limit_is_that_of_the_whole_message)
{
	static const char text[] = REGISTER "l: 3\r\n\r\nabc";
	const size_t size = sizeof text - 1;

	for (size_t more = 0; more < 2; more++) {
		size_t n = 0;
		cr_expect_eq(rg_wire_frame((rg_str){ text, size }, size - more, &n, NULL), more ? RG_ELIMIT : RG_OK);
		cr_expect_eq(n, more ? 0 : size);
	}
}
