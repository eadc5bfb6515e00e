/* SPDX-License-Identifier: MIT */
#include "value.h"
#include "sample_record.h"
#include <criterion/criterion.h>
#include <stdbool.h>

typedef struct stored {
	char *p;
	size_t n;
	size_t tags_at;
} stored;

static rg_record *sample(void)
{
	rg_contact c = sample_contact();
	rg_record *record = NULL;

	c.flow = RG_STR("tcp:17");
	cr_assert_eq(sample_build(&c, 1, &record), RG_OK);
	return record;
}

/* As commit.lua writes it. */
static stored store_value(const rg_record *record, char kind, uint8_t earlier)
{
	uint8_t *bytes;
	size_t n_bytes, tags = rg__redis_tags_size(record);
	stored s = { .tags_at = 21 + 16u * earlier + 4 };

	cr_assert_eq(rg_record_encode(record, &bytes, &n_bytes), RG_OK);
	s.p = calloc(1, s.tags_at + tags + n_bytes);
	cr_assert(s.p);
	memcpy(s.p, "rg1", 3);
	s.p[3] = kind;
	memcpy(s.p + 4, sample_revision.b, 16);
	s.p[20] = (char)earlier;
	s.n = s.tags_at - 4;
	if (kind == 'r') {
		s.n += 4;
		s.n = (size_t)(rg__redis_tags_write(s.p + s.n, record, tags) - s.p);
		memcpy(s.p + s.n, bytes, n_bytes);
		s.n += n_bytes;
	}
	rg_mem_free(bytes);
	return s;
}

static rg_status read_value(const char *p, size_t n, rg_fetched *out)
{
	rg_key key = sample_key();
	const char *why = NULL;

	rg_fetched_init(out, sizeof *out);
	rg_status status = rg__redis_value_read((rg_str){ p, n }, &key, out, &why);
	cr_expect(status == RG_OK || (status == RG_ESTORE && why && !out->record));
	return status;
}

Test(redis_value, a_record_is_read_back)
{
	rg_record *record = sample();

	for (uint8_t earlier = 0; earlier <= 7; earlier++) {
		stored s = store_value(record, 'r', earlier);
		rg_fetched got;

		cr_assert_eq(read_value(s.p, s.n, &got), RG_OK);
		cr_expect(rg_revision_equal(&got.base, &sample_revision) && rg_record_size(got.record) == rg_record_size(record));
		rg_record_unref(got.record);
		free(s.p);
	}
	rg_record_unref(record);
}

Test(redis_value, a_deletion_gives_its_revision_and_no_record)
{
	rg_record *record = sample();
	stored s = store_value(record, 't', 3);
	rg_fetched got;

	cr_assert_eq(read_value(s.p, s.n, &got), RG_OK);
	cr_expect(!got.record && rg_revision_equal(&got.base, &sample_revision));
	cr_expect_eq(read_value(s.p, s.n - 1, &got), RG_ESTORE, "truncated");
	s = (stored){ realloc(s.p, s.n + 1), s.n, 0 };
	s.p[s.n] = 0;
	cr_expect_eq(read_value(s.p, s.n + 1, &got), RG_ESTORE, "with an octet behind");
	free(s.p);
	rg_record_unref(record);
}

static bool reply_is(int type, char *p, size_t n, const rg_record *record)
{
	redisReply reply = { .type = type, .str = p };

	reply.len += n;
	return rg__redis_value_is(&reply, record);
}

Test(redis_value, a_record_is_known_again_by_its_revision)
{
	rg_record *record = sample();
	stored s = store_value(record, 'r', 7), gone = store_value(record, 't', 7);

	cr_expect(reply_is(REDIS_REPLY_STRING, s.p, s.n, record));
	cr_expect_not(reply_is(REDIS_REPLY_ERROR, s.p, s.n, record));
	cr_expect_not(reply_is(REDIS_REPLY_NIL, NULL, 0, record));
	cr_expect_not(reply_is(REDIS_REPLY_STRING, gone.p, gone.n, record), "a deletion");
	for (size_t n = 0; n < 21 + 16 * 7; n++)
		cr_expect_not(reply_is(REDIS_REPLY_STRING, s.p, n, record), "%zu octets", n);
	for (size_t bit = 0; bit < 20 * 8; bit++) {
		s.p[bit / 8] = (char)(s.p[bit / 8] ^ 1 << bit % 8);
		cr_expect_not(reply_is(REDIS_REPLY_STRING, s.p, s.n, record), "bit %zu", bit);
		s.p[bit / 8] = (char)(s.p[bit / 8] ^ 1 << bit % 8);
	}
	free(s.p);
	free(gone.p);
	rg_record_unref(record);
}

