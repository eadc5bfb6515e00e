/* SPDX-License-Identifier: MIT */
/* The Feature-Caps of a 200 (RFC 6809 §6, RFC 8599 §5.6.1, §8.2): a line for each push provider that a Contact asks for. */
#include "decide/merge.h"

/* A provider to be answered. */
typedef struct offer {
	uint32_t provider;
	bool pnsreg; /* the device wakes up by itself, and is told when */
} offer;

/* The id of the binding that a Contact of the request set or repeated; 0 = none. */
static uint64_t binding_of(const rg__merge *m, const rg__answer *answer, uint32_t k)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const rg__entry *e = &m->entries[i];
		rg_contact c;

		if (e->own == k && e->gone == 0 && !e->lapsed &&
			rg__record_contact(answer->record, answer->record == m->record ? e->before : e->after, &c) == RG_OK)
			return c.id;
	}
	return 0;
}

/* The first binding of the request that the provider wakes; 0 = none. A later Contact may have taken or dropped what an earlier one set. */
static uint64_t woken_binding(const rg__merge *m, const rg__answer *answer, uint32_t provider)
{
	uint64_t id = 0;

	for (uint32_t k = 0; k < m->reg->n && id == 0; k++) {
		if (m->reg->wanted[k].asks == RG__PN_WAKE && m->reg->wanted[k].provider == provider)
			id = binding_of(m, answer, k);
	}
	return id;
}

/* RFC 8599 §6.2.1: a reference to the binding, which stands for it in a dialog. Names too long for a token leave it out. */
static rg_status add_purr(const rg__merge *m, uint64_t binding, rg__buf *out)
{
	const rg__ring *ring = rg__config_ring(m->reg->set->config);
	size_t start = out->n;

	if (!ring)
		return RG_EINVAL;
	rg__buf_add_text(out, ";+sip.pnspurr=\"");
	rg_status status = rg__purr_seal(ring, m->seed, &m->reg->key, binding, out);
	if (status == RG_ELIMIT)
		out->n = start;
	else
		rg__buf_add_text(out, "\"");
	return status == RG_ELIMIT ? RG_OK : status;
}

static rg_status add_offer(const rg__merge *m, const rg__answer *answer, const offer *o, rg__buf *out)
{
	const rg__push *push = m->reg->set->push;
	uint64_t binding = push->purrs ? woken_binding(m, answer, o->provider) : 0;

	if (out->n > 0)
		rg__buf_add_text(out, "\n");
	rg__buf_add_text(out, "*;+sip.pns=\"");
	rg__buf_add(out, push->providers[o->provider]);
	rg__buf_add_text(out, "\"");
	if (o->pnsreg) {
		rg__buf_add_text(out, ";+sip.pnsreg=\"");
		rg__buf_add_int(out, push->pnsreg);
		rg__buf_add_text(out, "\"");
	}
	return binding != 0 ? add_purr(m, binding, out) : RG_OK;
}

/* True when one of the Contacts asks for the provider. */
static bool make_offer(const rg__register *reg, uint32_t provider, offer *out)
{
	bool asked = false;

	*out = (offer){ .provider = provider };
	for (uint32_t k = 0; k < reg->n; k++) {
		const rg__wanted *w = &reg->wanted[k];

		if (w->asks == RG__PN_NONE || (w->asks != RG__PN_ALL && w->provider != provider))
			continue;
		asked = true;
		out->pnsreg |= w->pnsreg;
	}
	return asked;
}

static bool asks_for_all(const rg__register *reg)
{
	for (uint32_t k = 0; k < reg->n; k++) {
		if (reg->wanted[k].asks == RG__PN_ALL)
			return true;
	}
	return false;
}

static rg_status offer_all(const rg__merge *m, const rg__answer *answer, rg__buf *out)
{
	const rg_request *r = m->reg->request;
	const rg__push *push = m->reg->set->push;
	rg_status status = RG_OK;
	offer o;

	for (uint32_t i = 0; i < push->n_providers && status == RG_OK; i++) {
		if (!rg__pn_handled(r->feature_caps, r->n_feature_caps, push->providers[i]) && make_offer(m->reg, i, &o))
			status = add_offer(m, answer, &o, out);
	}
	return status;
}

/* The providers in the order of the Contacts that name them. */
static rg_status offer_named(const rg__merge *m, const rg__answer *answer, rg__buf *out)
{
	const rg__register *reg = m->reg;
	rg_status status = RG_OK;
	offer o;

	for (uint32_t k = 0; k < reg->n && status == RG_OK; k++) {
		const rg__wanted *w = &reg->wanted[k];
		uint32_t i = 0;

		if (w->asks == RG__PN_NONE)
			continue;
		while (i < k && (reg->wanted[i].asks == RG__PN_NONE || reg->wanted[i].provider != w->provider))
			i++;
		if (i == k && make_offer(reg, w->provider, &o))
			status = add_offer(m, answer, &o, out);
	}
	return status;
}

rg_status rg__merge_feature_caps(const rg__merge *m, const rg__answer *answer, rg__buf *out)
{
	rg_status status = asks_for_all(m->reg) ? offer_all(m, answer, out) : offer_named(m, answer, out);

	return status == RG_OK && out->failed ? RG_ENOMEM : status;
}
