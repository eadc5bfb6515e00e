/* SPDX-License-Identifier: MIT */
#include "sample_record.h"
#include "model/codec.h"
#include "page.h"
#include <criterion/criterion.h>
#include <stdio.h>

typedef struct blob {
	uint8_t *p;
	size_t n;
} blob;

static blob encode(const rg_record *r)
{
	blob b;

	cr_assert_eq(rg_record_encode(r, &b.p, &b.n), RG_OK);
	return b;
}

static rg_record *decode(blob b)
{
	rg_error *why = rg_error_new();
	rg_record *r;
	rg_status status = rg_record_decode(b.p, b.n, &r, why);

	cr_assert_eq(status, RG_OK, "%s: %.*s", rg_status_name(status), (int)rg_error_text(why).n, rg_error_text(why).p);
	rg_error_free(why);
	return r;
}

/* The status of bytes that must not be a record; they lie in an allocation of their size, so that a sanitizer sees a read past them. */
static rg_status refusal(const void *bytes, size_t n)
{
	uint8_t *copy = malloc(n);
	rg_record *r = NULL;
	rg_status status;

	memcpy(copy, bytes, n);
	status = rg_record_decode(copy, n, &r, NULL);
	cr_assert((status == RG_OK) == (r != NULL));
	rg_record_unref(r);
	free(copy);
	return status;
}

static bool same_text(rg_str a, rg_str b)
{
	return rg_str_equal(a, b) && (a.p == NULL) == (b.p == NULL);
}

/* Field by field, without the codec's tables. */
static bool same_contact(const rg_contact *a, const rg_contact *b)
{
	return a->flags == b->flags && a->id == b->id && a->generation == b->generation && same_text(a->uri, b->uri) &&
		same_text(a->params, b->params) && same_text(a->instance, b->instance) && same_text(a->callid, b->callid) &&
		same_text(a->path, b->path) && same_text(a->received, b->received) && same_text(a->socket, b->socket) &&
		same_text(a->flow, b->flow) && same_text(a->user_agent, b->user_agent) && same_text(a->attr, b->attr) &&
		same_text(a->ownership_tag, b->ownership_tag) && same_text(a->next_hop, b->next_hop) && a->n_addrs == b->n_addrs &&
		(a->n_addrs == 0 || memcmp(a->addrs, b->addrs, a->n_addrs * sizeof *a->addrs) == 0) && a->cseq == b->cseq &&
		a->expires == b->expires && a->created == b->created && a->modified == b->modified && a->wake == b->wake &&
		a->request_hash == b->request_hash && a->q == b->q && a->reg_id == b->reg_id && a->methods == b->methods &&
		a->branch_flags == b->branch_flags && a->latency == b->latency && same_text(a->extra, b->extra);
}

static bool same_removal(const rg_removal *a, const rg_removal *b)
{
	return a->cseq == b->cseq && same_text(a->uri, b->uri) && same_text(a->instance, b->instance) && same_text(a->callid, b->callid) &&
		a->reg_id == b->reg_id && a->request_hash == b->request_hash && a->at == b->at;
}

static bool same_head(const rg_record *a, const rg_record *b)
{
	rg_key ka, kb;

	rg_record_key(a, &ka);
	rg_record_key(b, &kb);
	return rg_key_equal(&ka, &kb) && rg_revision_equal(rg_record_revision(a), rg_record_revision(b)) &&
		same_text(rg_record_extra(a), rg_record_extra(b)) && rg_record_contact_count(a) == rg_record_contact_count(b) &&
		rg_record_removal_count(a) == rg_record_removal_count(b) && rg_record_deadline(a) == rg_record_deadline(b) &&
		rg_record_tag_count(a) == rg_record_tag_count(b);
}

