/* SPDX-License-Identifier: MIT */
/* A user in C11. The programs in this folder do the same in other languages: see README.md. */
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the callbacks saw. */
typedef struct seen {
	char log[256];   /* the last line */
	char events[64]; /* names, each with a blank behind it */
	int asked;       /* calls of is_local */
	int freed;       /* calls of the functions that release the user data */
} seen;

static void expect(int right, const char *what)
{
	if (!right) {
		printf("wrong: %s\n", what);
		exit(1);
	}
}

static int is(rg_str text, const char *other)
{
	return rg_str_equal(text, rg_str_from(other));
}

static int has(rg_str text, const char *part)
{
	char copy[512];

	snprintf(copy, sizeof copy, "%.*s", (int)text.n, text.p ? text.p : "");
	return strstr(copy, part) != NULL;
}

static rg_time now(void *user)
{
	(void)user;
	return INT64_C(1700000000000);
}

static void log_line(void *user, int32_t level, const rg_str *text)
{
	seen *s = user;

	if (level == RG_LOG_DEBUG)
		snprintf(s->log, sizeof s->log, "%.*s", (int)text->n, text->p);
}

static int32_t is_local(void *user, const rg_str *host)
{
	((seen *)user)->asked++;
	return is(*host, "example.org");
}

static void on_event(void *user, const rg_event *event)
{
	seen *s = user;

	expect(is(event->key.user, "alice") && is(event->aor, "alice@example.org") && event->at == now(NULL), "the AoR of an event");
	strcat(strcat(s->events, rg_event_name(event->kind)), " ");
	if (event->kind == RG_EVENT_CONTACT_INSERT)
		expect(!event->before && is(event->after->uri, "sip:alice@192.0.2.17:5060"), "the binding of an event");
	if (event->kind == RG_EVENT_CONTACT_DELETE)
		expect(is(event->reason, "removed"), "the reason of an event");
}

static void count_free(void *user)
{
	((seen *)user)->freed++;
}

/* A wrong value is refused, and the error names the parameter. */
static rg_config *configure(void)
{
	rg_error *why = rg_error_new();
	rg_config *config;

	expect(rg_config_new(&config) == RG_OK, "a config");
	expect(rg_config_set(config, RG_STR("default_expires"), RG_STR("soon"), why) == RG_EINVAL, "a wrong value");
	expect(rg_error_status(why) == RG_EINVAL && has(rg_error_text(why), "default_expires"), "the text of an error");
	expect(rg_config_set(config, RG_STR("default_expires"), RG_STR("600"), NULL) == RG_OK, "a right value");
	rg_error_free(why);
	return config;
}

static rg_registrar *make(seen *s)
{
	rg_config *config = configure();
	rg_registrar *registrar;
	rg_store *store;
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = now;
	env.log = log_line;
	env.log_level = RG_LOG_DEBUG;
	env.is_local = is_local;
	env.user = s;
	env.free = count_free;
	expect(rg_memory_store_new(NULL, &store, NULL) == RG_OK, "a store");
	expect(rg_registrar_new(config, store, &env, &registrar, NULL) == RG_OK, "a registrar");
	rg_store_unref(store); /* the registrar has its own reference */
	rg_config_free(config);
	return registrar;
}

/* Fills in a REGISTER of alice in a domain. */
static void fill(rg_request *request, const rg_str *contact, const char *request_uri, const char *to)
{
	rg_request_init(request, sizeof *request);
	request->method = RG_STR("REGISTER");
	request->request_uri = rg_str_from(request_uri);
	request->from_header = request->to_header = rg_str_from(to);
	request->callid = RG_STR("a84b4c76e66710@192.0.2.17");
	request->cseq = RG_STR("1 REGISTER");
	request->contacts = contact;
	request->n_contacts = 1;
	request->via_count = 1;
}

