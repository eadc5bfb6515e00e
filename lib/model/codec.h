/* SPDX-License-Identifier: MIT */
/* Records as MessagePack. The tables here are the only list of keys; encoder, decoder, doc/record-format.md and tests use them. */
#ifndef RG__CODEC_H
#define RG__CODEC_H

#include "model/layout.h"

/* A change that an older reader must not ignore raises MAJOR: the reader then refuses the record. Any other change raises MINOR. */
#define RG__SCHEMA_MAJOR 1
#define RG__SCHEMA_MINOR 0

/* How deep unknown values may nest, and how many unknown keys one map may have. */
#define RG__UNKNOWN_DEPTH 16
#define RG__UNKNOWN_MAX 64

/* The type of a key's value. TEXT: rg_str; U64, U32, TIME, Q: that number. Each other type has its own function. */
enum { RG__KEY_TEXT, RG__KEY_U64, RG__KEY_U32, RG__KEY_TIME, RG__KEY_Q, RG__KEY_ADDRS, RG__KEY_VERSION, RG__KEY_REVISION,
	RG__KEY_CONTACTS, RG__KEY_REMOVALS };

/* A record in parts. */
typedef struct rg__parts {
	rg_key key;
	rg_revision revision;
	rg_contact *contacts;
	rg_removal *removals;
	uint32_t version[2];
	uint32_t n_contacts, n_removals;
	rg_str extra;
} rg__parts;

/* X(field, key, kind, must, least, most, unless). `must` 1: the key is always written. 0: it is left out when the value equals `unless`
 * or is absent. */
#define RG__RECORD_KEYS(X) \
	X(version, "v", VERSION, 1, 0, 0, 0) \
	X(key.domain, "dom", TEXT, 1, 0, 0, 0) \
	X(key.user, "usr", TEXT, 1, 0, 0, 0) \
	X(key.host, "hst", TEXT, 1, 0, 0, 0) \
	X(revision, "rev", REVISION, 1, 0, 0, 0) \
	X(contacts, "c", CONTACTS, 0, 0, 0, 0) \
	X(removals, "rm", REMOVALS, 0, 0, 0, 0)

#define RG__CONTACT_KEYS(X) \
	X(id, "id", U64, 1, 1, UINT64_MAX, 0) \
	X(generation, "gen", U64, 1, 0, UINT64_MAX, 0) \
	X(uri, "uri", TEXT, 1, 1, 0, 0) \
	X(params, "par", TEXT, 0, 0, 0, 0) \
	X(instance, "ins", TEXT, 0, 1, 0, 0) \
	X(callid, "cid", TEXT, 1, 1, 0, 0) \
	X(cseq, "seq", U32, 1, 0, INT32_MAX, 0) \
	X(request_hash, "rh", U64, 1, 0, UINT64_MAX, 0) \
	X(expires, "exp", TIME, 1, 0, 0, 0) \
	X(created, "crt", TIME, 1, 0, 0, 0) \
	X(modified, "mod", TIME, 1, 0, 0, 0) \
	X(wake, "wak", TIME, 0, 0, 0, 0) \
	X(q, "q", Q, 0, 0, 1000, UINT64_MAX) \
	X(flags, "fl", U32, 0, 0, UINT32_MAX, 0) \
	X(reg_id, "rid", U32, 0, 0, INT32_MAX, 0) \
	X(methods, "mth", U32, 0, 0, UINT32_MAX, RG_METHODS_ALL) \
	X(branch_flags, "bfl", U32, 0, 0, UINT32_MAX, 0) \
	X(latency, "lat", U32, 0, 0, UINT32_MAX, RG_LATENCY_NONE) \
	X(path, "pth", TEXT, 0, 0, 0, 0) \
	X(received, "rcv", TEXT, 0, 0, 0, 0) \
	X(socket, "skt", TEXT, 0, 0, 0, 0) \
	X(flow, "flw", TEXT, 0, 0, 0, 0) \
	X(user_agent, "ua", TEXT, 0, 0, 0, 0) \
	X(attr, "atr", TEXT, 0, 0, 0, 0) \
	X(ownership_tag, "own", TEXT, 0, 0, 0, 0) \
	X(next_hop, "hop", TEXT, 0, 0, 0, 0) \
	X(addrs, "adr", ADDRS, 0, 0, 0, 0)

