/* SPDX-License-Identifier: MIT */
#include "grammar/via.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *value, *start, *host; /* NULL: malformed */
	uint16_t port;
	const char *params; /* "name=value" or "name" each, separated by one blank */
} cases[] = {
	{ "SIP/2.0/UDP 192.0.2.1", "SIP/2.0/UDP 192.0.2.1", "192.0.2.1", 0, "" },
	{ "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport", "SIP/2.0/UDP 192.0.2.1:5070", "192.0.2.1", 5070, "branch=z9hG4bK1 rport" },
	{ " SIP / 2.0 / UDP\tpc.example.org : 5070 ; branch = z9hG4bK1 ;x ", "SIP / 2.0 / UDP\tpc.example.org : 5070", "pc.example.org", 5070,
		"branch=z9hG4bK1 x" },
	{ "SIP/2.0/TLS [2001:db8::1]:65535;p=\"a;b,\\\"\"", "SIP/2.0/TLS [2001:db8::1]:65535", "[2001:db8::1]", 65535, "p=\"a;b,\\\"\"" },
	{ "SIP/2.0/WSS [::1]", "SIP/2.0/WSS [::1]", "[::1]", 0, "" },
	{ "SIP/2.0/UDP my_host", "SIP/2.0/UDP my_host", "my_host", 0, "" },
	{ "SIP/2.0/UDP df7jal23ls0d.invalid;received=2001:db8::2;q=1", "SIP/2.0/UDP df7jal23ls0d.invalid", "df7jal23ls0d.invalid", 0,
		"received=2001:db8::2 q=1" },
	{ "SIP/2.0/UDP h;received=[2001:db8::2];maddr = ::1", "SIP/2.0/UDP h", "h", 0, "received=[2001:db8::2] maddr=::1" },
	{ "SIP/2.0/UDP h;rport;rport=1;received=x", "SIP/2.0/UDP h", "h", 0, "rport rport=1 received=x" },
	{ "", 0 }, { ";", 0 }, { "x", 0 }, { "SIP/2.0/UDP", 0 }, { "SIP/2.0 UDP h", 0 }, { "SIP/2.0/ h", 0 }, { "/2.0/UDP h", 0 },
	{ "SIP//UDP h", 0 }, { "SIP/2.0/UDP h:", 0 }, { "SIP/2.0/UDP h:0", 0 }, { "SIP/2.0/UDP h:65536", 0 }, { "SIP/2.0/UDP h:x", 0 },
	{ "SIP/2.0/UDP h:99999999999999999999", 0 }, { "SIP/2.0/UDP h x", 0 }, { "SIP/2.0/UDP h:5060 x", 0 }, { "SIP/2.0/UDP <h>", 0 },
	{ "SIP/2.0/UDP a@h", 0 }, { "SIP/2.0/UDP [h]", 0 }, { "SIP/2.0/UDP [::1", 0 }, { "SIP/2.0/UDP []", 0 }, { "SIP/2.0/UDP [::1]x", 0 },
	{ "SIP/2.0/UDP ::1", 0 }, { "SIP/2.0/UDP h;", 0 }, { "SIP/2.0/UDP h;;x", 0 }, { "SIP/2.0/UDP h;x=", 0 }, { "SIP/2.0/UDP h;=x", 0 },
	{ "SIP/2.0/UDP h;x=\"", 0 }, { "SIP/2.0/UDP h;x=<y>", 0 }, { "SIP/2.0/UDP h;received=2001:db8::2 x", 0 },
	{ "SIP/2.0/UDP h;received=1:2", 0 }, { "SIP/2.0/UDP h;x y", 0 }, { "SIP/2.0/UDP ;branch=x", 0 },
	{ "SIP/2.0/UDP h;x=::", "SIP/2.0/UDP h", "h", 0, "x=::" },
};

Test(via, comes_apart_or_is_refused)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *exact = strdup(cases[i].value); /* so that a sanitizer sees a read past the value */
		size_t n = strlen(exact);
		char *value = memcpy(malloc(n ? n : 1), exact, n), params[128] = "";
		rg__via via;
		rg__param param;

		cr_expect_eq(rg__via_parse((rg_str){ value, n }, &via), cases[i].start ? RG_OK : RG_EINVAL, "%s", exact);
		cr_expect(rg__eq(via.start, rg_str_from(cases[i].start)), "%s", exact);
		cr_expect(rg__eq(via.host, rg_str_from(cases[i].host)), "%s: %.*s", exact, (int)via.host.n, via.host.p);
		cr_expect_eq(via.port, cases[i].port, "%s", exact);
		for (rg_str rest = via.params; rg__via_param_next(&rest, &param) > 0;) {
			snprintf(params + strlen(params), sizeof params - strlen(params), "%s%.*s%s%.*s", *params ? " " : "", (int)param.name.n,
				param.name.p, param.value.p ? "=" : "", (int)param.value.n, param.value.p ? param.value.p : "");
		}
		cr_expect_str_eq(params, cases[i].params ? cases[i].params : "", "%s", exact);
		free(value);
		free(exact);
	}
}

Test(via, an_absent_value_is_refused)
{
	rg__via via;

	cr_expect_eq(rg__via_parse(RG__ABSENT, &via), RG_EINVAL);
}
