/* SPDX-License-Identifier: MIT */
#include "message/socket.h"
#include <criterion/criterion.h>
#include <rgstr/request.h>
#include <stdlib.h>

static const struct {
	const char *text, *canonical; /* NULL: it is no socket */
} cases[] = {
	{ "udp:192.0.2.1:5060", "udp:192.0.2.1:5060" },
	{ "TCP:192.0.2.1:1", "tcp:192.0.2.1:1" },
	{ "Tls:192.0.2.1:65535", "tls:192.0.2.1:65535" },
	{ "ws:192.0.2.1:80", "ws:192.0.2.1:80" },
	{ "WSS:192.0.2.1:443", "wss:192.0.2.1:443" },
	{ "sctp:192.0.2.1:5060", "sctp:192.0.2.1:5060" },
	{ "udp:192.0.2.1:05060", "udp:192.0.2.1:5060" },
	{ "udp:[2001:DB8:0:0::1]:5060", "udp:[2001:db8::1]:5060" },
	{ "sctp:[::]:5060", "sctp:[::]:5060" },
	{ "udp:[::ffff:192.0.2.1]:5060", "udp:192.0.2.1:5060" },
	{ "sctp:[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "sctp:[2001:db8:1111:2222:3333:4444:5555:6666]:65535" },
	{ "", NULL }, { ":", NULL }, { "udp", NULL }, { "udp:", NULL }, { "udp::", NULL }, { ":192.0.2.1:5060", NULL },
	{ "192.0.2.1:5060", NULL }, { "udp:192.0.2.1", NULL }, { "udp:192.0.2.1:", NULL }, { "udp:192.0.2.1:0", NULL },
	{ "udp:192.0.2.1:65536", NULL }, { "udp:192.0.2.1:99999999999999999999", NULL }, { "udp:192.0.2.1:-1", NULL },
	{ "udp:192.0.2.1:5060 ", NULL }, { " udp:192.0.2.1:5060", NULL }, { "udp: 192.0.2.1:5060", NULL }, { "udp:192.0.2.1:5060:", NULL },
	{ "udp:192.0.2.1:5060/x", NULL }, { "udp:192.0.2.1:5060,tcp:192.0.2.1:5060", NULL }, { "udp:192.0.2.1:5060;x", NULL },
	{ "udp:192.0.2.1:5060\r\nEvil: 1", NULL }, { "udp:192.0.2.256:5060", NULL }, { "udp:192.0.2.01:5060", NULL },
	{ "udp:2001:db8::1:5060", NULL }, { "udp:[2001:db8::1]", NULL }, { "udp:[2001:db8::1]:", NULL }, { "udp:[2001:db8::1]5060", NULL },
	{ "udp:[2001:db8::1:5060", NULL }, { "udp:[192.0.2.1]:5060", NULL }, { "udp:[fe80::1%eth0]:5060", NULL }, { "udp:[]:5060", NULL },
	{ "udp:example.com:5060", NULL }, { "udp:*:5060", NULL }, { "sip:192.0.2.1:5060", NULL }, { "udpx:192.0.2.1:5060", NULL },
	{ "ud:192.0.2.1:5060", NULL }, { "dtls:192.0.2.1:5060", NULL },
};

Test(socket, is_read_and_printed_in_one_form_or_refused)
{
	char room[RG_SOCKET_ROOM];
	rg_str value;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rg_status st = rg_socket_header(rg_str_from(cases[i].text), room, sizeof room, &value);

		cr_expect_eq(st, cases[i].canonical ? RG_OK : RG_EINVAL, "%s: %s", cases[i].text, rg_strerror(st));
		cr_expect(rg_str_equal(value, rg_str_from(cases[i].canonical)), "%s: %.*s", cases[i].text, (int)value.n, value.p ? value.p : "");
		cr_expect_eq(value.p != NULL, cases[i].canonical != NULL, "%s", cases[i].text);
	}
}

Test(socket, what_was_printed_reads_the_same)
{
	char first[RG_SOCKET_ROOM], second[RG_SOCKET_ROOM];
	rg_str once, again;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!cases[i].canonical)
			continue;
		cr_assert_eq(rg_socket_header(rg_str_from(cases[i].text), first, sizeof first, &once), RG_OK);
		cr_assert_eq(rg_socket_header(once, second, sizeof second, &again), RG_OK);
		cr_expect(rg_str_equal(once, again), "%s", cases[i].text);
	}
}

Test(socket, is_cut_nowhere_and_ends_at_no_nul)
{
	static const char text[] = "udp:[2001:db8::1]:5060";
	char room[RG_SOCKET_ROOM];
	rg_str value;

	/* "…:5", "…:50" and "…:506" are sockets of their own; nothing shorter is one. */
	for (size_t n = 0; n < sizeof text - 1; n++)
		cr_expect_eq(rg_socket_header((rg_str){ text, n }, room, sizeof room, &value), n >= sizeof text - 4 ? RG_OK : RG_EINVAL, "%zu", n);
	cr_expect_eq(rg_socket_header(RG_STR("udp:192.0.2.1:5060\0"), room, sizeof room, &value), RG_EINVAL);
	cr_expect_eq(rg_socket_header(RG_STR("udp\0:192.0.2.1:5060"), room, sizeof room, &value), RG_EINVAL);
	cr_expect_eq(rg_socket_header(RG__ABSENT, room, sizeof room, &value), RG_EINVAL);
}

Test(socket, needs_room_for_all_of_it)
{
	static const char want[] = "tls:[2001:db8::1]:5061";
	rg_str value;

	for (size_t size = 0; size < sizeof want + 2; size++) {
		char *room = malloc(size + 1); /* of its own, so that a sanitizer sees the first octet too many */
		char guard = '!';

		room[size] = guard;
		rg_status st = rg_socket_header(rg_str_from(want), size ? room : NULL, size, &value);
		cr_expect_eq(st, size < sizeof want - 1 ? RG_ELIMIT : RG_OK, "%zu", size);
		cr_expect(rg_str_equal(value, st == RG_OK ? rg_str_from(want) : RG__ABSENT), "%zu", size);
		cr_expect_eq(room[size], guard);
		free(room);
	}
	cr_expect_eq(rg_socket_header(rg_str_from(want), NULL, 64, &value), RG_EINVAL);
	cr_expect_eq(rg_socket_header(rg_str_from(want), NULL, 0, NULL), RG_EINVAL);
}

Test(socket, its_parts_are_known)
{
	rg__socket s;

	cr_assert(rg__socket_parse(RG_STR("TLS:[2001:db8::1]:5061"), &s));
	cr_expect(rg_str_equal(s.proto, RG_STR("tls")));
	cr_expect_eq(s.addr.family, 6);
	cr_expect_eq(s.addr.port, 5061);
	cr_expect_not(rg__socket_parse(RG_STR("tls:[2001:db8::1]"), &s));
}
