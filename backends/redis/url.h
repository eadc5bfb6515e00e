/* SPDX-License-Identifier: MIT */
/* The address of a server, taken apart. Pure. */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <rgstr/status.h>
#include <stdbool.h>

/* The texts lie in `room`, each with a NUL behind it. An absent one was not given. */
typedef struct rg__redis_url {
	bool tls;
	rg_str host; /* a name or a number without brackets; absent for a unix socket */
	uint16_t port;
	rg_str path; /* of the unix socket; absent for TCP */
	rg_str user, password;
	uint32_t db;
	rg_str prefix;
	uint32_t buckets;
	uint32_t timeout, connect_timeout; /* milliseconds */
	uint64_t cache;                    /* bytes */
	uint32_t inflight;
	char *room;
} rg__redis_url;

/* RG_EINVAL: malformed, and @p why says where; RG_ENOMEM. On an error there is nothing to free. */
rg_status rg__redis_url_parse(rg_str text, rg__redis_url *out, rg_error *why);
void rg__redis_url_free(rg__redis_url *url);

#endif
