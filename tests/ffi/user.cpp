// SPDX-License-Identifier: MIT
// A user in C++17. The programs in this folder do the same in other languages: see README.md.
#include <rgstr/memory.h>
#include <rgstr/rgstr.h>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using std::string_view;

constexpr rg_time start = 1700000000000;

void expect(bool right, const std::string &what)
{
	if (!right)
		throw std::runtime_error(what);
}

string_view view(rg_str text)
{
	return { text.p ? text.p : "", text.n };
}

rg_str slice(string_view text)
{
	return { text.data(), text.size() };
}

// An owner of an object of the library, with the function that releases it.
template <typename T, void (*release)(T *)> struct releaser {
	void operator()(T *object) const { release(object); }
};
template <typename T, void (*release)(T *)> using owner = std::unique_ptr<T, releaser<T, release>>;

using error = owner<rg_error, rg_error_free>;
using config = owner<rg_config, rg_config_free>;
using store = owner<rg_store, rg_store_unref>;
using registrar = owner<rg_registrar, rg_registrar_unref>;
using subscription = owner<rg_subscription, rg_subscription_free>;
using response = owner<rg_response, rg_response_free>;
using targets = owner<rg_targets, rg_targets_free>;

// What the callbacks saw. An exception must not pass through the library, so they throw none.
struct seen {
	std::string log, events, wrong;
	int asked = 0, freed = 0;
};

seen &of(void *user)
{
	return *static_cast<seen *>(user);
}

void on_event(void *user, const rg_event *event)
{
	of(user).events += std::string(rg_event_name(event->kind)) + " ";
	if (view(event->key.user) != "alice" || event->at != start)
		of(user).wrong = "the AoR of an event";
	if (event->kind == RG_EVENT_CONTACT_INSERT && view(event->after->uri) != "sip:alice@192.0.2.17:5060")
		of(user).wrong = "the binding of an event";
	if (event->kind == RG_EVENT_CONTACT_DELETE && view(event->reason) != "removed")
		of(user).wrong = "the reason of an event";
}

void count_free(void *user)
{
	of(user).freed++;
}

config configure()
{
	error why(rg_error_new());
	rg_config *made = nullptr;

	expect(rg_config_new(&made) == RG_OK, "a config");
	config c(made);
	expect(rg_config_set(made, RG_STR("default_expires"), RG_STR("soon"), why.get()) == RG_EINVAL, "a wrong value");
	expect(view(rg_error_text(why.get())).find("default_expires") != string_view::npos, "the text of an error");
	expect(rg_config_set(made, RG_STR("default_expires"), RG_STR("600"), nullptr) == RG_OK, "a right value");
	return c;
}

registrar make(seen &s)
{
	rg_store *memory = nullptr;
	rg_registrar *made = nullptr;
	rg_env env;

	rg_env_init(&env, sizeof env);
	env.now = [](void *) { return start; };
	env.log = [](void *user, int32_t, const rg_str *text) { of(user).log = view(*text); };
	env.log_level = RG_LOG_DEBUG;
	env.is_local = [](void *user, const rg_str *host) -> int32_t { return ++of(user).asked, view(*host) == "example.org"; };
	env.user = &s;
	env.free = count_free;
	expect(rg_memory_store_new(nullptr, &memory, nullptr) == RG_OK, "a store");
	store kept(memory);
	expect(rg_registrar_new(configure().get(), memory, &env, &made, nullptr) == RG_OK, "a registrar");
	return registrar(made);
}

response save(rg_registrar *to, const std::string &domain)
{
	const std::string uri = "sip:" + domain, aor = "<sip:alice@" + domain + ">";
	const rg_str contact = RG_STR("<sip:alice@192.0.2.17:5060>");
	rg_response *made = nullptr;
	rg_request request;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("REGISTER");
	request.request_uri = slice(uri);
	request.from_header = request.to_header = slice(aor);
	request.callid = RG_STR("a84b4c76e66710@192.0.2.17");
	request.cseq = RG_STR("1 REGISTER");
	request.contacts = &contact;
	request.n_contacts = 1;
	request.via_count = 1;
	expect(rg_save(to, &request, nullptr, &made, nullptr) == RG_OK, "a save");
	return response(made);
}

void lookup(rg_registrar *in)
{
	rg_targets *found = nullptr;
	rg_request request;
	rg_target target;

	rg_request_init(&request, sizeof request);
	request.method = RG_STR("INVITE");
	request.request_uri = RG_STR("sip:alice@example.org");
	expect(rg_lookup(in, &request, nullptr, &found, nullptr) == RG_OK, "a lookup");
	targets kept(found);
	rg_target_init(&target, sizeof target);
	expect(rg_targets_count(found) == 1 && rg_targets_get(found, 0, &target) == RG_OK, "the targets of a lookup");
	expect(view(target.uri) == "sip:alice@192.0.2.17:5060" && target.latency == RG_LATENCY_NONE, "a target");
}

void remove(rg_registrar *from)
{
	error why(rg_error_new());
	rg_remove_filter filter;
	uint32_t n_removed = 0;

	rg_remove_filter_init(&filter, sizeof filter);
	expect(rg_remove(from, &filter, nullptr, why.get()) == RG_EINVAL, "a mistake of the host");
	expect(view(rg_error_text(why.get())).find("aor") != string_view::npos, "the text of a mistake");
	filter.aor = RG_STR("sip:alice@example.org");
	expect(rg_remove(from, &filter, &n_removed, nullptr) == RG_OK && n_removed == 1, "a remove");
}

void run(seen &s)
{
	registrar r = make(s);
	rg_subscription *made = nullptr;
	int64_t never = 0;

	expect(rg_constant(RG_STR("RG_TIME_NEVER"), &never) == RG_OK && never == RG_TIME_NEVER, "a constant by name");
	expect(rg_registrar_subscribe(r.get(), RG_EVENT_ALL, on_event, &s, count_free, &made, nullptr) == RG_OK, "a subscription");
	subscription kept(made);

	response accepted = save(r.get(), "example.org");
	expect(rg_response_code(accepted.get()) == 200, "the code of a response");
	expect(view(rg_response_header(accepted.get(), RG_STR("Contact"), 0)) == "<sip:alice@192.0.2.17:5060>;expires=600", "a header");
	response refused = save(r.get(), "example.net");
	expect(rg_response_code(refused.get()) == 404 && s.asked > 1, "a refusal");
	expect(s.log.find("alice@example.net is refused") != std::string::npos, "the log of a refusal");
	lookup(r.get());
	remove(r.get());
	expect(s.events == "AOR_INSERT CONTACT_INSERT CONTACT_DELETE AOR_DELETE ", s.events);
	expect(s.wrong.empty(), s.wrong);
}

} // namespace

int main()
{
	seen s;

	try {
		run(s);
		expect(s.freed == 2, "everything is released once");
	} catch (const std::exception &e) {
		std::cout << "wrong: " << e.what() << "\n";
		return 1;
	}
	return 0;
}
