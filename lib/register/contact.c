/* SPDX-License-Identifier: MIT */
/* Reads the Contact lines of a REGISTER: RFC 3261 §20.10, §10.2.1. */
#include "register/read.h"
#include "message/message.h"
#include "rules/rules.h"

/* The Contact parameters that the library interprets: X(name, id, whether it is stored). The first three are the usual ones. */
#define KNOWN_MAP(X) \
	X("expires", P_EXPIRES, false) \
	X("+sip.instance", P_INSTANCE, true) \
	X("q", P_Q, false) \
	X("received", P_RECEIVED, false) \
	X("pub-gruu", P_PUB_GRUU, false) \
	X("temp-gruu", P_TEMP_GRUU, false) \
	X("reg-id", P_REG_ID, true) \
	X("methods", P_METHODS, true) \
	X("+sip.pnsreg", P_PNSREG, true)

enum { P_OTHER, P_EXPIRES, P_Q, P_RECEIVED, P_RECEIVED_PARAM, P_PUB_GRUU, P_TEMP_GRUU, P_INSTANCE, P_REG_ID, P_METHODS, P_PNSREG, P_COUNT };

#define KNOWN_STORED(text, id, is_stored) [id] = is_stored,
static const bool stored_params[P_COUNT] = { [P_OTHER] = true, KNOWN_MAP(KNOWN_STORED) };
#undef KNOWN_STORED

/* A name that is not written as it is listed. */
static RG__NOINLINE int unusual_param_id(rg_str name, rg_str received_param)
{
#define KNOWN_CHOICE(text, id, is_stored) rg__eq_nocase(name, RG_STR(text)) ? id :
	return KNOWN_MAP(KNOWN_CHOICE) rg__eq_nocase(name, received_param) ? P_RECEIVED_PARAM : P_OTHER;
#undef KNOWN_CHOICE
}

static inline int param_id(const rg__register *reg, rg_str name)
{
#define KNOWN_CHOICE(text, id, is_stored) rg__eq(name, RG_STR(text)) ? id :
	return KNOWN_MAP(KNOWN_CHOICE) unusual_param_id(name, reg->set->received_param);
#undef KNOWN_CHOICE
}

/* A malformed instance or reg-id is a generic parameter (RFC 3261 §20.10), unless outbound applies: extensions.c. */
static void read_instance(rg__wanted *w, rg_str value)
{
	w->states_instance = true;
	w->instance = rg__instance_read(value);
}

static void read_reg_id(rg__wanted *w, rg_str value)
{
	uint64_t n;

	w->states_reg_id = true;
	/* RFC 5626: 1 to 2^31 - 1. */
	if (rg__parse_uint(value, (uint64_t)INT32_MAX + 1, &n) == RG_OK && n <= INT32_MAX)
		w->reg_id = (uint32_t)n;
}

bool rg__received_read(rg_str text, rg__uri *out)
{
	return rg__uri_parse_hop(text, out) == RG_OK && out->scheme != RG__SCHEME_OTHER;
}

static int32_t read_contact_received(rg__register *reg, rg__wanted *w, rg_str value)
{
	/* Base specification §1.3.8: the host states where a request came from; a client's statement counts only when it is trusted. */
	if (!reg->set->trust_contact_received)
		return RG_R_FINE;
	w->received = rg__unquote(value);
	if (w->received.n > (size_t)reg->set->max_received_len)
		return RG_R_CONTACT_LEN;
	return rg__received_read(w->received, &w->received_uri) ? RG_R_FINE : RG_R_PARSE_CONT;
}

static int32_t read_known(rg__register *reg, rg__wanted *w, int id, rg_str value)
{
	switch (id) {
	case P_EXPIRES:
		return rg__expires_read(value, reg->set, &w->asked) ? RG_R_FINE : RG_R_INV_EXP;
	case P_Q:
		return rg__q_parse(value, &w->q) == RG_OK ? RG_R_FINE : RG_R_INV_Q;
	case P_RECEIVED:
		return read_contact_received(reg, w, value);
	case P_INSTANCE:
		read_instance(w, value);
		return RG_R_FINE;
	case P_REG_ID:
		read_reg_id(w, value);
		return RG_R_FINE;
	case P_METHODS:
		w->methods = rg__methods_of(rg__unquote(value));
		return RG_R_FINE;
	case P_PNSREG:
		w->pnsreg = true;
		return RG_R_FINE;
	default:
		return RG_R_FINE;
	}
}

static void fault(rg__register *reg, int32_t reason)
{
	if (reg->contact_reason == RG_R_FINE)
		reg->contact_reason = reason;
}

static void copy_param(rg__buf *text, const rg__param *p)
{
	rg__buf_add(text, RG_STR(";"));
	rg__buf_add(text, p->name);
	if (p->value.p) {
		rg__buf_add(text, RG_STR("="));
		rg__buf_add(text, p->value);
	}
}

