/* SPDX-License-Identifier: MIT */
#include "flows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_clock.h"
#include "log.h"
#include "queue.h"

enum {
	PART_AORS = 100,      /* removed before other work has its turn */
	RETRY_MS = 1000,      /* while the store fails */
	REMOVALS_MAX = 100000 /* that wait for the store */
};

void flow_print(const struct server *server, enum flow_kind kind, uint64_t connection, char name[FLOW_ROOM])
{
	snprintf(name, FLOW_ROOM, "%s-%c%" PRIx64, server->flow_prefix, kind, connection);
}

struct way flow_read(const struct server *server, rg_str name)
{
	size_t prefix = strlen(server->flow_prefix);
	const char *mark = name.n ? memchr(name.p, '-', name.n) : NULL;
	struct way way = { .kind = WAY_URI };
	char number[17] = "";
	size_t n;

	if (!name.n)
		return way;
	n = mark ? (size_t)(name.p + name.n - mark) : 0;
	way.kind = n > 2 && mark[1] == FLOW_SOFT ? WAY_SOFT : WAY_HARD;
	if (n < 3 || n - 2 >= sizeof number || (size_t)(mark - name.p) != prefix || memcmp(name.p, server->flow_prefix, prefix) != 0)
		return way;
	memcpy(number, mark + 2, n - 2);
	way.to.connection = strtoull(number, NULL, 16);
	return way;
}

/* A removal that goes on. A phone may have registered any number of users on one connection, and they are removed a part at a time. */
struct removal {
	struct queue_entry in_queue;
	struct server *server;
	char flow[FLOW_ROOM];
	char *cursor; /* where it goes on; NULL = at the start */
	size_t n;     /* length of the cursor */
	unsigned failures; /* of this part */
};

static void removal_free(struct removal *removal)
{
	queue_remove(&removal->in_queue);
	removal->server->n_removals--;
	free(removal->cursor);
	free(removal);
}

/* The store is away, overloaded or out of memory, or one record in it cannot be read. */
static int may_pass(rg_status status)
{
	return status == RG_ESTORE || status == RG_EFULL || status == RG_ETIMEOUT || status == RG_ENOMEM;
}

/* While the store fails, all removals wait. Until then a request to their bindings fails with 430. */
static void part_failed(struct removal *removal, rg_status status)
{
	struct server *server = removal->server;

	if (!may_pass(status) || ++removal->failures >= FLOW_FAILURES_MAX) {
		if (may_pass(status))
			log_line(server->log, RG_LOG_ERROR, "bindings of a connection that has ended stay until they expire: %s", rg_strerror(status));
		removal_free(removal);
		return;
	}
	server->removals_from = alarm_clock_now() + RETRY_MS;
	queue_add(&server->removals, &removal->in_queue);
	alarm_clock_set(server->removals_alarm, server->removals_from);
}

static void on_part(void *user, rg_status status, uint32_t n, const rg_str *cursor)
{
	struct removal *removal = user;
	char *copy = status == RG_OK && cursor->n ? malloc(cursor->n) : NULL;

	(void)n;
	if (status != RG_OK) {
		part_failed(removal, status);
		return;
	}
	if (cursor->n && !copy) {
		part_failed(removal, RG_ENOMEM);
		return;
	}
	if (!copy) {
		removal_free(removal);
		return;
	}
	removal->failures = 0;
	memcpy(copy, cursor->p, cursor->n);
	free(removal->cursor);
	removal->cursor = copy;
	removal->n = cursor->n;
	queue_add(&removal->server->removals, &removal->in_queue);
	alarm_clock_set(removal->server->removals_alarm, 0);
}

static void remove_part(struct removal *removal)
{
	struct server *server = removal->server;
	rg_status status;

	queue_remove(&removal->in_queue);
	status = rg_remove_flow_part_async(server->registrar, rg_str_from(server->args->domain), rg_str_from(removal->flow),
		(rg_str){ removal->cursor, removal->n }, PART_AORS, on_part, removal, NULL, NULL, NULL);
	/* Then on_part() is not called. */
	if (status != RG_OK && status != RG_PENDING)
		part_failed(removal, status);
}

void flow_removals_go_on(void *user)
{
	struct server *server = user;
	struct removal *first = queue_first(&server->removals);
	int waits = server->removals_from > alarm_clock_now();

	if (first && !waits)
		remove_part(first);
	if (queue_first(&server->removals))
		alarm_clock_set(server->removals_alarm, server->removals_from);
}

void flow_removals_free(struct server *server)
{
	struct removal *removal;

	while ((removal = queue_first(&server->removals)) != NULL)
		removal_free(removal);
}

void flow_remove(struct server *server, uint64_t connection)
{
	struct removal *removal = server->n_removals < REMOVALS_MAX ? calloc(1, sizeof *removal) : NULL;

	if (!removal)
		return;
	server->n_removals++;
	removal->server = server;
	flow_print(server, FLOW_HARD, connection, removal->flow);
	remove_part(removal);
}

/* With outbound the store is asked for each connection, which costs less than a list of those that carried a REGISTER. */
void flow_closed(struct server *server, uint64_t connection)
{
	if (server->args->outbound)
		flow_remove(server, connection);
}
