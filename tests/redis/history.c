/* SPDX-License-Identifier: MIT */
#include "history.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool act_registers(const act *a)
{
	return a->kind <= ACT_STAR;
}

bool act_writes(const act *a)
{
	return a->kind <= ACT_REMOVE_ALL || a->kind == ACT_WIPE;
}

bool act_known(const act *a)
{
	return a->end != 0 && a->status == RG_OK && (!act_registers(a) || a->code == 200 || a->code == 400);
}

static void contact(act_text *t, uint32_t i, uint32_t uri, const char *params)
{
	snprintf(t->contact[i], sizeof t->contact[i], "<sip:p%u@192.0.2.%u:5060>%s", uri, uri + 1, params);
	t->lines[i] = rg_str_from(t->contact[i]);
}

static uint32_t write_contacts(const act *a, act_text *t)
{
	switch (a->kind) {
	case ACT_SET:
		contact(t, 0, a->uris[0], ";expires=3600");
		return 1;
	case ACT_UNSET:
		contact(t, 0, a->uris[0], ";expires=0");
		return 1;
	case ACT_SWAP:
		contact(t, 0, a->uris[0], ";expires=0");
		contact(t, 1, a->uris[1], ";expires=3600");
		return 2;
	case ACT_STAR:
		t->lines[0] = RG_STR("*");
		return 1;
	default:
		return 0;
	}
}

void act_request(const act *a, act_text *t, rg_request *out)
{
	rg_request_init(out, sizeof *out);
	snprintf(t->to, sizeof t->to, "sip:u%u@example.org", a->aor);
	snprintf(t->callid, sizeof t->callid, "call-%u", a->callid);
	snprintf(t->attr, sizeof t->attr, "t%u", a->tag);
	snprintf(t->flow, sizeof t->flow, "flow%u", a->tag % 16);
	snprintf(t->cseq, sizeof t->cseq, "%u REGISTER", a->cseq);
	out->via_count = 1;
	out->from_header = out->to_header = rg_str_from(t->to);
	if (!act_registers(a)) {
		out->method = RG_STR("INVITE");
		out->request_uri = rg_str_from(t->to);
		return;
	}
	out->method = RG_STR("REGISTER");
	out->request_uri = RG_STR("sip:example.org");
	out->callid = rg_str_from(t->callid);
	out->cseq = rg_str_from(t->cseq);
	out->attr = rg_str_from(t->attr);
	out->flow = rg_str_from(t->flow);
	out->n_contacts = write_contacts(a, t);
	out->contacts = t->lines;
	if (a->kind == ACT_STAR)
		out->expires = RG_STR("0");
}

void act_filter(const act *a, act_text *t, rg_remove_filter *out)
{
	rg_remove_filter_init(out, sizeof *out);
	snprintf(t->to, sizeof t->to, "sip:u%u@example.org", a->aor);
	out->aor = rg_str_from(t->to);
	if (a->kind == ACT_REMOVE_ONE) {
		contact(t, 0, a->uris[0], "");
		out->contact = t->lines[0];
	}
}

uint32_t tag_of(rg_str attr)
{
	char digits[16] = "";

	if (attr.n < 2 || attr.n >= sizeof digits || attr.p[0] != 't')
		return UINT32_MAX;
	memcpy(digits, attr.p + 1, attr.n - 1);
	return (uint32_t)strtoul(digits, NULL, 10);
}

uint32_t uri_of(rg_str uri)
{
	bool good = uri.n > 6 && memcmp(uri.p, "sip:p", 5) == 0 && uri.p[5] >= '0' && uri.p[5] < '0' + URIS && uri.p[6] == '@';

	return good ? (uint32_t)(uri.p[5] - '0') : URIS;
}

/* What is there twice, or is none of ours, is a tag that no operation has. */
static void see(uint32_t seen[URIS], rg_str uri, rg_str attr)
{
	uint32_t i = uri_of(uri);

	if (i < URIS)
		seen[i] = seen[i] ? UINT32_MAX : tag_of(attr);
	else
		seen[0] = UINT32_MAX;
}

void seen_in_record(const rg_record *record, uint32_t seen[URIS])
{
	rg_contact c = { .struct_size = sizeof c };

	memset(seen, 0, URIS * sizeof *seen);
	for (uint32_t i = 0; rg_record_contact(record, i, &c) == RG_OK; i++)
		see(seen, c.uri, c.attr);
}

void seen_in_response(const rg_response *response, uint32_t seen[URIS])
{
	rg_contact c = { .struct_size = sizeof c };

	memset(seen, 0, URIS * sizeof *seen);
	for (uint32_t i = 0; rg_response_contact(response, i, &c) == RG_OK; i++)
		see(seen, c.uri, c.attr);
}

void seen_in_targets(const rg_targets *targets, uint32_t seen[URIS])
{
	rg_target t = { .struct_size = sizeof t };

	memset(seen, 0, URIS * sizeof *seen);
	for (uint32_t i = 0; rg_targets_get(targets, i, &t) == RG_OK; i++)
		see(seen, t.uri, t.attr);
}

void seen_in_answer(const rg_answer *answer, uint32_t seen[URIS])
{
	rg_contact c = { .struct_size = sizeof c };

	memset(seen, 0, URIS * sizeof *seen);
	for (uint32_t i = 0; rg_answer_contact(answer, i, &c) == RG_OK; i++)
		see(seen, c.uri, c.attr);
}

void told_from(const rg_event *e, told *out)
{
	const rg_contact *c = e->after ? e->after : e->before;

	out->kind = e->kind;
	out->before = e->before ? tag_of(e->before->attr) : 0;
	out->after = e->after ? tag_of(e->after->attr) : 0;
	out->uri = c ? (uint8_t)uri_of(c->uri) : 0;
}

int act_print(const act *a, char *room, size_t size)
{
	static const char *const names[] = { "SET", "UNSET", "SWAP", "STAR", "REMOVE_ONE", "REMOVE_ALL", "ASK", "LOOKUP", "WIPE" };

	return snprintf(room, size, "t%u %s p%u p%u call-%u cseq %u of node %u, %llu to %llu ns: %s %d, saw %u %u %u %u, removed %u%s", a->tag,
		names[a->kind], a->uris[0], a->uris[1], a->callid, a->cseq, a->node, (unsigned long long)a->begin, (unsigned long long)a->end,
		rg_status_name(a->status), a->code, a->seen[0], a->seen[1], a->seen[2], a->seen[3], a->removed,
		a->blocking ? ", blocking" : "");
}
