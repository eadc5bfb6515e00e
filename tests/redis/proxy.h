/* SPDX-License-Identifier: MIT */
/*
 * What passes bytes between a store and its server, and spoils them. It is a thread of the test, on a unix socket in the server's folder
 * and on a loopback port. What is set holds when the function returns, for all connections. Free it before its server.
 *
 * A reply is lost after its command went through with proxy_cut_replies(p, 0); or with proxy_hold(p, true), proxy_drop(p).
 */
#ifndef TESTS_REDIS_PROXY_H
#define TESTS_REDIS_PROXY_H

#include <stdbool.h>
#include <stdint.h>
#include "server.h"

typedef struct proxy proxy;

enum { PROXY_NEVER = -1 };

proxy *proxy_new(const redis_server *server);
void proxy_free(proxy *p);
const char *proxy_address(const proxy *p); /* "unix:/tmp/…" */
uint16_t proxy_port(const proxy *p);

/* Once: after @p n more bytes, counted over all connections, the connection that brings the next one is cut, which drops that byte and what
 * follows it. PROXY_NEVER takes it back. */
void proxy_cut_replies(proxy *p, int64_t n);
void proxy_cut_requests(proxy *p, int64_t n);
/* Each connection made from now on is cut after so many bytes of replies, until PROXY_NEVER. */
void proxy_cut_each(proxy *p, int64_t n);

void proxy_split(proxy *p, bool split);      /* each byte of a reply comes alone: the store has read the one before */
void proxy_delay(proxy *p, uint32_t ms);     /* what comes from the server waits so long; 0 = not */
void proxy_hold(proxy *p, bool hold);        /* replies wait until this is taken back */
void proxy_hold_requests(proxy *p, bool hold); /* requests do */
void proxy_drop(proxy *p);                   /* cuts all connections; what waits in the proxy is lost */
void proxy_refuse(proxy *p, bool refuse);    /* a connection is cut as soon as it is made */

uint32_t proxy_accepted(proxy *p);  /* connections so far, refused ones as well */
uint32_t proxy_open(proxy *p);      /* connections at present */
uint64_t proxy_replied(proxy *p);   /* bytes of replies that came from the server so far */
uint64_t proxy_requested(proxy *p); /* bytes of requests that came from the store so far */

#endif
