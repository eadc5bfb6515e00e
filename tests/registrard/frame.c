/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START "OPTIONS sip:a@example.org SIP/2.0\r\n"

/* Feeds a text in one piece, or byte by byte. */
static struct frame read_stream(const char *text, size_t step)
{
	struct frame_scan scan = { 0 };
	struct frame frame = { FRAME_MORE, 0, 0 };
	size_t all = strlen(text);

	for (size_t n = step < all ? step : all; frame.kind == FRAME_MORE; n += step) {
		/* An exact copy, so that a sanitizer sees a read behind the end. */
		size_t given = n < all ? n : all;
		char *copy = malloc(given ? given : 1);

		memcpy(copy, text, given);
		frame = frame_next(copy, given, &scan);
		free(copy);
		if (given == all)
			break;
	}
	return frame;
}

static const struct {
	const char *text;
	enum frame_kind kind;
	size_t n;
	int status;
} streams[] = {
	{ "\r\n", FRAME_LINE_END, 2, 0 },
	{ "\n", FRAME_LINE_END, 1, 0 },
	{ "\r", FRAME_MORE, 0, 0 },
	{ START, FRAME_MORE, 0, 0 },
	{ START "Content-Length: 0\r\n\r\n", FRAME_MESSAGE, sizeof(START "Content-Length: 0\r\n\r\n") - 1, 0 },
	{ START "l:3\r\n\r\nabcd", FRAME_MESSAGE, sizeof(START "l:3\r\n\r\nabc") - 1, 0 },
	{ START "L \t: 3 \r\n\r\nabc", FRAME_MESSAGE, sizeof(START "L \t: 3 \r\n\r\nabc") - 1, 0 },
	{ START "content-length:\r\n 3\r\n\r\nabc", FRAME_MESSAGE, sizeof(START "content-length:\r\n 3\r\n\r\nabc") - 1, 0 },
	{ "OPTIONS sip:a SIP/2.0\nl: 0\n\n", FRAME_MESSAGE, sizeof("OPTIONS sip:a SIP/2.0\nl: 0\n\n") - 1, 0 },
	{ START "l: 3\r\n\r\nab", FRAME_MORE, 0, 0 },
	{ "SIP/2.0 200 OK\r\nl: 0\r\n\r\n", FRAME_MESSAGE, sizeof("SIP/2.0 200 OK\r\nl: 0\r\n\r\n") - 1, 0 },
	{ START "\r\n", FRAME_BAD, 0, 400 },
	{ START "l: 0\r\nl: 0\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l: 3 4\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l: 3\r\n 4\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l:\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l: -1\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l: +1\r\n\r\n", FRAME_BAD, 0, 400 },
	{ START "l: 99999999999999999999999999\r\n\r\n", FRAME_BAD, 0, 413 },
	{ START "X: a\rl: 0\r\n\r\n", FRAME_BAD, 0, 400 },
	{ "GET / HTTP/1.1\r\n", FRAME_BAD, 0, 0 },
	{ "SIP/", FRAME_MORE, 0, 0 },
	{ "\r \r\n", FRAME_BAD, 0, 0 },
	/* Sofia reads a colon on the next line, and so would forward two lengths. */
	{ START "l: 3\r\nContent-Length \r\n : 5\r\n\r\nabc", FRAME_BAD, 0, 400 },
	{ START "l: 3\r\nl\r\n\t: 5\r\n\r\nabc", FRAME_BAD, 0, 400 },
	{ START "Content-Length\r\nl: 3\r\n\r\nabc", FRAME_BAD, 0, 400 },
	{ START "content-length\t\r\n\r\n", FRAME_BAD, 0, 400 },
	/* Only the first line says whether this is SIP; a header named as the length but longer is another one. */
	{ START "Content-Lengthy: 5\r\nlength: 7\r\nl: 0\r\n\r\n", FRAME_MESSAGE,
		sizeof(START "Content-Lengthy: 5\r\nlength: 7\r\nl: 0\r\n\r\n") - 1, 0 },
};

Test(frame, streams)
{
	for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
		for (size_t step = 1; step < 200; step += step < 4 ? 1 : 195) {
			struct frame frame = read_stream(streams[i].text, step);

			cr_assert_eq(frame.kind, streams[i].kind, "%s in steps of %zu: %d", streams[i].text, step, frame.kind);
			if (frame.kind == FRAME_BAD)
				cr_assert_eq(frame.status, streams[i].status, "%s: %d", streams[i].text, frame.status);
			else
				cr_assert_eq(frame.n, streams[i].n, "%s: %zu", streams[i].text, frame.n);
		}
}

