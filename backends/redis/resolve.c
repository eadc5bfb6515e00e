/* SPDX-License-Identifier: MIT */
/*
 * The addresses of the host. A token of options.resolve is an address within one aligned block, so that a second answer, and an answer
 * after the store is gone, are recognised without a list of tokens.
 */
#include "links.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BLOCK_SIZE = 4096, TOKENS = 3072 };

struct rg__redis_resolver {
	rg__redis *store; /* NULL: it is gone */
	uint32_t open;    /* questions without an answer */
	uint32_t next;    /* number of the next token */
	char *current;    /* the token whose answer is wanted; NULL = none */
	int64_t asked;
	uint8_t is_open[TOKENS / 8];
	char tokens[TOKENS];
};
_Static_assert(sizeof(struct rg__redis_resolver) <= BLOCK_SIZE, "a token leads to the start of its block");

static void keep_addresses(rg__redis_links *s, const rg_addr *addresses, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; addresses && i < n && kept < ADDRESSES; i++)
		if (addresses[i].family == 4 || addresses[i].family == 6)
			s->addresses[kept++] = addresses[i];
	if (kept == 0)
		return;
	s->n_addresses = kept;
	s->good = 0;
}

static rg_addr from_system(const struct sockaddr *a)
{
	rg_addr out = { .family = 0 };

	if (a->sa_family == AF_INET) {
		out.family = 4;
		memcpy(out.ip, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
	} else if (a->sa_family == AF_INET6) {
		out.family = 6;
		memcpy(out.ip, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
	}
	return out;
}

static rg_status resolve_once(rg__redis *r, rg_error *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list = NULL;
	rg_addr all[ADDRESSES];
	uint32_t n = 0;
	char text[TROUBLE_SIZE];
	int error = getaddrinfo(r->url.host.p, NULL, &hints, &list);

	if (error != 0) {
		snprintf(text, sizeof text, "Redis store: the host name \"%.100s\" does not resolve: %s", r->url.host.p, gai_strerror(error));
		return rg_error_set(why, error == EAI_MEMORY ? RG_ENOMEM : RG_ENOENT, rg_str_from(text));
	}
	for (const struct addrinfo *a = list; a && n < ADDRESSES; a = a->ai_next)
		all[n++] = from_system(a->ai_addr);
	freeaddrinfo(list);
	keep_addresses(r->links, all, n);
	return r->links->n_addresses > 0 ? RG_OK : rg_error_set(why, RG_ENOENT, RG_STR("Redis store: the host has no address"));
}

rg_status rg__redis_resolve_new(rg__redis *r, rg_error *why)
{
	rg_addr number;

	if (r->url.path.p)
		return RG_OK;
	if (rg_addr_parse(r->url.host, &number) == RG_OK && number.port == 0) {
		keep_addresses(r->links, &number, 1);
		return RG_OK;
	}
	if (!r->host.resolve)
		return resolve_once(r, why);
	struct rg__redis_resolver *v = aligned_alloc(BLOCK_SIZE, BLOCK_SIZE);
	if (!v)
		return rg_error_set(why, RG_ENOMEM, RG_STR("Redis store: out of memory"));
	memset(v, 0, sizeof *v);
	v->store = r;
	r->links->resolver = v;
	r->links->named = true;
	return RG_OK;
}

static void names_known(rg__redis *r, const char *trouble)
{
	rg__redis_link *l = r->links->link;

	rg__redis_hold(r);
	for (uint32_t i = 0; i < LINKS && !r->dead; i++) {
		if (l[i].stage != STAGE_NAMING)
			continue;
		if (r->links->n_addresses > 0)
			rg__redis_open(&l[i]); /* with the addresses of an earlier answer when this one has none */
		else
			rg__redis_lost(&l[i], trouble);
	}
	if (!r->dead)
		rg__redis_rearm(r);
	rg__redis_release(r);
}

static void on_resolved(void *tok, rg_status status, const rg_addr *addresses, uint32_t n)
{
	struct rg__redis_resolver *v = (void *)((uintptr_t)tok & ~(uintptr_t)(BLOCK_SIZE - 1));
	size_t at = (size_t)((char *)tok - v->tokens);
	rg__redis *r = v->store;
	char why[TROUBLE_SIZE];

	if (!(v->is_open[at / 8] & 1u << at % 8))
		return; /* a second answer */
	v->is_open[at / 8] &= (uint8_t)~(1u << at % 8);
	v->open--;
	if (!r) {
		if (v->open == 0)
			free(v);
		return;
	}
	if (tok != v->current)
		return; /* too late: another question was asked */
	v->current = NULL;
	if (status == RG_OK)
		keep_addresses(r->links, addresses, n);
	snprintf(why, sizeof why, "the name of the host was not resolved: %s", status == RG_OK ? "it has no address" : rg_strerror(status));
	names_known(r, why);
}

/* @return a token that stands for no other question; NULL: none of the last ones was ever answered. */
static char *next_token(struct rg__redis_resolver *v)
{
	for (uint32_t i = 0; i < TOKENS; i++) {
		uint32_t at = v->next++ % TOKENS;
		if (v->is_open[at / 8] & 1u << at % 8)
			continue;
		v->is_open[at / 8] |= (uint8_t)(1u << at % 8);
		v->open++;
		return &v->tokens[at];
	}
	return NULL;
}

void rg__redis_resolve(rg__redis *r)
{
	struct rg__redis_resolver *v = r->links->resolver;
	int64_t now = rg__redis_clock();

	if (v->current && now < v->asked + r->url.connect_timeout)
		return; /* a question is under way */
	char *tok = v->current = next_token(v);
	v->asked = now;
	if (!tok) {
		names_known(r, "the name of the host was not resolved: no question was ever answered");
		return;
	}
	rg_status status = r->host.resolve(r->host.user, &r->url.host, on_resolved, tok);
	if (status < 0)
		on_resolved(tok, status, NULL, 0);
}

void rg__redis_resolve_close(rg__redis *r)
{
	struct rg__redis_resolver *v = r->links->resolver;

	if (!v)
		return;
	r->links->resolver = NULL;
	v->store = NULL;
	if (v->open == 0)
		free(v);
}
