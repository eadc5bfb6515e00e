# SPDX-License-Identifier: MIT
"""registrard on Redis: nodes that share a server are one registrar, and a server that fails takes none of them with it."""
import contextlib
import os
import re
import socket
import tempfile
import time
from call import CALLER, Call
from harness import Control, Daemon, free_port, run, serial
from log import said
from name_server import A, NameServer
from push import Phone, Pushes
from redis_server import RedisServer, shared, with_port

def node(server, *args, prefix='p', more='', **kw):
    return Daemon('--store', server.store(prefix, more), *args, **kw)


def two(prefix, *args, **kw):
    """Two nodes on the shared server."""
    stack = contextlib.ExitStack()
    nodes = [stack.enter_context(node(shared(), *args, prefix=prefix, **kw)) for _ in range(2)]
    return stack, *nodes


def state(daemon, store='store'):
    return daemon.control('stats')[store]


def wait_for(condition, what, timeout=10):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def wait_until(daemon, connection, store='store'):
    wait_for(lambda: state(daemon, store)['connection'] == connection, 'the connection is not %s: %s' % (connection, state(daemon, store)))


def message(peer, user='bob', method='MESSAGE'):
    uri = 'sip:%s@example.org' % user
    peer.send(peer.request(method, uri, CALLER, '<%s>' % uri, 'm-%d' % next(serial), 1))


def answers(phone, caller, user='bob', of_another_site=False):
    """The phone gets what the caller sends it: from the caller's node, or from its own when that is another site."""
    message(caller, user)
    request = phone.expect('MESSAGE')
    own = phone.server
    phone.server = own if of_another_site else caller.server
    phone.answer(request, 200)
    phone.server = own
    caller.expect(200)


