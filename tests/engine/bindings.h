/* SPDX-License-Identifier: MIT */
/* Bindings put in, and those that are left: for tests of what removes and of what asks. */
#ifndef BINDINGS_H
#define BINDINGS_H

#include "message/next_hop.h"
#include "kit.h"
#include "store/store.h"

#define BINDINGS __attribute__((unused)) static
#define ROWS(table) (sizeof(table) / sizeof *(table))

/* A binding in few words; what is left out is absent. */
typedef struct bound {
	const char *contact, *received, *flow, *attr, *callid;
	uint32_t branch_flags;
	int cseq; /* 0 = 1 */
} bound;

/* @return the code of the response. */
BINDINGS int bind(kit *k, const char *aor, bound b)
{
	phone p = { .aor = aor, .contact = b.contact, .callid = b.callid, .cseq = b.cseq ? b.cseq : 1 };
	rg_response *response = NULL;
	rg_request r;

	kit_request(&p, &r);
	if (b.contact && strstr(b.contact, "sips:"))
		r.request_uri = RG_STR("sips:example.org");
	r.received = rg_str_from(b.received);
	r.flow = rg_str_from(b.flow);
	r.attr = rg_str_from(b.attr);
	r.branch_flags = b.branch_flags;
	r.flags |= b.branch_flags ? RG_REQUEST_HAS_BRANCH_FLAGS : 0;
	cr_assert_eq(rg_save(k->reg, &r, NULL, &response, NULL), RG_OK);
	int code = rg_response_code(response);
	rg_response_free(response);
	return code;
}

BINDINGS void stored(void *tok, rg_status status, const rg_fetched *current)
{
	(void)current;
	*(rg_status *)tok = status;
}

/* Puts a record into the memory store behind the registrar's back; the next hop is that of the one function there is for it. */
BINDINGS void put_path(kit *k, const char *user, const char *contact, const char *received, const char *path)
{
	rg_key key = { RG_STR("location"), rg_str_from(user), RG_STR("example.org") };
	rg_commit commit = { .struct_size = sizeof commit, .revision = { { 1, 2, 3 } } };
	rg_status status = RG_PENDING;
	rg__buf tag = { 0 };
	rg_record *record;
	rg_contact c = { .struct_size = sizeof c };
	rg_str host;
	rg__uri uri;

	rg_contact_init(&c, sizeof c);
	c.id = c.generation = 1;
	c.uri = rg_str_from(contact);
	c.received = rg_str_from(received);
	c.path = rg_str_from(path);
	c.callid = RG_STR("c1");
	c.created = c.modified = k->now;
	c.expires = k->now + 3600000;
	cr_assert_eq(rg__uri_parse(rg__hop_uri(c.path, c.received, c.uri), &uri), RG_OK);
	rg__hop_tag(&uri, &tag, &host);
	c.next_hop = (rg_str){ tag.p, tag.n };
	cr_assert_eq(rg_record_new(&key, &commit.revision, &c, 1, NULL, 0, RG__ABSENT, &record), RG_OK);
	commit.next = record;
	cr_assert_eq(k->memory->ops.commit(k->memory->self, &key, &commit, 0, stored, &status), RG_OK);
	cr_assert_eq(status, RG_OK);
	rg_record_unref(record);
	rg__buf_free(&tag);
}

/* The live bindings of an AoR, each by the octet behind the scheme of its URI. */
BINDINGS const char *left(kit *k, const char *aor, char room[32])
{
	rg_answer *answer = NULL;
	uint32_t n = 0;
	rg_contact c = { .struct_size = sizeof c };
	rg_query q;

	rg_query_init(&q, sizeof q);
	q.aor = rg_str_from(aor);
	cr_assert_eq(rg_is_registered(k->reg, &q, &answer, NULL), RG_OK);
	for (; n < 31 && rg_answer_contact(answer, n, &c) == RG_OK; n++)
		room[n] = ((const char *)memchr(c.uri.p, ':', c.uri.n))[1];
	room[n] = '\0';
	rg_answer_free(answer);
	return room;
}

#endif
