/* SPDX-License-Identifier: MIT */
/* Reads a REGISTER, and refuses it where no record is needed to do so (RFC 3261 §10.3 steps 1 to 5). The order is fixed: limits,
 * required fields, domain, Require, authorization, AoR, Contacts. */
#include "register/read.h"
#include "message/message.h"
#include "rules/rules.h"
#include <stdlib.h>

enum { FP_CONTACT = 1, FP_EXPIRES = 2, FP_PATH = 3 }; /* stored: doc/record-format.md */

/* An upper bound of the Contact values: one per line and one per comma. Counting stops at the limit. */
static uint32_t count_at_most(const rg_request *r, int64_t limit)
{
	int64_t n = r->n_contacts;

	for (uint32_t i = 0; i < r->n_contacts && n < limit; i++) {
		rg_str line = r->contacts[i];
		const char *comma;

		while (n < limit && line.n > 0 && (comma = memchr(line.p, ',', line.n)) != NULL) {
			n++;
			line = rg__sub(line, (size_t)(comma - line.p) + 1, line.n);
		}
	}
	return (uint32_t)(n < limit ? n : limit);
}

/* Base specification §1.3.17: with the save flag, the header that names the socket wins over the host's socket. */
static int32_t take_socket(rg__register *reg)
{
	const rg_request *r = reg->request;
	rg__socket socket;

	reg->socket = r->socket;
	if (!reg->set->socket_header || r->socket_header.n == 0)
		return RG_R_FINE;
	reg->socket = rg__trim(r->socket_header);
	return rg__socket_parse(reg->socket, &socket) ? RG_R_FINE : RG_R_PARSE;
}

static bool longer(rg_str s, int64_t limit)
{
	return s.n > (uint64_t)limit;
}

static bool too_many_paths(const rg__register *reg)
{
	const rg_request *r = reg->request;
	int64_t n = 0;

	if (r->n_paths > (uint64_t)reg->set->max_paths)
		return true;
	for (uint32_t i = 0; i < r->n_paths; i++) {
		rg_str rest = r->paths[i], value;

		while (rest.n > 0 && rg__list_next(&rest, &value) == 1) {
			if (++n > reg->set->max_paths)
				return true;
		}
	}
	return false;
}

/* Cuts a User-Agent that is too long, between two characters of UTF-8. */
static rg_str cut(rg_str s, int64_t limit)
{
	size_t n = (size_t)limit;

	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return rg__sub(s, 0, n);
}

static int32_t check_limits(rg__register *reg)
{
	const rg_request *r = reg->request;

	if (r->n_contacts > (uint64_t)reg->set->max_request_contacts || too_many_paths(reg))
		return RG_R_TOO_LARGE;
	if (longer(r->callid, reg->set->max_callid_len))
		return RG_R_CALLID_LEN;
	if (!rg__has_control(r->user_agent))
		reg->user_agent = cut(r->user_agent, reg->set->max_user_agent_len);
	return rg__register_contacts(reg);
}

static bool read_address(rg_str value, rg__name_addr *na, rg__uri *uri)
{
	return rg__name_addr_parse(value, na) == RG_OK && rg__uri_parse(na->uri, uri) == RG_OK;
}

/* The only parameter that most phones give in From. */
static bool is_tag(rg_str params)
{
	rg_str name = RG_STR(";tag=");

	return params.n > name.n && memcmp(params.p, name.p, name.n) == 0 && rg__span(params, name.n, RG__C_TOKEN) == params.n;
}

/* Checks From, of which nothing is kept. It usually is To, which is already read, and a tag. */
static bool good_from(rg_str value, rg_str to_header, rg_str to_params)
{
	rg__name_addr na;
	rg__uri uri;

	if (!to_params.p && value.n >= to_header.n && memcmp(value.p, to_header.p, to_header.n) == 0) {
		rg_str more = rg__sub(value, to_header.n, value.n);

		if (more.n == 0 || is_tag(more))
			return true;
		if (more.p[0] == ';')
			return rg__are_header_params(more);
	}
	return read_address(value, &na, &uri);
}

