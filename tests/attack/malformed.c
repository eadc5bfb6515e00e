/* SPDX-License-Identifier: MIT */
/* Class 1: malformed fields, truncation at every byte, each byte flipped. */
#include "adaptors.h"
#include <fcntl.h>

#define START "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP pc.example.com:5060;branch=z9hG4bK7;rport\r\n" \
	"Max-Forwards: 70\r\nFrom: \"Alice\" <sip:alice@example.com>;tag=456248\r\nTo: <sip:alice@example.com>\r\n" \
	"Call-ID: 843817637684230@998sdasdh09\r\nCSeq: 1826 REGISTER\r\n"
#define END "User-Agent: phone/1.0\r\nAllow: INVITE, ACK, BYE\r\nContent-Length: 4\r\n\r\nbody"

/* A plain one, and one that uses every extension there is, in a world that acts on them. */
static const struct valid {
	const char *text;
	size_t n;
	bool extended;
} valid[] = {
#define VALID(extended, text) { text, sizeof text - 1, extended }
	VALID(false, START "Contact: <sip:alice@192.0.2.4:5060;transport=udp>;q=0.7;expires=600;"
		"+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\", \"Two, \\\" three\" <sip:alice@[2001:db8::4]>\r\nExpires: 7200\r\n"
		"Supported: path, gruu\r\n" END),
	VALID(true, START "Via: SIP/2.0/TCP edge.example.com;branch=z9hG4bK8\r\nContact: <sip:alice@192.0.2.4:5060;transport=tcp>;expires=600;"
		"+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=1\r\n"
		"Path: <sip:p1.example.com;lr;r2=on>, \"p, 2\" <sip:p2@[2001:db8::9]:5061;lr;r2=on;received=sip:203.0.113.9:4444%3Btransport%3Dtcp>\r\n"
		"Path: <sip:tok%65n@edge.example.com;lr;ob>;x=y\r\nSupported: path, outbound\r\nRequire: path\r\nSock-Info: tcp:198.51.100.1:5060\r\n"
		END),
#undef VALID
};

enum { KINDS = sizeof valid / sizeof valid[0], LONGEST = 2048 };

static world world_of(const struct valid *v, const adaptor *by)
{
	world w = v->extended ? world_extended() : world_new();

	w.handle = by->handle;
	return w;
}

typedef void (*trial)(const struct valid *v, const adaptor *by);

static void each_valid(trial run)
{
	for (size_t k = 0; k < n_adaptors; k++) {
		for (int i = 0; i < KINDS; i++)
			run(&valid[i], &adaptors[k]);
	}
}

/* Whatever it was: nothing leaks out, a refusal stores nothing, and the reply is sound. */
static answer check(world *w, const char *bytes, size_t n, const char *what, size_t at)
{
	uint64_t before = world_digest(w);
	answer a = world_send(w, bytes, n);
	const char *fault = fault_of(&a);

	cr_expect(a.status == RG_OK || a.status == RG_EINVAL, "%s %zu: %s", what, at, rg_strerror(a.status));
	cr_expect(a.status == RG_OK || a.n == 0, "%s %zu: an error with a reply", what, at);
	cr_expect_null(fault, "%s %zu: %s in: %s", what, at, fault, a.text);
	if (a.code != 200)
		cr_expect_eq(world_digest(w), before, "%s %zu: %d stored something", what, at, a.code);
	return a;
}

static void accept(const struct valid *v, const adaptor *by)
{
	world w = world_of(v, by);
	answer a = check(&w, v->text, v->n, by->name, 0);

	cr_expect_eq(a.code, 200, "%s", a.text);
	cr_expect_eq(strstr(a.text, "Require: outbound") != NULL, v->extended);
	cr_expect_eq(strstr(a.text, "\r\nPath: <sip:tok%65n@edge.example.com;lr;ob>;x=y\r\n") != NULL, v->extended);
	cr_expect_neq(world_digest(&w), 1);
	answer_free(&a);
	world_end(&w);
}

Test(malformed, valid_message_is_accepted)
{
	each_valid(accept);
}

