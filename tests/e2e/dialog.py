# SPDX-License-Identifier: MIT
"""Dialogs: who is reached by a request with the Route of an earlier Record-Route, and who is not."""
import re
import socket
import time
from call import CALLER, Call, contact, each_pair, pair
from harness import Daemon, Peer, run, serial

RECEIVED = ('--set', 'received_avp=$avp(rcv)')


def token(record_route):
    return re.search('sip:([^@]+)@', record_route).group(1)


def unreachable(user, proto='udp'):
    """The Contact of a phone behind a NAT."""
    return 'sip:%s@10.255.255.1:9%s' % (user, ';transport=tcp' if proto == 'tcp' else '')


def answered(a, b, headers=(), **kw):
    """A call from a to b, with the way back of the callee: To, From, and its Route."""
    call = Call(a, **kw)
    invite = b.expect('INVITE')
    b.answer(invite, 200, headers=headers or contact(b))
    ok = a.expect(200)
    call.in_dialog('ACK', ok, 1)
    b.expect('ACK')
    call.routes = ['Route: ' + r for r in invite.values('record-route')]
    call.remote = re.search('<([^>]*)>', invite.get('contact')).group(1)
    return call, ok


def from_callee(b, call, ok, method, cseq=1, uri=None, routes=None):
    b.send(b.request(method, uri or call.remote, ok.get('to'), call.caller, call.id, cseq, call.routes if routes is None else routes))


def test_strangers_are_not_relayed():
    """A Route that names us and a tag in To are easily written; what was in our Record-Route is not."""
    import socket
    with Daemon() as daemon:
        a, b, victim = daemon.peer(), daemon.peer(), daemon.peer()
        b.register('bob')
        with socket.create_server(('127.0.0.1', 0)) as listener:
            to = '<sip:v@example.org>;tag=x'
            call = Call(a)
            b.answer(b.expect('INVITE'), 200, headers=contact(b))
            genuine = a.expect(200).get('record-route')
            user = token(genuine)
            wrong = ['<sip:%s;lr>' % daemon.address, genuine, '<sip:%s@%s;lr>' % ('0' * len(user), daemon.address),
                     '<sip:%s@%s;lr>' % (user[:-1], daemon.address), '<sip:@%s;lr>' % daemon.address]
            for n, route in enumerate(wrong):
                for uri in ('sip:v@' + victim.address, 'sip:v@127.0.0.1:%d;transport=tcp' % listener.getsockname()[1], 'sip:bob@example.org'):
                    for more in ([], ['Route: <%s;lr>' % uri]):
                        for method in ('MESSAGE', 'BYE', 'ACK'):
                            a.send(a.request(method, uri, CALLER, to, 'other-%d' % n, next(serial), ['Route: ' + route] + more))
                            if method != 'ACK':
                                assert a.recv().code == 403, (route, uri, more)
            victim.silent(0.1)
            b.silent(0.1)
            listener.settimeout(0.1)
            try:
                listener.accept()
                raise AssertionError('a connection was opened')
            except TimeoutError:
                pass
        # The same Route in its own dialog is followed, also behind one that is a phone's own idea.
        for extra in ([], ['Route: <sip:%s;lr>' % daemon.address]):
            a.send(a.request('INFO', 'sip:v@' + victim.address, CALLER, to, call.id, next(serial), extra + ['Route: ' + genuine]))
            request = victim.expect('INFO')
            assert request.all('route') == []
            victim.answer(request, 200)
            a.expect(200)



def test_both_sides_of_a_dialog_reach_each_other():
    def test(daemon, a, b):
        call = Call(a)
        invite = b.expect('INVITE')
        assert len(invite.values('record-route')) == 2
        b.answer(invite, 200, headers=contact(b))
        ok = a.expect(200)
        call.in_dialog('ACK', ok, 1)
        b.expect('ACK')
        routes = ['Route: ' + r for r in invite.values('record-route')]
        uri = 'sip:caller@' + a.address + ('' if a.proto == 'udp' else ';transport=tcp')
        tagged = '%s;tag=t-%d' % (invite.get('to'), b.port)
        if a.proto == 'udp':
            b.send(b.request('INFO', uri, tagged, invite.get('from'), call.id, 7, routes))
            request = a.expect('INFO')
            assert request.all('route') == []
            a.answer(request, 200)
            b.expect(200)
        call.in_dialog('BYE', ok, 2)
        b.answer(b.expect('BYE'), 200)
        a.expect(200)
    each_pair(test)



