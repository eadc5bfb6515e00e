/* SPDX-License-Identifier: MIT */
/* A 200. */
#include "decide/merge.h"
#include "message/message.h"
#include <stdlib.h>

static bool over_tcp(rg_str transport)
{
	static const rg_str all[] = { { "tcp", 3 }, { "tls", 3 }, { "ws", 2 }, { "wss", 3 } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (rg__eq_nocase(transport, all[i]))
			return true;
	}
	return false;
}

/* A sips URI is reached over TLS, and so over TCP (RFC 3261 §26.2.2). */
static bool is_tcp_contact(const rg__uri *uri)
{
	rg_str transport;

	if (uri->scheme == RG__SCHEME_OTHER)
		return false;
	if (rg__uri_param(uri, RG_STR("transport"), &transport))
		return over_tcp(transport);
	return uri->scheme == RG__SCHEME_SIPS;
}

/* Base specification §1.3.5: the connection outlives the longest of its bindings a little, so that the refresh finds it open. */
static uint32_t connection_lifetime(const rg__merge *m)
{
	enum { LONGER = 10 };
	const rg_request *r = m->reg->request;
	int64_t longest = m->now;

	if (!(r->flags & RG_REQUEST_TCP_PERSISTENT) || !over_tcp(r->transport))
		return 0;
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];

		if (e->own == RG__NOBODY || e->gone != 0 || e->lapsed || !is_tcp_contact(&m->reg->wanted[e->own].uri))
			continue;
		if (e->until > longest)
			longest = e->until;
	}
	longest = longest > m->now ? rg__add_sat(rg__sub_sat(longest, m->now) / 1000, LONGER) : 0;
	return longest < (int64_t)UINT32_MAX ? (uint32_t)longest : UINT32_MAX;
}

/* Everything but the GRUUs and Feature-Caps. */
static rg__extras extras_of(const rg__register *reg)
{
	const rg__save_settings *set = reg->set;
	rg__extras x = { .supported = rg__register_supported(set), .service_route = set->service_route, /* RFC 3608 §6.3: on every 200 */
		.rewrites = reg->rewrites, .n_rewrites = reg->n_rewrites };

	if (reg->echoes_path)
		x.path = reg->path;
	if (!reg->requires_outbound)
		return x;
	x.require = RG_STR("outbound");
	if (reg->request->via_count == 1) /* RFC 5626 §5.4: behind an edge proxy, the edge proxy sets the timer */
		x.flow_timer = set->flow_timer;
	return x;
}

/* Most of the time both GRUUs of a binding take this many octets. */
enum { GRUUS = 320 };

static rg_status add_gruu_lines(const rg__merge *m, const rg__answer *answer, rg__extras *x, rg__buf *gruus)
{
	size_t room = answer->n_listed * (size_t)GRUUS;

	gruus->p = room > 0 ? malloc(room) : NULL;
	gruus->room = gruus->p ? room : 0; /* without memory it grows later */
	rg_status status = rg__merge_gruus(m, answer, gruus);

	x->gruus = (rg_str){ gruus->p, gruus->n };
	return status;
}

static rg_status add_push_lines(const rg__merge *m, const rg__answer *answer, rg__extras *x, rg__buf *caps)
{
	rg_status status = rg__merge_feature_caps(m, answer, caps);

	x->feature_caps = (rg_str){ caps->p, caps->n };
	return status;
}

static rg_status accept_in_full(const rg__merge *m, const rg__draft *draft, rg__answer *answer, rg_plan **out)
{
	rg__buf gruus = { 0 }, caps = { 0 };
	rg__extras extras = extras_of(m->reg);
	rg_status status = m->reg->gives_gruus ? add_gruu_lines(m, answer, &extras, &gruus) : RG_OK;

	if (status == RG_OK && m->reg->answers_push)
		status = add_push_lines(m, answer, &extras, &caps);
	answer->extras = &extras;
	if (status == RG_OK)
		status = rg__plan_new(draft, out);
	else
		rg_record_unref(draft->next);
	rg__buf_free(&gruus);
	rg__buf_free(&caps);
	return status;
}

/* Is there anything beside the list of bindings? */
static bool has_extras(const rg__register *reg)
{
	return reg->gives_gruus || reg->answers_push || reg->echoes_path || reg->requires_outbound || reg->n_rewrites > 0 ||
		reg->set->service_route.n > 0 || rg__register_supported(reg->set).n > 0;
}

rg_status rg__merge_accept(const rg__merge *m, const rg__draft *draft, rg__answer *answer, rg_plan **out)
{
	answer->reason = RG_R_FINE;
	answer->code = 200;
	answer->no_reply = m->reg->set->no_reply;
	answer->now = m->now;
	answer->received_param = m->reg->set->received_param;
	answer->connection_lifetime = connection_lifetime(m);
	return has_extras(m->reg) ? accept_in_full(m, draft, answer, out) : rg__plan_new(draft, out);
}
