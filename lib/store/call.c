/* SPDX-License-Identifier: MIT */
#include "store/call.h"
#include <stdlib.h>

/* The side that moves the state second continues the operation: the caller that finds ARRIVED, or the answer that finds PARKED. */
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

static char *copy_slice(char *at, rg_str from, rg_str *to)
{
	*to = (rg_str){ from.p ? at : NULL, from.n };
	if (from.n)
		memcpy(at, from.p, from.n);
	return at + from.n;
}

static bool is_page(const rg_keys *page)
{
	return rg__shape_fits(&rg__keys_shape, page) && (page->n == 0 || page->keys);
}

static rg_status copy_page(const rg_keys *from, rg__page *to)
{
	size_t room = sizeof *to->keys * from->n + from->cursor.n + 1;

	for (uint32_t i = 0; i < from->n; i++)
		room += from->keys[i].domain.n + from->keys[i].user.n + from->keys[i].host.n;
	to->keys = malloc(room);
	if (!to->keys)
		return RG_ENOMEM;
	char *at = (char *)(to->keys + from->n);
	for (uint32_t i = 0; i < from->n; i++) {
		at = copy_slice(at, from->keys[i].domain, &to->keys[i].domain);
		at = copy_slice(at, from->keys[i].user, &to->keys[i].user);
		at = copy_slice(at, from->keys[i].host, &to->keys[i].host);
	}
	copy_slice(at, from->cursor, &to->cursor);
	to->n = from->n;
	to->next = from->next;
	return RG_OK;
}

static void count_breach(rg_store *store)
{
	atomic_fetch_add_explicit(&store->breaches, 1, memory_order_relaxed);
}

static int kind_of(const rg__call *call)
{
	return atomic_load_explicit(&call->kind, memory_order_relaxed);
}

/* The status of an answer that breaks the contract. After such an answer to a commit, the commit may or may not have happened. */
static rg_status breached(rg__call *call)
{
	count_breach(call->store);
	return kind_of(call) == RG__CALL_COMMIT ? RG_EUNKNOWN : RG_ECONTRACT;
}

/* False: the size of the struct is refused. What it says is then not read, so a record in it is not released. */
static inline bool read_found(const rg_fetched *found, rg_fetched *out)
{
	if (found->struct_size != sizeof *found)
		return rg__shape_take(&rg__fetched_shape, found, out);
	*out = *found;
	return true;
}

/* The record goes to the call if it is wanted, and is released otherwise. True: the call has it. */
static inline bool keep_found(rg__call *call, const rg_fetched *found, bool wanted)
{
	rg_fetched unwanted;

	if (!found)
		return false;
	if (call && wanted)
		return read_found(found, &call->found);
	if (read_found(found, &unwanted))
		rg_record_unref(unwanted.record);
	return false;
}

/* The call that a token stands for; NULL if the answer is refused. An inline store answers within the call: its token is the call. */
static inline rg__call *claim(void *token)
{
	rg__call *inside = token;
	void *call;

	if (rg__slot_is_token(token))
		return rg__slot_spend(token, &call) ? call : NULL;
	if (atomic_load_explicit(&inside->state, memory_order_relaxed) != ARRIVED)
		return inside;
	count_breach(inside->store);
	return NULL;
}

/* Every answer of a store ends here. @p complete: it has what RG_OK promises. */
static inline void answer_arrived(rg__call *call, const void *token, rg_status status, bool complete)
{
	call->status = status < 0 || (status == RG_OK && complete) ? status : breached(call);
	if (token == call)
		atomic_store_explicit(&call->state, ARRIVED, memory_order_relaxed);
	else if (atomic_exchange(&call->state, ARRIVED) == PARKED)
		call->resume(call);
}

static void fetch_arrived(void *token, rg_status status, const rg_fetched *found)
{
	rg__call *call = claim(token);
	bool has_found = keep_found(call, found, status == RG_OK);

	if (call)
		answer_arrived(call, token, status, has_found);
}

static void commit_arrived(void *token, rg_status status, const rg_fetched *current)
{
	rg__call *call = claim(token);
	bool has_current = keep_found(call, current, status == RG_ECONFLICT);

	if (!call)
		return;
	call->has_current = has_current;
	answer_arrived(call, token, status, true);
}

