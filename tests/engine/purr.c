/* SPDX-License-Identifier: MIT */
/* Requests within a dialog that wait for their device (RFC 8599 §6). */
#include "allocations.h"
#include "waiting.h"
#include <stdio.h>

typedef struct held {
	int done, freed;
	rg_status status;
	int32_t result;
	char targets[256]; /* "uri next-hop" of each, with a bar between; empty: NULL */
	rg_op *op;
	const char *method; /* NULL = BYE */
	void (*then)(struct held *h);
	kit *k;
} held;

static void print_targets(held *h, rg_targets *targets)
{
	rg_target t = { .struct_size = sizeof t };
	size_t n = 0;

	h->targets[0] = 0;
	for (uint32_t i = 0; targets && rg_targets_get(targets, i, &t) == RG_OK; i++)
		n += (size_t)snprintf(h->targets + n, sizeof h->targets - n, "%s%.*s %.*s", i ? " | " : "", (int)t.uri.n, t.uri.p,
			(int)t.next_hop.n, t.next_hop.p);
	cr_expect(!targets || rg_targets_count(targets) > 0);
	rg_targets_free(targets);
}

static void purr_done(void *user, rg_status status, int32_t result, rg_targets *targets)
{
	held *h = user;

	cr_expect_eq(h->done++, 0);
	h->status = status;
	h->result = result;
	print_targets(h, targets);
	if (h->then)
		h->then(h);
}

static void purr_freed(void *user)
{
	held *h = user;

	cr_expect_eq(h->done, 1);
	h->freed++;
}

static const char *purr_settings[] = { "pn_enable_purr 1", "gruu_secret secret", NULL };

/* A REGISTER that gets a PURR, which the caller frees; NULL = it got none. */
static char *register_for_purr(kit *k, const char *aor, int n, int cseq)
{
	phone p = { .aor = aor, .contact = push_contact(n), .cseq = cseq };
	rg_str mark = RG_STR("+sip.pnspurr=\"");
	rg_response *response = NULL;
	rg_request request;
	char *purr = NULL;

	kit_request(&p, &request);
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	cr_assert_eq(rg_response_code(response), 200);
	rg_str caps = rg_response_header(response, RG_STR("Feature-Caps"), 0);
	const char *at = caps.n > 0 ? memmem(caps.p, caps.n, mark.p, mark.n) : NULL;

	if (at) {
		at += mark.n;
		purr = strndup(at, (size_t)((const char *)memchr(at, '"', (size_t)(caps.p + caps.n - at)) - at));
		cr_assert_not_null(purr);
	}
	rg_response_free(response);
	return purr;
}

static void purr_open(kit *k, char **purr)
{
	push_open(k);
	push_configure(k, purr_settings);
	*purr = register_for_purr(k, "alice", 1, 1);
	cr_assert_not_null(*purr);
}

/* @p uri and @p route: with the PURR for %s. */
static rg_status hold(held *h, kit *k, const char *uri, const char *route, const char *purr)
{
	char texts[2][2048];
	rg_request request;
	rg_str line;

	*h = (held){ .k = k, .then = h->then, .method = h->method };
	snprintf(texts[0], sizeof texts[0], uri, purr);
	snprintf(texts[1], sizeof texts[1], route ? route : "", purr);
	rg_request_init(&request, sizeof request);
	request.method = rg_str_from(h->method ? h->method : "BYE");
	request.request_uri = rg_str_from(texts[0]);
	request.to_header = RG_STR("<sip:alice@example.org>;tag=1");
	request.callid = RG_STR("dialog");
	line = rg_str_from(texts[1]);
	request.routes = &line;
	request.n_routes = route != NULL;
	rg_status st = rg_pn_process_purr(k->reg, &request, purr_done, h, purr_freed, &h->op, NULL);

	memset(texts, 'x', sizeof texts);
	cr_expect_eq(h->done, st == RG_OK);
	return st;
}

static void held_end(held *h)
{
	rg_op_free(h->op);
	cr_expect_eq(h->freed, h->done);
}

#define URI "sip:alice@192.0.2.1;pn-purr=%s"

/* The phone of push_contact(1). */
#define REACHED "sip:p@192.0.2.1 sip:p@192.0.2.1"

