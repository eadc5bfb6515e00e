/* SPDX-License-Identifier: MIT */
/* A store that keeps the records themselves: strings that many of them have stand once. */
#include "kit.h"
#include <stdio.h>

#define NONE ((rg_str){ NULL, 0 })

/* One registrar over one memory store. */
typedef struct side {
	kit k;
	rg_store *inner;
} side;

/* The same store without the trait. It releases nothing: the side does. */
static rg_store *without_trait(rg_store *inner)
{
	void *self;
	rg_store_ops ops = *rg_store_members(inner, &self);
	rg_store *out = NULL;

	ops.traits &= ~(uint32_t)RG_STORE_RESIDENT;
	ops.destroy = NULL;
	cr_assert_eq(rg_store_new(&ops, self, &out, NULL), RG_OK);
	return out;
}

static void open_side(side *s, bool resident)
{
	kit_init(&s->k);
	s->inner = NULL;
	cr_assert_eq(rg_memory_store_new(NULL, &s->inner, NULL), RG_OK);
	kit_open_over(&s->k, resident ? rg_store_ref(s->inner) : without_trait(s->inner));
}

static void close_side(side *s)
{
	kit_close(&s->k);
	rg_store_unref(s->inner);
}

static int save_as(side *s, phone *p, const char *agent, const char *socket)
{
	rg_response *response = NULL;
	rg_request request;

	kit_request(p, &request);
	request.user_agent = agent ? rg_str_from(agent) : NONE;
	request.socket = socket ? rg_str_from(socket) : NONE;
	rg_status st = rg_save(s->k.reg, &request, NULL, &response, NULL);
	int code = response ? rg_response_code(response) : st;
	rg_response_free(response);
	return code;
}

enum { MOST = 64 };

typedef struct shelf {
	rg_record *records[MOST];
	uint32_t n;
} shelf;

static int32_t keep_record(void *user, const rg_record *record)
{
	shelf *to = user;

	cr_assert_lt(to->n, (uint32_t)MOST);
	to->records[to->n++] = rg_record_ref(record);
	return 0;
}

static void fetch_all(side *s, shelf *to)
{
	*to = (shelf){ .n = 0 };
	cr_assert_eq(rg_each(s->k.reg, RG_STR("location"), keep_record, to, NULL), RG_OK);
}

static void drop_all(shelf *of)
{
	for (uint32_t i = 0; i < of->n; i++)
		rg_record_unref(of->records[i]);
}

static rg_contact binding_of(const rg_record *record)
{
	rg_contact c;

	rg_contact_init(&c, sizeof c);
	cr_assert_eq(rg_record_contact(record, 0, &c), RG_OK);
	return c;
}

#define AGENT "Softphone 3.14.15 (build 9265358)"
#define SOCKET "udp:203.0.113.1:5060"

static void save_two(side *s)
{
	phone a = { .aor = "alice", .contact = "<sip:a@192.0.2.1:5060>", .cseq = 1 }, b = { .aor = "bob", .contact = "<sip:b@192.0.2.2:5060>", .cseq = 1 };

	cr_assert_eq(save_as(s, &a, AGENT, SOCKET), 200);
	cr_assert_eq(save_as(s, &b, AGENT, SOCKET), 200);
}

Test(resident, records_share_their_strings_where_the_store_keeps_them)
{
	for (int resident = 0; resident < 2; resident++) {
		shelf all;
		side s;

		open_side(&s, resident);
		save_two(&s);
		fetch_all(&s, &all);
		cr_assert_eq(all.n, 2);
		rg_contact a = binding_of(all.records[0]), b = binding_of(all.records[1]);
		cr_expect(rg_str_equal(a.user_agent, RG_STR(AGENT)) && rg_str_equal(b.socket, RG_STR(SOCKET)));
		cr_expect_eq(a.user_agent.p == b.user_agent.p, resident);
		cr_expect_eq(a.socket.p == b.socket.p, resident);
		drop_all(&all);
		close_side(&s);
	}
}

/* Of what a caller holds, one record was replaced before the store went, one was current. */
Test(resident, records_and_targets_outlive_the_registrar_and_the_store)
{
	phone a = { .aor = "alice", .contact = "<sip:a@192.0.2.1:5060>", .cseq = 2 };
	rg_str uri = RG_STR("sip:alice@example.org");
	rg_targets *targets = NULL;
	shelf before, after;
	rg_request request;
	rg_target t;
	rg_key key;
	side s;

	open_side(&s, true);
	save_two(&s);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = uri;
	cr_assert_eq(rg_lookup(s.k.reg, &request, NULL, &targets, NULL), RG_OK);
	fetch_all(&s, &before);
	cr_assert_eq(save_as(&s, &a, "Another 1.0", "tls:203.0.113.1:5061"), 200);
	fetch_all(&s, &after);
	close_side(&s);

	rg_target_init(&t, sizeof t);
	cr_assert_eq(rg_targets_get(targets, 0, &t), RG_OK);
	cr_expect(rg_str_equal(t.socket, RG_STR(SOCKET)));
	for (uint32_t i = 0; i < before.n; i++) {
		rg_contact c = binding_of(before.records[i]);

		rg_record_key(before.records[i], &key);
		cr_expect(rg_str_equal(key.domain, RG_STR("location")));
		cr_expect(rg_str_equal(c.user_agent, RG_STR(AGENT)) && rg_str_equal(c.socket, RG_STR(SOCKET)));
	}
	for (uint32_t i = 0; i < after.n; i++) {
		rg_contact c = binding_of(after.records[i]);

		rg_record_key(after.records[i], &key);
		cr_expect(rg_str_equal(c.user_agent, rg_str_equal(key.user, RG_STR("alice")) ? RG_STR("Another 1.0") : RG_STR(AGENT)));
	}
	rg_targets_free(targets);
	drop_all(&before);
	drop_all(&after);
}

