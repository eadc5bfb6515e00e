/* SPDX-License-Identifier: MIT */
/* The GRUUs in a 200 (RFC 5627 §5.2): the Contact parameters pub-gruu and temp-gruu. */
#include "decide/merge.h"
#include "rules/rules.h"

/* Scheme and host are those of To (RFC 5627 §5.4: a GRUU of a sips AoR is a sips URI). */
static void add_scheme(rg__buf *out, const rg__uri *to)
{
	rg__buf_add_text(out, to->scheme == RG__SCHEME_SIPS ? "sips:" : "sip:");
}

static void add_to_host(rg__buf *out, const rg__uri *to, bool user)
{
	if (user)
		rg__buf_add(out, RG_STR("@"));
	rg__buf_add(out, to->host);
}

/* Appends both parameters for a binding, or nothing. @p host: what the token says of the host of To. */
static rg_status add_gruus(const rg__merge *m, const rg_contact *c, rg_str host, rg__buf *out)
{
	const rg__register *reg = m->reg;
	const rg__gruu gruu = { .temporary = true, .instance = c->instance, .generation = c->generation, .key = reg->key, .host = host };
	size_t start = out->n;

	rg__buf_add_text(out, ";pub-gruu=\"");
	add_scheme(out, &reg->to);
	rg__buf_add(out, reg->to.user);
	add_to_host(out, &reg->to, reg->to.user.n > 0);
	rg__buf_add_text(out, ";gr=");
	rg__gruu_add_value(out, c->instance);
	rg__buf_add_text(out, "\";temp-gruu=\"");
	add_scheme(out, &reg->to);
	rg_status status = rg__gruu_seal(rg__config_ring(reg->set->config), m->seed, &gruu, out);
	if (status != RG_OK) {
		out->n = start;
		return status;
	}
	add_to_host(out, &reg->to, true);
	rg__buf_add_text(out, ";gr\"");
	return RG_OK;
}

static rg_status add_lines(const rg__merge *m, const rg__answer *answer, rg_str host, rg__buf *out)
{
	rg_status status = RG_OK;
	rg_contact c;

	for (uint32_t i = 0; i < answer->n_listed && status == RG_OK; i++) {
		rg__record_contact(answer->record, answer->listed[i], &c);
		if (i > 0)
			rg__buf_add(out, RG_STR("\n"));
		if (!rg__gruu_instance(c.instance))
			continue;
		if (!rg__config_ring(m->reg->set->config))
			return RG_EINVAL;
		status = add_gruus(m, &c, host, out);
		if (status == RG_ELIMIT) /* with names this long there is no token, and the binding has no GRUU */
			status = RG_OK;
	}
	return out->failed ? RG_ENOMEM : status;
}

rg_status rg__merge_gruus(const rg__merge *m, const rg__answer *answer, rg__buf *out)
{
	const rg__register *reg = m->reg;
	rg__aor to = { 0 };

	/* The host may register another AoR than that of To, in another domain. The token is to be good under the host of To. */
	if (reg->request->aor.p && reg->set->aor.use_domain && rg__aor_host(&reg->to, &reg->set->aor, &to) == RG__AOR_NOMEM)
		return RG_ENOMEM;
	rg_status status = add_lines(m, answer, rg__eq(to.host, reg->key.host) ? RG__ABSENT : to.host, out);
	rg__aor_free(&to);
	return status;
}