static void expect_targets(kit *k, const char *uri, const char *route, const char *purr, int32_t result, const char *targets)
{
	held h = { 0 };

	cr_expect_eq(hold(&h, k, uri, route, purr), RG_OK, "%s %s", uri, route ? route : "");
	cr_expect_eq(h.status, RG_OK);
	cr_expect_eq(h.result, result);
	cr_expect_str_eq(h.targets, targets);
	rg_op_cancel(h.op); /* when memory is short, it may be waiting */
	held_end(&h);
}

static void expect_result(kit *k, const char *uri, const char *route, const char *purr, int32_t result)
{
	expect_targets(k, uri, route, purr, result, "");
}

Test(purr, a_request_goes_on_when_its_device_registers)
{
	static const struct {
		const char *uri, *route;
	} places[] = { { URI, NULL }, { URI, "<sip:other.example.org;lr>" }, { "sip:alice@192.0.2.1", "<sip:p.example.org;lr;pn-purr=%s>" },
		{ "sip:alice@192.0.2.1;PN-PURR=%s", NULL }, { "sip:alice@192.0.2.1", "<sip:p.example.org;lr;pn-purr=%s>, <sip:q.example.org>" },
		{ "sip:alice@192.0.2.1;pn-purr=foreign", "<sip:p.example.org;lr;pn-purr=%s>" } };
	char *purr;
	kit k;

	purr_open(&k, &purr);
	kit_listen(&k);
	for (int i = 0; i < (int)(sizeof places / sizeof *places); i++) {
		held h = { 0 };

		k.events[0] = 0;
		cr_expect_eq(hold(&h, &k, places[i].uri, places[i].route, purr), RG_PENDING, "%s", places[i].uri);
		EXPECT_EVENTS(k, "CONTACT_REFRESH alice@example.org sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1;");
		cr_expect_eq(kit_tick(&k), k.now + 3000);
		free(register_for_purr(&k, "alice", 1, 2 + i));
		cr_expect_eq(h.done, 1);
		cr_expect_eq(h.status, RG_OK);
		cr_expect_eq(h.result, RG_PURR_RESUMED);
		cr_expect_str_eq(h.targets, REACHED);
		held_end(&h);
	}
	free(purr);
	kit_close(&k);
	cr_expect(k.freed);
}

/* The change that a wait was for ends the watch, in a call of this watch, and a store may tell of the end within `unwatch`. */
Test(purr, a_watch_may_end_inside_its_own_call)
{
	watching watch = { .none = false };
	held h = { 0 };
	char *purr;
	kit k;

	kit_init(&k);
	push_open_over(&k, watching_new(k.memory, &watch));
	push_configure(&k, purr_settings);
	purr = register_for_purr(&k, "alice", 1, 1);
	cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_PENDING);
	cr_expect_eq(watch.live, 1);
	free(register_for_purr(&k, "alice", 1, 2));
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	cr_expect_eq(watch.live, 0);
	held_end(&h);
	free(purr);
	kit_close(&k);
}

/* A REGISTER of a phone behind a NAT, over this flow. */
static void register_over(kit *k, const char *contact, int cseq, const char *received, const char *flow)
{
	phone p = { .aor = "alice", .contact = contact, .cseq = cseq };
	rg_response *response = NULL;
	rg_request request;

	kit_request(&p, &request);
	request.received = rg_str_from(received);
	request.flow = rg_str_from(flow);
	cr_assert_eq(rg_save(k->reg, &request, NULL, &response, NULL), RG_OK);
	cr_expect_eq(rg_response_code(response), 200);
	rg_response_free(response);
}

Test(purr, the_targets_lead_to_where_the_device_is)
{
	static const char *settings[] = { "pn_enable_purr 1", "gruu_secret secret", "pn_skip_pn_interval 9", NULL };
	held h = { 0 };
	char *purr, moved[256];
	kit k;

	purr_open(&k, &purr);
	cr_expect_eq(hold(&h, &k, "sip:alice@192.0.2.1;pn-purr=%s", NULL, purr), RG_PENDING);
	register_over(&k, push_contact(1), 2, "sip:203.0.113.5:40000", "two");
	cr_expect_str_eq(h.targets, "sip:p@192.0.2.1 sip:203.0.113.5:40000");
	held_end(&h);
	/* At another address, which the push parameters tie to the same binding. */
	cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_PENDING);
	snprintf(moved, sizeof moved, "<sip:p@192.0.2.77%s", strchr(push_contact(1), ';'));
	register_over(&k, moved, 3, "sip:203.0.113.6:40000", "three");
	cr_expect_str_eq(h.targets, "sip:p@192.0.2.77 sip:203.0.113.6:40000");
	held_end(&h);
	push_configure(&k, settings);
	expect_targets(&k, URI, NULL, purr, RG_PURR_NOTHING, "sip:p@192.0.2.77 sip:203.0.113.6:40000");
	expect_targets(&k, "sips:alice@192.0.2.1;pn-purr=%s", NULL, purr, RG_PURR_NOTHING, "");
	free(purr);
	kit_close(&k);
}

