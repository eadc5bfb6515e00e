/* SPDX-License-Identifier: MIT */
/* A message parsed by Sofia → rg_request. One pass over the header lines finds both values and defects. */
#include "sofia/sofia.h"
#include <errno.h>

enum { FROM, TO, CALL_ID, CSEQ, EXPIRES, USER_AGENT, N_SINGLES };
enum { CONTACT, PATH, SUPPORTED, REQUIRE, FEATURE_CAPS, ALLOW, ROUTE, N_LISTS };
enum { SINGLE, LIST, CHECKED };

/* Who needs a header well-formed: every request, REGISTER alone, or nobody. RFC 3261 §8.2.2: a malformed header that nobody needs counts as
 * absent. */
enum { EVERY, REGISTER, NOBODY };

/* The headers to read, the place of each in the request, and the reason when Sofia could not parse it. CHECKED: the value is not kept.
 * RG_R_FINE: the core decides; a malformed Expires has a setting there. `names`: the values have display names. */
static const struct header_row {
	msg_hclass_t *class;
	uint8_t kind, index, needed_by;
	bool names;
	int32_t malformed;
} rows[] = {
	{ sip_via_class, CHECKED, 0, EVERY, false, RG_R_PARSE },
	{ sip_from_class, SINGLE, FROM, EVERY, true, RG_R_PARSE },
	{ sip_to_class, SINGLE, TO, EVERY, true, RG_R_AOR_PARSE },
	{ sip_call_id_class, SINGLE, CALL_ID, EVERY, false, RG_R_PARSE },
	{ sip_cseq_class, SINGLE, CSEQ, EVERY, false, RG_R_INV_CSEQ },
	{ sip_content_length_class, CHECKED, 0, EVERY, false, RG_R_PARSE },
	{ sip_contact_class, LIST, CONTACT, REGISTER, true, RG_R_PARSE_CONT },
	{ sip_expires_class, SINGLE, EXPIRES, REGISTER, false, RG_R_FINE },
	{ sip_path_class, LIST, PATH, REGISTER, true, RG_R_PARSE_PATH },
	{ sip_require_class, LIST, REQUIRE, REGISTER, false, RG_R_PARSE },
	{ sip_user_agent_class, SINGLE, USER_AGENT, NOBODY, false, RG_R_FINE },
	{ sip_supported_class, LIST, SUPPORTED, NOBODY, false, RG_R_FINE },
	{ sip_allow_class, LIST, ALLOW, NOBODY, false, RG_R_FINE },
	{ sip_route_class, LIST, ROUTE, NOBODY, true, RG_R_FINE },
};
static const struct header_row feature_caps = { NULL, LIST, FEATURE_CAPS, NOBODY, false, RG_R_FINE };

typedef struct reading {
	su_home_t *home;
	rg_request *out;
	rg_str singles[N_SINGLES];
	rg_str *lists[N_LISTS];
	uint32_t n[N_LISTS];
	bool seen[N_SINGLES], failed;
	bool ignored[N_LISTS]; /* a line is malformed, and nobody needs the header */
	uint32_t skip_routes;
} reading;

static void set_defect(reading *r, int32_t reason)
{
	if (r->out->defect == RG_R_FINE)
		r->out->defect = reason;
}

/* A fault in the header of @p row. Without a start line nobody knows what the message is; then it is taken for a REGISTER. */
static void set_header_defect(reading *r, const struct header_row *row, int32_t reason)
{
	rg_str method = r->out->method;

	if (row->needed_by == EVERY || (row->needed_by == REGISTER && (method.n == 0 || rg_str_equal(method, RG_STR("REGISTER")))))
		set_defect(r, reason);
}

enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* The host's message class need not parse the headers that the core validates. To Sofia they are unknown then. */
static const struct header_row *row_of_unknown(rg_str name)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rg__sofia_is_name_of(rows[i].class, name))
			return &rows[i];
	}
	return rg__sofia_same_name(name, RG_STR("Feature-Caps")) ? &feature_caps : NULL;
}