def test_a_phone_behind_a_nat_is_reached_in_its_dialogs():
    """Its Contact is where nobody is; the Record-Route knows better, for either side of the call."""
    for options in ((), ('--lookup', 'method-filtering, no-branches')):
        for caller in ('udp', 'tcp'):
            for callee in ('udp', 'tcp'):
                with Daemon('--set', 'received_avp=$avp(rcv)', *options) as daemon:
                    a, b = daemon.peer(caller), daemon.peer(callee)
                    assert a.register('caller@example.net', ['<%s>' % unreachable('caller', caller)]).code == 200
                    assert b.register('bob', ['<%s>' % unreachable('bob', callee)], headers=['Allow: INVITE']).code == 200
                    call = Call(a, contact=unreachable('caller', caller))
                    invite = b.expect('INVITE')
                    b.answer(invite, 200, headers=['Contact: <%s>' % unreachable('bob', callee)])
                    ok = a.expect(200)
                    call.in_dialog('ACK', ok, 1)
                    ack = b.expect('ACK')
                    assert ack.uri == unreachable('bob', callee) and ack.get('route') is None, ack
                    routes = ['Route: %s' % r for r in invite.values('record-route')]
                    b.send(b.request('INFO', unreachable('caller', caller), ok.get('to'), CALLER, call.id, 7, routes))
                    info = a.expect('INFO')
                    assert info.uri == unreachable('caller', caller), info
                    a.answer(info, 200)
                    b.expect(200)
                    call.in_dialog('BYE', ok, 2)
                    bye = b.expect('BYE')
                    assert bye.uri == unreachable('bob', callee), bye
                    b.answer(bye, 200)
                    assert a.expect(200).get('cseq') == '2 BYE'
                    # Another URI of the same user is not that phone's.
                    call.in_dialog('ACK', ok, 1)
                    b.expect('ACK')
                    other = daemon.peer()
                    a.send(a.request('INFO', 'sip:bob@' + other.address, CALLER, ok.get('to'), call.id, 3,
                                     ['Route: %s' % r for r in reversed(ok.values('record-route'))]))
                    assert other.expect('INFO').uri == 'sip:bob@' + other.address
                    b.silent(0.1)


def test_a_caller_behind_a_nat_is_hung_up_on():
    """Whatever it calls itself, and though it never registered."""
    for proto in ('udp', 'tcp'):
        for name in ('"Anonymous" <sip:anonymous@anonymous.invalid>', '<sip:work@example.com>', '<sip:bob@example.org>'):
            for host in ('10.255.255.1:9', '[2001:db8::1]', 'phone.invalid', '10.255.255.1'):
                with Daemon() as daemon:
                    a, b = pair(daemon, proto)
                    remote = 'sip:caller@%s%s' % (host, ';transport=tcp' if proto == 'tcp' else '')
                    call, ok = answered(a, b, contact=remote, caller=name + ';tag=c')
                    from_callee(b, call, ok, 'BYE')
                    bye = a.expect('BYE')
                    assert bye.uri == remote and bye.all('route') == [], bye
                    a.answer(bye, 200)
                    assert b.expect(200).get('cseq') == '1 BYE'


def test_a_binding_that_went_during_the_call_is_not_missed():
    for proto in ('udp', 'tcp'):
        with Daemon(*RECEIVED) as daemon:
            a, b = daemon.peer(), daemon.peer(proto)
            assert b.register('bob', ['<%s>' % unreachable('bob', proto)]).code == 200
            call, ok = answered(a, b, ['Contact: <%s>' % unreachable('bob', proto)])
            assert daemon.control('remove bob@example.org')['removed'] == 1
            call.in_dialog('BYE', ok, 2)
            b.answer(b.expect('BYE'), 200)
            assert a.expect(200).get('cseq') == '2 BYE'


def test_two_phones_with_one_private_address():
    for proto in ('udp', 'tcp'):
        for first in (True, False):
            with Daemon(*RECEIVED, '--set', 'matching_mode=1') as daemon:
                a, phones = daemon.peer(), [daemon.peer(proto), daemon.peer(proto)]
                for phone in phones:
                    assert phone.register('bob', ['<%s>' % unreachable('bob', proto)]).code == 200
                answers, other = phones if first else phones[::-1]
                call = Call(a)
                mine, lost = answers.expect('INVITE'), other.expect('INVITE')
                other.answer(lost, 180)
                a.expect(180)
                answers.answer(mine, 200, headers=['Contact: <%s>' % unreachable('bob', proto)])
                ok = a.expect(200)
                other.answer(other.expect('CANCEL'), 200)
                other.answer(lost, 487)
                other.expect('ACK')
                for method, cseq in (('ACK', 1), ('INFO', 2), ('BYE', 3)):
                    call.in_dialog(method, ok, cseq)
                    request = answers.expect(method)
                    if method != 'ACK':
                        answers.answer(request, 200)
                        a.expect(200)
                other.silent(0.1)


