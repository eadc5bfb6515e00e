/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "rules/rules.h"
#include "engine/engine.h"
#include <stdlib.h>

typedef struct remove_op {
	rg_op op;
	rg__filter filter;
	rg__aor aor;
	rg_str domain;
	char *text;      /* what the filter borrows, when it must outlive the call */
	rg__buf hop;     /* `ip:port`, when it came in two parts */
	rg__buf tags;    /* of a walk: each ends in a NUL */
	rg_str tags_left;
	rg_str tag;
	atomic_uint removed; /* read by whoever answers */
	rg_remove_cb done;
	uint32_t *out;
} remove_op;

/* What is removed, of every verb. */
typedef struct wanted {
	rg_str domain, aor, contact, next_hop, instance, flow;
	uint32_t branch_flags;
	rg_str ip; /* of remove_ip_port */
	int32_t port;
} wanted;

static rg_status remove_decide(rg_op *op)
{
	rg_revision revision = rg__revision_next(&op->ticket);

	return rg__prune(op->found.record, &((remove_op *)op)->filter, op->now, &revision, &op->plan);
}

static bool remove_done(rg_op *op, rg_status status)
{
	if (status == RG_OK && op->plan && rg_plan_commits(op->plan))
		((remove_op *)op)->removed += rg__plan_affected(op->plan);
	return true;
}

static void remove_answer(rg_op *op, rg_status status)
{
	remove_op *r = (remove_op *)op;

	if (!op->verb->walks && status == RG_OK)
		remove_done(op, RG_OK);
	if (r->done)
		r->done(op->user, status, r->removed);
	else
		*r->out = r->removed;
}

static void remove_clear(rg_op *op)
{
	remove_op *r = (remove_op *)op;

	rg__aor_free(&r->aor);
	free(r->text);
	rg__buf_free(&r->hop);
	rg__buf_free(&r->tags);
}

static void add_tag(remove_op *r, rg_str tag)
{
	rg__buf_add(&r->tags, tag);
	rg__buf_add(&r->tags, (rg_str){ "", 1 });
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
			add_tag(r, text);
	}
	if (r->filter.has_flow) {
		rg__buf_add_text(&r->tags, RG__FLOW_TAG);
		add_tag(r, r->filter.flow);
	}
	if (r->filter.host.p) {
		size_t from = r->tags.n;

		rg__buf_add(&r->tags, r->filter.host);
		for (size_t i = from; i < r->tags.n; i++)
			r->tags.p[i] = rg__lower(r->tags.p[i]);
		rg__buf_add_text(&r->tags, ":");
		rg__buf_add_int(&r->tags, r->filter.port);
		add_tag(r, RG__ABSENT);
	}
	r->tags_left = (rg_str){ r->tags.p, r->tags.n };
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

/* Only a flow may have a NUL inside, and then it is the one tag. */
static rg_str next_tag(remove_op *r)
{
	rg_str tag = { r->tags_left.p, r->filter.has_flow ? r->tags_left.n - 1 : strlen(r->tags_left.p) };

	r->tags_left = rg__sub(r->tags_left, tag.n + 1, r->tags_left.n);
	return tag;
}

static rg_status remove_page(rg_op *op)
{
	remove_op *r = (remove_op *)op;
	rg_str cursor = r->tag.p && op->paged ? op->page.cursor : RG__ABSENT;

	if (!cursor.p) {
		if (r->tags_left.n == 0)
			return RG_ENOENT;
		r->tag = next_tag(r);
	}
	return rg__call_find(&op->call, r->domain, r->tag, cursor, RG__PAGE);
}

static const rg__verb remove_verb = {
	.size = sizeof(remove_op),
	.resolved = remove_resolved,
	.decide = remove_decide,
	.answer = remove_answer,
	.clear = remove_clear,
};

static const rg__verb walk_verb = {
	.size = sizeof(remove_op),
	.walks = true,
	.resolved = remove_resolved,
	.page = remove_page,
	.decide = remove_decide,
	.done_key = remove_done,
	.answer = remove_answer,
	.clear = remove_clear,
};

/* `ip` and `port` as one text, for the filter to read. */
static rg_status join_hop(remove_op *r, wanted *w)
{
	bool bare = w->ip.n > 0 && w->ip.p[0] != '[' && memchr(w->ip.p, ':', w->ip.n);

	if (w->ip.n == 0 || w->port < 1 || w->port > 65535)
		return RG_EINVAL;
	rg__buf_add_text(&r->hop, bare ? "[" : "");
	rg__buf_add(&r->hop, w->ip);
	rg__buf_add_text(&r->hop, bare ? "]:" : ":");
	rg__buf_add_int(&r->hop, w->port);
	w->next_hop = (rg_str){ r->hop.p, r->hop.n };
	return r->hop.failed ? RG_ENOMEM : RG_OK;
}

static rg_status read_filter(remove_op *r, const wanted *w)
{
	const rg_config *config = r->op.ticket.snapshot->config;
	rg_status st = RG_OK;

	r->filter.branch_flags = w->branch_flags;
	if (w->contact.p)
		st = rg__filter_contact(&r->filter, w->contact, config);
	if (st == RG_OK && w->next_hop.p)
		st = rg__filter_next_hop(&r->filter, w->next_hop);
	if (st == RG_OK && w->instance.p)
		st = rg__filter_instance(&r->filter, w->instance);
	if (st == RG_OK && w->flow.p)
		st = rg__filter_flow(&r->filter, w->flow);
	return st;
}