/* Reads the Request-URI, of which nothing is kept. It usually is the host of To, which is already read. */
static int32_t check_request_uri(rg_str text, const rg__uri *to)
{
	rg_str scheme = RG_STR("sip:");
	rg__uri uri;

	if (to->host.n > 0 && text.n == scheme.n + to->host.n && memcmp(text.p, scheme.p, scheme.n) == 0 &&
		memcmp(text.p + scheme.n, to->host.p, to->host.n) == 0)
		return RG_R_FINE;
	if (rg__uri_parse(text, &uri) != RG_OK)
		return RG_R_PARSE;
	return uri.scheme == RG__SCHEME_OTHER ? RG_R_SCHEME : RG_R_FINE; /* RFC 3261 §8.2.2.1 */
}

/* Reads To and the AoR before the Contacts, so that the record is known early. A fault is reported in its turn. */
static void read_subject(rg__register *reg)
{
	const rg_request *r = reg->request;
	rg__name_addr to;

	if (r->defect != RG_R_FINE || !r->to_header.p || !read_address(r->to_header, &to, &reg->to))
		return;
	reg->good_to = true;
	reg->to_params = to.params;
	reg->aor_read = rg__register_aor(reg, &reg->set->aor, &reg->aor);
	if (reg->aor_read == RG__AOR_OK)
		reg->key = (rg_key){ rg__request_domain(r), reg->aor.user, reg->aor.host };
}

/* RFC 3261 §8.1.1: the mandatory fields of every request. */
static int32_t check_required(rg__register *reg)
{
	const rg_request *r = reg->request;
	int32_t reason;
	rg_str method;

	if (!r->to_header.p)
		return RG_R_TO_MISS;
	if (!r->from_header.p)
		return RG_R_FROM_MISS;
	if (!r->callid.p)
		return RG_R_CID_MISS;
	if (!r->cseq.p)
		return RG_R_CS_MISS;
	if (!reg->good_to)
		return RG_R_AOR_PARSE;
	if (!good_from(r->from_header, r->to_header, reg->to_params) || !rg__is_callid(r->callid))
		return RG_R_PARSE;
	if (rg__cseq_parse(r->cseq, &reg->cseq, &method) != RG_OK)
		return RG_R_INV_CSEQ;
	if (!rg__eq(method, RG_STR("REGISTER")))
		return RG_R_PARSE;
	if (r->request_uri.p && (reason = check_request_uri(r->request_uri, &reg->to)) != RG_R_FINE)
		return reason;
	return take_socket(reg);
}

/* RFC 3261 §10.3 step 5. An AoR that the caller names wins over To. */
static rg_status read_register_aor(rg__register *reg, int32_t *reason)
{
	static const int32_t reasons[] = { [RG__AOR_OK] = RG_R_FINE, [RG__AOR_PARSE] = RG_R_AOR_PARSE, [RG__AOR_UNESCAPE] = RG_R_UNESCAPE,
		[RG__AOR_TOO_LONG] = RG_R_AOR_LEN, [RG__AOR_SCHEME] = RG_R_DOMAIN };

	if (reg->aor_read == RG__AOR_NOMEM)
		return RG_ENOMEM;
	*reason = reasons[reg->aor_read];
	return RG_OK;
}

int rg__register_aor(const rg__register *reg, const rg__aor_rules *rules, rg__aor *out)
{
	if (reg->request->aor.p)
		return rg__aor_from_text(reg->request->aor, rules, out);
	return rg__aor_from_uri(&reg->to, rules, out);
}

/* Reads the Expires header, even when every Contact has its own. */
static int32_t read_expires(rg__register *reg)
{
	reg->header_expires = -1;
	if (!reg->request->expires.p)
		return RG_R_FINE;
	return rg__expires_read(reg->request->expires, reg->set, &reg->header_expires) ? RG_R_FINE : RG_R_PARSE_EXP;
}

static uint32_t allowed(const rg_request *r)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < r->n_allow; i++) {
		if (!rg__methods_read(r->allow[i], &bits))
			return RG_METHODS_ALL;
	}
	return r->n_allow > 0 ? bits : RG_METHODS_ALL;
}

