/* SPDX-License-Identifier: MIT */
/* Several calls at once: the records of all their users are prefetched before the first call is answered. */
#include "wire/wire.h"
#include <stdatomic.h>
#include <stdlib.h>

/* The calls whose records are prefetched at once. With more, the first records leave the caches before they are used. */
enum { CALLS_AHEAD = 32 };

/* The octets in which the user is looked for, since the limits of the message are not checked yet. To stands there in nearly all messages. */
enum { LOOKED_AT = 4096 };

static const uint32_t many_sizes[] = { sizeof(rg_wire_call) };

static rg_wire_call *call_at(rg_wire_call *calls, uint32_t size, uint32_t i)
{
	return (rg_wire_call *)(void *)((char *)calls + (size_t)i * size);
}

/* What is wrong with the calls as a whole; NULL = nothing. */
static const char *fault_of_many(const rg_registrar *registrar, rg_wire_call *calls, uint32_t n)
{
	if (!registrar)
		return "registrar is NULL";
	if (n > 0 && !calls)
		return "calls is NULL";
	for (uint32_t i = 0; i < n; i++) {
		const rg_wire_call *call = call_at(calls, calls->struct_size, i);

		if (call->struct_size != calls->struct_size || !rg_struct_fits(call, many_sizes, 1))
			return "rg_wire_call.struct_size is no size that this library knows: call rg_wire_call_init() for each call";
	}
	return NULL;
}

/* The value of To in a whole message. It is wanted for a hint, which nothing depends on, so a value that is folded or malformed is passed on
 * as it is. */
static rg_str find_to(rg_str bytes)
{
	const char *end = bytes.p + bytes.n, *p = bytes.p;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL && end - ++p > 3 && *p != '\r') {
		const char *colon = p + ((p[1] | 0x20) == 'o' ? 2 : 1);

		if ((*p | 0x20) != 't')
			continue;
		while (colon < end && (*colon == ' ' || *colon == '\t'))
			colon++;
		if (colon == end || *colon != ':')
			continue;
		const char *lf = memchr(colon, '\n', (size_t)(end - colon));
		return rg__wire_trim((rg_str){ colon + 1, (size_t)((lf ? lf : end) - colon - 1) });
	}
	return RG__WIRE_NONE;
}

/* What names the AoR of a call: To of a REGISTER, the Request-URI of another request. Absent: the call asks the store for nothing. */
static rg_str aor_of_call(const rg_wire_call *call)
{
	rg_str bytes = call->bytes;

	if (call->host && call->host->struct_size >= sizeof *call->host && call->host->aor.p)
		return call->host->aor;
	while (bytes.n > 1 && bytes.p[0] == '\r' && bytes.p[1] == '\n')
		bytes.p += 2, bytes.n -= 2;
	bytes.n = bytes.n < LOOKED_AT ? bytes.n : LOOKED_AT;
	if (bytes.n > 9 && memcmp(bytes.p, "REGISTER ", 9) == 0)
		return find_to(bytes);
	bool looked_up = call->flags != 0 && bytes.n > 4 && memcmp(bytes.p, "SIP/", 4) != 0;
	const char *uri = looked_up ? memchr(bytes.p, ' ', bytes.n) : NULL;
	if (!uri++)
		return RG__WIRE_NONE;
	const char *space = memchr(uri, ' ', (size_t)(bytes.p + bytes.n - uri));
	return space ? (rg_str){ uri, (size_t)(space - uri) } : RG__WIRE_NONE;
}

static rg_str domain_of_call(const rg_wire_call *call)
{
	return call->host && call->host->struct_size >= sizeof *call->host ? call->host->domain : RG__WIRE_NONE;
}