Test(redis_value, every_truncated_value_is_broken)
{
	rg_record *record = sample();
	stored s = store_value(record, 'r', 7);
	rg_fetched got;

	for (size_t n = 0; n < s.n; n++) {
		char *cut = malloc(n + 1); /* a read behind its end is seen by the sanitizers */

		cr_assert(cut);
		cut = realloc(memcpy(cut, s.p, n), n > 0 ? n : 1);
		cr_expect_eq(read_value(cut, n, &got), RG_ESTORE, "%zu octets", n);
		free(cut);
	}
	free(s.p);
	rg_record_unref(record);
}

/* A flipped bit of the head is noticed, but for the earlier revisions, the time and the text of the tags, which nobody here reads. */
Test(redis_value, a_flipped_bit_never_gives_another_key_or_revision)
{
	rg_record *record = sample();
	stored s = store_value(record, 'r', 1);
	size_t tags_end = s.tags_at + rg__redis_tags_size(record);
	rg_key key = sample_key(), own;

	for (size_t bit = 0; bit < s.n * 8; bit++) {
		size_t at = bit / 8;
		bool unread = (at >= 21 && at < s.tags_at) || (at > s.tags_at && at < tags_end) || at >= tags_end;
		rg_fetched got;

		s.p[at] = (char)(s.p[at] ^ 1 << bit % 8);
		rg_status status = read_value(s.p, s.n, &got);
		cr_expect(status == RG_ESTORE || unread, "bit %zu", bit);
		if (status == RG_OK) {
			rg_record_key(got.record, &own);
			cr_expect(rg_key_equal(&own, &key) && rg_revision_equal(rg_record_revision(got.record), &sample_revision), "bit %zu", bit);
		}
		rg_record_unref(got.record);
		s.p[at] = (char)(s.p[at] ^ 1 << bit % 8);
	}
	free(s.p);
	rg_record_unref(record);
}

Test(redis_value, the_record_of_another_key_is_not_handed_out)
{
	rg_record *record = sample();
	stored s = store_value(record, 'r', 0);
	rg_key other = { RG_STR("location"), RG_STR("mallory"), RG_STR("example.test") };
	rg_fetched got = { .struct_size = sizeof got };
	const char *why = NULL;

	cr_expect_eq(rg__redis_value_read((rg_str){ s.p, s.n }, &other, &got, &why), RG_ESTORE);
	cr_expect(!got.record && strstr(why, "another key"));
	s.p[4] ^= 1;
	cr_expect_eq(read_value(s.p, s.n, &got), RG_ESTORE, "a revision that is not that of the record");
	memset(s.p + 4, 0, 16);
	cr_expect_eq(read_value(s.p, s.n, &got), RG_ESTORE, "a revision that says there is no record");
	free(s.p);
	rg_record_unref(record);
}

Test(redis_value, a_reply_of_another_type_is_broken_and_none_is_absent)
{
	rg_key key = sample_key();
	rg_fetched got = { .struct_size = sizeof got };
	const char *why = NULL;
	redisReply *element[1] = { NULL };

	for (int type = 1; type <= 14; type++) {
		char text[] = "rg1t";
		redisReply reply = { .type = type, .str = text, .len = 4, .element = element };
		rg_status status = rg__redis_value_reply(&reply, &key, &got, &why);

		cr_expect_eq(status, type == REDIS_REPLY_NIL ? RG_OK : RG_ESTORE, "type %d", type);
		cr_expect(!got.record && rg_revision_is_zero(&got.base));
	}
}

Test(redis_value, tags_stand_with_their_lengths)
{
	rg_record *record = sample();
	/* In the order of rg_record_tag(). */
	static const char want[] = "\0\x21\0\x0b" "flow:tcp:17" "\0\x12" "198.51.100.2:50600";
	size_t n = rg__redis_tags_size(record);
	char room[100];

	cr_expect_eq(n, 2 + 2 + 18 + 2 + 11, "%zu", n);
	cr_assert(n <= sizeof room);
	cr_expect_eq(rg__redis_tags_write(room, record, n), room + n);
	cr_expect_eq(memcmp(room, want, n), 0);
	rg_record_unref(record);
}
