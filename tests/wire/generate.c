/* SPDX-License-Identifier: MIT */
/* Whole messages: start line, header lines in any order, body. */
#include "generate.h"
#include <stdio.h>
#include <string.h>

uint32_t generator_dice(generator *g, uint32_t below)
{
	/* splitmix64, so that seeds that follow each other give messages that do not resemble each other */
	uint64_t z = g->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 16) % below;
}

bool generator_odd(generator *g)
{
	return g->odds > 0 && generator_dice(g, 1000) < g->odds;
}

void generator_octets(generator *g, const char *p, size_t n)
{
	if (n > GENERATED_MOST - g->n)
		n = GENERATED_MOST - g->n;
	memcpy(g->p + g->n, p, n);
	g->n += n;
}

void generator_put(generator *g, const char *text)
{
	generator_octets(g, text, strlen(text));
}

static const char *const tags[] = { "path", "outbound", "gruu", "timer", "100rel" }, *const needed[] = { "path", "outbound", "gruu",
	"nonsense" },
	*const methods[] = { "INVITE", "ACK", "BYE", "OPTIONS", "SUBSCRIBE" };

static void put_from(generator *g) { generator_person(g, true); }
static void put_to(generator *g) { generator_person(g, false); }
static void put_supported(generator *g) { generator_tokens(g, tags, 5); }
static void put_require(generator *g) { generator_tokens(g, needed, generator_odd(g) ? 4 : 2); }
static void put_allow(generator *g) { generator_tokens(g, methods, 5); }

static void put_call_id(generator *g)
{
	static const char *const usual[] = { "c1@pc.example.com", "c2", "843817637684230@998sdasdh09", "c4" };
	static const char *const odd[] = { "", "a b", "a@b@c", "@", "a@", "\"a\"", "\xc3\xa9", "a;b", "a,b", "<a>", "a\tb", "(x)", "a:b",
		"[::1]", "w@[::1]" };

	generator_put(g, generator_odd(g) ? odd[generator_dice(g, 15)] : usual[generator_dice(g, 4)]);
}

static void put_max_forwards(generator *g) { generator_number(g, 70); }

/* A row a header: how often in a hundred messages a line of it stands there, how often another line follows, and whether a line can have
 * several values. Content-Length and CSeq depend on the rest of the message. */
static const struct row {
	const char *name, *compact;
	uint32_t often, again;
	bool list;
	void (*value)(generator *);
} rows[] = {
	{ "Via", "v", 100, 25, true, generator_via },
	{ "From", "f", 100, 0, false, put_from },
	{ "To", "t", 100, 0, false, put_to },
	{ "Call-ID", "i", 100, 0, false, put_call_id },
	{ "CSeq", NULL, 100, 0, false, NULL },
	{ "Contact", "m", 85, 25, true, generator_contact },
	{ "Expires", NULL, 40, 0, false, generator_expires },
	{ "Path", NULL, 20, 30, true, generator_path },
	{ "Supported", "k", 30, 20, false, put_supported },
	{ "Require", NULL, 12, 20, false, put_require },
	{ "Allow", NULL, 25, 20, false, put_allow },
	{ "User-Agent", NULL, 40, 0, false, generator_anything },
	{ "Feature-Caps", NULL, 20, 30, false, generator_feature_caps },
	{ "Route", NULL, 20, 30, true, generator_route },
	{ "Max-Forwards", NULL, 50, 0, false, put_max_forwards },
	{ "Sock-Info", NULL, 10, 5, false, generator_anything },
	{ "X-Other", NULL, 10, 20, false, generator_anything },
	{ "Subject", "s", 5, 0, false, generator_anything },
	{ "Authorization", NULL, 5, 10, false, generator_anything },
	{ "Date", NULL, 4, 5, false, generator_anything },
	{ "Event", "o", 3, 0, false, generator_anything },
	{ "Content-Type", "c", 4, 0, false, generator_anything },
	{ "Content-Length", "l", 40, 0, false, NULL },
};
enum { ROWS = sizeof rows / sizeof *rows };

typedef struct shape {
	const char *method;
	uint32_t cseq, body; /* number and octets */
} shape;

static void put_name(generator *g, const struct row *row)
{
	static const char *const odd[] = { ":", " :", "\t:", " : ", ":\t", ":\r\n ", ":  ", "\r\n :", "", " ", "::" };
	size_t from = g->n;

	generator_put(g, row->compact && generator_dice(g, 6) == 0 ? row->compact : row->name);
	if (generator_odd(g)) {
		for (; from < g->n; from++) {
			if (generator_dice(g, 2) && ((g->p[from] >= 'a' && g->p[from] <= 'z') || (g->p[from] >= 'A' && g->p[from] <= 'Z')))
				g->p[from] ^= 0x20;
		}
	}
	generator_put(g, generator_odd(g) ? odd[generator_dice(g, 11)] : ": ");
}

static void put_value(generator *g, const struct row *row, const shape *s)
{
	if (row->value) {
		row->value(g);
		return;
	}
	if (row->name[1] == 'S') {
		generator_number(g, s->cseq);
		generator_space(g);
		if (g->p[g->n - 1] != ' ' && !generator_odd(g))
			generator_put(g, " ");
		generator_put(g, generator_odd(g) ? "INVITE" : s->method);
		return;
	}
	generator_number(g, generator_odd(g) ? generator_dice(g, 20) : s->body);
}