static rg_status check_register(rg__register *reg, const rg_upstream *upstream, int32_t *reason, rg_error *why)
{
	rg_status status;

	if (*reason != RG_R_FINE || (*reason = reg->request->defect) != RG_R_FINE || (*reason = check_required(reg)) != RG_R_FINE)
		return RG_OK;
	reg->stage = RG__STAGE_DOMAIN;
	if (reg->request->flags & RG_REQUEST_NOT_LOCAL) {
		*reason = RG_R_DOMAIN;
		return RG_OK;
	}
	if ((*reason = rg__register_require(reg)) != RG_R_FINE)
		return RG_OK;
	reg->stage = RG__STAGE_AUTHORIZATION;
	if (reg->request->flags & RG_REQUEST_FORBIDDEN) {
		*reason = RG_R_FORBIDDEN;
		return RG_OK;
	}
	status = read_register_aor(reg, reason);
	if (status != RG_OK || *reason != RG_R_FINE)
		return status;
	*reason = read_expires(reg);
	if (*reason == RG_R_FINE)
		*reason = rg__register_path(reg);
	if (*reason == RG_R_FINE && upstream && reg->contact_reason == RG_R_FINE)
		status = rg__register_reply(reg, upstream, reason, why);
	if (*reason == RG_R_FINE) {
		reg->allow = reg->n > 0 ? allowed(reg->request) : 0;
		*reason = rg__register_rules(reg);
	}
	if (*reason == RG_R_FINE)
		*reason = rg__register_extensions(reg);
	return status;
}

/* Value by value, because adaptors and proxies may join and split the lines of a header (RFC 3261 §7.3.1). The list cannot be read when the
 * Path is ignored and a quote or bracket in it is not closed; then its rest is one value. */
static uint64_t add_path_line(uint64_t fp, rg_str line)
{
	rg_str rest = line, value;

	do {
		rg_str left = rest;

		if (rg__list_next(&rest, &value) < 0)
			value = rg__trim(left);
		fp = rg__fingerprint(fp, FP_PATH, value);
	} while (rest.p);
	return fp;
}

/* doc/record-format.md states this hash. Other nodes store it and compare it, so it never changes. */
static void take_fingerprint(rg__register *reg)
{
	uint64_t fp = 0;

	for (uint32_t i = 0; i < reg->n; i++)
		fp = rg__fingerprint(fp, FP_CONTACT, reg->wanted[i].value);
	if (reg->request->expires.p)
		fp = rg__fingerprint(fp, FP_EXPIRES, reg->request->expires);
	for (uint32_t i = 0; i < reg->request->n_paths; i++)
		fp = add_path_line(fp, reg->request->paths[i]);
	reg->fingerprint = fp;
}

static void take_hop(rg__register *reg, rg__wanted *w, const rg__uri *uri)
{
	w->next_hop = rg__uri_hop_slice(uri);
	if (w->next_hop.p)
		return;
	w->hop_at = (uint32_t)reg->text.n;
	rg__hop_tag(uri, &reg->text, &w->host);
	w->hop_n = (uint32_t)reg->text.n - w->hop_at;
}

/* The Path applies to all Contacts, and precedes the received URI (base specification §1.1.1). The host's received URI applies to all
 * Contacts that state none. Contacts with the same hop share one tag. */
static void add_hops(rg__register *reg)
{
	bool by_path = reg->path_n > 0, by_host = reg->request->received.n > 0;
	const rg__wanted *first = NULL; /* with the hop that several share */

	for (uint32_t i = 0; i < reg->n; i++) {
		rg__wanted *w = &reg->wanted[i];
		bool from_host = by_host && w->received.n == 0, shares = by_path || from_host;

		if (from_host)
			w->received = reg->request->received;
		if (shares && first) {
			w->next_hop = first->next_hop;
			w->host = first->host;
			w->hop_at = first->hop_at;
			w->hop_n = first->hop_n;
			continue;
		}
		take_hop(reg, w, by_path ? &reg->path_hop : from_host ? &reg->received : w->received.n > 0 ? &w->received_uri : &w->uri);
		if (shares)
			first = w;
	}
}

static rg_str placed(const rg__register *reg, uint32_t at, uint32_t n)
{
	return n > 0 ? (rg_str){ reg->text.p + at, n } : RG__ABSENT;
}