static void save(rg_registrar *registrar, seen *s)
{
	rg_str contact = RG_STR("<sip:alice@192.0.2.17:5060>");
	rg_response *response;
	rg_request request;
	rg_contact binding;

	fill(&request, &contact, "sip:example.org", "<sip:alice@example.org>");
	expect(rg_save(registrar, &request, NULL, &response, NULL) == RG_OK, "a save");
	expect(rg_response_code(response) == 200, "the code of a response");
	expect(is(rg_response_header(response, RG_STR("Contact"), 0), "<sip:alice@192.0.2.17:5060>;expires=600"), "a header of a response");
	rg_contact_init(&binding, sizeof binding);
	expect(rg_response_contact_count(response) == 1 && rg_response_contact(response, 0, &binding) == RG_OK, "the bindings of a response");
	expect(is(binding.callid, "a84b4c76e66710@192.0.2.17") && binding.expires == now(NULL) + 600000, "a binding of a response");
	rg_response_free(response);

	/* Of another domain: refused, with a line of log. */
	fill(&request, &contact, "sip:example.net", "<sip:alice@example.net>");
	expect(rg_save(registrar, &request, NULL, &response, NULL) == RG_OK && rg_response_code(response) == 404, "a refusal");
	expect(s->asked > 1 && strstr(s->log, "alice@example.net is refused"), "the log of a refusal");
	rg_response_free(response);
}

static void lookup(rg_registrar *registrar)
{
	rg_targets *targets;
	rg_request request;
	rg_target target;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	expect(rg_lookup(registrar, &request, NULL, &targets, NULL) == RG_OK, "a lookup");
	rg_target_init(&target, sizeof target);
	expect(rg_targets_count(targets) == 1 && rg_targets_get(targets, 0, &target) == RG_OK, "the targets of a lookup");
	expect(is(target.uri, "sip:alice@192.0.2.17:5060") && target.q == -1 && target.latency == RG_LATENCY_NONE, "a target");
	rg_targets_free(targets);
}

/* A mistake of the host is not a refusal: the error says which. */
static void mistake(rg_registrar *registrar)
{
	rg_error *why = rg_error_new();
	rg_remove_filter filter;

	rg_remove_filter_init(&filter, sizeof filter);
	expect(rg_remove(registrar, &filter, NULL, why) == RG_EINVAL, "a remove without an AoR");
	expect(has(rg_error_text(why), "aor"), "the text of a mistake");
	rg_error_free(why);
}

static void remove_alice(rg_registrar *registrar)
{
	rg_remove_filter filter;
	uint32_t n_removed;

	rg_remove_filter_init(&filter, sizeof filter);
	filter.aor = RG_STR("sip:alice@example.org");
	expect(rg_remove(registrar, &filter, &n_removed, NULL) == RG_OK && n_removed == 1, "a remove");
}

static void constants(void)
{
	int64_t value;

	expect(rg_constant(RG_STR("RG_TIME_NEVER"), &value) == RG_OK && value == RG_TIME_NEVER, "a constant by name");
	expect(rg_constant(RG_STR("RG_NO_SUCH"), &value) == RG_ENOENT && value == 0, "a constant that there is not");
}

int main(void)
{
	seen s = { .asked = 0 };
	rg_registrar *registrar = make(&s);
	rg_subscription *subscription;

	constants();
	expect(rg_registrar_subscribe(registrar, RG_EVENT_ALL, on_event, &s, count_free, &subscription, NULL) == RG_OK, "a subscription");
	save(registrar, &s);
	lookup(registrar);
	mistake(registrar);
	remove_alice(registrar);
	expect(!strcmp(s.events, "AOR_INSERT CONTACT_INSERT CONTACT_DELETE AOR_DELETE "), s.events);
	rg_subscription_free(subscription);
	expect(s.freed == 1, "the end of a subscription");
	rg_registrar_unref(registrar);
	expect(s.freed == 2, "the end of a registrar");
	return 0;
}
