/* SPDX-License-Identifier: MIT */
/*
 * A regular expression whose matching time and memory are bounded, whatever the text.
 *
 * The project has its own engine because PCRE2's POSIX conversion differs (`\+`, `\|`, `\<`, `a{,3}`, `[[=a=]]`, accepted extensions),
 * and because a User-Agent sent by a stranger can reach its step limit.
 *
 * regexec() keeps every state that a text leads to for as long as the expression lives. With /.*a.{60}c/ a text of 255 bytes takes some
 * 15 MB and 50 ms, and each further text as much again. This engine is in all its states at once and keeps none: it takes at most one
 * step per instruction and byte, and neither allocates nor locks.
 */
#ifndef RG__REGEX_H
#define RG__REGEX_H

#include "text/text.h"

typedef struct rg__automaton rg__automaton;

enum { RG__RE_EXTENDED = 1, RG__RE_IGNORE_CASE = 2 };

/*
 * Compiles a POSIX expression, basic or extended, with the operators that GNU added to either. An expression matches bytes, in every
 * locale. Back-references are refused. Otherwise it accepts what regcomp() accepts, but does not call it: a few dozen bytes can make
 * regcomp() take minutes and gigabytes. RG_EINVAL: not a valid expression; RG_ELIMIT: it repeats or nests too much; RG_ENOMEM. @p why
 * may be NULL; it receives the reason of a refusal.
 */
rg_status rg__automaton_new(rg_str expression, int how, rg__automaton **out, const char **why);
void rg__automaton_free(rg__automaton *a);

/* Whether the expression matches anywhere in the text. May be called from any thread. */
bool rg__automaton_finds(const rg__automaton *a, rg_str text);

#endif