static void cut(const struct valid *v, const adaptor *by)
{
	world w = world_of(v, by);

	for (size_t n = 0; n < v->n; n++) {
		answer a = check(&w, v->text, n, "cut at", n);
		cr_expect(a.code == 0 || a.code == 400, "cut at %zu: %d", n, a.code);
		answer_free(&a);
	}
	cr_expect_eq(world_digest(&w), 1);
	world_end(&w);
}

Test(malformed, message_cut_at_any_byte_stores_nothing)
{
	each_valid(cut);
}

static void flip(const struct valid *v, const adaptor *by)
{
	world w = world_of(v, by);
	char bytes[LONGEST];

	for (size_t i = 0; i < v->n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(bytes, v->text, v->n);
			bytes[i] = (char)((uint8_t)bytes[i] ^ 1u << bit);
			answer a = check(&w, bytes, v->n, "flipped at", i);
			answer_free(&a);
		}
	}
	world_end(&w);
}

Test(malformed, any_bit_flipped_is_survived)
{
	each_valid(flip);
}

static void replace(const struct valid *v, const adaptor *by)
{
	static const char others[] = { '\0', '\r', '\n', '\t', ' ', '"', '%', ',', ';', ':', '<', '>', '@', '[', '\\', ']', '\177', (char)0xc0,
		(char)0xff };
	world w = world_of(v, by);
	char bytes[LONGEST];

	for (size_t i = 0; i < v->n; i++) {
		for (size_t k = 0; k < sizeof others; k++) {
			memcpy(bytes, v->text, v->n);
			bytes[i] = others[k];
			answer a = check(&w, bytes, v->n, "replaced at", i);
			answer_free(&a);
		}
	}
	world_end(&w);
}

Test(malformed, any_byte_replaced_is_survived)
{
	each_valid(replace);
}

static void leave_out_and_double(const struct valid *v, const adaptor *by)
{
	world w = world_of(v, by);
	char bytes[LONGEST];

	for (size_t i = 0; i < v->n; i++) {
		memcpy(bytes, v->text, i);
		memcpy(bytes + i, v->text + i + 1, v->n - 1 - i);
		answer a = check(&w, bytes, v->n - 1, "left out at", i);
		answer_free(&a);
		memcpy(bytes + i, v->text + i, 1);
		memcpy(bytes + i + 1, v->text + i, v->n - i);
		a = check(&w, bytes, v->n + 1, "doubled at", i);
		answer_free(&a);
	}
	world_end(&w);
}

Test(malformed, any_byte_left_out_or_doubled_is_survived)
{
	each_valid(leave_out_and_double);
}

