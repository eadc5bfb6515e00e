/* SPDX-License-Identifier: MIT */
/* The syntax that the text of a parameter must have. */
#ifndef RG__FORM_H
#define RG__FORM_H

#include "text/text.h"

enum {
	RG__FORM_ANY,      /* any text, or none */
	RG__FORM_WORD,     /* a host variable: `$avp(name)` or a plain name */
	RG__FORM_HOST,     /* the beginning of a host name */
	RG__FORM_TOKEN,    /* RFC 3261 `token` */
	RG__FORM_PARAM,    /* a token that is no Contact parameter which the registrar answers itself */
	RG__FORM_TOKENS,   /* tokens, separated by commas */
	RG__FORM_SECRETS,  /* any text, separated by commas; kept out of errors */
	RG__FORM_PAUSES,   /* seconds, separated by commas */
	RG__FORM_ROUTES,   /* `<uri>` values with `lr` */
	RG__FORM_MATCHING, /* of an ENUM: rg__value_matching() reads it */
	RG__FORM_COUNT
};

enum { RG__PAUSES_MAX = 16 };

/* NULL when @p text has the form; else what it should have been, for example "a token". */
const char *rg__form_wants(int form, rg_str text);

#endif
