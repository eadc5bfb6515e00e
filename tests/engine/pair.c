/* SPDX-License-Identifier: MIT */
#include "pair.h"

const rg_key pair_alice = { { "location", 8 }, { "alice", 5 }, { "example.org", 11 } };

void pair_open_of(pair *p, int how, const rg_memory_options *local)
{
	*p = (pair){ .of_main = { .calls = 0, .times = 0, .status = RG_ESTORE }, .of_local = { .calls = 0, .times = 0, .status = RG_ENOMEM } };
	kit_init(&p->k);
	p->main = p->k.memory;
	cr_assert_eq(rg_memory_store_new(local, &p->local, NULL), RG_OK);
	rg_store *overlay = NULL, *main = faulty_new(p->main, &p->of_main), *own = faulty_new(p->local, &p->of_local);
	if (how == DEFERRED) {
		rg_store *inner = main;

		main = deferred_new(inner, &p->k.deferred);
		rg_store_unref(inner);
	}
	cr_assert_eq(rg_store_overlay(main, own, &overlay, NULL), RG_OK);
	rg_store_unref(main);
	rg_store_unref(own);
	kit_open_over(&p->k, overlay);
	kit_listen(&p->k);
	cr_assert_eq(rg_save_options_new(RG_STR("memory-only"), &p->memory_only, NULL), RG_OK);
}

void pair_open(pair *p, int how)
{
	pair_open_of(p, how, NULL);
}

void pair_close(pair *p)
{
	rg_save_options_unref(p->memory_only);
	kit_close(&p->k);
	rg_store_unref(p->local);
}

int pair_save(pair *p, const char *contact, int cseq, bool memory_only)
{
	phone ph = { .aor = "alice", .contact = contact, .cseq = cseq };
	rg_request request;
	rg_response *response = NULL;

	kit_request(&ph, &request);
	if (contact && contact[0] == '*')
		request.expires = RG_STR("0");
	rg_status st = rg_save(p->k.reg, &request, memory_only ? p->memory_only : NULL, &response, NULL);
	int code = response ? rg_response_code(response) : st;
	rg_response_free(response);
	return code;
}

typedef struct held {
	uint64_t records, bindings;
} held;

static void on_count(void *tok, rg_status status, uint64_t records, uint64_t bindings)
{
	cr_expect_eq(status, RG_OK);
	*(held *)tok = (held){ records, bindings };
}

int pair_bindings(rg_store *store)
{
	held h = { 99, 99 };
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);

	cr_expect_eq(ops->count(self, &RG_STR("location"), 0, on_count, &h), RG_OK);
	return (int)h.bindings;
}

static void on_fetch(void *tok, rg_status status, const rg_fetched *found)
{
	cr_expect_eq(status, RG_OK);
	if (found)
		*(rg_fetched *)tok = *found;
}

rg_fetched pair_fetch(rg_store *store)
{
	rg_fetched f = { 0 };
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);

	cr_expect_eq(ops->fetch(self, &pair_alice, RG_FETCH_FRESH, on_fetch, &f), RG_OK);
	return f;
}

bool pair_holds(rg_store *store)
{
	rg_record *record = pair_fetch(store).record;

	rg_record_unref(record);
	return record != NULL;
}

void pair_fail_main(pair *p, uint32_t calls, int times, rg_status status, bool lands)
{
	p->of_main.calls = calls;
	p->of_main.after = 0;
	p->of_main.times = times;
	p->of_main.status = status;
	p->of_main.lands = lands;
}

void pair_fail_local(pair *p, int times, rg_status status)
{
	p->of_local.calls = CALL_COMMIT;
	p->of_local.times = times;
	p->of_local.status = status;
}

void pair_tick(pair *p, int times, rg_time step)
{
	for (int i = 0; i < times; i++) {
		p->k.now += step;
		kit_tick(&p->k);
		if (p->k.deferred)
			deferred_answer_all(p->k.deferred);
	}
}

static void ignore_commit(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	if (current)
		rg_record_unref(current->record);
}

rg_status pair_put(rg_store *store, uint8_t revision, uint64_t id, const char *uri, size_t padding, rg_time expires)
{
	rg_commit c = { .struct_size = sizeof c, .revision.b = { revision } };
	char *path = calloc(1, padding + 1);
	rg_record *record = NULL;
	rg_status st = RG_EINVAL;
	rg_contact b = { .struct_size = sizeof b };
	void *self;
	const rg_store_ops *ops = rg_store_members(store, &self);

	memset(path, 'a' + revision, padding);
	rg_contact_init(&b, sizeof b);
	b.id = id;
	b.uri = rg_str_from(uri);
	b.callid = RG_STR("by hand");
	b.attr = (rg_str){ path, padding };
	b.expires = expires;
	cr_assert_eq(rg_record_new(&pair_alice, &c.revision, &b, 1, NULL, 0, (rg_str){ NULL, 0 }, &record), RG_OK);
	c.next = record;
	cr_expect_eq(ops->commit(self, &pair_alice, &c, 0, ignore_commit, &st), RG_OK);
	rg_record_unref(record);
	free(path);
	return st;
}

rg_status pair_look_up(pair *p, int32_t *partial, int32_t *code)
{
	rg_targets *targets = NULL;
	rg_request request;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	rg_status st = rg_lookup(p->k.reg, &request, NULL, &targets, NULL);
	*partial = rg_targets_partial(targets);
	*code = rg_targets_code(targets);
	rg_targets_free(targets);
	return st;
}

void pair_open_with_two(pair *p, int how)
{
	pair_open(p, how);
	cr_expect_eq(pair_save(p, A1, 1, true), 200);
	cr_expect_eq(pair_save(p, A2, 2, false), 200);
	p->k.events[0] = 0;
}
