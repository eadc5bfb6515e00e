/* SPDX-License-Identifier: MIT */
#include "adaptors.h"

#ifdef RG_TEST_WIRE
#include <rgstr/wire.h>

static rg_request host_of(const rg_sofia_source *source)
{
	rg_request host;

	rg_request_init(&host, sizeof host);
	host.flags = source->flags;
	host.branch_flags = source->branch_flags;
	host.source = source->source;
	host.transport = source->transport;
	host.domain = source->domain;
	host.aor = source->aor;
	host.ownership_tag = source->ownership_tag;
	host.identity = source->identity;
	host.received = source->received;
	host.attr = source->attr;
	host.flow = source->flow;
	host.socket = source->socket;
	return host;
}

/* The buffer is as large as the reply, so that a sanitizer sees an octet past it. */
static rg_status handle_by_wire(rg_registrar *registrar, rg_str bytes, const rg_sofia_source *source, const rg_save_options *options,
	uint8_t **reply, size_t *n, rg_error *why)
{
	rg_request host = host_of(source);
	rg_wire_call call;

	rg_wire_call_init(&call, sizeof call);
	call.bytes = bytes;
	call.host = &host;
	call.save = options;
	rg_status status = rg_wire_handle(registrar, &call, why);
	if (status == RG_ELIMIT) {
		call.room = call.n;
		call.reply = malloc(call.room);
		cr_assert_not_null(call.reply);
		status = rg_wire_handle(registrar, &call, why);
	}
	*reply = (uint8_t *)call.reply;
	*n = call.n;
	return status;
}
#endif

const adaptor adaptors[] = {
	{ "sofia", rg_sofia_handle },
#ifdef RG_TEST_WIRE
	{ "wire", handle_by_wire },
#endif
};
const size_t n_adaptors = sizeof adaptors / sizeof *adaptors;