Test(purr, a_device_that_is_no_target_ends_the_wait_too)
{
	held h = { 0 };
	char *purr;
	kit k;

	purr_open(&k, &purr);
	cr_expect_eq(hold(&h, &k, "sips:alice@192.0.2.1;pn-purr=%s", NULL, purr), RG_PENDING);
	free(register_for_purr(&k, "alice", 1, 2));
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	cr_expect_str_eq(h.targets, "");
	held_end(&h);
	free(purr);
	kit_close(&k);
}

Test(purr, an_ack_goes_to_its_device_without_a_wait)
{
	held h = { .method = "ACK" };
	char *purr;
	kit k;

	purr_open(&k, &purr);
	kit_listen(&k);
	cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_OK);
	cr_expect_eq(h.result, RG_PURR_NOTHING);
	cr_expect_str_eq(h.targets, REACHED);
	EXPECT_EVENTS(k, "");
	held_end(&h);
	free(purr);
	kit_close(&k);
}

Test(purr, a_request_goes_on_at_the_end_of_the_time)
{
	held h = { 0 };
	char *purr;
	kit k;

	purr_open(&k, &purr);
	cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_PENDING);
	push_later(&k, 5999); /* past store_timeout, which is no matter of a wait */
	cr_expect_eq(h.done, 0);
	push_later(&k, 1);
	cr_expect_eq(h.status, RG_OK);
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	cr_expect_str_eq(h.targets, "");
	cr_expect_eq(kit_stat(&k, "wakeups_timed_out"), 1);
	held_end(&h);
	free(purr);
	kit_close(&k);
}

Test(purr, there_may_be_nothing_to_wait_for)
{
	static const char *const uris[] = { "sip:alice@192.0.2.1", "sip:alice@192.0.2.1;pn-purr", "sip:alice@192.0.2.1;pn-purr=",
		"sip:alice@192.0.2.1;pn-purr=forged", "tel:+1;pn-purr=%s", "sip:%%zz;pn-purr=%s", "sip:alice@192.0.2.1;x=%s", "" };
	static const char *off[] = { "pn_enable 0", "pn_enable_purr 1", "gruu_secret secret", NULL },
		*no_purr[] = { "pn_enable_purr 0", "gruu_secret secret", NULL }, *other[] = { "pn_enable_purr 1", "gruu_secret other", NULL },
		*awake[] = { "pn_enable_purr 1", "gruu_secret secret", "pn_skip_pn_interval 9", NULL },
		*full[] = { "pn_enable_purr 1", "gruu_secret secret", "pn_max_waits 0", NULL };
	const char *const *configs[] = { off, no_purr, other, awake, full };
	char *purr, *gruu;
	kit k;

	purr_open(&k, &purr);
	kit_listen(&k);
	for (int i = 0; i < (int)(sizeof uris / sizeof *uris); i++)
		expect_result(&k, uris[i], NULL, purr, RG_PURR_NOTHING);
	expect_result(&k, "sip:alice@192.0.2.1", "<sip:q.example.org>, <sip:p.example.org;lr;pn-purr=%s>", purr, RG_PURR_NOTHING);
	expect_result(&k, "sip:alice@192.0.2.1", "<<", purr, RG_PURR_NOTHING);
	expect_result(&k, "sip:alice@192.0.2.1;pn-purr=forged", "<sip:p.example.org;lr;pn-purr=forged>", purr, RG_PURR_NOTHING);
	EXPECT_EVENTS(k, "");
	for (int i = 0; i < (int)(sizeof configs / sizeof *configs); i++) {
		push_configure(&k, configs[i]);
		expect_targets(&k, URI, NULL, purr, RG_PURR_NOTHING, configs[i] == awake ? REACHED : "");
		EXPECT_EVENTS(k, configs[i] == full ? "CONTACT_REFRESH alice@example.org sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1;" : "");
	}
	push_configure(&k, purr_settings);
	for (size_t i = 0, n = strlen(purr); i < n; i += 7) { /* a forged one */
		char was = purr[i];

		purr[i] = was == 'A' ? 'B' : 'A';
		expect_result(&k, URI, NULL, purr, RG_PURR_NOTHING);
		purr[i] = was;
	}
	gruu = strndup(purr, strlen(purr) - 1);
	cr_assert_not_null(gruu);
	expect_result(&k, URI, NULL, gruu, RG_PURR_NOTHING);
	cr_expect_eq(kit_save(&k, "alice", "<sip:p@192.0.2.1;pn-provider=acme;pn-prid=t1>;expires=0", 9), 200);
	expect_result(&k, URI, NULL, purr, RG_PURR_NOTHING);
	free(gruu);
	free(purr);
	purr = register_for_purr(&k, "bob", 1, 1);
	cr_assert_not_null(purr);
	k.now += 3600000;
	expect_result(&k, URI, NULL, purr, RG_PURR_NOTHING);
	free(purr);
	kit_close(&k);
}

