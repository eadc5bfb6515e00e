/* SPDX-License-Identifier: MIT */
/* Requests that outlive the call they were passed to. */
#ifndef RG__REQUEST_H
#define RG__REQUEST_H

#include <rgstr/request.h>
#include "text/text.h"

/* Reads a caller's struct: members that the caller does not know are empty. Copies no text. NULL is an empty request. RG_EINVAL: its size is
 * refused; @p out is then not written. */
rg_status rg__request_view(const rg_request *given, rg_request *out, rg_error *why);

/* The same for a reply of a main registrar. RG_EINVAL also when there is none, when it is no 2xx, or when a count comes without its array. */
rg_status rg__upstream_view(const rg_upstream *given, rg_upstream *out, rg_error *why);

/* A deep copy in one allocation; release it with rg_request_free(). RG_ELIMIT: more than @p max_bytes of text. RG_EINVAL: the size
 * of the struct is refused. */
rg_status rg__request_copy(const rg_request *from, size_t max_bytes, rg_request **out);

#endif
