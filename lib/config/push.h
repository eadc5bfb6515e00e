/* SPDX-License-Identifier: MIT */
/* Push notifications (RFC 8599) as the config has them. */
#ifndef RG__PUSH_CONFIG_H
#define RG__PUSH_CONFIG_H

#include <rgstr/config.h>
#include "text/text.h"

/* The most names in a list: its text has at most 1024 bytes, and a name takes two of them with its comma. */
enum { RG__PUSH_NAMES = 512 };

/* The values of the parameters pn_…, in seconds. The names borrow from the config. */
typedef struct rg__push {
	int64_t trigger, pnsreg;
	int64_t least;     /* the shortest lifetime that leaves room to wake the device before its end */
	bool purrs;
	uint32_t n_providers, n_match;
	rg_str providers[RG__PUSH_NAMES]; /* each once, in any letter case */
	rg_str match[RG__PUSH_NAMES];     /* pn_ct_match_params; likewise */
} rg__push;

/* Reads the parameters. While `pn_enable` is off the lists are not read. */
void rg__push_prepare(const rg_config *config, rg__push *out);

const rg__push *rg__config_push(const rg_config *config); /* NULL while `pn_enable` is off */

#endif
