/* SPDX-License-Identifier: MIT */
/* Option tags, and the rules of Path (RFC 3327) and Outbound (RFC 5626) for a REGISTER as a whole. */
#include "register/read.h"

/* True when one line of a Supported or Require header contains the option tag. RFC 3261 §7.3.1: case-insensitive. */
static bool has_option_tag(const rg_str *lines, uint32_t n, rg_str tag)
{
	for (uint32_t i = 0; i < n; i++) {
		rg_str rest = lines[i], value;

		while (rg__list_next(&rest, &value) > 0) {
			if (rg__eq_nocase(value, tag))
				return true;
		}
	}
	return false;
}

/* RFC 3261 §8.2.2: a malformed Supported is ignored. */
static bool supports(const rg__register *reg, rg_str tag)
{
	const rg_request *r = reg->request;

	return rg__is_token_list(r->supported, r->n_supported) && has_option_tag(r->supported, r->n_supported, tag);
}

/* The enabled option tags: bit 0 path, bit 1 outbound. */
static unsigned enabled(const rg__save_settings *set)
{
	return (set->path != RG__PATH_IGNORED ? 1u : 0) | (set->outbound != RG__OUTBOUND_OFF ? 2u : 0);
}

rg_str rg__register_supported(const rg__save_settings *set)
{
	static const rg_str texts[] = { { NULL, 0 }, { "path", 4 }, { "outbound", 8 }, { "path, outbound", 14 } };

	return texts[enabled(set)];
}

static bool understood(const rg__register *reg, rg_str tag)
{
	unsigned tags = enabled(reg->set);

	return ((tags & 1) && rg__eq_nocase(tag, RG_STR("path"))) || ((tags & 2) && rg__eq_nocase(tag, RG_STR("outbound"))) ||
		(reg->set->gruu && rg__eq_nocase(tag, RG_STR("gruu")));
}

/* RFC 3261 §8.2.2.3: Unsupported lists exactly the option tags that are not understood. */
int32_t rg__register_require(rg__register *reg)
{
	size_t start = reg->text.n;

	for (uint32_t i = 0; i < reg->request->n_require; i++) {
		rg_str rest = reg->request->require[i], tag;
		int more;

		while ((more = rg__list_next(&rest, &tag)) != 0) {
			if (more > 0 && tag.n == 0)
				continue;
			if (more < 0 || !rg__is_token(tag))
				return RG_R_PARSE;
			if (understood(reg, tag))
				continue;
			if (reg->text.n > start)
				rg__buf_add(&reg->text, RG_STR(", "));
			rg__buf_add(&reg->text, tag);
		}
	}
	if (reg->text.n == start)
		return RG_R_FINE;
	reg->unsupported = rg__sub((rg_str){ reg->text.p, reg->text.n }, start, reg->text.n);
	return RG_R_REQUIRE;
}

/* Base specification §1.1.1: whether a response repeats the Path. Strict mode refuses a client that does not support it. */
static int32_t path_policy(rg__register *reg)
{
	bool supported;

	if (reg->path_n == 0 || reg->set->path == RG__PATH_OFF)
		return RG_R_FINE;
	supported = supports(reg, RG_STR("path"));
	reg->echoes_path = supported || reg->set->path == RG__PATH_STRICT;
	if (supported || reg->set->path != RG__PATH_STRICT)
		return RG_R_FINE;
	reg->unsupported = RG_STR("path");
	return RG_R_PATH_UNSUP;
}

/* RFC 5626 §6: the request came directly from the client, or through a proxy that keeps its flow. */
static bool first_hop_qualifies(const rg__register *reg)
{
	return reg->request->via_count == 1 || reg->path_ob;
}

/* RFC 5626 §6: without an instance a reg-id is ignored. */
static bool asks_for_flow(const rg__wanted *w)
{
	return w->states_instance && w->states_reg_id;
}

/* Outbound needs both values. Where it does not apply they are generic parameters, and any value will do. */
static int32_t flow_params(const rg__register *reg)
{
	bool applies = reg->set->outbound != RG__OUTBOUND_OFF && !reg->star && first_hop_qualifies(reg);

	for (uint32_t i = 0; i < reg->n && applies; i++) {
		const rg__wanted *w = &reg->wanted[i];

		if (asks_for_flow(w) && (w->instance.n == 0 || w->reg_id == 0))
			return RG_R_PARSE_CONT;
	}
	return RG_R_FINE;
}

static int32_t outbound_policy(rg__register *reg)
{
	bool qualifies = first_hop_qualifies(reg), says_so = supports(reg, RG_STR("outbound"));
	uint32_t set = 0, flows = 0, lacking = 0;

	for (uint32_t i = 0; i < reg->n; i++) {
		rg__wanted *w = &reg->wanted[i];
		bool asked = asks_for_flow(w);

		if (asked && !qualifies && says_so)
			return RG_R_OB_EDGE;
		w->outbound = asked && qualifies;
		reg->applied_outbound |= w->outbound;
		set += w->expires > 0;
		flows += w->expires > 0 && w->outbound;
		lacking += w->expires > 0 && !w->outbound;
	}
	if (reg->set->outbound == RG__OUTBOUND_REQUIRED && lacking > 0)
		return RG_R_OB_REQUIRED;
	/* RFC 5626 §4.2: a REGISTER that sets up a flow sets up nothing else. */
	if (flows > 0 && set > 1)
		return RG_R_OB_MULTI;
	/* RFC 5626 §6: Require tells the client that its flows are registered separately. */
	reg->requires_outbound = reg->applied_outbound && says_so;
	return RG_R_FINE;
}

/* Who requires an extension supports it. The client of a cached registration has the GRUUs of the main registrar. A GRUU has the host of
 * To, which a To of another scheme lacks; such a request states its AoR apart. */
static bool gives_gruus(const rg__register *reg)
{
	const rg_request *r = reg->request;

	return !reg->cached && reg->to.scheme != RG__SCHEME_OTHER &&
		(supports(reg, RG_STR("gruu")) || has_option_tag(r->require, r->n_require, RG_STR("gruu")));
}

int32_t rg__register_extensions(rg__register *reg)
{
	int32_t reason = flow_params(reg);

	if (reg->set->gruu)
		reg->gives_gruus = gives_gruus(reg);

	if (reason == RG_R_FINE)
		reason = path_policy(reg);
	if (reason == RG_R_FINE && reg->set->outbound != RG__OUTBOUND_OFF && !reg->star)
		reason = outbound_policy(reg);
	return reason == RG_R_FINE && reg->answers_push ? rg__register_push_policy(reg) : reason;
}
