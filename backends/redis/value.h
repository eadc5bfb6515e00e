/* SPDX-License-Identifier: MIT */
/*
 * What is stored under the key of a record:
 *
 *	"rg1"  kind  revision  n  earlier revisions           of a record only: time  length of the tags  tags         MessagePack
 *	3      1     16        1  n × 16, the newest first                       4     2                   2 + n each   rg_record_encode()
 *
 * The kind is `r`, a record, or `t`, what a deletion leaves. The time is that of the commit, in seconds by the clock of the server. Numbers
 * of several octets have the highest one first. Pure.
 */
#ifndef REDIS_VALUE_H
#define REDIS_VALUE_H

#include <hiredis/hiredis.h>
#include <rgstr/store.h>
#include <stdbool.h>

enum { RG__REDIS_EARLIER_MAX = 7 };

/*
 * Reads a value.
 * @param key  the key under which it lies: the record must be of this key, and have the revision that stands in front of it.
 * @param out  initialized; gets record and base. Its record is NULL after a deletion. @param why  becomes a static text on RG_ESTORE.
 * @return RG_OK with the record owned by the caller; RG_ESTORE: the value is broken; RG_ENOMEM.
 */
rg_status rg__redis_value_read(rg_str value, const rg_key *key, rg_fetched *out, const char **why);

/* The same for a reply to GET: a string or nil. */
rg_status rg__redis_value_reply(const redisReply *reply, const rg_key *key, rg_fetched *out, const char **why);

/* @return true: the reply is the value of @p record. No two records of a key have the same revision, so the rest of it is not looked at. */
bool rg__redis_value_is(const redisReply *reply, const rg_record *record);

/* The number of octets of the tags with their length in front, which rg__redis_tags_write() writes. 0: they are too long. */
size_t rg__redis_tags_size(const rg_record *record);
char *rg__redis_tags_write(char *at, const rg_record *record, size_t size);

#endif
