# SPDX-License-Identifier: MIT
"""REGISTER over UDP and TCP, and what the control socket then shows."""
import signal
import socket
import time
from harness import Daemon, Skip, run


def each_transport(test, *args, **kw):
    for proto in ('udp', 'tcp'):
        with Daemon(*args, **kw) as daemon:
            test(daemon, daemon.peer(proto))


def test_a_binding_is_added_refreshed_queried_and_removed():
    def test(daemon, peer):
        contact = '<sip:alice@%s>' % peer.address
        answer = peer.register('alice', [contact + ';q=0.7;expires=600'], 'c1', 1, ['User-Agent: test/1', 'Allow: INVITE, BYE'])
        assert answer.code == 200, answer
        assert answer.values('contact') and contact in answer.get('contact') and 'expires=' in answer.get('contact')
        shown = daemon.control('show sip:alice@example.org')
        assert shown['aor'] == 'alice@example.org'
        row, = shown['contacts']
        assert set(row) == {'uri', 'q', 'expires', 'callid', 'cseq', 'path', 'received', 'socket', 'user_agent', 'methods', 'instance',
                            'reg_id', 'attr', 'flow', 'ownership_tag', 'branch_flags', 'latency', 'flags', 'last_modified'}
        assert row['uri'] == 'sip:alice@' + peer.address and row['q'] == 0.7 and 595 <= row['expires'] <= 600
        assert (row['callid'], row['cseq'], row['user_agent']) == ('c1', 1, 'test/1')
        assert row['path'] == [] and row['received'] is None and row['instance'] is None and row['reg_id'] is None and row['attr'] is None
        assert row['socket'] == '%s:%s' % (peer.proto, daemon.address)
        assert set(row['methods'].split(', ')) == {'INVITE', 'BYE'}
        assert abs(row['last_modified'] - time.time()) < 5
        assert peer.register('alice', [contact + ';expires=900'], 'c1', 2).code == 200
        row, = daemon.control.show('alice@example.org')
        assert row['cseq'] == 2 and row['expires'] > 600 and row['q'] is None
        answer = peer.register('alice', (), 'c2', 1)
        assert answer.code == 200 and len(answer.values('contact')) == 1
        assert peer.register('alice', [contact + ';expires=0'], 'c1', 3).code == 200
        assert daemon.control('show alice@example.org') == {'aor': 'alice@example.org', 'contacts': []}
        assert peer.register('alice', (), 'c2', 2).all('contact') == []
    each_transport(test)


def test_a_camera_with_numbers_for_names_registers_and_is_reached():
    """GB/T 28181: 20 digits for a device, 10 for its domain."""
    def test(daemon, peer):
        device = 'sip:34020000001320000001@3402000000'
        peer.send(peer.request('REGISTER', 'sip:34020000002000000001@3402000000', '<%s>;tag=1' % device, '<%s>' % device, 'camera', 1,
                               ['Contact: <sip:34020000001320000001@%s;transport=%s>' % (peer.address, peer.proto)]))
        assert peer.recv().code == 200
        assert len(daemon.control.show(device)) == 1
        caller = daemon.peer()
        caller.send(caller.request('MESSAGE', device, '<sip:a@3402000000>;tag=1', '<%s>' % device, 'm', 1))
        assert peer.expect('MESSAGE').uri.startswith('sip:34020000001320000001@' + peer.address)
    each_transport(test)


def test_headers_that_a_registrar_does_not_need_may_be_malformed():
    lines = ['Allow: INVITE ACK BYE', 'Supported: timer;100rel', 'Date: Wed, 18 Aug 2021 14:43:48 UTC', 'Accept: application/sdp;',
             'Session-Expires: ', 'Warning: 399 devnull', 'Content-Type: application/sdp;', 'Timestamp: now']

    def test(daemon, peer):
        for n, line in enumerate(lines):
            answer = peer.register('alice', ['<sip:a@192.0.2.%d>' % n], 'c%d' % n, 1, [line])
            assert answer is not None and answer.code == 200, (line, answer)
        assert {row['methods'] for row in daemon.control.show('alice@example.org')} == {None}
    each_transport(test)


def test_a_display_name_may_break_the_grammar():
    def test(daemon, peer):
        answer = peer.register('alice', ['J\xc3\xbcrgen <sip:a@192.0.2.1>', 'a@b <sip:a@192.0.2.2>'], 'c1', 1)
        assert answer.code == 200 and len(answer.values('contact')) == 2, answer
    each_transport(test)


