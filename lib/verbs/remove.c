/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "message/message.h"
#include "rules/rules.h"
#include "engine/engine.h"

/* What any of the verbs removes, and where the answer goes. */
typedef struct remove_asked {
	rg_remove_filter filter;
	rg_str flow;
	rg_str ip;         /* a next hop in two parts */
	int32_t port;
	rg_str cursor;     /* of a part: where an earlier one ended; absent = the first part */
	uint32_t limit;    /* of a part: how many AoRs it looks at; 0 = this is no part */
	rg_remove_part_cb part;
	rg_remove_cb done; /* of the completion form */
	uint32_t *out;     /* of the blocking form; may be NULL */
} remove_asked;

typedef struct remove_op {
	rg_op op;
	remove_asked asked;
	rg__filter filter;
	rg__aor aor;
	rg__buf hop;     /* `ip:port`, when it came in two parts */
	rg__buf tags;    /* of a walk: each ends in a NUL */
	rg_str tags_left;
	rg_str tag;
	rg_str start;    /* of a part: the store's cursor to begin at */
	uint32_t looked; /* of a part: AoRs so far */
	rg__buf stopped; /* of a part: the cursor to resume at; empty = nothing is left */
	atomic_uint removed; /* read by the thread that answers */
} remove_op;

static rg_status remove_decide(rg_op *op)
{
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__prune(op->found.record, &((remove_op *)op)->filter, op->now, &revision, &op->plan);
}

static bool remove_done(rg_op *op, rg_status status)
{
	((remove_op *)op)->looked++;
	if (status == RG_OK && op->plan && rg_plan_commits(op->plan))
		((remove_op *)op)->removed += rg_plan_affected_count(op->plan);
	return true;
}

static void answer_part(remove_op *r, rg_status status)
{
	rg_str cursor = RG__ABSENT;

	if (status == RG_OK && r->stopped.failed)
		status = RG_ENOMEM;
	else if (status == RG_OK)
		cursor = (rg_str){ r->stopped.p, r->stopped.n };
	r->asked.part(r->op.user, status, r->removed, &cursor);
}

static void remove_answer(rg_op *op, rg_status status)
{
	remove_op *r = (remove_op *)op;

	if (!op->verb->walks && status == RG_OK)
		remove_done(op, RG_OK);
	if (r->asked.part)
		answer_part(r, status);
	else if (r->asked.done)
		r->asked.done(op->user, status, r->removed);
	else if (r->asked.out)
		*r->asked.out = r->removed;
}

static void remove_clear(rg_op *op)
{
	remove_op *r = (remove_op *)op;

	rg__aor_free(&r->aor);
	rg__buf_free(&r->hop);
	rg__buf_free(&r->tags);
	rg__buf_free(&r->stopped);
}

static void add_wanted_tag(remove_op *r, rg_str tag)
{
	rg__buf_add(&r->tags, tag);
	rg__buf_add(&r->tags, (rg_str){ "", 1 });
}

/* Only the tag of a flow may have a NUL inside, and with a flow it is the only tag. */
static rg_str next_tag(remove_op *r)
{
	rg_str tag = { r->tags_left.p, r->filter.has_flow ? r->tags_left.n - 1 : strlen(r->tags_left.p) };

	r->tags_left = rg__sub(r->tags_left, tag.n + 1, r->tags_left.n);
	return tag;
}

/*
 * A cursor of a removal in parts is the tag, a NUL, and when the tag is begun, a P and the store's cursor. Of a flow the tag is left out. A
 * tag that is gone, because the name has other addresses by this time, lets the removal begin again, which is harmless.
 */
static void write_removal_cursor(remove_op *r, rg_str page)
{
	rg__buf_add(&r->stopped, r->filter.has_flow ? RG__ABSENT : r->tag);
	rg__buf_add(&r->stopped, (rg_str){ "\0P", page.p ? 2 : 1 });
	rg__buf_add(&r->stopped, page);
}

static bool is_removal_cursor(rg_str cursor)
{
	const char *nul = cursor.n > 0 ? memchr(cursor.p, '\0', cursor.n) : NULL;

	return nul && (nul + 1 == cursor.p + cursor.n || nul[1] == 'P');
}

static void resume_removal(remove_op *r)
{
	rg_str cursor = r->asked.cursor, all = r->tags_left, tag = { cursor.p, strlen(cursor.p) };
	rg_str page = tag.n + 1 < cursor.n ? rg__sub(cursor, tag.n + 2, cursor.n) : RG__ABSENT;

	while (r->tags_left.n > 0) {
		rg_str from = r->tags_left, here = next_tag(r);

		if (!r->filter.has_flow && !rg__eq(here, tag))
			continue;
		if (!page.p) {
			r->tags_left = from;
			return;
		}
		r->tag = here;
		r->start = page;
		return;
	}
	r->tags_left = all;
}

