/* SPDX-License-Identifier: MIT */
#include "front.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void front_must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "the test itself failed: %s\n", what);
	abort();
}

void answer_free(answer *a)
{
	free(a->reply);
	free(a->targets);
	*a = (answer){ 0 };
}

void answer_take_targets(answer *a, rg_targets *targets)
{
	enum { ROOM = 1 << 16 };
	size_t n = 0;

	a->targets = malloc(ROOM);
	front_must(a->targets && rg_targets_text(targets, RG_TEXT_OPAQUE, a->targets, ROOM - 1, &n) == RG_OK && n < ROOM,
		"targets have a text");
	a->targets[n] = '\0';
	rg_targets_free(targets);
}

int32_t answer_code(const answer *a)
{
	int code = 0;

	if (a->reply && sscanf(a->reply, "SIP/2.0 %d ", &code) != 1)
		code = -1;
	return code;
}