/* A message with @p n times a text in a header section. */
static struct frame repeat(const char *before, const char *text, size_t n)
{
	size_t one = strlen(text), at = strlen(START);
	char *all = malloc(strlen(START) + strlen(before) + n * one + 32);
	struct frame frame;

	strcpy(all, START);
	strcpy(all + at, before);
	at += strlen(before);
	for (size_t i = 0; i < n; i++, at += one)
		memcpy(all + at, text, one);
	strcpy(all + at, "\r\nl: 0\r\n\r\n");
	frame = read_stream(all, 1000);
	free(all);
	return frame;
}

Test(frame, limits)
{
	cr_assert_eq(repeat("y: ", "\r\n z", LINES_MAX - 2).kind, FRAME_MESSAGE);
	cr_assert_eq(repeat("y: ", "\r\n z", LINES_MAX).status, 413);
	cr_assert_eq(repeat("y: ", ",", COMMAS_MAX).kind, FRAME_MESSAGE);
	cr_assert_eq(repeat("y: ", ",", COMMAS_MAX + 1).status, 413);
	cr_assert_eq(repeat("y: ", ";", SEMICOLONS_MAX).kind, FRAME_MESSAGE);
	cr_assert_eq(repeat("y: ", ";", SEMICOLONS_MAX + 1).status, 413);
	cr_assert_eq(repeat("y: ", "a", MESSAGE_BYTES_MAX - 100).kind, FRAME_MESSAGE);
	cr_assert_eq(repeat("y: ", "a", MESSAGE_BYTES_MAX).status, 413);
}

Test(frame, a_line_that_never_ends)
{
	struct frame_scan scan = { 0 };
	char *text = malloc(MESSAGE_BYTES_MAX);
	struct frame frame = { FRAME_MORE, 0, 0 };

	memset(text, 'x', MESSAGE_BYTES_MAX);
	for (size_t n = 1; n < MESSAGE_BYTES_MAX; n += 512)
		cr_assert_eq(frame_next(text, n, &scan).kind, FRAME_MORE);
	frame = frame_next(text, MESSAGE_BYTES_MAX, &scan);
	cr_assert_eq(frame.kind, FRAME_BAD);
	cr_assert_eq(frame.status, 0, "this is no SIP, so nobody is told");
	free(text);
}

static const struct {
	const char *text;
	enum frame_kind kind;
	size_t skipped, n;
	int status;
} datagrams[] = {
	{ "", FRAME_MORE, 0, 0, 0 },
	{ "\r\n\r\n", FRAME_MORE, 4, 0, 0 },
	{ START "\r\nbody", FRAME_MESSAGE, 0, sizeof(START "\r\nbody") - 1, 0 },
	{ "\r\n\n" START "l: 2\r\n\r\nbody", FRAME_MESSAGE, 3, sizeof(START "l: 2\r\n\r\nbo") - 1, 0 },
	{ START "l: 5\r\n\r\nbody", FRAME_BAD, 0, 0, 400 },
	{ START "X: y\r\n", FRAME_BAD, 0, 0, 400 },
	{ START "X: y", FRAME_BAD, 0, 0, 400 },
	{ "garbage", FRAME_BAD, 0, 0, 0 },
	{ "garbage\r\n\r\n", FRAME_BAD, 0, 0, 0 },
};

Test(frame, datagrams)
{
	for (size_t i = 0; i < sizeof datagrams / sizeof *datagrams; i++) {
		size_t n = strlen(datagrams[i].text);
		char *copy = malloc(n ? n : 1), *at = copy;
		struct frame frame;

		memcpy(copy, datagrams[i].text, n);
		frame = frame_datagram(&at, n);
		cr_assert_eq(frame.kind, datagrams[i].kind, "%s: %d", datagrams[i].text, frame.kind);
		cr_assert_eq((size_t)(at - copy), datagrams[i].skipped, "%s", datagrams[i].text);
		if (frame.kind == FRAME_MESSAGE)
			cr_assert_eq(frame.n, datagrams[i].n, "%s: %zu", datagrams[i].text, frame.n);
		else
			cr_assert_eq(frame.status, datagrams[i].status, "%s: %d", datagrams[i].text, frame.status);
		free(copy);
	}
}
