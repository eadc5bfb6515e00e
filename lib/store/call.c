/* SPDX-License-Identifier: MIT */
#include "store/call.h"
#include <stdlib.h>

/* Whoever moves the state second goes on with the operation: the caller that finds ARRIVED, or the answer that finds PARKED. */
enum { CALLING, PARKED, WAITED_FOR, ARRIVED };

void rg__call_init(rg__call *call, rg_store *store, void (*resume)(rg__call *call))
{
	call->resume = resume;
	call->store = store;
	call->blocking = false;
	call->for_blocking = false;
	atomic_init(&call->state, CALLING);
	atomic_init(&call->kind, RG__CALL_FETCH);
	atomic_init(&call->token, NULL);
	call->found.record = NULL;
	call->has_current = false;
	call->page.keys = NULL;
}

void rg__page_clear(rg__page *page)
{
	if (!page->keys)
		return; /* most operations have none */
	free(page->keys);
	*page = (rg__page){ 0 };
}

static char *put(char *at, rg_str from, rg_str *to)
{
	*to = (rg_str){ from.p ? at : NULL, from.n };
	if (from.n)
		memcpy(at, from.p, from.n);
	return at + from.n;
}

static rg_status page_copy(const rg_keys *from, rg__page *to)
{
	size_t room = sizeof *to->keys * from->n + from->cursor.n + 1;

	for (uint32_t i = 0; i < from->n; i++)
		room += from->keys[i].domain.n + from->keys[i].user.n + from->keys[i].host.n;
	to->keys = malloc(room);
	if (!to->keys)
		return RG_ENOMEM;
	char *at = (char *)(to->keys + from->n);
	for (uint32_t i = 0; i < from->n; i++) {
		at = put(at, from->keys[i].domain, &to->keys[i].domain);
		at = put(at, from->keys[i].user, &to->keys[i].user);
		at = put(at, from->keys[i].host, &to->keys[i].host);
	}
	put(at, from->cursor, &to->cursor);
	to->n = from->n;
	to->next = from->next;
	return RG_OK;
}

static void breach(rg_store *store)
{
	atomic_fetch_add_explicit(&store->breaches, 1, memory_order_relaxed);
}

/* What a status stands for that is none: of a commit, nobody knows whether it happened. */
static rg_status nonsense(rg__call *call)
{
	breach(call->store);
	return atomic_load_explicit(&call->kind, memory_order_relaxed) == RG__CALL_COMMIT ? RG_EUNKNOWN : RG_ECONTRACT;
}

/* Whose answer it is; NULL if it is refused. An inline store answers within the call, so its token is the call itself. */
static rg__call *claim(void *token, bool inline_store)
{
	void *call = token;

	if (!inline_store)
		return rg__slot_spend(token, &call) ? call : NULL;
	if (atomic_load_explicit(&((rg__call *)call)->state, memory_order_relaxed) != ARRIVED)
		return call;
	breach(((rg__call *)call)->store);
	return NULL;
}

static void arrive(rg__call *call, bool inline_store)
{
	if (inline_store)
		atomic_store_explicit(&call->state, ARRIVED, memory_order_relaxed);
	else if (atomic_exchange(&call->state, ARRIVED) == PARKED)
		call->resume(call);
}

/* What a store knows of the struct; never less than its first version had. */
static void take_fetched(rg__call *call, const rg_fetched *found)
{
	enum { FIRST_SIZE = offsetof(rg_fetched, local_base) };

	if (found->struct_size >= sizeof *found) {
		call->found = *found;
		return;
	}
	call->found = (rg_fetched){ 0 };
	memcpy(&call->found, found, found->struct_size > FIRST_SIZE ? found->struct_size : FIRST_SIZE);
}

static void fetched(void *token, rg_status status, const rg_fetched *found, bool inline_store)
{
	rg__call *call = claim(token, inline_store);

	if (!call || status != RG_OK || !found) {
		if (found)
			rg_record_unref(found->record);
		if (!call)
			return;
		call->status = status < 0 ? status : nonsense(call);
	} else {
		take_fetched(call, found);
		call->status = RG_OK;
	}
	arrive(call, inline_store);
}

static void fetched_inline(void *token, rg_status status, const rg_fetched *found)
{
	fetched(token, status, found, true);
}

static void fetched_later(void *token, rg_status status, const rg_fetched *found)
{
	fetched(token, status, found, false);
}

static void committed(void *token, rg_status status, const rg_fetched *current, bool inline_store)
{
	rg__call *call = claim(token, inline_store);
	bool useful = call && status == RG_ECONFLICT && current;

	if (current && !useful)
		rg_record_unref(current->record);
	if (!call)
		return;
	call->has_current = useful;
	if (useful)
		take_fetched(call, current);
	call->status = status <= 0 ? status : nonsense(call);
	arrive(call, inline_store);
}

static void committed_inline(void *token, rg_status status, const rg_fetched *current)
{
	committed(token, status, current, true);
}

static void committed_later(void *token, rg_status status, const rg_fetched *current)
{
	committed(token, status, current, false);
}

static void paged(void *token, rg_status status, const rg_keys *page, bool inline_store)
{
	rg__call *call = claim(token, inline_store);

	if (!call)
		return;
	if (status == RG_OK && page)
		call->status = page_copy(page, &call->page);
	else
		call->status = status < 0 ? status : nonsense(call);
	arrive(call, inline_store);
}

static void paged_inline(void *token, rg_status status, const rg_keys *page)
{
	paged(token, status, page, true);
}

static void paged_later(void *token, rg_status status, const rg_keys *page)
{
	paged(token, status, page, false);
}