static const struct header_row *row_of(const msg_header_t *h)
{
	const char *error_name = h->sh_class == sip_error_class ? ((const sip_error_t *)h)->er_name : NULL;

	if (h->sh_class == sip_unknown_class)
		return row_of_unknown(rg__sofia_line_name(h));
	for (size_t i = 0; i < N_ROWS; i++) {
		/* er_name is Sofia's own string, so comparing pointers is enough */
		if (h->sh_class == rows[i].class || (error_name && error_name == rows[i].class->hc_name))
			return &rows[i];
	}
	return NULL;
}

/* RFC 3261 §20: a header that may occur only once. A second one could contradict the first, so it is refused. */
static void take_single(reading *r, const struct header_row *row, rg_str value)
{
	if (r->seen[row->index]) {
		set_header_defect(r, row, row->index == EXPIRES ? RG_R_PARSE_EXP : RG_R_PARSE);
		return;
	}
	r->singles[row->index] = value;
	r->seen[row->index] = true;
}

static void take_list(reading *r, const struct header_row *row, rg_str value)
{
	if (row->index == ROUTE && r->skip_routes > 0)
		r->skip_routes--;
	else
		r->lists[row->index][r->n[row->index]++] = value;
}

/* Sofia does not tell a value that it had no memory for from a malformed one. */
static bool is_malformed_path(reading *r, rg_str value)
{
	errno = 0;
	if (rg__sofia_without_names(r->home, sip_path_class, value))
		return false;
	r->failed = r->failed || errno == ENOMEM;
	return true;
}

/* Sofia could not parse the header, and not for its display names alone. In a Contact of a reply a bad name counts too: rg__sofia_rewrite()
 * finds a Contact by its place in Sofia's list, which lacks the whole line then. Of unknown headers the core validates all but Path, which it
 * reads only when a flag asks for it. */
static bool is_malformed(reading *r, const struct header_row *row, const msg_header_t *h, rg_str value)
{
	if (h->sh_class == sip_unknown_class)
		return row->class == sip_path_class && is_malformed_path(r, value);
	if (h->sh_class != sip_error_class)
		return false;
	bool counted = row->class == sip_contact_class && (r->out->flags & RG_REQUEST_REPLY);
	return !row->names || counted || !rg__sofia_without_names(r->home, row->class, value);
}

static void take_value(reading *r, const struct header_row *row, rg_str value)
{
	if (row->kind == SINGLE)
		take_single(r, row, value);
	else
		take_list(r, row, value);
}

static void take_header(reading *r, const msg_header_t *h)
{
	bool no_text = h->sh_class == sip_error_class && !h->sh_data;
	const struct header_row *row = row_of(h);

	if (!row) {
		/* A line without a name is malformed. Faults in headers that the library does not read are ignored (RFC 3261 §16.3 step 1). */
		if (h->sh_class == sip_error_class && !((const sip_error_t *)h)->er_name)
			set_defect(r, RG_R_PARSE);
		return;
	}
	if (row->kind == CHECKED && h->sh_class != sip_error_class)
		return;
	rg_str value = rg__sofia_line_value(r->home, h);
	if (!value.p) {
		r->failed = true;
		return;
	}
	if (row->malformed != RG_R_FINE && is_malformed(r, row, h, value))
		set_header_defect(r, row, row->malformed);
	if (row->kind == CHECKED)
		return;
	bool bad = rg__sofia_has_bad_octet(value);
	if (bad)
		set_header_defect(r, row, RG_R_PARSE);
	/* Without MSG_FLG_EXTRACT_COPY Sofia keeps no text of a header that it could not parse, so there is no value to pass on. */
	if (no_text && row->class == sip_expires_class)
		set_header_defect(r, row, RG_R_PARSE_EXP);
	if (row->needed_by != NOBODY || (!bad && !no_text))
		take_value(r, row, value);
	else if (row->kind == LIST)
		r->ignored[row->index] = true;
}

/* Allocates one array for the lines of all lists; each list has its own section. */
static bool make_room(reading *r, const msg_header_t *first)
{
	uint32_t n[N_LISTS] = { 0 }, total = 0;

	for (const msg_header_t *h = first; h; h = h->sh_succ) {
		const struct header_row *row = rg__sofia_line_continues(h) ? NULL : row_of(h);
		if (row && row->kind == LIST) {
			n[row->index]++;
			total++;
		}
	}
	rg_str *lines = su_alloc(r->home, (total + 1) * sizeof *lines);
	if (!lines)
		return false;
	for (uint32_t i = 0; i < N_LISTS; lines += n[i++])
		r->lists[i] = lines;
	return true;
}