def test_either_side_changes_the_call():
    """Re-INVITE both ways, behind NATs; its Record-Route leads as far as the first one."""
    for caller in ('udp', 'tcp'):
        for callee in ('udp', 'tcp'):
            with Daemon(*RECEIVED) as daemon:
                a, b = daemon.peer(caller), daemon.peer(callee)
                assert b.register('bob', ['<%s>' % unreachable('bob', callee)]).code == 200
                call, ok = answered(a, b, ['Contact: <%s>' % unreachable('bob', callee)], contact=unreachable('caller', caller))
                call.in_dialog('INVITE', ok, 2, ['Contact: <%s>' % unreachable('caller', caller)])
                again = b.expect('INVITE')
                assert len(again.values('record-route')) == 2 and again.all('route') == []
                b.answer(again, 200, headers=['Contact: <%s>' % unreachable('bob', callee)])
                call.in_dialog('ACK', a.expect(200), 2)
                b.expect('ACK')
                from_callee(b, call, ok, 'BYE', 1, routes=['Route: ' + r for r in again.values('record-route')])
                a.answer(a.expect('BYE'), 200)
                b.expect(200)
                from_callee(b, call, ok, 'INVITE', 2)
                a.answer(a.expect('INVITE'), 200, headers=['Contact: <%s>' % unreachable('caller', caller)])
                back = b.expect(200)
                b.send(b.request('ACK', call.remote, ok.get('to'), call.caller, call.id, 2,
                                 ['Route: ' + r for r in reversed(back.values('record-route'))]))
                a.expect('ACK')


def test_a_token_holds_for_its_dialog_and_this_process():
    with Daemon() as daemon, Daemon() as other:
        a, b = pair(daemon)
        call, ok = answered(a, b, contact=unreachable('caller'))
        x, y = pair(other)
        foreign, _ = answered(x, y, contact=unreachable('caller'))
        user = token(call.routes[-1])
        assert user != token(call.routes[0])
        wrong = [user[:n] + ('A' if user[n] != 'A' else 'B') + user[n + 1:] for n in range(len(user) - 1)]
        wrong += [user[:n] for n in (1, 20, len(user) - 4, len(user) - 1)] + [user + user, user + 'A', 'x' * 1000, user.lower(), user[:-1] + '=']
        wrong += [token(route) for route in foreign.routes]
        cseq = 10
        for text in wrong:
            cseq += 1
            from_callee(b, call, ok, 'INFO', cseq, routes=call.routes[:1] + [call.routes[1].replace(user, text)])
            assert b.recv().code == 403, text
        # In another call, with the right Call-ID of neither.
        second, _ = answered(a, b, contact=unreachable('caller'))
        for routes in (call.routes, [second.routes[0], call.routes[1]], [call.routes[0], second.routes[1]]):
            cseq += 1
            from_callee(b, second, ok, 'INFO', cseq, routes=routes)
            assert b.recv().code == 403
        a.silent(0.1)
        from_callee(b, call, ok, 'INFO', cseq + 1)
        assert a.expect('INFO')


def test_a_token_of_an_earlier_process_is_refused():
    with Daemon() as daemon:
        a, b = pair(daemon)
        call, ok = answered(a, b, contact=unreachable('caller'))
        port = daemon.port
    with Daemon('--listen', 'udp:127.0.0.1:%d' % port) as daemon:
        b = daemon.peer()
        from_callee(b, call, ok, 'BYE')
        assert b.recv().code == 403


class Listener:
    """A phone that others can connect to."""

    def __init__(self, daemon):
        self.sock, self.daemon = socket.create_server(('127.0.0.1', 0)), daemon
        self.sock.settimeout(3)
        self.uri = 'sip:phone@127.0.0.1:%d;transport=tcp' % self.sock.getsockname()[1]

    def accept(self):
        peer = Peer.__new__(Peer)
        peer.proto, peer.buffer, peer.server = 'tcp', b'', ('127.0.0.1', self.daemon.port)
        peer.sock = self.sock.accept()[0]
        peer.port = peer.sock.getsockname()[1]
        peer.address = '127.0.0.1:%d' % peer.port
        self.daemon.peers.append(peer)
        return peer


def test_a_caller_whose_connection_ended_is_reached_where_it_listens():
    with Daemon() as daemon:
        listener = Listener(daemon)
        a, b = pair(daemon, 'tcp')
        call, ok = answered(a, b, contact=listener.uri)
        from_callee(b, call, ok, 'INFO', 1)
        a.answer(a.expect('INFO'), 200)
        b.expect(200)
        a.close()
        time.sleep(0.1)
        from_callee(b, call, ok, 'BYE', 2)
        again = listener.accept()
        again.answer(again.expect('BYE'), 200)
        assert b.expect(200).get('cseq') == '2 BYE'
        listener.sock.close()