/* The tags under which a store keeps records with this flow or next hop. */
static rg_status name_tags(remove_op *r)
{
	char room[64];

	for (uint32_t i = 0; i < r->filter.n_addrs; i++) {
		rg_addr addr = r->filter.addrs[i];

		addr.port = r->filter.port;
		rg_str text = rg_addr_print(&addr, room, sizeof room);
		if (text.p) /* env.resolve may give anything */
			add_wanted_tag(r, text);
	}
	if (r->filter.has_flow) {
		rg__buf_add_text(&r->tags, RG__FLOW_TAG);
		add_wanted_tag(r, r->filter.flow);
	}
	if (r->filter.host.p) {
		size_t from = r->tags.n;

		rg__buf_add(&r->tags, r->filter.host);
		for (size_t i = from; i < r->tags.n; i++)
			r->tags.p[i] = rg__lower(r->tags.p[i]);
		rg__buf_add_text(&r->tags, ":");
		rg__buf_add_int(&r->tags, r->filter.port);
		add_wanted_tag(r, RG__ABSENT);
	}
	r->tags_left = (rg_str){ r->tags.p, r->tags.n };
	if (r->asked.cursor.p && !r->tags.failed)
		resume_removal(r);
	return r->tags.failed ? RG_ENOMEM : RG_OK;
}

static rg_status remove_resolved(rg_op *op)
{
	remove_op *r = (remove_op *)op;
	uint32_t n;
	const rg_resolved *found = rg__resolver_found(op->resolver, &n);

	for (uint32_t i = 0; n > 0 && i < found->n_addrs; i++)
		r->filter.addrs[r->filter.n_addrs++] = found->addrs[i];
	return op->verb->walks ? name_tags(r) : RG_OK;
}

static rg_status remove_page(rg_op *op)
{
	remove_op *r = (remove_op *)op;
	rg_str cursor = op->paged ? op->page.cursor : r->start;
	uint32_t limit = r->asked.limit;

	if (!cursor.p) {
		if (r->tags_left.n == 0)
			return RG_ENOENT;
		r->tag = next_tag(r);
	}
	if (limit > 0 && r->looked >= limit) {
		write_removal_cursor(r, cursor);
		return RG_ENOENT;
	}
	return rg__call_find(&op->call, op->within, r->tag, cursor, limit > 0 && limit < RG__PAGE ? limit : RG__PAGE);
}

/* `ip` and `port` as one text, for the filter to read. */
static rg_status join_hop(remove_op *r, rg_error *why)
{
	remove_asked *asked = &r->asked;

	if (asked->port < 1 || asked->port > 65535)
		return rg__fail(why, RG_EINVAL, "port is not within 1 and 65535: %d", (int)asked->port);
	rg_status st = rg__hop_print(&r->hop, asked->ip, asked->port);
	if (st == RG_EINVAL)
		return rg__fail(why, st, "ip is no address and no host name: '%.*s'", RG__SHOWN(asked->ip));
	asked->filter.next_hop = (rg_str){ r->hop.p, r->hop.n };
	return st;
}

static rg_status read_filter(remove_op *r, rg_error *why)
{
	const rg_config *config = r->op.ticket.snapshot->config;
	const remove_asked *asked = &r->asked;
	bool joined = asked->ip.p != NULL;
	rg_status st = rg__filter_read(&r->filter, &asked->filter, config, joined ? "ip" : "rg_remove_filter.next_hop", why);

	if (st == RG_OK && asked->flow.p)
		st = rg__filter_flow(&r->filter, asked->flow, "flow", why);
	if (st == RG_OK && !r->op.verb->walks)
		st = rg__query_aor(NULL, asked->filter.aor, joined ? "aor" : "rg_remove_filter.aor", config, &r->aor, why);
	return st;
}

static rg_status remove_prepare(rg_op *op, const void *given, bool keeps, rg_error *why)
{
	remove_op *r = (remove_op *)op;
	remove_asked *asked = &r->asked;
	rg_remove_filter *filter = &asked->filter;
	rg_str *const texts[] = { &filter->domain, &filter->aor, &filter->contact, &filter->next_hop, &filter->instance, &asked->flow,
		&asked->cursor };

	*asked = *(const remove_asked *)given;
	filter->domain = rg__domain(filter->domain);
	rg_status st = rg__op_keep(op, keeps, texts, 7);
	if (st == RG_OK && asked->cursor.p && !is_removal_cursor(asked->cursor))
		st = rg__fail(why, RG_EINVAL, "cursor comes from no removal");
	if (st == RG_OK && asked->ip.p)
		st = join_hop(r, why);
	if (st == RG_OK)
		st = read_filter(r, why);
	if (st != RG_OK)
		return st;
	op->within = filter->domain;
	op->key = (rg_key){ filter->domain, r->aor.user, r->aor.host };
	if (r->filter.host.p && op->ticket.reg->env.resolve)
		return rg__op_resolve_first(op, &r->filter.host, 1);
	return op->verb->walks ? name_tags(r) : RG_OK;
}

