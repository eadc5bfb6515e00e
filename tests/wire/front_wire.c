/* SPDX-License-Identifier: MIT */
/* Through librgstr-wire. The buffer is as large as the reply and no larger, so that a sanitizer sees an octet past it. */
#include "front.h"
#include <rgstr/wire.h>
#include <stdlib.h>
#include <string.h>

static void called(void *user, rg_wire_call *call)
{
	*(rg_wire_call **)user = call;
}

static rg_status send_call(rg_registrar *registrar, const question *q, rg_wire_call *call)
{
	rg_wire_call *answered = NULL;

	if (!q->async)
		return rg_wire_handle(registrar, call, NULL);
	rg_status status = rg_wire_handle_async(registrar, call, called, &answered, NULL, NULL, NULL);
	front_must(status <= RG_OK, "a memory store answers at once");
	front_must((answered == call) == (status == RG_OK), "the callback has been called, unless there is an error");
	return call->status;
}

static void prepare(const question *q, rg_wire_call *call)
{
	rg_wire_call_init(call, sizeof *call);
	call->flags = q->look_up ? RG_WIRE_LOOKUP : 0;
	call->bytes = q->bytes;
	call->host = q->host;
	call->save = q->save;
	call->lookup = q->lookup;
}

static void take_answer(answer *out, const rg_wire_call *call)
{
	out->status = call->status;
	out->code = call->code;
	out->n = call->n;
	if (call->targets) {
		out->code = rg_targets_code(call->targets);
		answer_take_targets(out, call->targets);
	}
	if (call->n == 0)
		return;
	out->reply = malloc(call->n + 1);
	front_must(out->reply != NULL, "there is memory");
	memcpy(out->reply, call->reply, call->n);
	out->reply[call->n] = '\0';
	front_must(answer_code(out) == call->code, "the code of a call is that of its reply");
}

/* Without a buffer first: the length is known then, and the decision is made. */
static void handle_wire_again(rg_registrar *registrar, const question *q, answer *out)
{
	rg_wire_call call;

	prepare(q, &call);
	rg_status status = send_call(registrar, q, &call);
	front_must(status == call.status && (call.n > 0) == (status == RG_ELIMIT), "what has no room is too long");
	if (status == RG_ELIMIT) {
		size_t n = call.n;
		rg_targets_free(call.targets);
		char *room = malloc(n);
		front_must(room != NULL, "there is memory");
		prepare(q, &call);
		call.reply = room;
		call.room = n;
		send_call(registrar, q, &call);
		front_must(call.n <= n, "a repeat gets a reply of the same length");
		take_answer(out, &call);
		free(room);
		return;
	}
	take_answer(out, &call);
}

static void handle_wire(const front *self, rg_registrar *registrar, const question *q, answer *out)
{
	enum { ROOM = 1 << 20 };
	static char room[ROOM];
	rg_wire_call call;

	(void)self;
	if (q->again) {
		handle_wire_again(registrar, q, out);
		return;
	}
	prepare(q, &call);
	call.reply = room;
	call.room = ROOM;
	rg_status status = send_call(registrar, q, &call);
	front_must(status == call.status, "a call has the status that is returned");
	take_answer(out, &call);
}

const front front_wire = { "wire", handle_wire, NULL };