static bool same_record(const rg_record *a, const rg_record *b)
{
	bool same = same_head(a, b);
	uint32_t i;

	for (i = 0; same && i < rg_record_contact_count(a); i++) {
		rg_contact x = { .struct_size = sizeof x }, y = { .struct_size = sizeof y };
		rg_record_contact(a, i, &x);
		rg_record_contact(b, i, &y);
		same = same_contact(&x, &y);
	}
	for (i = 0; same && i < rg_record_removal_count(a); i++) {
		rg_removal x = { .struct_size = sizeof x }, y = { .struct_size = sizeof y };
		rg_record_removal(a, i, &x);
		rg_record_removal(b, i, &y);
		same = same_removal(&x, &y);
	}
	for (i = 0; same && i < rg_record_tag_count(a); i++)
		same = rg_str_equal(rg_record_tag(a, i), rg_record_tag(b, i));
	return same;
}

static uint64_t seed;

static uint64_t below(uint64_t n)
{
	return sample_random(&seed) % n;
}

/* A text out of few enough letters that texts come to lie in each other; now and then none, or an empty one. */
static rg_str random_text(char *room, size_t least, size_t most)
{
	size_t n = least + below(most - least + 1);

	if (least == 0 && below(3) == 0)
		return (rg_str){ NULL, 0 };
	for (size_t i = 0; i < n; i++)
		room[i] = below(50) == 0 ? (char)0xe9 : "ab:5"[below(4)];
	return (rg_str){ room, n };
}

enum { MOST_CONTACTS = 20, ROOM = 64 };

typedef struct parts {
	rg_contact contacts[MOST_CONTACTS];
	char text[MOST_CONTACTS][RG__N_STRINGS][ROOM];
	rg_addr addrs[MOST_CONTACTS][8];
	rg_removal gone[RG_REMOVALS_MAX];
	char gone_text[RG_REMOVALS_MAX][3][ROOM];
} parts;

static void random_numbers(rg_contact *c)
{
	c->generation = sample_random(&seed);
	c->request_hash = sample_random(&seed);
	c->flags = (uint32_t)below(32);
	c->cseq = (uint32_t)(sample_random(&seed) >> 33);
	c->expires = (rg_time)sample_random(&seed);
	c->created = (rg_time)sample_random(&seed) >> below(60);
	c->modified = below(4) ? 1700000000000 : RG_TIME_NEVER;
	c->wake = below(2) ? 0 : (rg_time)sample_random(&seed);
	c->q = (int32_t)below(1002) - 1;
	c->reg_id = below(2) ? 0 : (uint32_t)(sample_random(&seed) >> 33);
	c->methods = below(2) ? RG_METHODS_ALL : (uint32_t)sample_random(&seed);
	c->branch_flags = below(2) ? 0 : (uint32_t)sample_random(&seed);
	c->latency = below(2) ? RG_LATENCY_NONE : (uint32_t)sample_random(&seed);
}

static void random_contact(parts *p, uint32_t i)
{
	rg_contact *c = &p->contacts[i];
	unsigned bit;

	rg_contact_init(c, sizeof *c);
	c->id = i + 1;
	random_numbers(c);
	for (bit = 0; bit < RG__HAS_extra; bit++)
		*rg__contact_string(c, bit) = random_text(p->text[i][bit], bit == RG__HAS_uri || bit == RG__HAS_callid, ROOM);
	c->instance = (rg_str){ NULL, 0 };
	if (c->params.n > 0) {
		p->text[i][RG__HAS_params][0] = ';';
		if (below(2))
			c->instance = (rg_str){ c->params.p + c->params.n / 2, c->params.n - c->params.n / 2 };
	}
	if (c->path.n > 4)
		p->text[i][RG__HAS_path][2] = '\n';
	if (below(4) == 0)
		c->extra = RG_STR("\xa3new\x92\x01\xc0\xa1z\xcb\x00\x00\x00\x00\x00\x00\x00\x00");
	c->addrs = p->addrs[i];
	c->n_addrs = below(3) ? 0 : (uint32_t)below(9);
	for (uint32_t k = 0; k < c->n_addrs; k++) {
		p->addrs[i][k] = (rg_addr){ .family = below(2) ? 4 : 6, .port = (uint16_t)below(65536) };
		for (int o = 0; o < (p->addrs[i][k].family == 4 ? 4 : 16); o++)
			p->addrs[i][k].ip[o] = (uint8_t)below(256);
	}
}

