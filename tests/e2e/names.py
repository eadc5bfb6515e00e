# SPDX-License-Identifier: MIT
"""Next hops with a name: looked up without blocking, in the order of RFC 3263, within limits."""
import socket
import time
from harness import Daemon, free_port, run
from name_server import A, SRV, NameServer

CALLER = '<sip:caller@example.net>;tag=c'


def invite(caller, user, callid, method='INVITE'):
    uri = 'sip:%s@example.org' % user
    caller.send(caller.request(method, uri, CALLER, '<%s>' % uri, callid, 1, ['Contact: <sip:caller@%s>' % caller.address]))


def register(daemon, user, contact):
    answer = daemon.peer().register(user, ['<%s>' % contact])
    assert answer.code == 200, answer


def answered_within(peer, seconds):
    started = time.monotonic()
    peer.send(peer.request('OPTIONS', 'sip:%s' % peer.target, CALLER, '<sip:%s>' % peer.target, 'o%d' % started, 1))
    assert peer.expect(200, seconds)


def test_a_name_with_a_port_has_an_address():
    with NameServer({('phone.test', A): ['127.0.0.1']}) as names, Daemon('--name-server', names.address) as daemon:
        phone, caller = daemon.peer(), daemon.peer()
        register(daemon, 'alice', 'sip:alice@phone.test:%d' % phone.port)
        for n in range(3):
            invite(caller, 'alice', 'n%d' % n, 'MESSAGE')
            message = phone.expect('MESSAGE')
            assert message.uri == 'sip:alice@phone.test:%d' % phone.port
            phone.answer(message, 200)
            caller.expect(200)
        # The answer is kept: the register and three requests asked once.
        assert names.asked.count(('phone.test', A)) == 1, names.asked
        assert ('_sip._udp.phone.test', SRV) not in names.asked


def test_service_records_give_order_and_port():
    with Daemon() as other:
        first, second = other.peer(), other.peer()
        records = {('_sip._udp.phone.test', SRV): [(20, 0, second.port, 'b.phone.test'), (10, 0, first.port, 'a.phone.test')],
                   ('a.phone.test', A): ['127.0.0.1'], ('b.phone.test', A): ['127.0.0.1'], ('phone.test', A): ['192.0.2.1']}
        with NameServer(records) as names, Daemon('--name-server', names.address) as daemon:
            caller = daemon.peer()
            register(daemon, 'alice', 'sip:alice@phone.test')
            first.server = second.server = ('127.0.0.1', daemon.port)
            invite(caller, 'alice', 'one', 'MESSAGE')
            first.answer(first.expect('MESSAGE'), 200)
            caller.expect(200)
            second.silent(0.1)


def test_services_are_asked_for_again_when_their_records_end():
    """Also when there was none: the answer without them is not kept for as long as the addresses are."""
    with Daemon() as other:
        phone = other.peer()
        records = {('_sip._udp.one.test', SRV): [(1, 0, phone.port, 'a.test')], ('a.test', A): ['127.0.0.1'], ('two.test', A): ['127.0.0.1']}
        with NameServer(records, {SRV: 1, A: 3600}) as names, Daemon('--name-server', names.address) as daemon:
            caller = daemon.peer()
            for host in ('one.test', 'two.test'):
                register(daemon, host, 'sip:phone@' + host)
            end = time.monotonic() + 20
            while min(names.asked.count(('_sip._udp.%s.test' % name, SRV)) for name in ('one', 'two')) < 2:
                assert time.monotonic() < end, names.asked
                for host in ('one.test', 'two.test'):
                    invite(caller, host, '%s-%d' % (host, len(names.asked)), 'ACK')
                time.sleep(0.5)
            assert names.asked.count(('two.test', A)) <= 3, names.asked


def test_the_next_address_is_tried_when_one_is_unreachable():
    closed = free_port()
    with Daemon() as other:
        second = other.peer()
        records = {('_sip._udp.phone.test', SRV): [(1, 0, closed, 'a.phone.test'), (2, 0, second.port, 'a.phone.test')],
                   ('a.phone.test', A): ['127.0.0.1'], ('phone.test', A): ['192.0.2.1']}
        with NameServer(records) as names, Daemon('--name-server', names.address) as daemon:
            caller = daemon.peer()
            second.server = ('127.0.0.1', daemon.port)
            register(daemon, 'alice', 'sip:alice@phone.test')
            invite(caller, 'alice', 'one')
            request = second.expect('INVITE')
            second.answer(request, 486)
            second.expect('ACK')
            caller.expect(486)


def test_a_silent_name_server_holds_up_nothing():
    with NameServer({('phone.test', A): None, ('_sip._udp.phone.test', SRV): None}) as names, \
            Daemon('--name-server', names.address) as daemon:
        phone, caller, other = daemon.peer(), daemon.peer(), daemon.peer()
        for n in range(20):
            daemon.peer().register('bob', ['<sip:bob@phone.test>'], send_only=True)
            invite(caller, 'carol', 'x%d' % n)
        answered_within(other, 0.5)
        register(daemon, 'alice', 'sip:alice@%s' % phone.address)
        time.sleep(3.5)
        assert len(daemon.control.show('bob@example.org')) >= 1
        # One phone without an address does not keep the other from ringing.
        daemon.peer().register('bob', ['<sip:bob@%s>' % phone.address])
        invite(other, 'bob', 'ring')
        request = phone.expect('INVITE')
        phone.answer(request, 200, headers=['Contact: <sip:bob@%s>' % phone.address])
        assert other.expect(200, 5)


