/* SPDX-License-Identifier: MIT */
/* Joins the targets of several AoRs into one list. The targets of each AoR stay as they are; a row is found by the first row of its
 * part. */
#include "message/targets.h"
#include <stdlib.h>

typedef struct part {
	rg__part of;    /* its texts are in this allocation */
	uint32_t first; /* its first row in the list */
} part;

/* One allocation: the struct, the parts, their texts. */
struct rg__joined {
	uint32_t n;
	part parts[];
};

static uint32_t rows_of(const rg__part *p)
{
	return p->targets ? rg_targets_count(p->targets) : 1;
}

static size_t room_of(const rg__part *p)
{
	return p->targets ? 0 : p->uri.n + p->next_hop.n + p->aor.n + p->home.n;
}

static rg_str put_joined_text(rg_str text, char **at)
{
	rg_str copy = { text.p ? *at : NULL, text.n };

	if (text.n > 0)
		memcpy(*at, text.p, text.n);
	*at += text.n;
	return copy;
}

static rg_status fill_parts(rg_targets *t, const rg__part *parts, uint32_t n)
{
	size_t texts = 1;

	for (uint32_t i = 0; i < n; i++)
		texts += room_of(&parts[i]);
	t->joined = malloc(sizeof *t->joined + n * sizeof(part) + texts);
	if (!t->joined)
		return RG_ENOMEM;
	char *at = (char *)(t->joined->parts + n);
	t->joined->n = n;
	for (uint32_t i = 0; i < n; i++) {
		rg__part of = parts[i];

		if (!of.targets)
			of = (rg__part){ .uri = put_joined_text(of.uri, &at), .next_hop = put_joined_text(of.next_hop, &at),
				.aor = put_joined_text(of.aor, &at),
				.home = put_joined_text(of.home, &at), .branch = of.branch };
		t->joined->parts[i] = (part){ of, t->n };
		t->n += rows_of(&of);
	}
	return RG_OK;
}

rg_status rg__targets_join(const rg__joint *joint, const rg__part *parts, uint32_t n, rg_targets **out)
{
	rg_targets *t = malloc(sizeof *t);
	uint32_t n_wakes = 0;

	*out = NULL;
	if (!t)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		n_wakes += rg_targets_wake_count(parts[i].targets);
	*t = (rg_targets){ .result = joint->result, .code = joint->code, .branches_only = joint->branches_only, .partial = joint->partial };
	/* The parts come last, because on failure they are the caller's. */
	if (n_wakes > 0 && rg__targets_wake(&t, NULL, NULL, n_wakes) != RG_OK)
		return RG_ENOMEM;
	if (fill_parts(t, parts, n) != RG_OK) {
		rg_targets_free(t);
		return RG_ENOMEM;
	}
	if (t->n > 0) {
		t->result = RG_LOOKUP_FOUND;
		t->code = 0;
	}
	*out = t;
	return RG_OK;
}

/* The part that contains row @p index: the last one that begins at or before it. An empty part begins where the next one does. */
static const part *part_with(const rg__joined *j, uint32_t index)
{
	uint32_t low = 0, high = j->n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (j->parts[middle].first <= index)
			low = middle;
		else
			high = middle;
	}
	return &j->parts[low];
}

rg_status rg__joined_get(const rg__joined *j, uint32_t index, rg_target *out)
{
	const part *p = part_with(j, index);

	if (!p->of.targets) {
		*out = (rg_target){ .struct_size = sizeof *out, .q = -1, .uri = p->of.uri, .next_hop = p->of.next_hop, .aor = p->of.aor,
			.home = p->of.home, .latency = RG_LATENCY_NONE, .branch = p->of.branch, .fallback_of = UINT32_MAX };
		return RG_OK;
	}
	rg_status status = rg__targets_get(p->of.targets, index - p->first, out);
	if (status != RG_OK)
		return status;
	out->branch = p->of.branch;
	if (out->fallback_of != UINT32_MAX)
		out->fallback_of += p->first;
	return RG_OK;
}

bool rg__joined_wakes(const rg__joined *j, uint32_t index, rg__wakes *out)
{
	*out = (rg__wakes){ NULL, NULL, 0 };
	if (index >= j->n)
		return false;
	if (j->parts[index].of.targets)
		rg__targets_wakes(j->parts[index].of.targets, 0, out);
	return true;
}

void rg__joined_free(rg__joined *j)
{
	for (uint32_t i = 0; j && i < j->n; i++)
		rg_targets_free(j->parts[i].of.targets);
	free(j);
}
