-- SPDX-License-Identifier: MIT
-- A user in LuaJIT. The programs in this folder do the same in other languages: see README.md.
--
-- usage: luajit user.lua CDEF LIBRGSTR LIBRGSTR_MEMORY
local ffi = require("ffi")

-- A function that LuaJIT has compiled must not call back into Lua, and every verb may: nothing here is compiled.
jit.off()

local file = assert(io.open(arg[1]))
ffi.cdef(file:read("*a"))
file:close()
local rg, memory = ffi.load(arg[2]), ffi.load(arg[3])

local NOW = 1700000000000LL

local function expect(right, what)
	if not right then
		print("wrong: " .. tostring(what))
		os.exit(1)
	end
end

-- A slice of a Lua string. The caller keeps the string alive: the slice does not.
local function slice(text)
	return ffi.new("rg_str", text, #text)
end

-- A slice, or a pointer to one, as a string; nil for an absent one.
local function text(value)
	return value.p ~= nil and ffi.string(value.p, value.n) or nil
end

-- A struct, emptied by its init function.
local function new(name)
	local struct = ffi.new(name)
	rg[name .. "_init"](struct, ffi.sizeof(name))
	return struct
end

-- Calls a function whose last arguments are an object for the caller and an rg_error. `kind` is the type of the object.
local function made(kind, call, ...)
	local out, args = ffi.new(kind .. "*[1]"), { ... }
	local n = select("#", ...)

	args[n + 1] = out
	local status = call(unpack(args, 1, n + 2))
	expect(status == rg.RG_OK, kind .. ": " .. ffi.string(rg.rg_strerror(status)))
	return out[0]
end

local function constant(name)
	local value = ffi.new("int64_t[1]")
	expect(rg.rg_constant(slice(name), value) == rg.RG_OK, name)
	return value[0]
end

-- What the callbacks saw.
local log, asked, events, freed = "", "", {}, {}

-- Callbacks are objects to keep, and to free when the library has released the user data. LuaJIT has room for a few hundred.
local now = ffi.cast("rg_time (*)(void *)", function() return NOW end)
local log_line = ffi.cast("void (*)(void *, int32_t, const rg_str *)", function(_, _, line) log = text(line) end)
local is_local = ffi.cast("int32_t (*)(void *, const rg_str *)", function(_, host)
	asked = text(host)
	return asked == "example.org" and 1 or 0
end)
local on_event = ffi.cast("rg_event_cb", function(_, event)
	local what = ffi.string(rg.rg_event_name(event.kind)) .. " " .. text(event.key.user)
	if event.kind == rg.RG_EVENT_CONTACT_INSERT then
		what = what .. " " .. text(event.after.uri)
	elseif event.kind == rg.RG_EVENT_CONTACT_DELETE then
		what = what .. " " .. text(event.reason)
	end
	table.insert(events, what)
end)
local count_free = ffi.cast("rg_free_cb", function(user) table.insert(freed, tonumber(ffi.cast("intptr_t", user))) end)

local function configure()
	local config, why = ffi.new("rg_config *[1]"), rg.rg_error_new()
	local name = "default_expires"

	expect(rg.rg_config_new(config) == rg.RG_OK, "a config")
	expect(rg.rg_config_set(config[0], slice(name), slice("soon"), why) == rg.RG_EINVAL, "a wrong value")
	expect(text(rg.rg_error_text(why)):find(name, 1, true), "the text of an error")
	expect(rg.rg_config_set(config[0], slice(name), slice("600"), nil) == rg.RG_OK, "a right value")
	rg.rg_error_free(why)
	return config[0]
end

local function make()
	local env, config = new("rg_env"), configure()

	env.now, env.log, env.is_local, env.free = now, log_line, is_local, count_free
	env.log_level = rg.RG_LOG_DEBUG
	env.user = ffi.cast("void *", 1)
	local store = made("rg_store", memory.rg_memory_store_new, nil)
	local registrar = made("rg_registrar", rg.rg_registrar_new, config, store, env)
	rg.rg_store_unref(store)
	rg.rg_config_free(config)
	return registrar
end

local function save(registrar, domain)
	local request = new("rg_request")
	local uri, aor, contact = "sip:" .. domain, "<sip:alice@" .. domain .. ">", "<sip:alice@192.0.2.17:5060>"
	local contacts = ffi.new("rg_str[1]", { slice(contact) })

	request.method = slice("REGISTER")
	request.request_uri = slice(uri)
	request.from_header, request.to_header = slice(aor), slice(aor)
	request.callid = slice("a84b4c76e66710@192.0.2.17")
	request.cseq = slice("1 REGISTER")
	request.contacts = contacts
	request.n_contacts = 1
	request.via_count = 1
	return made("rg_response", rg.rg_save, registrar, request, nil)
end

local function saves(registrar)
	local response = save(registrar, "example.org")

	expect(rg.rg_response_code(response) == 200, "the code of a response")
	expect(text(rg.rg_response_header(response, slice("Contact"), 0)) == "<sip:alice@192.0.2.17:5060>;expires=600", "a header")
	local binding = new("rg_contact")
	expect(rg.rg_response_contact(response, 0, binding) == rg.RG_OK and binding.expires == NOW + 600000, "a binding of a response")
	rg.rg_response_free(response)

	response = save(registrar, "example.net")
	expect(rg.rg_response_code(response) == 404 and asked == "example.net", "a refusal")
	expect(log:find("alice@example.net is refused", 1, true), "the log of a refusal: " .. log)
	rg.rg_response_free(response)
end

local function lookup(registrar)
	local request, target, uri = new("rg_request"), new("rg_target"), "sip:alice@example.org"

	request.method = slice("INVITE")
	request.request_uri = slice(uri)
	local targets = made("rg_targets", rg.rg_lookup, registrar, request, nil)
	expect(rg.rg_targets_count(targets) == 1 and rg.rg_targets_get(targets, 0, target) == rg.RG_OK, "the targets of a lookup")
	expect(text(target.uri) == "sip:alice@192.0.2.17:5060" and target.latency == constant("RG_LATENCY_NONE"), "a target")
	rg.rg_targets_free(targets)
end

local function remove(registrar)
	local filter, n_removed, why = new("rg_remove_filter"), ffi.new("uint32_t[1]"), rg.rg_error_new()
	local aor = "sip:alice@example.org"

	expect(rg.rg_remove(registrar, filter, nil, why) == rg.RG_EINVAL, "a mistake of the host")
	expect(text(rg.rg_error_text(why)):find("aor", 1, true), "the text of a mistake")
	rg.rg_error_free(why)
	filter.aor = slice(aor)
	expect(rg.rg_remove(registrar, filter, n_removed, nil) == rg.RG_OK and n_removed[0] == 1, "a remove")
end

local registrar = make()
local subscription = made("rg_subscription", rg.rg_registrar_subscribe, registrar, constant("RG_EVENT_ALL"), on_event,
	ffi.cast("void *", 2), count_free)
saves(registrar)
lookup(registrar)
remove(registrar)
local told = table.concat(events, ", ")
expect(told == "AOR_INSERT alice, CONTACT_INSERT alice sip:alice@192.0.2.17:5060, CONTACT_DELETE alice removed, AOR_DELETE alice", told)
rg.rg_subscription_free(subscription)
expect(table.concat(freed, " ") == "2", "the end of a subscription")
rg.rg_registrar_unref(registrar)
expect(table.concat(freed, " ") == "2 1", "the end of a registrar")
for _, callback in ipairs({ now, log_line, is_local, on_event, count_free }) do
	callback:free()
end
