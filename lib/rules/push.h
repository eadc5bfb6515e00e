/* SPDX-License-Identifier: MIT */
/* The push parameters of a Contact URI (RFC 8599 §8.7). */
#ifndef RG__PUSH_H
#define RG__PUSH_H

#include "config/config.h"

/* What they ask for. */
enum {
	RG__PN_NONE, /* nothing: there is no pn-provider */
	RG__PN_ALL,  /* which providers there are */
	RG__PN_ONE,  /* whether there is this provider */
	RG__PN_WAKE, /* to be woken */
	RG__PN_BAD   /* an unknown provider, or one that needs other parameters */
};

typedef struct rg__pn {
	uint8_t asks;
	bool prid;         /* there is a pn-prid */
	uint32_t index;    /* of the provider in the config, for RG__PN_ONE and RG__PN_WAKE */
	rg_str provider;   /* as written */
} rg__pn;

void rg__pn_read(const rg__uri *uri, const rg__push *push, rg__pn *out);

/* True of the name of a push parameter, which a device that we wake need not get: those that start with `pn-`. */
bool rg__pn_param(rg_str name);

/* Whether a binding has the values of pn_ct_match_params that a Contact has, octet by octet. A parameter that the provider does not need may
 * be absent in both. */
bool rg__pn_same(const rg__uri *contact, const rg__uri *binding, const rg__push *push);

/* A hash of these values: it is the same in what rg__pn_same() takes for the same. */
uint32_t rg__pn_hash(const rg__uri *uri, const rg__push *push);

/* Compares two URIs by RFC 3261 §19.1.4, but not their push parameters. */
bool rg__pn_same_without(const rg__uri *a, const rg__uri *b);

/* Whether lines of Feature-Caps (RFC 6809) name the provider, as a proxy does that wakes the device itself. Malformed values are ignored, and
 * so is all from the value with the RG__PN_READ_MAX-th parameter or tag on, where a value without parameters counts as one: each Contact
 * of a request reads the lines again. */
enum { RG__PN_READ_MAX = 256 };
bool rg__pn_handled(const rg_str *lines, uint32_t n, rg_str provider);

#endif
