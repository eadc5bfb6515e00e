/* SPDX-License-Identifier: MIT */
/**
 * @file status.h
 * Status codes, and the error object that says what was wrong in words.
 *
 * A status says whether a decision could be made; a refusal of a request (400, 423, 503 …) is a decision, not an error.
 * Thread-safety: all functions of this header may be called on any thread; one rg_error belongs to one thread at a time.
 */
#ifndef RGSTR_STATUS_H
#define RGSTR_STATUS_H

#include <rgstr/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every status: X(name, value, text). Values never change. */
#define RG_STATUS_MAP(X) \
	X(RG_OK, 0, "success") \
	X(RG_PENDING, 1, "the operation will complete later") \
	X(RG_EINVAL, -1, "invalid argument") \
	X(RG_ENOMEM, -2, "out of memory") \
	X(RG_ENOENT, -3, "no such thing") \
	X(RG_ENOTSUP, -4, "not supported here") \
	X(RG_ECANCELED, -5, "canceled") \
	X(RG_ETIMEOUT, -6, "no answer in time") \
	X(RG_ESTORE, -7, "location store unavailable") \
	X(RG_ECONFLICT, -8, "the record was changed by someone else") \
	X(RG_EUNKNOWN, -9, "the outcome is not known") \
	X(RG_EFULL, -10, "a budget is used up") \
	X(RG_ELIMIT, -11, "a limit is exceeded") \
	X(RG_EFORMAT, -12, "the bytes are not what they should be") \
	X(RG_ECONTRACT, -13, "a callback or store broke its contract")

enum {
#define RG_STATUS_ENUM(name, value, text) name = value,
	RG_STATUS_MAP(RG_STATUS_ENUM)
#undef RG_STATUS_ENUM
};

/** @return static English text for a status; "unknown status" for any other number. Never NULL. */
RG_API const char *rg_strerror(rg_status status);

/** @return the status' own name, as "RG_EINVAL"; NULL for any other number. Static. */
RG_API const char *rg_status_name(rg_status status);

/** What went wrong and why, in words: filled in by the functions that take one. */
typedef struct rg_error rg_error;

/** @return a new empty error (status RG_OK, text ""), owned by the caller; NULL when memory is short. */
RG_API rg_error *rg_error_new(void);

/** Releases an error. NULL is accepted. */
RG_API void rg_error_unref(rg_error *error);

/**
 * Reports a failure: for stores, adaptors and bindings, which say what went wrong in the same way the library does.
 * @param error  NULL is accepted: nothing is kept then. @param text  copied, up to 1024 bytes; control characters become `?`.
 * @return @p status.
 */
RG_API rg_status rg_error_set(rg_error *error, rg_status status, rg_str text);

/** @return the status of the last failure reported into it; RG_OK when none was, or for NULL. */
RG_API rg_status rg_error_status(const rg_error *error);

/** @return what was wrong and why, NUL-terminated as well; borrowed until the error is used again. "" for NULL. */
RG_API rg_str rg_error_text(const rg_error *error);

#ifdef __cplusplus
}
#endif
#endif
