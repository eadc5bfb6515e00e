/* SPDX-License-Identifier: MIT */
/* What the files of register/ do for each other. */
#ifndef RG__READ_H
#define RG__READ_H

#include "register/register.h"

/* register_contact.c: reads all Contact lines into `wanted`. RG_R_… of a limit, else RG_R_FINE; other faults go to contact_reason. */
int32_t rg__register_contacts(rg__register *reg);

/* register_path.c: reads Path, if it counts. RG_R_… */
int32_t rg__register_path(rg__register *reg);

/* register_extensions.c: Require, and what Path and Outbound ask. RG_R_… */
int32_t rg__register_require(rg__register *reg);
int32_t rg__register_extensions(rg__register *reg);

/* register_reply.c: what the main registrar granted of the Contacts. RG_ENOMEM, else RG_OK and a reason. */
rg_status rg__register_reply(rg__register *reg, const rg_upstream *upstream, int32_t *reason);

/* The rules that look at a Contact together with the rest of the request. RG_R_… */
int32_t rg__register_rules(rg__register *reg);

/* The AoR in its canonical form under @p rules: the one the caller names, else To. Returns RG__AOR_…; freed with rg__aor_free(). */
int rg__register_aor(const rg__register *reg, const rg__aor_rules *rules, rg__aor *out);

/* A received URI goes back between quotes: a SIP URI, whose grammar has nothing that would end them. */
bool rg__received_read(rg_str text, rg__uri *out);

#endif
