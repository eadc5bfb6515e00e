/* SPDX-License-Identifier: MIT */
/*
 * A regular expression that is matched in time and memory known beforehand, whatever the text.
 *
 * regexec() remembers every state that a text leads it to, for as long as the expression lives: with /.*a.{60}c/ a stranger's text of 255
 * bytes takes some 15 MB and 50 ms, and each next one as much again. This one is in all its states at once and remembers none: at most
 * a step for each instruction and byte, and nothing is allocated or locked.
 */
#ifndef RG__AUTOMATON_H
#define RG__AUTOMATON_H

#include "text/text.h"

typedef struct rg__automaton rg__automaton;

enum { RG__RE_EXTENDED = 1, RG__RE_IGNORE_CASE = 2 };

/*
 * Compiles a POSIX expression, basic or extended, with the operators GNU added to either. It means bytes, in every locale. Back-references
 * are not known. Takes what regcomp() takes, but does not ask it: that can be made to take minutes and gigabytes by a few dozen bytes.
 * RG_OK; RG_EINVAL: not one that is known here; RG_ELIMIT: it repeats or nests too much; RG_ENOMEM. @p why, if asked for, says what is
 * wrong.
 */
rg_status rg__automaton_new(rg_str expression, int how, rg__automaton **out, const char **why);
void rg__automaton_free(rg__automaton *a);

/* Whether it matches anywhere in the text. Any thread. */
bool rg__automaton_finds(const rg__automaton *a, rg_str text);

#endif