static void counted(void *token, rg_status status, uint64_t records, uint64_t bindings, bool inline_store)
{
	rg__call *call = claim(token, inline_store);

	if (!call)
		return;
	call->status = status <= 0 ? status : nonsense(call);
	call->records = records;
	call->bindings = bindings;
	arrive(call, inline_store);
}

static void counted_inline(void *token, rg_status status, uint64_t records, uint64_t bindings)
{
	counted(token, status, records, bindings, true);
}

static void counted_later(void *token, rg_status status, uint64_t records, uint64_t bindings)
{
	counted(token, status, records, bindings, false);
}

/* The token for a new call; NULL: out of memory. */
static void *begin(rg__call *call, int kind)
{
	atomic_store_explicit(&call->state, CALLING, memory_order_relaxed);
	atomic_store_explicit(&call->kind, kind, memory_order_relaxed);
	call->has_current = false;
	if (!call->store->slots)
		return call;
	void *token = rg__slot_take(call->store->slots, call);

	atomic_store(&call->token, token);
	return token;
}

/* What came of it, given what the member returned. After RG_PENDING the call may be another thread's. */
static rg_status settle(rg__call *call, void *token, rg_status status)
{
	int calling = CALLING;

	if (!call->store->slots) {
		if (atomic_load_explicit(&call->state, memory_order_relaxed) == ARRIVED)
			return call->status;
		return status < 0 ? status : nonsense(call);
	}
	if (status != RG_PENDING && rg__slot_drop(token))
		return status < 0 ? status : nonsense(call);
	if (status < 0)
		breach(call->store); /* said that it would not answer, and answered */
	if (atomic_compare_exchange_strong(&call->state, &calling, call->blocking ? WAITED_FOR : PARKED))
		return RG_PENDING;
	return call->status;
}

static uint32_t with_blocking(const rg__call *call, uint32_t flags)
{
	return call->store->slots && (call->blocking || call->for_blocking) ? flags | RG_OP_BLOCKING : flags;
}

rg_status rg__call_fetch(rg__call *call, const rg_key *key, uint32_t flags)
{
	rg_store *s = call->store;
	void *token = begin(call, RG__CALL_FETCH);

	if (!token)
		return RG_ENOMEM;
	return settle(call, token, s->ops.fetch(s->self, key, with_blocking(call, flags), s->slots ? fetched_later : fetched_inline, token));
}

rg_status rg__call_commit(rg__call *call, const rg_key *key, const rg_commit *commit)
{
	rg_store *s = call->store;
	void *token = begin(call, RG__CALL_COMMIT);

	if (!token)
		return RG_ENOMEM;
	return settle(call, token,
		s->ops.commit(s->self, key, commit, with_blocking(call, 0), s->slots ? committed_later : committed_inline, token));
}

rg_status rg__call_due(rg__call *call, rg_time now, rg_str cursor, uint32_t limit)
{
	rg_store *s = call->store;
	void *token = begin(call, RG__CALL_PAGE);

	if (!token)
		return RG_ENOMEM;
	return settle(call, token,
		s->ops.due(s->self, now, cursor, limit, with_blocking(call, 0), s->slots ? paged_later : paged_inline, token));
}

rg_status rg__call_find(rg__call *call, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit)
{
	rg_store *s = call->store;
	void *token = begin(call, RG__CALL_PAGE);

	if (!token)
		return RG_ENOMEM;
	return settle(call, token,
		s->ops.find(s->self, domain, tag, cursor, limit, with_blocking(call, 0), s->slots ? paged_later : paged_inline, token));
}

rg_status rg__call_scan(rg__call *call, rg_str domain, rg_str cursor, uint32_t limit)
{
	rg_store *s = call->store;
	void *token = begin(call, RG__CALL_PAGE);

	if (!token)
		return RG_ENOMEM;
	return settle(call, token,
		s->ops.scan(s->self, domain, cursor, limit, with_blocking(call, 0), s->slots ? paged_later : paged_inline, token));
}

rg_status rg__call_count(rg__call *call, rg_str domain)
{
	rg_store *s = call->store;
	void *token = s->ops.count ? begin(call, RG__CALL_COUNT) : NULL;

	call->page = (rg__page){ 0 }; /* a walk over domains takes it for a page */
	if (!token)
		return s->ops.count ? RG_ENOMEM : RG_ENOTSUP;
	return settle(call, token, s->ops.count(s->self, domain, with_blocking(call, 0), s->slots ? counted_later : counted_inline, token));
}

rg_status rg__call_wait(rg__call *call, int32_t timeout_ms)
{
	rg_store *s = call->store;

	if (s->ops.wait && atomic_load(&call->state) != ARRIVED)
		s->ops.wait(s->self, atomic_load(&call->token), timeout_ms);
	return atomic_load(&call->state) == ARRIVED ? RG_OK : RG_ETIMEOUT;
}

bool rg__call_park(rg__call *call)
{
	int waited_for = WAITED_FOR;

	return atomic_compare_exchange_strong(&call->state, &waited_for, PARKED);
}

void rg__call_cancel(rg__call *call, bool commit)
{
	void *token = atomic_load(&call->token);
	/* Whoever goes on with the operation may be at another store already: a token is told to the one that has it. */
	rg_store *s = token ? rg__slot_owner(token) : NULL;

	if (!s || !s->ops.cancel || atomic_load(&call->state) == ARRIVED)
		return;
	if (commit || atomic_load(&call->kind) != RG__CALL_COMMIT)
		s->ops.cancel(s->self, token);
}
