/* SPDX-License-Identifier: MIT */
#include "prompt.h"
#include "kept.h"
#include "shims.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 1000, WAITS = 30, PAGE = 100, CURSOR = 1024 };

static const char name[] = "prompt";

typedef struct looking {
	struct looking *next;
	struct prompt *home;
	rg_watch_cb changed;
	void *user, *handle;
	bool tells, ended, busy; /* the calls of one watch never overlap */
} looking;

typedef struct prompt {
	prompt_inner inner;
	const rg_store_ops *ops;
	void *in;
	prompt_form form;
	unsigned refs; /* one for the store, one for each member that runs */
	looking *first;
	struct promise *waits; /* PROMPT_LOOPING: calls that are to be waited for */
} prompt;

typedef struct promise {
	kept answer; /* the token of the inner call */
	prompt *home;
	struct promise *next;
} promise;

static void leave(prompt *p)
{
	if (--p->refs > 0)
		return;
	rg_store_unref(p->inner.store);
	free(p);
}

static promise promised(prompt *p, uint32_t kind, void *tok)
{
	p->refs++;
	return (promise){ .home = p, .answer = { .kind = kind, .tok = tok } };
}

static void drive(prompt *p, const bool *until)
{
	for (int silent = 0; !*until; silent += !p->inner.drive(p->inner.store, true)) {
		if (silent < WAITS)
			continue;
		fputs("prompt: the store does not answer\n", stderr);
		abort();
	}
}

typedef struct fence {
	bool told, ended;
} fence;

static void on_fence(void *user, rg_status status)
{
	fence *f = user;

	f->told = true;
	f->ended |= status != RG_OK;
}

/* A watch tells once when it has begun. The server answers it after all that it had sent to the watches before. */
static void hear_watches(prompt *p)
{
	static unsigned fences;
	char user[32];
	const rg_key key = { { "location", 8 }, { user, (size_t)snprintf(user, sizeof user, "fence%u", ++fences) }, { NULL, 0 } };
	fence f = { false, false };
	void *handle;

	if (p->ops->watch(p->in, &key, on_fence, &f, &handle) != RG_OK)
		abort();
	drive(p, &f.told);
	p->ops->unwatch(p->in, handle);
	drive(p, &f.ended);
}

static void on_change(void *user, rg_status status)
{
	looking *l = user;

	if (status == RG_OK)
		l->tells = true;
	else
		l->ended = true;
}

/* @return whether there was one to tell. Any other may be gone afterwards. */
static bool tell_one(prompt *p)
{
	looking **at = &p->first;

	while (*at && ((*at)->busy || (!(*at)->tells && !(*at)->ended)))
		at = &(*at)->next;
	looking *l = *at;
	if (!l)
		return false;
	if (l->ended) {
		*at = l->next;
		l->changed(l->user, RG_ECANCELED);
		free(l);
		return true;
	}
	l->tells = false;
	l->busy = true;
	l->changed(l->user, RG_OK);
	l->busy = false;
	return true;
}

static void tell_watches(prompt *p)
{
	while (tell_one(p))
		;
}

/* @return what the member returns. On an error return of the inner store the caller is not called back. */
static rg_status kept_promise(promise *c, rg_status returned, uint32_t flags)
{
	prompt *p = c->home;
	rg_status st = p->form == PROMPT_INLINE ? RG_OK : RG_PENDING;

	if (returned < 0) {
		leave(p);
		return returned;
	}
	for (int i = 0; !c->answer.answered && (flags & RG_OP_BLOCKING) && i < WAITS; i++)
		p->ops->wait(p->in, &c->answer, WAIT_MS);
	drive(p, &c->answer.answered);
	if (c->answer.kind == CALL_COMMIT && p->first)
		hear_watches(p);
	tell_watches(p);
	kept_give(&c->answer);
	kept_end(&c->answer);
	leave(p);
	return st;
}

/* The promise outlives the member in one form. @return NULL: it is not this form. */
static promise *looped(const promise *c, uint32_t *flags)
{
	prompt *p = c->home;
	promise *own;

	if (p->form != PROMPT_LOOPING || !(*flags & RG_OP_BLOCKING))
		return NULL;
	*flags &= ~(uint32_t)RG_OP_BLOCKING;
	own = malloc(sizeof *own);
	*own = *c;
	own->next = p->waits;
	p->waits = own;
	return own;
}

