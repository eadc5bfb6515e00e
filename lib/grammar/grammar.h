/* SPDX-License-Identifier: MIT */
/* The door of grammar/: URIs, header values, the canonical AoR. */
#ifndef RG__GRAMMAR_H
#define RG__GRAMMAR_H

#include "grammar/aor.h"
#include "grammar/chars.h"
#include "grammar/header.h"
#include "grammar/stop.h"
#include "grammar/uri.h"
#include "grammar/via.h"

#endif