/* Stores a parameter without the spaces around it and its `=`. Those that stand so in the message, one behind the other, are not copied. */
static void store(rg__register *reg, rg__wanted *w, const rg__param *p)
{
	const char *from = p->name.p - 1, *end = p->value.p ? p->value.p + p->value.n : p->name.p + p->name.n;
	bool plain = *from == ';' && (!p->value.p || p->value.p == p->name.p + p->name.n + 1);

	if (plain && w->params.n == 0 && w->params_n == 0) {
		w->params = (rg_str){ from, (size_t)(end - from) };
		return;
	}
	if (plain && w->params_n == 0 && w->params.p + w->params.n == from) {
		w->params.n = (size_t)(end - w->params.p);
		return;
	}
	if (w->params_n == 0)
		rg__buf_add(&reg->text, w->params);
	copy_param(&reg->text, p);
	w->params_n = (uint32_t)reg->text.n - w->params_at;
}

/* Stores header parameters, and reads those that the library interprets. RG_R_TOO_LARGE: more than the limit. */
static int32_t read_contact_params(rg__register *reg, rg__wanted *w, const rg__params *params)
{
	w->params_at = (uint32_t)reg->text.n;
	for (uint32_t i = 0; i < params->n; i++) {
		const rg__param *p = &params->row[i];
		int id = param_id(reg, p->name);

		if (i >= reg->set->max_contact_params)
			return RG_R_TOO_LARGE;
		if (stored_params[id])
			store(reg, w, p);
		fault(reg, read_known(reg, w, id, p->value));
	}
	return RG_R_FINE;
}

static bool too_many_uri_params(const rg__register *reg, const rg__uri *uri)
{
	return uri->n_params > reg->set->max_contact_params;
}

/* Resets everything except the URIs, which are written when they are read. */
static void start_wanted(rg__wanted *w, rg_str value)
{
	w->value = value;
	w->params = RG__ABSENT;
	w->instance = RG__ABSENT;
	w->received = RG__ABSENT;
	w->next_hop = RG__ABSENT;
	w->host = RG__ABSENT;
	w->addrs = NULL;
	w->n_addrs = w->reg_id = 0;
	w->states_instance = w->states_reg_id = w->outbound = w->moot = w->granted = w->pnsreg = false;
	w->asks = RG__PN_NONE;
	w->by = RG__BY_MODE;
	w->q = -1;
	w->methods = RG_METHODS_ALL;
	w->asked = w->upstream = -1;
	w->expires = 0;
	w->params_at = w->params_n = w->hop_at = w->hop_n = 0;
}

/* @p na and @p params: what the value says, when it is @p good. */
static int32_t take_contact(rg__register *reg, rg_str value, bool good, const rg__name_addr *na, const rg__params *params)
{
	rg__wanted *w = &reg->wanted[reg->n];
	int32_t limit;

	start_wanted(w, value);
	reg->n++;
	if (rg__eq(value, RG_STR("*"))) {
		reg->star = true;
		return RG_R_FINE;
	}
	if (!good) {
		fault(reg, value.n > 0 && value.p[0] == '*' ? RG_R_STAR_CONT : RG_R_PARSE_CONT);
		return RG_R_FINE;
	}
	if (na->uri.n > (size_t)reg->set->max_contact_len)
		return RG_R_CONTACT_LEN;
	limit = read_contact_params(reg, w, params);
	if (limit != RG_R_FINE)
		return limit;
	if (rg__eq(na->uri, RG_STR("*"))) {
		fault(reg, RG_R_STAR_CONT);
		return RG_R_FINE;
	}
	if (rg__uri_parse(na->uri, &w->uri) != RG_OK) {
		fault(reg, RG_R_PARSE_CONT);
		return RG_R_FINE;
	}
	return too_many_uri_params(reg, &w->uri) ? RG_R_TOO_LARGE : RG_R_FINE;
}

static int32_t read_contact_line(rg__register *reg, rg_str rest)
{
	rg__name_addr na;
	rg__params params;
	rg_str value;
	bool good;

	while (rest.p) {
		bool fits = reg->n < reg->room;
		int more = fits ? rg__name_addr_next(&rest, &value, &na, &params, &good) : rg__list_next(&rest, &value);
		int32_t limit = RG_R_TOO_LARGE;

		if (more < 0)
			fault(reg, RG_R_PARSE_CONT);
		if (more < 0 || (fits && (limit = take_contact(reg, value, good, &na, &params)) == RG_R_FINE))
			continue;
		reg->crowded = !fits;
		return limit;
	}
	return RG_R_FINE;
}