static rg_status finish(promise *c, promise *own, rg_status returned, uint32_t flags)
{
	prompt *p = c->home;

	if (!own)
		return kept_promise(c, returned, flags);
	if (returned >= 0)
		return RG_PENDING;
	p->waits = own->next;
	free(own);
	leave(p);
	return returned;
}

static bool passes(const prompt *p, uint32_t flags)
{
	return p->form == PROMPT_DRIVEN && (flags & RG_OP_BLOCKING);
}

static rg_status prompt_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	prompt *p = self;

	if (passes(p, flags))
		return p->ops->fetch(p->in, key, flags, done, tok);
	promise c = promised(p, CALL_FETCH, tok), *own;
	c.answer.done.fetch = done;
	own = looped(&c, &flags);
	return finish(&c, own, p->ops->fetch(p->in, key, flags, kept_fetched, own ? own : &c), flags);
}

static rg_status prompt_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	prompt *p = self;

	if (passes(p, flags))
		return p->ops->commit(p->in, key, commit, flags, done, tok);
	promise c = promised(p, CALL_COMMIT, tok), *own;
	c.answer.done.commit = done;
	own = looped(&c, &flags);
	return finish(&c, own, p->ops->commit(p->in, key, commit, flags, kept_fetched, own ? own : &c), flags);
}

static rg_status prompt_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	prompt *p = self;

	if (passes(p, flags))
		return p->ops->due(p->in, now, cursor, limit, flags, done, tok);
	promise c = promised(p, CALL_DUE, tok), *own;
	c.answer.done.keys = done;
	own = looped(&c, &flags);
	return finish(&c, own, p->ops->due(p->in, now, cursor, limit, flags, kept_keys, own ? own : &c), flags);
}

static rg_status prompt_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	prompt *p = self;

	if (passes(p, flags))
		return p->ops->find(p->in, domain, tag, cursor, limit, flags, done, tok);
	promise c = promised(p, CALL_FIND, tok), *own;
	c.answer.done.keys = done;
	own = looped(&c, &flags);
	return finish(&c, own, p->ops->find(p->in, domain, tag, cursor, limit, flags, kept_keys, own ? own : &c), flags);
}

static rg_status prompt_scan(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	prompt *p = self;

	if (passes(p, flags))
		return p->ops->scan(p->in, domain, cursor, limit, flags, done, tok);
	promise c = promised(p, CALL_SCAN, tok), *own;
	c.answer.done.keys = done;
	own = looped(&c, &flags);
	return finish(&c, own, p->ops->scan(p->in, domain, cursor, limit, flags, kept_keys, own ? own : &c), flags);
}

typedef struct tally {
	uint64_t records, bindings;
} tally;

static rg_status tally_one(prompt *p, const rg_key *key, tally *t)
{
	kept c = { .kind = CALL_FETCH };
	rg_status st = p->ops->fetch(p->in, key, RG_FETCH_FRESH, kept_fetched, &c);

	if (st < 0)
		return st;
	drive(p, &c.answered);
	uint32_t weight = c.found.record ? rg_record_weight(c.found.record) : 0;
	t->records += weight > 0;
	t->bindings += weight;
	st = c.status;
	kept_end(&c);
	return st;
}

static rg_status tally_page(prompt *p, const rg_str *domain, rg_str *cursor, char *room, tally *t)
{
	kept c = { .kind = CALL_SCAN };
	rg_status st = p->ops->scan(p->in, domain, cursor, PAGE, 0, kept_keys, &c);

	if (st < 0)
		return st;
	drive(p, &c.answered);
	st = c.status;
	for (uint32_t i = 0; i < c.page.n && st == RG_OK; i++)
		st = tally_one(p, &c.page.keys[i], t);
	*cursor = (rg_str){ c.page.cursor.p ? room : NULL, c.page.cursor.n };
	if (c.page.cursor.n > 0 && c.page.cursor.n <= CURSOR)
		memcpy(room, c.page.cursor.p, c.page.cursor.n);
	kept_end(&c);
	return st;
}

