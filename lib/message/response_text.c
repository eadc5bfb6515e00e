/* SPDX-License-Identifier: MIT */
/* Responses as text. */
#include "message/response.h"

/* The token of a temporary GRUU, between the scheme and the host of its URI. */
static rg_str token_of_gruu(rg_str gruus)
{
	rg_str mark = RG_STR(";temp-gruu=\"");
	const char *token = gruus.n > 0 ? memmem(gruus.p, gruus.n, mark.p, mark.n) : NULL;
	const char *end = token ? memchr(token, '@', (size_t)(gruus.p + gruus.n - token)) : NULL;

	token = end ? memchr(token, ':', (size_t)(end - token)) : NULL;
	return token ? (rg_str){ token + 1, (size_t)(end - token) - 1 } : RG__ABSENT;
}

/* The PURR at the end of a Feature-Caps value. */
static rg_str token_of_purr(rg_str caps)
{
	rg_str mark = RG_STR(";+sip.pnspurr=\"");
	const char *token = caps.n > 0 ? memmem(caps.p, caps.n, mark.p, mark.n) : NULL;

	return token ? (rg_str){ token + mark.n, (size_t)(caps.p + caps.n - token) - mark.n - 1 } : RG__ABSENT;
}

/* A token comes from the seed. */
static void print_header(rg__print *p, const rg_response *r, uint32_t index, const rg_header *header)
{
	rg_str value = header->value, token = RG__ABSENT;

	if (!(p->flags & RG_TEXT_OPAQUE))
		token = rg__eq(header->name, RG_STR("Feature-Caps")) ? token_of_purr(value) : token_of_gruu(rg__response_gruus(r, index, value));
	if (!token.p) {
		rg__print_value(p, value);
		return;
	}
	rg__print_value(p, rg__sub(value, 0, (size_t)(token.p - value.p)));
	rg__out_text(&p->out, "TOKEN");
	rg__print_part(p, rg__sub(value, (size_t)(token.p - value.p) + token.n, value.n));
}

void rg__print_response(rg__print *p, rg_response *r)
{
	const rg_header *headers;
	rg_rewrite rewrite = { .struct_size = sizeof rewrite };
	uint32_t n;

	rg__print_begin(p, "response");
	rg__out_char(&p->out, ' ');
	rg__out_int(&p->out, rg_response_code(r));
	rg__print_value(p, rg_str_from(rg_response_phrase(r)));
	rg__print_end(p);
	rg__print_word(p, "reason", rg_reason_name(rg_response_reason(r)));
	if (rg_response_headers(r, &headers, &n) != RG_OK)
		n = 0;
	for (uint32_t i = 0; i < n; i++) {
		rg__print_begin(p, "header");
		rg__print_value(p, headers[i].name);
		rg__out_char(&p->out, ':');
		print_header(p, r, i, &headers[i]);
		rg__print_end(p);
	}
	if (rg_response_no_reply(r))
		rg__print_word(p, "no_reply", "yes");
	if (rg_response_connection_lifetime(r) > 0)
		rg__print_int(p, "connection_lifetime", rg_response_connection_lifetime(r));
	for (uint32_t i = 0; rg_response_rewrite(r, i, &rewrite) == RG_OK; i++) {
		rg__print_begin(p, "rewrite");
		rg__out_char(&p->out, ' ');
		rg__out_uint(&p->out, rewrite.contact);
		rg__print_value(p, rewrite.uri);
		rg__print_end(p);
	}
}