static const struct { const char *header; int32_t code; } fields[] = {
	{ "Contact: %", 400 }, { "Contact: <sip:>", 400 }, { "Contact: <sip:@h>", 400 }, { "Contact: \"x <sip:a@h>", 400 },
	{ "Contact: <sip:a@h>expires=5", 400 }, { "Contact: <sip:a@h", 400 }, { "Contact:", 400 }, { "Contact: ,", 400 }, { "m: ;", 400 },
	{ "Contact: <sip:a@h>;expires=-1", 400 }, { "Contact: <sip:a@h>;expires=\"7\"", 400 }, { "Contact: <sip:a@h>;expires=", 400 },
	{ "Contact: <sip:a@h>;q=2.5", 400 }, { "Contact: <sip:a@h>;q=1.001", 400 }, { "Contact: <sip:a@h>;q=", 400 },
	{ "Contact: <sip:a@h>;;", 400 },
	{ "Contact: <sip:a@h:99999>", 400 }, { "Contact: <sip:a@h:0>", 400 },
	{ "Contact: <sip:a@3402000000>", 200 }, { "Contact: <sip:a@_my_pc>", 200 },
	{ "Contact: <sip:a@1.2>", 400 }, { "Contact: <sip:a@192.0.2.256>", 400 }, { "Contact: <sip:a@[::1>", 400 }, { "Contact: <sip:a@h%>", 400 },
	{ "Contact: *", 400 }, { "Contact: *\r\nExpires: 5", 400 }, { "Contact: *, <sip:a@h>\r\nExpires: 0", 400 },
	{ "Contact: *;q=1\r\nExpires: 0", 400 }, { "Contact: <sip:a@h>\r\nExpires: -1", 400 }, { "Contact: <sip:a@h>\r\nExpires: abc", 400 },
	{ "Contact: <sip:a@h>\r\nExpires: \"7\"", 400 }, { "Contact: <sip:a@h>\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT", 400 },
	{ "Contact: <sip:a@h>\r\nExpires:", 400 }, { "Contact: <sip:a@h>\r\nExpires: 1\r\nExpires: 1", 400 },
	{ "Contact: <sip:a@h>\r\nContact: <sip:>\r\nContact: <sip:b@h>", 400 }, { "To: <sip:eve@example.com>", 400 }, { "Call-ID: x", 400 },
	{ "CSeq: 9 REGISTER", 400 }, { "From: <sip:eve@example.com>;tag=2", 400 }, { "Content-Length: 1", 400 }, { "Content-Length: -1", 400 },
	{ "Content-Length: 4294967296", 400 }, { "Content-Length: 0\r\nContent-Length: 0", 400 }, { "no colon", 400 }, { "Path: <", 400 },
	{ "Require: nonsense", 420 }, { "Contact: <sip:a@h>;expires=99999999999999999999", 200 }, { "Contact: <tel:+1>", 200 },
	{ "X-Anything: \"", 200 }, { "Date: never", 200 },
	{ "Allow: INVITE ACK BYE", 200 }, { "Supported: timer;100rel", 200 }, { "Route: <", 200 }, { "Feature-Caps: ;", 200 },
	{ "Date: x\r\nDate: y", 200 }, { "Require: a b", 400 }, { "Via: foo", 400 },
	{ "Contact: \xc3\xa9 <sip:a@h>", 200 }, { "Contact: \xc3\xa9 <sip:>", 400 }, { "Contact: \xc3\xa9 \"x <sip:a@h>", 400 },
	{ "Contact: sip:b@h;x=<sip:a@h>", 400 },
};

static void refuse_fields(const adaptor *by)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		world w = world_new();
		char *text = NULL;
		int n = asprintf(&text, "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=b\r\nFrom: <sip:a@example.com>;tag=1\r\n"
			"To: <sip:a@example.com>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n%s\r\n\r\n", fields[i].header);
		cr_assert_gt(n, 0);
		w.handle = by->handle;
		answer a = check(&w, text, (size_t)n, fields[i].header, i);
		cr_expect_eq(a.code, fields[i].code, "%s by %s: %d\n%s", fields[i].header, by->name, a.code, a.text);
		answer_free(&a);
		free(text);
		world_end(&w);
	}
}

Test(malformed, each_field_is_refused_by_the_code_that_fits)
{
	for (size_t k = 0; k < n_adaptors; k++)
		refuse_fields(&adaptors[k]);
}

static int kept[2] = { -1, -1 }; /* descriptors 1 and 2 while they lead to a file */

static void capture(int file)
{
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		kept[i] = dup(1 + i);
		dup2(file, 1 + i);
	}
}

/* As the test's .fini as well: a failed assertion leaves the test while it captures. */
static void release(void)
{
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		if (kept[i] < 0)
			continue;
		dup2(kept[i], 1 + i);
		close(kept[i]);
		kept[i] = -1;
	}
}

static void send_most(const struct valid *v, const adaptor *by)
{
	world w = world_of(v, by);
	char bytes[LONGEST];

	for (size_t i = 0; i < v->n; i++) {
		memcpy(bytes, v->text, v->n);
		bytes[i] = '<';
		answer a = world_send(&w, bytes, i % 3 ? v->n : i);
		answer_free(&a);
	}
	world_end(&w);
}

Test(malformed, nothing_is_ever_printed, .fini = release)
{
	char path[] = "/tmp/rgstr-printed-XXXXXX";
	int file = mkstemp(path);

	cr_assert_geq(file, 0);
	unlink(path);
	capture(file);
	each_valid(send_most);
	release();
	cr_expect_eq(lseek(file, 0, SEEK_END), 0, "something was printed");
	close(file);
}
