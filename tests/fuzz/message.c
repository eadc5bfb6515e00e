/* SPDX-License-Identifier: MIT */
/* A raw message → the Sofia-SIP adaptor → a registrar over a memory store: whatever comes back has to be one whole SIP reply. */
#include <rgstr/memory.h>
#include <rgstr/sofia.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One registrar an input, so that an input alone makes what it found happen again. */
static rg_registrar *registrar_new(void)
{
	rg_store *store = NULL;
	rg_registrar *registrar = NULL;
	const rg_memory_options options = { .struct_size = sizeof options, .shards = 1 };

	if (rg_memory_store_new(&options, &store, NULL) != RG_OK || rg_registrar_new(NULL, store, NULL, &registrar, NULL) != RG_OK)
		abort();
	rg_store_unref(store);
	return registrar;
}

static int is_whole(const uint8_t *reply, size_t n)
{
	return n > 12 && memcmp(reply, "SIP/2.0 ", 8) == 0 && memcmp(reply + n - 4, "\r\n\r\n", 4) == 0 && !memchr(reply, '\0', n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rg_registrar *registrar = registrar_new();
	const rg_str bytes = { (const char *)data, size };
	rg_request *request = NULL;

	/* Twice, since the second finds what the first stored. */
	for (int i = 0; i < 2; i++) {
		uint8_t *reply = NULL;
		size_t n = 0;
		rg_status status = rg_sofia_handle(registrar, bytes, NULL, NULL, &reply, &n);
		if ((status != RG_OK && status != RG_EINVAL) || (reply && !is_whole(reply, n)) || (!reply && n > 0))
			abort();
		rg_mem_free(reply);
	}
	if (rg_sofia_request_parse(bytes, &request, NULL) == RG_OK)
		rg_request_free(request);
	rg_registrar_unref(registrar);
	return 0;
}
