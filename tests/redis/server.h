/* SPDX-License-Identifier: MIT */
/*
 * A redis-server of a test's own, in a temporary folder, on a unix socket. A process beside the test, the keeper, is its parent: when the
 * test ends, however it ends, the keeper kills the server and removes the folder.
 *
 * A program that contains server.c exits with 77 before main() where there is no redis-server, so that meson says "skipped".
 * What cannot be done is told on stderr and aborts the test. Not thread-safe, except redis_server_pause() and redis_server_resume().
 */
#ifndef TESTS_REDIS_SERVER_H
#define TESTS_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct redis_server_options {
	bool tcp;             /* also on a free loopback port */
	bool cluster;         /* in cluster mode, owner of all slots, with a port; it takes two seconds to start */
	bool durable;         /* every write is on disk before it is answered; else nothing is */
	const char *password; /* of the default user */
	const char *acl;      /* lines of an ACL file: "user app on >secret ~* &* +@all\n" */
	const char *maxmemory;    /* "4mb" */
	const char *const *more;  /* further arguments, "--name", "value", …, NULL */
} redis_server_options;

typedef struct redis_server redis_server;

redis_server *redis_server_start(const redis_server_options *options); /* NULL = the defaults; it answers when this returns */
void redis_server_free(redis_server *server); /* kills it */

const char *redis_server_address(const redis_server *server); /* "unix:/tmp/…": without user and password */
const char *redis_server_path(const redis_server *server);    /* of the socket */
const char *redis_server_folder(const redis_server *server);
uint16_t redis_server_port(const redis_server *server); /* 0 = none. It stays the same when the server starts again */
pid_t redis_server_pid(const redis_server *server);     /* 0 = it does not run */

void redis_server_kill(redis_server *server);   /* -9 */
void redis_server_pause(redis_server *server);  /* SIGSTOP */
void redis_server_resume(redis_server *server); /* SIGCONT */
void redis_server_save(redis_server *server);   /* ends it; what it had is on disk */
/* After redis_server_kill() or _save(). With its data: what is on disk; else it is empty. _launch() does not wait until it answers. */
void redis_server_again(redis_server *server, bool with_data);
void redis_server_launch(redis_server *server, bool with_data);

/*
 * One command on a connection of its own, as the default user. @return the reply as text: elements of arrays each with a LF, an error with
 * its leading '-', nil as "(nil)". To be freed. NULL: no reply within 10 s, or there is no server.
 */
#define redis_ask(server, ...) redis_server_ask((server), (const char *const[]){ __VA_ARGS__, NULL })
char *redis_server_ask(const redis_server *server, const char *const *argv);
char *redis_server_ask_bytes(const redis_server *server, size_t argc, const char *const *argv, const size_t *lens, size_t *n);
int64_t redis_server_number(const redis_server *server, const char *const *argv); /* of an integer or a text of one; else -1 */
#define redis_number(server, ...) redis_server_number((server), (const char *const[]){ __VA_ARGS__, NULL })
int64_t redis_server_info(const redis_server *server, const char *field); /* of INFO; -1 = there is none */

#endif
