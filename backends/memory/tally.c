/* SPDX-License-Identifier: MIT */
/* Counts per domain. There are few domains, so they form a list. A domain without keys is removed. */
#include "shard.h"

#include <stdlib.h>
#include <string.h>

struct tally *tally_find(struct tally *list, rg_str domain)
{
	while (list && !same_string((rg_str){ list->domain, list->n }, domain))
		list = list->next;
	return list;
}

struct tally *tally_new(rg_str domain)
{
	struct tally *t = calloc(1, sizeof *t + domain.n);
	if (!t)
		return NULL;
	t->n = domain.n;
	if (domain.n > 0)
		memcpy(t->domain, domain.p, domain.n);
	return t;
}

void tally_drop(struct shard *s, struct tally *t)
{
	if (t->keys > 0)
		return;
	struct tally **p = &s->tallies;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	free(t);
}

rg_status memory_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	(void)flags;
	struct memory *m = self;
	uint64_t records = 0, bindings = 0;
	for (uint32_t i = 0; i < m->n_shards; i++) {
		struct shard *s = &m->shards[i];
		shard_lock(s);
		const struct tally *t = tally_find(s->tallies, *domain);
		if (t) {
			records += t->records;
			bindings += t->bindings;
		}
		shard_unlock(s);
	}
	done(tok, RG_OK, records, bindings);
	return RG_OK;
}
