/* SPDX-License-Identifier: MIT */
/* A world for transactions: a clock that the test sets, and a transport that records. What happens is written to a log of words. */
#ifndef TESTS_REGISTRARD_KIT_H
#define TESTS_REGISTRARD_KIT_H

#include "intake.h"
#include "transaction.h"

enum { SOCKET_UDP, SOCKET_TCP };
enum { MESSAGE_ROOM = 20000 };

struct world {
	struct server server;
	struct args args;
	int64_t now;
	int sends_fail;      /* transport_send() refuses everything */
	uint64_t ended;      /* a connection that has ended; 0 = none */
	uint64_t full;       /* a connection that takes no more; 0 = none */
	uint64_t connections; /* opened so far, from 1000 on */
	struct peer last_to; /* of the last message sent */
	char last[MESSAGE_ROOM];    /* its bytes */
	char log[8192];      /* words, each followed by a blank */
	size_t sends;
};

extern struct world world;

/* An empty world, with max_calls = 100. */
void world_open(void);

/* Fails the test when a transaction is left. */
void world_close(void);

/* Adds a word to the log. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lets time pass, and rings. */
void pass(int64_t milliseconds);

/* Parses a message; "\n" stands for CRLF. */
msg_t *message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The usual request of a caller, and a response to the last request that was sent. */
msg_t *request_of(const char *method, const char *branch, const char *to_tag);
msg_t *response_of(int status, const char *method);

/* Hands a message over like the server. @return what the transactions say; a message that they did not take is freed. */
int receive_request(msg_t *msg, const struct peer *from);
int receive_response(msg_t *msg);

/* The peers of the tests. */
struct peer peer_at(size_t socket, const char *address, uint64_t connection);

/* The nth allocation from here on fails, once. 0 = none. @return how many were left to go. */
int shortage(int nth);

/* A line of a script is "event>words event>words …": after each event the log must hold exactly these words, joined by commas. "end" is
 * logged when the last transaction ends. Both interpreters stop the test at the first difference. */
typedef void script_step(void *user, const char *event);
void script_run(const char *script, script_step *step, void *user);

#endif
