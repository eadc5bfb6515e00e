/* SPDX-License-Identifier: MIT */
#include "rules/gruu.h"
#include "rules/matching.h"
#include "rules/subject.h"
#include <stdlib.h>

/*
 * What a token seals: the form of the instance, its generation, four texts with their lengths (domain, user and host of the AoR, and the
 * host of the URI; the domain is empty for "location", the last host when it is that of the AoR), and the instance. A UUID takes 16 octets,
 * so that most tokens have the shortest length.
 */
enum { AS_TEXT, AS_UUID };
enum { HEAD = 1 + 8 + 4 * 2, UUID = 16, UUID_TEXT = 36, INSTANCE_MAX = 1024, ROOM = 512 };

#define URN_UUID "urn:uuid:"

bool rg__is_gruu(const rg__uri *uri, rg_str *value)
{
	return uri->params.n > 0 && rg__uri_param(uri, RG_STR("gr"), value);
}

bool rg__gruu_instance(rg_str instance)
{
	rg_str bare = rg__instance_bare(instance);

	if (bare.n == 0 || bare.n > INSTANCE_MAX || rg__has_control(bare) || memchr(bare.p, '\t', bare.n))
		return false;
	return rg__instance_bare(bare).n == bare.n; /* a GRUU has the instance without <>, and is compared with and without them */
}

/* RFC 3261 §25.1 `pvalue`. */
void rg__gruu_add_value(rg__buf *out, rg_str instance)
{
	static const char digits[] = "0123456789ABCDEF";
	rg_str rest = rg__instance_bare(instance);

	while (rest.n > 0) {
		size_t plain = rg__span(rest, 0, RG__C_PARAM);

		rg__buf_add(out, rg__sub(rest, 0, plain));
		if (plain == rest.n)
			return;
		unsigned octet = (unsigned char)rest.p[plain];
		char escape[3] = { '%', digits[octet >> 4], digits[octet & 15] };

		rg__buf_add(out, (rg_str){ escape, sizeof escape });
		rest = rg__sub(rest, plain + 1, rest.n);
	}
}

