/* SPDX-License-Identifier: MIT */
#include "flows.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* 128 random bits of this process, a dash, and a number in hex. */
enum { NAME_SIZE = 2 * 16 + 1 + 16 + 1 };

struct flow {
	struct flows *flows;
	tport_t *tport;
	char name[NAME_SIZE];
	struct watch watch;
};

struct flows {
	struct server *server;
	void *by_name;       /* trees of struct flow */
	void *by_connection;
	char random[2 * 16 + 1];
	uint64_t last;       /* number of the newest flow */
};

static void on_lost(tp_stack_t *stack, struct watch *watch, tport_t *tport, msg_t *msg, int error)
{
	(void)stack;
	(void)tport;
	(void)msg;
	(void)error;
	watch_stop(watch);
	watch->lost(watch->user);
}

/* A pending tport reports the end of its connection, and requires no message for that. No reference is held, because it would keep an
 * idle connection open forever. Every connection is closed, and reported, before it is freed. */
int watch_start(struct watch *watch, tport_t *tport, void (*lost)(void *user), void *user)
{
	int id = tport_is_secondary(tport) && tport_is_clear_to_send(tport) ? tport_pend(tport, NULL, on_lost, watch) : -1;

	*watch = (struct watch){ id > 0 ? tport : NULL, id, lost, user };
	return id > 0 ? 0 : -1;
}

void watch_stop(struct watch *watch)
{
	if (watch->tport)
		tport_release(watch->tport, watch->id, NULL, NULL, watch, 0);
	watch->tport = NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct flow *)a)->name, ((const struct flow *)b)->name);
}

static int by_connection(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct flow *)a)->tport, y = (uintptr_t)((const struct flow *)b)->tport;

	return (x > y) - (x < y);
}

struct flows *flows_new(struct server *server)
{
	struct flows *flows = calloc(1, sizeof *flows);
	unsigned char bytes[16];

	if (!flows || getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
		free(flows);
		return NULL;
	}
	flows->server = server;
	sodium_bin2hex(flows->random, sizeof flows->random, bytes, sizeof bytes);
	return flows;
}

static void flow_free(struct flow *flow)
{
	watch_stop(&flow->watch);
	tdelete(flow, &flow->flows->by_name, by_name);
	tdelete(flow, &flow->flows->by_connection, by_connection);
	free(flow);
}

void flows_free(struct flows *flows)
{
	while (flows && flows->by_name)
		flow_free(*(struct flow **)flows->by_name);
	free(flows);
}

static void removed(void *user, rg_status status, uint32_t n)
{
	(void)user;
	(void)status;
	(void)n;
}

/* When the store fails, the bindings stay until they expire. Until then a request to them fails with 430. */
void flows_remove(struct flows *flows, rg_str name)
{
	rg_remove_flow_async(flows->server->registrar, rg_str_from(flows->server->args->domain), name, removed, NULL, NULL, NULL);
}

static void flow_lost(void *user)
{
	struct flow *flow = user;
	struct flows *flows = flow->flows;
	char name[NAME_SIZE];

	/* Frees the flow first, so that no callback of the removal finds it. */
	memcpy(name, flow->name, sizeof name);
	flow_free(flow);
	flows_remove(flows, rg_str_from(name));
}

/* Inserts into both trees or none. */
static int flow_insert(struct flow *flow)
{
	if (!tsearch(flow, &flow->flows->by_name, by_name))
		return -1;
	if (tsearch(flow, &flow->flows->by_connection, by_connection))
		return 0;
	tdelete(flow, &flow->flows->by_name, by_name);
	return -1;
}

rg_str flows_name(struct flows *flows, tport_t *tport)
{
	struct flow key = { .tport = tport };
	struct flow **found = tfind(&key, &flows->by_connection, by_connection);
	struct flow *flow = found ? *found : calloc(1, sizeof *flow);

	if (found || !flow)
		return rg_str_from(flow ? flow->name : NULL);
	flow->flows = flows;
	flow->tport = tport;
	snprintf(flow->name, sizeof flow->name, "%s-%llx", flows->random, (unsigned long long)++flows->last);
	if (flow_insert(flow) < 0) {
		free(flow);
		return rg_str_from(NULL);
	}
	if (watch_start(&flow->watch, tport, flow_lost, flow) < 0) {
		flow_free(flow);
		return rg_str_from(NULL);
	}
	return rg_str_from(flow->name);
}

tport_t *flows_find(const struct flows *flows, rg_str name)
{
	struct flow key, **found;

	if (name.n == 0 || name.n >= sizeof key.name || memchr(name.p, '\0', name.n))
		return NULL;
	memcpy(key.name, name.p, name.n);
	key.name[name.n] = '\0';
	found = tfind(&key, &flows->by_name, by_name);
	/* After a message that ends the connection nothing more can be sent, although the peer has not closed it yet. */
	return found && tport_is_clear_to_send((*found)->tport) ? (*found)->tport : NULL;
}
