// SPDX-License-Identifier: MIT
// A user in Node with koffi. The programs in this folder do the same in other languages: see README.md.
//
// usage: node user.js CDEF LIBRGSTR LIBRGSTR_MEMORY
let koffi;
try {
	koffi = require('koffi');
} catch {
	console.log('koffi is not installed: tests/ffi/get-koffi installs it');
	process.exit(77);
}
const rg = require('./rgstr.js').open(...process.argv.slice(2));

const NOW = 1700000000000;

function expect(right, what) {
	if (!right) {
		console.log(`wrong: ${what}`);
		process.exit(1);
	}
}

// A slice of a string. koffi keeps the Buffer alive during a call, and no function keeps a slice for longer.
function slice(text) {
	const p = Buffer.from(text);
	return { p, n: p.length };
}

// A slice as a string; null for an absent one.
function text(slice) {
	return slice.p === null ? null : Buffer.from(koffi.view(slice.p, Number(slice.n))).toString();
}

// What a pointer to a struct points to, as a callback gets it.
function at(pointer, type) {
	return koffi.decode(pointer, type);
}

// A struct, emptied by its init function.
function made(type) {
	const struct = {};
	rg[`${type}_init`](struct, koffi.sizeof(type));
	return struct;
}

// Calls a function whose last arguments are an object for the caller and an rg_error.
function returned(name, ...args) {
	const out = [null];
	const status = rg[name](...args, out, null);
	expect(status === rg.RG_OK, `${name}: ${rg.rg_strerror(status)}`);
	return out[0];
}

function constant(name) {
	const value = [0];
	expect(rg.rg_constant(slice(name), value) === rg.RG_OK, name);
	return value[0];
}

// What the callbacks saw. An exception that leaves a callback would be lost.
const log = [], events = [], asked = [], freed = [];

function onEvent(user, pointer) {
	const event = at(pointer, 'rg_event');
	const what = [rg.rg_event_name(event.kind), text(event.key.user)];
	if (event.kind === rg.RG_EVENT_CONTACT_INSERT)
		what.push(text(at(event.after, 'rg_contact').uri));
	if (event.kind === rg.RG_EVENT_CONTACT_DELETE)
		what.push(text(event.reason));
	events.push(what.join(' '));
}

// rgstr.js names the type of a callback in a struct after the struct and the member.
const callbacks = {
	now: koffi.register(() => NOW, 'rg_env_now'),
	log: koffi.register((user, level, line) => log.push(text(at(line, 'rg_str'))), 'rg_env_log'),
	isLocal: koffi.register((user, host) => {
		asked.push(text(at(host, 'rg_str')));
		return asked.at(-1) === 'example.org' ? 1 : 0;
	}, 'rg_env_is_local'),
	event: koffi.register(onEvent, 'rg_event_cb'),
	free: koffi.register((user) => freed.push(Number(user)), 'rg_free_cb'),
};

function configure() {
	const out = [null], why = rg.rg_error_new();
	expect(rg.rg_config_new(out) === rg.RG_OK, 'a config');
	expect(rg.rg_config_set(out[0], slice('default_expires'), slice('soon'), why) === rg.RG_EINVAL, 'a wrong value');
	expect(text(rg.rg_error_text(why)).includes('default_expires'), 'the text of an error');
	expect(rg.rg_config_set(out[0], slice('default_expires'), slice('600'), null) === rg.RG_OK, 'a right value');
	rg.rg_error_free(why);
	return out[0];
}

function make() {
	const config = configure(), store = returned('rg_memory_store_new', null);
	const env = { ...made('rg_env'), now: callbacks.now, log: callbacks.log, is_local: callbacks.isLocal, free: callbacks.free,
		log_level: rg.RG_LOG_DEBUG, user: 1n };
	const registrar = returned('rg_registrar_new', config, store, env);
	rg.rg_store_unref(store);
	rg.rg_config_free(config);
	return registrar;
}

function save(registrar, domain) {
	const request = { ...made('rg_request'),
		method: slice('REGISTER'),
		request_uri: slice(`sip:${domain}`),
		from_header: slice(`<sip:alice@${domain}>`),
		to_header: slice(`<sip:alice@${domain}>`),
		callid: slice('a84b4c76e66710@192.0.2.17'),
		cseq: slice('1 REGISTER'),
		contacts: [slice('<sip:alice@192.0.2.17:5060>')],
		n_contacts: 1,
		via_count: 1,
	};
	return returned('rg_save', registrar, request, null);
}

function saves(registrar) {
	let response = save(registrar, 'example.org');
	expect(rg.rg_response_code(response) === 200, 'the code of a response');
	const header = text(rg.rg_response_header(response, slice('Contact'), 0));
	expect(header === '<sip:alice@192.0.2.17:5060>;expires=600', `a header: ${header}`);
	const binding = made('rg_contact');
	expect(rg.rg_response_contact(response, 0, binding) === rg.RG_OK && binding.expires === NOW + 600000, 'a binding of a response');
	rg.rg_response_free(response);

	response = save(registrar, 'example.net');
	expect(rg.rg_response_code(response) === 404 && asked.at(-1) === 'example.net', 'a refusal');
	expect(log.at(-1).includes('alice@example.net is refused'), `the log of a refusal: ${log}`);
	rg.rg_response_free(response);
}

function lookup(registrar) {
	const request = { ...made('rg_request'), method: slice('INVITE'), request_uri: slice('sip:alice@example.org') };
	const target = made('rg_target');
	const targets = returned('rg_lookup', registrar, request, null);
	expect(rg.rg_targets_count(targets) === 1 && rg.rg_targets_get(targets, 0, target) === rg.RG_OK, 'the targets of a lookup');
	expect(text(target.uri) === 'sip:alice@192.0.2.17:5060' && target.latency === constant('RG_LATENCY_NONE'), 'a target');
	rg.rg_targets_free(targets);
}

function remove(registrar) {
	const filter = made('rg_remove_filter'), removed = [0], why = rg.rg_error_new();
	expect(rg.rg_remove(registrar, filter, null, why) === rg.RG_EINVAL, 'a mistake of the host');
	expect(text(rg.rg_error_text(why)).includes('aor'), 'the text of a mistake');
	rg.rg_error_free(why);
	filter.aor = slice('sip:alice@example.org');
	expect(rg.rg_remove(registrar, filter, removed, null) === rg.RG_OK && removed[0] === 1, 'a remove');
}

const registrar = make();
const subscription = returned('rg_registrar_subscribe', registrar, constant('RG_EVENT_ALL'), callbacks.event, 2n, callbacks.free);
saves(registrar);
lookup(registrar);
remove(registrar);
expect(events.join(', ') === 'AOR_INSERT alice, CONTACT_INSERT alice sip:alice@192.0.2.17:5060, CONTACT_DELETE alice removed, '
	+ 'AOR_DELETE alice', events.join(', '));
rg.rg_subscription_free(subscription);
expect(freed.join() === '2', 'the end of a subscription');
rg.rg_registrar_unref(registrar);
expect(freed.join() === '2,1', 'the end of a registrar');
Object.values(callbacks).forEach((callback) => koffi.unregister(callback));
