# SPDX-License-Identifier: MIT
"""RFC 5626: flows over TCP, what becomes of bindings and calls when one ends, fallbacks, keep-alives, refusals."""
import os
import re
import select
import socket
import struct
import time
from harness import Daemon, run, serial

CALLER = '<sip:caller@example.net>;tag=caller'
URN = 'urn:uuid:00000000-0000-1000-8000-%012d'
ON = ('--set', 'outbound_mode=on')
RECEIVED = ('--set', 'received_avp=$avp(rcv)')


def flow_contact(user='bob', reg_id=1, instance=1, expires=600):
    """Nobody listens there: only the connection itself reaches the phone."""
    return '<sip:%s@127.0.0.1:9;transport=tcp>;+sip.instance="<%s>";reg-id=%d;expires=%d' % (user, URN % instance, reg_id, expires)


def flow(daemon, user='bob', reg_id=1, instance=1, **kw):
    """A connection on which an instance of a user registered."""
    peer = daemon.peer('tcp')
    answer = peer.register(user, [flow_contact(user, reg_id, instance, **kw)], headers=['Supported: path, outbound'])
    assert answer.code == 200 and 'outbound' in answer.values('require'), answer
    # The next one is refreshed later, by the clock of the registrar.
    time.sleep(0.005)
    return peer


def invite(peer, user='bob', headers=()):
    callid = 'flow-%d' % next(serial)
    uri = 'sip:%s@example.org' % user
    peer.send(peer.request('INVITE', uri, CALLER, '<%s>' % uri, callid, 1, ['Contact: <sip:caller@%s>' % peer.address] + list(headers)))
    return callid


def soon(condition, timeout=3):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, 'not in time'
        time.sleep(0.01)


def rows(daemon, user='bob'):
    return sorted(row['reg_id'] or 0 for row in daemon.control.show(user + '@example.org'))


def fin(peer):
    peer.close()


def reset(peer):
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    peer.close()


def half_close(peer):
    peer.sock.shutdown(socket.SHUT_WR)


def excess(peer):
    """Past the size of a message the server closes the connection."""
    peer.send('INVITE sip:bob@example.org SIP/2.0\r\nX: ' + 'x' * 60000)


def test_one_flow_of_an_instance_is_called():
    with Daemon(*ON) as daemon:
        first, second, caller = flow(daemon, reg_id=1), flow(daemon, reg_id=2), daemon.peer()
        assert rows(daemon) == [1, 2]
        invite(caller)
        request = second.expect('INVITE')
        first.silent()
        second.answer(request, 200, headers=['Contact: ' + flow_contact()])
        assert caller.expect(200).tag('to') == 't-%d' % second.port
        # Another instance is another phone.
        other = flow(daemon, reg_id=1, instance=2)
        invite(caller)
        other.expect('INVITE')
        second.expect('INVITE')
        first.silent(0.1)


def test_a_flow_that_ends_takes_its_binding_with_it():
    for end in (fin, reset, half_close, excess):
        with Daemon(*ON) as daemon:
            first, second, caller = flow(daemon, reg_id=1), flow(daemon, reg_id=2), daemon.peer()
            alone = flow(daemon, user='alice')
            events = type(daemon.control)(daemon.path)
            events.send('events\n')
            time.sleep(0.05)
            end(second)
            event = events.line()
            assert event and event['event'] == 'CONTACT_DELETE' and event['contact']['reg_id'] == 2, (end, event)
            soon(lambda: rows(daemon) == [1])
            invite(caller)
            first.answer(first.expect('INVITE'), 486)
            caller.expect(486)
            end(alone)
            soon(lambda: rows(daemon, 'alice') == [])
            invite(caller, 'alice')
            caller.expect(404)
            events.close()


