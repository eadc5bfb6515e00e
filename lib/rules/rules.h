/* SPDX-License-Identifier: MIT */
/* The door of rules/: rules that several decisions share. */
#ifndef RG__RULES_H
#define RG__RULES_H

#include "rules/draw.h"
#include "rules/expiry.h"
#include "rules/gruu.h"
#include "rules/matching.h"
#include "rules/methods.h"
#include "rules/purr.h"
#include "rules/push.h"
#include "rules/rank.h"
#include "rules/retry.h"
#include "rules/subject.h"

#endif
