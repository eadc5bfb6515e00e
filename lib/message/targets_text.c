/* SPDX-License-Identifier: MIT */
/* Targets as text. */
#include "message/targets.h"
#include "model/model.h"

static const char *result_name(int32_t result)
{
	switch (result) {
	case RG_LOOKUP_FOUND:
		return "FOUND";
	case RG_LOOKUP_PUSHED:
		return "PUSHED";
	case RG_LOOKUP_NONE:
		return "NONE";
	case RG_LOOKUP_METHOD:
		return "METHOD";
	default:
		return "ERROR";
	}
}

static void print_target(rg__print *p, const rg_target *t)
{
	if ((p->flags & RG_TEXT_OPAQUE) && t->binding_id != 0)
		rg__print_hex(p, "binding_id", t->binding_id);
	rg__print_text(p, "uri", t->uri);
	if (t->q >= 0)
		rg__print_int(p, "q", t->q);
	rg__print_text(p, "next_hop", t->next_hop);
	rg__print_path(p, t->path);
	rg__print_text(p, "received", t->received);
	rg__print_text(p, "socket", t->socket);
	rg__print_text(p, "flow", t->flow);
	rg__print_text(p, "attr", t->attr);
	rg__print_text(p, "instance", t->instance);
	rg__print_text(p, "aor", t->aor);
	if (t->branch_flags > 0)
		rg__print_int(p, "branch_flags", t->branch_flags);
	if (t->latency != RG_LATENCY_NONE)
		rg__print_int(p, "latency", t->latency);
	if (t->branch >= 0)
		rg__print_int(p, "branch", t->branch);
	if (t->fallback_of != UINT32_MAX)
		rg__print_int(p, "fallback_of", t->fallback_of);
	rg__print_text(p, "home", t->home);
}

static void print_wakes(rg__print *p, const rg__wakes *wakes, uint32_t first)
{
	rg_contact c;
	rg_key key;

	rg_record_key(wakes->record, &key);
	for (uint32_t i = 0; i < wakes->n; i++) {
		rg__print_int(p, "wake", first + i);
		p->depth++;
		rg__print_aor(p, "aor", &key);
		if (rg__record_contact(wakes->record, wakes->indexes[i], &c) == RG_OK)
			rg__print_contact(p, &c);
		p->depth--;
	}
}

rg_status rg_targets_text(const rg_targets *targets, uint32_t flags, char *room, size_t size, size_t *n)
{
	rg__print p;
	rg_target t = { .struct_size = sizeof t };
	rg__wakes wakes;

	if (!rg__print_open(&p, flags, room, size, n) || !targets)
		return RG_EINVAL;
	rg__print_word(&p, "result", result_name(rg_targets_result(targets)));
	if (rg_targets_code(targets) != 0)
		rg__print_int(&p, "code", rg_targets_code(targets));
	if (rg_targets_partial(targets))
		rg__print_word(&p, "partial", "yes");
	if (rg_targets_branches_only(targets))
		rg__print_word(&p, "branches_only", "yes");
	for (uint32_t i = 0; rg__targets_get(targets, i, &t) == RG_OK; i++) {
		rg__print_int(&p, "target", i);
		p.depth++;
		print_target(&p, &t);
		p.depth--;
	}
	for (uint32_t part = 0, first = 0; rg__targets_wakes(targets, part, &wakes); first += wakes.n, part++)
		print_wakes(&p, &wakes, first);
	*n = p.out.n;
	return RG_OK;
}