def test_a_binding_is_known_by_the_addresses_of_its_name():
    """The library asks for them (env.resolve) before it answers the REGISTER."""
    with NameServer({('phone.test', A): ['192.0.2.7']}) as names, Daemon('--name-server', names.address) as daemon:
        register(daemon, 'alice', 'sip:alice@phone.test:5070')
        assert daemon.control('is_ip_registered alice@example.org 192.0.2.8')['result'] is False
        assert daemon.control('is_ip_registered alice@example.org 192.0.2.7:5070')['result'] is True


def test_what_waits_for_a_name_at_the_end_is_given_up():
    with NameServer({('phone.test', A): None}) as names, Daemon('--name-server', names.address) as daemon:
        for n in range(3):
            daemon.peer().register('u%d' % n, ['<sip:u@phone.test:5060>'], send_only=True)
            invite(daemon.peer(), 'nobody', 'n%d' % n)
        end = time.monotonic() + 2
        while ('phone.test', A) not in names.asked:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_the_number_of_requests_that_wait_is_limited():
    with NameServer({('phone.test', A): None}) as names, Daemon('--name-server', names.address) as daemon:
        phone = daemon.peer('tcp')
        for n in range(1100):
            phone.register('u%d' % n, ['<sip:u@phone.test:5060>'], 'r-%d' % n, send_only=True)
        # The first to be answered is the first that need not wait.
        answer = phone.expect(200)
        assert answer.get('call-id') == 'r-1024', answer
        # All of them are answered, with and without an address.
        left = {'r-%d' % n for n in range(1100)} - {'r-1024'}
        while left:
            left.remove(phone.expect(200, 10).get('call-id'))


def test_without_an_address_the_branch_fails():
    with NameServer({}) as names, Daemon('--name-server', names.address) as daemon:
        caller = daemon.peer()
        register(daemon, 'alice', 'sip:alice@nowhere.test')
        started = time.monotonic()
        invite(caller, 'alice', 'one')
        # RFC 3261 §16.7 step 6: the 503 of a branch is not passed on.
        caller.expect(500, 5)
        assert time.monotonic() - started < 2
        assert daemon.control('stats')['unresolved_names'] >= 1


def test_without_a_route_to_the_name_server_nothing_spins():
    with Daemon('--name-server', '[2001:db8::53]:53') as daemon:
        caller, other = daemon.peer(), daemon.peer()
        register(daemon, 'alice', 'sip:alice@phone.test')
        invite(caller, 'alice', 'one')
        answered_within(other, 0.5)
        caller.expect(500, 10)
        used = cpu_seconds(daemon)
        time.sleep(1)
        assert cpu_seconds(daemon) - used < 0.3


def cpu_seconds(daemon):
    fields = open('/proc/%d/stat' % daemon.process.pid).read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_hosts_that_no_name_server_knows_are_not_asked_for():
    with NameServer({}) as names, Daemon('--name-server', names.address) as daemon:
        caller = daemon.peer()
        for n, host in enumerate(('34020000001320000001', 'cam_1.test')):
            register(daemon, 'user%d' % n, 'sip:a@' + host)
            invite(caller, 'user%d' % n, 'u%d' % n)
            caller.expect(500, 5)
        assert names.asked == []


def test_copies_that_wait_for_a_name_are_limited_by_their_bytes():
    """What was let in while nothing was kept is not sent when its names are known and there is no room for it."""
    known = {('phone.test', A): ['127.0.0.1']}
    with NameServer(dict(known), {A: 0}) as names, Daemon('--name-server', names.address, '--max-calls', '10') as daemon:
        phone, caller, seen = daemon.peer(), daemon.peer('tcp'), set()
        phone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        for n in range(3):
            contacts = ['<sip:bob%d.%d@phone.test:%d>' % (n, m, phone.port) for m in range(20)]
            assert daemon.peer().register('bob', contacts).code == 200
        time.sleep(5.2)  # an answer is kept for at least five seconds
        names.records = {('phone.test', A): None}
        asked = len(names.asked)
        for n in range(10):
            caller.send(caller.request('MESSAGE', 'sip:bob@example.org', CALLER, '<sip:bob@example.org>', 'large-%d' % n, 1, body='x' * 48000))
        end = time.monotonic() + 3
        while len(names.asked) == asked or daemon.control('stats')['received_requests'] < 13:
            assert time.monotonic() < end, 'not all wait'
            time.sleep(0.02)
        names.records = known
        end = time.monotonic() + 4
        while time.monotonic() < end:
            message = phone.recv(0.1)
            if message:
                seen.add((message.get('call-id'), message.uri))
        # Of 600 copies there is room for 16 MiB and 160 KiB.
        assert 100 < len(seen) < 360, len(seen)


def test_acks_that_wait_for_a_name_are_limited():
    with NameServer({('slow.test', A): None, ('_sip._udp.slow.test', SRV): None}) as names, \
            Daemon('--name-server', names.address, '--max-calls', '5') as daemon:
        register(daemon, 'alice', 'sip:alice@slow.test:9')
        caller = daemon.peer()
        for n in range(40):
            invite(caller, 'alice', 'ack%d' % n, 'ACK')
        answered_within(caller, 1)
        assert daemon.control('stats')['refused_calls'] == 30
        time.sleep(3.5)
        # None of them is left, so that a call has room.
        invite(caller, 'alice', 'after', 'MESSAGE')
        assert caller.recv().code == 500


run(globals())