static const rg__verb remove_verb = {
	.size = sizeof(remove_op),
	.prepare = remove_prepare,
	.resolved = remove_resolved,
	.decide = remove_decide,
	.answer = remove_answer,
	.clear = remove_clear,
};

/* The same in every AoR that has a tag. */
static const rg__verb remove_everywhere_verb = {
	.size = sizeof(remove_op),
	.walks = true,
	.prepare = remove_prepare,
	.resolved = remove_resolved,
	.page = remove_page,
	.decide = remove_decide,
	.done_key = remove_done,
	.answer = remove_answer,
	.clear = remove_clear,
};

static const rg__verb *verb_for(rg_str aor)
{
	return aor.p ? &remove_verb : &remove_everywhere_verb;
}

static rg_status block_removal(rg_registrar *reg, const rg__verb *verb, const remove_asked *asked, const char *wrong, rg_error *why)
{
	if (asked->out)
		*asked->out = 0;
	return rg__verb_block(verb, reg, asked, wrong, why);
}

rg_status rg_remove(rg_registrar *reg, const rg_remove_filter *filter, uint32_t *n_removed, rg_error *why)
{
	remove_asked asked = { .out = n_removed };
	rg_status st = rg__remove_filter_view(filter, &asked.filter, why);

	if (n_removed)
		*n_removed = 0;
	return st == RG_OK ? block_removal(reg, &remove_verb, &asked, NULL, why) : st;
}

rg_status rg_remove_async(rg_registrar *reg, const rg_remove_filter *filter, rg_remove_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	remove_asked asked = { .done = done };
	rg_status st = rg__remove_filter_view(filter, &asked.filter, why);

	if (op)
		*op = NULL;
	return st == RG_OK ? rg__verb_start(&remove_verb, reg, &asked, done ? NULL : "done is NULL", user, free_user, op, why) : st;
}

rg_status rg_remove_ip_port(rg_registrar *reg, rg_str domain, rg_str ip, int32_t port, rg_str aor, uint32_t *n_removed, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .filter.aor = aor, .ip = ip.p ? ip : RG_STR(""), .port = port, .out = n_removed };

	return block_removal(reg, verb_for(aor), &asked, NULL, why);
}

rg_status rg_remove_ip_port_async(rg_registrar *reg, rg_str domain, rg_str ip, int32_t port, rg_str aor, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .filter.aor = aor, .ip = ip.p ? ip : RG_STR(""), .port = port, .done = done };

	return rg__verb_start(verb_for(aor), reg, &asked, done ? NULL : "done is NULL", user, free_user, op, why);
}

rg_status rg_remove_flow(rg_registrar *reg, rg_str domain, rg_str flow, uint32_t *n_removed, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .flow = flow.p ? flow : RG_STR(""), .out = n_removed };

	return block_removal(reg, &remove_everywhere_verb, &asked, NULL, why);
}

rg_status rg_remove_flow_async(rg_registrar *reg, rg_str domain, rg_str flow, rg_remove_cb done, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .flow = flow.p ? flow : RG_STR(""), .done = done };

	return rg__verb_start(&remove_everywhere_verb, reg, &asked, done ? NULL : "done is NULL", user, free_user, op, why);
}

static rg_status start_part(rg_registrar *reg, remove_asked *asked, uint32_t limit, void *user, rg_free_cb free_user,
	rg_op **op, rg_error *why)
{
	asked->limit = limit ? limit : RG__PAGE;
	return rg__verb_start(&remove_everywhere_verb, reg, asked, asked->part ? NULL : "done is NULL", user, free_user, op, why);
}

rg_status rg_remove_ip_port_part_async(rg_registrar *reg, rg_str domain, rg_str ip, int32_t port, rg_str cursor, uint32_t limit,
	rg_remove_part_cb done, void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .ip = ip.p ? ip : RG_STR(""), .port = port, .cursor = cursor, .part = done };

	return start_part(reg, &asked, limit, user, free_user, op, why);
}

rg_status rg_remove_flow_part_async(rg_registrar *reg, rg_str domain, rg_str flow, rg_str cursor, uint32_t limit, rg_remove_part_cb done,
	void *user, rg_free_cb free_user, rg_op **op, rg_error *why)
{
	remove_asked asked = { .filter.domain = domain, .flow = flow.p ? flow : RG_STR(""), .cursor = cursor, .part = done };

	return start_part(reg, &asked, limit, user, free_user, op, why);
}