def test_a_flow_that_ends_during_a_call_gives_way_to_the_other():
    for end in (fin, reset, half_close, excess):
        for ringing in (False, True):
            with Daemon(*ON) as daemon:
                first, second, caller = flow(daemon, reg_id=1), flow(daemon, reg_id=2), daemon.peer()
                invite(caller)
                request = second.expect('INVITE')
                if ringing:
                    second.answer(request, 180)
                    caller.expect(180)
                started = time.monotonic()
                end(second)
                request = first.expect('INVITE')
                assert time.monotonic() - started < 1, 'a time-out was waited for'
                first.answer(request, 200, headers=['Contact: ' + flow_contact()])
                assert caller.expect(200).tag('to') == 't-%d' % first.port
                soon(lambda: rows(daemon) == [1])


def test_with_every_flow_gone_the_caller_is_told():
    with Daemon(*ON) as daemon:
        first, second, caller = flow(daemon, reg_id=1), flow(daemon, reg_id=2), daemon.peer()
        busy = daemon.peer()
        invite(caller)
        second.expect('INVITE')
        fin(second)
        first.expect('INVITE')
        fin(first)
        caller.expect(430)
        # What another phone says is worth more.
        first = flow(daemon, reg_id=1)
        busy.register('bob')
        invite(caller)
        first.expect('INVITE')
        busy.answer(busy.expect('INVITE'), 486)
        fin(first)
        caller.expect(486)


def test_430_from_the_edge_tries_the_other_flow():
    """Phones behind an edge proxy: their flows are its own business, and 430 is how it says that one is gone."""
    for code in (430, 408):
        with Daemon(*ON) as daemon:
            edges, caller = [daemon.peer(), daemon.peer()], daemon.peer()
            for n, edge in enumerate(edges):
                answer = edge.register('bob', ['<sip:bob@192.0.2.1>;+sip.instance="<%s>";reg-id=%d' % (URN % 1, n + 1)],
                                       headers=['Path: <sip:edge%d@%s;lr;ob>' % (n, edge.address), 'Supported: path, outbound'])
                assert answer.code == 200 and answer.get('require') == 'outbound', answer
            invite(caller)
            request = edges[1].expect('INVITE')
            assert request.get('route') == '<sip:edge1@%s;lr;ob>' % edges[1].address and request.uri == 'sip:bob@192.0.2.1', request
            edges[1].answer(request, code, 'Flow Failed')
            request = edges[0].expect('INVITE')
            assert request.get('route') == '<sip:edge0@%s;lr;ob>' % edges[0].address
            edges[0].answer(request, 486)
            caller.expect(486)
    # Any other refusal is the phone's answer, whatever its flows.
    with Daemon(*ON) as daemon:
        first, second, caller = flow(daemon, reg_id=1), flow(daemon, reg_id=2), daemon.peer()
        invite(caller)
        second.answer(second.expect('INVITE'), 480)
        caller.expect(480)
        first.silent(0.2)


def test_the_connection_of_a_proxy_is_no_flow():
    with Daemon(*ON) as daemon:
        edge = daemon.peer('tcp')
        path = '<sip:edge@127.0.0.1:9;transport=tcp;lr;ob>'
        for headers in (['Path: ' + path], ['Path: ' + path, 'Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKphone']):
            answer = edge.register('bob', [flow_contact()], headers=['Supported: path, outbound'] + headers)
            assert answer.code == 200 and answer.get('require') == 'outbound', answer
            assert daemon.control.show('bob@example.org')[0]['flow'] is None
        fin(edge)
        time.sleep(0.3)
        assert rows(daemon) == [1]


def test_a_phone_that_asks_for_no_flow_keeps_its_binding():
    for options, contact in (((), flow_contact()), (ON, '<sip:bob@127.0.0.1:9;transport=tcp>')):
        with Daemon(*options) as daemon:
            phone = daemon.peer('tcp')
            assert phone.register('bob', [contact]).code == 200
            # The name of its connection, by which it is called while it lasts; but nothing depends on it.
            assert re.fullmatch('[0-9a-f]{32}-s[0-9a-f]+', daemon.control.show('bob@example.org')[0]['flow'])
            fin(phone)
            time.sleep(0.3)
            assert len(rows(daemon)) == 1


