/* SPDX-License-Identifier: MIT */
/*
 * What a Redis server sends, through the reader of the connections, as the answer to each operation. What a fetch or a conflict hands out
 * is of the key that was asked; a page of a domain has no key of another one, and no page has more keys than its limit. The first byte says in
 * pieces of which size the rest comes.
 */
#include "links.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4, LIMIT = 8, REPLIES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const rg_key asked = { { "location", 8 }, { "user1234567", 11 }, { "example.test", 12 } };

static struct {
	uint32_t n, calls;
	rg__redis_reply_cb done;
	void *user;
} flight;

static void must(int holds)
{
	if (!holds)
		abort();
}

void __wrap_rg__redis_kick(rg__redis *r);
void __wrap_rg__redis_kick(rg__redis *r)
{
	(void)r;
}

void __wrap_rg__redis_schema_seen(rg__redis *r, const redisReply *reply);
void __wrap_rg__redis_schema_seen(rg__redis *r, const redisReply *reply)
{
	(void)r, (void)reply;
}

rg_status __wrap_rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok);
rg_status __wrap_rg__redis_send(rg__redis *r, uint32_t verb, uint32_t flags, bool writes, const rg__redis_command *commands, uint32_t n,
	rg__redis_reply_cb done, void *user, void *tok)
{
	(void)r, (void)verb, (void)flags, (void)writes, (void)commands, (void)tok;
	flight.n = n;
	flight.done = done;
	flight.user = user;
	return RG_PENDING;
}

static void on_fuzzed(void *tok, rg_status status, const rg_fetched *found)
{
	(void)tok;
	rg_key own;

	flight.calls++;
	must(status <= 0 && (found || (status != RG_ECONFLICT)));
	if (!found || !found->record)
		return;
	rg_record_key(found->record, &own);
	must(rg_key_equal(&own, &asked) && rg_revision_equal(&found->base, rg_record_revision(found->record)));
	rg_record_unref(found->record);
}

static void on_fuzzed_page(void *tok, rg_status status, const rg_keys *page)
{
	const rg_str *domain = tok;

	flight.calls++;
	must(status <= 0 && (status == RG_OK) == (page != NULL) && (!page || page->n <= LIMIT));
	for (uint32_t i = 0; page && i < page->n; i++)
		must(!domain || rg_str_equal(page->keys[i].domain, *domain));
}

static void answer_all(const redisReply *reply)
{
	flight.calls = 0;
	for (uint32_t i = 0, n = flight.n; i < n; i++)
		flight.done(flight.user, i, RG_OK, reply);
	must(flight.calls == 1);
}

static void answer_each(rg__redis *r, const redisReply *reply)
{
	const rg_str start = { NULL, 0 }, tag = RG_STR("192.0.2.1:5060");
	rg_str domain = asked.domain;
	rg_commit removal = { .struct_size = sizeof removal, .base = { { 1 } }, .revision = { { 2 } } };

	must(rg__redis_fetch(r, &asked, RG_FETCH_FRESH, on_fuzzed, NULL) == RG_PENDING);
	answer_all(reply);
	must(rg__redis_commit(r, &asked, &removal, 0, on_fuzzed, NULL) == RG_PENDING);
	answer_all(reply);
	must(rg__redis_find(r, &domain, &tag, &start, LIMIT, 0, on_fuzzed_page, &domain) == RG_PENDING);
	answer_all(reply);
	must(rg__redis_scan(r, &domain, &start, LIMIT, 0, on_fuzzed_page, &domain) == RG_PENDING);
	answer_all(reply);
	rg__redis_ops_emptied(r);
	must(rg__redis_due(r, 1700000000000, &start, LIMIT, 0, on_fuzzed_page, NULL) == RG_PENDING);
	answer_all(reply);
}

static void read_replies(rg__redis *r, redisReader *reader, const uint8_t *data, size_t size, size_t piece)
{
	uint32_t replies = 0;

	for (size_t at = 0; at < size && replies < REPLIES; at += piece) {
		void *reply = NULL;

		if (redisReaderFeed(reader, (const char *)data + at, size - at < piece ? size - at : piece) != REDIS_OK)
			return;
		while (replies < REPLIES && redisReaderGetReply(reader, &reply) == REDIS_OK && reply) {
			answer_each(r, reply);
			rg__redis_link_free_reply(reply);
			reply = NULL;
			replies++;
		}
		if (reader->err)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg__redis r = { .schema = RG_STR("{p}:schema"), .url = { .prefix = RG_STR("p"), .buckets = BUCKETS, .cache = 4096 } };
	redisContext context = { .reader = redisReaderCreate() };
	rg__redis_link *l = calloc(1, sizeof *l);

	must(l && context.reader && rg__redis_ops_new(&r) == RG_OK);
	l->store = &r;
	l->context = &context;
	must(rg__redis_prepare_reader(l));
	if (size > 0)
		read_replies(&r, context.reader, data + 1, size - 1, data[0] ? data[0] : SIZE_MAX / 2);
	redisReaderFree(context.reader);
	rg__redis_ops_free(&r);
	free(l);
	return 0;
}