static rg_record *random_record(void)
{
	static parts p;
	uint32_t n = (uint32_t)below(below(2) ? 3 : MOST_CONTACTS + 1), gone = (uint32_t)below(RG_REMOVALS_MAX + 1);
	rg_key key = sample_key();
	rg_record *r;

	for (uint32_t i = 0; i < n; i++)
		random_contact(&p, i);
	for (uint32_t i = 0; i < gone; i++)
		p.gone[i] = (rg_removal){ .struct_size = sizeof(rg_removal), .cseq = (uint32_t)below(100), .at = (rg_time)sample_random(&seed),
			.reg_id = (uint32_t)below(3), .request_hash = sample_random(&seed), .uri = random_text(p.gone_text[i][0], 1, ROOM),
			.callid = random_text(p.gone_text[i][1], 1, ROOM) };
	for (uint32_t i = 0; i < gone; i++)
		if (below(2))
			p.gone[i].instance = random_text(p.gone_text[i][2], 1, ROOM);
	cr_assert_eq(rg_record_new(&key, &sample_revision, p.contacts, n, p.gone, gone,
		below(3) ? (rg_str){ NULL, 0 } : RG_STR("\xa3new\x81\xa1x\x01"), &r), RG_OK);
	return r;
}

Test(codec, what_is_written_reads_back_equal)
{
	seed = 20240517;
	for (int i = 0; i < 3000; i++) {
		rg_record *r = random_record();
		blob b = encode(r);
		rg_record *again = decode(b);

		cr_assert(same_record(r, again), "record %d", i);
		rg_mem_free(b.p);
		rg_record_unref(r);
		rg_record_unref(again);
	}
}

/* What stands behind the key of a binding, for one number or text. */
static void expect_written(const rg_contact *c, const char *key, const void *want, size_t n)
{
	rg_key name = sample_key();
	rg_record *r;
	char found[16];
	size_t key_n = strlen(key) + 1;

	found[0] = (char)(0xa0 + strlen(key));
	memcpy(found + 1, key, strlen(key));
	cr_assert_eq(rg_record_new(&name, &sample_revision, c, 1, NULL, 0, (rg_str){ NULL, 0 }, &r), RG_OK);
	blob b = encode(r);
	const uint8_t *at = memmem(b.p, b.n, found, key_n);
	cr_assert_not_null(at);
	cr_expect(b.n - (size_t)(at - b.p) > key_n + n && memcmp(at + key_n, want, n) == 0, "%s: %02x %02x …", key, at[key_n], at[key_n + 1]);
	rg_mem_free(b.p);
	rg_record_unref(r);
}