def test_two_nodes_are_one_registrar():
    stack, a, b = two('one')
    with stack:
        phone, caller = a.peer(), b.peer()
        assert phone.register('bob', callid='c1').code == 200
        answers(phone, caller)
        assert [row['callid'] for row in b.control.show('bob@example.org')] == ['c1']
        # A change at one node is seen at the other, which remembers the record.
        other = b.peer()
        assert other.register('bob', callid='c2').code == 200
        assert phone.register('bob', callid='c1', cseq=2).code == 200
        assert sorted(row['callid'] for row in a.control.show('bob@example.org')) == ['c1', 'c2']
        for control in (a.control, b.control):
            assert [row['aor'] for row in control('dump')['aors']] == ['bob@example.org']
            assert control('is_registered bob@example.org')['result'] is True
            assert control('is_contact_registered bob@example.org callid=c2')['result'] is True
            assert control('is_ip_registered bob@example.org ' + phone.address)['result'] is True
        uri = 'sip:bob@' + phone.address
        assert b.control('latency bob@example.org %s 77' % uri)['changed'] == 1
        assert {row['uri']: row['latency'] for row in a.control.show('bob@example.org')}[uri] == 77
        assert a.control('remove_ip_port 127.0.0.1 %d' % other.port)['removed'] == 1
        assert b.control('remove bob@example.org')['removed'] == 1
        message(a.peer(), 'bob')
        assert a.control('dump')['aors'] == b.control('dump')['aors'] == []
        caller.send(caller.request('INVITE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'gone', 1))
        caller.expect(404)


def test_a_register_costs_one_round_trip():
    stack, a, b = two('trips')
    with stack:
        wait_until(a, 'ready')
        phone = a.peer()
        for cseq in range(1, 4):
            assert phone.register('bob', callid='c1', cseq=cseq).code == 200
        answers(phone, a.peer())
        row = state(a)
        assert row['commit_round_trips'] == row['commit_calls'] == 3 and row['fetch_round_trips'] == 1, row


def test_a_wait_for_a_phone_ends_with_its_register_at_the_other_node():
    stack, a, b = two('push', '--set', 'pn_enable=1', '--set', 'pn_providers=acme', '--set', 'pn_refresh_timeout=20')
    with stack:
        phone, caller, pushes = Phone(b), a.peer(), Pushes(a)
        call = Call(caller)
        pushes.expect('ini-INVITE', call.id, phone)
        phone.silent(0.2)
        phone.wake()
        invite = phone.expect('INVITE')
        phone.peer.server = caller.server
        phone.answer(invite, 486)
        call.ack_refusal(caller.expect(486))


def test_an_expiry_is_reported_once():
    stack, a, b = two('expiry', '--set', 'min_expires=1')
    with stack:
        events = [Control(daemon.path) for daemon in (a, b)]
        for control in events:
            control.send('events\n')
        phones = [a.peer(), b.peer()]
        users = ['user%d' % i for i in range(60)]
        for i, user in enumerate(users):
            assert phones[i % 2].register(user, headers=['Expires: 1']).code == 200
        expired, end = [], time.monotonic() + 10
        while len(expired) < len(users) and time.monotonic() < end:
            for control in events:
                expired += expiries(control, 0.05)
        # Another tick of each, which has nothing to report.
        for control in events:
            expired += expiries(control, 1.2)
        assert sorted(expired) == sorted(user + '@example.org' for user in users), expired


def expiries(control, timeout):
    """The users whose expiry was reported, until nothing is reported for so long."""
    users = []
    while True:
        event = control.line(timeout)
        if not event:
            return users
        users += [event['aor']] if event['event'] == 'CONTACT_EXPIRE' else []


def refused_at_once(daemon, retry_after='7'):
    """Neither a REGISTER nor a request is kept waiting, and nobody is said not to be registered."""
    peer, before = daemon.peer(), state(daemon)
    answer = peer.register('bob')
    assert answer.code == 503 and answer.get('retry-after') == retry_after, answer
    call = Call(peer)
    refusal = peer.recv()
    assert refusal.code in (500, 503), refusal
    call.ack_refusal(refusal)
    message(peer)
    assert peer.recv().code in (500, 503)
    for command in ('show bob@example.org', 'remove bob@example.org', 'remove_ip_port 127.0.0.1 5060', 'is_registered bob@example.org', 'dump'):
        assert 'error' in daemon.control(command), command
    # The circuit breaker: none of them was sent, and so none waited for its timeout.
    after = state(daemon)
    assert after['refused'] >= before['refused'] + 8 and after['timeouts'] == before['timeouts'] and after['in_flight'] == 0, (before, after)


def test_a_server_that_is_killed_and_comes_back_with_its_data():
    with RedisServer(keeps=True) as server, node(server, '--set', 'retry_after=7', logs=True) as a, node(server, '--mode', 'redirect', logs=True) as b:
        phone = a.peer()
        assert phone.register('bob').code == 200
        server.kill()
        for daemon in (a, b):
            wait_until(daemon, 'down')
            assert state(daemon)['trouble'], state(daemon)
        refused_at_once(a)
        caller = b.peer()
        Call(caller)
        assert caller.recv().code in (500, 503)
        # More lines about refused calls than a level may write at once.
        for _ in range(110):
            phone.register('carol')
        server.start()
        for daemon in (a, b):
            wait_until(daemon, 'ready')
            assert state(daemon)['emptied_servers'] == 0 and state(daemon)['reconnects'] >= 1
        answers(phone, a.peer())
        assert b.control('dump')['aors'][0]['aor'] == 'bob@example.org'
        # What is said about the connection is not hidden by them.
        said(a, ' error ', server.path)
        said(a, ' warning ', server.path, 'connected as registrard-' + state(a)['node'])
        assert a.output().count(server.path) < 10, a.output()


def test_a_server_that_comes_back_empty():
    with RedisServer() as server, node(server, logs=True) as a, node(server, logs=True) as b:
        phone = a.peer()
        for cseq in (1, 2):
            assert phone.register('bob', callid='c1', cseq=cseq).code == 200
        server.kill()
        wait_until(a, 'down')
        server.start()
        for daemon in (a, b):
            wait_until(daemon, 'ready')
            # Nothing comes back from what a node remembers.
            assert daemon.control.show('bob@example.org') == []
        wait_for(lambda: state(a)['emptied_servers'] == 1, 'nobody noticed')
        # The phone comes back by its next REGISTER.
        assert phone.register('bob', callid='c1', cseq=3).code == 200
        answers(phone, b.peer())
        assert a.output().count('empt') == 1, a.output()


def test_a_server_that_stands_still():
    with RedisServer() as server, node(server, '--set', 'retry_after=7', more='&timeout=300&connect_timeout=300', logs=True) as daemon:
        phone = daemon.peer()
        assert phone.register('bob', callid='c1').code == 200
        server.pause()
        caller = daemon.peer()
        call = Call(caller)
        call.cancel()
        assert caller.expect(200).get('cseq') == '1 CANCEL'
        # A cancelled call is over as such, whatever the store says.
        call.ack_refusal(caller.expect(487))
        assert phone.register('bob', callid='c1', cseq=2).code == 503
        wait_until(daemon, 'down')
        refused_at_once(daemon)
        server.go_on()
        wait_until(daemon, 'ready')
        assert phone.register('bob', callid='c1', cseq=3).code == 200
        row, = daemon.control.show('bob@example.org')
        assert row['cseq'] == 3
        answers(phone, daemon.peer())


@contextlib.contextmanager
def standing_still(server, daemon, operations):
    """The server stands still until so many operations wait for it."""
    server.pause()
    yield
    wait_for(lambda: daemon.control('stats')['operations_in_flight'] >= operations, 'not all wait: %s' % daemon.control('stats'))
    server.go_on()


def test_a_node_that_does_not_fit():
    """Other settings than those of the server's data, and a server that is none."""
    with RedisServer() as server, node(server) as first:
        assert first.peer().register('bob').code == 200
        for store in (server.store('p', '&buckets=8'), 'redis://' + first.address, server.store().replace('/socket', '/nothing')):
            with Daemon('--store', store, '--set', 'retry_after=7', logs=True) as other:
                wait_until(other, 'down')
                refused_at_once(other)
                said(other, ' error ', state(other)['trouble'])
                assert len(state(other)['trouble']) > 10, state(other)
        assert len(first.control.show('bob@example.org')) == 1


def test_answers_that_come_late():
    """Nothing is refused or forgotten that waits for less than the timeout."""
    more = '&timeout=20000'
    with RedisServer() as server, node(server, more=more) as daemon, node(server, '--mode', 'redirect', more=more) as redirect:
        phone, callers, controls = daemon.peer(), [daemon.peer() for _ in range(20)], [Control(daemon.path) for _ in range(5)]
        there = redirect.peer()
        assert phone.register('bob').code == 200
        assert daemon.peer().register('gone', ['<sip:gone@127.0.0.1:9>']).code == 200
        with standing_still(server, daemon, 20 + 20 + 4):
            for i, caller in enumerate(callers):
                caller.register('user%d' % i, callid='late-%d' % i, send_only=True)
                message(caller)
            message(there)
            for control, command in zip(controls, ('dump', 'show bob@example.org', 'remove gone@example.org', 'dump', 'dump')):
                control.send(command + '\n')
            # One client goes away, one closes its sending side only.
            controls[3].close()
            controls[4].sock.shutdown(socket.SHUT_WR)
        for caller in callers:
            phone.answer(phone.expect('MESSAGE'), 202)
        for i, caller in enumerate(callers):
            got = [caller.recv(), caller.recv()]
            assert sorted((answer.code, answer.get('cseq')) for answer in got) == [(200, '1 REGISTER'), (202, '1 MESSAGE')], got
        assert there.expect(302).values('contact') == ['<sip:bob@%s>' % phone.address]
        assert {'bob@example.org'} <= {row['aor'] for row in controls[0].line()['aors']}
        assert controls[1].line()['aor'] == 'bob@example.org' and controls[2].line() == {'result': True, 'removed': 1}
        assert 'aors' in controls[4].line()
        assert len(daemon.control('dump')['aors']) == 21


def test_copies_of_a_register_that_waits_are_dropped():
    """The answer to the first copy is that to all, and a later copy gets the same."""
    with RedisServer() as server, node(server, more='&timeout=20000') as daemon:
        phone, other = daemon.peer(), daemon.peer()
        assert phone.register('bob', callid='c1').code == 200
        copy = phone.request('REGISTER', 'sip:example.org', '<sip:bob@example.org>;tag=1', '<sip:bob@example.org>', 'c1', 2,
                             ['Contact: <sip:bob@%s>' % phone.address])
        with standing_still(server, daemon, 2):
            for _ in range(5):
                phone.send(copy)
            other.send(copy)  # from elsewhere it is no copy
            phone.register('bob', callid='c1', cseq=3, send_only=True)
            wait_for(lambda: daemon.control('stats')['operations_in_flight'] == 3, 'what is no copy was dropped')
        answers = [phone.recv(), phone.recv()]
        assert sorted((answer.code, answer.get('cseq')) for answer in answers) == [(200, '2 REGISTER'), (200, '3 REGISTER')], answers
        other.expect(200)
        phone.silent()
        assert daemon.control('stats')['repeated_registers'] == 4
        # What is answered is no longer waited for.
        again = phone.request('REGISTER', 'sip:example.org', '<sip:carol@example.org>;tag=1', '<sip:carol@example.org>', 'c2', 2,
                              ['Contact: <sip:carol@%s>' % phone.address])
        phone.send(again)
        answer = phone.expect(200)
        phone.send(again)
        assert phone.expect(200).get('to') == answer.get('to')
        assert daemon.control('stats')['repeated_registers'] == 4


def test_the_methods_of_phones_may_come_late():
    """A refusal with Allow asks the store twice. A caller who cancels meanwhile hears of that alone."""
    for mode in ('proxy', 'redirect'):
        with RedisServer() as server, node(server, '--lookup', 'method-filtering', '--mode', mode, more='&timeout=20000') as daemon:
            phone, caller, other = daemon.peer(), daemon.peer(), daemon.peer()
            assert phone.register('bob', ['<sip:bob@%s>;methods="OPTIONS"' % phone.address]).code == 200
            with standing_still(server, daemon, 1):
                message(caller)
            assert caller.expect(405).get('allow') == 'OPTIONS'
            if mode == 'proxy':
                with standing_still(server, daemon, 1):
                    call = Call(other)
                    call.cancel()
                    other.expect(200)
                call.ack_refusal(other.expect(487))


def test_flows_that_end_while_the_server_is_away():
    """Their bindings go when it is back."""
    def register(daemon, user):
        flow = daemon.peer('tcp')
        contact = '<sip:%s@192.0.2.9;transport=tcp>;reg-id=1;+sip.instance="<urn:uuid:%08x-0000-4000-8000-000000000000>"' % (user, next(serial))
        assert flow.register(user, [contact], headers=['Supported: path, outbound']).code == 200
        return flow

    with RedisServer(keeps=True) as server, node(server, '--set', 'outbound_mode=on', more='&timeout=300', logs=True) as daemon:
        flows = [register(daemon, 'user%d' % i) for i in range(20)]
        stays = register(daemon, 'bob')
        server.pause()
        for flow in flows[:10]:
            flow.close()
        wait_until(daemon, 'down')
        server.go_on()
        wait_for(lambda: len(daemon.control('dump').get('aors', [])) == 11, 'the bindings stay')
        server.kill()
        wait_until(daemon, 'down')
        for flow in flows[10:]:
            flow.close()
        server.start()
        wait_for(lambda: [row['aor'] for row in daemon.control('dump').get('aors', [])] == ['bob@example.org'], 'the bindings stay')
        message(daemon.peer())
        assert stays.expect('MESSAGE').uri.startswith('sip:bob@192.0.2.9')


def test_connections_that_are_cut():
    stack, a, b = two('cut', logs=True)
    with stack:
        phone = a.peer()
        for cseq in range(1, 21):
            shared().ask('CLIENT', 'KILL', 'TYPE', 'normal')
            assert phone.register('bob', callid='c1', cseq=cseq).code == 200
        wait_until(b, 'ready')
        answers(phone, b.peer())


SECRET = 'geh%20eim'
PLAIN = 'geh eim'


def test_a_wrong_password():
    with with_port(password='right-one') as server:
        right = server.store()
        wrong = right.replace('right-one', SECRET)
        with Daemon('--store', wrong, '--set', 'retry_after=7', '--log', 'debug', logs=True) as daemon:
            said(daemon, 'WRONGPASS')
            wait_until(daemon, 'down')
            refused_at_once(daemon)
            shown = daemon.output() + str(daemon.control('stats')) + str(daemon.control('metrics'))
            assert 'WRONGPASS' in state(daemon)['trouble'] and '127.0.0.1:%d' % server.port in state(daemon)['address'], state(daemon)
            server.ask('CONFIG', 'SET', 'requirepass', PLAIN)
            wait_until(daemon, 'ready')
            assert daemon.peer().register('bob').code == 200
            shown += daemon.output() + str(daemon.control('stats')) + str(daemon.control('metrics'))
            for secret in (SECRET, PLAIN):
                assert secret not in shown, shown
            server.password = PLAIN
            assert b'name=registrard-' + state(daemon)['node'].encode() in server.ask('CLIENT', 'LIST')


def test_a_password_that_stands_in_a_file():
    with with_port(password='right-one') as server, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'store')
        with open(path, 'w') as file:
            file.write(server.store() + '\n')
        with Daemon('--store', 'file:' + path, '--log', 'debug', logs=True) as daemon:
            assert daemon.peer().register('bob').code == 200
            with open('/proc/%d/cmdline' % daemon.process.pid) as shown:
                assert 'right-one' not in shown.read() + daemon.output() + str(daemon.control('stats'))


def test_a_server_that_starts_later():
    with with_port(start=False) as server, Daemon('--store', server.store(), '--set', 'retry_after=7', logs=True) as daemon:
        wait_until(daemon, 'down')
        refused_at_once(daemon)
        server.start()
        wait_until(daemon, 'ready')
        phone = daemon.peer()
        assert phone.register('bob').code == 200
        answers(phone, daemon.peer())


def test_the_name_of_a_server():
    """It is asked of registrard's own name servers, before each connection."""
    with with_port(start=False) as server, NameServer({('redis.example', A): ['127.0.0.1']}) as names:
        where = server.store().replace('127.0.0.1', 'redis.example')
        with Daemon('--store', where, '--name-server', names.address, logs=True) as daemon:
            wait_until(daemon, 'down')
            server.start()
            wait_until(daemon, 'ready')
            assert daemon.peer().register('bob').code == 200
        assert ('redis.example', A) in names.asked
    with NameServer({('redis.example', A): None}) as names:
        with Daemon('--store', 'redis://redis.example', '--name-server', names.address, logs=True) as daemon:
            # A name server that is silent delays nobody.
            assert daemon.peer().register('bob').code == 503
            wait_until(daemon, 'down')
            assert state(daemon)['trouble']


def test_bindings_of_one_node_outlive_the_server():
    with RedisServer() as server, node(server, '--save', 'memory-only', logs=True) as a, node(server, logs=True) as b:
        mine, everybodys, caller = a.peer(), b.peer(), a.peer()
        assert mine.register('bob').code == 200 and everybodys.register('carol').code == 200
        assert b.control.show('bob@example.org') == []
        answers(mine, caller)
        answers(everybodys, caller, 'carol')
        server.kill()
        wait_until(a, 'down')
        answers(mine, caller)
        message(caller, 'carol')
        assert caller.recv().code in (500, 503)


def test_sites_tell_each_other_by_a_shared_server():
    server = shared()
    ports = [free_port(), free_port()]
    with contextlib.ExitStack() as stack:
        sites = stack.enter_context(RedisServer())
        a, b = [stack.enter_context(Daemon('--store', server.store('site%d' % port), '--federate', '%s,127.0.0.1:%d' % (sites.store('sites'), port),
                                           '--lookup', 'global', port=port, logs=True)) for port in ports]
        phone, caller = a.peer(), b.peer()
        assert phone.register('bob').code == 200
        assert b.control.show('bob@example.org') == []
        wait_for(lambda: a.control('stats')['homes_published'] == 1, 'nothing is published')
        answers(phone, caller, of_another_site=True)
        assert state(a, 'federate')['connection'] == 'ready' and state(a)['address'] != state(a, 'federate')['address']
        metrics_are_well_formed(a, 2)
        # The server of the sites comes back empty, and no phone registers again.
        sites.kill()
        wait_until(a, 'down', 'federate')
        sites.start(empty=True)
        wait_for(lambda: a.control('stats')['homes_published'] == 2, 'nothing is published again')
        assert state(a, 'federate')['emptied_servers'] == 1
        wait_until(b, 'ready', 'federate')
        answers(phone, caller, of_another_site=True)
        assert a.control('remove bob@example.org')['removed'] == 1
        wait_for(lambda: a.control('stats')['homes_withdrawn'] == 1, 'nothing is withdrawn')
        message(caller)
        caller.expect(404)


def metrics_are_well_formed(daemon, stores):
    """Prometheus wants all lines of a metric together, below one help and one type."""
    groups = []
    for line in daemon.control('metrics')['text'].splitlines():
        name = line.split()[2] if line.startswith('#') else re.match(r'[a-z_]+', line).group()
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(line)
    names = [name for name, _ in groups]
    assert len(names) == len(set(names)), names
    rows = {name: lines for name, lines in groups if name.startswith('registrard_store_')}
    assert 'registrard_store_commit_round_trips' in rows and len(rows['registrard_store_connection']) == 2 + stores, rows
    assert rows['registrard_store_connection'][2] == 'registrard_store_connection{argument="store"} 2'


def test_the_end_with_a_server_that_stands_still():
    """What is in flight is answered, and the process ends in time."""
    with RedisServer() as server:
        for args in ((), ('--save', 'memory-only'), ('--mode', 'redirect')):
            with node(server, '--federate', server.store('sites') + ',127.0.0.1', *args, logs=True) as daemon:
                phone, peers = daemon.peer(), [daemon.peer() for _ in range(3)]
                assert phone.register('bob').code == 200
                wait_until(daemon, 'ready', 'federate')
                dump = Control(daemon.path)
                server.pause()
                peers[0].register('carol', send_only=True)
                call = Call(peers[1], 'sip:carol@example.org')
                peers[2].register('bob', (), send_only=True)
                dump.send('dump\n')
                wait_for(lambda: daemon.control('stats')['operations_in_flight'] >= 3, 'nothing is in flight')
                daemon.stop()
                daemon.stop = lambda: None
                refusals = [peers[1].recv()]
                assert refusals[0].code in (500, 503)
                if '--save' not in args:
                    refusals.append(peers[0].recv())
                    assert refusals[1].code == 503
                assert all(refusal.get('retry-after') == '5' for refusal in refusals if refusal.code == 503), refusals
                server.go_on()
        # One that was never reached.
        server.pause()
        with node(server, more='&connect_timeout=60000', logs=True) as daemon:
            peer = daemon.peer()
            peer.register('bob', send_only=True)
            wait_for(lambda: daemon.control('stats')['operations_in_flight'] >= 1, 'nothing is in flight')
            daemon.stop()
            daemon.stop = lambda: None
            answer = peer.recv()
            assert answer.code == 503 and answer.get('retry-after') == '5', answer


if __name__ == '__main__':
    run(globals())
