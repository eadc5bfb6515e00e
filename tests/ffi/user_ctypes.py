# SPDX-License-Identifier: MIT
"""A user in Python with ctypes, which reads no declarations: what is used is declared by hand. The programs in this folder do the same in
other languages: see README.md.

usage: user_ctypes.py LIBRGSTR LIBRGSTR_MEMORY
"""
import ctypes
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

RG_OK, RG_EINVAL = 0, -1
RG_LOG_DEBUG = 4
RG_EVENT_CONTACT_INSERT, RG_EVENT_CONTACT_DELETE = 1 << 2, 1 << 4
NOW = 1700000000000


class Str(Structure):
    """rg_str. `p` is a number on purpose: ctypes would read a c_char_p up to a NUL, and a slice has none."""
    _fields_ = [('p', c_void_p), ('n', c_size_t)]

    @property
    def text(self):
        return ctypes.string_at(self.p, self.n).decode() if self.p else None


def slice_of(text):
    """A slice of a Python string. It, and every struct that it is assigned to, keeps the octets alive."""
    octets = text.encode()
    return Str(ctypes.cast(c_char_p(octets), c_void_p), len(octets))


def struct(name, fields):
    """A struct of the library, which begins with its size. `fields` are pairs of a type and the names of the members that have it."""
    members = [('struct_size', c_uint32)] + [(n, kind) for kind, names in fields for n in names.split()]
    return type(name, (Structure,), {'_fields_': members})


class Addr(Structure):
    _fields_ = [('ip', c_uint8 * 16), ('port', c_uint16), ('family', c_uint8), ('reserved', c_uint8)]


Free = CFUNCTYPE(None, c_void_p)
Now = CFUNCTYPE(c_int64, c_void_p)
Log = CFUNCTYPE(None, c_void_p, c_int32, POINTER(Str))
Question = CFUNCTYPE(c_int32, c_void_p, POINTER(Str))

# Only members up to `uri`, because the program reads contacts and makes none.
Contact = struct('Contact', [(c_uint32, 'flags'), (c_uint64, 'id generation'), (Str, 'uri')])
Event = struct('Event', [
    (c_uint32, 'kind'), (Str, 'domain user host aor'), (POINTER(Contact), 'before after'), (Str, 'reason callid'), (c_int64, 'at')])
EventCallback = CFUNCTYPE(None, c_void_p, POINTER(Event))
Env = struct('Env', [
    (c_int32, 'log_level'), (Now, 'now'), (c_void_p, 'random'), (Log, 'log'), (c_void_p, 'resolve wakeup is_owner'),
    (Question, 'is_local'), (c_void_p, 'authorize user'), (Free, 'free')])
Request = struct('Request', [
    (c_uint32, 'flags'), (Str, 'method request_uri from_header to_header callid cseq expires user_agent'),
    (POINTER(Str), 'contacts paths supported require feature_caps allow routes'),
    (c_uint32, 'n_contacts n_paths n_supported n_require n_feature_caps n_allow n_routes via_count'), (c_int32, 'defect'),
    (c_uint32, 'branch_flags'), (Str, 'domain aor ownership_tag identity received attr flow transport socket socket_header'),
    (Addr, 'source'), (POINTER(Str), 'branches'), (c_uint32, 'n_branches n_resolved'), (c_void_p, 'resolved owner release'),
    (c_int32, 'reply_code'), (c_uint32, 'reserved')])
Target = struct('Target', [
    (c_int32, 'q'), (Str, 'uri next_hop path received socket flow attr instance aor'), (c_uint64, 'binding_id'),
    (c_uint32, 'branch_flags latency'), (c_int32, 'branch'), (c_uint32, 'fallback_of'), (Str, 'home')])
RemoveFilter = struct('RemoveFilter', [(c_uint32, 'branch_flags'), (Str, 'domain aor contact next_hop instance')])


def declared(library, result, name, *args):
    function = getattr(library, name)
    function.restype, function.argtypes = result, args
    return function


