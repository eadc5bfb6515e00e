/* SPDX-License-Identifier: MIT */
/* A raw message → the Sofia-SIP adaptor → a registrar over a memory store: whatever comes back has to be one whole SIP reply. */
#include <rgstr/memory.h>
#include <rgstr/sofia.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every extension there is. */
static void extend(rg_config *config)
{
	static const char *const settings[][2] = { { "outbound_mode", "on" }, { "flow_timer", "95" }, { "nat_bflag", "6" }, { "sock_hdr_name",
		"Sock-Info" },
		{ "pn_enable", "1" }, { "pn_providers", "apns, fcm, webpush, acme" }, { "pn_enable_purr", "1" }, { "gruu_secret", "secret" },
		{ "service_route", "<sip:s1.example.com;lr>" } };

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		if (rg_config_set(config, rg_str_from(settings[i][0]), rg_str_from(settings[i][1]), NULL) != RG_OK)
			abort();
	}
}

/* One registrar an input, so that an input alone makes what it found happen again. */
static rg_registrar *registrar_new(int extended)
{
	rg_store *store = NULL;
	rg_config *config = NULL;
	rg_registrar *registrar = NULL;
	const rg_memory_options options = { .struct_size = sizeof options, .shards = 1 };

	if (rg_memory_store_new(&options, &store, NULL) != RG_OK || rg_config_new(&config) != RG_OK)
		abort();
	if (extended)
		extend(config);
	if (rg_registrar_new(config, store, NULL, &registrar, NULL) != RG_OK)
		abort();
	rg_config_free(config);
	rg_store_unref(store);
	return registrar;
}

/* A reply of another registrar, or anything else, to the very message. */
static void answered(rg_registrar *registrar, const rg_request *request)
{
	rg_upstream upstream;
	rg_response *response = NULL;

	rg_upstream_init(&upstream, sizeof upstream);
	upstream.code = 200;
	upstream.contacts = request->contacts;
	upstream.n_contacts = request->n_contacts;
	upstream.expires = request->expires;
	upstream.modified = request->paths;
	upstream.n_modified = request->n_paths;
	/* Another method, and a Path in the place of a forwarded URI, are mistakes of this host. */
	rg_status status = rg_save_reply(registrar, request, &upstream, NULL, &response, NULL);
	if ((status != RG_OK && status != RG_EINVAL) || (response != NULL) != (status == RG_OK))
		abort();
	rg_response_free(response);
}

static int is_whole(const uint8_t *reply, size_t n)
{
	return n > 12 && memcmp(reply, "SIP/2.0 ", 8) == 0 && memcmp(reply + n - 4, "\r\n\r\n", 4) == 0 && !memchr(reply, '\0', n);
}

static void play(rg_str bytes, int extended)
{
	rg_registrar *registrar = registrar_new(extended);
	rg_save_options *options = NULL;
	rg_request *request = NULL;

	if (rg_save_options_new(rg_str_from(extended ? "path-lazy, path-received, socket-header" : ""), &options, NULL) != RG_OK)
		abort();
	/* Twice, since the second finds what the first stored. */
	for (int i = 0; i < 2; i++) {
		uint8_t *reply = NULL;
		size_t n = 0;
		rg_status status = rg_sofia_handle(registrar, bytes, NULL, options, &reply, &n, NULL);
		if ((status != RG_OK && status != RG_EINVAL) || (reply && !is_whole(reply, n)) || (!reply && n > 0))
			abort();
		rg_mem_free(reply);
	}
	if (rg_sofia_request_parse(bytes, &request, NULL) == RG_OK) {
		answered(registrar, request);
		rg_request_free(request);
	}
	rg_save_options_unref(options);
	rg_registrar_unref(registrar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const rg_str bytes = { (const char *)data, size };

	play(bytes, 0);
	play(bytes, 1);
	return 0;
}