/* The records by user, so that the order of a scan, which each store draws, does not matter. */
static void print_all(side *s, char *room, size_t size)
{
	shelf all;
	size_t at = 0;

	fetch_all(s, &all);
	for (int user = 0; user < MOST; user++) {
		char name[16];

		snprintf(name, sizeof name, "user%d", user);
		for (uint32_t i = 0; i < all.n; i++) {
			rg_key key;
			size_t n;

			rg_record_key(all.records[i], &key);
			if (!rg_str_equal(key.user, rg_str_from(name)))
				continue;
			cr_assert_eq(rg_record_text(all.records[i], 0, room + at, size - at - 1, &n), RG_OK);
			cr_assert_lt(n, size - at - 1);
			at += n;
		}
	}
	room[at] = 0;
	drop_all(&all);
}

static uint32_t draw_below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % n;
}

/* More User-Agents than there is room for. A phone comes back with another Call-ID, which builds its record anew. */
Test(resident, says_the_same_as_a_store_that_is_not)
{
	enum { STEPS = 1500, EVERY = 150, SIZE = 64 << 10 };
	char *a = malloc(SIZE), *b = malloc(SIZE);
	uint64_t state = 7;
	side with, without;

	open_side(&with, true);
	open_side(&without, false);
	for (uint32_t i = 1; i <= STEPS; i++) {
		char aor[16], contact[96], callid[16], agent[64], socket[32];
		uint32_t kind = draw_below(&state, 8);
		phone p = { .aor = aor, .contact = contact, .callid = callid, .cseq = (int)i };

		snprintf(aor, sizeof aor, "user%u", (unsigned)draw_below(&state, 12));
		snprintf(contact, sizeof contact, "<sip:u@192.0.2.%u:5060>;expires=%u", (unsigned)draw_below(&state, 3), kind == 0 ? 0u : 60 + 60 * kind);
		snprintf(callid, sizeof callid, "c%u", (unsigned)draw_below(&state, 2));
		snprintf(agent, sizeof agent, "Phone %u/%u", (unsigned)draw_below(&state, 2) * i, (unsigned)draw_below(&state, 5));
		snprintf(socket, sizeof socket, "udp:203.0.113.%u:5060", (unsigned)draw_below(&state, 4));
		with.k.now = without.k.now += 500;
		int code = save_as(&with, &p, kind == 1 ? NULL : agent, kind == 2 ? NULL : socket);
		cr_assert_eq(save_as(&without, &p, kind == 1 ? NULL : agent, kind == 2 ? NULL : socket), code, "step %u", i);
		if (i % EVERY == 0) {
			print_all(&with, a, SIZE);
			print_all(&without, b, SIZE);
			cr_assert_str_eq(a, b, "step %u", i);
		}
	}
	close_side(&with);
	close_side(&without);
	free(a);
	free(b);
}

/* Registers ever more contacts of one AoR. @return how many the record had room for. */
static uint32_t fill_record(side *s, const char *limit, uint32_t pad)
{
	rg_config *config = NULL;
	char contact[128], agent[192];
	uint32_t n = 0;
	int code = 200;

	cr_assert_eq(rg_config_new(&config), RG_OK);
	cr_assert_eq(rg_config_set(config, RG_STR("max_record_bytes"), rg_str_from(limit), NULL), RG_OK);
	cr_assert_eq(rg_registrar_configure(s->k.reg, config, NULL), RG_OK);
	rg_config_free(config);
	for (; code == 200 && n < 1000; n += code == 200) {
		phone p = { .aor = "alice", .contact = contact, .cseq = (int)n + 1 };

		snprintf(contact, sizeof contact, "<sip:%u%0*u@192.0.2.1:5060>", (unsigned)n, (int)pad, 0u);
		snprintf(agent, sizeof agent, "Phone %u %0170u", (unsigned)n % 3, 0u);
		code = save_as(s, &p, agent, n % 2 ? SOCKET : "udp:203.0.113.2:5060");
	}
	cr_expect_eq(code, 413);
	return n;
}

Test(resident, a_record_grows_as_far_as_in_a_store_that_is_not)
{
	static const char *const limits[] = { "600", "3000", "65535" };

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		for (uint32_t pad = 1; pad <= 40; pad += i < 2 ? 3 : 30) {
			uint32_t n[2];

			for (int resident = 0; resident < 2; resident++) {
				side s;

				open_side(&s, resident);
				n[resident] = fill_record(&s, limits[i], pad);
				close_side(&s);
			}
			cr_expect_eq(n[0], n[1], "%s, %u: %u without, %u with", limits[i], pad, n[0], n[1]);
		}
	}
}