#define RG__REMOVAL_KEYS(X) \
	X(uri, "uri", TEXT, 1, 1, 0, 0) \
	X(instance, "ins", TEXT, 0, 1, 0, 0) \
	X(callid, "cid", TEXT, 1, 1, 0, 0) \
	X(cseq, "seq", U32, 1, 0, INT32_MAX, 0) \
	X(reg_id, "rid", U32, 0, 0, INT32_MAX, 0) \
	X(request_hash, "rh", U64, 1, 0, UINT64_MAX, 0) \
	X(at, "at", TIME, 1, 0, 0, 0)

typedef struct rg__codec_key {
	rg_str name;
	uint8_t kind, must;
	uint16_t offset; /* of the field */
	char padded[4];  /* the name, so that one move copies it */
	uint64_t least;  /* value of a number, length of a text */
	uint64_t most;   /* value of a number */
	uint64_t unless;
} rg__codec_key;

typedef struct rg__codec_map {
	const char *what; /* for error texts */
	const rg__codec_key *keys;
	uint32_t n, musts; /* the number of keys, and of those that are always written */
} rg__codec_map;

extern const rg__codec_map rg__codec_record, rg__codec_contact, rg__codec_removal;

/* Is this the name of the key? Names are of few octets, so a call to compare them would take longer. */
static inline bool rg__codec_is(const rg__codec_key *key, rg_str name)
{
	if (key->name.n != name.n)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (key->name.p[i] != name.p[i])
			return false;
	return true;
}

/* The row of a key, or map->n. The search starts at row @p hint. */
uint32_t rg__codec_find(const rg__codec_map *map, rg_str name, uint32_t hint);

/* Checks that @p extra consists of whole pairs of key and value, with distinct keys that @p map does not know; counts the pairs.
 * RG_EFORMAT, RG_ELIMIT. */
rg_status rg__extra_check(const rg__codec_map *map, rg_str extra, uint32_t *n_pairs);

/* Checks that a REGISTER can have left this binding or removal, whose types are already checked. Returns NULL, or what is wrong. */
const char *rg__contact_flaw(const rg_contact *contact);
const char *rg__removal_flaw(const rg_removal *removal);

/* A bounded cursor over MessagePack. It never reads past `end` and allocates nothing. */
typedef struct rg__mp {
	const uint8_t *p, *end;
} rg__mp;

enum { RG__MP_NIL = 1, RG__MP_BOOL, RG__MP_UINT, RG__MP_INT, RG__MP_FLOAT, RG__MP_STR, RG__MP_BIN, RG__MP_EXT, RG__MP_ARRAY, RG__MP_MAP };

typedef struct rg__mp_item {
	uint32_t kind;
	uint64_t u; /* the value of UINT; the two's complement of INT, which is negative; the number of elements or pairs of ARRAY and MAP */
	rg_str s;   /* payload of STR, BIN and EXT */
} rg__mp_item;

bool rg__mp_next_any(rg__mp *at, rg__mp_item *out);

/* Reads the next item. Of an array or map it reads only the head, and checks that the bytes left can hold that many elements. False:
 * truncated or malformed. Most items of a record are texts below 32 octets; they are read here, all others by the function above. */
static inline bool rg__mp_next(rg__mp *at, rg__mp_item *out)
{
	size_t n;

	if (at->p == at->end || (*at->p & 0xe0) != 0xa0)
		return rg__mp_next_any(at, out);
	n = *at->p & 0x1f;
	if (n >= (size_t)(at->end - at->p))
		return false;
	*out = (rg__mp_item){ .kind = RG__MP_STR, .u = n, .s = { (const char *)at->p + 1, n } };
	at->p += 1 + n;
	return true;
}

/* Skips one whole value. False also when it nests deeper than RG__UNKNOWN_DEPTH. */
bool rg__mp_skip(rg__mp *at);

#endif
