/* SPDX-License-Identifier: MIT */
#include "policy_kit.h"

static uint32_t lifetime(world *w)
{
	return rg_response_connection_lifetime(rg_plan_response(w->plan));
}

Test(accept, a_connection_is_kept_for_the_longest_lifetime_of_its_tcp_contacts)
{
	static const struct {
		uint32_t flags;
		const char *transport, *contact[3];
		uint32_t lifetime;
	} rows[] = {
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, 610 },
		{ RG_REQUEST_TCP_PERSISTENT, "TLS", { "<sip:a@192.0.2.7;transport=TLS>;expires=600" }, 610 },
		{ RG_REQUEST_TCP_PERSISTENT, "ws", { "<sip:a@192.0.2.7;transport=ws>;expires=600" }, 610 },
		{ RG_REQUEST_TCP_PERSISTENT, "wss", { "<sip:a@192.0.2.7;transport=wss>;expires=600" }, 610 },
		{ 0, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "udp", { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, NULL, { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "sctp", { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=udp>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<tel:+1>;expires=600" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=0" }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { NULL }, 0 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=600", "<sip:b@192.0.2.7;transport=tcp>;expires=900",
			"<sip:c@192.0.2.7>;expires=3000" }, 910 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=10" }, 70 },
		{ RG_REQUEST_TCP_PERSISTENT, "tcp", { "<sip:a@192.0.2.7;transport=tcp>;expires=4294967295" }, UINT32_MAX },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		cr_expect_eq(save(&w, { rows[i].contact[0], rows[i].contact[1], rows[i].contact[2] }, .flags = rows[i].flags,
			.transport = rows[i].transport), 200);
		cr_expect_eq(lifetime(&w), rows[i].lifetime, "row %zu: %u", i, lifetime(&w));
		end_world(&w);
	}
}

Test(accept, other_bindings_have_no_say_in_it_and_a_repeat_keeps_the_connection)
{
	world w = new_world();

	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7;transport=tcp>;expires=9000" }, .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp"), 200);
	w.now += 100000;
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7;transport=tcp>;expires=9000" }, .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp"), 200);
	same_text(outcomes(&w), "R");
	cr_expect_eq(lifetime(&w), 8910);
	cr_expect_eq(save(&w, { "<sip:b@192.0.2.7;transport=tcp>;expires=60" }, .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp",
		.callid = "other"), 200);
	cr_expect_eq(lifetime(&w), 70);
	end_world(&w);
}

Test(accept, a_sips_contact_is_reached_over_tcp)
{
	world w = new_world();

	cr_expect_eq(save(&w, { "<sips:a@192.0.2.7>;expires=600" }, .request_uri = "sips:example.com", .flags = RG_REQUEST_TCP_PERSISTENT,
		.transport = "tls"), 200);
	cr_expect_eq(lifetime(&w), 610);
	cr_expect_eq(rg_response_connection_lifetime(NULL), 0);
	end_world(&w);
}

Test(accept, service_route_is_on_every_200_and_on_nothing_else)
{
	world w = new_world();
	const char *route = "<sip:orig@s1.example.com;lr>, <sip:s2.example.com;lr>";

	set(&w, "service_route", route);
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .cseq = "2 REGISTER"), 200);
	same_text(header(&w, "Service-Route"), route);
	cr_expect_eq(save(&w, { NULL }, .cseq = "3 REGISTER"), 200);
	same_text(header(&w, "Service-Route"), route);
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>;expires=0" }, .cseq = "4 REGISTER"), 200);
	same_text(header(&w, "Service-Route"), route);
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .cseq = "1 REGISTER"), 400);
	same_text(header(&w, "Service-Route"), "");
	end_world(&w);
}

Test(accept, the_socket_comes_from_its_header_only_with_the_flag)
{
	world w = new_world();

	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket = "udp:198.51.100.1:5060", .socket_header = "tcp:198.51.100.2:5070"), 200);
	same_text(put(&w, binding(&w, 0).socket), "udp:198.51.100.1:5060");
	flags(&w, "socket-header");
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket = "udp:198.51.100.1:5060", .socket_header = "tcp:198.51.100.2:5070",
		.cseq = "2 REGISTER"), 200);
	same_text(put(&w, binding(&w, 0).socket), "tcp:198.51.100.2:5070");
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket = "udp:198.51.100.1:5060", .cseq = "3 REGISTER"), 200);
	same_text(put(&w, binding(&w, 0).socket), "udp:198.51.100.1:5060");
	end_world(&w);
}

Test(accept, a_socket_header_that_names_no_socket_is_refused)
{
	static const char *const bad[] = { "198.51.100.2:5070", "tcp:198.51.100.2", "tcp:[2001:db8::1]", "tcp:2001:db8::1:5060",
		"x:198.51.100.2:1",
		"tcp:198.51.100.2:0", "tcp:198.51.100.2:65536", "tcp:host:5060", "tcp:198.51.100.2:5070;x" };
	world w = new_world();

	flags(&w, "socket-header");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket_header = bad[i]), 400, "%s", bad[i]);
		cr_expect_eq(reason(&w), RG_R_PARSE);
		cr_expect_null(w.record);
	}
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket_header = " tls:[2001:db8::1]:5061 "), 200);
	same_text(put(&w, binding(&w, 0).socket), "tls:[2001:db8::1]:5061");
	flags(&w, "");
	cr_expect_eq(save(&w, { "<sip:a@192.0.2.7>" }, .socket_header = "nonsense", .cseq = "2 REGISTER"), 200, "nobody asked");
	end_world(&w);
}

Test(accept, the_lifetime_of_a_connection_is_within_its_range_however_far_the_clock_jumps)
{
	static const struct {
		rg_time from, to;
		uint32_t lifetime;
	} rows[] = {
		{ INT64_MAX, INT64_MIN, UINT32_MAX }, { INT64_MAX - 700000, INT64_MIN, UINT32_MAX }, { START, INT64_MIN, UINT32_MAX },
		{ INT64_MIN, INT64_MIN, 610 }, { INT64_MAX - 700000, INT64_MAX - 700000, 610 }, { 0, -1000, 611 }, { -600000, 0, 610 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world w = new_world();

		w.now = rows[i].from;
		cr_expect_eq(save(&w, { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp"),
			200);
		w.now = rows[i].to;
		cr_expect_eq(save(&w, { "<sip:a@192.0.2.7;transport=tcp>;expires=600" }, .flags = RG_REQUEST_TCP_PERSISTENT, .transport = "tcp"),
			200);
		cr_expect_eq(lifetime(&w), rows[i].lifetime, "row %zu: %u", i, lifetime(&w));
		end_world(&w);
	}
}
