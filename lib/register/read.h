/* SPDX-License-Identifier: MIT */
/* Functions that the files of register/ share. */
#ifndef RG__READ_H
#define RG__READ_H

#include "register/register.h"

/* contact.c: reads all Contact lines into `wanted`. RG_R_… for an exceeded limit, else RG_R_FINE; other faults go to contact_reason. */
int32_t rg__register_contacts(rg__register *reg);

/* path.c: reads the Path, unless it is ignored. RG_R_… */
int32_t rg__register_path(rg__register *reg);

/* extensions.c: Require, and the rules of Path and Outbound. RG_R_… */
int32_t rg__register_require(rg__register *reg);
int32_t rg__register_extensions(rg__register *reg);

/* push.c: the push parameters of a Contact, which may raise its interval; and the refusal of Contacts that ask for what there is not. */
int32_t rg__register_push(rg__register *reg, rg__wanted *w);
int32_t rg__register_push_policy(const rg__register *reg);

/* push.c: refuses a Contact as too brief, with a Min-Expires that leaves room to wake its device. */
int32_t rg__register_brief(rg__register *reg, rg__wanted *w);

/* host.c: what the host says. RG_EINVAL: it is wrong; @p why names the member. */
rg_status rg__register_host(rg__register *reg, rg_error *why);

/* upstream.c: the intervals that the main registrar granted to the Contacts. RG_EINVAL: the host's `modified` is wrong; RG_ENOMEM; else RG_OK
 * and a reason. */
rg_status rg__register_reply(rg__register *reg, const rg_upstream *upstream, int32_t *reason, rg_error *why);

/* The rules for a Contact that depend on the rest of the request. RG_R_… */
int32_t rg__register_rules(rg__register *reg);

/* The canonical AoR under @p rules: the one that the caller names, else To. Returns RG__AOR_…; free it with rg__aor_free(). */
int rg__register_aor(const rg__register *reg, const rg__aor_rules *rules, rg__aor *out);

/* Reads a received URI. It must be a SIP URI: responses print it between quotes, and that grammar contains none. */
bool rg__received_read(rg_str text, rg__uri *out);

#endif
