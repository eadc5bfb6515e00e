/* SPDX-License-Identifier: MIT */
/* Requests that outlive the call they were passed to. */
#ifndef RG__REQUEST_H
#define RG__REQUEST_H

#include <rgstr/request.h>
#include "text/text.h"

/* Reads a caller's struct of any version: members beyond its struct_size are empty. Copies no text. */
void rg__request_view(const rg_request *given, rg_request *out);

/* The same for a reply of a main registrar. False: it is no 2xx, or a count comes without its array. */
bool rg__upstream_view(const rg_upstream *given, rg_upstream *out);

/* A deep copy in one allocation; release it with rg_request_free(). RG_ELIMIT: more than @p max_bytes of text. */
rg_status rg__request_copy(const rg_request *from, size_t max_bytes, rg_request **out);

#endif
