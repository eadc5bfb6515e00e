/* SPDX-License-Identifier: MIT */
#include "engine/log.h"
#include <stdio.h>
#include <stdlib.h>

void rg__log(const rg_env *env, int32_t level, const char *format, ...)
{
	va_list args;

	if (!rg__log_wants(env, level))
		return;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *line = length < 0 ? NULL : malloc((size_t)length + 1);

	if (!line)
		return;
	va_start(args, format);
	vsnprintf(line, (size_t)length + 1, format, args);
	va_end(args);
	rg__defuse(line, (size_t)length);
	const rg_str text = { line, (size_t)length };
	env->log(env->user, level, &text);
	free(line);
}