static void hand_over_list(const reading *r, int list, const rg_str **lines, uint32_t *n)
{
	*lines = r->lists[list];
	*n = r->ignored[list] ? 0 : r->n[list];
}

static void hand_over(const reading *r)
{
	rg_request *out = r->out;

	out->from_header = r->singles[FROM];
	out->to_header = r->singles[TO];
	out->callid = r->singles[CALL_ID];
	out->cseq = r->singles[CSEQ];
	out->expires = r->singles[EXPIRES];
	out->user_agent = r->singles[USER_AGENT];
	hand_over_list(r, CONTACT, &out->contacts, &out->n_contacts);
	hand_over_list(r, PATH, &out->paths, &out->n_paths);
	hand_over_list(r, SUPPORTED, &out->supported, &out->n_supported);
	hand_over_list(r, REQUIRE, &out->require, &out->n_require);
	hand_over_list(r, FEATURE_CAPS, &out->feature_caps, &out->n_feature_caps);
	hand_over_list(r, ALLOW, &out->allow, &out->n_allow);
	hand_over_list(r, ROUTE, &out->routes, &out->n_routes);
}

/* Request-Line, RFC 3261 §7.1: method, one space, Request-URI, one space, version. */
static rg_str request_uri(su_home_t *home, const sip_request_t *rq)
{
	const char *p = rq->rq_common->h_data, *end = p ? p + rq->rq_common->h_len : NULL;

	if (!p || p == end)
		return rg__sofia_url_text(home, rq->rq_url);
	while (end > p && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	const char *first = memchr(p, ' ', (size_t)(end - p)), *last = memrchr(p, ' ', (size_t)(end - p));
	if (!first || last <= first)
		return (rg_str){ "", 0 };
	return (rg_str){ first + 1, (size_t)(last - first - 1) };
}

static void read_start(reading *r, const sip_t *sip)
{
	rg_request *out = r->out;

	for (const sip_via_t *via = sip->sip_via; via; via = via->v_next)
		out->via_count++;
	if (sip->sip_status) {
		out->flags |= RG_REQUEST_REPLY;
		out->reply_code = sip->sip_status->st_status;
		out->method = rg_str_from(sip->sip_cseq ? sip->sip_cseq->cs_method_name : NULL);
		return;
	}
	if (!sip->sip_request) {
		set_defect(r, RG_R_PARSE);
		return;
	}
	out->method = rg_str_from(sip->sip_request->rq_method_name);
	out->request_uri = request_uri(r->home, sip->sip_request);
	r->failed |= !out->request_uri.p;
}

/* RFC 3261 §8.1.1.5. Sofia ignores what follows the method. */
static bool is_cseq_of(rg_str cseq, rg_str method)
{
	size_t i = 0;

	while (i < cseq.n && cseq.p[i] >= '0' && cseq.p[i] <= '9')
		i++;
	while (i < cseq.n && (cseq.p[i] == ' ' || cseq.p[i] == '\t'))
		i++;
	return rg_str_equal((rg_str){ cseq.p + i, cseq.n - i }, method);
}

/* RFC 3261 §8.1.1: the mandatory headers. Sofia does not report a missing one. */
static void check_message(reading *r, const msg_t *msg, const sip_t *sip)
{
	static const struct { uint8_t index; int32_t reason; } needed[] = {
		{ TO, RG_R_TO_MISS }, { FROM, RG_R_FROM_MISS }, { CALL_ID, RG_R_CID_MISS }, { CSEQ, RG_R_CS_MISS },
	};
	const msg_header_t *start = (const msg_header_t *)sip->sip_request;

	for (size_t i = 0; i < 4; i++) {
		if (!r->seen[needed[i].index])
			set_defect(r, needed[i].reason);
	}
	if (sip->sip_request && sip->sip_cseq && !is_cseq_of(r->singles[CSEQ], rg_str_from(sip->sip_request->rq_method_name)))
		set_defect(r, RG_R_PARSE);
	/* A received message ends its headers with an empty line. A message that the host built has none yet. */
	if (start && start->sh_data && !sip->sip_separator)
		set_defect(r, RG_R_PARSE);
	/* for example a second Content-Length */
	if (msg_get_flags(msg, MSG_FLG_TRUNC | MSG_FLG_TOOLARGE | MSG_FLG_ERROR))
		set_defect(r, RG_R_PARSE);
}

/* The value of the host variable that parameter @p param names; absent without one. */
static rg_str variable(const rg_sofia_message *m, const rg_config *config, rg_str param)
{
	rg_str name = RG__NONE, value = RG__NONE;

	if (!m->get_var || rg_config_get(config, param, &name) != RG_OK || name.n == 0)
		return RG__NONE;
	return m->get_var(m->user, &name, &value) == RG_OK ? value : RG__NONE;
}

static rg_status read_source(const rg_sofia_message *m, const rg_config *config, rg_request *out)
{
	enum { TAKEN = RG_REQUEST_TCP_PERSISTENT | RG_REQUEST_HAS_BRANCH_FLAGS };
	rg_sofia_source from;

	if (!rg__sofia_source_of(m->source, &from))
		return RG_EINVAL;
	out->branches = m->branches;
	out->n_branches = m->n_branches;
	out->flags |= from.flags & TAKEN;
	out->branch_flags = from.branch_flags;
	out->source = from.source;
	out->transport = from.transport;
	out->domain = from.domain;
	out->aor = from.aor;
	out->ownership_tag = from.ownership_tag;
	out->identity = from.identity;
	out->received = from.received;
	out->attr = from.attr;
	out->flow = from.flow;
	out->socket = from.socket;
	if (!config)
		return RG_OK;
	rg_str received = variable(m, config, RG_STR("received_avp")), attr = variable(m, config, RG_STR("attr_avp"));
	rg_str flag = variable(m, config, RG_STR("tcp_persistent_flag")), header = RG__NONE;
	if (received.p)
		out->received = received;
	if (attr.p)
		out->attr = attr;
	if (flag.n > 0 && !rg_str_equal(flag, RG_STR("0")))
		out->flags |= RG_REQUEST_TCP_PERSISTENT;
	if (rg_config_get(config, RG_STR("sock_hdr_name"), &header) != RG_OK || header.n == 0)
		return RG_OK;
	return rg__sofia_line_find(m->msg, header, 0, &out->socket_header) == RG_ENOMEM ? RG_ENOMEM : RG_OK;
}

rg_status rg__sofia_read(rg_sofia_message *m, const rg_config *config, rg_request *out)
{
	const sip_t *sip = m->msg ? sip_object(m->msg) : NULL;
	reading r = { .out = out, .skip_routes = m->skip_routes };

	if (!sip)
		return RG_EINVAL;
	r.home = msg_home(m->msg);
	const msg_header_t *first = rg__sofia_first_line(m->msg);
	if (!make_room(&r, first))
		return RG_ENOMEM;
	read_start(&r, sip);
	for (const msg_header_t *h = first; h; h = h->sh_succ) {
		if (!rg__sofia_line_continues(h))
			take_header(&r, h);
	}
	if (r.failed)
		return RG_ENOMEM;
	check_message(&r, m->msg, sip);
	hand_over(&r);
	return read_source(m, config, out);
}

/* RFC 3261 §18.3, §20.14. The text is read because Sofia's number wraps around. */
rg_status rg__sofia_check_body(msg_t *msg, size_t body)
{
	const sip_t *sip = sip_object(msg);
	rg_status st = RG_OK;
	rg_str value;
	uint64_t stated = 0;

	if (sip->sip_content_length && !sip->sip_error)
		value = rg__sofia_line_value(msg_home(msg), (const msg_header_t *)sip->sip_content_length);
	else
		st = rg__sofia_line_find(msg, RG_STR("Content-Length"), 0, &value);
	if (st != RG_OK)
		return st == RG_ENOENT ? RG_OK : st;
	if (!value.p)
		return RG_ENOMEM;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return RG_EINVAL;
		if (stated <= body)
			stated = stated * 10 + (uint64_t)(value.p[i] - '0');
	}
	return value.n > 0 && stated <= body ? RG_OK : RG_EINVAL;
}