int32_t rg__register_contacts(rg__register *reg)
{
	for (uint32_t i = 0; i < reg->request->n_contacts; i++) {
		rg_str line = reg->request->contacts[i];
		int32_t limit = line.n > 0 ? read_contact_line(reg, line) : RG_R_FINE;

		if (limit != RG_R_FINE)
			return limit;
		if (line.n == 0)
			fault(reg, RG_R_PARSE_CONT);
	}
	return RG_R_FINE;
}

/* RFC 3261 §10.3 step 6, §10.2.2. */
static int32_t star_rules(const rg__register *reg)
{
	if (reg->n != 1)
		return RG_R_STAR_CONT;
	return reg->header_expires == 0 ? RG_R_FINE : RG_R_STAR_EXP;
}

/* True of a URI whose host is that of the AoR, in canonical form. The host counts even when it is no part of the key. */
static bool of_our_host(rg__register *reg, const rg__uri *uri)
{
	rg__aor_rules rules = reg->set->aor;
	rg__aor host, aor = { 0 };

	rules.use_domain = true;
	int how = rg__aor_host(uri, &rules, &host);
	if (how == RG__AOR_OK)
		how = rg__register_aor(reg, &rules, &aor);
	bool same = how == RG__AOR_OK && rg__eq(host.host, aor.host);
	reg->text.failed |= how == RG__AOR_NOMEM;
	rg__aor_free(&aor);
	rg__aor_free(&host);
	return same;
}

/* True when a Contact is the AoR itself: requests to it would return here forever. A stated port or a maddr means another place. */
static bool loops(rg__register *reg, const rg__wanted *w)
{
	rg__aor_rules rules = reg->set->aor;
	rg__aor contact;
	rg_str maddr;

	rules.use_domain = true;
	if (w->uri.scheme == RG__SCHEME_OTHER || w->uri.port != 0 || rg__uri_param(&w->uri, RG_STR("maddr"), &maddr))
		return false;
	int how = rg__aor_from_uri(&w->uri, &rules, &contact);
	bool same = how == RG__AOR_OK && rg__eq(contact.user, reg->aor.user);
	reg->text.failed |= how == RG__AOR_NOMEM;
	rg__aor_free(&contact);
	return same && of_our_host(reg, &w->uri);
}

/* RFC 5627 §5.1: a GRUU is no Contact; requests to it would return here. One that we sealed is known by its token wherever it points. */
static bool is_own_gruu(rg__register *reg, const rg__wanted *w)
{
	rg_status status;
	rg__gruu *gruu;
	rg_str maddr;

	if (w->uri.scheme == RG__SCHEME_OTHER)
		return false;
	status = rg__gruu_read(&w->uri, rg__config_ring(reg->set->config), &gruu);
	bool names = status == RG_ENOENT || gruu, sealed = gruu && gruu->temporary;

	rg__gruu_free(gruu);
	reg->text.failed |= status == RG_ENOMEM;
	if (!names || sealed)
		return sealed;
	return w->uri.port == 0 && !rg__uri_param(&w->uri, RG_STR("maddr"), &maddr) && of_our_host(reg, &w->uri);
}

static int32_t contact_rules(rg__register *reg, rg__wanted *w)
{
	/* Contact expires, else Expires header, else the default (RFC 3261 §10.3 step 7). The default never removes. */
	if (w->asked < 0)
		w->asked = reg->header_expires;
	if (w->asked < 0)
		w->asked = reg->set->default_expires > 0 ? reg->set->default_expires : 1;
	/* RFC 5630: a sips Contact needs a sips Request-URI and a Path of sips URIs only. */
	if (w->uri.scheme == RG__SCHEME_SIPS && (!rg__is_sips(reg->request->request_uri) || (reg->path_n > 0 && !reg->path_sips)))
		return RG_R_SIPS;
	if (w->asked > 0 && w->upstream != 0 && (loops(reg, w) || (reg->set->gruu && is_own_gruu(reg, w))))
		return RG_R_LOOP;
	/* The main registrar has already answered the client, so the intervals granted there hold. */
	if (!reg->cached && rg__expires_too_brief(w->asked, reg->set))
		return rg__register_brief(reg, w);
	w->expires = !reg->cached ? rg__expires_clamp(w->asked, reg->set) : w->upstream >= 0 ? w->upstream : w->asked;
	if (w->q < 0)
		w->q = reg->set->default_q;
	if (w->methods == RG_METHODS_ALL)
		w->methods = reg->allow;
	return reg->set->push ? rg__register_push(reg, w) : RG_R_FINE;
}

int32_t rg__register_rules(rg__register *reg)
{
	if (reg->contact_reason != RG_R_FINE)
		return reg->contact_reason;
	if (reg->star)
		return star_rules(reg);
	for (uint32_t i = 0; i < reg->n; i++) {
		int32_t reason = contact_rules(reg, &reg->wanted[i]);

		if (reason != RG_R_FINE)
			return reason;
	}
	return RG_R_FINE;
}
