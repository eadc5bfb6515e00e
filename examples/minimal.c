/* SPDX-License-Identifier: MIT */
/* The smallest complete program: a store, a registrar, a phone that registers, and a lookup of where to reach it. */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <stdio.h>

static rg_status save(rg_registrar *registrar, rg_error *why)
{
	rg_str contact = RG_STR("<sip:alice@192.0.2.7:5062;transport=tcp>;q=0.8");
	rg_request request;
	rg_response *response;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = RG_STR("sip:example.org");
	request.from_header = RG_STR("<sip:alice@example.org>;tag=1");
	request.to_header = RG_STR("<sip:alice@example.org>");
	request.callid = RG_STR("3848276298220188511@192.0.2.7");
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &contact;
	request.n_contacts = 1;
	rg_status status = rg_save(registrar, &request, NULL, &response, why);
	if (status == RG_OK)
		printf("%d %s\n", rg_response_code(response), rg_response_phrase(response));
	rg_response_free(response);
	return status;
}

static rg_status lookup(rg_registrar *registrar, rg_error *why)
{
	rg_request request;
	rg_targets *targets;
	rg_target target;

	rg_target_init(&target, sizeof target); /* the library fills it in, as far as its size says */
	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	rg_status status = rg_lookup(registrar, &request, NULL, &targets, why);
	for (uint32_t i = 0; rg_targets_get(targets, i, &target) == RG_OK; i++)
		printf("%.*s -> %.*s\n", (int)target.aor.n, target.aor.p, (int)target.uri.n, target.uri.p);
	if (status == RG_OK && rg_targets_count(targets) != 1)
		status = rg_error_set(why, RG_ENOENT, RG_STR("the phone is not found"));
	rg_targets_free(targets);
	return status;
}

int main(void)
{
	rg_registrar *registrar = NULL;
	rg_store *store = NULL;
	rg_error *why = rg_error_new(); /* says what is wrong, in words; NULL would do */
	rg_status status = rg_memory_store_new(NULL, &store, why);

	if (status == RG_OK)
		status = rg_registrar_new(NULL, store, NULL, &registrar, why);
	rg_store_unref(store); /* the registrar holds its own reference */
	if (status == RG_OK && (status = save(registrar, why)) == RG_OK)
		status = lookup(registrar, why);
	if (status != RG_OK)
		fprintf(stderr, "minimal: %s\n", rg_error_text(why).p);
	rg_error_free(why);
	rg_registrar_unref(registrar);
	return status != RG_OK;
}
