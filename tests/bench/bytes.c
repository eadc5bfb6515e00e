/* SPDX-License-Identifier: MIT */
/* WITH_SOFIA and WITH_WIRE: librgstr-sofia and librgstr-wire are built. */
#include "bytes.h"
#include <string.h>
#ifdef WITH_SOFIA
#include <rgstr/sofia.h>
#endif
#ifdef WITH_WIRE
#include <rgstr/wire.h>
#endif

#if defined WITH_SOFIA || defined WITH_WIRE
static const char source_address[] = "10.20.100.100:5060";
static const char source_uri[] = "sip:10.20.100.100:5060;transport=udp";
static const char local_socket[] = "udp:203.0.113.110:5060";

static int32_t code_of(const char *reply, size_t n)
{
	if (n < 12 || memcmp(reply, "SIP/2.0 ", 8) != 0)
		return 0;
	return (reply[8] - '0') * 100 + (reply[9] - '0') * 10 + (reply[10] - '0');
}
#endif

#ifdef WITH_SOFIA
static int32_t answer_with_sofia(rg_registrar *reg, rg_str datagram)
{
	static rg_sofia_source source;
	uint8_t *reply = NULL;
	size_t n = 0;

	if (!source.struct_size) {
		rg_sofia_source_init(&source, sizeof source);
		rg_addr_parse(rg_str_from(source_address), &source.source);
		source.transport = RG_STR("udp");
		source.received = rg_str_from(source_uri);
		source.socket = rg_str_from(local_socket);
	}
	rg_status st = rg_sofia_handle(reg, datagram, &source, NULL, &reply, &n, NULL);
	int32_t code = st == RG_OK && reply ? code_of((const char *)reply, n) : 0;

	rg_mem_free(reply);
	return code;
}
#endif

#ifdef WITH_WIRE
/* @return calls that are ready but for the bytes. */
static rg_wire_call *wire_calls(void)
{
	static rg_request host;
	static rg_wire_call calls[BYTES_MANY];
	static char replies[BYTES_MANY][2048 + 64]; /* no power of two: they would compete for the same cache lines */

	if (calls[0].struct_size)
		return calls;
	rg_request_init(&host, sizeof host);
	rg_addr_parse(rg_str_from(source_address), &host.source);
	host.transport = RG_STR("udp");
	host.received = rg_str_from(source_uri);
	host.socket = rg_str_from(local_socket);
	for (uint32_t i = 0; i < BYTES_MANY; i++) {
		rg_wire_call_init(&calls[i], sizeof calls[i]);
		calls[i].flags = RG_WIRE_REDIRECT;
		calls[i].host = &host;
		calls[i].reply = replies[i];
		calls[i].room = sizeof replies[i];
	}
	return calls;
}

static int32_t answer_with_wire(rg_registrar *reg, rg_str datagram)
{
	rg_wire_call *call = wire_calls();

	call->bytes = datagram;
	return rg_wire_handle(reg, call, NULL) == RG_OK ? code_of(call->reply, call->n) : 0;
}

static uint32_t answer_many_with_wire(rg_registrar *reg, const rg_str *datagrams, uint32_t n, int32_t code)
{
	rg_wire_call *calls = wire_calls();
	uint32_t good = 0;

	for (uint32_t i = 0; i < n; i++)
		calls[i].bytes = datagrams[i];
	rg_wire_handle_many(reg, calls, n, NULL);
	for (uint32_t i = 0; i < n; i++)
		good += calls[i].status == RG_OK && code_of(calls[i].reply, calls[i].n) == code;
	return good;
}
#endif

bytes_way bytes_way_of(const char *name)
{
#ifdef WITH_SOFIA
	if (strcmp(name, "sofia") == 0)
		return answer_with_sofia;
#endif
#ifdef WITH_WIRE
	if (strcmp(name, "wire") == 0)
		return answer_with_wire;
#endif
	(void)name;
	return NULL;
}

bytes_way_many bytes_way_many_of(const char *name)
{
#ifdef WITH_WIRE
	if (strcmp(name, "wire") == 0)
		return answer_many_with_wire;
#endif
	(void)name;
	return NULL;
}