/* The inner store need not count: it is walked. */
static rg_status prompt_count(void *self, const rg_str *domain, uint32_t flags, rg_count_cb done, void *tok)
{
	prompt *p = self;
	char room[CURSOR];
	rg_str cursor = { NULL, 0 };
	tally t = { 0, 0 };
	promise c = promised(p, CALL_COUNT, tok);
	rg_status st;

	(void)flags;
	do
		st = tally_page(p, domain, &cursor, room, &t);
	while (st == RG_OK && cursor.p);
	c.answer.done.count = done;
	kept_count(&c.answer, st, t.records, t.bindings);
	return kept_promise(&c, RG_PENDING, 0);
}

static rg_status prompt_watch(void *self, const rg_key *key, rg_watch_cb changed, void *user, void **handle)
{
	prompt *p = self;
	looking *l = calloc(1, sizeof *l);

	*l = (looking){ .home = p, .changed = changed, .user = user };
	rg_status st = p->ops->watch(p->in, key, on_change, l, &l->handle);
	if (st < 0) {
		free(l);
		return st;
	}
	hear_watches(p);
	l->tells = false;
	l->next = p->first;
	p->first = l;
	*handle = l;
	return st;
}

static void prompt_unwatch(void *self, void *handle)
{
	prompt *p = self;
	looking *l = handle;

	p->refs++;
	p->ops->unwatch(p->in, l->handle);
	l->tells = false;
	tell_watches(p);
	leave(p);
}

/* @return NULL: no such call is to be waited for. */
static promise **waiting_for(prompt *p, const void *tok)
{
	promise **at = &p->waits;

	while (*at && (*at)->answer.tok != tok)
		at = &(*at)->next;
	return *at ? at : NULL;
}

static rg_status prompt_wait(void *self, void *tok, int32_t timeout_ms)
{
	prompt *p = self;
	promise **at = waiting_for(p, tok), *c = at ? *at : NULL;

	if (p->form != PROMPT_DRIVEN) {
		if (!c)
			return RG_ETIMEOUT;
		*at = c->next;
		kept_promise(c, RG_PENDING, 0);
		free(c);
		return RG_OK;
	}
	p->refs++;
	rg_status st = p->ops->wait(p->in, tok, timeout_ms);
	if (p->first)
		hear_watches(p);
	tell_watches(p);
	leave(p);
	return st;
}

static void prompt_cancel(void *self, void *tok)
{
	prompt *p = self;

	if (p->form == PROMPT_DRIVEN && p->ops->cancel)
		p->ops->cancel(p->in, tok);
}

static void prompt_destroy(void *self)
{
	prompt *p = self;

	for (looking *l = p->first; l; l = l->next) {
		if (!l->ended)
			p->ops->unwatch(p->in, l->handle);
		l->ended = true;
	}
	tell_watches(p);
	leave(p);
}

static const rg_store_ops members = { .struct_size = sizeof members, .name = name, .fetch = prompt_fetch, .commit = prompt_commit,
	.due = prompt_due, .find = prompt_find, .scan = prompt_scan, .count = prompt_count, .watch = prompt_watch, .unwatch = prompt_unwatch,
	.wait = prompt_wait, .cancel = prompt_cancel, .destroy = prompt_destroy };

rg_store *prompt_new(const prompt_inner *inner, prompt_form form)
{
	prompt *p = calloc(1, sizeof *p);
	rg_store_ops ops = members;
	rg_store *out = NULL;

	*p = (prompt){ .inner = *inner, .form = form, .refs = 1 };
	rg_store_ref(inner->store);
	p->ops = rg_store_members(inner->store, &p->in);
	ops.traits = rg_store_traits(inner->store) & ~(uint32_t)RG_STORE_SHARED;
	if (form == PROMPT_INLINE)
		ops.traits |= RG_STORE_INLINE;
	if (!p->ops->watch)
		ops.watch = NULL, ops.unwatch = NULL;
	if (rg_store_new(&ops, p, &out, NULL) != RG_OK)
		abort();
	return out;
}

rg_store *prompt_of(rg_store *store, prompt_form form)
{
	const prompt *p = rg_store_self(store, name);

	return prompt_new(&p->inner, form);
}

void prompt_settle(rg_store *store)
{
	prompt *p = rg_store_self(store, name);

	p->refs++;
	if (p->first)
		hear_watches(p);
	tell_watches(p);
	leave(p);
}
