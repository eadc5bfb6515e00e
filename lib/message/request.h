/* SPDX-License-Identifier: MIT */
/* Requests that outlive the call they were passed to. */
#ifndef RG__REQUEST_H
#define RG__REQUEST_H

#include <rgstr/request.h>
#include "text/text.h"

/* Reads a caller's struct: members that the caller does not know are empty. Copies no text. NULL is an empty request. A count may lack its
 * array. RG_EINVAL: its size is refused; @p out is then not written. */
rg_status rg__request_view(const rg_request *given, rg_request *out, rg_error *why);

/* The same, and checks what only the host can have got wrong, whatever the verb: a count without its array, an unknown flag, an address
 * without a family. RG_EINVAL; @p why then names the member. */
rg_status rg__request_open(const rg_request *given, rg_request *out, rg_error *why);

/* The same without a copy where none is needed: *out is @p given itself, or @p room. */
rg_status rg__request_borrow(const rg_request *given, rg_request *room, const rg_request **out, rg_error *why);

/* The same for a reply of a main registrar, which has to be a 2xx. */
rg_status rg__upstream_open(const rg_upstream *given, rg_upstream *out, rg_error *why);

/* A deep copy in one allocation; release it with rg_request_free(). RG_ELIMIT: more than @p max_bytes of text. RG_EINVAL: the size
 * of the struct is refused. */
rg_status rg__request_copy(const rg_request *from, size_t max_bytes, rg_request **out);

#endif
