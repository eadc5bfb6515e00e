/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t fnv_part(uint64_t hash, rg_str part)
{
	for (int i = 0; i < 4; i++)
		hash = (hash ^ (uint8_t)(part.n >> 8 * i)) * FNV_PRIME;
	const char *p = part.p;
	for (size_t n = part.n; n > 0; n--)
		hash = (hash ^ (uint8_t)*p++) * FNV_PRIME;
	return hash;
}

uint32_t rg__redis_bucket(const rg_key *key, uint32_t buckets)
{
	return (uint32_t)(fnv_part(fnv_part(fnv_part(FNV_START, key->domain), key->user), key->host) % buckets);
}

char *rg__redis_put(char *at, rg_str text)
{
	if (text.n > 0)
		memcpy(at, text.p, text.n);
	return at + text.n;
}

char *rg__redis_put_number(char *at, uint64_t number)
{
	char *end = at + 1;
	for (uint64_t rest = number; rest >= 10; rest /= 10)
		end++;
	for (char *digit = end; digit > at; number /= 10)
		*--digit = (char)('0' + number % 10);
	return end;
}

char *rg__redis_bucket_name(char *at, rg_str prefix, uint32_t bucket, rg_str text)
{
	*at++ = '{';
	at = rg__redis_put(at, prefix);
	*at++ = ':';
	at = rg__redis_put_number(at, bucket);
	at = rg__redis_put(at, RG_STR("}:"));
	return rg__redis_put(at, text);
}

static char *put_member(char *at, const rg_key *key)
{
	at = rg__redis_put_number(at, key->domain.n);
	*at++ = ':';
	at = rg__redis_put_number(at, key->user.n);
	*at++ = ':';
	at = rg__redis_put(at, key->domain);
	*at++ = '/';
	at = rg__redis_put(at, key->user);
	*at++ = '@';
	return rg__redis_put(at, key->host);
}

rg_status rg__redis_record_name_of(rg_str prefix, uint32_t buckets, const rg_key *key, rg__redis_names *out)
{
	enum { AROUND = 4 * (64 + 20 + 6) + 5 * 8 }; /* what stands beside the parts of the key, in all names */
	out->heap = NULL;
	size_t n = key->domain.n + key->user.n + key->host.n;
	if (key->domain.n > RG__REDIS_KEY_MAX || key->user.n > RG__REDIS_KEY_MAX || key->host.n > RG__REDIS_KEY_MAX || n > RG__REDIS_KEY_MAX)
		return RG_ELIMIT;
	size_t need = AROUND + 2 * n + key->domain.n;
	if (need > sizeof out->room && !(out->heap = malloc(need)))
		return RG_ENOMEM;
	char *start = out->heap ? out->heap : out->room;
	out->bucket = rg__redis_bucket(key, buckets);
	char *member = rg__redis_bucket_name(start, prefix, out->bucket, RG_STR("r:"));
	char *at = put_member(member, key);
	out->member = (rg_str){ member, (size_t)(at - member) };
	out->record = (rg_str){ start, (size_t)(at - start) };
	return RG_OK;
}

rg_status rg__redis_names_of(rg_str prefix, uint32_t buckets, const rg_key *key, rg__redis_names *out)
{
	rg_status status = rg__redis_record_name_of(prefix, buckets, key, out);
	if (status != RG_OK)
		return status;
	char *at = out->heap ? out->heap : out->room;
	rg_str stem = { at, out->record.n - out->member.n - 2 };
	at += out->record.n;
	char *channel = at;
	at = rg__redis_put(rg__redis_put(rg__redis_put(at, stem), RG_STR("w:")), out->member);
	out->channel = (rg_str){ channel, (size_t)(at - channel) };
	char *deadlines = at;
	at = rg__redis_put(rg__redis_put(at, stem), RG_STR("d"));
	out->deadlines = (rg_str){ deadlines, (size_t)(at - deadlines) };
	char *tags = at;
	at = rg__redis_put(rg__redis_put(at, stem), RG_STR("t:"));
	at = rg__redis_put_number(at, key->domain.n);
	*at++ = ':';
	at = rg__redis_put(at, key->domain);
	*at++ = '/';
	out->tags = (rg_str){ tags, (size_t)(at - tags) };
	return RG_OK;
}

