/* SPDX-License-Identifier: MIT */
/* Says after the fact what a REGISTER was refused for. It reads the REGISTER again, a value at a time, so that reading itself need not
 * remember where it stopped. */
#include "register/explain.h"
#include "register/read.h"
#include "rules/rules.h"
#include <stdlib.h>

enum { OF_TO = 1, OF_FROM, OF_CALLID, OF_CSEQ, OF_EXPIRES, OF_CONTACT, OF_PATH, OF_REQUIRE, OF_LIMIT, OF_REQUEST_URI, OF_ANY };

/* The header that a reason is about. */
static const struct {
	int32_t reason;
	int header;
} blamed[] = {
	{ RG_R_INV_CSEQ, OF_CSEQ }, { RG_R_AOR_LEN, OF_TO }, { RG_R_AOR_PARSE, OF_TO }, { RG_R_INV_EXP, OF_CONTACT },
	{ RG_R_INV_Q, OF_CONTACT }, { RG_R_PARSE, OF_ANY }, { RG_R_TO_MISS, OF_TO }, { RG_R_CID_MISS, OF_CALLID },
	{ RG_R_CS_MISS, OF_CSEQ }, { RG_R_PARSE_EXP, OF_EXPIRES }, { RG_R_PARSE_CONT, OF_CONTACT }, { RG_R_STAR_EXP, OF_EXPIRES },
	{ RG_R_STAR_CONT, OF_CONTACT }, { RG_R_UNESCAPE, OF_TO }, { RG_R_CONTACT_LEN, OF_CONTACT }, { RG_R_CALLID_LEN, OF_CALLID },
	{ RG_R_PARSE_PATH, OF_PATH }, { RG_R_MIN_EXPIRES, OF_CONTACT }, { RG_R_REQUIRE, OF_REQUIRE }, { RG_R_OB_REQUIRED, OF_CONTACT },
	{ RG_R_FROM_MISS, OF_FROM }, { RG_R_LOOP, OF_CONTACT }, { RG_R_OB_MULTI, OF_CONTACT }, { RG_R_SIPS, OF_CONTACT },
	{ RG_R_TOO_LARGE, OF_LIMIT }, { RG_R_SCHEME, OF_REQUEST_URI }, { RG_R_PNS_UNSUP, OF_CONTACT },
};

/* A REGISTER that is read again in parts. */
typedef struct trial {
	rg_request request;
	const rg_config *config;
	const rg_save_options *options;
	int32_t reason; /* the refusal to be explained */
} trial;

/* Is it refused for the same reason with these Contact and Path lines? */
static bool refused_with(const trial *t, const rg_str *contact, const rg_str *path)
{
	rg_request request = t->request;
	rg__register *reg;

	request.contacts = contact;
	request.n_contacts = contact ? 1 : 0;
	request.paths = path;
	request.n_paths = path ? 1 : 0;
	if (rg__register_read(&request, t->config, t->options, NULL, &reg, NULL) != RG_OK)
		return false;
	bool same = reg->reason == t->reason;
	rg__register_free(reg);
	return same;
}

/* Is a Contact with this parameter and a harmless URI refused? The two parameters of a flow count only together (RFC 5626 §4.1). */
static bool is_bad_param(const trial *t, const rg__param *param)
{
	bool reg_id = rg__eq_nocase(param->name, RG_STR("reg-id")), instance = rg__eq_nocase(param->name, RG_STR("+sip.instance"));
	const char *end = param->value.p ? param->value.p + param->value.n : param->name.p + param->name.n;
	rg__buf text = { 0 };

	rg__buf_add_text(&text, "<sip:a@192.0.2.1>;");
	rg__buf_add(&text, (rg_str){ param->name.p, (size_t)(end - param->name.p) });
	rg__buf_add_text(&text, reg_id ? ";+sip.instance=\"<urn:x:a>\"" : instance ? ";reg-id=1" : "");
	rg_str contact = { text.p, text.n };
	bool bad = !text.failed && refused_with(t, &contact, NULL);
	rg__buf_free(&text);
	return bad;
}

/* The offset of the fault in a parameter, from the start of @p value. */
static size_t param_stop(rg_str value, const rg__param *param)
{
	size_t at = 0;

	if (!param->value.p)
		return (size_t)(param->name.p + param->name.n - value.p);
	if (rg__eq_nocase(param->name, RG_STR("expires")))
		at = rg__digits_stop(param->value);
	else if (rg__eq_nocase(param->name, RG_STR("q")))
		at = rg__q_stop(param->value);
	return (size_t)(param->value.p - value.p) + (at == RG__NO_STOP ? 0 : at);
}