def test_a_request_uri_of_another_scheme_is_416():
    with Daemon() as daemon:
        peer = daemon.peer()
        for n, uri in enumerate(('tel:+123', 'http://example.org', 'urn:service:sos')):
            peer.send(peer.request('REGISTER', uri, '<sip:bob@example.org>;tag=1', '<sip:bob@example.org>', 'scheme%d' % n, 1,
                                   ['Contact: <sip:bob@192.0.2.9>']))
            assert peer.recv().code == 416, uri
        assert daemon.control.show('bob@example.org') == []


def test_a_star_removes_all():
    def test(daemon, peer):
        peer.register('alice', ['<sip:a@192.0.2.1>', '<sip:a@192.0.2.2>'], 'c1', 1)
        assert len(daemon.control.show('alice@example.org')) == 2
        assert peer.register('alice', ['*'], 'c1', 2).code == 400
        assert len(daemon.control.show('alice@example.org')) == 2
        assert peer.register('alice', ['*'], 'c1', 3, ['Expires: 0']).code == 200
        assert daemon.control.show('alice@example.org') == []
    each_transport(test)


def test_a_retransmission_is_answered_alike():
    with Daemon() as daemon:
        peer = daemon.peer()
        message = peer.request('REGISTER', 'sip:example.org', '<sip:bob@example.org>;tag=1', '<sip:bob@example.org>', 'again', 7,
                               ['Contact: <sip:bob@192.0.2.9>'])
        peer.send(message)
        first = peer.recv()
        peer.send(message)
        second = peer.recv()
        assert first.code == second.code == 200 and first.tag('to') == second.tag('to')
        assert len(daemon.control.show('bob@example.org')) == 1


def test_contacts_are_kept_as_written():
    with Daemon() as daemon:
        peer = daemon.peer()
        uri = 'sip:%61lice@EXAMPLE.com:5070;Transport=UDP;ob;x=%41'
        answer = peer.register('alice', ['"A, \\"x\\"" <%s>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-00DEADBEEF00>"' % uri])
        assert '<%s>' % uri in answer.get('contact'), answer
        row, = daemon.control.show('alice@example.org')
        assert row['uri'] == uri and row['instance'] == '<urn:uuid:00000000-0000-1000-8000-00DEADBEEF00>'


def test_the_source_is_recorded_when_asked_to():
    for proto in ('udp', 'tcp'):
        with Daemon('--set', 'received_avp=$avp(rcv)') as daemon:
            peer = daemon.peer(proto)
            answer = peer.register('alice', ['<sip:alice@10.9.9.9:5060>'])
            expected = 'sip:%s;transport=%s' % (peer.address, proto)
            row, = daemon.control.show('alice@example.org')
            assert row['received'] == expected, row
            assert 'received="%s"' % expected in answer.get('contact'), answer


def test_save_flags_and_parameters_apply():
    with Daemon('--save', 'max-contacts=1', '--set', 'retry_after=30', '--set', 'max_expires=100') as daemon:
        peer = daemon.peer()
        assert peer.register('alice', ['<sip:a@192.0.2.1>;expires=3600'], 'c1', 1).code == 200
        row, = daemon.control.show('alice@example.org')
        assert row['expires'] <= 100
        answer = peer.register('alice', ['<sip:a@192.0.2.2>'], 'c2', 1)
        assert answer.code == 503 and answer.get('retry-after') == '30' and answer.get('p-registrar-error')


def test_a_table_of_its_own():
    with Daemon('--domain', 'subscribers') as daemon:
        assert daemon.peer().register('alice').code == 200
        assert len(daemon.control.show('alice@example.org')) == 1
        assert daemon.control('dump')['aors'][0]['aor'] == 'alice@example.org'


def test_over_ipv6():
    for proto in ('udp', 'tcp'):
        with Daemon('--set', 'received_avp=$avp(rcv)', host='::1') as daemon:
            peer = daemon.peer(proto)
            assert peer.register('alice').code == 200
            row, = daemon.control.show('alice@example.org')
            assert row['received'] == 'sip:%s;transport=%s' % (peer.address, proto)
            assert row['socket'] == '%s:%s' % (proto, daemon.address)


def test_bindings_lapse():
    with Daemon('--set', 'min_expires=1') as daemon:
        peer = daemon.peer()
        peer.register('alice', ['<sip:a@192.0.2.1>;expires=1', '<sip:a@192.0.2.2>;expires=60'])
        events = daemon.control
        events.send('events\n')
        event = events.line(4)
        assert event['event'] == 'CONTACT_EXPIRE' and event['contact']['uri'] == 'sip:a@192.0.2.1', event
        assert [c['uri'] for c in type(events)(daemon.path).show('alice@example.org')] == ['sip:a@192.0.2.2']