static void put_line(generator *g, const struct row *row, const shape *s)
{
	put_name(g, row);
	put_value(g, row, s);
	while (row->list && generator_dice(g, 5) == 0) {
		generator_put(g, ",");
		generator_space(g);
		put_value(g, row, s);
	}
	if (generator_odd(g))
		generator_space(g);
	generator_put(g, "\r\n");
}

static void put_start(generator *g, shape *s)
{
	static const char *const others[] = { "INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "ACK", "BYE", "CANCEL", "PUBLISH", "FROBNICATE",
		"!interesting-Method0123" };
	static const char *const odd[] = { "register", "REGISTERX", "", "RE%47ISTER", "REGISTER\t", "a b", "\xc3\xa9", "SIP/2.0", "\"R\"",
		"Register" };
	static const char *const versions[] = { "sip/2.0", "SIP/3.0", "SIP/2.0 ", "SIP/2.00", "SIP/7", "HTTP/1.1", "", "SIP/2.0x",
		"SIP / 2.0", "SIP/2", "SIP/" };
	static const char *const spaces[] = { "  ", "\t", "", " \t" };

	s->method = generator_odd(g) ? odd[generator_dice(g, 10)] : generator_dice(g, 4) ? "REGISTER" : others[generator_dice(g, 10)];
	generator_put(g, s->method);
	generator_put(g, generator_odd(g) ? spaces[generator_dice(g, 4)] : " ");
	if (generator_odd(g))
		generator_uri(g);
	else if (s->method[0] == 'R')
		generator_put(g, generator_dice(g, 4) ? "sip:example.com" : "sips:example.com:5061;x=y");
	else
		generator_aor(g);
	if (s->method[0] != 'R' && generator_dice(g, 5) == 0)
		generator_put(g, generator_dice(g, 4) ? ";gr=urn:uuid:00000000-0000-1000-8000-000A95A0E128" : ";gr=urn:uuid:9");
	generator_put(g, generator_odd(g) ? spaces[generator_dice(g, 4)] : " ");
	generator_put(g, generator_odd(g) ? versions[generator_dice(g, 11)] : "SIP/2.0");
	generator_put(g, "\r\n");
}

static void put_headers(generator *g, const shape *s)
{
	uint32_t at = generator_dice(g, ROWS), step = generator_dice(g, 3) ? 1 : 1 + generator_dice(g, ROWS - 1);

	/* Every step visits every row, as their number is prime. */
	for (uint32_t i = 0; i < ROWS; i++, at = (at + step) % ROWS) {
		const struct row *row = &rows[at];
		if (generator_dice(g, 100) >= row->often || (row->often == 100 && generator_dice(g, 4) == 0 && generator_odd(g)))
			continue;
		do {
			put_line(g, row, s);
		} while (generator_dice(g, 100) < row->again || (row->again == 0 && generator_dice(g, 4) == 0 && generator_odd(g)));
	}
}

/* Near a limit: of lines, of commas, of bytes, or of the values that a config counts. */
static void put_plenty(generator *g)
{
	static const struct { const char *unit; uint32_t about; } kinds[] = {
		{ "X: y\r\n", 250 }, { "X:\r\n y\r\n", 126 }, { "Allow: a,b,c,d,e,f,g,h,i\r\n", 128 }, { "Contact: <sip:a@h>\r\n", 33 },
		{ "Path: <sip:p;lr>\r\n", 17 }, { "Via: SIP/2.0/UDP h;branch=z\r\n", 60 }, { "m: <sip:a@h>,<sip:b@h>, <sip:c@h>\r\n", 11 },
			{ "Supported: a,b,c,d\r\n", 90 },
	};
	uint32_t kind = generator_dice(g, 10);

	if (kind < 8) {
		for (uint32_t n = kinds[kind].about + generator_dice(g, 12) - 6; n > 0; n--)
			generator_put(g, kinds[kind].unit);
		return;
	}
	generator_put(g, kind == 8 ? "User-Agent: " : "X: ");
	for (size_t to = kind == 8 ? g->n + 400 : 65400 + generator_dice(g, 300); g->n < to && g->n < GENERATED_MOST;)
		generator_put(g, "x");
	generator_put(g, "\r\n");
}

size_t generate(uint64_t seed, uint32_t index, char *room)
{
	static const uint32_t odds[] = { 0, 0, 0, 0, 2, 4, 4, 8, 8, 15, 15, 30, 30, 60, 100, 300 };
	generator g = { .state = seed, .p = room };
	shape s = { .cseq = 1 + index };

	g.odds = odds[generator_dice(&g, 16)];
	s.body = generator_dice(&g, 10) ? 0 : generator_dice(&g, 40);
	if (generator_dice(&g, 8) == 0) /* older than others, or of the same age */
		s.cseq = 1 + generator_dice(&g, index + 1);
	if (generator_odd(&g))
		generator_put(&g, "\r\n\r\n");
	put_start(&g, &s);
	if (generator_dice(&g, 100) == 0)
		put_plenty(&g);
	put_headers(&g, &s);
	if (generator_dice(&g, 200) == 0)
		put_plenty(&g);
	if (!generator_odd(&g))
		generator_put(&g, "\r\n");
	for (uint32_t i = 0; i < s.body; i++)
		generator_octets(&g, i % 7 ? "b" : &"\r\n\0"[generator_dice(&g, 3)], 1);
	if (generator_dice(&g, 3) == 0) {
		for (uint32_t n = 1 + generator_dice(&g, 3); n > 0; n--)
			generator_mutate(&g);
	}
	return g.n;
}