/* RFC 3261 §19.1.4: no character of a token is reserved, so each equals its escape. */
Test(purr, a_purr_may_be_escaped)
{
	char *purr, escaped[2048];
	held h = { 0 };
	kit k;

	purr_open(&k, &purr);
	for (size_t i = 0; purr[i]; i++)
		snprintf(escaped + 3 * i, sizeof escaped - 3 * i, i % 2 ? "%%%02X" : "%%%02x", (unsigned char)purr[i]);
	cr_expect_eq(hold(&h, &k, URI, NULL, escaped), RG_PENDING);
	free(register_for_purr(&k, "alice", 1, 2));
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	held_end(&h);
	expect_result(&k, URI, NULL, "%zz", RG_PURR_NOTHING);
	expect_result(&k, URI, NULL, "%00", RG_PURR_NOTHING);
	free(purr);
	kit_close(&k);
}

/* One secret may serve several tables (base specification §1.5.1: the domain of pn_process_purr). */
Test(purr, one_of_another_domain_is_foreign)
{
	char text[2048];
	rg_request request;
	char *purr;
	kit k;

	purr_open(&k, &purr);
	kit_listen(&k);
	snprintf(text, sizeof text, URI, purr);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("BYE");
	request.request_uri = rg_str_from(text);
	request.domain = RG_STR("customers");
	held h = { .k = &k };
	cr_expect_eq(rg_pn_process_purr(k.reg, &request, purr_done, &h, purr_freed, &h.op, NULL), RG_OK);
	cr_expect_eq(h.result, RG_PURR_NOTHING);
	held_end(&h);
	EXPECT_EVENTS(k, "");
	request.domain = RG_STR("location");
	h = (held){ .k = &k };
	cr_expect_eq(rg_pn_process_purr(k.reg, &request, purr_done, &h, purr_freed, &h.op, NULL), RG_PENDING);
	push_later(&k, 6000);
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	held_end(&h);
	free(purr);
	kit_close(&k);
}

/* Earlier PURRs of a binding stay valid, and each names the binding of its own AoR only. */
Test(purr, an_earlier_purr_waits_too_and_for_its_own_aor)
{
	held h = { 0 };
	char *first, *second;
	kit k;

	purr_open(&k, &first);
	second = register_for_purr(&k, "alice", 1, 2);
	cr_expect_str_neq(first, second);
	cr_expect_eq(hold(&h, &k, "sip:bob@example.org;pn-purr=%s", NULL, first), RG_PENDING);
	free(register_for_purr(&k, "bob", 1, 1));
	free(register_for_purr(&k, "alice", 2, 3));
	cr_expect_eq(h.done, 0);
	free(register_for_purr(&k, "alice", 1, 4));
	cr_expect_eq(h.result, RG_PURR_RESUMED);
	held_end(&h);
	free(first);
	free(second);
	kit_close(&k);
}

static void drop_registrar(held *h)
{
	rg_registrar *reg = h->k->reg;

	h->k->reg = NULL;
	rg_registrar_unref(reg);
}

