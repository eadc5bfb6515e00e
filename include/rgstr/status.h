/* SPDX-License-Identifier: MIT */
/**
 * @file status.h
 * Status codes, and the error object that says what was wrong in words.
 *
 * A status says whether a decision could be made. A refusal of a request (400, 423, 503 …) is a decision, not an error.
 *
 * **Results.** This law holds for every result that a function of librgstr writes through a pointer:
 * - A result is mandatory unless its comment says that it may be NULL. Without a place for a mandatory one, a function that returns a
 *   status returns RG_EINVAL, and any other function does nothing.
 * - After an error, a result that is a pointer is NULL, and a value is 0 or absent. There are two exceptions. After RG_ESTORE of a save or
 *   a lookup the result is the answer to send, or NULL when out of memory. And a value whose comment says so is set after an error, too:
 *   `n_removed`, and `next` of rg_registrar_tick().
 *
 * **No object.** A function that reads an object may get NULL for it. What it returns then is 0, NULL, absent or RG_ENOENT, unless its comment
 * says otherwise.
 *
 * **Words.** An argument `why` may be NULL. It is filled in when the call returns an error, and left alone otherwise. The text names the
 * argument as in the header, as `done`, or the member, as `rg_request.received`. It is for people; a later version may word it
 * differently. An operation that fails after its call has returned has no words, only a status.
 *
 * All functions of this header may be called on any thread. One rg_error belongs to one thread at a time.
 */
#ifndef RGSTR_STATUS_H
#define RGSTR_STATUS_H

#include <rgstr/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every status. The values never change; a later version may add negative ones. rg_strerror() returns the text. */
enum {
	RG_OK = 0,          /**< success */
	RG_PENDING = 1,     /**< the operation will complete later */
	RG_EINVAL = -1,     /**< invalid argument */
	RG_ENOMEM = -2,     /**< out of memory */
	RG_ENOENT = -3,     /**< no such thing */
	RG_ENOTSUP = -4,    /**< not supported here */
	RG_ECANCELED = -5,  /**< canceled */
	RG_ETIMEOUT = -6,   /**< no answer in time */
	RG_ESTORE = -7,     /**< location store unavailable */
	RG_ECONFLICT = -8,  /**< the record has changed meanwhile */
	RG_EUNKNOWN = -9,   /**< the outcome is unknown */
	RG_EFULL = -10,     /**< a budget is used up */
	RG_ELIMIT = -11,    /**< a limit is exceeded */
	RG_EFORMAT = -12,   /**< malformed data */
	RG_ECONTRACT = -13  /**< a callback or store broke its contract */
};

/** @return the English text of a status; "unknown status" for any other number. Static, never NULL. */
RG_API const char *rg_strerror(rg_status status);

/** @return the name of a status, as "RG_EINVAL"; NULL for any other number. Static. */
RG_API const char *rg_status_name(rg_status status);

/** What went wrong and why, in words. A function that takes an rg_error fills it in when it fails. */
typedef struct rg_error rg_error;

/** @return a new empty error (status RG_OK, text ""), owned by the caller; NULL when out of memory. */
RG_API rg_error *rg_error_new(void);

/** Releases an error. NULL is accepted. */
RG_API void rg_error_free(rg_error *error);

/**
 * Reports a failure. Stores, adaptors and language bindings use it to report in the same way as the library.
 * @param error  NULL is accepted: the report is dropped. @param text  copied, at most 1024 bytes; control characters, and octets that are no UTF-8, become `?`.
 * @return @p status.
 */
RG_API rg_status rg_error_set(rg_error *error, rg_status status, rg_str text);

/** @return the status of the last reported failure; RG_OK without one, and for NULL. */
RG_API rg_status rg_error_status(const rg_error *error);

/** @return the text of the last reported failure, with a NUL behind it. Borrowed until the error is used again. "" for NULL. */
RG_API rg_str rg_error_text(const rg_error *error);

#ifdef __cplusplus
}
#endif
#endif
