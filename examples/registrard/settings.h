/* SPDX-License-Identifier: MIT */
/* What registrard does with each parameter and option flag of the library: one table, which the command line and the tests read. */
#ifndef REGISTRARD_SETTINGS_H
#define REGISTRARD_SETTINGS_H

#include "args.h"
#include "log.h"

/* Kinds of settings. Those of flags are the numbers of rg_flag.verb. */
enum { SETTING_PARAMETER = 0, SETTING_SAVE = 1, SETTING_LOOKUP = 2 };

struct setting {
	int kind;
	const char *name;
	/* Why registrard cannot do what it asks for, and what is possible. NULL = it is accepted. */
	const char *refusal;
	/* Why it does nothing with these arguments; NULL = it has an effect. The function is NULL when it always has one, or this version of
	 * the library is what does nothing (rg_param.in_effect). */
	const char *(*idle)(const struct args *args);
};

/* Row @p index of the table; NULL past the last one. */
const struct setting *setting_get(size_t index);

/* Refuses what cannot be done. @return 0 after an error line on stderr, else 1. */
int settings_check(const struct args *args);

/* Logs, at warning, what was set and does nothing. */
void settings_tell(const struct args *args, struct log *log);

/* Takes the next flag of an option string off @p rest. @return 0 at its end. */
int flag_next(const char **rest, rg_str *name);

/* @return 1 when an option string has this flag. */
int flag_is_given(const char *flags, const char *name);

#endif