/* Whether a UUID has a `-` there (RFC 9562 §4). */
static bool has_dash(int at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

static void print_uuid(const uint8_t bytes[UUID], char text[UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0, n = 0; i < UUID_TEXT; i++) {
		text[i] = has_dash(i) ? '-' : digits[n % 2 ? bytes[n / 2] & 15 : bytes[n / 2] >> 4];
		n += !has_dash(i);
	}
}

/* True of `urn:uuid:` with a UUID in its usual form, in any letter case. */
static bool pack_uuid(rg_str bare, uint8_t bytes[UUID])
{
	size_t head = strlen(URN_UUID);

	if (bare.n != head + UUID_TEXT || !rg__eq_nocase(rg__sub(bare, 0, head), RG_STR(URN_UUID)))
		return false;
	for (int i = 0, n = 0; i < UUID_TEXT; i++) {
		char c = bare.p[head + (size_t)i];

		if (has_dash(i) ? c != '-' : !rg__is(c, RG__C_HEX))
			return false;
		if (has_dash(i))
			continue;
		bytes[n / 2] = (uint8_t)(n % 2 ? bytes[n / 2] | rg__hex(c) : rg__hex(c) << 4);
		n++;
	}
	return true;
}

rg_status rg__gruu_seal(const rg__ring *ring, const uint8_t seed[32], const rg__gruu *gruu, rg__buf *out)
{
	const rg_key *key = &gruu->key;
	rg_str instance = rg__instance_bare(gruu->instance);
	uint8_t uuid[UUID];
	bool packed = pack_uuid(instance, uuid);
	size_t most = HEAD + key->domain.n + key->user.n + key->host.n + gruu->host.n + instance.n + UUID;
	char room[ROOM];
	rg__scratch scratch;

	if (key->domain.n > UINT16_MAX || key->user.n > UINT16_MAX || key->host.n > UINT16_MAX || gruu->host.n > UINT16_MAX)
		return RG_ELIMIT;
	if (!rg__scratch_open(&scratch, room, sizeof room, most))
		return RG_ENOMEM;
	char *plain = rg__scratch_take(&scratch, most);
	char *at = rg__pack_number(plain, packed ? AS_UUID : AS_TEXT, 1);

	at = rg__pack_number(at, gruu->generation, 8);
	at = rg__pack_text(at, rg__eq(key->domain, rg__domain(RG__ABSENT)) ? RG__ABSENT : key->domain);
	at = rg__pack_text(at, key->user);
	at = rg__pack_text(at, key->host);
	at = rg__pack_text(at, gruu->host);
	at = rg__pack_octets(at, packed ? (rg_str){ (const char *)uuid, UUID } : instance);
	rg_status status = rg__seal(ring, RG__SEAL_GRUU, seed, (rg_str){ plain, (size_t)(at - plain) }, out);
	rg__scratch_close(&scratch);
	return status;
}

/* Reads what the token sealed. RG_ENOENT: it has another form; a later version of the library may have sealed it. */
static rg_status read_names(rg__gruu *g)
{
	rg_str rest = { g->text.p, g->text.n };
	char urn[sizeof URN_UUID - 1 + UUID_TEXT];
	uint64_t form;

	if (!rg__unpack_number(&rest, 1, &form) || form > AS_UUID || (form == AS_UUID && rest.n < UUID))
		return RG_ENOENT;
	if (form == AS_UUID) { /* its text goes to the end, where the octets of the UUID were; after that nothing moves */
		memcpy(urn, URN_UUID, strlen(URN_UUID));
		print_uuid((const uint8_t *)g->text.p + g->text.n - UUID, urn + strlen(URN_UUID));
		g->text.n -= UUID;
		rg__buf_add(&g->text, (rg_str){ urn, sizeof urn });
		if (g->text.failed)
			return RG_ENOMEM;
		rest = rg__sub((rg_str){ g->text.p, g->text.n }, 1, g->text.n);
	}
	if (!rg__unpack_number(&rest, 8, &g->generation) || !rg__unpack_text(&rest, &g->key.domain) || !rg__unpack_text(&rest, &g->key.user) ||
		!rg__unpack_text(&rest, &g->key.host) || !rg__unpack_text(&rest, &g->host) || rest.n == 0)
		return RG_ENOENT;
	if (g->host.n == 0)
		g->host = g->key.host;
	g->key.domain = rg__domain(g->key.domain);
	g->instance = rest;
	return RG_OK;
}

static rg_status read_token(rg__gruu *g, rg_str token, const rg__ring *ring)
{
	rg_status status = rg__unseal_escaped(ring, RG__SEAL_GRUU, token, &g->text);

	return status == RG_OK ? read_names(g) : status;
}

/* An escape of a control character is no instance that gets GRUUs. */
static rg_status read_value(rg__gruu *g, rg_str value)
{
	rg__buf_add(&g->text, value);
	if (g->text.failed)
		return RG_ENOMEM;
	if (value.n == 0 || rg__unescape(value, g->text.p, &g->text.n) != RG_OK)
		return RG_ENOENT;
	g->instance = (rg_str){ g->text.p, g->text.n };
	return RG_OK;
}

rg_status rg__gruu_read(const rg__uri *uri, const rg__ring *ring, rg__gruu **out)
{
	rg_str value;

	*out = NULL;
	if (!rg__is_gruu(uri, &value))
		return RG_OK;
	rg__gruu *g = calloc(1, sizeof *g);
	if (!g)
		return RG_ENOMEM;
	g->temporary = value.p == NULL;
	g->uri = *uri;
	rg_status status = g->temporary ? read_token(g, uri->user, ring) : read_value(g, value);
	if (status == RG_OK)
		*out = g;
	else
		rg__gruu_free(g);
	return status;
}

void rg__gruu_free(rg__gruu *gruu)
{
	if (!gruu)
		return;
	rg__buf_free(&gruu->text);
	free(gruu);
}

bool rg__gruu_names(const rg__gruu *gruu, rg_str instance, uint64_t generation)
{
	return (!gruu->temporary || gruu->generation == generation) && instance.n > 0 && rg__same_instance(gruu->instance, instance);
}
