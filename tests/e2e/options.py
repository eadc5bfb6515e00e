# SPDX-License-Identifier: MIT
"""What option strings and parameters do to phones and calls: Path, filters of a lookup, headers that tell a socket."""
from harness import Daemon, free_port, run, serial

CALLER = '<sip:caller@example.net>;tag=caller'
PATH_OPTIONS = ('path-off', 'path-lazy', 'path-strict')


def send(peer, method='INVITE', user='bob', headers=(), uri=None):
    uri = uri or 'sip:%s@example.org' % user
    peer.send(peer.request(method, uri, CALLER, '<%s>' % uri, 'options-%d' % next(serial), 1,
                           ['Contact: <sip:caller@%s>' % peer.address] + list(headers)))


def test_a_path_is_the_way_to_the_phone():
    """RFC 3327: a REGISTER through an edge proxy, then a call the other way."""
    for option in PATH_OPTIONS:
        with Daemon('--save', option) as daemon:
            edge, caller = daemon.peer(), daemon.peer()
            values = ['<sip:edge@%s;lr>' % edge.address, '<sip:inner@192.0.2.9;lr>']
            answer = edge.register('bob', ['<sip:bob@192.0.2.1:5070>'], headers=['Path: ' + v for v in values] + ['Supported: path'])
            assert answer.code == 200, answer
            assert answer.values('path') == ([] if option == 'path-off' else values), (option, answer)
            assert daemon.control.show('bob@example.org')[0]['path'] == values
            for method in ('INVITE', 'MESSAGE'):
                send(caller, method)
                request = edge.expect(method)
                assert request.values('route') == values and request.uri == 'sip:bob@192.0.2.1:5070', request
                edge.answer(request, 486)
                caller.expect(486)


def test_a_path_with_any_display_name():
    """What the registrar takes, the proxy can follow."""
    with Daemon('--save', 'path-lazy') as daemon:
        edge, caller = daemon.peer(), daemon.peer()
        hops = ['<sip:edge@%s;lr>' % edge.address, '<sip:inner@192.0.2.9;lr>;x="<"']
        for n, names in enumerate((('', ''), ('"Edge, 1" ', 'Inner 2 '), ('Zo\u00eb ', 'a(b;c '), ('a"<b,\\"c" ', '> '))):
            values = [name + hop for name, hop in zip(names, hops)]
            answer = edge.register('user%d' % n, ['<sip:bob@192.0.2.1>'], headers=['Path: ' + v for v in values] + ['Supported: path'])
            assert answer.code == 200 and answer.values('path') == values, answer
            send(caller, user='user%d' % n)
            request = edge.expect('INVITE')
            assert request.values('route') == hops, request
            edge.answer(request, 486)
            edge.expect('ACK')
            caller.expect(486)


def test_a_phone_that_knows_no_path():
    for option, code, echoed in (('path-off', 200, False), ('path-lazy', 200, False), ('path-strict', 420, True), ('', 200, False)):
        with Daemon('--save', option) as daemon:
            edge, caller = daemon.peer(), daemon.peer()
            path = '<sip:edge@%s;lr>' % edge.address
            answer = edge.register('bob', headers=['Path: ' + path])
            rows = daemon.control.show('bob@example.org')
            assert answer.code == code, (option, answer)
            assert answer.values('path') == ([path] if echoed else []), (option, answer)
            if code == 420:
                assert answer.get('unsupported') == 'path' and rows == []
            # Without a flag for it the Path is as if it were not there.
            else:
                assert rows[0]['path'] == ([path] if option else [])
    with Daemon('--save', 'path-lazy') as daemon:
        for wrong in ('<sip:edge@192.0.2.1>', '<tel:1>', 'nonsense'):
            assert daemon.peer().register('bob', headers=['Supported: path', 'Path: ' + wrong]).code == 400, wrong
        assert daemon.control.show('bob@example.org') == []


def test_the_edge_tells_where_the_phone_is():
    with Daemon('--save', 'path-lazy, path-received', '--set', 'nat_bflag=3') as daemon:
        edge, caller = daemon.peer(), daemon.peer()
        path = '<sip:edge@%s;lr;received=sip:192.0.2.77:4321%%3Btransport%%3Dtcp>' % edge.address
        answer = edge.register('bob', ['<sip:bob@10.0.0.1>'], headers=['Path: ' + path, 'Supported: path'])
        assert answer.code == 200, answer
        row, = daemon.control.show('bob@example.org')
        assert row['received'] == 'sip:192.0.2.77:4321;transport=tcp' and row['branch_flags'] == 8, row
        # It is for the edge to know; the way there is the Path.
        send(caller)
        request = edge.expect('INVITE')
        assert request.values('route') == [path] and request.uri == 'sip:bob@10.0.0.1', request


def test_a_method_that_no_phone_takes():
    for mode in ('proxy', 'redirect'):
        with Daemon('--lookup', 'method-filtering', '--mode', mode) as daemon:
            b, c, caller = daemon.peer(), daemon.peer(), daemon.peer()
            assert b.register('bob', headers=['Allow: INVITE, BYE']).code == 200
            assert c.register('bob', headers=['Allow: INVITE, INFO']).code == 200
            for method in ('MESSAGE', 'SUBSCRIBE'):
                send(caller, method)
                answer = caller.expect(405)
                assert set(answer.values('allow')) == {'INVITE', 'BYE', 'INFO'}, answer
            b.silent(0.1)
            c.silent(0.1)
            send(caller, 'INFO')
            if mode == 'proxy':
                c.answer(c.expect('INFO'), 200)
                caller.expect(200)
            else:
                assert len(caller.expect(302).values('contact')) == 1
            b.silent(0.1)
            # One that does not say takes everything.
            assert c.register('bob', ['<sip:bob@%s;x>' % c.address]).code == 200
            send(caller, 'MESSAGE')
            assert (c.expect('MESSAGE') if mode == 'proxy' else caller.expect(302))
            send(caller, 'MESSAGE', 'nobody')
            caller.expect(404)


