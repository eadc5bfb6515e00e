/* SPDX-License-Identifier: MIT */
/* A commit whose answer does not come: it is not lost, doubled or undone, and its events are told once. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proxy.h"
#include "server.h"
#include "solo.h"

enum { STEPS = 20000 };

typedef struct scene {
	redis_server *server;
	proxy *proxy;
	solo solo;
} scene;

static const char contact[] = "<sip:alice@192.0.2.1:5060>;expires=600", second[] = "<sip:alice@192.0.2.2:5060>;expires=600";

static scene *scene_new(const redis_server_options *options, const char *parameters)
{
	scene *s = calloc(1, sizeof *s);

	s->server = redis_server_start(options);
	s->proxy = proxy_new(s->server);
	solo_open(&s->solo, proxy_address(s->proxy), parameters);
	cr_assert(solo_connect(&s->solo, RG_REDIS_READY));
	return s;
}

static void scene_free(scene *s)
{
	solo_close(&s->solo);
	proxy_free(s->proxy);
	redis_server_free(s->server);
	free(s);
}

static void turn_until_events(scene *s, const char *want)
{
	for (int i = 0; i < STEPS && strcmp(s->solo.events, want) != 0; i++)
		solo_turn(&s->solo, 1);
	cr_expect_str_eq(s->solo.events, want, "events: %s", s->solo.events);
}

/* Another node sees so many bindings. */
static void expect_bindings(scene *s, int32_t n)
{
	solo other;

	solo_open(&other, redis_server_address(s->server), NULL);
	int32_t got = solo_targets(&other, "alice");

	cr_expect_eq(got, n, "%d bindings", got);
	solo_close(&other);
}

/* The value of alice's record; its first 20 bytes have the revision. */
static void value_head(scene *s, char head[20])
{
	char *key = redis_ask(s->server, "KEYS", "*:r:*alice@*"), *value;
	size_t n = 0;

	memset(head, 0, 20);
	if (!key)
		return;
	key[strcspn(key, "\n")] = '\0';
	const char *const argv[] = { "GET", key };
	const size_t lens[] = { 3, strlen(key) };

	value = redis_server_ask_bytes(s->server, 2, argv, lens, &n);
	if (value && n >= 20)
		memcpy(head, value, 20);
	free(value);
	free(key);
}

/* Holds replies until the server has executed the commit. */
static void swallow(scene *s, call *c, const char *line, uint32_t cseq)
{
	char before[20], now[20];

	cr_expect(solo_connect(&s->solo, RG_REDIS_READY));
	value_head(s, before);
	proxy_hold(s->proxy, true);
	solo_save(&s->solo, c, "alice", line, cseq);
	cr_expect_eq(c->answers, 0);
	for (int i = 0; i < STEPS; i++) {
		solo_turn(&s->solo, 1);
		value_head(s, now);
		if (memcmp(before, now, sizeof now) != 0)
			return;
	}
	cr_expect(false, "the commit does not come");
}

static void cut_now(scene *s)
{
	proxy_drop(s->proxy);
	proxy_hold(s->proxy, false);
}

Test(fate, a_swallowed_answer_of_a_first_register)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	swallow(s, &c, contact, 1);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200, "%d", c.code);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;");
	cr_expect_eq(solo_counter(&s->solo, "resends_recognised"), 1);
	expect_bindings(s, 1);
	scene_free(s);
}

Test(fate, a_swallowed_answer_of_a_refresh_and_of_a_removal)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	swallow(s, &c, contact, 2);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200);
	/* A removal of what the node has not seen begins with a look, whose answer would be held, too. */
	cr_expect_eq(solo_targets(&s->solo, "alice"), 1);
	swallow(s, &c, "<sip:alice@192.0.2.1:5060>;expires=0", 3);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;CONTACT_UPDATE alice;CONTACT_DELETE alice;AOR_DELETE alice;");
	cr_expect_eq(solo_counter(&s->solo, "resends_recognised"), 2);
	expect_bindings(s, 0);
	scene_free(s);
}

/* Another node commits between the commit and its resend: the server still knows the revision. */
Test(fate, a_resend_behind_commits_of_another_node)
{
	scene *s = scene_new(NULL, NULL);
	solo other;
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	swallow(s, &c, second, 2);
	solo_open(&other, redis_server_address(s->server), NULL);
	for (uint32_t i = 3; i < 9; i++)
		cr_expect_eq(solo_saved(&other, "alice", contact, i), 200);
	cr_expect_eq(solo_saved(&other, "alice", "<sip:alice@192.0.2.2:5060>;expires=0", 10), 200);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;CONTACT_INSERT alice;");
	cr_expect_eq(solo_counter(&s->solo, "resends_recognised"), 1);
	expect_bindings(s, 1);
	solo_close(&other);
	scene_free(s);
}

/* The server has the commit in its socket, and executes it after the store has given it up. */
Test(fate, a_server_paused_beyond_the_timeout)
{
	scene *s = scene_new(NULL, "?timeout=200&connect_timeout=200");
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	redis_server_pause(s->server);
	solo_save(&s->solo, &c, "alice", second, 2);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.status, RG_ESTORE);
	cr_expect_eq(c.code, 503);
	cr_expect(solo_connect(&s->solo, RG_REDIS_DOWN));
	redis_server_resume(s->server);
	cr_expect(solo_connect(&s->solo, RG_REDIS_READY));
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;CONTACT_INSERT alice;");
	for (int i = 0; i < 20; i++)
		solo_turn(&s->solo, 10);
	cr_expect_str_eq(s->solo.events, "AOR_INSERT alice;CONTACT_INSERT alice;CONTACT_INSERT alice;", "told once: %s", s->solo.events);
	expect_bindings(s, 2);
	scene_free(s);
}

