/* SPDX-License-Identifier: MIT */
/* What the text of a parameter must look like. */
#ifndef RG__FORM_H
#define RG__FORM_H

#include "text/text.h"

enum {
	RG__FORM_ANY,      /* no text, or any */
	RG__FORM_WORD,     /* a host variable: `$avp(name)` or a plain name */
	RG__FORM_HOST,     /* the beginning of a host name */
	RG__FORM_TOKEN,    /* RFC 3261 `token` */
	RG__FORM_PARAM,    /* a token that names no Contact parameter we answer ourselves */
	RG__FORM_TOKENS,   /* tokens, separated by commas */
	RG__FORM_SECRETS,  /* any text, separated by commas; never shown */
	RG__FORM_ROUTES,   /* `<uri>` values with `lr` */
	RG__FORM_MATCHING, /* an ENUM's: rg__value_matching() */
	RG__FORM_COUNT
};

/* NULL when @p text has the form; else what it should have been, as "a token". */
const char *rg__form_wants(int form, rg_str text);

#endif
