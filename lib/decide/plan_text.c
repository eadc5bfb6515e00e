/* SPDX-License-Identifier: MIT */
/* Decisions as text. */
#include "decide/plan.h"
#include "message/message.h"
#include "model/model.h"

static const char *outcome_name(int32_t outcome)
{
	static const char *const names[] = {
		[RG_OUTCOME_INSERTED] = "INSERTED",
		[RG_OUTCOME_UPDATED] = "UPDATED",
		[RG_OUTCOME_REMOVED] = "REMOVED",
		[RG_OUTCOME_REPEATED] = "REPEATED",
		[RG_OUTCOME_IGNORED] = "IGNORED",
	};

	return names[outcome];
}

static const char *commit_word(const rg_plan *plan)
{
	if (!rg_plan_commits(plan))
		return "nothing";
	return rg_plan_next(plan) ? "record" : "delete";
}

/* The binding that remains: where it is, and what it was. */
static void print_remaining(rg__print *p, const rg__change *change, const rg_event *e)
{
	rg__print_int(p, "binding", change->after);
	if (!e->before)
		return;
	rg__print_mark(p, "before:");
	p->depth++;
	rg__print_difference(p, e->before, e->after);
	if (!(p->flags & RG_TEXT_OPAQUE) && e->before->generation != e->after->generation)
		rg__print_word(p, "another", "generation");
	p->depth--;
}

static void print_event(rg__print *p, const rg__change *change, const rg_event *e)
{
	rg__print_word(p, "event", rg_event_name(e->kind));
	p->depth++;
	rg__print_text(p, "reason", e->reason);
	rg__print_text(p, "callid", e->callid);
	if (e->after) {
		print_remaining(p, change, e);
	} else if (e->before) {
		rg__print_mark(p, "before:");
		p->depth++;
		rg__print_contact(p, e->before);
		p->depth--;
	}
	p->depth--;
}

static void print_change_of_record(rg__print *p, const rg_plan *plan)
{
	const rg__change *change;
	rg__event_room room;
	rg_event e;

	if (rg_plan_affected_count(plan) > 0)
		rg__print_int(p, "affected", rg_plan_affected_count(plan));
	rg__print_word(p, "commit", commit_word(plan));
	for (uint32_t i = 0; (change = rg__plan_change(plan, i)) && rg__plan_event(plan, i, &room, &e) == RG_OK; i++)
		print_event(p, change, &e);
	if (rg_plan_next(plan))
		rg__print_record(p, rg_plan_next(plan));
}

rg_status rg_plan_text(rg_plan *plan, uint32_t flags, char *room, size_t size, size_t *n)
{
	rg_response *response = rg_plan_response(plan);
	rg_status status = RG_OK;
	rg__print p;

	if (!rg__print_open(&p, flags, room, size, n) || !plan)
		return RG_EINVAL;
	/* Headers are rendered first: nothing is written when memory is short. */
	if (response)
		status = rg_response_headers(response, &(const rg_header *){ NULL }, &(uint32_t){ 0 });
	if (status != RG_OK)
		return status;
	rg__print_int(&p, "at", rg__plan_at(plan));
	if (response)
		rg__print_response(&p, response);
	for (uint32_t i = 0; rg_plan_outcome(plan, i) != 0; i++)
		rg__print_word(&p, "outcome", outcome_name(rg_plan_outcome(plan, i)));
	print_change_of_record(&p, plan);
	*n = p.out.n;
	return RG_OK;
}