def test_phones_of_one_kind_are_called():
    for option in ('ua-filtering=/^Desk/', 'ua-filtering=/^desk/i', 'ua-filtering=/^(desk|table)/, case-insensitive, extended-regexp'):
        with Daemon('--lookup', option) as daemon:
            desk, mobile, caller = daemon.peer(), daemon.peer(), daemon.peer()
            assert desk.register('bob', headers=['User-Agent: Desk/1.0']).code == 200
            assert mobile.register('bob', headers=['User-Agent: Mobile/1.0']).code == 200
            assert mobile.register('carol', headers=['User-Agent: Mobile/1.0']).code == 200
            send(caller)
            desk.answer(desk.expect('INVITE'), 486)
            caller.expect(486)
            # There is a phone, but none that may be called.
            send(caller, user='carol')
            caller.expect(480)
            mobile.silent(0.1)


def test_phones_that_answer_slowly():
    with Daemon('--lookup', 'max-ping-latency=50000, sort-by-latency, no-branches') as daemon:
        near, far, slow, caller = (daemon.peer() for _ in range(4))
        for peer, latency in ((far, 40000), (near, 5000), (slow, 60000)):
            assert peer.register('bob').code == 200
            contact = 'sip:bob@' + peer.address
            assert daemon.control('latency bob@example.org %s %d' % (contact, latency))['changed'] == 1
        send(caller)
        near.answer(near.expect('INVITE'), 486)
        caller.expect(486)
        daemon.control('remove bob@example.org contact=sip:bob@' + near.address)
        send(caller)
        far.answer(far.expect('INVITE'), 486)
        caller.expect(486)
        daemon.control('remove bob@example.org contact=sip:bob@' + far.address)
        send(caller)
        caller.expect(480)
        slow.silent(0.1)


def tells_its_socket(host):
    with Daemon('--socket-header', 'X-Socket', host=host) as daemon:
        b, plain = daemon.peer(), daemon.peer()
        assert b.register('bob').code == 200
        for proto in ('udp', 'tcp'):
            caller = daemon.peer(proto)
            # What the sender says of it is not passed on.
            for headers in ([], ['X-Socket: udp:192.0.2.66:5060'], ['x-socket : a', 'X-SOCKET: b', 'X-Socket-2: c']):
                send(caller, 'MESSAGE', headers=headers)
                request = b.expect('MESSAGE')
                assert request.all('x-socket') == ['%s:%s' % (proto, daemon.address)], request
                assert request.all('x-socket-2') == (['c'] if len(headers) == 3 else []), request
                b.answer(request, 200)
                caller.expect(200)
        assert plain.register('alice').code == 200


def test_the_socket_a_request_came_in_on_is_told():
    tells_its_socket('127.0.0.1')
    with Daemon() as daemon:
        b, caller = daemon.peer(), daemon.peer()
        assert b.register('bob').code == 200
        send(caller, headers=['X-Socket: as it is'])
        assert b.expect('INVITE').all('x-socket') == ['as it is']


def test_so_is_one_of_ipv6():
    tells_its_socket('::1')


def test_the_socket_that_a_register_came_in_on_elsewhere():
    with Daemon('--save', 'socket-header', '--set', 'sock_hdr_name=X-Socket') as daemon:
        peer = daemon.peer()
        for n, (value, expected) in enumerate((('udp:192.0.2.7:5062', 'udp:192.0.2.7:5062'), ('tcp:[2001:db8::7]:5060', 'tcp:[2001:db8::7]:5060'))):
            assert peer.register('u%d' % n, headers=['X-Socket: ' + value]).code == 200
            assert daemon.control.show('u%d@example.org' % n)[0]['socket'] == expected
    # Without the flag it is a header like any other.
    with Daemon('--set', 'sock_hdr_name=X-Socket', logs=True) as daemon:
        assert daemon.peer().register('bob', headers=['X-Socket: udp:192.0.2.7:5062']).code == 200
        assert daemon.control.show('bob@example.org')[0]['socket'] == 'udp:' + daemon.address


def test_requests_leave_from_the_socket_that_was_told():
    """The two sides together: a phone is called from the address that it registered at, which is its NAT's only way in."""
    other = free_port()
    with Daemon('--save', 'socket-header', '--set', 'sock_hdr_name=X-Socket', '--listen', 'udp:127.0.0.1:%d' % other) as daemon:
        for port in (daemon.port, other):
            b, caller = daemon.peer(), daemon.peer()
            assert b.register('bob', headers=['X-Socket: udp:127.0.0.1:%d' % port]).code == 200
            send(caller)
            request = b.expect('INVITE')
            assert '127.0.0.1:%d' % port in request.all('via')[0], request
            b.answer(request, 486)
            caller.expect(486)
            daemon.control('remove bob@example.org')


def test_a_service_route_is_in_every_200():
    route = '<sip:a@192.0.2.1;lr>, <sip:b@192.0.2.2;lr>'
    with Daemon('--set', 'service_route=' + route) as daemon:
        peer = daemon.peer()
        for contacts in (None, ()):
            answer = peer.register('bob', contacts)
            assert answer.code == 200 and answer.values('service-route') == route.split(', '), answer


run(globals())