/* Runs after every check passed, when the text no longer moves. */
static rg_status settle_wanted(rg__register *reg)
{
	if (!reg->star)
		add_hops(reg);
	if (reg->text.failed)
		return RG_ENOMEM;
	for (uint32_t i = 0; i < reg->n; i++) {
		rg__wanted *w = &reg->wanted[i];

		if (w->params_n > 0)
			w->params = placed(reg, w->params_at, w->params_n);
		if (w->hop_n > 0)
			w->next_hop = placed(reg, w->hop_at, w->hop_n);
		if (reg->path_received_n > 0)
			w->received = placed(reg, reg->path_received_at, reg->path_received_n);
	}
	take_fingerprint(reg);
	rg__register_resolved(reg, reg->request->resolved, reg->request->n_resolved);
	return RG_OK;
}

/* So many Contacts have room on the stack. */
enum { LENT_SLOTS = (sizeof(rg__register_room) - sizeof(rg__register)) / sizeof(rg__wanted) };

_Static_assert(sizeof(rg__register) + sizeof(rg__wanted) <= sizeof(rg__register_room), "the usual REGISTER has room on the stack");

/* In parts, because of a larger one compilers make a slow string instruction. */
static inline void zero_in_parts(char *bytes, size_t n)
{
	enum { PART = 64 };

#pragma GCC unroll 8
	for (; n > PART; n -= PART, bytes += PART)
		memset(bytes, 0, PART);
	memset(bytes, 0, n);
}

static rg__register *new_register(uint32_t slots, rg__register_room *room)
{
	size_t size = sizeof(rg__register) + slots * sizeof(rg__wanted);
	bool lent = room && size <= sizeof *room;
	rg__register *reg = lent ? (rg__register *)(void *)room : malloc(size);

	if (!reg)
		return NULL;
	zero_in_parts((char *)&reg->aor, sizeof *reg - offsetof(rg__register, aor));
	reg->room = slots;
	reg->lent = lent;
	return reg;
}

static rg_status begin_in_room(const rg_request *request, bool cached, const rg_config *config, const rg_save_options *options,
	uint32_t slots, rg__register_room *room, rg__register **out, rg_error *why)
{
	rg__register *reg = new_register(slots, room);
	rg_status status;

	*out = NULL;
	if (!reg)
		return RG_ENOMEM;
	reg->request = request;
	reg->cached = cached;
	reg->set = options || cached ? NULL : rg__config_prepared(config);
	if (!reg->set) {
		rg__save_settings_of(config, options, &reg->own);
		reg->set = &reg->own;
	}
	if (reg->cached) {
		/* The client already has its response, intervals included. */
		reg->own.no_reply = true;
		reg->own.expires_max_deviation = 0;
	}
	status = rg__register_host(reg, why);
	if (status != RG_OK) {
		rg__register_free(reg);
		return status;
	}
	read_subject(reg);
	*out = reg;
	return RG_OK;
}

/* Most requests have few Contacts. These are not counted: when they turn out to be more than the room is for, reading begins again. */
static rg_status begin_register(const rg_request *request, bool cached, const rg_config *config, const rg_save_options *options,
	rg__register_room *room, rg__register **out, rg_error *why)
{
	int64_t limit = rg__config_int(config, RG__P_max_request_contacts);
	bool few = room && request->n_contacts <= LENT_SLOTS && limit >= LENT_SLOTS;
	uint32_t slots = few ? LENT_SLOTS : count_at_most(request, limit);

	return begin_in_room(request, cached, config, options, slots, room, out, why);
}

rg_status rg__register_list(rg__register **reg, const rg_config *config, const rg_save_options *options, rg_error *why)
{
	const rg_request *request = (*reg)->request;
	int64_t limit = rg__config_int(config, RG__P_max_request_contacts);
	bool cached = (*reg)->cached;

	(*reg)->reason = check_limits(*reg);
	if (!(*reg)->crowded || limit <= (*reg)->room)
		return RG_OK;
	rg__register_free(*reg);
	rg_status status = begin_in_room(request, cached, config, options, count_at_most(request, limit), NULL, reg, why);
	if (status == RG_OK)
		(*reg)->reason = check_limits(*reg);
	return status;
}

