/* SPDX-License-Identifier: MIT */
#include "verbs/refusal.h"
#include "engine/engine.h"
#include <stdio.h>

enum { SHOWN_MAX = 128 }; /* octets of a text that a stranger chose */

static void add_shown(rg__buf *line, rg_str text)
{
	rg__buf_add(line, text.n > SHOWN_MAX ? rg__sub(text, 0, SHOWN_MAX) : text);
	rg__buf_add_text(line, text.n > SHOWN_MAX ? "…" : "");
}

static void add_octet(rg__buf *line, const rg__spot *spot)
{
	char octet[24];
	unsigned char c;

	if (spot->at >= spot->text.n) {
		rg__buf_add_text(line, ", where it ends");
		return;
	}
	c = (unsigned char)spot->text.p[spot->at];
	snprintf(octet, sizeof octet, c > ' ' && c < 0x7f ? ", octet '%c'" : ", octet 0x%02x", c);
	rg__buf_add_text(line, octet);
}

static void add_spot(rg__buf *line, const rg__spot *spot)
{
	if (!spot->header)
		return;
	rg__buf_add_text(line, "; ");
	rg__buf_add_text(line, spot->header);
	if (spot->value > 0) {
		rg__buf_add_text(line, " ");
		rg__buf_add_int(line, spot->value);
	}
	if (spot->at != RG__NO_STOP) {
		rg__buf_add_text(line, ", offset ");
		rg__buf_add_int(line, (int64_t)spot->at);
		add_octet(line, spot);
	}
	if (spot->text.n > 0) {
		rg__buf_add_text(line, ": ");
		add_shown(line, spot->text);
	}
}

static void add_source(rg__buf *line, const rg_addr *source)
{
	char room[64];
	rg_str text = rg_addr_print(source, room, sizeof room);

	rg__buf_add_text(line, text.p ? " from " : "");
	rg__buf_add(line, text);
}

/* The canonical AoR when reading came so far, else what the client wrote. */
static void add_aor(rg__buf *line, const rg_key *key, rg_str to)
{
	char room[SHOWN_MAX];
	size_t n = key && key->host.p ? rg_key_print(key, room, sizeof room) : 0;

	if (n > 0)
		add_shown(line, (rg_str){ room, n < sizeof room ? n : sizeof room });
	else
		add_shown(line, to.p ? to : RG_STR("an unknown AoR"));
}

void rg__log_refusal(const rg_env *env, const rg_request *request, const rg_key *key, int32_t reason, const rg__spot *spot)
{
	rg__buf line = { 0 };

	add_aor(&line, key, request->to_header);
	add_source(&line, &request->source);
	rg__buf_add_text(&line, " is refused: ");
	rg__buf_add_text(&line, rg_reason_text(reason));
	add_spot(&line, spot);
	for (size_t i = 0; i < line.n; i++)
		line.p[i] = line.p[i] ? line.p[i] : '?'; /* a NUL would end the line */
	if (!line.failed)
		rg__log(env, RG_LOG_DEBUG, "REGISTER of %.*s", (int)line.n, line.p);
	rg__buf_free(&line);
}
