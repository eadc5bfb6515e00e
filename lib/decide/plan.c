/* SPDX-License-Identifier: MIT */
#include "decide/plan.h"
#include "model/model.h"
#include <stdatomic.h>
#include <stdlib.h>

/* One allocation: the struct, the response, the changes, the outcomes, the Call-ID, the reason, room for the AoR. An event is only built when
 * it is viewed, and the views of rg_plan_event() have an allocation of their own: in the engine they are on the stack. */
struct rg_plan {
	atomic_uint refs;
	bool commits, claims;
	uint32_t affected, n_reason, n_changes, n_outcomes;
	rg_record *before, *next;
	rg_response *response; /* NULL = none */
	rg__event_room *views; /* one an event; NULL = none is viewed yet */
	rg_revision revision;
	rg_time at;
	rg_str callid;
	rg__change *changes;
	uint8_t *outcomes;
	char *aor; /* room to print the AoR in. The reason of the wake-ups stands before it, n_reason bytes */
};

/* The event of the AoR itself: it gained its first binding, which is the first event, or lost its last, which is the last one. 0 = neither. */
static uint8_t aor_event(const rg__draft *d)
{
	bool had = rg_record_weight(d->before) > 0, has = rg_record_weight(d->next) > 0;

	if (!d->commits || d->n_changes == 0 || had == has)
		return 0;
	return has ? RG_EVENT_AOR_INSERT : RG_EVENT_AOR_DELETE;
}

static void copy_changes(rg_plan *plan, const rg__draft *d, uint8_t of_aor)
{
	const rg__change change = { of_aor, 0, RG__NO_BINDING, RG__NO_BINDING };
	rg__change *to = plan->changes;

	if (of_aor == RG_EVENT_AOR_INSERT)
		*to++ = change;
	for (uint32_t i = 0; i < d->n_changes; i++)
		*to++ = d->changes[i];
	if (of_aor == RG_EVENT_AOR_DELETE)
		*to++ = change;
	plan->n_changes = (uint32_t)(to - plan->changes);
}

static void release_plan(void *plan)
{
	rg_plan_free(plan);
}

static char *plan_keep(char *room, const void *bytes, size_t n)
{
	if (n > 0)
		memcpy(room, bytes, n);
	return room + n;
}

rg_status rg__plan_new(const rg__draft *d, rg_plan **out)
{
	uint8_t of_aor = aor_event(d);
	uint32_t events = d->n_changes + (of_aor != 0);
	size_t response = d->answer ? (rg__response_size(d->answer) + 7) & ~(size_t)7 : 0, changes = events * sizeof(rg__change);
	size_t texts = d->n_outcomes + d->callid.n + d->reason.n + (events > 0 ? rg__record_aor_room(d->next ? d->next : d->before) : 0);
	rg_plan *plan = malloc(sizeof *plan + response + changes + texts);

	*out = plan;
	if (!plan) {
		rg_record_unref(d->next);
		return RG_ENOMEM;
	}
	char *room = (char *)(plan + 1);

	/* Not by one assignment, of which compilers make a slow string instruction. */
	atomic_init(&plan->refs, 1);
	plan->commits = d->commits;
	plan->claims = d->claims;
	plan->affected = d->affected;
	plan->before = rg_record_ref(d->before);
	plan->next = d->next;
	plan->views = NULL;
	plan->revision = *d->revision;
	plan->at = d->now;
	plan->n_outcomes = d->n_outcomes;
	plan->n_reason = (uint32_t)d->reason.n;
	plan->n_changes = 0;
	plan->response = d->answer ? rg__response_put(d->answer, room, plan, release_plan) : NULL;
	plan->changes = (rg__change *)(void *)(room + response);
	plan->outcomes = (uint8_t *)(room + response + changes);
	for (uint32_t i = 0; i < d->n_outcomes; i++) /* mostly one */
		plan->outcomes[i] = d->outcomes[i];
	room = (char *)plan->outcomes + d->n_outcomes;
	plan->callid = (rg_str){ d->callid.p ? room : NULL, d->callid.n };
	room = plan_keep(room, d->callid.p, d->callid.n);
	plan->aor = plan_keep(room, d->reason.p, d->reason.n);
	if (events > 0)
		copy_changes(plan, d, of_aor);
	return RG_OK;
}

rg_plan *rg__plan_ref(rg_plan *plan)
{
	if (plan)
		atomic_fetch_add_explicit(&plan->refs, 1, memory_order_relaxed);
	return plan;
}