/* A first REGISTER is made again on the server that has nothing. */
Test(fate, a_first_register_resent_to_an_empty_server)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	swallow(s, &c, contact, 1);
	redis_server_kill(s->server);
	redis_server_again(s->server, false);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200, "%d", c.code);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;");
	expect_bindings(s, 1);
	scene_free(s);
}

/* A refresh finds nothing there: it is decided again, and what was there before does not come back. */
Test(fate, a_refresh_resent_to_an_empty_server)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	cr_expect_eq(solo_saved(&s->solo, "alice", second, 2), 200);
	s->solo.events[0] = '\0';
	swallow(s, &c, contact, 3);
	redis_server_kill(s->server);
	redis_server_again(s->server, false);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200, "%d", c.code);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;");
	expect_bindings(s, 1);
	scene_free(s);
}

Test(fate, a_removal_resent_to_an_empty_server)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	s->solo.events[0] = '\0';
	swallow(s, &c, "<sip:alice@192.0.2.1:5060>;expires=0", 2);
	redis_server_kill(s->server);
	redis_server_again(s->server, false);
	cut_now(s);
	cr_expect(solo_finish(&s->solo, &c));
	cr_expect_eq(c.code, 200, "%d", c.code);
	for (int i = 0; i < 20; i++)
		solo_turn(&s->solo, 5);
	cr_expect_str_eq(s->solo.events, "", "nothing was there to remove: %s", s->solo.events);
	expect_bindings(s, 0);
	scene_free(s);
}

/* What the cache knows of a server is not true of an empty one. */
Test(fate, nothing_comes_back_from_the_cache)
{
	scene *s = scene_new(NULL, NULL);

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	cr_expect_eq(solo_saved(&s->solo, "bob", contact, 1), 200);
	redis_server_kill(s->server);
	redis_server_again(s->server, false);
	cr_expect(solo_connect(&s->solo, RG_REDIS_READY));
	for (int i = 0; i < STEPS && solo_targets(&s->solo, "bob") == RG_ESTORE; i++)
		solo_turn(&s->solo, 1);
	cr_expect_eq(solo_targets(&s->solo, "bob"), 0);
	s->solo.events[0] = '\0';
	cr_expect_eq(solo_saved(&s->solo, "alice", second, 2), 200);
	turn_until_events(s, "AOR_INSERT alice;CONTACT_INSERT alice;");
	expect_bindings(s, 1);
	cr_expect_eq(solo_counter(&s->solo, "emptied_servers"), 1);
	scene_free(s);
}

/* While the server is known to be away no call waits, and nobody is told that alice is not registered. */
Test(fate, calls_are_refused_at_once_while_the_server_is_away)
{
	scene *s = scene_new(NULL, NULL);
	call c;

	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	redis_server_kill(s->server);
	cr_expect(solo_connect(&s->solo, RG_REDIS_DOWN));
	int64_t refused = solo_counter(&s->solo, "refused");

	solo_save(&s->solo, &c, "alice", contact, 2);
	cr_expect(c.inside, "a save waits");
	cr_expect_eq(c.status, RG_ESTORE);
	cr_expect_eq(c.code, 503);
	solo_lookup(&s->solo, &c, "alice");
	cr_expect(c.inside, "a lookup waits");
	cr_expect_eq(c.status, RG_ESTORE);
	cr_expect_eq(c.code, 503);
	solo_remove(&s->solo, &c, "alice");
	cr_expect(c.inside, "a removal waits");
	cr_expect_eq(c.status, RG_ESTORE);
	cr_expect_gt(solo_counter(&s->solo, "refused"), refused);
	redis_server_again(s->server, false);
	cr_expect(solo_connect(&s->solo, RG_REDIS_READY), "it recovers by itself");
	cr_expect_eq(solo_targets(&s->solo, "alice"), 0);
	scene_free(s);
}

Test(fate, a_wrong_password_is_said_and_recovered_from)
{
	scene *s = calloc(1, sizeof *s);

	s->server = redis_server_start(&(redis_server_options){ .password = "right" });
	char address[160];

	snprintf(address, sizeof address, "unix://:wrong@%s", redis_server_path(s->server));
	solo_open(&s->solo, address, NULL);
	cr_expect(solo_connect(&s->solo, RG_REDIS_DOWN));
	cr_expect(strstr(s->solo.log, "WRONGPASS") != NULL, "%s", s->solo.log);
	cr_expect(strstr(s->solo.log, "wrong@") == NULL, "the log has no password: %s", s->solo.log);
	cr_expect_eq(solo_targets(&s->solo, "alice"), RG_ESTORE);
	free(redis_ask(s->server, "ACL", "SETUSER", "default", ">wrong"));
	cr_expect(solo_connect(&s->solo, RG_REDIS_READY));
	cr_expect_eq(solo_saved(&s->solo, "alice", contact, 1), 200);
	solo_close(&s->solo);
	redis_server_free(s->server);
	free(s);
}
