/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <string.h>

enum { KIND_AT = 3, REVISION_AT = 4, EARLIER_AT = 20, HEAD_BYTES = 21, TIME_BYTES = 4, TAGS_BYTES_MAX = 65535 };

static rg_status broken_value(const char **why, const char *text)
{
	*why = text;
	return RG_ESTORE;
}

static size_t read_u16(const char *at)
{
	return (size_t)(uint8_t)at[0] << 8 | (uint8_t)at[1];
}

/* Takes the tags from the front of @p rest. @return false: their lengths do not fit. */
static bool skip_tags(rg_str *rest)
{
	if (rest->n < 2 || rest->n - 2 < read_u16(rest->p))
		return false;
	const char *at = rest->p + 2, *end = at + read_u16(rest->p);
	while (end - at >= 2 && (size_t)(end - at - 2) >= read_u16(at))
		at += 2 + read_u16(at);
	if (at != end)
		return false;
	rest->n -= (size_t)(end - rest->p);
	rest->p = end;
	return true;
}

static rg_status value_record(rg_str bytes, const rg_key *key, rg_fetched *out, const char **why)
{
	rg_record *record;
	rg_key own;
	rg_status status = rg_record_decode((const uint8_t *)bytes.p, bytes.n, &record, NULL);
	if (status == RG_ENOMEM)
		return status;
	if (status != RG_OK)
		return broken_value(why, status == RG_ENOTSUP ? "a record of a later schema" : "a malformed record");
	rg_record_key(record, &own);
	bool right_key = rg_key_equal(&own, key), right_revision = rg_revision_equal(&out->base, rg_record_revision(record));
	if (right_key && right_revision) {
		out->record = record;
		return RG_OK;
	}
	rg_record_unref(record);
	return broken_value(why, right_key ? "a record of another revision than stands in front of it" : "a record of another key");
}

/* Takes the head from the front of @p rest. @return NULL, or what is wrong with it. */
static const char *take_head(rg_str *rest, char *kind, rg_revision *base)
{
	const char *value = rest->p;
	if (rest->n < HEAD_BYTES || memcmp(value, "rg1", KIND_AT) != 0)
		return "it does not begin with rg1";
	size_t earlier = (uint8_t)value[EARLIER_AT], n = HEAD_BYTES + earlier * sizeof *base;
	*kind = value[KIND_AT];
	memcpy(base->b, value + REVISION_AT, sizeof base->b);
	if ((*kind != 'r' && *kind != 't') || earlier > RG__REDIS_EARLIER_MAX || rest->n < n || rg_revision_is_zero(base))
		return "a malformed head";
	*rest = (rg_str){ value + n, rest->n - n };
	return NULL;
}

bool rg__redis_value_is(const redisReply *reply, const rg_record *record)
{
	rg_str value = { reply->str, (size_t)reply->len };
	rg_revision base;
	char kind;
	return reply->type == REDIS_REPLY_STRING && !take_head(&value, &kind, &base) && kind == 'r' &&
		rg_revision_equal(&base, rg_record_revision(record));
}

rg_status rg__redis_value_read(rg_str value, const rg_key *key, rg_fetched *out, const char **why)
{
	rg_str rest = value;
	rg_revision base;
	char kind;
	const char *wrong = take_head(&rest, &kind, &base);
	if (wrong)
		return broken_value(why, wrong);
	out->base = base;
	if (kind == 't')
		return rest.n == 0 ? RG_OK : broken_value(why, "a deletion with a record");
	if (rest.n < TIME_BYTES)
		return broken_value(why, "a record without a time");
	rest.p += TIME_BYTES;
	rest.n -= TIME_BYTES;
	return skip_tags(&rest) ? value_record(rest, key, out, why) : broken_value(why, "malformed tags");
}

rg_status rg__redis_value_reply(const redisReply *reply, const rg_key *key, rg_fetched *out, const char **why)
{
	if (reply->type == REDIS_REPLY_NIL)
		return RG_OK;
	if (reply->type != REDIS_REPLY_STRING)
		return broken_value(why, "the server answered with something other than a string");
	return rg__redis_value_read((rg_str){ reply->str, (size_t)reply->len }, key, out, why);
}

size_t rg__redis_tags_size(const rg_record *record)
{
	size_t n = 2;
	for (uint32_t i = 0, tags = rg_record_tag_count(record); i < tags; i++)
		n += 2 + rg_record_tag(record, i).n;
	return n - 2 <= TAGS_BYTES_MAX ? n : 0;
}

static char *put_u16(char *at, size_t number)
{
	*at++ = (char)(number >> 8);
	*at++ = (char)number;
	return at;
}

char *rg__redis_tags_write(char *at, const rg_record *record, size_t size)
{
	at = put_u16(at, size - 2);
	for (uint32_t i = 0, tags = rg_record_tag_count(record); i < tags; i++) {
		rg_str tag = rg_record_tag(record, i);
		at = put_u16(at, tag.n);
		if (tag.n > 0)
			memcpy(at, tag.p, tag.n);
		at += tag.n;
	}
	return at;
}