Test(purr, a_request_that_waits_may_be_canceled_and_ends_with_the_registrar)
{
	for (int how = 0; how < 3; how++) {
		held h = { .then = how == 2 ? drop_registrar : NULL };
		char *purr;
		kit k;

		purr_open(&k, &purr);
		cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_PENDING);
		if (how == 0)
			rg_op_cancel(h.op);
		else if (how == 1)
			rg_registrar_shutdown(k.reg);
		else
			push_later(&k, 6000);
		cr_expect_eq(h.done, 1);
		cr_expect_eq(h.status, how == 2 ? RG_OK : RG_ECANCELED);
		cr_expect_eq(h.result, how == 2 ? RG_PURR_RESUMED : RG_PURR_ERROR);
		rg_op_cancel(h.op);
		if (how == 0)
			free(register_for_purr(&k, "alice", 1, 2));
		if (how < 2)
			push_later(&k, 6000);
		held_end(&h);
		free(purr);
		kit_close(&k);
		cr_expect(k.freed);
	}
}

Test(purr, a_store_that_answers_later_or_fails)
{
	for (int how = 0; how < 5; how++) {
		held h = { 0 };
		char *purr;
		kit k, over;

		purr_open(&over, &purr);
		kit_init(&k);
		rg_store_unref(k.memory);
		k.memory = rg_store_ref(over.memory);
		push_open_over(&k, deferred_new(k.memory, &k.deferred));
		push_configure(&k, purr_settings);
		cr_expect_eq(hold(&h, &k, URI, NULL, purr), RG_PENDING);
		for (int i = 0; i < how && i < 2; i++)
			deferred_answer(k.deferred, 0);
		cr_expect_eq(deferred_pending(k.deferred), how < 2);
		if (how < 3) {
			rg_op_cancel(h.op);
		} else if (how == 3) {
			push_later(&k, 6000);
			push_later(&k, 2000);
		} else {
			k.now += 3000;
			kit_tick(&k);
			free(register_for_purr(&over, "alice", 1, 2));
			push_later(&k, 3000);
			deferred_answer_all(k.deferred);
		}
		cr_expect_eq(h.done, 1);
		cr_expect_eq(h.status, how < 3 ? RG_ECANCELED : how == 3 ? RG_ESTORE : RG_OK);
		cr_expect_eq(h.result, how < 4 ? RG_PURR_ERROR : RG_PURR_RESUMED);
		cr_expect_str_eq(h.targets, how < 4 ? "" : REACHED);
		deferred_answer_all(k.deferred);
		held_end(&h);
		free(purr);
		kit_close(&k);
		kit_close(&over);
		cr_expect(k.freed);
	}
}

Test(purr, arguments_are_checked)
{
	rg_error *why = rg_error_new();
	rg_request request;
	held h = { 0 };
	kit k;

	push_open(&k);
	push_invite(&request, "sip:alice@example.org");
	cr_expect_eq(rg_pn_process_purr(k.reg, NULL, purr_done, &h, purr_freed, NULL, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "request is NULL");
	cr_expect_eq(rg_pn_process_purr(k.reg, &request, NULL, &h, purr_freed, NULL, why), RG_EINVAL);
	cr_expect_str_eq(rg_error_text(why).p, "done is NULL");
	cr_expect_eq(rg_pn_process_purr(NULL, &request, purr_done, &h, purr_freed, NULL, why), RG_EINVAL);
	rg_registrar_shutdown(k.reg);
	cr_expect_eq(rg_pn_process_purr(k.reg, &request, purr_done, &h, purr_freed, NULL, why), RG_ECANCELED);
	cr_expect_eq(h.done + h.freed, 0);
	rg_error_free(why);
	kit_close(&k);
}

Test(purr, no_allocation_that_fails_leaves_a_request_behind)
{
	long kept = allocations_kept();
	int failed = 0, left = 0;

	for (int nth = 1; left == 0; nth++) {
		held h = { 0 };
		char *purr;
		kit k;

		purr_open(&k, &purr);
		kit_listen(&k);
		allocations_fail(nth);
		rg_status st = hold(&h, &k, URI, NULL, purr);
		left = allocations_fail(0);
		if (st == RG_OK) {
			cr_expect_eq(h.status, RG_ENOMEM, "%d", nth);
			cr_expect_eq(h.result, RG_PURR_ERROR);
		}
		failed += st == RG_ENOMEM || st == RG_OK;
		cr_expect(st == RG_PENDING || st == RG_ENOMEM || st == RG_OK, "%d: %s", nth, rg_status_name(st));
		if (st == RG_PENDING) {
			push_later(&k, 6000);
			cr_expect_eq(h.result, RG_PURR_RESUMED);
		}
		held_end(&h);
		free(purr);
		kit_close(&k);
		cr_assert_lt(nth, 100);
	}
	cr_expect_gt(failed, 5);
	cr_expect_eq(allocations_kept(), kept);
}
