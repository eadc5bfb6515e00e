# SPDX-License-Identifier: MIT
"""A user in Python with cffi, in its ABI mode: no compiler is needed. The programs in this folder do the same in other languages: see
README.md.

usage: user_cffi.py CDEF LIBRGSTR LIBRGSTR_MEMORY
"""
import sys

try:
    import cffi
except ImportError:
    print('cffi is not installed')
    sys.exit(77)

NOW = 1700000000000

ffi = cffi.FFI()
ffi.cdef(open(sys.argv[1]).read())
rg = ffi.dlopen(sys.argv[2])
rg_memory = ffi.dlopen(sys.argv[3])


def expect(right, what):
    if not right:
        sys.exit(f'wrong: {what}')


class Kept:
    """Makes slices of Python strings, whose octets live as long as this object. It must have a name: a temporary is gone before the call."""

    def __init__(self):
        self.all = []

    def __call__(self, text):
        octets = text.encode()
        self.all.append(ffi.from_buffer(octets))
        return ffi.new('rg_str *', [self.all[-1], len(octets)])[0]


def text(value):
    """A slice, or a pointer to one, as a string; None for an absent one."""
    return ffi.buffer(value.p, value.n)[:].decode() if value.p else None


def new(name):
    """A struct, emptied by its init function."""
    struct = ffi.new(f'{name} *')
    getattr(rg, f'{name}_init')(struct, ffi.sizeof(name))
    return struct


def made(function, *args):
    """Calls a function whose last arguments are an object for the caller and an rg_error."""
    out = ffi.new(ffi.typeof(function).args[len(args)].item.cname + ' *')
    status = function(*args, out, ffi.NULL)
    expect(status == rg.RG_OK, f'{ffi.string(rg.rg_strerror(status))}')
    return out[0]


def constant(name):
    keep, value = Kept(), ffi.new('int64_t *')
    expect(rg.rg_constant(keep(name), value) == rg.RG_OK, name)
    return value[0]


# What the callbacks saw. The objects that cffi makes for callbacks live as long as the module.
log, events, asked, freed = [], [], [], []


@ffi.callback('rg_time(void *)')
def now(user):
    return NOW


@ffi.callback('void(void *, int32_t, const rg_str *)')
def log_line(user, level, line):
    log.append(text(line))


@ffi.callback('int32_t(void *, const rg_str *)')
def is_local(user, host):
    asked.append(text(host))
    return text(host) == 'example.org'


@ffi.callback('void(void *, const rg_event *)')
def on_event(user, event):
    what = [ffi.string(rg.rg_event_name(event.kind)).decode(), text(event.key.user)]
    if event.kind == rg.RG_EVENT_CONTACT_INSERT:
        what.append(text(event.after.uri))
    if event.kind == rg.RG_EVENT_CONTACT_DELETE:
        what.append(text(event.reason))
    events.append(what)


@ffi.callback('void(void *)')
def count_free(user):
    freed.append(ffi.from_handle(user))


def configure():
    out, why, keep = ffi.new('rg_config **'), rg.rg_error_new(), Kept()
    expect(rg.rg_config_new(out) == rg.RG_OK, 'a config')
    expect(rg.rg_config_set(out[0], keep('default_expires'), keep('soon'), why) == rg.RG_EINVAL, 'a wrong value')
    expect('default_expires' in text(rg.rg_error_text(why)), 'the text of an error')
    expect(rg.rg_config_set(out[0], keep('default_expires'), keep('600'), ffi.NULL) == rg.RG_OK, 'a right value')
    rg.rg_error_free(why)
    return out[0]


def make(user):
    env = new('rg_env')
    env.now, env.log, env.is_local, env.free = now, log_line, is_local, count_free
    env.log_level = rg.RG_LOG_DEBUG
    env.user = user
    config = configure()
    store = made(rg_memory.rg_memory_store_new, ffi.NULL)
    registrar = made(rg.rg_registrar_new, config, store, env)
    rg.rg_store_unref(store)
    rg.rg_config_free(config)
    return registrar


def save(registrar, domain):
    keep, request = Kept(), new('rg_request')
    contacts = ffi.new('rg_str[]', [keep('<sip:alice@192.0.2.17:5060>')])
    request.method = keep('REGISTER')
    request.request_uri = keep(f'sip:{domain}')
    request.from_header = request.to_header = keep(f'<sip:alice@{domain}>')
    request.callid = keep('a84b4c76e66710@192.0.2.17')
    request.cseq = keep('1 REGISTER')
    request.contacts = contacts
    request.n_contacts = 1
    request.via_count = 1
    return made(rg.rg_save, registrar, request, ffi.NULL)


def saves(registrar):
    keep, response = Kept(), save(registrar, 'example.org')
    expect(rg.rg_response_code(response) == 200, 'the code of a response')
    header = text(rg.rg_response_header(response, keep('Contact'), 0))
    expect(header == '<sip:alice@192.0.2.17:5060>;expires=600', f'a header: {header}')
    binding = new('rg_contact')
    expect(rg.rg_response_contact(response, 0, binding) == rg.RG_OK and binding.expires == NOW + 600000, 'a binding of a response')
    rg.rg_response_free(response)

    response = save(registrar, 'example.net')
    expect(rg.rg_response_code(response) == 404 and asked[-1] == 'example.net', 'a refusal')
    expect('alice@example.net is refused' in log[-1], f'the log of a refusal: {log}')
    rg.rg_response_free(response)


def lookup(registrar):
    keep, request, target = Kept(), new('rg_request'), new('rg_target')
    request.method = keep('INVITE')
    request.request_uri = keep('sip:alice@example.org')
    targets = made(rg.rg_lookup, registrar, request, ffi.NULL)
    expect(rg.rg_targets_count(targets) == 1 and rg.rg_targets_get(targets, 0, target) == rg.RG_OK, 'the targets of a lookup')
    expect(text(target.uri) == 'sip:alice@192.0.2.17:5060' and target.latency == constant('RG_LATENCY_NONE'), 'a target')
    rg.rg_targets_free(targets)


def remove(registrar):
    keep, filter, n_removed, why = Kept(), new('rg_remove_filter'), ffi.new('uint32_t *'), rg.rg_error_new()
    expect(rg.rg_remove(registrar, filter, n_removed, why) == rg.RG_EINVAL, 'a mistake of the host')
    expect('aor' in text(rg.rg_error_text(why)), 'the text of a mistake')
    rg.rg_error_free(why)
    filter.aor = keep('sip:alice@example.org')
    expect(rg.rg_remove(registrar, filter, n_removed, ffi.NULL) == rg.RG_OK and n_removed[0] == 1, 'a remove')


def main():
    user = ffi.new_handle('user')
    registrar = make(user)
    subscription = made(rg.rg_registrar_subscribe, registrar, constant('RG_EVENT_ALL'), on_event, user, count_free)
    saves(registrar)
    lookup(registrar)
    remove(registrar)
    expect(events == [['AOR_INSERT', 'alice'], ['CONTACT_INSERT', 'alice', 'sip:alice@192.0.2.17:5060'],
                      ['CONTACT_DELETE', 'alice', 'removed'], ['AOR_DELETE', 'alice']], f'the events: {events}')
    rg.rg_subscription_free(subscription)
    expect(freed == ['user'], 'the end of a subscription')
    rg.rg_registrar_unref(registrar)
    expect(freed == ['user', 'user'], 'the end of a registrar')


main()
