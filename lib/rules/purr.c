/* SPDX-License-Identifier: MIT */
#include "rules/purr.h"
#include "rules/subject.h"
#include <stdlib.h>

/* What a token seals: its form, the id of the binding, and domain, user and host of the AoR. The domain is empty for "location". */
enum { FORM_BINDING };
enum { FIXED = 1 + 8 + 3 * 2, PLAIN_ROOM = 512 };

rg_status rg__purr_seal(const rg__ring *ring, const uint8_t seed[32], const rg_key *key, uint64_t binding, rg__buf *out)
{
	char room[PLAIN_ROOM];
	rg__scratch scratch;

	if (key->domain.n > UINT16_MAX || key->user.n > UINT16_MAX || key->host.n > UINT16_MAX)
		return RG_ELIMIT;
	if (!rg__scratch_open(&scratch, room, sizeof room, FIXED + key->domain.n + key->user.n + key->host.n))
		return RG_ENOMEM;
	char *at = rg__pack_number(scratch.at, FORM_BINDING, 1);

	at = rg__pack_number(at, binding, 8);
	at = rg__pack_text(at, rg__eq(key->domain, rg__domain(RG__ABSENT)) ? RG__ABSENT : key->domain);
	at = rg__pack_text(at, key->user);
	at = rg__pack_text(at, key->host);
	rg_status status = rg__seal(ring, RG__SEAL_PURR, seed, (rg_str){ scratch.at, (size_t)(at - scratch.at) }, out);
	rg__scratch_close(&scratch);
	return status;
}

/* Reads what the token sealed. RG_ENOENT: it has another form; a later version of the library may have sealed it. */
static rg_status read_sealed(rg__purr *p)
{
	rg_str rest = { p->text.p, p->text.n };
	uint64_t form;

	if (!rg__unpack_number(&rest, 1, &form) || form != FORM_BINDING || !rg__unpack_number(&rest, 8, &p->binding) ||
		!rg__unpack_text(&rest, &p->key.domain) || !rg__unpack_text(&rest, &p->key.user) || !rg__unpack_text(&rest, &p->key.host) ||
		rest.n > 0)
		return RG_ENOENT;
	p->key.domain = rg__domain(p->key.domain);
	return RG_OK;
}

rg_status rg__purr_read(rg_str token, const rg__ring *ring, rg__purr **out)
{
	*out = NULL;
	rg__purr *p = calloc(1, sizeof *p);
	if (!p)
		return RG_ENOMEM;
	rg_status status = rg__unseal_escaped(ring, RG__SEAL_PURR, token, &p->text);
	if (status == RG_OK)
		status = read_sealed(p);
	if (status == RG_OK)
		*out = p;
	else
		rg__purr_free(p);
	return status;
}

void rg__purr_free(rg__purr *purr)
{
	if (!purr)
		return;
	rg__buf_free(&purr->text);
	free(purr);
}