def test_a_backlog_on_one_connection_is_served():
    with Daemon() as daemon:
        peer = daemon.peer('tcp')
        aors = ['u%d@example.org' % i for i in range(1000)]
        # Far more than one message may hold waits at once, while nobody reads the answers yet.
        peer.send(''.join(peer.request('REGISTER', 'sip:example.org', '<sip:%s>;tag=1' % aor, '<sip:%s>' % aor, 'c' + aor, 1,
                                       ['Contact: <sip:u@192.0.2.1>']) for aor in aors))
        assert all(peer.recv().code == 200 for _ in aors)
        assert len(daemon.control('dump', 20)['aors']) == 1000


def test_several_listeners():
    from harness import free_port, Peer
    other = free_port()
    with Daemon('--listen', 'udp:127.0.0.1:%d' % other) as daemon:
        for port in (daemon.port, other):
            peer = Peer(port)
            assert peer.register('u%d' % port).code == 200
            assert daemon.control.show('u%d@example.org' % port)[0]['socket'] == 'udp:127.0.0.1:%d' % port
            peer.close()


def test_the_budget_of_the_store_holds():
    with Daemon('--store', 'memory:65536', logs=True) as daemon:
        peer, codes = daemon.peer(), []
        for n in range(400):
            answer = peer.register('user%d' % n)
            codes.append(answer.code)
        full = codes.index(next(code for code in codes if code != 200))
        assert full > 20 and set(codes[full:]) <= {200, 500, 503} and codes.count(200) < 200, codes
        # Room made is room again.
        for row in daemon.control('dump')['aors']:
            daemon.control('remove ' + row['aor'])
        assert peer.register('late').code == 200


def test_empty_lines_before_a_message_are_ignored():
    """RFC 3261 §7.5: a keep-alive and what follows it may arrive in one segment."""
    for proto in ('tcp', 'udp'):
        for before in ('\r\n', '\r\n\r\n', '\r\n' * 3, '\r\n' * 200):
            with Daemon() as daemon:
                peer = daemon.peer(proto)
                for n in range(3):
                    peer.send(before + query(peer, n))
                    assert peer.recv().code == 200, (proto, before, n)
    with Daemon('--set', 'received_avp=$avp(rcv)') as daemon:
        peer, caller = daemon.peer('tcp'), daemon.peer('tcp')
        for between in ('\r\n', '\r\n\r\n', '\r\n' * 3, ''):
            peer.send(query(peer, 'a') + between + query(peer, 'b') + between)
            assert [peer.recv().get('call-id'), peer.recv().get('call-id')] == ['crlf-a', 'crlf-b'], between
        # What is passed on begins with its first line.
        assert peer.register('bob', ['<sip:bob@%s;transport=tcp>' % peer.address]).code == 200
        caller.send('\r\n\r\n' + caller.request('MESSAGE', 'sip:bob@example.org', '<sip:a@example.org>;tag=1', '<sip:bob@example.org>', 'm', 1))
        message = peer.expect('MESSAGE')
        text = '\r\n' + '\r\n'.join(['SIP/2.0 200 OK'] + ['%s: %s' % h for h in message.headers if h[0] in ('via', 'from', 'to', 'call-id', 'cseq')])
        peer.send(text + '\r\nContent-Length: 0\r\n\r\n')
        assert caller.expect(200).start == 'SIP/2.0 200 OK'


def query(peer, n):
    return peer.request('REGISTER', 'sip:example.org', '<sip:alice@example.org>;tag=1', '<sip:alice@example.org>', 'crlf-%s' % n, 1)


def test_datagrams_wait_while_the_server_is_busy():
    burst = 1000
    with open('/proc/sys/net/core/rmem_max') as limit:
        if int(limit.read()) < 4 << 20:
            raise Skip('the system keeps less than 4 MiB for a socket')
    with Daemon() as daemon:
        phone = daemon.peer()
        phone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        daemon.process.send_signal(signal.SIGSTOP)
        for n in range(burst):
            phone.register('user%d' % n, send_only=True)
        daemon.process.send_signal(signal.SIGCONT)
        for _ in range(burst):
            assert phone.expect(200, 10)


def test_none_of_many_in_flight_is_lost():
    total, most = 4000, 128
    with Daemon() as daemon:
        phone = daemon.peer()
        phone.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sent = answered = 0
        while answered < total:
            while sent < total and sent - answered < most:
                phone.register('user%d' % (sent % 500), callid='c%d' % (sent % 500), cseq=sent, send_only=True)
                sent += 1
            phone.expect(200, 10)
            answered += 1
        assert daemon.control('stats')['received_requests'] == total


run(globals())
