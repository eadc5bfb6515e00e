/* SPDX-License-Identifier: MIT */
/* Answers that come while their caller gives up. */
#include "allocations.h"
#include "bindings.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define A1 "<sip:a@192.0.2.1:5060>"

/* A memory store whose commits are answered when their caller has ceased to wait, at its nth allocation from then on. */
typedef struct late {
	rg_store *inner;
	rg_commit_cb done;
	void *tok;
	int nth;
} late;

static rg_status late_fetch(void *self, const rg_key *key, uint32_t flags, rg_fetch_cb done, void *tok)
{
	void *in;
	const rg_store_ops *ops = rg_store_members(((late *)self)->inner, &in);

	return ops->fetch(in, key, flags, done, tok);
}

static rg_status late_commit(void *self, const rg_key *key, const rg_commit *commit, uint32_t flags, rg_commit_cb done, void *tok)
{
	late *l = self;
	rg_status status = RG_PENDING;
	void *in;
	const rg_store_ops *ops = rg_store_members(l->inner, &in);

	l->done = done;
	l->tok = tok;
	ops->commit(in, key, commit, flags, stored, &status);
	cr_expect_eq(status, RG_OK);
	return RG_PENDING;
}

static void answer_commit(void *user)
{
	late *l = user;
	rg_commit_cb done = l->done;

	l->done = NULL;
	if (done)
		done(l->tok, RG_OK, NULL);
}

static rg_status late_wait(void *self, void *tok, int32_t timeout_ms)
{
	(void)tok;
	(void)timeout_ms;
	allocations_call(((late *)self)->nth, answer_commit, self);
	return RG_ETIMEOUT;
}

static rg_status no_page(void *self, const rg_str *domain, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)self, (void)*domain, (void)*cursor, (void)limit, (void)flags, (void)done, (void)tok;
	return RG_ENOTSUP;
}

static rg_status no_due(void *self, rg_time now, const rg_str *cursor, uint32_t limit, uint32_t flags, rg_keys_cb done, void *tok)
{
	(void)now;
	return no_page(self, cursor, cursor, limit, flags, done, tok);
}

static rg_status no_find(void *self, const rg_str *domain, const rg_str *tag, const rg_str *cursor, uint32_t limit, uint32_t flags,
	rg_keys_cb done, void *tok)
{
	(void)tag;
	return no_page(self, domain, cursor, limit, flags, done, tok);
}

static const rg_store_ops late_members = { .struct_size = sizeof late_members, .name = "late", .fetch = late_fetch, .commit = late_commit,
	.due = no_due, .find = no_find, .scan = no_page, .wait = late_wait };

/* @return whether the answer came before the caller had given up. */
static bool meets_the_end(int nth)
{
	late l = { .nth = nth };
	rg_store *store = NULL;
	int code;
	kit k;

	kit_init(&k);
	l.inner = k.memory;
	cr_assert_eq(rg_store_new(&late_members, &l, &store, NULL), RG_OK);
	kit_open_over(&k, store);
	kit_listen(&k);
	cr_expect_eq(kit_save_status(&k, "alice", A1, 1, &code), RG_ESTORE);
	cr_expect_eq(code, 503);
	bool came = !l.done;
	allocations_call(0, NULL, NULL);
	answer_commit(&l);
	cr_expect_str_eq(k.events, "AOR_INSERT alice@example.org;CONTACT_INSERT alice@example.org sip:a@192.0.2.1:5060;",
		"at allocation %d: %s",
		nth, k.events);
	cr_expect_eq(kit_stat(&k, "commits"), 1);
	cr_expect_eq(kit_stat(&k, "timeouts"), 1);
	kit_close(&k);
	cr_expect(k.freed, "no operation is left");
	return came;
}

Test(giving_up, a_commit_that_is_answered_while_its_caller_gives_up_is_finished_all_the_same)
{
	int nth = 1;

	while (nth < 100 && meets_the_end(nth))
		nth++;
	cr_expect(nth > 1 && nth < 100, "giving up makes %d allocations", nth - 1);
}

/* A page of addresses that causes a fault when it is read. The handler makes it readable after a while, so a copy of it takes that long. */
static struct {
	rg_addr *addrs;
	size_t size;
	pthread_t thread;
	rg_resolve_done_cb done;
	void *tok;
	atomic_bool reading, readable;
} slow;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr, *from = (char *)slow.addrs;

	(void)context;
	if (at < from || at >= from + slow.size) {
		signal(sig, SIG_DFL);
		return;
	}
	atomic_store(&slow.reading, true);
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	atomic_store(&slow.readable, true);
	mprotect(slow.addrs, slow.size, PROT_READ);
}

static void *answer_slowly(void *user)
{
	(void)user;
	slow.done(slow.tok, RG_OK, slow.addrs, 8);
	return NULL;
}

/* Returns when the answer is being copied. */
static rg_status resolve_slowly(void *user, const rg_str *host, rg_resolve_done_cb done, void *tok)
{
	(void)user;
	(void)host;
	slow.done = done;
	slow.tok = tok;
	cr_assert_eq(pthread_create(&slow.thread, NULL, answer_slowly, NULL), 0);
	while (!atomic_load(&slow.reading))
		sched_yield();
	return RG_PENDING;
}

Test(giving_up, the_blocking_form_takes_an_address_that_is_being_given_while_it_gives_up)
{
	struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, before;
	uint32_t n = 0;
	kit k;

	slow.size = (size_t)sysconf(_SC_PAGESIZE);
	slow.addrs = mmap(NULL, slow.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(slow.addrs, MAP_FAILED);
	for (uint8_t i = 0; i < 8; i++)
		slow.addrs[i] = (rg_addr){ .ip = { 192, 0, 2, (uint8_t)(10 + i) }, .family = 4 };
	mprotect(slow.addrs, slow.size, PROT_NONE);
	sigaction(SIGSEGV, &act, &before);
	kit_init(&k);
	k.env.resolve = resolve_slowly;
	kit_open_over(&k, rg_store_ref(k.memory));
	cr_expect_eq(kit_save(&k, "alice", "<sip:a@phone.example.net>", 1), 200);
	cr_expect(atomic_load(&slow.readable), "the save waits for the copy");
	pthread_join(slow.thread, NULL);
	sigaction(SIGSEGV, &before, NULL);
	cr_expect_eq(rg_remove_ip_port(k.reg, RG_STR("location"), RG_STR("192.0.2.17"), 5060, (rg_str){ NULL, 0 }, &n, NULL), RG_OK);
	cr_expect_eq(n, 1, "all of them were taken");
	kit_close(&k);
	munmap(slow.addrs, slow.size);
}
