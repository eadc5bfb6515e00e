/* SPDX-License-Identifier: MIT */
/* Layer 2: what the layers above ask of a record beside its public views. */
#ifndef RG__MODEL_H
#define RG__MODEL_H

#include <rgstr/record.h>

/* A binding with a flow is found under this tag, the flow behind it. */
#define RG__FLOW_TAG "flow:"

/* The URI of binding @p index, which there must be: without the rest of the view. */
rg_str rg__record_uri(const rg_record *record, uint32_t index);

#endif
