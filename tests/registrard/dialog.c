/* SPDX-License-Identifier: MIT */
/* Tokens in Record-Route: they hold for one dialog of one process, and say how each side is reached. */
#include "dialog.h"

#include <criterion/criterion.h>
#include <string.h>

/* The only open connection of these tests. */
static const struct peer open_connection = { 1, 77, { .ip = { 192, 0, 2, 9 }, .port = 40000, .family = 4 } };

int transport_peer(const struct transport *transport, uint64_t connection, struct peer *peer)
{
	(void)transport;
	if (connection != open_connection.connection)
		return 0;
	*peer = open_connection;
	return 1;
}

static struct server server;
static sip_call_id_t call_id[1];
static sip_via_t vias[2];
static sip_unknown_t contact[1];
static sip_record_route_t record_route[1];
static sip_t sip[1];

static void init(void)
{
	memset(&server, 1, sizeof server);
	sip_call_id_init(call_id);
	call_id->i_id = "a@example.org";
	memset(sip, 0, sizeof sip);
	sip->sip_call_id = call_id;
	memset(vias, 0, sizeof vias);
	sip->sip_via = vias;
	sip_unknown_init(contact);
	contact->un_name = "m";
	sip->sip_unknown = contact;
}

static rg_addr addr_of(const char *text)
{
	rg_addr addr = { 0 };

	if (*text)
		cr_assert_eq(rg_addr_parse(rg_str_from(text), &addr), RG_OK);
	return addr;
}

static const struct {
	enum way_kind kind;
	const char *addr;
	uint64_t connection;
} ways[] = {
	{ WAY_URI, "", 0 },
	{ WAY_ADDRESS, "192.0.2.1:5060", 0 },
	{ WAY_ADDRESS, "[2001:db8::1]:65535", 0 },
	{ WAY_HARD, "", UINT64_MAX },
	{ WAY_SOFT, "", 1 },
	{ WAY_SOFT, "192.0.2.1:1", 0x123456789abcdef },
	{ WAY_SOFT, "[2001:db8::1]:5060", 77 },
};

static struct way way_at(size_t i)
{
	struct way way = { .kind = ways[i].kind, .to = { .socket = 300, .connection = ways[i].connection, .addr = addr_of(ways[i].addr) } };

	way.host = 0xfedcba9876543210;
	return way;
}

static int same_way(const struct way *a, const struct way *b)
{
	return a->kind == b->kind && (a->kind == WAY_URI || (a->to.socket == b->to.socket && a->to.connection == b->to.connection &&
		a->host == b->host && memcmp(&a->to.addr, &b->to.addr, sizeof a->to.addr) == 0));
}

Test(dialog, a_token_says_what_was_sealed, .init = init)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct way way = way_at(i), read;
		char token[TOKEN_ROOM], again[TOKEN_ROOM];

		way_seal(&server, sip, &way, token);
		way_seal(&server, sip, &way, again);
		cr_expect_str_neq(token, again);
		cr_expect_eq(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(token));
		cr_assert_eq(way_open(&server, sip, token, &read), 0);
		cr_expect(same_way(&way, &read), "%zu", i);
	}
}

