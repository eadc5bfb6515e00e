/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <stdlib.h>

#include "flows.h"
#include "fork.h"
#include "route.h"

/* Whether another site sent the request. That site looks in all other homes of the user itself. Without this check two sites that each
 * believe the user to be at the other would send a request to and fro. */
static int is_from_home(const sip_t *sip, const rg_targets *targets, su_home_t *home)
{
	rg_target target = { .struct_size = sizeof target };

	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++) {
		const url_t *url = target.home.n ? url_make(home, su_strndup(home, target.home.p, target.home.n)) : NULL;

		if (url && route_is_sender(sip, url))
			return 1;
	}
	return 0;
}

/* Converts targets to hops. A target that is this server is not sent to: several of them would multiply a request at each turn, and any
 * client that may register could create them (RFC 5393 §3). The hops borrow from targets and home. @return the number of hops; fewer
 * than targets when out of memory. */
static size_t hops_of(const struct server *server, const sip_t *sip, const rg_targets *targets, su_home_t *home, struct hop *hops)
{
	int from_home = is_from_home(sip, targets, home);
	size_t n = 0;
	rg_target target = { .struct_size = sizeof target };

	for (; rg_targets_get(targets, (uint32_t)n, &target) == RG_OK; n++) {
		struct hop *hop = &hops[n];

		*hop = (struct hop){
			.uri = su_strndup(home, target.uri.p, target.uri.n),
			.next = url_make(home, su_strndup(home, target.next_hop.p, target.next_hop.n)),
			.path = target.path,
			.socket = target.socket,
			/* The Route of a dialog leads to the flow, too (RFC 5627 §6.1). */
			.way = sip->sip_route ? (struct way){ .kind = WAY_URI } : flow_read(server, target.flow),
			.fallback_of = target.fallback_of,
		};
		/* fallback_of counts targets, so a target that cannot be sent to keeps its index and fails there. */
		hop->loops = hop->next && (route_is_ours(server, hop->next) || (target.home.n && from_home));
		if (!hop->next)
			hop->next = url_make(home, "invalid:");
		if (!hop->uri || !hop->next)
			break;
	}
	return n;
}

/* @param use  gets the hops, which live until it returns. @return 0, or -1 when out of memory. */
static int targets_use(struct call *call, const rg_targets *targets, size_t later,
	void (*use)(struct call *call, struct hop *hops, size_t n, size_t later))
{
	size_t n = rg_targets_count(targets);
	struct hop *hops = calloc(n + 1, sizeof *hops);
	su_home_t home[1] = { SU_HOME_INIT(home) };
	int result;

	su_home_init(home);
	result = hops && hops_of(call_server(call), call_sip(call), targets, home, hops) == n ? 0 : -1;
	if (result == 0)
		use(call, hops, n, later);
	su_home_deinit(home);
	free(hops);
	return result;
}

int targets_fork(struct call *call, const rg_targets *targets, size_t later)
{
	return targets_use(call, targets, later, call_fork);
}

static void fork_unchanged(struct call *call, struct hop *hops, size_t n, size_t later)
{
	for (size_t i = 0; i < n; i++)
		hops[i].uri = NULL;
	call_fork(call, hops, n, later);
}

int targets_go_on(struct call *call, const rg_targets *targets)
{
	return targets_use(call, targets, 0, fork_unchanged);
}

static void join(struct call *call, struct hop *hops, size_t n, size_t later)
{
	(void)later;
	call_join(call, hops, n);
}

void targets_join(struct call *call, const rg_targets *targets)
{
	targets_use(call, targets, 0, join);
}