rg = ctypes.CDLL(sys.argv[1])
rg_memory = ctypes.CDLL(sys.argv[2])
OUT = POINTER(c_void_p)
constant = declared(rg, c_int32, 'rg_constant', Str, POINTER(c_int64))
strerror = declared(rg, c_char_p, 'rg_strerror', c_int32)
event_name = declared(rg, c_char_p, 'rg_event_name', c_uint32)
error_new = declared(rg, c_void_p, 'rg_error_new')
error_text = declared(rg, Str, 'rg_error_text', c_void_p)
error_free = declared(rg, None, 'rg_error_free', c_void_p)
config_new = declared(rg, c_int32, 'rg_config_new', OUT)
config_set = declared(rg, c_int32, 'rg_config_set', c_void_p, Str, Str, c_void_p)
config_free = declared(rg, None, 'rg_config_free', c_void_p)
store_new = declared(rg_memory, c_int32, 'rg_memory_store_new', c_void_p, OUT, c_void_p)
store_unref = declared(rg, None, 'rg_store_unref', c_void_p)
env_init = declared(rg, None, 'rg_env_init', POINTER(Env), c_uint32)
registrar_new = declared(rg, c_int32, 'rg_registrar_new', c_void_p, c_void_p, POINTER(Env), OUT, c_void_p)
registrar_unref = declared(rg, None, 'rg_registrar_unref', c_void_p)
subscribe = declared(rg, c_int32, 'rg_registrar_subscribe', c_void_p, c_uint32, EventCallback, c_void_p, Free, OUT, c_void_p)
subscription_free = declared(rg, None, 'rg_subscription_free', c_void_p)
request_init = declared(rg, None, 'rg_request_init', POINTER(Request), c_uint32)
save = declared(rg, c_int32, 'rg_save', c_void_p, POINTER(Request), c_void_p, OUT, c_void_p)
response_code = declared(rg, c_int32, 'rg_response_code', c_void_p)
response_header = declared(rg, Str, 'rg_response_header', c_void_p, Str, c_uint32)
response_free = declared(rg, None, 'rg_response_free', c_void_p)
lookup = declared(rg, c_int32, 'rg_lookup', c_void_p, POINTER(Request), c_void_p, OUT, c_void_p)
target_init = declared(rg, None, 'rg_target_init', POINTER(Target), c_uint32)
targets_count = declared(rg, c_uint32, 'rg_targets_count', c_void_p)
targets_get = declared(rg, c_int32, 'rg_targets_get', c_void_p, c_uint32, POINTER(Target))
targets_free = declared(rg, None, 'rg_targets_free', c_void_p)
remove_filter_init = declared(rg, None, 'rg_remove_filter_init', POINTER(RemoveFilter), c_uint32)
remove = declared(rg, c_int32, 'rg_remove', c_void_p, POINTER(RemoveFilter), POINTER(c_uint32), c_void_p)


def expect(right, what):
    if not right:
        sys.exit(f'wrong: {what}')


def new(kind, init):
    """A struct, emptied by its init function."""
    made = kind()
    init(byref(made), ctypes.sizeof(kind))
    return made


def made_by(function, *args):
    """Calls a function whose last arguments are an object for the caller and an rg_error."""
    out = c_void_p()
    status = function(*args, byref(out), None)
    expect(status == RG_OK, f'{function.__name__}: {strerror(status).decode()}')
    return out


def value_of(name):
    value = c_int64()
    expect(constant(slice_of(name), byref(value)) == RG_OK, name)
    return value.value


# What the callbacks saw. The objects that ctypes makes for callbacks live as long as the module.
log, events, asked, freed = [], [], [], []


@Now
def now(user):
    return NOW


@Log
def log_line(user, level, line):
    log.append(line[0].text)


@Question
def is_local(user, host):
    asked.append(host[0].text)
    return host[0].text == 'example.org'


