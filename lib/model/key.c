/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "grammar/grammar.h"

int32_t rg_key_equal(const rg_key *a, const rg_key *b)
{
	return a && b && rg__eq(a->user, b->user) && rg__eq(a->host, b->host) && rg__eq(a->domain, b->domain);
}

uint64_t rg__key_hash(const rg_key *key)
{
	return rg__fingerprint(rg__fingerprint(rg__fingerprint(0, 1, key->user), 2, key->host), 3, key->domain);
}

static char *copy_part(char *to, rg_str s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

size_t rg_key_print(const rg_key *key, char *room, size_t size)
{
	rg__out out = { room, room ? size : 0, 0 };
	size_t at;

	if (!key)
		return 0;
	at = key->user.n > 0 && key->host.n > 0;
	/* The common case: nothing to escape, and all of it fits. */
	if (key->user.n + at + key->host.n <= out.size && rg__all(key->user, RG__C_USER)) {
		room = copy_part(room, key->user);
		if (at)
			*room++ = '@';
		copy_part(room, key->host);
		return key->user.n + at + key->host.n;
	}

	for (size_t i = 0; i < key->user.n; i++) {
		char escape[3];
		size_t n = rg__escape_octet(key->user.p[i], escape);
		rg__out_add(&out, (rg_str){ escape, n });
	}
	if (key->user.n > 0 && key->host.n > 0)
		rg__out_char(&out, '@');
	rg__out_add(&out, key->host);
	return out.n;
}