def test_a_phone_that_asks_for_no_flow_is_called_over_its_connection():
    """While it lasts, and leads to its next hop; an address alone is no connection."""
    for host, options, over in (('127.0.0.1:9', (), True), ('127.0.0.2:9', (), False), ('127.0.0.2:9', RECEIVED, True),
                                ('127.0.0.1:9', RECEIVED + ON, True)):
        with Daemon(*options) as daemon:
            phone, other, caller = daemon.peer('tcp'), daemon.peer('tcp'), daemon.peer()
            assert phone.register('bob', ['<sip:bob@%s;transport=tcp>' % host]).code == 200
            assert other.register('alice', ['<sip:alice@127.0.0.1:9;transport=tcp>']).code == 200
            invite(caller)
            if over:
                phone.answer(phone.expect('INVITE'), 486)
                phone.expect('ACK')
                caller.expect(486)
            else:
                caller.expect(500)
                phone.silent(0.1)
            other.silent(0.1)
            # A Contact of another transport is not reached over it.
            assert phone.register('carol', ['<sip:carol@127.0.0.1:9>']).code == 200
            invite(caller, 'carol')
            if RECEIVED[0] in options and over:
                phone.expect('INVITE')
            else:
                caller.expect(500)
                phone.silent(0.1)


def test_who_comes_after_at_the_same_address_is_somebody_else():
    for options in ((), RECEIVED, ON, RECEIVED + ON):
        with Daemon(*options) as daemon:
            caller, alice = daemon.peer(), daemon.peer('tcp')
            contact = '<sip:%s@127.0.0.1:%d;transport=tcp>'
            assert alice.register('alice', [contact % ('alice', alice.port)]).code == 200
            reset(alice)
            bob = daemon.peer('tcp', own_port=alice.port)
            assert bob.register('bob', [contact % ('bob', bob.port)]).code == 200
            invite(caller, 'alice')
            caller.expect(500)
            bob.silent(0.1)
            invite(caller, 'bob')
            bob.answer(bob.expect('INVITE'), 486)
            caller.expect(486)


def test_a_phone_whose_connection_ended_is_called_where_it_listens():
    with Daemon() as daemon, socket.create_server(('127.0.0.1', 0)) as listener:
        caller, phone = daemon.peer(), daemon.peer('tcp')
        assert phone.register('bob', ['<sip:bob@127.0.0.1:%d;transport=tcp>' % listener.getsockname()[1]]).code == 200
        fin(phone)
        time.sleep(0.1)
        invite(caller)
        listener.settimeout(3)
        with listener.accept()[0] as connection:
            connection.settimeout(3)
            assert connection.recv(1000).startswith(b'INVITE sip:bob@127.0.0.1:')


def test_names_of_flows_are_never_used_twice():
    seen = set()
    for _ in range(2):
        with Daemon(*ON) as daemon:
            for _ in range(20):
                phone = flow(daemon)
                row, = daemon.control.show('bob@example.org')
                assert 0 < len(row['flow']) <= 255 and row['flow'] not in seen, row
                seen.add(row['flow'])
                # A refresh on the same connection is on the same flow.
                assert phone.register('bob', [flow_contact()], headers=['Supported: outbound']).code == 200
                row, = daemon.control.show('bob@example.org')
                assert row['flow'] in seen
                fin(phone)
                soon(lambda: rows(daemon) == [])
    assert len(seen) == 40


def test_a_binding_that_moved_to_another_flow_stays():
    with Daemon(*ON) as daemon:
        old = flow(daemon)
        new, caller = flow(daemon), daemon.peer()
        assert rows(daemon) == [1]
        fin(old)
        time.sleep(0.3)
        assert rows(daemon) == [1]
        invite(caller)
        new.expect('INVITE')