@EventCallback
def on_event(user, event):
    e = event[0]
    what = [event_name(e.kind).decode(), e.user.text]
    if e.kind == RG_EVENT_CONTACT_INSERT:
        what.append(e.after[0].uri.text)
    if e.kind == RG_EVENT_CONTACT_DELETE:
        what.append(e.reason.text)
    events.append(what)


@Free
def count_free(user):
    freed.append(user)


def configure():
    out, why = c_void_p(), error_new()
    expect(config_new(byref(out)) == RG_OK, 'a config')
    expect(config_set(out, slice_of('default_expires'), slice_of('soon'), why) == RG_EINVAL, 'a wrong value')
    expect('default_expires' in error_text(why).text, 'the text of an error')
    expect(config_set(out, slice_of('default_expires'), slice_of('600'), None) == RG_OK, 'a right value')
    error_free(why)
    return out


def make():
    env = new(Env, env_init)
    env.now, env.log, env.is_local, env.free = now, log_line, is_local, count_free
    env.log_level, env.user = RG_LOG_DEBUG, 1
    config = configure()
    store = made_by(store_new, None)
    registrar = made_by(registrar_new, config, store, byref(env))
    store_unref(store)
    config_free(config)
    return registrar


def save_in(registrar, domain):
    request = new(Request, request_init)
    request.method = slice_of('REGISTER')
    request.request_uri = slice_of(f'sip:{domain}')
    request.from_header = request.to_header = slice_of(f'<sip:alice@{domain}>')
    request.callid = slice_of('a84b4c76e66710@192.0.2.17')
    request.cseq = slice_of('1 REGISTER')
    request.contacts = (Str * 1)(slice_of('<sip:alice@192.0.2.17:5060>'))
    request.n_contacts = request.via_count = 1
    return made_by(save, registrar, byref(request), None)


def saves(registrar):
    response = save_in(registrar, 'example.org')
    expect(response_code(response) == 200, 'the code of a response')
    header = response_header(response, slice_of('contact'), 0).text
    expect(header == '<sip:alice@192.0.2.17:5060>;expires=600', f'a header: {header}')
    response_free(response)

    response = save_in(registrar, 'example.net')
    expect(response_code(response) == 404 and asked[-1] == 'example.net', 'a refusal')
    expect('alice@example.net is refused' in log[-1], f'the log of a refusal: {log}')
    response_free(response)


def look_up(registrar):
    request, target = new(Request, request_init), new(Target, target_init)
    request.method = slice_of('INVITE')
    request.request_uri = slice_of('sip:alice@example.org')
    targets = made_by(lookup, registrar, byref(request), None)
    expect(targets_count(targets) == 1 and targets_get(targets, 0, byref(target)) == RG_OK, 'the targets of a lookup')
    expect(target.uri.text == 'sip:alice@192.0.2.17:5060' and target.latency == value_of('RG_LATENCY_NONE'), 'a target')
    targets_free(targets)


def remove_alice(registrar):
    wanted, n_removed, why = new(RemoveFilter, remove_filter_init), c_uint32(), error_new()
    expect(remove(registrar, byref(wanted), None, why) == RG_EINVAL, 'a mistake of the host')
    expect('aor' in error_text(why).text, 'the text of a mistake')
    error_free(why)
    wanted.aor = slice_of('sip:alice@example.org')
    expect(remove(registrar, byref(wanted), byref(n_removed), None) == RG_OK and n_removed.value == 1, 'a remove')


def main():
    registrar = make()
    subscription = made_by(subscribe, registrar, value_of('RG_EVENT_ALL'), on_event, 2, count_free)
    saves(registrar)
    look_up(registrar)
    remove_alice(registrar)
    expect(events == [['AOR_INSERT', 'alice'], ['CONTACT_INSERT', 'alice', 'sip:alice@192.0.2.17:5060'],
                      ['CONTACT_DELETE', 'alice', 'removed'], ['AOR_DELETE', 'alice']], f'the events: {events}')
    subscription_free(subscription)
    expect(freed == [2], 'the end of a subscription')
    registrar_unref(registrar)
    expect(freed == [2, 1], 'the end of a registrar')


main()
