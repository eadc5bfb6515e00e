/* SPDX-License-Identifier: MIT */
/* A node for page.py, which runs the commands of doc/redis.md: page ADDRESS [PROGRAM]. It reads words from standard input, a line each, and
 * prints a line when it has done what they say:
 *   save USER URI SECONDS    registers a user of example.org
 *   lookup USER              prints the number of targets, or the error
 *   state                    prints the state of the connection and what is wrong with it
 *   defaults                 prints the parameters of an address that gives none, a line each, and an empty line
 *   every                    does something with each member of the store; prints the first error, else 0
 *   statistics               prints the names and descriptions, a line each, and an empty line
 * Meanwhile, and until its input ends, it drives the store and ticks. */
#include "url.h"

#include <poll.h>
#include <rgstr/redis.h>
#include <rgstr/registrar.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct page {
	rg_store *store;
	rg_registrar *reg;
	bool done, quiet;
} page;

static void log_line(void *user, int32_t level, const rg_str *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%.*s\n", (int)text->n, text->p);
}

static void page_saved(void *user, rg_status status, rg_response *response)
{
	page *p = user;

	p->done = true;
	if (!p->quiet)
		printf("%d %u\n", status, rg_response_code(response));
	rg_response_free(response);
}

static void page_looked_up(void *user, rg_status status, rg_targets *targets)
{
	((page *)user)->done = true;
	printf("%d %u\n", status, rg_targets_count(targets));
	rg_targets_free(targets);
}

static void run_until_done(page *p)
{
	while (!p->done)
		rg_redis_store_run(p->store, 1000);
}

static rg_status begin_save(page *p, const char *user, const char *uri, unsigned seconds)
{
	static uint32_t serial;
	char to[128], contact[256], cseq[32];
	rg_request request;
	rg_str line = { contact, (size_t)snprintf(contact, sizeof contact, "<%s>;expires=%u", uri, seconds) };

	snprintf(to, sizeof to, "<sip:%s@example.org>", user);
	snprintf(cseq, sizeof cseq, "%u REGISTER", ++serial);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = request.to_header = rg_str_from(to);
	request.callid = rg_str_from(user);
	request.cseq = rg_str_from(cseq);
	request.contacts = &line;
	request.n_contacts = 1;
	return rg_save_async(p->reg, &request, NULL, page_saved, p, NULL, NULL, NULL);
}

static rg_status begin_lookup(page *p, const char *user)
{
	char aor[128];
	rg_request request;

	snprintf(aor, sizeof aor, "sip:%s@example.org", user);
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = rg_str_from(aor);
	return rg_lookup_async(p->reg, &request, NULL, page_looked_up, p, NULL, NULL, NULL);
}

static void show_state(const page *p)
{
	rg_redis_state state;

	rg_redis_state_init(&state, sizeof state);
	rg_redis_store_state(p->store, &state);
	printf("%u %.*s %.*s\n", state.connection, (int)state.node.n, state.node.p ? state.node.p : "", (int)state.trouble.n,
		state.trouble.p ? state.trouble.p : "");
}

static void show_statistics(const page *p)
{
	rg_statistic one;

	for (uint32_t i = 0; rg_statistic_init(&one, sizeof one), rg_redis_store_statistic(p->store, i, &one) == RG_OK; i++)
		printf("%s\t%s\n", one.name, one.doc);
	printf("\n");
}

static void show_defaults(void)
{
	rg__redis_url url;

	if (rg__redis_url_parse(RG_STR("redis://host"), &url, NULL) != RG_OK)
		return;
	printf("prefix %.*s\nbuckets %u\ntimeout %u\nconnect_timeout %u\ncache %llu\ninflight %u\ndb %u\nport %u\n\n", (int)url.prefix.n,
		url.prefix.p, url.buckets, url.timeout, url.connect_timeout, (unsigned long long)url.cache, url.inflight, url.db, url.port);
	rg__redis_url_free(&url);
}

static void changed(void *user, rg_status status)
{
	*(rg_status *)user = status;
}

static int32_t each_found(void *user, const rg_record *record)
{
	*(bool *)user = record != NULL;
	return 0;
}

static void committed(void *tok, rg_status status, const rg_fetched *current)
{
	*(rg_status *)tok = status;
	if (current)
		rg_record_unref(current->record);
}

static rg_status run_until_said(page *p, const rg_status *status)
{
	while (*status == RG_PENDING)
		if (rg_redis_store_run(p->store, 5000) != RG_OK)
			return RG_ETIMEOUT;
	return *status;
}

