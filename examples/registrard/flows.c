/* SPDX-License-Identifier: MIT */
#include "flows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void flow_print(const struct server *server, enum way_kind kind, uint64_t connection, char name[FLOW_ROOM])
{
	snprintf(name, FLOW_ROOM, "%s-%c%" PRIx64, server->flow_prefix, kind == WAY_HARD ? 'h' : 's', connection);
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
	way.kind = n > 2 && mark[1] == 's' ? WAY_SOFT : WAY_HARD;
	if (n < 3 || n - 2 >= sizeof number || (size_t)(mark - name.p) != prefix || memcmp(name.p, server->flow_prefix, prefix) != 0)
		return way;
	memcpy(number, mark + 2, n - 2);
	way.to.connection = strtoull(number, NULL, 16);
	return way;
}

static void removed(void *user, rg_status status, uint32_t n)
{
	(void)user;
	(void)status;
	(void)n;
}

/* When the store fails, the bindings stay until they expire. Until then a request to them fails with 430. */
void flow_remove(struct server *server, uint64_t connection)
{
	char name[FLOW_ROOM];

	flow_print(server, WAY_HARD, connection, name);
	rg_remove_flow_async(server->registrar, rg_str_from(server->args->domain), rg_str_from(name), removed, NULL, NULL, NULL);
}

/* With outbound the store is asked for each connection, which costs less than a list of those that carried a REGISTER. */
void flow_closed(struct server *server, uint64_t connection)
{
	rg_str mode = { NULL, 0 };

	if (rg_config_get(server->args->config, RG_STR("outbound_mode"), &mode) == RG_OK && !rg_str_equal(mode, RG_STR("off")))
		flow_remove(server, connection);
}