static size_t contact_stop(const trial *t, rg_str value)
{
	rg__name_addr na;
	rg__params params;
	size_t at = rg__address_stop(value);
	const rg_str harmless = RG_STR("<sip:a@192.0.2.1>");

	if (at != RG__NO_STOP || rg__name_addr_read(value, &na, &params) != RG_OK)
		return at;
	/* Else the parameters are not at fault, but the Expires of the request. */
	for (uint32_t i = 0; i < params.n && !refused_with(t, &harmless, NULL); i++) {
		if (is_bad_param(t, &params.row[i]))
			return param_stop(value, &params.row[i]);
	}
	return RG__NO_STOP;
}

static bool is_bad_value(const trial *t, rg_str value, bool of_path)
{
	return of_path ? refused_with(t, NULL, &value) : refused_with(t, &value, NULL);
}

/* Finds the first value that is refused by itself. A reason that lies in several values together names none. */
static void find_value(const trial *t, const rg_str *lines, uint32_t n, bool of_path, rg__spot *out)
{
	uint32_t index = 0;

	if (refused_with(t, NULL, NULL))
		return;
	for (uint32_t i = 0; i < n; i++) {
		rg_str rest = lines[i], value;
		int more = 1;

		while (more == 1 && rest.p) {
			rg_str line = rest;

			more = rg__list_next(&rest, &value);
			if (more < 0)
				value = line; /* an unclosed quote or bracket */
			index++;
			if (!is_bad_value(t, value, of_path))
				continue;
			out->value = index;
			out->text = value;
			out->at = of_path ? rg__address_stop(value) : contact_stop(t, value);
			return;
		}
	}
}

static bool spot(rg__spot *out, const char *header, rg_str text, size_t at)
{
	if (at == RG__NO_STOP)
		return false;
	*out = (rg__spot){ .header = header, .text = text, .at = at };
	return true;
}

/* RG_R_PARSE has many sources. In the order in which they are read. */
static void find_field(const rg_request *r, rg__spot *out)
{
	if (spot(out, "From", r->from_header, rg__address_stop(r->from_header)) || spot(out, "Call-ID", r->callid, rg__callid_stop(r->callid)))
		return;
	if (r->request_uri.p && spot(out, "Request-URI", r->request_uri, rg__uri_stop(r->request_uri)))
		return;
	if (r->received.n > 0)
		spot(out, "received", r->received, rg__uri_stop(r->received));
}

static int header_of(int32_t reason)
{
	for (size_t i = 0; i < sizeof blamed / sizeof *blamed; i++) {
		if (blamed[i].reason == reason)
			return blamed[i].header;
	}
	return 0;
}

/* A header with one value. */
static void blame(rg__spot *out, const char *header, rg_str text, size_t (*stop)(rg_str text))
{
	*out = (rg__spot){ .header = header, .text = text, .at = text.p && stop ? stop(text) : RG__NO_STOP };
}

void rg__register_explain(const rg_request *request, int32_t reason, const rg_config *config, const rg_save_options *options, rg__spot *out)
{
	trial t = { *request, config, options, reason };

	*out = (rg__spot){ .at = RG__NO_STOP };
	t.request.defect = RG_R_FINE;
	switch (header_of(reason)) {
	case OF_TO:
		blame(out, request->aor.p ? "AoR" : "To", request->aor.p ? request->aor : request->to_header,
			request->aor.p ? NULL : rg__address_stop);
		break;
	case OF_FROM:
		blame(out, "From", request->from_header, NULL);
		break;
	case OF_CALLID:
		blame(out, "Call-ID", request->callid, NULL);
		break;
	case OF_CSEQ:
		blame(out, "CSeq", request->cseq, rg__cseq_stop);
		break;
	case OF_EXPIRES:
		blame(out, "Expires", request->expires, rg__digits_stop);
		break;
	case OF_CONTACT:
		out->header = "Contact";
		find_value(&t, request->contacts, request->n_contacts, false, out);
		break;
	case OF_LIMIT:
		find_value(&t, request->contacts, request->n_contacts, false, out);
		out->header = out->value ? "Contact" : NULL;
		break;
	case OF_PATH:
		out->header = "Path";
		find_value(&t, request->paths, request->n_paths, true, out);
		break;
	case OF_REQUIRE:
		out->header = "Require";
		break;
	case OF_REQUEST_URI:
		blame(out, "Request-URI", request->request_uri, NULL);
		break;
	case OF_ANY:
		find_field(request, out);
		break;
	default:
		break;
	}
}