def test_so_is_a_phone():
    with Daemon() as daemon:
        listener = Listener(daemon)
        a, b = daemon.peer(), daemon.peer('tcp')
        assert b.register('bob', ['<%s>' % listener.uri]).code == 200
        call, ok = answered(a, b, ['Contact: <%s>' % listener.uri])
        call.in_dialog('INFO', ok, 2)
        b.answer(b.expect('INFO'), 200)
        a.expect(200)
        b.close()
        time.sleep(0.1)
        call.in_dialog('BYE', ok, 3)
        again = listener.accept()
        again.answer(again.expect('BYE'), 200)
        assert a.expect(200).get('cseq') == '3 BYE'
        listener.sock.close()


def test_a_flow_that_ended_ends_its_dialogs():
    """RFC 5626 §5.3: whoever is at the same address by now is somebody else."""
    with Daemon('--set', 'outbound_mode=on') as daemon:
        a, b = daemon.peer(), daemon.peer('tcp')
        listener = Listener(daemon)
        flow = '<%s>;+sip.instance="<urn:x:1>";reg-id=1' % listener.uri
        assert b.register('bob', [flow], headers=['Supported: outbound']).code == 200
        call, ok = answered(a, b, ['Contact: <%s>' % listener.uri])
        b.close()
        time.sleep(0.1)
        call.in_dialog('BYE', ok, 2)
        assert a.expect(430).start == 'SIP/2.0 430 Flow Failed'
        listener.sock.settimeout(0.1)
        try:
            listener.sock.accept()
            raise AssertionError('a connection was opened')
        except TimeoutError:
            pass
        listener.sock.close()


def test_a_side_that_moved_is_reached_at_its_new_address():
    """RFC 3261 §12.2: a target refresh changes the remote target, but not the Route."""
    with Daemon(*RECEIVED) as daemon:
        a, b = daemon.peer(), daemon.peer()
        assert b.register('bob', ['<%s>' % unreachable('bob')]).code == 200
        call, ok = answered(a, b, ['Contact: <%s>' % unreachable('bob')], contact=unreachable('caller'))
        moved = daemon.peer()
        from_callee(b, call, ok, 'INFO', 1, uri='sip:caller@' + moved.address)
        assert moved.expect('INFO').uri == 'sip:caller@' + moved.address
        # Another port at the same private address, the address that registrard sees, and a name are all the same phone.
        for cseq, uri in enumerate(('sip:caller@10.255.255.1:5070', 'sip:caller@' + a.address, 'sip:caller@example.net;gr=1'), 2):
            from_callee(b, call, ok, 'INFO', cseq, uri=uri)
            assert a.expect('INFO').uri == uri


def test_another_proxy_in_the_route_comes_first():
    with Daemon(*RECEIVED) as daemon:
        a, b, edge = daemon.peer(), daemon.peer(), daemon.peer()
        assert b.register('bob', ['<%s>' % unreachable('bob')]).code == 200
        call, ok = answered(a, b, ['Contact: <%s>' % unreachable('bob')])
        routes = ['Route: %s' % r for r in reversed(ok.values('record-route'))]
        a.send(a.request('INFO', unreachable('bob'), CALLER, ok.get('to'), call.id, 2, routes + ['Route: <sip:%s;lr>' % edge.address]))
        request = edge.expect('INFO')
        assert request.values('route') == ['<sip:%s;lr>' % edge.address]
        b.silent(0.1)


def test_a_caller_behind_a_proxy_is_reached_through_it():
    with Daemon() as daemon:
        edge, b = pair(daemon)
        via = 'Via: SIP/2.0/UDP 10.255.255.1:9;branch=z9hG4bKphone'
        record = 'Record-Route: <sip:%s;lr>' % edge.address
        Call(edge, contact=unreachable('caller'), headers=[via, record])
        invite = b.expect('INVITE')
        routes = ['Route: ' + r for r in invite.values('record-route')]
        assert len(routes) == 3
        b.answer(invite, 200, headers=contact(b))
        tag = edge.expect(200).get('to')
        b.send(b.request('BYE', unreachable('caller'), tag, CALLER, invite.get('call-id'), 1, routes))
        bye = edge.expect('BYE')
        assert bye.values('route') == ['<sip:%s;lr>' % edge.address] and bye.uri == unreachable('caller'), bye


run(globals())