/* A watch of a key, and a deletion of it, which the watch tells of. */
static rg_status watch_and_delete(page *p)
{
	void *self, *handle;
	const rg_store_ops *ops = rg_store_members(p->store, &self);
	rg_key key = { RG_STR("location"), RG_STR("nobody"), RG_STR("example.org") };
	rg_status told = RG_PENDING, deleted = RG_PENDING;
	rg_commit commit;

	rg_status st = ops->watch(self, &key, changed, &told, &handle);
	if (st == RG_OK)
		st = run_until_said(p, &told); /* the subscription tells that it may have missed something */
	if (st != RG_OK)
		return st;
	told = RG_PENDING;
	rg_commit_init(&commit, sizeof commit);
	memset(&commit.revision, 7, sizeof commit.revision);
	st = ops->commit(self, &key, &commit, 0, committed, &deleted);
	st = st == RG_PENDING ? run_until_said(p, &deleted) : st;
	st = st == RG_OK ? run_until_said(p, &told) : st;
	ops->unwatch(self, handle);
	return st;
}

typedef struct due_page {
	rg_status status;
	char cursor[256];
	rg_str rest;
} due_page;

static void due_found(void *tok, rg_status status, const rg_keys *keys)
{
	due_page *d = tok;

	d->status = status;
	d->rest = (rg_str){ NULL, 0 };
	if (status != RG_OK || !keys->cursor.p || keys->cursor.n > sizeof d->cursor)
		return;
	memcpy(d->cursor, keys->cursor.p, keys->cursor.n);
	d->rest = (rg_str){ d->cursor, keys->cursor.n };
}

/* Everything that is ever due, a key a page. */
static rg_status walk_due(page *p)
{
	void *self;
	const rg_store_ops *ops = rg_store_members(p->store, &self);
	due_page d = { 0 };

	do {
		d.status = RG_PENDING;
		rg_status st = ops->due(self, RG_TIME_NEVER, &d.rest, 1, 0, due_found, &d);
		st = st == RG_PENDING ? run_until_said(p, &d.status) : st;
		if (st != RG_OK)
			return st;
	} while (d.rest.p);
	return RG_OK;
}

/* Blocking forms, each on the user "every". */
static rg_status use_every_member(page *p)
{
	rg_str absent = { NULL, 0 };
	uint32_t removed = 0;
	bool found = false;

	p->done = false;
	p->quiet = true;
	rg_status st = begin_save(p, "every", "sip:every@192.0.2.99:5060", 600);
	if (st == RG_PENDING)
		run_until_done(p);
	st = walk_due(p);
	st = st == RG_OK ? watch_and_delete(p) : st;
	st = st == RG_OK ? rg_each(p->reg, absent, each_found, &found, NULL) : st;
	st = st == RG_OK ? rg_remove_ip_port(p->reg, absent, RG_STR("192.0.2.99"), 5060, absent, &removed, NULL) : st;
	return st != RG_OK ? st : found && removed == 1 ? RG_OK : RG_ENOENT;
}

/* Does what a line says, and waits until it is done. */
static void obey(page *p, const char *line)
{
	char user[64], uri[128];
	unsigned expires;
	rg_status st = RG_OK;

	p->done = false;
	if (sscanf(line, "save %63s %127s %u", user, uri, &expires) == 3)
		st = begin_save(p, user, uri, expires);
	else if (sscanf(line, "lookup %63s", user) == 1)
		st = begin_lookup(p, user);
	else if (p->done = true, strcmp(line, "state\n") == 0)
		show_state(p);
	else if (strcmp(line, "defaults\n") == 0)
		show_defaults();
	else if (strcmp(line, "every\n") == 0)
		printf("%d\n", use_every_member(p));
	else if (strcmp(line, "statistics\n") == 0)
		show_statistics(p);
	else
		st = RG_EINVAL;
	if (st != RG_PENDING && !p->done)
		printf("%d\n", st);
	else
		run_until_done(p);
	fflush(stdout);
}

static bool open_page(page *p, const char *address, const char *program)
{
	rg_redis_options options;
	rg_error *why = rg_error_new();

	rg_redis_options_init(&options, sizeof options);
	options.address = rg_str_from(address);
	options.program = rg_str_from(program);
	options.log = log_line;
	bool good = rg_redis_store_new(&options, &p->store, why) == RG_OK && rg_registrar_new(NULL, p->store, NULL, &p->reg, why) == RG_OK;
	if (!good)
		fprintf(stderr, "%s\n", rg_error_text(why).p);
	rg_error_free(why);
	return good;
}

int main(int argc, char **argv)
{
	page p = { 0 };
	char line[512];

	setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() sees each line */
	if (argc < 2 || !open_page(&p, argv[1], argc > 2 ? argv[2] : "page"))
		return 1;
	for (;;) {
		struct pollfd fds[2] = { { STDIN_FILENO, POLLIN, 0 }, { rg_redis_store_descriptor(p.store), POLLIN, 0 } };
		poll(fds, 2, 200);
		if (fds[1].revents)
			rg_redis_store_drive(p.store);
		if (fds[0].revents && !fgets(line, sizeof line, stdin))
			break;
		if (fds[0].revents)
			obey(&p, line);
		rg_registrar_tick(p.reg, 0, NULL);
	}
	rg_registrar_unref(p.reg);
	rg_store_unref(p.store);
	return 0;
}
