/* SPDX-License-Identifier: MIT */
/* An octet that selects configuration and form of the call, and a message → librgstr-wire and librgstr-sofia, which have to agree: see
 * tests/wire/pair.h. And the octets as a stream → rg_wire_frame(), which has to find the same end in one piece and in two. */
#include <rgstr/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_nothing(const char *found)
{
	if (!found)
		return;
	fputs(found, stderr);
	abort();
}

/* Twice, since the second message finds what the first one stored. */
static void compare(uint8_t selector, rg_str bytes)
{
	static tally seen;
	pair *p = pair_new(selector & 7, &front_sofia, &front_wire, &seen);

	for (int i = 0; i < 2 && !pair_apart(p); i++)
		expect_nothing(pair_judge(p, bytes, selector >> 3 & 7));
	if (!pair_apart(p))
		expect_nothing(pair_compare_all(p));
	pair_free(p);
}

static void frame(rg_str bytes, size_t cut)
{
	enum { MOST = 65535 };
	size_t whole = 0, parts = 0;
	rg_status status = rg_wire_frame(bytes, MOST, &whole, NULL), first = rg_wire_frame((rg_str){ bytes.p, cut }, MOST, &parts, NULL);

	if (first == RG_PENDING)
		first = rg_wire_frame(bytes, MOST, &parts, NULL);
	if (first != status || (status == RG_OK && (whole != parts || whole > bytes.n || whole == 0)))
		expect_nothing("a stream has another frame in two pieces\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const rg_str bytes = { (const char *)data + 1, size - 1 };
	compare(data[0], bytes);
	frame(bytes, bytes.n * (data[0] >> 6) / 4);
	return 0;
}