def test_two_phones_on_one_connection():
    """An intercom with two lines: both bindings hang on the one connection, and so do both branches of a call."""
    for end in (fin, reset, half_close):
        with Daemon(*ON) as daemon:
            phone, caller = flow(daemon, instance=1), daemon.peer()
            assert phone.register('bob', [flow_contact(instance=2)], headers=['Supported: outbound']).code == 200
            spare = flow(daemon, instance=2, reg_id=2)
            assert phone.register('bob', [flow_contact(instance=2)], headers=['Supported: outbound']).code == 200
            assert len(rows(daemon)) == 3
            invite(caller)
            for _ in range(2):
                phone.expect('INVITE')
            end(phone)
            spare.answer(spare.expect('INVITE'), 486)
            caller.expect(486)
            soon(lambda: rows(daemon) == [2])


def test_a_dialog_stays_on_its_flow():
    with Daemon(*ON) as daemon:
        phone, caller = flow(daemon), daemon.peer()
        callid = invite(caller)
        request = phone.expect('INVITE')
        phone.answer(request, 200, headers=['Contact: <sip:bob@127.0.0.1:9;transport=tcp>'])
        ok = caller.expect(200)
        routes = ['Route: %s' % r for r in reversed(ok.values('record-route'))]
        for method, cseq in (('ACK', 1), ('BYE', 2)):
            caller.send(caller.request(method, 'sip:bob@127.0.0.1:9;transport=tcp', CALLER, ok.get('to'), callid, cseq, routes))
            got = phone.expect(method)
            assert got.uri == 'sip:bob@127.0.0.1:9;transport=tcp', got
        phone.answer(got, 200)
        assert caller.expect(200).get('cseq') == '2 BYE'


def test_many_flows_end_at_once():
    with Daemon(*ON, '--store', 'memory:0') as daemon:
        phones = [flow(daemon, user='u%d' % n) for n in range(200)]
        callers = [daemon.peer() for _ in range(20)]
        for n, caller in enumerate(callers):
            invite(caller, 'u%d' % n)
            phones[n].expect('INVITE')
        for n, phone in enumerate(phones):
            (fin, reset)[n % 2](phone)
        for caller in callers:
            caller.expect(430)
        soon(lambda: daemon.control('dump')['aors'] == [])


def test_the_end_of_a_connection_with_many_users_holds_up_nobody():
    """Their bindings are removed in parts, and what else comes is served between the parts."""
    with Daemon(*ON) as daemon:
        phone, other = daemon.peer('tcp'), daemon.peer()
        for n in range(1000):
            answer = phone.register('many%d' % n, [flow_contact('many%d' % n)], headers=['Supported: outbound'])
            assert answer.code == 200
        other.register('stays')
        phone.close()
        daemon.peers.remove(phone)
        end = time.monotonic() + 5
        while len(daemon.control('dump')['aors']) > 1 and time.monotonic() < end:
            time.sleep(0.01)
        assert [row['aor'] for row in daemon.control('dump')['aors']] == ['stays@example.org']


def test_flows_at_the_end_are_let_go():
    """Neither bindings nor calls on flows hold up the end."""
    with Daemon(*ON) as daemon:
        phone, caller = flow(daemon), daemon.peer()
        flow(daemon, reg_id=2)
        invite(caller)
        daemon.stop()
        daemon.stop = lambda *_: None
        assert phone.proto == 'tcp'


