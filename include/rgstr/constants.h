/* SPDX-License-Identifier: MIT */
/**
 * @file constants.h
 * The constants of librgstr by name, as the loaded library has them: for languages that cannot read a macro, and for programs that need a
 * limit of the library that they run with.
 *
 * The table holds every enumerator and every macro with a value of the headers that rgstr.h includes. A value never changes, except that a
 * later version may raise a limit whose comment says so. A later version may add enumerators to an enumeration whose comment says so; a
 * program ignores a value or a bit that it does not know.
 *
 * Every function may be called on any thread.
 */
#ifndef RGSTR_CONSTANTS_H
#define RGSTR_CONSTANTS_H

#include <rgstr/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads a constant by its name in C, as "RG_TIME_NEVER".
 * @param value  becomes its value; 4294967295 for UINT32_MAX. 0 on an error.
 * @return RG_OK; RG_ENOENT: this version has no such constant; RG_EINVAL: @p value is NULL.
 */
RG_API rg_status rg_constant(rg_str name, int64_t *value);

/** @return the number of constants. */
RG_API uint32_t rg_constant_count(void);

/**
 * Reads row @p index of the table of constants.
 * @param name  becomes the name in C, static text owned by the library. NULL on an error. @param value  becomes the value; 0 on an error.
 * @return RG_OK; RG_ENOENT past the last row; RG_EINVAL: @p name or @p value is NULL.
 */
RG_API rg_status rg_constant_get(uint32_t index, const char **name, int64_t *value);

#ifdef __cplusplus
}
#endif
#endif
