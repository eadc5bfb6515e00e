/* SPDX-License-Identifier: MIT */
/* The names of keys and channels in Redis. Pure. */
#ifndef REDIS_LAYOUT_H
#define REDIS_LAYOUT_H

#include <rgstr/record.h>
#include <stdbool.h>

enum { RG__REDIS_KEY_MAX = 65535 /* octets of the three parts of a key; no record has more */ };

/* The names that belong to one key. The struct must not move: its slices may point into it. */
typedef struct rg__redis_names {
	uint32_t bucket;
	rg_str member;    /* `<length of domain>:<length of user>:<domain>/<user>@<host>`; the end of `record` */
	rg_str record;    /* `{prefix:bucket}:r:<member>` */
	rg_str channel;   /* `{prefix:bucket}:w:<member>` */
	rg_str deadlines; /* `{prefix:bucket}:d` */
	rg_str tags;      /* `{prefix:bucket}:t:<length of domain>:<domain>/`, the beginning of the keys of its tags */
	char *heap;       /* the texts, when they are too long for `room` */
	char room[768];
} rg__redis_names;

/* RG_ELIMIT: the key is longer than that of any record. RG_ENOMEM. The first one makes the names of the member and the record only; there is
 * room for the others. */
rg_status rg__redis_record_name_of(rg_str prefix, uint32_t buckets, const rg_key *key, rg__redis_names *out);
rg_status rg__redis_names_of(rg_str prefix, uint32_t buckets, const rg_key *key, rg__redis_names *out);
void rg__redis_names_free(rg__redis_names *names);

/* The bucket of a key, below @p buckets. It never changes, since other programs compute it, too: doc/redis.md. */
uint32_t rg__redis_bucket(const rg_key *key, uint32_t buckets);

/* Reads a member back; @p out borrows from it. @return false: it is no member as this library writes it. */
bool rg__redis_member_read(rg_str member, rg_key *out);

/* Writes `{prefix:bucket}:` and then a text. @return the end. At most 80 bytes and the text. */
char *rg__redis_bucket_name(char *at, rg_str prefix, uint32_t bucket, rg_str text);

/* A time as the score of a sorted set, which is a double: the largest one that is not above it; "+inf" is RG_TIME_NEVER. With a NUL. */
enum { RG__REDIS_SCORE_SIZE = 32 };
void rg__redis_score_print(char out[RG__REDIS_SCORE_SIZE], rg_time time);
/* @return false: it is no score. */
bool rg__redis_score_read(rg_str text, rg_time *out);

/* Copies a slice to @p at. @return the end. */
char *rg__redis_put(char *at, rg_str text);
/* Writes a decimal number. @return the end; at most 20 bytes. */
char *rg__redis_put_number(char *at, uint64_t number);

#endif
