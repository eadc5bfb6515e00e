/* SPDX-License-Identifier: MIT */
/* WITH_SOFIA: librgstr-sofia is built. */
#include "bytes.h"
#include <string.h>
#ifdef WITH_SOFIA
#include <rgstr/sofia.h>
#endif

static const char source_address[] = "10.20.100.100:5060";
static const char source_uri[] = "sip:10.20.100.100:5060;transport=udp";
static const char local_socket[] = "udp:203.0.113.110:5060";

static int32_t code_of(const char *reply, size_t n)
{
	if (n < 12 || memcmp(reply, "SIP/2.0 ", 8) != 0)
		return 0;
	return (reply[8] - '0') * 100 + (reply[9] - '0') * 10 + (reply[10] - '0');
}

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

bytes_way bytes_way_of(const char *name)
{
#ifdef WITH_SOFIA
	if (strcmp(name, "sofia") == 0)
		return answer_with_sofia;
#endif
	(void)name;
	return NULL;
}
