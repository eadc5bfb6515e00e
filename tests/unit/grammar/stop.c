/* SPDX-License-Identifier: MIT */
/* In a row, | stands before the octet that cannot be there; a row without | is good. */
#include "grammar/stop.h"
#include <criterion/criterion.h>
#include <stdlib.h>

typedef size_t stop_fn(rg_str text);

static void expect_stop(stop_fn *stop, const char *row)
{
	const char *bar = strchr(row, '|');
	size_t n = strlen(row) - (bar ? 1 : 0), want = bar ? (size_t)(bar - row) : RG__NO_STOP, at = bar ? (size_t)(bar - row) : n;
	char *text = malloc(n ? n : 1); /* exact, so that a sanitizer sees a read behind the end */

	memcpy(text, row, at);
	memcpy(text + at, row + at + (bar ? 1 : 0), n - at);
	size_t got = stop((rg_str){ text, n });
	cr_expect_eq(got, want, "%s: %zu", row, got);
	free(text);
}

static const char *const uri_rows[] = { "sip:alice@example.org", "sip:alice@example.org:5060;transport=tcp?a=b", "tel:+1", "|",
	"sip:|", "sip:|@@x", "|:a", "alice|", "sip:al|<ice@example.org", "sip:a@exam|*ple.org", "sip:a@example.org:|x",
		"sip:a@example.org:6553|6",
	"sip:a@example.org:|", "sip:a@example.org;|", "sip:a@example.org;x=|", "sip:a@example.org;|;x", "sip:a@example.org;x=1|\"",
	"sip:a@example.org?|", "sip:a@example.org?a=b&|", "sip:a@[2001:db8::1|", "sip:a@[2001:db8::|g]", "sip:a@[::1]|x",
		"sip:%4|xa@example.org",
	"sip:a| b@example.org", "sip:a@example.org| ", "sip:a@example.org|\x01", "sip:a@example.org|\xff", "sip:a@|", "tel:|" };

Test(stop, a_uri)
{
	for (size_t i = 0; i < sizeof uri_rows / sizeof *uri_rows; i++)
		expect_stop(rg__uri_stop, uri_rows[i]);
}

static const char *const address_rows[] = { "<sip:a@example.org>", "sip:a@example.org;q=1", "\"A, B\" <sip:a@example.org>;x=\"y\"",
	"A B <sip:a@x>",
	"|", "<sip:a@example.org|", "\"A <sip:a@example.org>|", "<sip:a@example.org>|x", "<sip:a@example.org>;|", "<sip:a@example.org>;|;x",
	"<sip:a@example.org>;x=|;y", "<sip:a@exam|*ple.org>;x=1", "A \xc3\xa4 <sip:a@example.org>", "sip:|\xc3\xa4@x",
		"<sip:a@example.org>;x=\"y|\x01\"",
	"A <sip:a@example.org;|>;q=1", "<|>" };

Test(stop, an_address)
{
	for (size_t i = 0; i < sizeof address_rows / sizeof *address_rows; i++)
		expect_stop(rg__address_stop, address_rows[i]);
}

Test(stop, other_values)
{
	static const struct {
		stop_fn *stop;
		const char *rows[8];
	} cases[] = {
		{ rg__callid_stop, { "a@b", "a| b", "a@|", "a@b|@c", "|", NULL } },
		{ rg__cseq_stop, { "1 REGISTER", "1|", "|x 1", "214748364|8 REGISTER", "1 REG|[ISTER", "|-1 REGISTER", NULL } },
		{ rg__q_stop, { "0.7", "1", "|", "0.7|x", "|2", "1.|5", "0.777|7", NULL } },
		{ rg__digits_stop, { "60", "|", "6|s", "|-1", NULL } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; cases[i].rows[k]; k++)
			expect_stop(cases[i].stop, cases[i].rows[k]);
	}
}