void rg_plan_free(rg_plan *plan)
{
	if (!plan || atomic_fetch_sub_explicit(&plan->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (plan->response)
		rg__response_end(plan->response);
	rg_record_unref(plan->before);
	rg_record_unref(plan->next);
	free(plan->views);
	free(plan);
}

rg_response *rg_plan_response(rg_plan *plan)
{
	return plan ? plan->response : NULL;
}

rg_response *rg__plan_take_response(rg_plan *plan)
{
	return plan->response; /* rg_response_free() drops the reference */
}

int32_t rg_plan_commits(const rg_plan *plan)
{
	return plan && plan->commits;
}

const rg_record *rg_plan_next(const rg_plan *plan)
{
	return plan ? plan->next : NULL;
}

const rg_revision *rg__plan_revision(const rg_plan *plan)
{
	return &plan->revision;
}

rg_status rg__pure_begin(const rg_config *config, const uint8_t seed[32], rg_plan **out, rg_error *why)
{
	if (out)
		*out = NULL;
	if (!out || !seed)
		return rg__fail(why, RG_EINVAL, "%s is NULL", out ? "seed" : "out");
	return rg_config_check(config, why);
}

rg_status rg__pure_end(rg_status status, rg_error *why)
{
	if (status == RG_ELIMIT)
		return rg__fail(why, status, "the record would grow past max_record_bytes");
	return status == RG_ENOMEM ? rg__fail(why, status, "out of memory") : status;
}

rg_status rg_plan_apply(const rg_plan *plan, const rg_record *record, rg_record **out, rg_error *why)
{
	rg_key made_for, given;

	if (out)
		*out = NULL;
	if (!plan || !out)
		return rg__fail(why, RG_EINVAL, "%s is NULL", plan ? "out" : "plan");
	rg_record_key(plan->before ? plan->before : plan->next, &made_for);
	rg_record_key(record, &given);
	if (record && made_for.domain.p && !rg_key_equal(&made_for, &given))
		return rg__fail(why, RG_EINVAL, "record belongs to another AoR than the plan");
	if (!rg_revision_equal(rg_record_revision(plan->before), rg_record_revision(record)))
		return rg__fail(why, RG_ECONFLICT, "the plan was made from another revision of the record");
	*out = rg_record_ref(plan->commits ? plan->next : record);
	return RG_OK;
}

bool rg__plan_claims(const rg_plan *plan)
{
	return plan->claims;
}

void rg__plan_key(const rg_plan *plan, rg_key *out)
{
	rg_record_key(plan->next ? plan->next : plan->before, out);
}

uint32_t rg_plan_affected_count(const rg_plan *plan)
{
	return plan ? plan->affected : 0;
}

uint32_t rg_plan_outcome_count(const rg_plan *plan)
{
	return plan ? plan->n_outcomes : 0;
}

int32_t rg_plan_outcome(const rg_plan *plan, uint32_t index)
{
	return plan && index < plan->n_outcomes ? plan->outcomes[index] : 0;
}

uint32_t rg_plan_event_count(const rg_plan *plan)
{
	return plan ? plan->n_changes : 0;
}

const rg__change *rg__plan_change(const rg_plan *plan, uint32_t index)
{
	return index < plan->n_changes ? &plan->changes[index] : NULL;
}

rg_time rg__plan_at(const rg_plan *plan)
{
	return plan->at;
}

static rg_str reason_of(const rg_plan *plan, const rg__change *change)
{
	static const rg_str texts[] = {
#define GONE_TEXT(name, text) [RG__GONE_##name] = { text, sizeof text - 1 },
		RG__GONE_MAP(GONE_TEXT)
#undef GONE_TEXT
	};

	if (change->kind == RG_EVENT_CONTACT_REFRESH)
		return (rg_str){ plan->aor - plan->n_reason, plan->n_reason };
	return change->reason < sizeof texts / sizeof *texts ? texts[change->reason] : RG__ABSENT;
}

static const rg_contact *binding_view(const rg_record *record, uint16_t index, rg_contact *room)
{
	return index != RG__NO_BINDING && rg__record_contact(record, index, room) == RG_OK ? room : NULL;
}

static const rg__shape event_shape = RG__SHAPE(rg_event, NULL, sizeof(rg_event));

void rg_event_init(rg_event *event, uint32_t size)
{
	rg__shape_init(&event_shape, event, size);
}

rg_status rg__plan_event(const rg_plan *plan, uint32_t index, rg__event_room *room, rg_event *out)
{
	if (!plan || index >= plan->n_changes)
		return RG_ENOENT;
	const rg__change *c = &plan->changes[index];

	*out = (rg_event){ .struct_size = sizeof *out, .kind = c->kind, .reason = reason_of(plan, c), .callid = plan->callid,
		.at = plan->at };
	rg__plan_key(plan, &out->key);
	out->aor = (rg_str){ plan->aor, rg_key_print(&out->key, plan->aor, rg__record_aor_room(plan->next ? plan->next : plan->before)) };
	out->before = binding_view(plan->before, c->before, &room->before);
	out->after = binding_view(plan->commits ? plan->next : plan->before, c->after, &room->after);
	return RG_OK;
}

/* The views of all events stay valid as long as the plan, so each has its own. */
static rg_status view_event(rg_plan *plan, uint32_t index, rg_event *out)
{
	if (index >= plan->n_changes)
		return RG_ENOENT;
	if (!plan->views)
		plan->views = malloc(plan->n_changes * sizeof *plan->views);
	return plan->views ? rg__plan_event(plan, index, &plan->views[index], out) : RG_ENOMEM;
}

rg_status rg_plan_event(const rg_plan *plan, uint32_t index, rg_event *out)
{
	rg_event full;
	rg_status status = plan ? view_event((rg_plan *)plan, index, &full) : RG_ENOENT;
	rg_status given = rg__shape_give(&event_shape, status == RG_OK ? &full : NULL, out);

	return status == RG_ENOMEM && given == RG_ENOENT ? RG_ENOMEM : given;
}
