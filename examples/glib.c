/* SPDX-License-Identifier: MIT */
/* A registrar on the event loop of GLib. A phone registers for a second, and the program ends when its binding has expired.
 * usage: glib [redis://HOST | unix:/PATH]; without an address the bindings are in memory. */
#include <glib.h>
#include <rgstr/glib.h>
#include <rgstr/memory.h>
#include <rgstr/redis.h>
#include <rgstr/rgstr.h>
#include <stdio.h>

static void on_event(void *over, const rg_event *event)
{
	printf("%s %.*s\n", rg_event_name(event->kind), (int)event->aor.n, event->aor.p);
	*(int *)over |= event->kind == RG_EVENT_CONTACT_EXPIRE;
}

static void on_saved(void *over, rg_status status, rg_response *response)
{
	printf("%s: %d\n", rg_strerror(status), rg_response_code(response));
	*(int *)over |= status != RG_OK;
	rg_response_free(response);
}

int main(int argc, char **argv)
{
	rg_str contact = RG_STR("<sip:alice@192.0.2.7>;expires=1"), to = RG_STR("<sip:alice@example.org>;tag=1"), uri = RG_STR("sip:example.org");
	rg_request phone = { .struct_size = sizeof phone, .method = RG_STR("REGISTER"), .request_uri = uri, .from_header = to, .to_header = to,
		.callid = RG_STR("1@192.0.2.7"), .cseq = RG_STR("1 REGISTER"), .contacts = &contact, .n_contacts = 1, .via_count = 1 };
	rg_redis_options server = { .struct_size = sizeof server, .address = rg_str_from(argc > 1 ? argv[1] : NULL) };
	GSource *source = rg_glib_source_new();
	rg_env env = { .struct_size = sizeof env, .wakeup = rg_glib_source_wakeup, .user = source };
	rg_error *why = rg_error_new();
	rg_save_options *options = NULL;
	rg_subscription *events = NULL;
	rg_registrar *registrar = NULL;
	rg_store *store = NULL;
	int over = 0, failed = rg_save_options_new(RG_STR("min-expires=1"), &options, why) != RG_OK ||
		(argc > 1 ? rg_redis_store_new(&server, &store, why) : rg_memory_store_new(NULL, &store, why)) != RG_OK ||
		rg_registrar_new(NULL, store, &env, &registrar, why) != RG_OK ||
		rg_registrar_subscribe(registrar, UINT32_MAX, on_event, &over, NULL, &events, why) != RG_OK ||
		rg_glib_source_tick(source, registrar, 0) != RG_OK || g_source_attach(source, NULL) == 0 ||
		(argc > 1 && rg_glib_source_watch(source, store, rg_redis_store_descriptor(store), rg_redis_store_drive) != RG_OK) ||
		rg_save_async(registrar, &phone, options, on_saved, &over, NULL, NULL, why) < 0;
	while (!failed && !over)
		g_main_context_iteration(NULL, TRUE);
	if (failed)
		fprintf(stderr, "glib: %s\n", rg_error_text(why).p);
	g_source_destroy(source); /* it holds the registrar and the store */
	rg_subscription_free(events);
	rg_registrar_unref(registrar);
	rg_store_unref(store);
	rg_save_options_unref(options);
	rg_error_free(why);
	g_source_unref(source); /* wakeup has needed it so far */
	return failed;
}