/* Prefetches the records of @p n calls, with one hint for consecutive calls of one domain. */
static void prefetch_calls(rg_registrar *registrar, rg_wire_call *calls, uint32_t size, uint32_t n)
{
	rg_str aors[CALLS_AHEAD], domain = domain_of_call(calls);
	uint32_t n_aors = 0;

	for (uint32_t i = 0; i < n; i++) {
		const rg_wire_call *call = call_at(calls, size, i);

		if (!rg_str_equal(domain, domain_of_call(call))) {
			rg_prefetch_aors(registrar, domain, aors, n_aors);
			domain = domain_of_call(call);
			n_aors = 0;
		}
		aors[n_aors++] = aor_of_call(call);
	}
	rg_prefetch_aors(registrar, domain, aors, n_aors);
}

/* Before call @p i: prefetches the records of the next calls, unless there is only one. */
static void look_ahead(rg_registrar *registrar, rg_wire_call *calls, uint32_t size, uint32_t i, uint32_t n)
{
	uint32_t ahead = n - i < CALLS_AHEAD ? n - i : CALLS_AHEAD;

	if (i % CALLS_AHEAD == 0 && ahead > 1)
		prefetch_calls(registrar, call_at(calls, size, i), size, ahead);
}

rg_status rg_wire_handle_many(rg_registrar *registrar, rg_wire_call *calls, uint32_t n, rg_error *why)
{
	const char *fault = fault_of_many(registrar, calls, n);

	if (fault)
		return rg_error_set(why, RG_EINVAL, rg_str_from(fault));
	for (uint32_t i = 0; i < n; i++) {
		look_ahead(registrar, calls, calls->struct_size, i, n);
		rg_wire_handle(registrar, call_at(calls, calls->struct_size, i), why);
	}
	return RG_OK;
}

/* The user data of calls under way. */
typedef struct many_calls {
	atomic_size_t users; /* calls that are not over, and one for those that have not begun */
	rg_wire_cb done;
	void *user;
	rg_free_cb free_user;
} many_calls;

static void one_done(void *user, rg_wire_call *call)
{
	const many_calls *many = user;

	many->done(many->user, call);
}

static void one_over(void *user)
{
	many_calls *many = user;

	if (atomic_fetch_sub_explicit(&many->users, 1, memory_order_acq_rel) != 1)
		return;
	if (many->free_user)
		many->free_user(many->user);
	free(many);
}

/* Of a call that could not begin: rg_wire_handle_async() may have failed before it set any result. */
static void fail_call(many_calls *many, rg_wire_call *call, rg_status status)
{
	call->n = 0;
	call->status = status;
	call->code = 0;
	call->targets = NULL;
	call->to = (rg_addr){ 0 };
	one_done(many, call);
	one_over(many);
}

/* What is begun may be answered, and its call used for something else, before the next one begins. */
static rg_status begin_many(rg_registrar *registrar, rg_wire_call *calls, uint32_t n, many_calls *many, rg_error *why)
{
	const uint32_t size = n > 0 ? calls->struct_size : 0;
	rg_status result = RG_OK;

	for (uint32_t i = 0; i < n; i++) {
		rg_wire_call *call = call_at(calls, size, i);

		look_ahead(registrar, calls, size, i, n);
		rg_status status = rg_wire_handle_async(registrar, call, one_done, many, one_over, NULL, why);
		if (status == RG_PENDING)
			result = RG_PENDING;
		if (status < 0)
			fail_call(many, call, status);
	}
	return result;
}

rg_status rg_wire_handle_many_async(rg_registrar *registrar, rg_wire_call *calls, uint32_t n, rg_wire_cb done, void *user,
	rg_free_cb free_user, rg_error *why)
{
	const char *fault = done ? fault_of_many(registrar, calls, n) : "done is NULL";

	if (fault)
		return rg_error_set(why, RG_EINVAL, rg_str_from(fault));
	many_calls *many = malloc(sizeof *many);
	if (!many)
		return rg_error_set(why, RG_ENOMEM, RG_STR("out of memory"));
	atomic_init(&many->users, (size_t)n + 1);
	many->done = done;
	many->user = user;
	many->free_user = free_user;
	rg_status status = begin_many(registrar, calls, n, many, why);
	one_over(many);
	return status;
}