static rg_status read_aor(remove_op *r, const wanted *w)
{
	rg__aor_rules rules;

	rg__aor_rules_of(r->op.ticket.snapshot->config, &rules);
	int what = rg__aor_from_text(w->aor, &rules, &r->aor);
	if (what != RG__AOR_OK)
		return what == RG__AOR_NOMEM ? RG_ENOMEM : RG_EINVAL;
	r->op.key = (rg_key){ w->domain, r->aor.user, r->aor.host };
	return RG_OK;
}

static rg_status remove_prepare(remove_op *r, wanted *w, bool keeps)
{
	rg_str *const texts[] = { &w->domain, &w->aor, &w->contact, &w->next_hop, &w->instance, &w->flow };
	rg_status st = RG_OK;

	w->domain = rg__domain(w->domain);
	if (keeps && !(r->text = rg__keep(texts, 6)))
		return RG_ENOMEM;
	r->domain = r->op.within = w->domain;
	if (w->ip.p)
		st = join_hop(r, w);
	if (st == RG_OK)
		st = read_filter(r, w);
	if (st == RG_OK && !r->op.verb->walks)
		st = read_aor(r, w);
	if (st != RG_OK)
		return st;
	if (r->filter.host.p && r->op.ticket.reg->env.resolve) {
		r->op.resolver = rg__resolver_new(&r->op, &r->filter.host, 1);
		r->op.step = RG__STEP_NAMES;
		return r->op.resolver ? RG_OK : RG_ENOMEM;
	}
	return r->op.verb->walks ? name_tags(r) : RG_OK;
}

static rg_status on_heap(rg_registrar *reg, const rg__verb *verb, wanted *w, bool keeps, remove_op **out)
{
	rg_op *op;
	rg_status st = rg__op_new(verb, reg, &op);

	if (st != RG_OK)
		return st;
	st = remove_prepare((remove_op *)op, w, keeps && rg__may_wait(reg));
	if (st != RG_OK)
		rg__op_abort(op);
	else
		*out = (remove_op *)op;
	return st;
}

static rg_status block(rg_registrar *reg, const rg__verb *verb, wanted *w, uint32_t *n_removed)
{
	remove_op *r;
	uint32_t unwanted;

	if (!n_removed)
		n_removed = &unwanted;
	*n_removed = 0;
	if (!reg)
		return RG_EINVAL;
	if (!rg__store_can_block(reg->store))
		return RG_ENOTSUP;
	rg_status st = on_heap(reg, verb, w, false, &r);
	if (st != RG_OK)
		return st;
	r->out = n_removed;
	return rg__op_block(&r->op);
}

static rg_status start(rg_registrar *reg, const rg__verb *verb, wanted *w, rg_remove_cb done, void *user, rg_free_cb free_user,
	rg_op **handle)
{
	remove_op *r;

	if (handle)
		*handle = NULL;
	if (!reg || !done)
		return RG_EINVAL;
	rg_status st = on_heap(reg, verb, w, true, &r);
	if (st != RG_OK)
		return st;
	r->done = done;
	return rg__op_start(&r->op, user, free_user, handle);
}

void rg_remove_filter_init(rg_remove_filter *filter, uint32_t size)
{
	rg__struct_init(filter, size);
}

static wanted wanted_by(const rg_remove_filter *given)
{
	rg_remove_filter f = { 0 };

	if (given)
		memcpy(&f, given, given->struct_size < sizeof f ? given->struct_size : sizeof f);
	return (wanted){ .domain = f.domain, .aor = f.aor, .contact = f.contact, .next_hop = f.next_hop, .instance = f.instance,
		.branch_flags = f.branch_flags };
}

rg_status rg_remove(rg_registrar *reg, const rg_remove_filter *filter, uint32_t *n_removed)
{
	wanted w = wanted_by(filter);

	return block(reg, &remove_verb, &w, n_removed);
}

rg_status rg_remove_async(rg_registrar *reg, const rg_remove_filter *filter, rg_remove_cb done, void *user, rg_free_cb free_user,
	rg_op **op)
{
	wanted w = wanted_by(filter);

	return start(reg, &remove_verb, &w, done, user, free_user, op);
}

rg_status rg_remove_ip_port(rg_registrar *reg, rg_str domain, rg_str ip, int32_t port, rg_str aor, uint32_t *n_removed)
{
	wanted w = { .domain = domain, .aor = aor, .ip = ip.p ? ip : RG_STR(""), .port = port };

	return block(reg, aor.p ? &remove_verb : &walk_verb, &w, n_removed);
}

rg_status rg_remove_ip_port_async(rg_registrar *reg, rg_str domain, rg_str ip, int32_t port, rg_str aor, rg_remove_cb done, void *user,
	rg_free_cb free_user, rg_op **op)
{
	wanted w = { .domain = domain, .aor = aor, .ip = ip.p ? ip : RG_STR(""), .port = port };

	return start(reg, aor.p ? &remove_verb : &walk_verb, &w, done, user, free_user, op);
}

rg_status rg_remove_flow(rg_registrar *reg, rg_str domain, rg_str flow, uint32_t *n_removed)
{
	wanted w = { .domain = domain, .flow = flow.p ? flow : RG_STR("") };

	return block(reg, &walk_verb, &w, n_removed);
}

rg_status rg_remove_flow_async(rg_registrar *reg, rg_str domain, rg_str flow, rg_remove_cb done, void *user, rg_free_cb free_user,
	rg_op **op)
{
	wanted w = { .domain = domain, .flow = flow.p ? flow : RG_STR("") };

	return start(reg, &walk_verb, &w, done, user, free_user, op);
}