static rg_status finish_register(rg__register *reg, const rg_upstream *upstream, rg_error *why)
{
	rg_status status = check_register(reg, upstream, &reg->reason, why);

	if (status == RG_OK && reg->reason == RG_R_FINE)
		status = settle_wanted(reg);
	if (status == RG_OK && reg->text.failed)
		status = RG_ENOMEM;
	if (status == RG_OK)
		reg->path = placed(reg, reg->path_at, reg->path_n);
	return status;
}

rg_status rg__register_begin(const rg_request *request, const rg_config *config, const rg_save_options *options, rg__register_room *room,
	rg__register **out, rg_error *why)
{
	return begin_register(request, false, config, options, room, out, why);
}

rg_status rg__register_finish(rg__register *reg, rg_error *why)
{
	return finish_register(reg, NULL, why);
}

static rg_status read_register(const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg__register_room *room, rg__register **out, rg_error *why)
{
	rg_status status = begin_register(request, upstream != NULL, config, options, room, out, why);

	if (status == RG_OK)
		status = rg__register_list(out, config, options, why);
	if (status == RG_OK)
		status = finish_register(*out, upstream, why);
	if (status != RG_OK) {
		rg__register_free(*out);
		*out = NULL;
	}
	return status;
}

rg_status rg__register_read(const rg_request *request, const rg_config *config, const rg_save_options *options, rg__register_room *room,
	rg__register **out, rg_error *why)
{
	return read_register(request, NULL, config, options, room, out, why);
}

rg_status rg__register_read_answered(const rg_request *request, const rg_upstream *upstream, const rg_config *config,
	const rg_save_options *options, rg__register **out, rg_error *why)
{
	return read_register(request, upstream, config, options, NULL, out, why);
}

void rg__register_free(rg__register *reg)
{
	if (!reg)
		return;
	rg__aor_free(&reg->aor);
	rg__buf_free(&reg->text);
	free(reg->rewrites);
	if (!reg->lent)
		free(reg);
}

int rg__register_domain(const rg__register *reg, bool of_request_uri, rg__aor *host)
{
	rg__uri uri;

	*host = (rg__aor){ 0 };
	if (!of_request_uri)
		return rg__aor_host(&reg->to, &reg->set->aor, host);
	if (rg__uri_parse(reg->request->request_uri, &uri) != RG_OK)
		return RG__AOR_PARSE; /* there is no Request-URI */
	return rg__aor_host(&uri, &reg->set->aor, host);
}

bool rg__register_asks_domain(const rg__register *reg)
{
	return reg->stage >= RG__STAGE_DOMAIN && reg->reason != RG_R_DOMAIN;
}

bool rg__register_asks_authorization(const rg__register *reg)
{
	return reg->stage >= RG__STAGE_AUTHORIZATION && reg->reason != RG_R_FORBIDDEN;
}

void rg__register_overrule(rg__register *reg, int32_t reason)
{
	reg->reason = reason;
}

int32_t rg__register_reason(const rg__register *reg)
{
	return reg->reason;
}

const rg_key *rg__register_key(const rg__register *reg)
{
	return &reg->key;
}

bool rg__register_is_query(const rg__register *reg)
{
	return reg->request->n_contacts == 0;
}

bool rg__register_memory_only(const rg__register *reg)
{
	return reg->set->memory_only;
}

uint32_t rg__register_hosts(const rg__register *reg, rg_str *hosts, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < reg->n && reg->reason == RG_R_FINE; i++) {
		rg_str host = reg->wanted[i].host;
		uint32_t j = 0;

		while (j < i && !rg__eq_nocase(reg->wanted[j].host, host))
			j++;
		if (host.n == 0 || j < i || reg->wanted[i].expires == 0)
			continue;
		if (n < max)
			hosts[n] = host;
		n++;
	}
	return n;
}

void rg__register_resolved(rg__register *reg, const rg_resolved *resolved, uint32_t n)
{
	for (uint32_t i = 0; i < reg->n && n > 0; i++) {
		rg__wanted *w = &reg->wanted[i];

		for (uint32_t j = 0; j < n && w->host.n > 0; j++) {
			if (!rg__eq_nocase(resolved[j].host, w->host))
				continue;
			w->addrs = resolved[j].addrs;
			w->n_addrs = resolved[j].n_addrs < 8 ? resolved[j].n_addrs : 8;
			break;
		}
	}
}