void rg__redis_names_free(rg__redis_names *names)
{
	free(names->heap);
	names->heap = NULL;
}

/* A number without leading zeros and the colon behind it. */
static bool take_length(rg_str *rest, size_t *out)
{
	size_t n = 0, value = 0;
	while (n < rest->n && n < 5 && rest->p[n] >= '0' && rest->p[n] <= '9')
		value = value * 10 + (size_t)(rest->p[n++] - '0');
	if (n == 0 || n == rest->n || rest->p[n] != ':' || (rest->p[0] == '0' && n > 1))
		return false;
	rest->p += n + 1;
	rest->n -= n + 1;
	*out = value;
	return true;
}

static bool take_part(rg_str *rest, size_t n, char end, rg_str *out)
{
	if (rest->n <= n || rest->p[n] != end)
		return false;
	*out = (rg_str){ rest->p, n };
	rest->p += n + 1;
	rest->n -= n + 1;
	return true;
}

bool rg__redis_member_read(rg_str member, rg_key *out)
{
	size_t domain, user;
	if (!take_length(&member, &domain) || !take_length(&member, &user) || !take_part(&member, domain, '/', &out->domain) ||
		!take_part(&member, user, '@', &out->user))
		return false;
	out->host = member;
	return domain + user + member.n <= RG__REDIS_KEY_MAX;
}

/* A double keeps 53 bits; the bits below them are dropped. */
void rg__redis_score_print(char out[RG__REDIS_SCORE_SIZE], rg_time time)
{
	if (time == RG_TIME_NEVER) {
		memcpy(out, "+inf", 5);
		return;
	}
	uint64_t size = time < 0 ? ~(uint64_t)time : (uint64_t)time, unit = 1;
	while (size / unit >= UINT64_C(1) << 53)
		unit *= 2;
	int64_t rest = time % (int64_t)unit;
	int64_t score = time - (rest < 0 ? rest + (int64_t)unit : rest);
	if (score < 0)
		*out++ = '-';
	*rg__redis_put_number(out, score < 0 ? 0 - (uint64_t)score : (uint64_t)score) = '\0';
}

/* A number as Redis writes it: "1700000000000", "1.5", "1.8014398509481984e+17", "inf". From 10^17 on it has an exponent, and only the
 * bound counts. */
bool rg__redis_score_read(rg_str text, rg_time *out)
{
	static const int64_t with_exponent = INT64_C(100000000000000000);
	bool minus = text.n > 0 && text.p[0] == '-';
	size_t sign = text.n > 0 && (minus || text.p[0] == '+'), at = sign;
	rg_str rest = { text.p + sign, text.n - sign };
	int64_t value = 0;
	*out = minus ? INT64_MIN : RG_TIME_NEVER;
	if (rg_str_equal(rest, RG_STR("inf")))
		return true;
	for (; at < text.n && text.p[at] >= '0' && text.p[at] <= '9' && value < with_exponent; at++)
		value = value * 10 + (text.p[at] - '0');
	if (at == sign)
		return false;
	*out = minus ? -value : value;
	if (at == text.n)
		return true;
	for (size_t i = at; i < text.n; i++) {
		if (!text.p[i] || !strchr("0123456789.e+-", text.p[i]))
			return false;
	}
	if (!memchr(text.p + at, 'e', text.n - at))
		*out -= minus;
	else if (memchr(text.p + at, '-', text.n - at))
		*out = minus ? -1 : 0;
	else
		*out = minus ? INT64_MIN : with_exponent;
	return text.n < RG__REDIS_SCORE_SIZE;
}