def test_what_the_parameter_demands():
    plain = '<sip:bob@127.0.0.1:9;transport=tcp>'
    with Daemon('--set', 'outbound_mode=required') as daemon:
        phone = daemon.peer('tcp')
        answer = phone.register('bob', [plain])
        assert answer.code == 421 and answer.get('require') == 'outbound', answer
        assert phone.register('bob', [flow_contact()], headers=['Supported: outbound']).code == 200
        assert phone.register('bob', ()).code == 200
    with Daemon(*ON, '--set', 'flow_timer=120') as daemon:
        phone = daemon.peer('tcp')
        # Through a proxy that knows nothing of flows.
        answer = phone.register('bob', [flow_contact()],
                                headers=['Supported: outbound', 'Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKphone'])
        assert answer.code == 439 and answer.start.endswith('First Hop Lacks Outbound Support'), answer
        answer = phone.register('bob', [flow_contact()], headers=['Supported: outbound'])
        assert answer.code == 200 and answer.get('flow-timer') == '120', answer
        assert phone.register('bob', [flow_contact(), plain], headers=['Supported: outbound']).code == 400


def test_keep_alives_are_answered():
    """RFC 5626 §3.5.1: a double CRLF is answered with a single one, a single one with nothing."""
    with Daemon(*ON) as daemon:
        phone = flow(daemon)

        def sent(*parts):
            for part in parts:
                phone.send(part)
                time.sleep(0.05)
            data = b''
            while select.select([phone.sock], [], [], 0.3)[0]:
                data += phone.sock.recv(1000)
            return data

        assert sent('\r\n\r\n') == b'\r\n'
        assert sent('\r\n\r\n', '\r\n\r\n') == b'\r\n\r\n'
        assert sent('\r\n', '\r\n') == b'\r\n'
        assert sent('\r\n') == b''
        assert sent('\r\n') == b'\r\n'
        assert phone.register('bob', [flow_contact()], headers=['Supported: outbound']).code == 200
        assert rows(daemon) == [1]


def test_a_peer_that_is_gone_without_a_word_is_noticed_in_minutes():
    """By the keep-alive of the system."""
    with Daemon(*ON) as daemon:
        phone, other = flow(daemon), daemon.peer('tcp')
        time.sleep(0.1)
        for peer in (phone, other):
            wanted = ':%04X' % daemon.port, ':%04X' % peer.port
            timers = [row[5] for row in map(str.split, open('/proc/net/tcp')) if (row[1][8:], row[2][8:]) == wanted]
            kind, ticks = timers[0].split(':')
            assert kind == '02' and int(ticks, 16) <= 301 * os.sysconf('SC_CLK_TCK'), timers


def ended(peer, timeout):
    """Seconds until the server closed the connection."""
    started = time.monotonic()
    while True:
        assert select.select([peer.sock], [], [], max(0, started + timeout - time.monotonic()))[0], 'still open'
        if not peer.sock.recv(1000):
            return time.monotonic() - started


def test_a_connection_is_kept_as_long_as_its_binding():
    """Ten seconds longer, and from then on it is of no use to anybody."""
    with Daemon(*ON, '--set', 'tcp_persistent_flag=$flag(TCP_PERSIST)', '--set', 'min_expires=1') as daemon, Daemon('--set', 'min_expires=1') as plain:
        short, long, other, untold = daemon.peer('tcp'), daemon.peer('tcp'), daemon.peer('tcp'), plain.peer('tcp')
        contact = '<sip:bob@127.0.0.1:9;transport=tcp>;expires=%d'
        assert short.register('bob', [contact % 1]).code == 200
        assert long.register('alice', [contact % 60]).code == 200
        # Two on one connection: it lasts as long as the longer one, whoever comes last.
        both = daemon.peer('tcp')
        assert both.register('frank', [contact % 60]).code == 200
        assert both.register('grace', [contact % 1]).code == 200
        # This Contact is not reached over TCP.
        assert other.register('carol', ['<sip:carol@127.0.0.1:9>;expires=1']).code == 200
        assert untold.register('bob', [contact % 1]).code == 200
        # Being watched keeps no connection open.
        watched = flow(daemon, user='erin', expires=1)
        assert 10 < ended(short, 14) < 13
        ended(watched, 2)
        time.sleep(0.5)
        for peer in (long, both, other, untold):
            assert peer.register('dave', ()).code == 200


run(globals())
