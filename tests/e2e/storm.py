# SPDX-License-Identifier: MIT
"""Flows, calls and connections that end at any moment, at random: the end of one during a send must not end the call that sends."""
import os
import random
import time
from contextlib import suppress
from harness import Daemon, run

CALLER = '<sip:caller@example.net>;tag=caller'
SECONDS = float(os.environ.get('STORM_SECONDS', '6'))


def register(daemon, n):
    phone = daemon.peer('tcp')
    user, flow, instance = 'u%d' % random.randrange(4), random.randrange(1, 4), random.randrange(1, 4)
    phone.contact = '<sip:%s@127.0.0.1:9;transport=tcp>;+sip.instance="<urn:x:%d>";reg-id=%d' % (user, instance, flow)
    aor = 'sip:%s@example.org' % user
    phone.send(phone.request('REGISTER', 'sip:example.org', '<%s>;tag=1' % aor, '<%s>' % aor, 'r%d' % n, 1,
                             ['Contact: ' + phone.contact, 'Supported: outbound']))
    return phone


def answer(phone):
    for _ in range(random.randrange(1, 5)):
        message = phone.recv(0)
        if message is None:
            return
        if message.method and message.method != 'ACK':
            phone.answer(message, random.choice((180, 180, 200, 486, 430, 603)), headers=['Contact: ' + phone.contact])


def call(caller, n):
    uri = 'sip:u%d@example.org' % random.randrange(5)
    caller.send(caller.request(random.choice(('INVITE', 'MESSAGE')), uri, CALLER, '<%s>' % uri, 'c%d' % n, 1,
                               ['Contact: <sip:caller@%s>' % caller.address]))


def end(daemon, phone):
    """By a FIN, or a reset where something was left unread."""
    phone.close()
    daemon.peers.remove(phone)


def storm(daemon):
    callers, phones = [daemon.peer(proto) for proto in ('udp', 'tcp') * 4], []
    stop, n = time.monotonic() + SECONDS, 0
    while time.monotonic() < stop:
        n += 1
        dice = random.random()
        if dice < 0.25 and len(phones) < 40:
            phones.append(register(daemon, n))
        elif dice < 0.5:
            with suppress(OSError):
                call(random.choice(callers), n)
        elif dice < 0.7 and phones:
            with suppress(OSError):
                answer(random.choice(phones))
        elif dice < 0.8 and phones:
            end(daemon, phones.pop(random.randrange(len(phones))))
        elif dice < 0.82:
            at = random.randrange(len(callers))
            proto = callers[at].proto
            end(daemon, callers[at])
            callers[at] = daemon.peer(proto)
        else:
            with suppress(OSError):
                for caller in callers:
                    caller.recv(0)
        assert daemon.alive(), daemon.output()
    for phone in phones:
        end(daemon, phone)
    assert n > 100


def test_it_lives_through_a_storm_and_forgets_it():
    seed = int(os.environ.get('STORM_SEED', time.time_ns() % 1000000))
    print('STORM_SEED=%d' % seed, flush=True)
    random.seed(seed)
    with Daemon('--set', 'outbound_mode=on') as daemon:
        storm(daemon)
        end = time.monotonic() + 20
        while daemon.control('dump')['aors']:
            assert time.monotonic() < end, 'bindings of ended connections are left'
            time.sleep(0.05)


run(globals())