Test(codec, numbers_and_lengths_take_their_shortest_form)
{
	static const struct {
		rg_time time;
		const char *bytes;
		size_t n;
	} times[] = {
#define BYTES(text) text, sizeof text - 1
		{ 0, BYTES("\x00") }, { 127, BYTES("\x7f") }, { 128, BYTES("\xcc\x80") }, { 255, BYTES("\xcc\xff") },
		{ 256, BYTES("\xcd\x01\x00") }, { 65535, BYTES("\xcd\xff\xff") }, { 65536, BYTES("\xce\x00\x01\x00\x00") },
		{ UINT32_MAX, BYTES("\xce\xff\xff\xff\xff") }, { INT64_C(1) << 32, BYTES("\xcf\x00\x00\x00\x01\x00\x00\x00\x00") },
		{ INT64_MAX, BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff") }, { -1, BYTES("\xff") }, { -32, BYTES("\xe0") },
		{ -33, BYTES("\xd0\xdf") }, { -128, BYTES("\xd0\x80") }, { -129, BYTES("\xd1\xff\x7f") }, { INT16_MIN, BYTES("\xd1\x80\x00") },
		{ INT16_MIN - 1, BYTES("\xd2\xff\xff\x7f\xff") }, { INT32_MIN, BYTES("\xd2\x80\x00\x00\x00") },
		{ (rg_time)INT32_MIN - 1, BYTES("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff") },
		{ INT64_MIN, BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00") },
#undef BYTES
	};
	static const struct {
		size_t n, head_n;
		const char *head;
	} texts[] = {
		{ 1, 1, "\xa1" }, { 31, 1, "\xbf" }, { 32, 2, "\xd9\x20" }, { 255, 2, "\xd9\xff" }, { 256, 3, "\xda\x01\x00" },
		{ 60000, 3, "\xda\xea\x60" },
	};
	rg_contact c = sample_contact();
	char *text = malloc(60000);

	cr_assert_not_null(text);
	memset(text, 'x', 60000);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		c.created = times[i].time;
		expect_written(&c, "crt", times[i].bytes, times[i].n);
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		c.user_agent = (rg_str){ text, texts[i].n };
		expect_written(&c, "ua", texts[i].head, texts[i].head_n);
	}
	free(text);
}

/* One record with everything in it. */
static rg_record *full_record(void)
{
	static const rg_addr addrs[2] = { { .ip = { 192, 0, 2, 1 }, .family = 4, .port = 5 }, { .ip = { 0x20, 1 }, .family = 6 } };
	rg_contact c[2] = { sample_contact(), sample_contact() };
	rg_removal gone = sample_removal();
	rg_key key = sample_key();
	rg_record *r;

	c[0].path = RG_STR("<sip:p1.test;lr>\n<sip:p2.test;lr>");
	c[0].flow = RG_STR("\x01\x02");
	c[0].attr = c[0].ownership_tag = RG_STR("own");
	c[0].addrs = addrs;
	c[0].n_addrs = 2;
	c[0].wake = c[0].latency = c[0].reg_id = c[0].branch_flags = c[0].flags = c[0].methods = 7;
	c[0].q = 1000;
	c[1].id = 2;
	c[1].extra = RG_STR("\xa1z\x92\xc2\xd4\x01\x02");
	gone.instance = RG_STR("<urn:x>");
	gone.reg_id = 1;
	cr_assert_eq(rg_record_new(&key, &sample_revision, c, 2, &gone, 1, RG_STR("\xa3new\xa1v"), &r), RG_OK);
	return r;
}

Test(codec, truncated_at_any_byte_it_is_refused)
{
	rg_record *r = full_record();
	blob b = encode(r);

	for (size_t n = 0; n < b.n; n++)
		cr_assert_eq(refusal(b.p, n), RG_EFORMAT, "%zu of %zu bytes", n, b.n);
	cr_assert_eq(refusal(b.p, b.n), RG_OK);
	rg_mem_free(b.p);
	rg_record_unref(r);
}

Test(codec, bytes_left_over_are_refused)
{
	rg_record *r = full_record();
	blob b = encode(r);

	b.p = realloc(b.p, b.n + 1);
	b.p[b.n] = 0xc0;
	cr_assert_eq(refusal(b.p, b.n + 1), RG_EFORMAT);
	rg_mem_free(b.p);
	rg_record_unref(r);
}

Test(codec, with_any_bit_flipped_it_is_refused_or_another_sound_record)
{
	rg_record *r = full_record();
	blob b = encode(r);
	size_t refused = 0;

	for (size_t bit = 0; bit < b.n * 8; bit++) {
		rg_record *flipped, *again;

		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (rg_record_decode(b.p, b.n, &flipped, NULL) == RG_OK) {
			blob other = encode(flipped);
			again = decode(other);
			cr_assert(same_record(flipped, again), "bit %zu", bit);
			rg_mem_free(other.p);
			rg_record_unref(again);
			rg_record_unref(flipped);
		} else {
			refused++;
		}
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	cr_assert_gt(refused, b.n, "key names and types at least are held to");
	rg_mem_free(b.p);
	rg_record_unref(r);
}

/* MessagePack by hand: what the encoder would never write. */
#define HEAD(n) n "\xa1v\x92\x01\x00" "\xa3" "dom\xa1" "d" "\xa3" "usr\xa1" "u" "\xa3" "hst\xa1h" "\xa3" "rev\xc4\x10" "0123456789abcdef"
#define CONTACT_LESS(n) n "\xa3" "gen\x02" "\xa3uri\xa1u" "\xa3" "cid\xa1" "c" "\xa3seq\x01" "\xa2rh\x01" "\xa3" "exp\x01" \
	"\xa3" "crt\x01" "\xa3mod\x01"
#define CONTACT(n) CONTACT_LESS(n) "\xa2id\x01"
#define ONE(n) HEAD("\x86") "\xa1" "c\x91" CONTACT(n)
#define GONE(n) HEAD("\x86") "\xa2rm\x91" n "\xa3uri\xa1u" "\xa3" "cid\xa1" "c" "\xa3seq\x01" "\xa2rh\x01" "\xa2" "at\x01"
#define DEEP8 "\x91\x91\x91\x91\x91\x91\x91\x91"

typedef struct hostile {
	const char *name;
	rg_str bytes;
	rg_status status;
} hostile;

#define ROW(name, status, text) { name, { text, sizeof(text) - 1 }, status }

static const hostile by_hand[] = {
	ROW("the least record", RG_OK, HEAD("\x85")),
	ROW("the least binding", RG_OK, ONE("\x89")),
	ROW("the least removal", RG_OK, GONE("\x85")),
	ROW("an integer written longer than need be", RG_OK, ONE("\x8a") "\xa3rid\xce\x00\x00\x00\x01"),
	ROW("a positive integer written as a signed one", RG_OK, ONE("\x8a") "\xa3rid\xd3\x00\x00\x00\x00\x00\x00\x00\x01"),
	ROW("nothing", RG_EFORMAT, ""),
	ROW("an array of four billion", RG_EFORMAT, "\xdd\xff\xff\xff\xff"),
	ROW("a map of four billion", RG_EFORMAT, "\xdf\xff\xff\xff\xff"),
	ROW("a text of four billion octets", RG_EFORMAT, "\x81\xdb\xff\xff\xff\xff"),
	ROW("the byte that means nothing", RG_EFORMAT, "\xc1"),
	ROW("no map", RG_EFORMAT, "\x90"),
	ROW("an empty map", RG_EFORMAT, "\x80"),
	ROW("the version is not first", RG_EFORMAT, "\x81\xa3" "dom\xa1" "d"),
	ROW("a version from the future", RG_ENOTSUP, "\x81\xa1v\x92\x02\x00"),
	ROW("version 0", RG_ENOTSUP, "\x81\xa1v\x92\x00\x00"),
	ROW("a version of one number", RG_EFORMAT, "\x81\xa1v\x91\x01"),
	ROW("a version in words", RG_EFORMAT, "\x81\xa1v\xa1" "1"),
	ROW("a key that is a number", RG_EFORMAT, HEAD("\x86") "\x01\x01"),
	ROW("a key twice", RG_EFORMAT, HEAD("\x86") "\xa3" "dom\xa1" "d"),
	ROW("an unknown key", RG_OK, HEAD("\x86") "\xa1z\xc0"),
	ROW("an unknown key twice", RG_EFORMAT, HEAD("\x87") "\xa1z\xc0\xa1z\xc0"),
	ROW("an unknown key twice in a binding", RG_EFORMAT, ONE("\x8b") "\xa1z\xc0\xa1z\xc0"),
	ROW("an unknown key without value", RG_EFORMAT, HEAD("\x86") "\xa1z"),
	ROW("an unknown key in a removal", RG_OK, GONE("\x86") "\xa1z\xc0"),
	ROW("16 deep", RG_OK, HEAD("\x86") "\xa1z" DEEP8 DEEP8 "\xc0"),
	ROW("17 deep", RG_EFORMAT, HEAD("\x86") "\xa1z" DEEP8 DEEP8 "\x91\xc0"),
	ROW("a text that is a binary", RG_EFORMAT, ONE("\x8a") "\xa2ua\xc4\x01x"),
	ROW("id 0", RG_EFORMAT, HEAD("\x86") "\xa1" "c\x91" CONTACT_LESS("\x89") "\xa2id\x00"),
	ROW("a negative id", RG_EFORMAT, HEAD("\x86") "\xa1" "c\x91" CONTACT_LESS("\x89") "\xa2id\xff"),
	ROW("an id missing", RG_EFORMAT, HEAD("\x86") "\xa1" "c\x91" CONTACT_LESS("\x88")),
	ROW("an id twice", RG_EFORMAT, HEAD("\x86") "\xa1" "c\x92" CONTACT("\x89") CONTACT("\x89")),
	ROW("q 1000", RG_OK, ONE("\x8a") "\xa1q\xcd\x03\xe8"),
	ROW("q 1001", RG_EFORMAT, ONE("\x8a") "\xa1q\xcd\x03\xe9"),
	ROW("q -1", RG_EFORMAT, ONE("\x8a") "\xa1q\xff"),
	ROW("a q of 64 bits", RG_EFORMAT, ONE("\x8a") "\xa1q\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
	ROW("flags past 32 bits", RG_EFORMAT, ONE("\x8a") "\xa2" "fl\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
	ROW("reg-id 2^31", RG_EFORMAT, ONE("\x8a") "\xa3rid\xce\x80\x00\x00\x00"),
	ROW("a time past 63 bits", RG_EFORMAT, ONE("\x8a") "\xa3wak\xcf\x80\x00\x00\x00\x00\x00\x00\x00"),
	ROW("a time that is a float", RG_EFORMAT, ONE("\x8a") "\xa3wak\xca\x00\x00\x00\x00"),
	ROW("a negative time", RG_OK, ONE("\x8a") "\xa3wak\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
	ROW("CR LF in a User-Agent", RG_EFORMAT, ONE("\x8a") "\xa2ua\xa3x\r\n"),
	ROW("NUL in an attr", RG_EFORMAT, ONE("\x8a") "\xa3" "atr\xa2x\0"),
	ROW("any octets in a flow", RG_OK, ONE("\x8a") "\xa3" "flw\xa3\0\r\n"),
	ROW("two Path values", RG_OK, ONE("\x8a") "\xa3pth\xa3" "a\nb"),
	ROW("an empty Path value", RG_EFORMAT, ONE("\x8a") "\xa3pth\xa4" "a\n\nb"),
	ROW("a Path that ends in LF", RG_EFORMAT, ONE("\x8a") "\xa3pth\xa2" "a\n"),
	ROW("a Path with CR", RG_EFORMAT, ONE("\x8a") "\xa3pth\xa4" "a\r\nb"),
	ROW("parameters without semicolon", RG_EFORMAT, ONE("\x8a") "\xa3par\xa1" "x"),
	ROW("an instance in the parameters", RG_OK, ONE("\x8b") "\xa3par\xa2;x\xa3ins\xa1x"),
	ROW("an instance elsewhere", RG_EFORMAT, ONE("\x8b") "\xa3par\xa2;x\xa3ins\xa1y"),
	ROW("an instance without parameters", RG_EFORMAT, ONE("\x8a") "\xa3ins\xa1y"),
	ROW("an empty instance", RG_EFORMAT, ONE("\x8a") "\xa3ins\xa0"),
	ROW("an empty Contact URI", RG_EFORMAT, HEAD("\x86") "\xa2rm\x91\x85\xa3uri\xa0\xa3" "cid\xa1" "c\xa3seq\x01\xa2rh\x01\xa2" "at\x01"),
	ROW("an empty Call-ID", RG_EFORMAT, HEAD("\x86") "\xa2rm\x91\x85\xa3uri\xa1u\xa3" "cid\xa0\xa3seq\x01\xa2rh\x01\xa2" "at\x01"),
	ROW("an address", RG_OK, ONE("\x8a") "\xa3" "adr\x91\xc4\x06" "123456"),
	ROW("an address of 5 octets", RG_EFORMAT, ONE("\x8a") "\xa3" "adr\x91\xc4\x07" "1234567"),
	ROW("no addresses", RG_EFORMAT, ONE("\x8a") "\xa3" "adr\x90"),
	ROW("nine addresses", RG_ELIMIT, ONE("\x8a") "\xa3" "adr\x99\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"),
	ROW("a revision of 15 bytes", RG_EFORMAT, "\x82\xa1v\x92\x01\x00\xa3rev\xc4\x0f" "0123456789abcde"),
	ROW("33 removals", RG_ELIMIT,
		HEAD("\x86") "\xa2rm\xdc\x00\x21\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"
		"\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"),
	ROW("more bindings than bytes", RG_EFORMAT, HEAD("\x86") "\xa1" "c\x9f" CONTACT("\x89")),
	ROW("bindings that are no array", RG_EFORMAT, HEAD("\x86") "\xa1" "c\xc0"),
	ROW("neither user nor host", RG_EFORMAT,
		"\x85\xa1v\x92\x01\x00\xa3" "dom\xa1" "d\xa3usr\xa0\xa3hst\xa0\xa3rev\xc4\x10" "0123456789abcdef"),
	ROW("a line break in the host", RG_EFORMAT,
		"\x85\xa1v\x92\x01\x00\xa3" "dom\xa1" "d\xa3usr\xa0\xa3hst\xa1\n\xa3rev\xc4\x10" "0123456789abcdef"),
	ROW("revision zero", RG_EFORMAT,
		"\x85\xa1v\x92\x01\x00\xa3" "dom\xa1" "d\xa3usr\xa1u\xa3hst\xa0\xa3rev\xc4\x10" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
};

Test(codec, accepts_and_refuses_as_the_format_says)
{
	for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
		rg_status status = refusal(by_hand[i].bytes.p, by_hand[i].bytes.n);
		cr_expect_eq(status, by_hand[i].status, "%s: %s", by_hand[i].name, rg_status_name(status));
	}
}

Test(codec, says_where_and_what_was_wrong)
{
	static const char twice[] = HEAD("\x86") "\xa1" "c\x91" CONTACT("\x8a") "\xa2id\x01";
	rg_error *why = rg_error_new();
	rg_record *r;

	cr_assert_eq(rg_record_decode((const uint8_t *)twice, sizeof twice - 1, &r, why), RG_EFORMAT);
	cr_assert_eq(rg_error_status(why), RG_EFORMAT);
	cr_assert_str_eq(rg_error_text(why).p, "stored record, near byte 98: binding, key \"id\": given twice");
	rg_error_free(why);
}

Test(codec, no_bytes_are_no_record)
{
	rg_error *why = rg_error_new();
	rg_record *record;

	cr_expect_eq(rg_record_decode(NULL, 0, &record, NULL), RG_EFORMAT);
	cr_expect_eq(rg_record_decode(NULL, 1, &record, why), RG_EINVAL);
	cr_expect_null(record);
	cr_expect_str_eq(rg_error_text(why).p, "bytes is NULL");
	rg_error_free(why);
}

Test(codec, keeps_keys_of_a_newer_minor_version)
{
	static const char newer[] = "\x88\xa1v\x92\x01\x09\xa1y\x07\xa3" "dom\xa1" "d\xa3usr\xa1u\xa3hst\xa1h\xa3rev\xc4\x10" "0123456789abcdef"
		"\xa1" "c\x91" CONTACT("\x8b") "\xa1z\x81\x01\x02\xa1w\xc3" "\xa1x\xc7\x01\x05k";
	rg_record *r = decode((blob){ (uint8_t *)newer, sizeof newer - 1 }), *again;
	rg_contact c = { .struct_size = sizeof c };
	blob b;

	rg_record_contact(r, 0, &c);
	cr_assert(rg_str_equal(c.extra, RG_STR("\xa1z\x81\x01\x02\xa1w\xc3")));
	cr_assert(rg_str_equal(rg_record_extra(r), RG_STR("\xa1y\x07\xa1x\xc7\x01\x05k")));
	b = encode(r);
	again = decode(b);
	cr_assert(same_record(r, again));
	rg_mem_free(b.p);
	rg_record_unref(r);
	rg_record_unref(again);
}

Test(codec, takes_no_more_unknown_keys_than_64)
{
	char bytes[64 + 2 * 65 * 2] = "";
	rg_key key = sample_key();
	rg_record *r = NULL;
	size_t n = 0;

	for (int i = 0; i < 65; i++) {
		bytes[n++] = '\xa1';
		bytes[n++] = (char)(0x80 + i);
		bytes[n++] = '\x01';
	}
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, NULL, 0, (rg_str){ bytes, n }, &r), RG_ELIMIT);
	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, NULL, 0, (rg_str){ bytes, n - 3 }, &r), RG_OK);
	blob b = encode(r);
	rg_record *again = decode(b);
	cr_assert(same_record(r, again));
	rg_mem_free(b.p);
	rg_record_unref(r);
	rg_record_unref(again);
}

Test(codec, unknown_fields_may_not_pose_as_known_ones)
{
	rg_key key = sample_key();
	rg_contact c = sample_contact();
	rg_record *r;

	cr_assert_eq(rg_record_new(&key, &sample_revision, NULL, 0, NULL, 0, RG_STR("\xa1v\x01"), &r), RG_EFORMAT);
	c.extra = RG_STR("\xa3uri\xa1x");
	cr_assert_eq(sample_build(&c, 1, &r), RG_EFORMAT);
	c.extra = RG_STR("\xa1v\x01");
	cr_assert_eq(sample_build(&c, 1, &r), RG_OK, "a binding has no version");
	rg_record_unref(r);
}

Test(codec, a_record_as_large_as_one_may_be_reads_back)
{
	enum { N = 400 };
	static rg_contact c[N];
	rg_record *r, *again;
	blob b;

	for (int i = 0; i < N; i++) {
		c[i] = sample_contact();
		c[i].id = (uint64_t)i + 1;
	}
	cr_assert_eq(sample_build(c, N, &r), RG_OK, "what they share is stored once");
	b = encode(r);
	cr_assert_gt(b.n, RG_RECORD_BYTES_MAX);
	again = decode(b);
	cr_assert(same_record(r, again));
	rg_mem_free(b.p);
	rg_record_unref(r);
	rg_record_unref(again);
}

/* Each row of the page's tables of keys starts so. */
static uint32_t rows(const char *text, const char *from, const char *to, const rg__codec_map *map)
{
	const char *p = strstr(text, from), *end = strstr(text, to);
	uint32_t n = 0, i;
	char row[32];

	cr_assert(p && end && p < end);
	for (i = 0; i < map->n; i++) {
		snprintf(row, sizeof row, "\n| `%.*s` | ", (int)map->keys[i].name.n, map->keys[i].name.p);
		const char *at = strstr(p, row);
		cr_expect(at && at < end, "%s: no row for key %.*s", from, (int)map->keys[i].name.n, map->keys[i].name.p);
		const char *must = at ? strstr(at + 1, "| always") : NULL;
		cr_expect_eq(must && must < strchr(at + 1, '\n'), map->keys[i].must, "%s: presence of %s", from, row);
	}
	for (; (p = strstr(p, "\n| `")) && p < end; p++)
		n++;
	return n;
}

Test(codec, the_page_on_the_format_has_a_row_for_each_key_and_no_other)
{
	char *text = page_text();

	cr_expect_eq(rows(text, "## Record\n", "## Binding\n", &rg__codec_record), rg__codec_record.n);
	cr_expect_eq(rows(text, "## Binding\n", "## Removal\n", &rg__codec_contact), rg__codec_contact.n);
	cr_expect_eq(rows(text, "## Removal\n", "## Hash of a REGISTER\n", &rg__codec_removal), rg__codec_removal.n);
	free(text);
}