static void page_arrived(void *token, rg_status status, const rg_keys *page)
{
	rg__call *call = claim(token);

	if (call)
		answer_arrived(call, token, status == RG_OK && is_page(page) ? copy_page(page, &call->page) : status, is_page(page));
}

static void count_arrived(void *token, rg_status status, uint64_t records, uint64_t bindings)
{
	rg__call *call = claim(token);

	if (!call)
		return;
	call->records = records;
	call->bindings = bindings;
	answer_arrived(call, token, status, true);
}

/* Takes the token of a new call. NULL: out of memory. */
static void *begin_call(rg__call *call, int kind)
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

/* The result of a call, given the status that the member returned. After RG_PENDING another thread may continue the operation. */
static rg_status end_call(rg__call *call, void *token, rg_status status)
{
	int calling = CALLING;

	if (!call->store->slots) {
		if (atomic_load_explicit(&call->state, memory_order_relaxed) == ARRIVED)
			return call->status;
		return status < 0 ? status : breached(call);
	}
	if (status != RG_PENDING && rg__slot_drop(token))
		return status < 0 ? status : breached(call);
	if (status < 0)
		count_breach(call->store); /* it reported an error and answered all the same */
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
	const rg_store *s = call->store;
	void *t = begin_call(call, RG__CALL_FETCH);

	return t ? end_call(call, t, s->ops.fetch(s->self, key, with_blocking(call, flags), fetch_arrived, t)) : RG_ENOMEM;
}

rg_status rg__call_commit(rg__call *call, const rg_key *key, const rg_commit *commit)
{
	const rg_store *s = call->store;
	void *t = begin_call(call, RG__CALL_COMMIT);

	return t ? end_call(call, t, s->ops.commit(s->self, key, commit, with_blocking(call, 0), commit_arrived, t)) : RG_ENOMEM;
}

rg_status rg__call_due(rg__call *call, rg_time now, rg_str cursor, uint32_t limit)
{
	const rg_store *s = call->store;
	void *t = begin_call(call, RG__CALL_PAGE);

	return t ? end_call(call, t, s->ops.due(s->self, now, &cursor, limit, with_blocking(call, 0), page_arrived, t)) : RG_ENOMEM;
}

rg_status rg__call_find(rg__call *call, rg_str domain, rg_str tag, rg_str cursor, uint32_t limit)
{
	const rg_store *s = call->store;
	void *t = begin_call(call, RG__CALL_PAGE);

	return t ? end_call(call, t, s->ops.find(s->self, &domain, &tag, &cursor, limit, with_blocking(call, 0), page_arrived, t)) : RG_ENOMEM;
}

rg_status rg__call_scan(rg__call *call, rg_str domain, rg_str cursor, uint32_t limit)
{
	const rg_store *s = call->store;
	void *t = begin_call(call, RG__CALL_PAGE);

	return t ? end_call(call, t, s->ops.scan(s->self, &domain, &cursor, limit, with_blocking(call, 0), page_arrived, t)) : RG_ENOMEM;
}

rg_status rg__call_count(rg__call *call, rg_str domain)
{
	const rg_store *s = call->store;

	/* The statistics walk with a count in the place of a page, so the machine reads the page. rg__call_init() sets `keys` alone, to keep
	 * every other operation short. */
	call->page = (rg__page){ 0 };
	if (!s->ops.count)
		return RG_ENOTSUP;
	void *t = begin_call(call, RG__CALL_COUNT);

	return t ? end_call(call, t, s->ops.count(s->self, &domain, with_blocking(call, 0), count_arrived, t)) : RG_ENOMEM;
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
	/* Meanwhile another thread may have sent the operation to another store, so the token says which store has it. */
	rg_store *s = token ? rg__slot_owner(token) : NULL;

	if (!s || !s->ops.cancel || atomic_load(&call->state) == ARRIVED)
		return;
	if (commit || atomic_load(&call->kind) != RG__CALL_COMMIT)
		s->ops.cancel(s->self, token);
}