Test(dialog, a_changed_token_is_refused, .init = init)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct way way = way_at(i), read;
		char token[TOKEN_ROOM], wrong[TOKEN_ROOM + 1];
		unsigned char bytes[TOKEN_ROOM];
		size_t n = 0;

		way_seal(&server, sip, &way, token);
		cr_assert_eq(sodium_base642bin(bytes, sizeof bytes, token, strlen(token), NULL, &n, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			sodium_bin2base64(wrong, sizeof wrong, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
			cr_expect_lt(way_open(&server, sip, wrong, &read), 0, "bit %zu", bit);
			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		for (size_t length = 0; length < strlen(token); length++) {
			snprintf(wrong, sizeof wrong, "%.*s", (int)length, token);
			cr_expect_lt(way_open(&server, sip, wrong, &read), 0, "length %zu", length);
		}
		snprintf(wrong, sizeof wrong, "%sA", token);
		cr_expect_lt(way_open(&server, sip, wrong, &read), 0);
	}
}

Test(dialog, a_token_of_another_call_or_process_is_refused, .init = init)
{
	struct way way = way_at(1), read;
	char token[TOKEN_ROOM];

	way_seal(&server, sip, &way, token);
	call_id->i_id = "b@example.org";
	cr_expect_lt(way_open(&server, sip, token, &read), 0);
	call_id->i_id = "";
	cr_expect_lt(way_open(&server, sip, token, &read), 0);
	call_id->i_id = "a@example.org";
	cr_expect_eq(way_open(&server, sip, token, &read), 0);
	server.route_key[31] ^= 1;
	cr_expect_lt(way_open(&server, sip, token, &read), 0);
}

/* The longest token fits, and a longer text is refused. */
Test(dialog, no_text_is_too_long, .init = init)
{
	char text[5000];
	struct way read;

	memset(text, 'A', sizeof text);
	for (size_t n = 0; n < sizeof text; n += 97) {
		text[n] = '\0';
		cr_expect_lt(way_open(&server, sip, text, &read), 0);
		text[n] = 'A';
	}
}

Test(dialog, the_way_back_to_a_sender, .init = init)
{
	static const struct {
		const char *contact;
		uint64_t connection;
		int behind_proxy;
		enum way_kind kind;
	} cases[] = {
		{ "<sip:a@192.0.2.1:5070>", 0, 0, WAY_URI },
		{ "sip:a@192.0.2.1", 0, 0, WAY_URI },
		{ "<sip:a@10.0.0.1>;expires=5", 0, 0, WAY_ADDRESS },
		{ "\"A\" <sip:a@phone.example>", 0, 0, WAY_ADDRESS },
		{ "<sip:a@10.0.0.1>", 0, 1, WAY_URI },
		{ "<sip:a@10.0.0.1>", 0, 2, WAY_URI },
		{ "<sip:a@192.0.2.1>", 5, 0, WAY_SOFT },
		{ "<sip:a@10.0.0.1>", 5, 0, WAY_SOFT },
		{ "<sip:a@10.0.0.1>", 5, 1, WAY_URI },
		{ "<sip:", 0, 0, WAY_URI },
		{ "*", 0, 0, WAY_URI },
		{ NULL, 5, 0, WAY_URI },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer from = { 2, cases[i].connection, addr_of("192.0.2.1:4000") };
		struct way way;

		contact->un_value = cases[i].contact;
		sip->sip_unknown = cases[i].contact ? contact : NULL;
		vias->v_next = cases[i].behind_proxy == 1 ? &vias[1] : NULL;
		sip->sip_record_route = cases[i].behind_proxy == 2 ? record_route : NULL;
		way = way_of_sender(&server, sip, &from);
		cr_expect_eq(way.kind, cases[i].kind, "case %zu", i);
		if (way.kind == WAY_ADDRESS)
			cr_expect(rg_addr_match(&way.to.addr, &from.addr) && way.to.socket == 2);
		if (way.kind == WAY_SOFT)
			cr_expect(way.to.connection == 5 && way.to.addr.family == 0);
	}
}

Test(dialog, a_way_holds_until_the_side_moves, .init = init)
{
	static const struct {
		const char *uri;
		int holds;
	} cases[] = {
		{ "sip:a@10.0.0.1", 1 },
		{ "sip:a@10.0.0.1:5070;transport=tcp", 1 },
		{ "sip:other@10.0.0.1", 1 },
		{ "sip:a@192.0.2.9:40000", 1 },
		{ "sip:a@192.0.2.9:40001", 0 },
		{ "sip:a@192.0.2.9", 0 },
		{ "sip:a@10.0.0.2", 0 },
		{ "sip:a@[2001:db8::1]", 0 },
		{ "sip:a@phone.example;gr=1", 1 },
		{ "tel:1", 0 },
	};
	su_home_t home[1] = { SU_HOME_INIT(home) };
	struct way ways_to_it[] = {
		{ .kind = WAY_ADDRESS, .to.addr = addr_of("192.0.2.9:40000") },
		{ .kind = WAY_SOFT, .to.connection = 77 },
		{ .kind = WAY_HARD, .to.connection = 77 },
		{ .kind = WAY_URI },
	};

	su_home_init(home);
	for (size_t w = 0; w < sizeof ways_to_it / sizeof *ways_to_it; w++) {
		ways_to_it[w].host = way_host(&server, url_make(home, "sip:A@10.0.0.1:5060"));
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			cr_expect_eq(way_holds(&server, &ways_to_it[w], url_make(home, cases[i].uri)),
				cases[i].holds && ways_to_it[w].kind != WAY_URI, "way %zu, %s", w, cases[i].uri);
	}
	cr_expect_eq(way_host(&server, url_make(home, "sip:Phone.Example")), way_host(&server, url_make(home, "sip:x@phone.example:5")));
	su_home_deinit(home);
}
